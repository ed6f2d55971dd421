//! Split cost allocation held against its parents: what pods and tasks were given of an instance's hour, and what the
//! hour cost.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};

use super::by_hour::ByHour;
use super::gather::{Gatherer, Rows, SECONDS_PER_HOUR};
use super::keyed::{Keyed, NOWHERE};
use super::pass::PassFile;
use super::tables::{BillCell, BillKey, Ledger, ProductKey};
use crate::error::Result;
use crate::ingest::file::Projection;
use crate::normalize::{ChargeBatch, SplitRow};
use crate::schema::charges::{Metric, Text};
use crate::schema::line_items::LineItem;
use crate::schema::names::{NONE, Names, SharedNames};

/// Which instances may be split.
#[derive(Debug, Default)]
pub enum Parents {
    /// None: no file has the columns.
    #[default]
    None,
    /// These, by resource id: all that the rows of a whole bill name.
    These(HashSet<String>),
    /// Any: rows that split them may be elsewhere.
    All,
}

impl Parents {
    /// Finds out from the one column of a whole bill's files that names them; of text, or of a part of a bill, it is not
    /// asked.
    ///
    /// # Errors
    /// Those of reading the column.
    pub(super) fn of(files: &[PassFile], is_whole: bool) -> Result<Parents> {
        let item = LineItem::SplitParentResourceId;
        let with: Vec<&PassFile> = files.iter().filter(|file| file.file.has(item)).collect();
        if with.is_empty() {
            return Ok(Parents::None);
        }
        if !is_whole || with.iter().any(|file| file.file.footer.rows.is_none()) {
            return Ok(Parents::All);
        }
        let projection = Projection { line_items: vec![item], ..Projection::default() };
        let mut all = HashSet::new();
        for file in with {
            for group in 0..file.file.row_group_rows.len() {
                let mut row_group = file.file.row_group(group, &projection)?;
                while let Some(batch) = row_group.next_batch()? {
                    let items = row_group.line_items(&batch);
                    items.column(item).into_iter().for_each(|column| texts_of(column, &mut all));
                }
            }
        }
        all.remove("");
        Ok(Parents::These(all))
    }

    fn has(&self, resource: &str) -> bool {
        match self {
            Parents::None => false,
            Parents::These(these) => these.contains(resource),
            Parents::All => true,
        }
    }
}

/// Adds the texts of a column; of a dictionary those that rows use.
fn texts_of(column: &ArrayRef, all: &mut HashSet<String>) {
    let mut add = |text: &str| {
        if !all.contains(text) {
            all.insert(text.to_owned());
        }
    };
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().iter().flatten().for_each(add),
        _ => {
            let Some(coded) = column.as_dictionary_opt::<Int32Type>() else { return };
            let Some(texts) = coded.values().as_string_opt::<i32>() else { return };
            coded.keys().iter().flatten().for_each(|key| add(texts.value(key as usize)));
        }
    }
}

/// An instance in a bill: a place in [`Ledger::bills`], and its resource id.
pub type ParentKey = (u32, u32);

/// An hour of an instance. A parent and its split rows may come from different files, so that only the sum of all
/// parts of a ledger tells whether it closes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SplitHour {
    /// Rows that split it.
    pub rows: u32,
    /// The instance's amortized cost less what was split and unused; 0 when it closes.
    pub amortized: i128,
    /// The same after discounts, of [`Metric::EffectiveCost`] and the net columns where they are filled.
    pub effective: i128,
}

/// Instances whose costs are split, by hour.
#[derive(Debug, Clone, Default)]
pub struct SplitCosts {
    /// Instances, and how many rows split them.
    pub parents: Keyed<ParentKey, u64>,
    /// By place of the instance and hour since the period's start.
    pub hours: ByHour<SplitHour>,
}

impl SplitCosts {
    fn cell(&mut self, parent: ParentKey, hour: i32) -> &mut SplitHour {
        let place = self.parents.place(parent, || 0);
        self.hours.cell(place, hour)
    }

    /// Puts an hour that was saved.
    pub(super) fn put(&mut self, parent: ParentKey, hour: i32, saved: SplitHour) {
        *self.parents.cell(parent) += u64::from(saved.rows);
        *self.cell(parent, hour) = saved;
    }

