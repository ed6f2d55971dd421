//! Questions that the ledger does not keep the columns for: another pass over the bill, with the filter applied
//! row by row; and the charges themselves.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, MapBuilder, RecordBatch, StringBuilder, StringDictionaryBuilder, TimestampSecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};

use super::request::{AnsweredFrom, CostTable, Costs};
use super::slots::{Grouper, Slots, table};
use crate::error::{Error, Result};
use crate::ledger::pass::{Fold, PassFile, PassOptions, run};
use crate::ledger::tables::Ledger;
use crate::normalize::ChargeBatch;
use crate::normalize::cur::{Normalizer, Wanted};
use crate::schema::charges::{
    CHARGE_PERIOD_END, CHARGE_PERIOD_START, CONSUMED_QUANTITY, COST_CATEGORIES, Dimension, Metric, TAGS, Text,
};
use crate::schema::money::{MONEY_SCALE, QUANTITY_SCALE};
use crate::schema::names::{NONE, Names, SharedNames, TagSets};

/// Answers a question from the bill itself, in one pass.
///
/// # Errors
/// As [`super::costs::from_ledger`] and [`run`].
pub fn from_bill(ledger: &Ledger, question: &Costs, files: &[PassFile], options: &PassOptions) -> Result<CostTable> {
    let slots = Slots::new(question)?;
    let wanted = wanted(&slots.dimensions);
    let names = SharedNames::default();
    let parts = run(files, &wanted, options, &names, || Scan {
        grouper: Grouper::new(slots.clone()),
        members: Members::new(slots.dimensions.clone()),
        metric: question.metric,
        // Contracted cost that some rows do not state has no sum.
        is_withheld: question.metric == Metric::ContractedCost && ledger.without_contracted > 0,
    })?;
    let mut all = Grouper::new(slots);
    parts.into_iter().for_each(|part| all.merge(part));
    let groups = names.with(|names| all.finish(names));
    let answer = super::costs::finish(&[ledger], question, table(question, groups)?)?;
    Ok(CostTable { answered_from: AnsweredFrom::Bill, ..answer })
}

fn wanted(dimensions: &[Dimension]) -> Wanted {
    let mut wanted = Wanted::default();
    for dimension in dimensions {
        match dimension {
            Dimension::Day => {}
            Dimension::Text(text) => wanted.text.push(*text),
            Dimension::Tag(_) => wanted.tags = true,
            Dimension::CostCategory(_) => wanted.cost_categories = true,
        }
    }
    wanted
}

/// Reads the id of a charge in each slot; a tag's value is looked up once for each tag set.
struct Members {
    dimensions: Vec<Dimension>,
    /// By slot and tag-set id: the value's id, or `u32::MAX` where it was not looked up yet.
    values: Vec<Vec<u32>>,
}

impl Members {
    fn new(dimensions: Vec<Dimension>) -> Members {
        Members { values: vec![Vec::new(); dimensions.len()], dimensions }
    }

    fn ids(&mut self, batch: &ChargeBatch, row: usize, names: &Names, out: &mut Vec<u32>) {
        out.clear();
        for (dimension, values) in self.dimensions.iter().zip(&mut self.values) {
            out.push(match dimension {
                Dimension::Day => batch.start[row].div_euclid(86_400) as i32 as u32,
                Dimension::Text(Text::ServiceName) => batch.ids(Text::ServiceCode)[row],
                Dimension::Text(text) => batch.ids(*text)[row],
                Dimension::Tag(key) => value(&names.tags, key, batch.tags[row], values),
                Dimension::CostCategory(key) => value(&names.cost_categories, key, batch.cost_categories[row], values),
            });
        }
    }
}

fn value(sets: &TagSets, key: &str, set: u32, known: &mut Vec<u32>) -> u32 {
    if known.len() <= set as usize {
        known.resize(set as usize + 1, u32::MAX);
    }
    if known[set as usize] == u32::MAX {
        known[set as usize] = sets.keys.find(key).map_or(NONE, |key| sets.value(set, key));
    }
    known[set as usize]
}

struct Scan {
    grouper: Grouper,
    members: Members,
    metric: Metric,
    is_withheld: bool,
}

impl Fold for Scan {
    type Output = Grouper;

    fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, _file: &PassFile) -> Result<()> {
        names.with(|names| self.tally(batch, names));
        Ok(())
    }

    fn finish(self, _normalizer: Normalizer, _names: &SharedNames) -> Grouper {
        self.grouper
    }
}

impl Scan {
    fn tally(&mut self, batch: &ChargeBatch, names: &Names) {
        let mut ids = Vec::new();
        for row in 0..batch.len {
            self.members.ids(batch, row, names, &mut ids);
            if self.grouper.accepts(&ids, names) {
                let stated = !self.is_withheld && batch.states(row, self.metric);
                let cost = if stated { batch.cost(self.metric)[row] } else { 0 };
                self.grouper.add(&ids, cost, u64::from(stated));
            }
        }
    }
}

/// Charges that meet a filter, in the order of the bill, derived charges after the batch they come from.
/// Money is Decimal128(38, 12), quantity Decimal128(38, 15), text dictionary-coded, tags a map.
///
/// # Errors
/// [`Error::UnknownName`] for a column that there is not; [`Error::Filter`]; and as [`run`].
pub fn charges(
    files: &[PassFile],
    filter: &str,
    columns: Option<&[String]>,
    options: &PassOptions,
) -> Result<Vec<RecordBatch>> {
    let columns = chosen(columns)?;
    let slots = Slots::new(&Costs::default().filter(filter))?;
    let mut wanted = wanted(&slots.dimensions);
    for column in &columns {
        match column {
            Output::Text(text) => wanted.text.push(*text),
            Output::Tags => wanted.tags = true,
            Output::CostCategories => wanted.cost_categories = true,
            Output::End => wanted.end = true,
            Output::Start | Output::Quantity | Output::Cost(_) => {}
        }
    }
    // One thread keeps the order of the bill.
    let options = PassOptions { threads: 1, ..options.clone() };
    let parts = run(files, &wanted, &options, &SharedNames::default(), || Pick {
        grouper: Grouper::new(slots.clone()),
        members: Members::new(slots.dimensions.clone()),
        columns: columns.clone(),
        batches: Vec::new(),
    })?;
    let batches: Vec<RecordBatch> = parts.into_iter().flatten().collect();
    if batches.is_empty() { Ok(vec![empty(&columns)?]) } else { Ok(batches) }
}

