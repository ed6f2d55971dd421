//! Line items of the legacy report and of CUR 2.0 become charges.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use super::ChargeBatch;
use super::arrays::{DictionaryIds, ParsedTexts, Place, Unreadable, instants, instants_or, text_ids};
use super::costs::Amounts;
use super::split::SPLIT_AMOUNTS;
use super::tags::SetReader;
use crate::error::Result;
use crate::ingest::file::{LineItemBatch, Projection};
use crate::schema::charges::Text;
use crate::schema::focus::ChargeKind;
use crate::schema::line_items::LineItem;
use crate::schema::names::{NONE, Names, Pool, SharedNames};
use crate::schema::values::{ChargeCategory, CommitmentStatus, LineItemType, Pricing, day_text};

/// Columns that every charge needs, whatever is asked: its type, time and cost, and what the ladder reads.
const ALWAYS: &[LineItem] = &[
    LineItem::PayerAccountId,
    LineItem::BillingPeriodStart,
    LineItem::InvoiceId,
    LineItem::CurrencyCode,
    LineItem::LineItemType,
    LineItem::UsageStart,
    LineItem::ProductCode,
    LineItem::UsageType,
    LineItem::Operation,
    LineItem::Description,
    LineItem::UsageAmount,
    LineItem::UnblendedCost,
    LineItem::NetUnblendedCost,
    LineItem::PublicOnDemandCost,
    LineItem::ReservationArn,
    LineItem::ReservationEffectiveCost,
    LineItem::ReservationAmortizedUpfront,
    LineItem::ReservationUnusedAmortizedUpfront,
    LineItem::ReservationUnusedRecurring,
    LineItem::ReservationNetEffectiveCost,
    LineItem::ReservationNetUnusedAmortizedUpfront,
    LineItem::ReservationNetUnusedRecurring,
    LineItem::SavingsPlanArn,
    LineItem::SavingsPlanEffectiveCost,
    LineItem::SavingsPlanTotalCommitment,
    LineItem::SavingsPlanUsedCommitment,
    LineItem::SavingsPlanAmortizedUpfront,
    LineItem::SavingsPlanRecurring,
    LineItem::SavingsPlanNetEffectiveCost,
    LineItem::SavingsPlanNetAmortizedUpfront,
    LineItem::SavingsPlanNetRecurring,
    LineItem::ProviderName,
    LineItem::ChargeCategory,
    LineItem::ChargeClass,
    LineItem::ChargeFrequency,
    LineItem::PricingCategory,
    LineItem::CommitmentDiscountId,
    LineItem::CommitmentDiscountCategory,
    LineItem::CommitmentDiscountStatus,
    LineItem::BilledCost,
    LineItem::EffectiveCost,
    LineItem::ContractedCost,
];

/// Further columns that the ledger needs.
const FOR_THE_LEDGER: &[LineItem] = &[
    LineItem::UsageEnd,
    LineItem::NormalizedUsageAmount,
    LineItem::UnblendedRate,
    LineItem::SavingsPlanRate,
    LineItem::TotalDiscount,
    LineItem::ReservationTotalUnits,
    LineItem::ReservationUnusedUnits,
    LineItem::ReservationStart,
    LineItem::ReservationEnd,
    LineItem::SavingsPlanStart,
    LineItem::SavingsPlanEnd,
    LineItem::SplitParentResourceId,
    LineItem::SplitCost,
    LineItem::SplitUnusedCost,
    LineItem::SplitNetCost,
    LineItem::SplitNetUnusedCost,
];

/// Which charge columns a pass makes.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Text columns.
    pub text: Vec<Text>,
    /// Tags.
    pub tags: bool,
    /// Cost categories.
    pub cost_categories: bool,
    /// What only the ledger keeps: rates, discounts, reserved units.
    pub ledger: bool,
    /// The end of the charge's period.
    pub end: bool,
}

impl Wanted {
    /// The line item columns to decode.
    pub fn projection(&self) -> Projection {
        let mut line_items = ALWAYS.to_vec();
        if self.ledger {
            line_items.extend(FOR_THE_LEDGER);
        }
        if self.end {
            line_items.push(LineItem::UsageEnd);
        }
        line_items.extend(self.text.iter().flat_map(|text| text.column().from));
        line_items.retain(|item| !matches!(item, LineItem::ResourceTags | LineItem::CostCategory));
        line_items.sort_unstable();
        line_items.dedup();
        Projection { line_items, tags: self.tags, cost_categories: self.cost_categories }
    }
}