    /// Takes a row that splits an instance of a bill.
    fn split(&mut self, bill: u32, row: &SplitRow) {
        let hour = (row.start - row.period_start).div_euclid(SECONDS_PER_HOUR) as i32;
        *self.parents.cell((bill, row.parent)) += 1;
        let cell = self.cell((bill, row.parent), hour);
        cell.rows += 1;
        cell.amortized -= row.amortized;
        cell.effective -= row.effective;
    }

    /// Adds the instances of another ledger, whose ids `key` translates.
    pub(super) fn absorb(&mut self, other: &SplitCosts, key: impl Fn(ParentKey) -> ParentKey) {
        let places: Vec<u32> = other
            .parents
            .iter()
            .map(|(&parent, &rows)| {
                let place = self.parents.place(key(parent), || 0);
                *self.parents.at_mut(place) += rows;
                place
            })
            .collect();
        for ((parent, hour), cell) in other.hours.iter() {
            let mine = self.hours.cell(places[parent as usize], hour);
            mine.rows += cell.rows;
            mine.amortized += cell.amortized;
            mine.effective += cell.effective;
        }
    }

    /// The instances of which some hour is split.
    fn split_only(&self) -> SplitCosts {
        let mut kept = SplitCosts::default();
        for (&parent, &rows) in self.parents.iter().filter(|(_, rows)| **rows > 0) {
            kept.parents.place(parent, || rows);
        }
        for ((parent, hour), cell) in self.hours.iter() {
            if *self.parents.at(parent) > 0 {
                *kept.cell(self.parents.key(parent), hour) = cell.clone();
            }
        }
        kept
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        self.parents.bytes() + self.hours.bytes()
    }
}

impl Ledger {
    /// Forgets instances that nothing splits. Only a ledger that holds all of its bills may do so: in a part of one,
    /// the rows that split an instance may be in another part.
    pub fn forget_unsplit(&mut self) {
        self.split_costs = self.split_costs.split_only();
    }
}

impl Gatherer {
    /// Whether the running of a resource is held against what is split of it.
    pub(super) fn follows(&self, resource: u32, product: ProductKey, names: &SharedNames) -> bool {
        !matches!(self.parents, Parents::None)
            && names.with(|names| {
                let id = names.get(Text::ResourceId, resource);
                id.is_some_and(|id| self.parents.has(id)) && is_instance(product, names)
            })
    }

    /// What the instances of a batch cost, if they are followed.
    pub(super) fn fold_parents(&mut self, batch: &ChargeBatch, rows: &Rows) {
        if matches!(self.parents, Parents::None) {
            return;
        }
        for row in (0..batch.line_items).filter(|&row| rows.places[row].parent != NOWHERE) {
            let cell = self.ledger.split_costs.hours.cell(rows.places[row].parent, rows.hours[row] as i32);
            cell.amortized += batch.cost(Metric::AmortizedCost)[row];
            cell.effective += batch.cost(Metric::EffectiveCost)[row];
        }
    }

    /// Takes the rows of a batch that split an instance and name it.
    pub(super) fn fold_split(&mut self, batch: &ChargeBatch) {
        for row in batch.split.iter().filter(|row| row.parent != NONE) {
            let key = BillKey { payer: row.payer, period: row.period, currency: row.currency };
            let start = row.period_start;
            let bill = self.ledger.bills.place(key, || BillCell { start, ..BillCell::default() });
            self.ledger.split_costs.split(bill, row);
        }
    }
}

/// Whether a product is the running of an EC2 instance, which is what is split among pods and tasks.
fn is_instance(key: ProductKey, names: &Names) -> bool {
    let usage_type = names.get(Text::UsageType, key.usage_type).unwrap_or_default();
    names.get(Text::ServiceCode, key.service) == Some("AmazonEC2")
        && names.get(Text::Operation, key.operation).is_some_and(|operation| operation.starts_with("RunInstances"))
        && ["BoxUsage", "SpotUsage", "DedicatedUsage", "HostBoxUsage"].iter().any(|part| usage_type.contains(part))
}