/// A column of `charges`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Text(Text),
    Start,
    End,
    Quantity,
    Cost(Metric),
    Tags,
    CostCategories,
}

impl Output {
    fn all() -> Vec<Output> {
        let mut all: Vec<Output> = Text::ALL.iter().map(|&text| Output::Text(text)).collect();
        all.extend([Output::Start, Output::End, Output::Quantity, Output::Tags, Output::CostCategories]);
        all.extend(Metric::ALL.iter().map(|&metric| Output::Cost(metric)));
        all
    }

    fn name(self) -> &'static str {
        match self {
            Output::Text(text) => text.name(),
            Output::Start => CHARGE_PERIOD_START.name,
            Output::End => CHARGE_PERIOD_END.name,
            Output::Quantity => CONSUMED_QUANTITY.name,
            Output::Cost(metric) => metric.name(),
            Output::Tags => TAGS.name,
            Output::CostCategories => COST_CATEGORIES.name,
        }
    }
}

fn chosen(columns: Option<&[String]>) -> Result<Vec<Output>> {
    let all = Output::all();
    let Some(columns) = columns else { return Ok(all) };
    let find = |name: &String| {
        all.iter().copied().find(|column| column.name().eq_ignore_ascii_case(name)).ok_or_else(|| Error::UnknownName {
            what: "charge column",
            name: name.clone(),
            hint: format!("use one of {}", all.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ")),
        })
    };
    columns.iter().map(find).collect()
}

struct Pick {
    grouper: Grouper,
    members: Members,
    columns: Vec<Output>,
    batches: Vec<RecordBatch>,
}

impl Fold for Pick {
    type Output = Vec<RecordBatch>;

    fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, _file: &PassFile) -> Result<()> {
        names.with(|names| {
            let mut ids = Vec::new();
            let mut rows = Vec::new();
            for row in 0..batch.len {
                self.members.ids(batch, row, names, &mut ids);
                if self.grouper.accepts(&ids, names) {
                    rows.push(row);
                }
            }
            if !rows.is_empty() {
                self.batches.push(picked(&self.columns, batch, &rows, names)?);
            }
            Ok(())
        })
    }

    fn finish(self, _normalizer: Normalizer, _names: &SharedNames) -> Vec<RecordBatch> {
        self.batches
    }
}

fn empty(columns: &[Output]) -> Result<RecordBatch> {
    let names = Names::default();
    let mut nothing = ChargeBatch::default();
    nothing.text.resize_with(Text::ALL.len(), Vec::new);
    picked(columns, &nothing, &[], &names)
}

fn picked(columns: &[Output], batch: &ChargeBatch, rows: &[usize], names: &Names) -> Result<RecordBatch> {
    let fail = |error: arrow::error::ArrowError| Error::Frame { table: "charges", detail: error.to_string() };
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for column in columns {
        let array: ArrayRef = match column {
            Output::Text(text) => text_array(rows.iter().map(|&row| names.get(*text, batch.ids(*text)[row]))),
            Output::Start => Arc::new(instants(rows, &batch.start)),
            Output::End => Arc::new(instants(rows, &batch.end)),
            Output::Quantity => {
                decimal(rows.iter().map(|&row| Some(batch.quantity[row])), QUANTITY_SCALE).map_err(fail)?
            }
            Output::Cost(metric) => {
                decimal(rows.iter().map(|&row| cost(*metric, batch, row)), MONEY_SCALE).map_err(fail)?
            }
            Output::Tags => map_array(rows.iter().map(|&row| batch.tags[row]), &names.tags).map_err(fail)?,
            Output::CostCategories => {
                map_array(rows.iter().map(|&row| batch.cost_categories[row]), &names.cost_categories).map_err(fail)?
            }
        };
        fields.push(Field::new(column.name(), array.data_type().clone(), true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(fail)
}

/// The cost of a charge; null where the row does not state it.
fn cost(metric: Metric, batch: &ChargeBatch, row: usize) -> Option<i128> {
    batch.states(row, metric).then(|| batch.cost(metric)[row])
}

fn text_array<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    values.for_each(|value| builder.append_option(value));
    Arc::new(builder.finish())
}

fn instants(rows: &[usize], seconds: &[i64]) -> TimestampSecondArray {
    rows.iter().map(|&row| Some(seconds[row])).collect::<TimestampSecondArray>().with_timezone("UTC")
}

fn decimal(
    values: impl Iterator<Item = Option<i128>>,
    scale: u32,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let array: Decimal128Array = values.collect();
    Ok(Arc::new(array.with_precision_and_scale(38, scale as i8)?))
}

fn map_array(
    ids: impl Iterator<Item = u32>,
    sets: &TagSets,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for id in ids {
        for &(key, value) in sets.get(id) {
            builder.keys().append_option(sets.keys.get(key));
            builder.values().append_option(sets.values.get(value));
        }
        builder.append(id != NONE)?;
    }
    let array = builder.finish();
    debug_assert!(matches!(arrow::array::Array::data_type(&array), DataType::Map(..)));
    Ok(Arc::new(array))
}
