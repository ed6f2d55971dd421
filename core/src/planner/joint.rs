//! The joint choice of Savings Plans and reservations: a real purchase, a bound below it, and the gap between them.
//!
//! Two players answer each other's average: given the average of the reserved units so far, the best commitments are
//! found exactly, and with them what an hour's plan money is worth at the margin; given the average of these prices,
//! each pool's reserved units are a weighted quantile, and the same prices give a lower bound (`bound`). Every
//! answer in whole units is a real purchase, priced as AWS would bill it. The averages close in on a saddle point as
//! conditional gradients do; what remains is closed by steps along the subgradient.

use super::bound::{Bound, ByUsage, bound, project};
use super::market::Market;
use super::respond::{ByHour, Response};

/// Rounds, and steps, after which it is judged whether going on is worth it.
const ROUNDS_TO_JUDGE: usize = 8;
const STEPS_TO_JUDGE: usize = 15;

/// How long to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Stops when the gap is no greater.
    pub gap: f64,
    /// Rounds of answers at most.
    pub rounds: usize,
    /// Steps along the subgradient at most.
    pub steps: usize,
    /// Usage hours that may be gone through to try one unit more or less in each pool.
    pub trials_usage_hours: usize,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { gap: 5e-5, rounds: 40, steps: 60, trials_usage_hours: 40_000_000 }
    }
}

/// A purchase with its certificate. Costs are of the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// Reserved units by pool, whole numbers.
    pub reserved: Vec<f64>,
    /// Hourly commitment by plan.
    pub commitments: Vec<f64>,
    /// What the window costs with the purchase.
    pub cost: f64,
    /// What it costs with nothing bought.
    pub on_demand_cost: f64,
    /// No purchase costs less.
    pub bound: f64,
    /// Rounds and steps taken.
    pub rounds: usize,
}

impl Purchase {
    /// How far the purchase can be from the best one: (cost − bound) ÷ cost.
    pub fn gap(&self) -> f64 {
        if self.cost > 0.0 { ((self.cost - self.bound) / self.cost).max(0.0) } else { 0.0 }
    }
}

/// Chooses what to buy.
pub fn optimize(market: &Market, effort: &Effort) -> Purchase {
    let mut search = Search::new(market, *effort);
    search.start();
    search.answer_in_turns();
    search.climb();
    search.try_neighbors();
    Purchase {
        reserved: search.best.levels,
        commitments: search.best.commitments,
        cost: search.best.cost,
        on_demand_cost: market.on_demand_cost(),
        bound: search.bound.min(search.best.cost),
        rounds: search.rounds,
    }
}

struct Search<'a> {
    market: &'a Market,
    effort: Effort,
    by_hour: ByHour<'a>,
    by_usage: ByUsage,
    /// By plan: no dollar of it saves more.
    worth_most: Vec<f64>,
    best: Response,
    bound: f64,
    /// The prices of the best bound.
    prices: Vec<f64>,
    asked: Vec<f64>,
    rounds: usize,
    /// The distance to the bound when progress was judged last.
    judged: f64,
}

