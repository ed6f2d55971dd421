//! Split cost allocation held against its parents: what pods and tasks were given of an instance's hour, and what the
//! hour cost. Kept only for bills whose files have the columns, and in the end only for instances that were split.

use super::by_hour::ByHour;
use super::gather::{Gatherer, Rows, SECONDS_PER_HOUR};
use super::keyed::Keyed;
use super::tables::{BillCell, BillKey, Ledger, ProductKey};
use crate::normalize::{ChargeBatch, SplitRow};
use crate::schema::charges::{Metric, Text};
use crate::schema::names::{NONE, Names};

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
    /// What the instances of a batch cost, if its file could split them.
    pub(super) fn fold_parents(&mut self, batch: &ChargeBatch, rows: &Rows) {
        if !batch.can_split {
            return;
        }
        let resources = batch.ids(Text::ResourceId);
        for row in (0..batch.line_items).filter(|&row| rows.places[row].is_instance && resources[row] != NONE) {
            let cell = self.ledger.split_costs.cell((rows.bills[row], resources[row]), rows.hours[row] as i32);
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
pub(super) fn is_instance(key: ProductKey, names: &Names) -> bool {
    let usage_type = names.get(Text::UsageType, key.usage_type).unwrap_or_default();
    names.get(Text::ServiceCode, key.service) == Some("AmazonEC2")
        && names.get(Text::Operation, key.operation).is_some_and(|operation| operation.starts_with("RunInstances"))
        && ["BoxUsage", "SpotUsage", "DedicatedUsage", "HostBoxUsage"].iter().any(|part| usage_type.contains(part))
}
