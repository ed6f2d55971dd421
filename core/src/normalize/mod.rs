//! Turns a batch of line items into a batch of charges: FOCUS words, exact integers, amortization.

pub mod amortize;
mod arrays;
mod costs;
pub mod cur;
mod dimensions;
mod focus;
mod lives;
mod split;
mod tags;

pub use arrays::Unreadable;

use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::focus::ChargeKind;
use crate::schema::values::LineItemType;

/// A batch of charges. Text is ids into the [`crate::schema::names::Names`] it was made with; money is in units
/// of 1e-12 and quantity of 1e-15. The first `line_items` charges are rows of the bill, the rest is derived.
#[derive(Debug, Default)]
pub struct ChargeBatch {
    /// Charges that are rows of the bill.
    pub line_items: usize,
    /// Charges, derived ones included.
    pub len: usize,
    /// Ids by [`Text`]; empty when the column was not asked for.
    pub text: Vec<Vec<u32>>,
    /// Start of the charge's period, in seconds since 1970-01-01 UTC.
    pub start: Vec<i64>,
    /// End of the charge's period.
    pub end: Vec<i64>,
    /// Start of the billing period.
    pub period_start: Vec<i64>,
    /// The line item type; unknown in FOCUS, which has none.
    pub line_item_type: Vec<LineItemType>,
    /// What kind of charge it is in FOCUS words.
    pub kind: Vec<ChargeKind>,
    /// [`crate::schema::values::Pricing`] as a number.
    pub pricing: Vec<u8>,
    /// [`crate::schema::values::CommitmentKind`] as a number.
    pub commitment_kind: Vec<u8>,
    /// [`crate::schema::values::CommitmentStatus`] as a number.
    pub commitment_status: Vec<u8>,
    /// Costs by [`Metric`]. Of charges in FOCUS, which states no cost before discounts, unblended is the billed and
    /// amortized the effective cost: the certificate adds cash up in the one and commitments in the other, and nobody
    /// is told that they are gross ([`ChargeBatch::states`]).
    pub costs: [Vec<i128>; METRICS],
    /// Whether the list cost is stated.
    pub has_list_cost: Vec<bool>,
    /// Whether the contracted cost is stated.
    pub has_contracted: Vec<bool>,
    /// Net unblended cost (unblended where there is no net), of rows of the bill.
    pub net_unblended: Vec<i128>,
    /// Whether the row states a net cost.
    pub has_net: Vec<bool>,
    /// Contract discount of the row, where the report states one.
    pub discount: Vec<i128>,
    /// Quantity.
    pub quantity: Vec<i128>,
    /// Normalized units of reserved usage.
    pub units: Vec<i128>,
    /// The rate that was paid by unit, where it is stated.
    pub rate: Vec<Option<i128>>,
    /// Tag-set ids.
    pub tags: Vec<u32>,
    /// Cost-category-set ids.
    pub cost_categories: Vec<u32>,
    /// Terms of commitments, of the few rows that carry them.
    pub terms: Vec<CommitmentTerms>,
    /// Split-cost rows, which are kept out of every charge.
    pub split: Vec<SplitRow>,
    /// Rows of other providers, which are kept out of every charge.
    pub foreign: Vec<ForeignRow>,
}

/// What a fee row says about a commitment. Money in units of 1e-12, units of 1e-15.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitmentTerms {
    /// The row of the batch.
    pub row: usize,
    /// What was committed in the row's period: total commitment of a plan's hour, recurring fee and amortized
    /// upfront of a reservation's month.
    pub bought: i128,
    /// What of it went unused.
    pub unused: i128,
    /// Normalized units that were reserved.
    pub bought_units: i128,
    /// Normalized units that went unused.
    pub unused_units: i128,
    /// The part of the upfront fee that belongs to the row's period.
    pub amortized_upfront: i128,
    /// An upfront fee paid with this row.
    pub upfront_fee: i128,
    /// The refund of a returned plan's upfront fee.
    pub refund: i128,
    /// When the commitment starts, in seconds since 1970-01-01 UTC, where the row says so.
    pub starts: Option<i64>,
    /// When it ends.
    pub ends: Option<i64>,
}

/// A row that splits an instance's cost among pods or tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitRow {
    /// The invoice's id.
    pub invoice: u32,
    /// The line item type's id.
    pub line_item_type: u32,
    /// Its unblended cost.
    pub unblended: i128,
    /// The id of the instance that is split.
    pub parent: u32,
    /// The payer's id.
    pub payer: u32,
    /// The id of the billing period's first day.
    pub period: u32,
    /// The currency's id.
    pub currency: u32,
    /// When it starts, in seconds.
    pub start: i64,
    /// When its billing period starts, in seconds.
    pub period_start: i64,
    /// What it was given of the instance's amortized cost, used and unused.
    pub amortized: i128,
    /// The same after discounts, or before them where the net columns are blank.
    pub effective: i128,
}

/// A row of another provider than AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignRow {
    /// The provider's id.
    pub provider: u32,
    /// The currency's id.
    pub currency: u32,
    /// Its billed cost.
    pub billed: i128,
}

impl ChargeBatch {
    /// What usage would have cost on demand: at its own price before commitments in FOCUS; else the public price where
    /// a reservation covers it, since its own is 0, and its own price elsewhere.
    #[inline]
    pub fn on_demand(&self, row: usize) -> i128 {
        let metric = match self.line_item_type[row] {
            LineItemType::DiscountedUsage => Metric::ListCost,
            _ if self.kind[row].is_focus() => Metric::ContractedCost,
            _ => Metric::UnblendedCost,
        };
        self.cost(metric)[row]
    }

    /// Whether a row states a cost in the bill's own words.
    pub fn states(&self, row: usize, metric: Metric) -> bool {
        match metric {
            Metric::ListCost => self.has_list_cost[row],
            Metric::ContractedCost => self.has_contracted[row],
            Metric::UnblendedCost | Metric::AmortizedCost => !self.kind[row].is_focus(),
            Metric::BilledCost | Metric::EffectiveCost => true,
        }
    }

    /// The ids of a text column.
    pub fn ids(&self, text: Text) -> &[u32] {
        &self.text[text as usize]
    }

    /// The sums of a metric.
    pub fn cost(&self, metric: Metric) -> &[i128] {
        &self.costs[metric as usize]
    }

    /// Copies a charge's dimensions to a new, derived charge without any cost.
    fn derive(&mut self, row: usize) -> usize {
        for ids in self.text.iter_mut().filter(|ids| !ids.is_empty()) {
            ids.push(ids[row]);
        }
        macro_rules! repeat {
            ($($column:ident),*) => { $( self.$column.push(self.$column[row]); )* };
        }
        repeat!(
            start,
            end,
            period_start,
            line_item_type,
            kind,
            pricing,
            commitment_kind,
            commitment_status,
            tags,
            cost_categories
        );
        for costs in &mut self.costs {
            costs.push(0);
        }
        self.has_list_cost.push(false);
        self.has_contracted.push(false);
        self.net_unblended.push(0);
        self.has_net.push(false);
        self.discount.push(0);
        self.quantity.push(0);
        self.units.push(0);
        self.rate.push(None);
        self.len += 1;
        self.len - 1
    }
}