/// Reported spellings by the key that users know.
pub type Spellings = BTreeMap<String, BTreeSet<String>>;

/// What sets the derived charge of unused commitment apart from its fee.
const UNUSED_WORDS: [(Text, &str); 3] = [
    (Text::ChargeCategory, ChargeCategory::Usage.name()),
    (Text::CommitmentDiscountStatus, CommitmentStatus::Unused.name()),
    (Text::PricingCategory, Pricing::Committed.name()),
];

/// Makes charges of line items; keeps what it learned of dictionaries and names from batch to batch.
#[derive(Debug)]
pub struct Normalizer {
    shared: SharedNames,
    /// The shared names while this thread has them; empty otherwise.
    pub(super) names: Names,
    /// Amounts that had more decimals than a unit of 1e-12 holds.
    pub lossy_amounts: u64,
    /// Rows of FOCUS that do not state a contracted cost.
    pub without_contracted: u64,
    /// Rows without a usage start, which are counted on the first day of their billing period.
    pub undated: u64,
    /// Text that is no number in columns that no total rests on, by column as its file spells it.
    pub unreadable: BTreeMap<String, Unreadable>,
    pub(super) wanted: Wanted,
    amounts: Vec<LineItem>,
    dictionaries: Vec<DictionaryIds>,
    pub(super) parsed: Vec<ParsedTexts>,
    pub(super) tags: SetReader,
    pub(super) cost_categories: SetReader,
    /// By id of a line item type.
    pub(super) types: Vec<(LineItemType, ChargeKind)>,
    pub(super) spot: Vec<bool>,
    pub(super) savings_plan_arns: Vec<u32>,
    pub(super) reservation_arns: Vec<u32>,
    pub(super) refunds_plan: Vec<bool>,
    pub(super) unused_words: [(Text, u32); 3],
}

impl Normalizer {
    /// A normalizer for one pass.
    pub fn new(wanted: Wanted, names: SharedNames) -> Normalizer {
        let unused_words =
            names.with(|names| UNUSED_WORDS.map(|(text, word)| (text, names.pool_mut(text).intern(word))));
        Normalizer {
            shared: names,
            unused_words,
            refunds_plan: Vec::new(),
            names: Names::default(),
            lossy_amounts: 0,
            without_contracted: 0,
            undated: 0,
            unreadable: BTreeMap::new(),
            amounts: wanted.projection().line_items.into_iter().filter(|item| !SPLIT_AMOUNTS.contains(item)).collect(),
            wanted,
            dictionaries: (0..LineItem::ALL.len()).map(|_| DictionaryIds::default()).collect(),
            parsed: (0..LineItem::ALL.len()).map(|_| ParsedTexts::default()).collect(),
            tags: SetReader::default(),
            cost_categories: SetReader::default(),
            types: Vec::new(),
            spot: Vec::new(),
            savings_plan_arns: Vec::new(),
            reservation_arns: Vec::new(),
        }
    }

    /// How the report spells the keys of tags and cost categories that users know by one name.
    pub fn spellings(&self) -> Spellings {
        self.shared.with(|names| {
            let readers = [(&self.tags, &names.tags.keys), (&self.cost_categories, &names.cost_categories.keys)];
            let all = readers.into_iter().flat_map(|(reader, keys)| {
                reader
                    .spellings
                    .iter()
                    .map(|(&key, spellings)| (keys.get(key).unwrap_or_default().to_owned(), spellings.clone()))
            });
            all.collect()
        })
    }

    /// Makes the charges of a batch into `out`, whose earlier contents are dropped.
    ///
    /// # Errors
    /// [`crate::Error::Column`] that names the file and column of a value that cannot be read.
    pub fn normalize(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        out.split.clear();
        out.foreign.clear();
        let kept = self.with_names(|mine| {
            let kept = match items.dialect.is_focus() {
                true => mine.without_other_providers(items, out),
                false => mine.without_split_rows(items, out),
            }?;
            match &kept {
                Some(batch) => mine.words(&items.with_batch(batch), out),
                None => mine.words(items, out),
            }?;
            Ok(kept)
        })?;
        match &kept {
            Some(batch) => self.amounts(&items.with_batch(batch), out),
            None => self.amounts(items, out),
        }
    }

    /// Works with the shared names, which other threads wait for.
    fn with_names<T>(&mut self, work: impl FnOnce(&mut Normalizer) -> T) -> T {
        let shared = self.shared.clone();
        shared.with(|names| {
            std::mem::swap(names, &mut self.names);
            let made = work(self);
            std::mem::swap(names, &mut self.names);
            made
        })
    }

