//! What the optimizer sees: usage by pool and hour, what each pool costs on demand, and what can be bought for it.

/// What a unit of a pool's usage takes from a plan's commitment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRate {
    /// The plan, a place in [`Market::plans`].
    pub plan: usize,
    /// Plan rate of a unit for an hour, greater than 0.
    pub rate: f64,
}

/// Usage of which every unit is as good as another to every offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// On-demand rate of a unit for an hour.
    pub on_demand: f64,
    /// What a reserved unit costs for every hour, used or not; absent where none is offered.
    pub reservation: Option<f64>,
    /// The plans that cover it, at most one rate for each plan.
    pub plans: Vec<PlanRate>,
}

/// A Savings Plan on offer, with one term and payment option.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Cost of a dollar of commitment for an hour: 1 without upfront and cost of capital.
    pub price: f64,
    /// Plans of one group cover the same usage and differ in term and payment; one of them is bought.
    pub group: usize,
    /// Plans of a lower layer are applied first, as AWS applies EC2 Instance plans before Compute plans.
    pub layer: u8,
    /// No more may be committed for an hour; infinite without a limit.
    pub most: f64,
}

/// Usage and offers over a window of hours.
///
/// A pool belongs to at most one group of layer 0 and at most one of layer 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// Pools.
    pub pools: Vec<Pool>,
    /// Plans on offer.
    pub plans: Vec<Plan>,
    /// Hours of the window.
    pub hours: usize,
    /// Usage by pool, then hour; never negative.
    pub usage: Vec<f64>,
}

impl Market {
    /// A pool's usage by hour.
    pub fn usage_of(&self, pool: usize) -> &[f64] {
        &self.usage[pool * self.hours..(pool + 1) * self.hours]
    }

    /// Cost of the window with nothing bought.
    pub fn on_demand_cost(&self) -> f64 {
        let costs = self.pools.iter().enumerate().map(|(at, pool)| pool.on_demand * sum(self.usage_of(at)));
        costs.sum()
    }

    /// The market in which every commitment costs `factor` times its price; what it covers stays the same.
    pub(super) fn dearer(&self, factor: f64) -> Market {
        let mut market = self.clone();
        for reservation in market.pools.iter_mut().filter_map(|pool| pool.reservation.as_mut()) {
            *reservation *= factor;
        }
        market.plans.iter_mut().for_each(|plan| plan.price *= factor);
        market
    }

    /// The rate of a pool under a plan.
    pub fn rate(&self, pool: usize, plan: usize) -> Option<f64> {
        self.pools[pool].plans.iter().find(|rate| rate.plan == plan).map(|rate| rate.rate)
    }

    /// The pools that a plan covers with their rates, highest saving first, ties by the lowest rate: AWS's order.
    pub fn members(&self, plan: usize) -> Vec<(usize, f64)> {
        let mut members: Vec<(usize, f64)> =
            (0..self.pools.len()).filter_map(|pool| self.rate(pool, plan).map(|rate| (pool, rate))).collect();
        let share = |&(pool, rate): &(usize, f64)| rate / self.pools[pool].on_demand;
        members.sort_by(|a, b| share(a).total_cmp(&share(b)).then(a.1.total_cmp(&b.1)).then(a.0.cmp(&b.0)));
        members
    }

    /// Takes out plans that another of their group makes needless: whatever they cover, the other covers for no more.
    pub fn without_dominated(mut self) -> Market {
        let cost = |market: &Market, pool: usize, plan: usize| {
            market.rate(pool, plan).map_or(f64::INFINITY, |rate| rate * market.plans[plan].price)
        };
        let dominates = |market: &Market, plan: usize, other: usize| {
            let all = 0..market.pools.len();
            let no_dearer = all.clone().all(|pool| cost(market, pool, plan) <= cost(market, pool, other));
            let cheaper = all.clone().any(|pool| cost(market, pool, plan) < cost(market, pool, other));
            no_dearer && (cheaper || plan < other)
        };
        let needless: Vec<bool> = (0..self.plans.len())
            .map(|other| {
                let same = |plan: &usize| *plan != other && self.plans[*plan].group == self.plans[other].group;
                (0..self.plans.len()).filter(same).any(|plan| dominates(&self, plan, other))
            })
            .collect();
        for pool in &mut self.pools {
            pool.plans.retain(|rate| !needless[rate.plan]);
        }
        self
    }
}

/// The sum, in order.
pub(super) fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_another_makes_needless_is_taken_out() {
        let plan = |price| Plan { price, group: 0, layer: 1, most: f64::INFINITY };
        let pool = |rates: [f64; 3]| Pool {
            on_demand: 1.0,
            reservation: None,
            plans: rates.iter().enumerate().map(|(plan, &rate)| PlanRate { plan, rate }).collect(),
        };
        let pools = vec![pool([0.70, 0.75, 0.8]), pool([0.60, 0.65, 0.5])];
        let market = Market { pools, plans: vec![plan(1.0), plan(1.0), plan(1.0)], hours: 1, usage: vec![2.0, 3.0] };
        let left = market.without_dominated();
        assert_eq!(left.members(0), [(1, 0.6), (0, 0.7)]);
        assert_eq!(left.members(1), [], "dearer everywhere");
        assert_eq!(left.members(2).len(), 2, "cheaper in one pool");
        assert_eq!(left.on_demand_cost(), 5.0);
    }
}
