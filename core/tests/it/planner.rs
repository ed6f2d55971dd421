//! The planner against brute force and against a linear program.

use farthing::catalog::commitments::Payment;
use farthing::planner::aws::recommend;
use farthing::planner::demand::Demand;
use farthing::planner::joint::{Effort, Purchase, optimize};
use farthing::planner::market::{Market, Plan, PlanRate, Pool};
use farthing::planner::offers::{Offer, OfferKind};
use farthing::planner::settle::settle;
use farthing::planner::single::{Item, best_commitment};
use proptest::prelude::*;

use crate::simplex;

const UNIT: i128 = 1_000_000_000_000_000;

fn pool(on_demand: f64, reservation: Option<f64>, rate: Option<f64>) -> Pool {
    let plans = rate.into_iter().map(|rate| PlanRate { plan: 0, rate }).collect();
    Pool { on_demand, reservation, plans }
}

fn market(pools: Vec<Pool>, hours: usize, usage: Vec<f64>) -> Market {
    Market { pools, plans: vec![Plan { price: 1.0, group: 0, layer: 1, most: f64::INFINITY }], hours, usage }
}

/// Cost of an hour by hand: reserved units, then plan money by saving, then on demand.
fn hour_cost(market: &Market, hour: usize, reserved: &[f64], commitment: f64) -> f64 {
    let mut cost = commitment;
    let mut left: Vec<(f64, f64, f64)> = Vec::new();
    for (at, pool) in market.pools.iter().enumerate() {
        cost += reserved[at] * pool.reservation.unwrap_or(0.0);
        let rest = (market.usage_of(at)[hour] - reserved[at]).max(0.0);
        left.push((pool.plans.first().map_or(f64::INFINITY, |plan| plan.rate), pool.on_demand, rest));
    }
    left.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)).then(a.0.total_cmp(&b.0)));
    let mut money = commitment;
    for (rate, on_demand, rest) in left {
        let covered = if rate.is_finite() { (money / rate).min(rest) } else { 0.0 };
        money -= if covered > 0.0 { covered * rate } else { 0.0 };
        cost += (rest - covered) * on_demand;
    }
    cost
}

fn cost_by_hand(market: &Market, reserved: &[f64], commitment: f64) -> f64 {
    (0..market.hours).map(|hour| hour_cost(market, hour, reserved, commitment)).sum()
}

/// Every commitment at which the cost can bend for these reserved units.
fn bends(market: &Market, reserved: &[f64]) -> Vec<f64> {
    let mut bends = vec![0.0];
    let mut order: Vec<usize> = (0..market.pools.len()).filter(|&at| !market.pools[at].plans.is_empty()).collect();
    let rate = |at: usize| market.pools[at].plans[0].rate;
    order.sort_by(|&a, &b| {
        let share = |at: usize| rate(at) / market.pools[at].on_demand;
        share(a).total_cmp(&share(b)).then(rate(a).total_cmp(&rate(b)))
    });
    for hour in 0..market.hours {
        let mut covered = 0.0;
        for &at in &order {
            covered += (market.usage_of(at)[hour] - reserved[at]).max(0.0) * rate(at);
            bends.push(covered);
        }
    }
    bends
}

/// The least cost over all whole reserved units and all bends.
fn brute_force(market: &Market) -> f64 {
    let most: Vec<i32> = (0..market.pools.len())
        .map(|at| match market.pools[at].reservation {
            Some(_) => market.usage_of(at).iter().fold(0.0_f64, |most, &used| most.max(used.ceil())) as i32,
            None => 0,
        })
        .collect();
    let mut levels = vec![0; most.len()];
    let mut best = f64::INFINITY;
    loop {
        let reserved: Vec<f64> = levels.iter().map(|&level| f64::from(level)).collect();
        for commitment in bends(market, &reserved) {
            best = best.min(cost_by_hand(market, &reserved, commitment));
        }
        let Some(at) = (0..levels.len()).find(|&at| levels[at] < most[at]) else { return best };
        levels[at] += 1;
        levels[..at].fill(0);
    }
}