impl<'a> Search<'a> {
    fn new(market: &'a Market, effort: Effort) -> Search<'a> {
        let by_hour = ByHour::new(market);
        let nothing = by_hour.without_plans(&vec![0.0; market.pools.len()]);
        let worth = |plan: usize| {
            let worth = market
                .pools
                .iter()
                .enumerate()
                .filter_map(|(at, pool)| market.rate(at, plan).map(|rate| pool.on_demand / rate));
            worth.fold(0.0, f64::max)
        };
        Search {
            market,
            effort,
            by_usage: ByUsage::new(market),
            worth_most: (0..market.plans.len()).map(worth).collect(),
            best: nothing,
            bound: f64::NEG_INFINITY,
            prices: Vec::new(),
            asked: Vec::new(),
            rounds: 0,
            judged: f64::INFINITY,
            by_hour,
        }
    }

    /// Purchases of a single kind: none may be cheaper than the answer.
    fn start(&mut self) {
        let alone: Vec<Response> = self.by_hour.each_alone().collect();
        alone.into_iter().for_each(|purchase| self.offer(purchase));
        // Without money in plans every pool pays on demand: prices beyond what any dollar saves.
        let dear: Vec<f64> = self.worth_most.iter().flat_map(|&most| vec![2.0 * most; self.market.hours]).collect();
        let reserved = bound(self.market, &self.by_usage, &dear).levels;
        let purchase = self.by_hour.without_plans(&reserved);
        self.offer(purchase);
        let purchase = self.by_hour.respond(&reserved, None);
        self.offer(purchase);
    }

    fn offer(&mut self, purchase: Response) {
        if purchase.cost < self.best.cost {
            self.best = purchase;
        }
    }

    /// Whether the distance to the bound has shrunk by less than a fifth since this was asked last.
    fn stalls(&mut self) -> bool {
        let distance = self.best.cost - self.bound;
        let before = std::mem::replace(&mut self.judged, distance);
        distance > 0.8 * before
    }

    fn is_done(&self) -> bool {
        self.best.cost - self.bound <= self.effort.gap * self.best.cost
    }

    /// Prices that may bound: each plan's sum to what a dollar of its commitment costs over the window.
    fn feasible(&self, prices: &[f64]) -> Vec<f64> {
        let hours = self.market.hours;
        let mut feasible = self.with_alternatives(prices);
        for (plan, prices) in feasible.chunks_mut(hours.max(1)).enumerate() {
            self.project(plan, prices);
        }
        feasible
    }

    fn project(&self, plan: usize, prices: &mut [f64]) {
        let needed = self.market.plans[plan].price * prices.len() as f64;
        let is_limited = self.market.plans[plan].most.is_finite();
        let sum = prices.iter().sum::<f64>();
        project(prices, if is_limited { sum.max(needed) } else { needed }, self.worth_most[plan]);
    }

    /// Gives plans that are not bought the prices of their group's chosen one, in proportion.
    fn with_alternatives(&self, prices: &[f64]) -> Vec<f64> {
        let hours = self.market.hours;
        let chosen: Vec<usize> = self.by_hour.chosen().collect();
        let mut all = prices.to_vec();
        for (at, plan) in self.market.plans.iter().enumerate().filter(|(at, _)| !chosen.contains(at)) {
            let own = chosen.iter().find(|&&other| self.market.plans[other].group == plan.group);
            for hour in 0..hours {
                let price = own.map(|&own| prices[own * hours + hour] / self.market.plans[own].price);
                all[at * hours + hour] = price.unwrap_or(1.0) * plan.price;
            }
        }
        all
    }

    /// Bounds, and keeps the best.
    fn bound_at(&mut self, prices: Vec<f64>) -> Bound {
        let found = bound(self.market, &self.by_usage, &prices);
        if found.value > self.bound {
            self.bound = found.value;
            self.prices = prices;
            self.asked.clone_from(&found.asked);
        }
        found
    }

    fn answer_in_turns(&mut self) {
        let mut levels = vec![0.0; self.market.pools.len()];
        let mut prices: Option<Vec<f64>> = None;
        for round in 0..self.effort.rounds {
            self.rounds += 1;
            let step = 2.0 / (round as f64 + 2.0);
            let answer = self.by_hour.respond(&levels, prices.as_deref()).prices;
            let average = match prices.take() {
                None => answer,
                Some(mut average) => {
                    approach(&mut average, &answer, step);
                    average
                }
            };
            let found = self.bound_at(self.feasible(&average));
            approach(&mut levels, &found.levels, step);
            let purchase = self.by_hour.respond(&found.levels, Some(&average));
            self.offer(purchase);
            prices = Some(average);
            if self.is_done() || (round % ROUNDS_TO_JUDGE == ROUNDS_TO_JUDGE - 1 && self.stalls()) {
                break;
            }
        }
        let whole: Vec<f64> = levels.iter().map(|level| level.round()).collect();
        let purchase = self.by_hour.respond(&whole, prices.as_deref());
        self.offer(purchase);
    }

    /// Steps along the averaged subgradient from the best prices, as the volume algorithm takes them.
    fn climb(&mut self) {
        if self.is_done() || self.market.plans.is_empty() {
            return;
        }
        let hours = self.market.hours;
        let mut direction = self.asked.clone();
        let (mut scale, mut failures) = (0.5, 0);
        self.judged = f64::INFINITY;
        for taken in 0..self.effort.steps {
            if taken % STEPS_TO_JUDGE == 0 && self.stalls() {
                return;
            }
            self.rounds += 1;
            let centered = centered(&direction, hours);
            let length: f64 = centered.iter().map(|value| value * value).sum();
            if length == 0.0 {
                return;
            }
            let step = scale * (self.best.cost - self.bound) / length;
            let mut prices: Vec<f64> =
                self.prices.iter().zip(&centered).map(|(price, toward)| price + step * toward).collect();
            for (plan, prices) in prices.chunks_mut(hours).enumerate() {
                self.project(plan, prices);
            }
            let before = self.bound;
            let found = self.bound_at(prices);
            approach(&mut direction, &found.asked, 0.2);
            if found.value > before {
                scale = f64::min(scale * 1.1, 2.0);
                failures = 0;
                let purchase = self.by_hour.respond(&found.levels, Some(&self.prices));
                self.offer(purchase);
            } else {
                failures += 1;
                if failures % 4 == 0 {
                    scale *= 0.6;
                }
            }
            if self.is_done() {
                return;
            }
        }
    }

    /// One unit more or less, pool by pool, while that is cheaper and the market is small enough to try it.
    fn try_neighbors(&mut self) {
        let size = self.market.usage.len().max(1);
        let mut trials = self.effort.trials_usage_hours / size;
        let reservable: Vec<usize> =
            (0..self.market.pools.len()).filter(|&pool| self.market.pools[pool].reservation.is_some()).collect();
        if trials < 2 * reservable.len() || self.is_done() {
            return;
        }
        let mut improved = true;
        while std::mem::take(&mut improved) {
            for &pool in &reservable {
                for change in [1.0, -1.0] {
                    improved |= self.move_while_cheaper(pool, change, &mut trials);
                }
            }
        }
    }

    fn move_while_cheaper(&mut self, pool: usize, change: f64, trials: &mut usize) -> bool {
        let mut moved = false;
        while *trials > 0 && self.best.levels[pool] + change >= 0.0 {
            *trials -= 1;
            let mut levels = self.best.levels.clone();
            levels[pool] += change;
            let prices = self.best.prices.clone();
            let purchase = self.by_hour.respond(&levels, Some(&prices));
            if purchase.cost >= self.best.cost * (1.0 - 1e-13) {
                break;
            }
            self.best = purchase;
            moved = true;
        }
        moved
    }
}

/// Moves an average a step toward values.
fn approach(average: &mut [f64], values: &[f64], step: f64) {
    average.iter_mut().zip(values).for_each(|(average, value)| *average += step * (value - *average));
}

/// Values less the mean of their plan: the prices of a plan keep their sum.
fn centered(values: &[f64], hours: usize) -> Vec<f64> {
    let rows = values.chunks(hours.max(1)).flat_map(|row| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter().map(move |value| value - mean)
    });
    rows.collect()
}
