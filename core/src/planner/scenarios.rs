//! What becomes of a purchase when usage changes, and how it is spread over time.

use super::choice::{Bought, Choice};
use super::joint::{Effort, optimize};
use super::market::Market;
use super::offers::HOURS_PER_MONTH;
use super::settle::settle;

/// What a family costs on the generation that replaces it, as a share: Graviton is sold at about 80 % of its Intel twin.
const MODERNIZED_SHARE: f64 = 0.8;

/// A change of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// In words.
    pub name: String,
    /// By pool the share of usage that stays as it is.
    pub stays: Vec<f64>,
    /// By pool whether what does not stay runs on in another family, where Compute plans follow it.
    pub is_modernized: bool,
}

/// What becomes of a purchase under a change. Money in USD, a month of 730 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The change.
    pub name: String,
    /// On-demand cost of what is left to cover.
    pub on_demand_monthly: f64,
    /// What the purchase saves then; less than nothing when it costs more than it displaces.
    pub savings_monthly: f64,
    /// What the best purchase for this usage would have saved.
    pub best_savings_monthly: f64,
    /// Share of its cost that is used.
    pub utilization: Option<f64>,
}

/// The market after a change; pools that were modernized come last, as pools of their own.
fn changed(market: &Market, change: &Change) -> Market {
    let mut after = market.clone();
    let layer = |plan: usize| market.plans[plan].layer;
    for (at, &stays) in change.stays.iter().enumerate().filter(|(_, stays)| **stays < 1.0) {
        let hours = at * market.hours..(at + 1) * market.hours;
        after.usage[hours.clone()].iter_mut().for_each(|usage| *usage *= stays);
        if change.is_modernized {
            let mut pool = market.pools[at].clone();
            pool.on_demand *= MODERNIZED_SHARE;
            pool.reservation = None;
            // Plans of one family do not follow.
            pool.plans.retain(|rate| layer(rate.plan) > 0);
            pool.plans.iter_mut().for_each(|rate| rate.rate *= MODERNIZED_SHARE);
            after.pools.push(pool);
            after.usage.extend(market.usage[hours].iter().map(|usage| usage * (1.0 - stays)));
        }
    }
    after
}

/// What becomes of a purchase under each change.
pub(super) fn scenarios(choice: &Choice<'_>, bought: &Bought, changes: &[Change], effort: &Effort) -> Vec<Scenario> {
    let monthly = |amount: f64| amount / choice.market.hours.max(1) as f64 * HOURS_PER_MONTH as f64;
    let scenario = |change: &Change| {
        let market = changed(&choice.market, change);
        let mut reserved = bought.reserved.clone();
        reserved.resize(market.pools.len(), 0.0);
        let settled = settle(&market, &reserved, &bought.commitments);
        let on_demand = market.on_demand_cost();
        let all = || settled.reservations.iter().chain(&settled.plans).filter(|one| one.bought > 0.0);
        let spent: f64 = all().map(|one| one.cost).sum();
        let used: f64 = all().map(|one| one.cost * one.used / one.bought).sum();
        Scenario {
            name: change.name.clone(),
            on_demand_monthly: monthly(on_demand),
            savings_monthly: monthly(on_demand - settled.cost()),
            best_savings_monthly: monthly(on_demand - optimize(&market, effort).cost),
            utilization: (spent > 0.0).then(|| used / spent),
        }
    };
    changes.iter().map(scenario).collect()
}

/// A purchase spread over time in equal parts. Money in USD.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Parts.
    pub tranches: u32,
    /// Days between them.
    pub days_apart: u32,
    /// What the first year saves when everything is bought at once.
    pub first_year_at_once: f64,
    /// What it saves in parts.
    pub first_year: f64,
}

impl Ladder {
    /// The ladder of a purchase that saves so much a month.
    pub(super) fn of(savings_monthly: f64, tranches: u32, days_apart: u32) -> Ladder {
        let at_once = 12.0 * savings_monthly;
        let parts = (0..tranches).map(|part| (1.0 - f64::from(part * days_apart) / 365.0).max(0.0));
        let share = parts.sum::<f64>() / f64::from(tranches.max(1));
        Ladder { tranches, days_apart, first_year_at_once: at_once, first_year: at_once * share }
    }

    /// Whole units of each part of a line's quantity; they add up to it. What cannot be divided goes to one part after the
    /// other from line to line, so that the parts of the whole are alike.
    pub fn parts(&self, line: usize, quantity: i128) -> Vec<i128> {
        let tranches = i128::from(self.tranches.max(1));
        let ahead = tranches - 1 - line as i128 % tranches;
        let upto = |part: u32| (quantity * i128::from(part) + ahead).div_euclid(tranches);
        (0..self.tranches).map(|part| upto(part + 1) - upto(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::market::{Plan, PlanRate, Pool};
    use super::*;

    #[test]
    fn parts_of_a_ladder_add_up_and_cost_the_waiting() {
        let ladder = Ladder::of(100.0, 4, 91);
        assert_eq!(ladder.parts(0, 10), [3, 2, 3, 2]);
        assert_eq!(ladder.parts(3, 10), [2, 3, 2, 3]);
        let single: Vec<Vec<i128>> = (0..4).map(|line| ladder.parts(line, 1)).collect();
        assert_eq!(single, [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]);
        // A quarter begins at once, the others after 91, 182 and 273 of 365 days.
        let waited = 1.0 - (91.0 + 182.0 + 273.0) / 4.0 / 365.0;
        assert!((ladder.first_year - 1_200.0 * waited).abs() < 1e-9);
    }

    #[test]
    fn plans_of_a_family_do_not_follow_it_and_compute_plans_do() {
        let rates = vec![PlanRate { plan: 0, rate: 0.6 }, PlanRate { plan: 1, rate: 0.7 }];
        let pool = Pool { on_demand: 1.0, reservation: Some(0.6), plans: rates };
        let plan = |group, layer| Plan { price: 1.0, group, layer, most: f64::INFINITY };
        let market = Market { pools: vec![pool], plans: vec![plan(0, 0), plan(1, 1)], hours: 2, usage: vec![4.0, 8.0] };
        let change = Change { name: String::new(), stays: vec![0.25], is_modernized: true };
        let after = changed(&market, &change);
        assert_eq!(after.usage, [1.0, 2.0, 3.0, 6.0]);
        let moved = &after.pools[1];
        assert_eq!((moved.on_demand, moved.reservation, moved.plans.len(), moved.plans[0].plan), (0.8, None, 1, 1));
        let gone = changed(&market, &Change { is_modernized: false, ..change });
        assert_eq!((gone.pools.len(), gone.on_demand_cost()), (1, 3.0));
    }
}
