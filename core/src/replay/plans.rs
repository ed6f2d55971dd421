//! Savings Plans in one hour.

use super::{Cover, CoveredBy, QUANTITY_STEP, QUANTITY_UNIT, Usage, cost};

/// Rates of a usage by tariff, in units of 1e-12; absent where a tariff does not cover it.
pub type PlanRates = Vec<(u32, i128)>;

/// A plan's commitment for one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The account that bought it.
    pub account: u32,
    /// What it covers at which rates, as in [`PlanRates`]: plans of one kind (of one family and region where that is
    /// named), term and payment option have one tariff.
    pub tariff: u32,
    /// Whether it is applied before the plans that are not for one family in one region.
    pub is_ec2_instance: bool,
    /// Commitment at plan rates, in units of 1e-12.
    pub commitment: i128,
}

impl Plan {
    /// The rate of a usage under this plan, where it covers it.
    pub(super) fn rate(&self, rates: &PlanRates) -> Option<i128> {
        rates.iter().find(|(tariff, _)| *tariff == self.tariff).map(|(_, rate)| *rate)
    }
}

/// For each plan the usages that it may cover with their rates: highest saving first; ties by the lowest rate, then in
/// the order given.
#[derive(Debug, Clone)]
pub struct Order(Vec<Vec<(usize, i128)>>);

impl Order {
    /// The order in which plans cover usages, whatever their quantities.
    pub fn of(usages: &[Usage], plans: &[Plan]) -> Order {
        let queue = |plan: &Plan| {
            let covers = usages.iter().enumerate();
            let covers = covers.filter_map(|(at, usage)| plan.rate(&usage.plans).map(|rate| (at, rate)));
            let mut queue: Vec<(usize, i128)> = covers.collect();
            queue.sort_by(|&(a, rate), &(b, other)| {
                let (on_demand, others) = (usages[a].on_demand_rate, usages[b].on_demand_rate);
                (rate * others).cmp(&(other * on_demand)).then(rate.cmp(&other)).then(a.cmp(&b))
            });
            queue
        };
        Order(plans.iter().map(queue).collect())
    }
}

/// Covers usage; what is left of each commitment.
pub(super) fn apply(
    usages: &[Usage],
    plans: &[Plan],
    order: &Order,
    is_sharing: bool,
    on_demand: &mut [i128],
    covers: &mut Vec<Cover>,
) -> Vec<i128> {
    let mut left: Vec<i128> = plans.iter().map(|plan| plan.commitment).collect();
    for is_ec2_instance in [true, false] {
        for is_shared in [false, true] {
            if is_shared && !is_sharing {
                continue;
            }
            for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.is_ec2_instance == is_ec2_instance) {
                let own = |&&(usage, _): &&(usize, i128)| is_shared || usages[usage].account == plan.account;
                let queue = order.0[at].iter().filter(own).copied();
                left[at] -= spend(CoveredBy::Plan(at), queue, left[at], on_demand, covers);
            }
        }
    }
    left
}

/// Spends up to `money` of a plan on usages with their rates, one after the other; what was spent.
fn spend(
    by: CoveredBy,
    queue: impl Iterator<Item = (usize, i128)>,
    money: i128,
    on_demand: &mut [i128],
    covers: &mut Vec<Cover>,
) -> i128 {
    let mut left = money;
    for (usage, rate) in queue {
        if on_demand[usage] <= 0 {
            continue;
        }
        let whole = cost(rate, on_demand[usage]);
        let (quantity, spent) = if whole <= left {
            (on_demand[usage], whole)
        } else {
            // The last piece takes all that is left, so that the hour closes.
            (left * QUANTITY_UNIT / rate / QUANTITY_STEP * QUANTITY_STEP, left)
        };
        if quantity == 0 {
            break;
        }
        on_demand[usage] -= quantity;
        left -= spent;
        covers.push(Cover { usage, by, quantity, spent });
    }
    money - left
}
