//! Charges in FOCUS words become the engine's charges: they are costed already, and nothing is derived.

use arrow::array::{BooleanArray, RecordBatch};

use super::costs::Amounts;
use super::cur::{Normalizer, kept_rows};
use super::{ChargeBatch, CommitmentTerms, ForeignRow};
use crate::error::Result;
use crate::ingest::csv::NULL_WORDS;
use crate::ingest::file::LineItemBatch;
use crate::schema::charges::{Metric, Text};
use crate::schema::focus::{ChargeKind, is_aws};
use crate::schema::line_items::LineItem;
use crate::schema::names::{NONE, Pool};
use crate::schema::values::{ChargeCategory, CommitmentKind, CommitmentStatus, LineItemType, Pricing};

impl Normalizer {
    /// Takes the rows of other providers out; `None` when there are none.
    pub(super) fn without_other_providers(
        &mut self,
        items: &LineItemBatch<'_>,
        out: &mut ChargeBatch,
    ) -> Result<Option<RecordBatch>> {
        let providers = self.focus_ids(items, LineItem::ProviderName, Text::ProviderName)?;
        let ours = by_id(self.names.pool(Text::ProviderName), is_aws);
        if providers.iter().all(|&provider| ours[provider as usize]) {
            return Ok(None);
        }
        let currencies = self.focus_ids(items, LineItem::CurrencyCode, Text::BillingCurrency)?;
        let amounts = Amounts::read(items, &[LineItem::BilledCost], &mut self.parsed)?;
        for row in (0..providers.len()).filter(|&row| !ours[providers[row] as usize]) {
            let billed = amounts.get(LineItem::BilledCost, row, &mut self.lossy_amounts)?.unwrap_or(0);
            out.foreign.push(ForeignRow { provider: providers[row], currency: currencies[row], billed });
        }
        let keep: BooleanArray = providers.iter().map(|&provider| Some(ours[provider as usize])).collect();
        kept_rows(items, LineItem::ProviderName, &keep).map(Some)
    }

    /// The ids of a text column; the word `NULL` is a missing value.
    fn focus_ids(&mut self, items: &LineItemBatch<'_>, item: LineItem, text: Text) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        self.ids(items, item, text, &mut ids)?;
        drop_null_words(self.names.pool(text), &mut ids);
        Ok(ids)
    }

    /// The dimensions of charges, as their columns say.
    pub(super) fn focus_words(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        self.plain_text(items, out)?;
        for (&text, ids) in Text::ALL.iter().zip(&mut out.text) {
            drop_null_words(self.names.pool(text), ids);
        }
        self.commitments(items, out)?;
        self.kinds(items, out)?;
        let pricing = self.focus_ids(items, LineItem::PricingCategory, Text::PricingCategory)?;
        let known =
            by_id(self.names.pool(Text::PricingCategory), |word| word.map_or(Pricing::None, Pricing::from_name));
        out.pricing.clear();
        out.pricing.extend(pricing.iter().map(|&id| known[id as usize] as u8));
        self.derived_text(items, out)?;
        drop_null_words(
            self.names.pool(Text::CommitmentDiscountType),
            &mut out.text[Text::CommitmentDiscountType as usize],
        );
        Ok(())
    }

    fn commitments(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let ids = self.focus_ids(items, LineItem::CommitmentDiscountId, Text::CommitmentDiscountId)?;
        let categories =
            self.focus_ids(items, LineItem::CommitmentDiscountCategory, Text::CommitmentDiscountCategory)?;
        let statuses = self.focus_ids(items, LineItem::CommitmentDiscountStatus, Text::CommitmentDiscountStatus)?;
        let status = by_id(self.names.pool(Text::CommitmentDiscountStatus), |word| match word {
            Some("Used") => CommitmentStatus::Used,
            Some("Unused") => CommitmentStatus::Unused,
            _ => CommitmentStatus::None,
        });
        let (names, arns) =
            (self.names.pool(Text::CommitmentDiscountCategory), self.names.pool(Text::CommitmentDiscountId));
        out.commitment_kind.clear();
        out.commitment_kind.extend(categories.iter().zip(&ids).map(|(&category, &id)| {
            let (category, id) = (names.get(category).unwrap_or_default(), arns.get(id).unwrap_or_default());
            CommitmentKind::from_category(category, id) as u8
        }));
        out.commitment_status.clear();
        out.commitment_status.extend(statuses.iter().map(|&id| status[id as usize] as u8));
        out.text[Text::CommitmentDiscountId as usize] = ids;
        Ok(())
    }

