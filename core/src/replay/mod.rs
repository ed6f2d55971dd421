//! How AWS applies commitments to an hour of usage, in exact integers.
//!
//! The documented order: reservations (zonal, then regional for the exact type, then size-flexible), EC2 Instance
//! Savings Plans, Compute Savings Plans; SageMaker and Database plans have usage of their own. Within each of these
//! the owner's usage comes first, then, where the organization shares, everybody's; plans cover the highest saving first,
//! ties by the lowest plan rate, spend at plan rates, and cover the last usage in part. What an hour does not use is lost.
//!
//! The order *inside* a size-flexible pool is documented as smallest first, and real bills disagree; totals of a pool do
//! not depend on it.

pub mod bill;
mod changes;
mod plans;
mod reservations;
mod sharing;

pub(crate) use changes::CoveredHour;
pub use plans::{Order, Plan, PlanRates};
pub use reservations::{Reservation, Scope};
pub use sharing::Sharing;

use crate::schema::money::divide_half_even;

/// A whole unit of a quantity: quantities are in units of 1e-15.
pub const QUANTITY_UNIT: i128 = 1_000_000_000_000_000;

/// Usage of one account in one hour that commitments may cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The account.
    pub account: u32,
    /// Type, platform and tenancy in a region: what a reservation for the exact type names.
    pub exact: Option<u32>,
    /// Size-flexible pool in a region.
    pub flexible: Option<u32>,
    /// Availability zone.
    pub zone: Option<u32>,
    /// Normalization factor in thousandths ([`crate::catalog::commitments`]), greater than 0 where reservations fit.
    pub factor: u32,
    /// Rates under Savings Plans.
    pub plans: PlanRates,
    /// On-demand rate in units of 1e-12.
    pub on_demand_rate: i128,
    /// Quantity in units of 1e-15.
    pub quantity: i128,
}

/// What covers a piece of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoveredBy {
    /// A reservation, by its place.
    Reservation(usize),
    /// A plan, by its place.
    Plan(usize),
}

/// A piece of usage that a commitment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    /// The usage, by its place.
    pub usage: usize,
    /// What covers it.
    pub by: CoveredBy,
    /// Quantity in units of 1e-15.
    pub quantity: i128,
    /// Of a plan: what it takes from the commitment, in units of 1e-12. Of a reservation: normalized units of 1e-18.
    pub spent: i128,
}

/// An hour after commitments were applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// What was covered, in the order of application.
    pub covers: Vec<Cover>,
    /// Quantity of each usage that stays on demand.
    pub on_demand: Vec<i128>,
    /// Normalized units of each reservation that nobody used, in units of 1e-18.
    pub unused_units: Vec<i128>,
    /// Commitment of each plan that nobody used, in units of 1e-12.
    pub unused_commitment: Vec<i128>,
}

impl Hour {
    /// On-demand cost of what is not covered, in units of 1e-12.
    pub fn on_demand_cost(&self, usages: &[Usage]) -> i128 {
        let costs = usages.iter().zip(&self.on_demand).map(|(usage, &quantity)| cost(usage.on_demand_rate, quantity));
        costs.sum()
    }

    /// Quantity that a kind of commitment covers of a usage.
    pub fn covered(&self, usage: usize, by: impl Fn(CoveredBy) -> bool) -> i128 {
        let pieces = self.covers.iter().filter(|cover| cover.usage == usage && by(cover.by));
        pieces.map(|cover| cover.quantity).sum()
    }
}

/// Applies reservations, then plans, to the usage of one hour.
pub fn replay_hour(usages: &[Usage], reservations: &[Reservation], plans: &[Plan], sharing: &Sharing) -> Hour {
    let mut on_demand: Vec<i128> = usages.iter().map(|usage| usage.quantity).collect();
    let mut covers = Vec::new();
    let unused_units = reservations::apply(usages, reservations, sharing, &mut on_demand, &mut covers);
    let order = Order::of(usages, plans, sharing);
    let unused_commitment = plans::apply(plans, &order, &mut on_demand, |cover| covers.push(cover));
    Hour { covers, on_demand, unused_units, unused_commitment }
}

/// Applies plans alone to what reservations left of usages in an hour, in an order that was found before; what of each
/// commitment nobody used.
pub fn replay_plans_hour(left: &mut [i128], plans: &[Plan], order: &Order) -> Vec<i128> {
    plans::apply(plans, order, left, |_| {})
}

/// A bill has ten decimals: money in steps of 1e-10, counted in units of 1e-12.
const MONEY_STEP: i128 = 100;
/// The same of quantities, counted in units of 1e-15.
const QUANTITY_STEP: i128 = 100_000;

/// Cost of a quantity at a rate, rounded half to even to the ten decimals of a bill.
pub(crate) fn cost(rate: i128, quantity: i128) -> i128 {
    divide_half_even(rate * quantity, QUANTITY_UNIT * MONEY_STEP) * MONEY_STEP
}

#[cfg(test)]
mod tests;
