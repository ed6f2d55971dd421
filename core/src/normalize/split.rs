//! Split-cost rows, which share an instance's cost out over pods and tasks: kept out of every charge, and told apart.

use arrow::array::{BooleanArray, RecordBatch};

use super::arrays::instants;
use super::costs::Amounts;
use super::cur::{Normalizer, kept_rows, period_ids};
use super::{ChargeBatch, SplitRow};
use crate::error::Result;
use crate::ingest::file::LineItemBatch;
use crate::schema::charges::Text;
use crate::schema::line_items::LineItem;
use crate::schema::values::SPLIT_COST_OPERATIONS;

/// Amounts that only split-cost rows have.
pub(super) const SPLIT_AMOUNTS: [LineItem; 4] =
    [LineItem::SplitCost, LineItem::SplitUnusedCost, LineItem::SplitNetCost, LineItem::SplitNetUnusedCost];

impl Normalizer {
    /// Takes split-cost rows out; `None` when there are none.
    pub(super) fn without_split_rows(
        &mut self,
        items: &LineItemBatch<'_>,
        out: &mut ChargeBatch,
    ) -> Result<Option<RecordBatch>> {
        let mut operations = Vec::new();
        self.ids(items, LineItem::Operation, Text::Operation, &mut operations)?;
        let pool = self.names.pool(Text::Operation);
        let split = SPLIT_COST_OPERATIONS.map(|operation| pool.find(operation).unwrap_or(u32::MAX));
        let is_split = |operation: &u32| split.contains(operation);
        if !operations.iter().any(is_split) {
            return Ok(None);
        }
        let keep: BooleanArray = operations.iter().map(|operation| Some(!is_split(operation))).collect();
        let taken: BooleanArray = operations.iter().map(|operation| Some(is_split(operation))).collect();
        let taken = kept_rows(items, LineItem::Operation, &taken)?;
        self.split_rows(&items.with_batch(&taken), out)?;
        kept_rows(items, LineItem::Operation, &keep).map(Some)
    }

    /// Reads a batch of nothing but split-cost rows.
    fn split_rows(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let mut read = |item, text| -> Result<Vec<u32>> {
            let mut ids = Vec::new();
            self.ids(items, item, text, &mut ids)?;
            Ok(ids)
        };
        let invoices = read(LineItem::InvoiceId, Text::InvoiceId)?;
        let types = read(LineItem::LineItemType, Text::LineItemType)?;
        let parents = read(LineItem::SplitParentResourceId, Text::ResourceId)?;
        let payers = read(LineItem::PayerAccountId, Text::BillingAccountId)?;
        let currencies = read(LineItem::CurrencyCode, Text::BillingCurrency)?;
        let (mut starts, mut period_starts, mut periods) = (Vec::new(), Vec::new(), Vec::new());
        for (item, out) in [(LineItem::UsageStart, &mut starts), (LineItem::BillingPeriodStart, &mut period_starts)] {
            if let Some(array) = items.column(item) {
                instants(array, out).map_err(|bad| bad.error(items, item))?;
            }
            out.resize(items.batch.num_rows(), 0);
        }
        period_ids(&period_starts, self.names.pool_mut(Text::BillingPeriodStart), &mut periods);
        let wanted = [&SPLIT_AMOUNTS[..], &[LineItem::UnblendedCost]].concat();
        let amounts = Amounts::read(items, &wanted, &mut self.parsed)?;
        for row in 0..items.batch.num_rows() {
            let mut amount = |item| amounts.get(item, row, &mut self.lossy_amounts);
            let [cost, unused, net_cost, net_unused] = SPLIT_AMOUNTS.map(&mut amount);
            let (cost, unused) = (cost?.unwrap_or(0), unused?.unwrap_or(0));
            out.split.push(SplitRow {
                invoice: invoices[row],
                line_item_type: types[row],
                unblended: amount(LineItem::UnblendedCost)?.unwrap_or(0),
                parent: parents[row],
                payer: payers[row],
                period: periods[row],
                currency: currencies[row],
                start: starts[row],
                period_start: period_starts[row],
                amortized: cost + unused,
                effective: net_cost?.unwrap_or(cost) + net_unused?.unwrap_or(unused),
            });
        }
        Ok(())
    }
}
