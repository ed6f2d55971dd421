//! A lower bound on what any purchase can cost: the Lagrangian dual, in which an hour's plan money has a price.
//!
//! Let `c_j` be the hourly commitment of plan `j`, `n_p` the reserved units of pool `p`, and relax for every hour `t`
//! *plan money spent ≤ commitment* at a price `λ_jt ≥ 0`. When `Σ_t λ_jt = price_j · hours`, the commitment drops out of
//! the Lagrangian, and what is left falls apart by pool: a unit of usage beyond the reserved level costs the least of
//! the on-demand rate and `λ_jt · rate_jp`, so the best level is the smallest whole number that is not exceeded by usage
//! worth more than the reservation costs, a weighted quantile. Any such prices give a valid bound. Where a commitment has
//! a limit, its prices may sum to more; the excess, times the limit, is taken off the bound.

use super::market::Market;

/// Parts that pools are split into, whatever the number of threads: their sums are added in order.
const PARTS: usize = 4;
/// Hours of usage from which on a second thread is worth starting.
const HOURS_FOR_THREADS: usize = 200_000;

/// Every pool's used hours, most used first.
#[derive(Debug)]
pub(super) struct ByUsage {
    first: Vec<usize>,
    hours: Vec<u32>,
    usage: Vec<f64>,
}

impl ByUsage {
    pub(super) fn new(market: &Market) -> ByUsage {
        let mut all = ByUsage { first: vec![0], hours: Vec::new(), usage: Vec::new() };
        let mut used: Vec<(f64, u32)> = Vec::with_capacity(market.hours);
        for pool in 0..market.pools.len() {
            used.clear();
            let by_hour = market.usage_of(pool).iter().zip(0..);
            used.extend(by_hour.filter(|(usage, _)| **usage > 0.0).map(|(&usage, hour)| (usage, hour)));
            used.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.hours.extend(used.iter().map(|(_, hour)| hour));
            all.usage.extend(used.iter().map(|(usage, _)| usage));
            all.first.push(all.hours.len());
        }
        all
    }
}

/// What the prices lead to.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// No purchase costs less.
    pub(super) value: f64,
    /// Reserved units by pool that the prices ask for.
    pub(super) levels: Vec<f64>,
    /// Plan money asked for, by plan and hour: a direction in which the bound grows.
    pub(super) asked: Vec<f64>,
}

/// The bound for prices by plan, then hour. Prices of a plan without a limit must not sum to more than its price times
/// the hours.
pub(super) fn bound(market: &Market, by_usage: &ByUsage, prices: &[f64]) -> Bound {
    let pools = market.pools.len();
    let part = |at: usize| bound_part(market, by_usage, prices, at * pools / PARTS..(at + 1) * pools / PARTS);
    let parts: Vec<Bound> = if by_usage.hours.len() < HOURS_FOR_THREADS {
        (0..PARTS).map(part).collect()
    } else {
        std::thread::scope(|scope| {
            let half = scope.spawn(|| (0..PARTS / 2).map(part).collect::<Vec<_>>());
            let rest: Vec<Bound> = (PARTS / 2..PARTS).map(part).collect();
            let mut all = half.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(rest);
            all
        })
    };
    let mut sum = Bound { asked: vec![0.0; prices.len()], ..Bound::default() };
    for part in parts {
        sum.value += part.value;
        sum.levels.extend(part.levels);
        sum.asked.iter_mut().zip(&part.asked).for_each(|(sum, asked)| *sum += asked);
    }
    for (plan, prices) in market.plans.iter().zip(prices.chunks(market.hours.max(1))) {
        let excess = prices.iter().sum::<f64>() - plan.price * market.hours as f64;
        if plan.most.is_finite() && excess > 0.0 {
            sum.value -= plan.most * excess;
        }
    }
    sum
}

fn bound_part(market: &Market, by_usage: &ByUsage, prices: &[f64], pools: std::ops::Range<usize>) -> Bound {
    let mut part = Bound { value: 0.0, levels: Vec::with_capacity(pools.len()), asked: vec![0.0; prices.len()] };
    for pool in pools {
        let used = by_usage.first[pool]..by_usage.first[pool + 1];
        let series =
            Series { market, pool, prices, hours: &by_usage.hours[used.clone()], usage: &by_usage.usage[used] };
        let level = series.level();
        part.value += series.cost(level, &mut part.asked);
        part.levels.push(level);
    }
    part
}

/// A pool's used hours, most used first, at given prices.
struct Series<'a> {
    market: &'a Market,
    pool: usize,
    prices: &'a [f64],
    hours: &'a [u32],
    usage: &'a [f64],
}