    /// Category, class and frequency. A category that is not known is an adjustment, and its word is kept where the
    /// line item type of a Cost and Usage Report would stand.
    fn kinds(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let categories = self.focus_ids(items, LineItem::ChargeCategory, Text::ChargeCategory)?;
        let classes = self.focus_ids(items, LineItem::ChargeClass, Text::ChargeClass)?;
        let frequencies = self.focus_ids(items, LineItem::ChargeFrequency, Text::ChargeFrequency)?;
        let known = by_id(self.names.pool(Text::ChargeCategory), |word| word.and_then(ChargeCategory::from_name));
        let (class_names, frequency_names) =
            (self.names.pool(Text::ChargeClass), self.names.pool(Text::ChargeFrequency));
        out.kind.clear();
        out.kind.extend((0..categories.len()).map(|row| {
            let category = known[categories[row] as usize].unwrap_or(ChargeCategory::Adjustment);
            let class = class_names.get(classes[row]).unwrap_or_default();
            let frequency = frequency_names.get(frequencies[row]).unwrap_or_default();
            let is_unused = out.commitment_status[row] == CommitmentStatus::Unused as u8;
            ChargeKind::stated(category, class, frequency, is_unused)
        }));
        out.line_item_type.clear();
        out.line_item_type.resize(categories.len(), LineItemType::Unknown);
        let types = &mut out.text[Text::LineItemType as usize];
        types.clear();
        types.resize(categories.len(), NONE);
        for (at, &category) in categories.iter().enumerate().filter(|(_, id)| known[**id as usize].is_none()) {
            let word = self.names.get(Text::ChargeCategory, category).unwrap_or(NO_CATEGORY).to_owned();
            types[at] = self.names.pool_mut(Text::LineItemType).intern(&word);
        }
        Ok(())
    }

    /// Costs, which the columns state, and what was used and unused of commitments: what was bought is the sum of
    /// the two, since FOCUS does not say it.
    pub(super) fn focus_costs(&mut self, amounts: &Amounts<'_>, rows: usize, out: &mut ChargeBatch) -> Result<()> {
        let lossy = &mut self.lossy_amounts;
        let mut present = Vec::new();
        for (metric, item) in
            [(Metric::BilledCost, LineItem::BilledCost), (Metric::EffectiveCost, LineItem::EffectiveCost)]
        {
            amounts.fill(item, rows, &mut out.costs[metric as usize], &mut present, lossy)?;
            if let Some(row) = present.iter().position(|present| !present) {
                return Err(amounts.without_cost(row, item));
            }
        }
        let list = &mut out.costs[Metric::ListCost as usize];
        amounts.fill(LineItem::PublicOnDemandCost, rows, list, &mut out.has_list_cost, lossy)?;
        let contracted = &mut out.costs[Metric::ContractedCost as usize];
        amounts.fill(LineItem::ContractedCost, rows, contracted, &mut out.has_contracted, lossy)?;
        self.without_contracted += out.has_contracted.iter().filter(|stated| !**stated).count() as u64;
        let (billed, effective) = (out.cost(Metric::BilledCost).to_vec(), out.cost(Metric::EffectiveCost).to_vec());
        out.net_unblended.clone_from(&billed);
        out.costs[Metric::UnblendedCost as usize] = billed;
        out.costs[Metric::AmortizedCost as usize] = effective;
        amounts.fill(LineItem::UsageAmount, rows, &mut out.quantity, &mut present, lossy)?;
        for (quantity, kind) in out.quantity.iter_mut().zip(&out.kind) {
            *quantity = if kind.counts_usage() { *quantity } else { 0 };
        }
        for column in [&mut out.discount, &mut out.units] {
            column.clear();
            column.resize(rows, 0);
        }
        out.has_net.clear();
        out.has_net.resize(rows, false);
        out.rate.clear();
        out.rate.resize(rows, None);
        let statuses = out.commitment_status.iter().zip(out.cost(Metric::EffectiveCost)).enumerate();
        let terms = statuses.filter(|(_, (status, _))| **status != CommitmentStatus::None as u8);
        let terms = terms.map(|(row, (&status, &bought))| CommitmentTerms {
            row,
            bought,
            unused: if status == CommitmentStatus::Unused as u8 { bought } else { 0 },
            ..CommitmentTerms::default()
        });
        out.terms = terms.collect();
        Ok(())
    }
}

/// Stands for the category of rows that have none.
const NO_CATEGORY: &str = "(no ChargeCategory)";

/// What follows from each text of a pool.
fn by_id<T>(pool: &Pool, make: impl Fn(Option<&str>) -> T) -> Vec<T> {
    (0..pool.len() as u32).map(|id| make(pool.get(id))).collect()
}

fn drop_null_words(pool: &Pool, ids: &mut [u32]) {
    for null in NULL_WORDS.iter().filter_map(|word| pool.find(word)) {
        ids.iter_mut().filter(|id| **id == null).for_each(|id| *id = NONE);
    }
}
