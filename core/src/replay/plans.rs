//! Savings Plans in one hour.

use super::{Cover, CoveredBy, QUANTITY_STEP, QUANTITY_UNIT, Sharing, Usage, cost};

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

/// Usages with a plan's rates, in the order in which it covers them.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) entries: Vec<(usize, i128)>,
    /// By usage: its place among the entries, or their number.
    pub(super) places: Vec<usize>,
}

impl Queue {
    fn of(entries: Vec<(usize, i128)>, usages: usize) -> Queue {
        let mut places = vec![entries.len(); usages];
        entries.iter().enumerate().for_each(|(place, &(usage, _))| places[usage] = place);
        Queue { entries, places }
    }

    /// What covering a quantity of the usage at a place takes.
    pub(super) fn price(&self, place: usize, quantity: i128) -> i128 {
        if quantity > 0 { cost(self.entries[place].1, quantity) } else { 0 }
    }
}

/// For each plan the usages that it may cover with their rates, its owner's and those of all whom sharing reaches: highest
/// saving first; ties by the lowest rate, then in the order given.
#[derive(Debug, Clone)]
pub struct Order {
    queues: Vec<[Queue; 2]>,
    is_sharing: bool,
}

impl Order {
    /// The order in which plans cover usages, whatever their quantities.
    pub fn of(usages: &[Usage], plans: &[Plan], sharing: &Sharing) -> Order {
        let queues = |plan: &Plan| {
            let covers = usages.iter().enumerate().filter(|(_, usage)| sharing.reaches(plan.account, usage.account));
            let covers = covers.filter_map(|(at, usage)| plan.rate(&usage.plans).map(|rate| (at, rate)));
            let mut all: Vec<(usize, i128)> = covers.collect();
            all.sort_by(|&(a, rate), &(b, other)| {
                let (on_demand, others) = (usages[a].on_demand_rate, usages[b].on_demand_rate);
                (rate * others).cmp(&(other * on_demand)).then(rate.cmp(&other)).then(a.cmp(&b))
            });
            let own = all.iter().copied().filter(|&(usage, _)| usages[usage].account == plan.account).collect();
            [Queue::of(own, usages.len()), Queue::of(all, usages.len())]
        };
        Order { queues: plans.iter().map(queues).collect(), is_sharing: sharing.is_on }
    }

    /// The turns in which plans are applied, each with its queue: those of one family in one region first, the owner's
    /// usage before everybody's.
    pub(super) fn turns<'o>(&'o self, plans: &'o [Plan]) -> impl Iterator<Item = (usize, &'o Queue)> {
        [true, false].into_iter().flat_map(move |is_ec2_instance| {
            [false, true].into_iter().filter(move |&is_shared| self.is_sharing || !is_shared).flat_map(
                move |is_shared| {
                    let plans =
                        plans.iter().enumerate().filter(move |(_, plan)| plan.is_ec2_instance == is_ec2_instance);
                    plans.map(move |(at, _)| (at, &self.queues[at][usize::from(is_shared)]))
                },
            )
        })
    }
}

/// Covers usage, and hands on what covers what; what is left of each commitment.
pub(super) fn apply(plans: &[Plan], order: &Order, on_demand: &mut [i128], mut covers: impl FnMut(Cover)) -> Vec<i128> {
    let mut left: Vec<i128> = plans.iter().map(|plan| plan.commitment).collect();
    for (at, queue) in order.turns(plans) {
        left[at] = spend(CoveredBy::Plan(at), queue, 0, left[at], on_demand, &mut covers).left;
    }
    left
}

/// Where spending ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// The place of the first usage that is not covered whole; the number of entries where all are.
    pub(super) place: usize,
    /// Money that was there when it was reached, and after it took its part.
    pub(super) before: i128,
    pub(super) left: i128,
}

/// Spends up to `money` of a plan on usages from a place in its queue on, one after the other.
pub(super) fn spend(
    by: CoveredBy,
    queue: &Queue,
    from: usize,
    money: i128,
    on_demand: &mut [i128],
    covers: &mut impl FnMut(Cover),
) -> End {
    let mut left = money;
    for (place, &(usage, rate)) in queue.entries.iter().enumerate().skip(from) {
        if on_demand[usage] <= 0 {
            continue;
        }
        let whole = cost(rate, on_demand[usage]);
        if whole <= left {
            covers(Cover { usage, by, quantity: on_demand[usage], spent: whole });
            on_demand[usage] = 0;
            left -= whole;
            continue;
        }
        // The last piece takes all that is left, so that the hour closes.
        let quantity = left * QUANTITY_UNIT / rate / QUANTITY_STEP * QUANTITY_STEP;
        let before = left;
        if quantity > 0 {
            covers(Cover { usage, by, quantity, spent: left });
            on_demand[usage] -= quantity;
            left = 0;
        }
        return End { place, before, left };
    }
    End { place: queue.entries.len(), before: left, left }
}
