//! What bills of different dialects state and leave open, and rows that are none of AWS's.

use super::gather::Gatherer;
use super::tables::{Costs, ForeignCell, ForeignKey, Ledger};
use crate::normalize::ChargeBatch;
use crate::schema::charges::{CONTRACTED_COST_REASON, GROSS_COST_REASON, Metric, Text};
use crate::schema::filter::NONE_TEXT;
use crate::schema::names::SharedNames;

impl Gatherer {
    /// Counts the rows of other providers in a batch, which belong to no sum.
    pub fn foreign(&mut self, batch: &ChargeBatch, names: &SharedNames, file: &str, delivery: u32) {
        if batch.foreign.is_empty() {
            return;
        }
        let file = self.ledger.file(file, delivery);
        names.with(|names| {
            for row in &batch.foreign {
                let text = |text, id| names.get(text, id).unwrap_or(NONE_TEXT).to_owned();
                let key = (file, text(Text::ProviderName, row.provider), text(Text::BillingCurrency, row.currency));
                self.ledger.add_foreign(key, ForeignCell { rows: 1, billed: row.billed });
            }
        });
    }
}

impl Ledger {
    pub(super) fn add_foreign(&mut self, key: ForeignKey, cell: ForeignCell) {
        let mine = self.foreign.entry(key).or_default();
        *mine = ForeignCell { rows: mine.rows + cell.rows, billed: mine.billed + cell.billed };
    }

    /// Whether a bill, a place in [`Ledger::bills`], is in FOCUS. A payer's month in two dialects is delivered twice,
    /// and check R1 withholds its figures.
    pub fn is_focus(&self, bill: u32) -> bool {
        self.bills.at(bill).focus_rows > 0
    }

    /// Whether bills in FOCUS are all there is.
    pub fn is_all_focus(&self) -> bool {
        !self.bills.is_empty() && self.bills.iter().all(|(_, cell)| cell.focus_rows > 0)
    }

    /// Whether a bill states a metric. List cost is a matter of rows: [`Costs::list_rows`].
    pub fn states(&self, bill: u32, metric: Metric) -> bool {
        match metric {
            Metric::UnblendedCost | Metric::AmortizedCost => !self.is_focus(bill),
            Metric::ContractedCost => self.is_focus(bill) && self.without_contracted == 0,
            Metric::BilledCost | Metric::EffectiveCost | Metric::ListCost => true,
        }
    }

    /// The sum of a metric in costs of one bill; `None` where it is not stated.
    pub fn cost(&self, bill: u32, costs: &Costs, metric: Metric) -> Option<i128> {
        let is_stated = self.states(bill, metric) && (metric != Metric::ListCost || costs.list_rows > 0);
        is_stated.then(|| costs.sum(metric))
    }

    /// Why some bill does not state a metric; `None` when all do.
    pub fn not_stated(&self, metric: Metric) -> Option<&'static str> {
        let open = (0..self.bills.len() as u32).find(|&bill| !self.states(bill, metric))?;
        Some(match metric {
            Metric::ContractedCost if self.is_focus(open) => "some rows of this bill do not state it",
            Metric::ContractedCost => CONTRACTED_COST_REASON,
            _ => GROSS_COST_REASON,
        })
    }
}