impl Series<'_> {
    /// The least that a unit costs in an hour, and the plan whose money it would take with the rate.
    #[inline]
    fn unit(&self, hour: u32) -> (f64, Option<(usize, f64)>) {
        let pool = &self.market.pools[self.pool];
        let mut least = (pool.on_demand, None);
        for plan in &pool.plans {
            let place = plan.plan * self.market.hours + hour as usize;
            let cost = self.prices[place] * plan.rate;
            if cost < least.0 {
                least = (cost, Some((place, plan.rate)));
            }
        }
        least
    }

    /// The whole number of reserved units that costs least.
    fn level(&self) -> f64 {
        let Some(reservation) = self.market.pools[self.pool].reservation else { return 0.0 };
        let needed = reservation * self.market.hours as f64;
        let mut worth = 0.0;
        for (&hour, &usage) in self.hours.iter().zip(self.usage) {
            worth += self.unit(hour).0;
            if worth > needed {
                return if usage.fract() == 0.0 { usage } else { self.whole_neighbor(usage, needed) };
            }
        }
        0.0
    }

    /// The cost is convex in the level, so the best whole number is next to the best number.
    fn whole_neighbor(&self, best: f64, needed: f64) -> f64 {
        let saved = |level: f64| {
            let above = self.hours.iter().zip(self.usage).take_while(|(_, usage)| **usage > level);
            level * needed + above.map(|(&hour, usage)| self.unit(hour).0 * (usage - level)).sum::<f64>()
        };
        if saved(best.floor()) <= saved(best.ceil()) { best.floor() } else { best.ceil() }
    }

    /// What the pool costs at a level; adds the plan money it asks for.
    fn cost(&self, level: f64, asked: &mut [f64]) -> f64 {
        let reservation = self.market.pools[self.pool].reservation.unwrap_or(0.0);
        let mut cost = level * reservation * self.market.hours as f64;
        for (&hour, &usage) in self.hours.iter().zip(self.usage) {
            let above = usage - level;
            if above <= 0.0 {
                break;
            }
            let (unit, plan) = self.unit(hour);
            cost += unit * above;
            if let Some((place, rate)) = plan {
                asked[place] += rate * above;
            }
        }
        cost
    }
}

/// The nearest prices that are not negative and not above `most`, and sum to `total`.
pub(super) fn project(prices: &mut [f64], total: f64, most: f64) {
    let most = most.max(total / prices.len().max(1) as f64);
    let least = prices.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = prices.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut low, mut high) = (least - most, greatest);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let sum: f64 = prices.iter().map(|price| (price - middle).clamp(0.0, most)).sum();
        if sum > total { low = middle } else { high = middle }
    }
    prices.iter_mut().for_each(|price| *price = (*price - high).clamp(0.0, most));
}

#[cfg(test)]
mod tests {
    use super::super::market::{Plan, PlanRate, Pool};
    use super::*;

    #[test]
    fn the_level_is_the_quantile_of_usage() {
        // Reserved at 0.6 of on demand: the last unit must be used in at least 0.6 of ten hours.
        let pool = Pool { on_demand: 1.0, reservation: Some(0.6), plans: vec![] };
        let usage = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0, 5.0, 10.0];
        let market = Market { pools: vec![pool], plans: vec![], hours: 10, usage: usage.to_vec() };
        let least = (0..=10).map(|level| {
            let above: f64 = usage.iter().map(|usage| (usage - f64::from(level)).max(0.0)).sum();
            f64::from(level) * 6.0 + above
        });
        let found = bound(&market, &ByUsage::new(&market), &[]);
        assert_eq!(found.value, least.fold(f64::INFINITY, f64::min));
        assert_eq!(found.levels, [4.0]);
    }

    #[test]
    fn money_with_a_price_is_asked_for_where_it_beats_on_demand() {
        let pool = Pool { on_demand: 1.0, reservation: None, plans: vec![PlanRate { plan: 0, rate: 0.7 }] };
        let plans = vec![Plan { price: 1.0, group: 0, layer: 1, most: f64::INFINITY }];
        let market = Market { pools: vec![pool], plans, hours: 2, usage: vec![10.0, 4.0] };
        let found = bound(&market, &ByUsage::new(&market), &[0.5, 1.5]);
        assert!((found.value - (0.35 * 10.0 + 4.0)).abs() < 1e-12);
        assert_eq!(found.asked, [7.0, 0.0]);
    }

    #[test]
    fn projection_keeps_the_sum() {
        let mut prices = vec![3.0, 1.0, -2.0, 0.5];
        project(&mut prices, 4.0, 2.0);
        assert!((prices.iter().sum::<f64>() - 4.0).abs() < 1e-9, "{prices:?}");
        assert!(prices.iter().all(|price| (0.0..=2.0).contains(price)));
        assert!(prices[0] > prices[1] && prices[1] > prices[3]);
    }
}
