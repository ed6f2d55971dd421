//! What a purchase does, hour by hour: reservations first, then plans layer by layer, highest saving first, each
//! hour's commitment used or lost.

use super::market::Market;

/// What one bought thing did over the window. Money in USD.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Use {
    /// Bought: unit hours of a reservation, dollars of commitment of a plan.
    pub bought: f64,
    /// Of it used.
    pub used: f64,
    /// On-demand cost that it took the place of.
    pub displaced: f64,
    /// What it costs.
    pub cost: f64,
}

/// What a purchase does over the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// By pool.
    pub reservations: Vec<Use>,
    /// By plan.
    pub plans: Vec<Use>,
    /// On-demand cost of what nothing covers.
    pub rest: f64,
}

impl Settled {
    /// Cost of the window.
    pub fn cost(&self) -> f64 {
        let bought = self.reservations.iter().chain(&self.plans);
        bought.map(|bought| bought.cost).sum::<f64>() + self.rest
    }
}

/// Settles reserved units by pool and hourly commitments by plan against the market's usage.
pub fn settle(market: &Market, reserved: &[f64], commitments: &[f64]) -> Settled {
    let hours = market.hours;
    let mut left = market.usage.clone();
    let mut settled = Settled {
        reservations: vec![Use::default(); market.pools.len()],
        plans: vec![Use::default(); market.plans.len()],
        rest: 0.0,
    };
    for (at, pool) in market.pools.iter().enumerate() {
        let (level, done) = (reserved[at], &mut settled.reservations[at]);
        for usage in &mut left[at * hours..(at + 1) * hours] {
            let used = usage.min(level);
            *usage -= used;
            done.used += used;
        }
        done.bought = level * hours as f64;
        done.displaced = done.used * pool.on_demand;
        done.cost = done.bought * pool.reservation.unwrap_or(0.0);
    }
    let mut order: Vec<usize> = (0..market.plans.len()).filter(|&plan| commitments[plan] > 0.0).collect();
    order.sort_by_key(|&plan| (market.plans[plan].layer, market.plans[plan].group, plan));
    for plan in order {
        settled.plans[plan] = spend(market, plan, commitments[plan], &mut left);
    }
    let rest =
        left.chunks(hours.max(1)).zip(&market.pools).map(|(left, pool)| left.iter().sum::<f64>() * pool.on_demand);
    settled.rest = rest.sum();
    settled
}

fn spend(market: &Market, plan: usize, commitment: f64, left: &mut [f64]) -> Use {
    let hours = market.hours;
    let mut money = vec![commitment; hours];
    let mut done = Use { bought: commitment * hours as f64, ..Use::default() };
    for (pool, rate) in market.members(plan) {
        let mut covered = 0.0;
        for (usage, money) in left[pool * hours..(pool + 1) * hours].iter_mut().zip(&mut money) {
            let whole = *usage * rate;
            if whole <= *money {
                covered += *usage;
                *money -= whole;
                *usage = 0.0;
            } else {
                covered += *money / rate;
                *usage -= *money / rate;
                *money = 0.0;
            }
        }
        done.displaced += covered * market.pools[pool].on_demand;
        done.used += covered * rate;
    }
    done.cost = done.bought * market.plans[plan].price;
    done
}

#[cfg(test)]
mod tests {
    use super::super::market::{Plan, PlanRate, Pool};
    use super::*;

    #[test]
    fn reservations_come_first_and_nothing_is_covered_twice() {
        let rates = |rates: &[(usize, f64)]| rates.iter().map(|&(plan, rate)| PlanRate { plan, rate }).collect();
        let pools = vec![
            Pool { on_demand: 1.0, reservation: Some(0.5), plans: rates(&[(0, 0.7), (1, 0.6)]) },
            Pool { on_demand: 2.0, reservation: None, plans: rates(&[(0, 1.5)]) },
        ];
        let plan = |group, layer| Plan { price: 1.0, group, layer, most: f64::INFINITY };
        let market = Market { pools, plans: vec![plan(0, 1), plan(1, 0)], hours: 2, usage: vec![10.0, 3.0, 1.0, 2.0] };
        let settled = settle(&market, &[4.0, 0.0], &[2.5, 1.8]);
        assert_eq!(settled.reservations[0], Use { bought: 8.0, used: 7.0, displaced: 7.0, cost: 4.0 });
        // First hour: 3 of the 6 left; the plan on everything then pays for the other 3, and 0.4 of the dearer pool's 1.5.
        assert!((settled.plans[1].displaced - 3.0).abs() < 1e-12 && (settled.plans[1].used - 1.8).abs() < 1e-12);
        let displaced = 3.0 + 0.4 / 0.75 + 2.5 / 0.75;
        assert!((settled.plans[0].displaced - displaced).abs() < 1e-12, "{:?}", settled.plans[0]);
        let conserved = settled.rest + 7.0 + 3.0 + displaced;
        assert!((conserved - market.on_demand_cost()).abs() < 1e-12);
    }
}