    pub(super) fn ids(
        &mut self,
        items: &LineItemBatch<'_>,
        item: LineItem,
        text: Text,
        out: &mut Vec<u32>,
    ) -> Result<()> {
        let Some(array) = items.column(item) else {
            out.clear();
            out.resize(items.batch.num_rows(), NONE);
            return Ok(());
        };
        let place = Place { file: items.file, column: items.spelled(item) };
        text_ids(array, &mut self.dictionaries[item as usize], self.names.pool_mut(text), out, &place)
    }

    /// Times, text and tags: what needs names.
    fn words(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let rows = items.batch.num_rows();
        out.line_items = rows;
        out.len = rows;
        out.terms.clear();
        out.text.resize_with(Text::ALL.len(), Vec::new);
        self.times(items, out)?;
        match items.dialect.is_focus() {
            true => self.focus_words(items, out),
            false => self.dimensions(items, out),
        }?;
        self.sets(items, out)
    }

    /// Money and quantities.
    fn amounts(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let rows = items.batch.num_rows();
        let amounts = Amounts::read(items, &self.amounts, &mut self.parsed)?;
        for (item, found) in amounts.unreadable() {
            absorb_unreadable(&mut self.unreadable, items.spelled(item), &found);
        }
        if items.dialect.is_focus() {
            return self.focus_costs(&amounts, rows, out);
        }
        self.plain_costs(&amounts, rows, out)?;
        self.special_rows(&amounts, rows, out)?;
        self.lives(items, out);
        Ok(())
    }

    fn times(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let rows = items.batch.num_rows();
        match items.column(LineItem::BillingPeriodStart) {
            Some(array) => {
                instants(array, &mut out.period_start).map_err(|bad| bad.error(items, LineItem::BillingPeriodStart))?;
            }
            None => {
                out.period_start.clear();
                out.period_start.resize(rows, 0);
            }
        }
        // Taxes and fees may be about no time of their own: they are of the period, and end as they start.
        let may_lack = !items.dialect.is_focus();
        let times = |item, others: &[i64], out: &mut Vec<i64>| match items.column(item) {
            Some(array) => instants_or(array, may_lack.then_some(others), out).map_err(|bad| bad.error(items, item)),
            None => {
                out.clear();
                out.resize(rows, 0);
                Ok(0)
            }
        };
        self.undated += times(LineItem::UsageStart, &out.period_start, &mut out.start)?;
        times(LineItem::UsageEnd, &out.start, &mut out.end)?;
        let mut end = Vec::new();
        if let Some(array) = items.column(LineItem::BillingPeriodEnd) {
            instants(array, &mut end).map_err(|bad| bad.error(items, LineItem::BillingPeriodEnd))?;
        }
        period_ids(
            &out.period_start,
            self.names.pool_mut(Text::BillingPeriodStart),
            &mut out.text[Text::BillingPeriodStart as usize],
        );
        if self.wanted.text.contains(&Text::BillingPeriodEnd) {
            end.resize(rows, 0);
            period_ids(
                &end,
                self.names.pool_mut(Text::BillingPeriodEnd),
                &mut out.text[Text::BillingPeriodEnd as usize],
            );
        }
        Ok(())
    }
}

/// The rows of a batch that are kept, which a column decided.
pub(super) fn kept_rows(items: &LineItemBatch<'_>, item: LineItem, keep: &BooleanArray) -> Result<RecordBatch> {
    let place = Place { file: items.file, column: items.spelled(item) };
    filter_record_batch(items.batch, keep).map_err(|error| place.error(error.to_string()))
}

/// Adds what one batch, thread or ledger found of a column.
pub(crate) fn absorb_unreadable(all: &mut BTreeMap<String, Unreadable>, column: &str, found: &Unreadable) {
    match all.get_mut(column) {
        Some(known) => known.absorb(found),
        None => {
            all.insert(column.to_owned(), found.clone());
        }
    }
}

/// Instants as the ids of their days; nearly always one value a batch.
pub(super) fn period_ids(instants: &[i64], pool: &mut Pool, out: &mut Vec<u32>) {
    out.clear();
    let mut last = (i64::MIN, NONE);
    for &instant in instants {
        if instant != last.0 {
            let day = i32::try_from(instant.div_euclid(86_400)).unwrap_or(i32::MAX);
            last = (instant, pool.intern(&day_text(day)));
        }
        out.push(last.1);
    }
}