fn check(market: &Market) -> Purchase {
    let found = optimize(market, &Effort::default());
    let by_hand = cost_by_hand(market, &found.reserved, found.commitments[0]);
    assert!((by_hand - found.cost).abs() <= 1e-9 * (1.0 + by_hand), "costs {by_hand}, said {}", found.cost);
    let settled = settle(market, &found.reserved, &found.commitments).cost();
    assert!((settled - found.cost).abs() <= 1e-9 * (1.0 + settled), "settles at {settled}, said {}", found.cost);
    assert!(found.reserved.iter().all(|level| level.fract() == 0.0), "whole units");
    found
}

fn rates() -> impl Strategy<Value = (f64, f64, f64)> {
    (1_u32..200, 40_u32..100, 40_u32..100).prop_map(|(on_demand, reserved, plan)| {
        let on_demand = f64::from(on_demand) / 100.0;
        (on_demand, on_demand * f64::from(reserved) / 100.0, on_demand * f64::from(plan) / 100.0)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// One plan over usage of its owner and of others equals the best of all bends.
    #[test]
    fn a_single_plan_is_the_best_of_all_bends(
        items in prop::collection::vec((0_usize..6, any::<bool>(), 1_u32..40, 30_u32..101), 1..24),
        price in prop::sample::select(vec![1.0, 1.06]),
    ) {
        let items: Vec<Item> = items.into_iter().map(|(hour, is_owners, on_demand, percent)| {
            let on_demand = f64::from(on_demand);
            Item { hour, is_owners, on_demand, at_plan: on_demand * f64::from(percent) / 100.0 }
        }).collect();
        let best = best_commitment(6, price, &items);
        let cost = |commitment: f64| {
            let hours = (0..6).map(|hour| {
                let mut due: Vec<&Item> = items.iter().filter(|item| item.hour == hour).collect();
                let saving = |item: &Item| item.at_plan / item.on_demand;
                due.sort_by(|a, b| (!a.is_owners).cmp(&!b.is_owners)
                    .then(saving(a).total_cmp(&saving(b))).then(a.at_plan.total_cmp(&b.at_plan)));
                let mut money = commitment;
                let rest = due.into_iter().map(|item| {
                    let part = (money / item.at_plan).min(1.0);
                    money -= part * item.at_plan;
                    item.on_demand * (1.0 - part)
                });
                price * commitment + rest.sum::<f64>()
            });
            hours.sum::<f64>()
        };
        // Any set of items of an hour can be what a commitment covers whole, so sums in the order of use are enough.
        let mut least = cost(0.0);
        for hour in 0..6 {
            let mut due: Vec<&Item> = items.iter().filter(|item| item.hour == hour).collect();
            let saving = |item: &Item| item.at_plan / item.on_demand;
            due.sort_by(|a, b| (!a.is_owners).cmp(&!b.is_owners)
                .then(saving(a).total_cmp(&saving(b))).then(a.at_plan.total_cmp(&b.at_plan)));
            let mut covered = 0.0;
            for item in due {
                covered += item.at_plan;
                least = least.min(cost(covered));
            }
        }
        prop_assert!((best.cost - least).abs() < 1e-9, "{best:?}, brute force {least}");
        prop_assert!((cost(best.commitment) - least).abs() < 1e-9);
    }

    /// The quantity that AWS would recommend saves most of all quantities.
    #[test]
    fn a_reserved_quantity_is_the_best_of_all(
        usage in prop::collection::vec(0_u32..60, 1..30),
        quarters in any::<bool>(),
        upfront in 0_u32..900,
        hourly in 0_u32..90,
    ) {
        let unit = if quarters { UNIT / 4 } else { UNIT };
        let rows: Vec<(u32, i64, i128)> =
            usage.iter().enumerate().map(|(hour, &used)| (0, hour as i64, i128::from(used) * unit)).collect();
        let demand = Demand::from_rows(&rows, &["p".to_owned()]).unwrap();
        let offer = Offer {
            pool: "p".to_owned(), kind: OfferKind::Reservation, term_years: 1, payment: Payment::PartialUpfront,
            on_demand_rate: 100_000_000_000,
            upfront: i128::from(upfront) * 1_000_000_000_000, hourly: i128::from(hourly) * 1_000_000_000,
        };
        let found = &recommend(&demand, std::slice::from_ref(&offer))[0];
        // Savings times 12 × hours × 4: whole numbers of 1e-12 USD.
        let hours = usage.len() as i128;
        let saving = |quantity: i128| {
            let used: i128 = rows.iter().map(|row| row.2.min(quantity * UNIT) / (UNIT / 4)).sum();
            used * 12 * 730 * offer.on_demand_rate - quantity * 4 * hours * (offer.upfront + 12 * 730 * offer.hourly)
        };
        let most = (0..=61).map(saving).max().unwrap();
        prop_assert_eq!(saving(found.quantity.unwrap()), most);
        let exact = most as f64 / (12 * 4 * hours) as f64;
        prop_assert!((found.savings_monthly as f64 - exact).abs() <= 1.0 + exact.abs() * 1e-15);
    }

    /// One pool with a reservation and a plan: the joint answer is the best of all.
    #[test]
    fn one_pool_is_planned_exactly(
        (on_demand, reserved, plan) in rates(),
        usage in prop::collection::vec(0_u32..12, 1..24),
    ) {
        let usage: Vec<f64> = usage.into_iter().map(f64::from).collect();
        let market = market(vec![pool(on_demand, Some(reserved), Some(plan))], usage.len(), usage);
        let (found, least) = (check(&market), brute_force(&market));
        prop_assert!((found.cost - least).abs() <= 1e-9 * (1.0 + least), "{found:?}, brute force {least}");
        prop_assert!(found.bound <= least * (1.0 + 1e-12));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Few pools: never below the bound, never dearer than a single kind.
    #[test]
    fn pools_together_keep_between_bound_and_single_kinds(
        offers in prop::collection::vec((rates(), any::<bool>()), 2..4),
        usage in prop::collection::vec(0_u32..5, 3 * 8),
    ) {
        let pools: Vec<Pool> = offers.iter().map(|&((on_demand, reserved, plan), reservable)| {
            pool(on_demand, reservable.then_some(reserved), Some(plan))
        }).collect();
        let usage: Vec<f64> = usage[..offers.len() * 8].iter().map(|&used| f64::from(used)).collect();
        let both = market(pools, 8, usage);
        let (found, least) = (check(&both), brute_force(&both));
        prop_assert!(found.bound <= least * (1.0 + 1e-9), "bound {} above the best {least}", found.bound);
        prop_assert!(found.cost >= least * (1.0 - 1e-9));
        let without = |plans: bool, reservations: bool| {
            let mut one = both.clone();
            for pool in &mut one.pools {
                if !plans { pool.plans.clear() }
                if !reservations { pool.reservation = None }
            }
            brute_force(&one)
        };
        prop_assert!(found.cost <= without(true, false) * (1.0 + 1e-9), "dearer than plans alone");
        prop_assert!(found.cost <= without(false, true) * (1.0 + 1e-9), "dearer than reservations alone");
    }
}

/// Usage with days, weeks and noise, the same every time.
fn seasons(pools: usize, hours: usize, seed: u64) -> Market {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut all, mut usage) = (Vec::new(), Vec::new());
    for _ in 0..pools {
        let (base, swing, phase, weekend) = (40.0 + 400.0 * random(), random() * 0.8, random() * 24.0, random() * 0.5);
        for hour in 0..hours {
            let day = 1.0 + swing * ((hour as f64 - phase) / 24.0 * std::f64::consts::TAU).sin();
            let week = if (hour / 24) % 7 >= 5 { 1.0 - weekend } else { 1.0 };
            usage.push((base * day * week * (0.8 + 0.4 * random())).round());
        }
        let on_demand = 0.02 + random();
        let reserved = (random() < 0.8).then(|| on_demand * (0.55 + 0.25 * random()));
        all.push(pool(on_demand, reserved, Some(on_demand * (0.67 + 0.15 * random()))));
    }
    market(all, hours, usage)
}

/// The linear program over reserved units, commitment and what the plan covers: without whole units.
fn linear_program(market: &Market) -> f64 {
    let (pools, hours) = (market.pools.len(), market.hours);
    let cells = pools * hours;
    // Columns: reserved units, commitment, covered by plan, on demand. The last are a first solution.
    let mut costs: Vec<f64> = market.pools.iter().map(|pool| pool.reservation.unwrap_or(1e9) * hours as f64).collect();
    costs.push(market.plans[0].price * hours as f64);
    costs.extend(vec![0.0; cells]);
    costs.extend((0..cells).map(|cell| market.pools[cell / hours].on_demand));
    let (plan_at, on_demand_at) = (pools + 1, pools + 1 + cells);
    let mut rows = Vec::new();
    for cell in 0..cells {
        let mut row = vec![0.0; costs.len()];
        row[cell / hours] = 1.0;
        row[plan_at + cell] = 1.0;
        row[on_demand_at + cell] = 1.0;
        rows.push((row, simplex::Sense::AtLeast { basic: on_demand_at + cell }, market.usage[cell]));
    }
    for hour in 0..hours {
        let mut row = vec![0.0; costs.len()];
        row[pools] = -1.0;
        for at in 0..pools {
            row[plan_at + at * hours + hour] = market.pools[at].plans[0].rate;
        }
        rows.push((row, simplex::Sense::AtMost, 0.0));
    }
    simplex::minimize(&costs, rows)
}

#[test]
fn where_a_linear_program_solves_the_answer_is_as_good() {
    for seed in 1..=3 {
        let market = seasons(4, 36, seed);
        let (found, program) = (check(&market), linear_program(&market));
        assert!(found.cost >= program * (1.0 - 1e-9), "{} beats the relaxation {program}", found.cost);
        assert!(found.cost <= program * 1.000_1 + 1e-9, "{} against {program}", found.cost);
        assert!(found.bound >= program * (1.0 - 2e-4), "bound {} against {program}", found.bound);
    }
}

#[test]
fn a_quarter_of_many_pools_is_certified() {
    let market = seasons(60, 2_160, 5);
    let found = check(&market);
    assert!(found.gap() <= 1e-3, "gap {}", found.gap());
    assert!(found.cost < 0.9 * found.on_demand_cost);
}

#[test]
fn a_limit_on_the_commitment_is_kept_and_certified() {
    let mut market = seasons(12, 336, 9);
    let free = check(&market);
    market.plans[0].most = free.commitments[0] / 2.0;
    let limited = check(&market);
    assert_eq!(limited.commitments[0], market.plans[0].most);
    assert!(limited.cost > free.cost && limited.gap() <= 1e-3, "gap {}", limited.gap());
}

/// The targets on two cores: `cargo test --release -- --ignored planner_is_quick --nocapture`.
#[test]
#[ignore = "measures; run it with --release"]
fn planner_is_quick() {
    for (pools, seconds_most) in [(200, 2.0), (2_000, 10.0)] {
        let market = seasons(pools, 2_160, 1);
        let start = std::time::Instant::now();
        let found = optimize(&market, &Effort::default());
        let seconds = start.elapsed().as_secs_f64();
        println!("{pools} pools x 2160 hours: {seconds:.2} s, gap {:.5} %", found.gap() * 100.0);
        assert!(found.gap() <= 1e-3 && seconds <= seconds_most);
    }
}
