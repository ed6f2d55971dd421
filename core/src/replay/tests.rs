//! The hours that AWS's documentation works through.

use super::*;

const FAMILY_R5: u32 = 1;
const FAMILY_M5: u32 = 2;
const COMPUTE: u32 = 3;

fn dollars(text: &str) -> i128 {
    crate::schema::money::from_text(text, 12).expect("an amount").units
}

fn usage(quantity: i128, on_demand: &str, compute: &str, ec2: Option<(u32, &str)>) -> Usage {
    let ec2_instance = ec2.map(|(family, rate)| (family, dollars(rate)));
    let plans = ec2_instance.into_iter().chain([(COMPUTE, dollars(compute))]).collect();
    Usage {
        account: 0,
        exact: ec2.map(|(family, _)| family),
        flexible: ec2.map(|(family, _)| family),
        zone: None,
        factor: if ec2.is_some() { 32_000 } else { 0 },
        plans,
        on_demand_rate: dollars(on_demand),
        quantity: quantity * QUANTITY_UNIT,
    }
}

/// One hour of the documented scenarios.
fn hour() -> Vec<Usage> {
    vec![
        usage(4, "1.00", "0.70", Some((FAMILY_R5, "0.60"))),
        usage(1, "10", "8.20", Some((FAMILY_M5, "7.80"))),
        usage(400, "0.04", "0.03", None),
        usage(1_600, "0.004", "0.003", None),
        usage(1_500_000, "0.000015", "0.00001275", None),
        usage(1, "0.20", "0.20", None),
    ]
}

fn compute(commitment: &str) -> Plan {
    Plan { account: 0, tariff: COMPUTE, is_ec2_instance: false, commitment: dollars(commitment) }
}

fn check(reservations: &[Reservation], plans: &[Plan], on_demand: &str, unused: &[&str]) -> Hour {
    let usages = hour();
    let applied = replay_hour(&usages, reservations, plans, &Sharing::ALL);
    assert_eq!(applied.on_demand_cost(&usages), dollars(on_demand));
    assert_eq!(applied.unused_commitment, unused.iter().map(|text| dollars(text)).collect::<Vec<_>>());
    for (at, usage) in usages.iter().enumerate() {
        assert_eq!(applied.covered(at, |_| true) + applied.on_demand[at], usage.quantity, "usage is conserved");
    }
    applied
}

#[test]
fn nothing_is_covered_without_commitments() {
    check(&[], &[], "59.10", &[]);
}

#[test]
fn scenario_1_the_plan_covers_everything() {
    check(&[], &[compute("50")], "0", &["2.875"]);
}

#[test]
fn scenario_2_the_plan_covers_a_part_of_the_best() {
    let applied = check(&[], &[compute("2")], "56.2428571429", &["0"]);
    assert_eq!(applied.covers.len(), 1);
    assert_eq!(applied.covers[0].quantity, 28_571_428_571 * QUANTITY_STEP, "2.857 of 4 instances");
}

#[test]
fn scenario_3_the_plan_covers_the_best_and_nothing_of_the_rest() {
    check(&[], &[compute("19.60")], "32.70", &["0"]);
}

#[test]
fn scenario_4_reservations_come_first() {
    let reserved =
        Reservation { account: 0, scope: Scope::Flexible { pool: FAMILY_R5 }, units: 2 * 32_000 * QUANTITY_UNIT };
    let applied = check(&[reserved], &[compute("18.20")], "32.70", &["0"]);
    assert_eq!(applied.covers[0].by, CoveredBy::Reservation(0));
    assert_eq!(applied.unused_units, [0]);
}

#[test]
fn scenario_5_instance_plans_come_before_compute_plans() {
    let ec2 = Plan { account: 0, tariff: FAMILY_R5, is_ec2_instance: true, commitment: dollars("3.00") };
    // The order in which they were bought says nothing.
    check(&[], &[compute("16.80"), ec2], "32.70", &["0", "0.60"]);
}

#[test]
fn the_owner_is_served_first_whatever_the_discount() {
    // The owner's 10 USD at 10 %, another account's 10 USD at 50 %.
    let usages = |sharing: bool| {
        let mut usages = vec![usage(1, "10", "9", None), usage(1, "10", "5", None)];
        usages[1].account = 1;
        (usages, sharing)
    };
    let cost = |commitment: &str, (usages, is_sharing): (Vec<Usage>, bool)| {
        let sharing = if is_sharing { Sharing::ALL } else { Sharing::NONE };
        let applied = replay_hour(&usages, &[], &[compute(commitment)], &sharing);
        dollars(commitment) + applied.on_demand_cost(&usages)
    };
    let costs = ["0", "9", "14"].map(|commitment| cost(commitment, usages(true)));
    assert_eq!(costs, ["20", "19", "14"].map(dollars));
    assert_eq!(cost("14", usages(false)), dollars("24"), "without sharing five are lost");
}

#[test]
fn a_zonal_reservation_needs_its_zone_and_a_flexible_one_takes_any_size() {
    let sized = |factor: u32, zone: u32, account: u32| Usage {
        account,
        exact: Some(factor),
        flexible: Some(7),
        zone: Some(zone),
        factor,
        plans: PlanRates::default(),
        on_demand_rate: dollars("0.1"),
        quantity: QUANTITY_UNIT,
    };
    let usages = vec![sized(4_000, 1, 1), sized(4_000, 2, 1), sized(16_000, 1, 2)];
    let zonal = Reservation { account: 1, scope: Scope::Zonal { exact: 4_000, zone: 2 }, units: 4_000 * QUANTITY_UNIT };
    let flexible = Reservation { account: 2, scope: Scope::Flexible { pool: 7 }, units: 18_000 * QUANTITY_UNIT };
    let applied = replay_hour(&usages, &[flexible.clone(), zonal.clone()], &[], &Sharing::ALL);
    // The owner's large one first, then half of another account's small one.
    assert_eq!(applied.on_demand, [QUANTITY_UNIT / 2, 0, 0]);
    assert_eq!(applied.unused_units, [0, 0]);
    let alone = replay_hour(&usages, &[flexible, zonal], &[], &Sharing::NONE);
    assert_eq!(alone.on_demand, [QUANTITY_UNIT, 0, 0]);
    assert_eq!(alone.unused_units, [2_000 * QUANTITY_UNIT, 0]);
}

#[test]
fn multi_az_and_valkey_count_by_their_factors() {
    use crate::catalog::commitments::{Deployment, cache_factor, database_factor};
    let pool = |factor: Option<u32>, quantity: i128| Usage {
        account: 0,
        exact: None,
        flexible: Some(3),
        zone: None,
        factor: factor.expect("a known type"),
        plans: PlanRates::default(),
        on_demand_rate: dollars("0.2"),
        quantity: quantity * QUANTITY_UNIT,
    };
    let reserved =
        |factor: i128| Reservation { account: 0, scope: Scope::Flexible { pool: 3 }, units: factor * QUANTITY_UNIT };
    // One reserved large instance is half of an instance with a standby.
    let multi_az = [pool(database_factor("db.r6g.large", Deployment::MultiAz, false), 1)];
    assert_eq!(replay_hour(&multi_az, &[reserved(4_000)], &[], &Sharing::ALL).on_demand, [QUANTITY_UNIT / 2]);
    // Thirteen reserved large instances cover ten whose storage is I/O-optimized.
    let io_optimized = [pool(database_factor("db.r6g.large", Deployment::SingleAz, true), 10)];
    let applied = replay_hour(&io_optimized, &[reserved(13 * 4_000)], &[], &Sharing::ALL);
    assert_eq!((applied.on_demand[0], applied.unused_units[0]), (0, 0));
    // Four reserved Redis nodes cover five of Valkey.
    let valkey = [pool(cache_factor("cache.m6g.large", true), 5)];
    let applied = replay_hour(&valkey, &[reserved(4 * 4_000)], &[], &Sharing::ALL);
    assert_eq!((applied.on_demand[0], applied.unused_units[0]), (0, 0));
}

#[test]
fn a_change_comes_out_as_if_everything_was_covered_anew() {
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = random.usize(1..12);
        let tariffs = 3;
        let usages: Vec<Usage> = (0..count)
            .map(|_| {
                let on_demand_rate = random.i128(1..2_000_000_000_000);
                let rate = |tariff: u32| (tariff, (on_demand_rate * i128::from(tariff + 5) / 10).max(1));
                Usage {
                    account: random.u32(0..3),
                    plans: (0..tariffs).filter(|_| random.u8(0..4) > 0).map(rate).collect(),
                    on_demand_rate,
                    ..usage(0, "1", "1", None)
                }
            })
            .collect();
        let plan = |tariff: u32| Plan {
            account: random.u32(0..4),
            tariff,
            is_ec2_instance: random.bool(),
            commitment: random.i128(0..4_000_000_000_000),
        };
        let plans: Vec<Plan> = (0..tariffs).chain(0..tariffs).map(plan).collect();
        let sharing = [Sharing::ALL, Sharing::NONE, Sharing::without([0, 2])][seed as usize % 3].clone();
        let order = Order::of(&usages, &plans, &sharing);
        let mut quantity = || if random.u8(0..4) == 0 { 0 } else { random.i128(0..4 * QUANTITY_UNIT) };
        let left: Vec<i128> = usages.iter().map(|_| quantity()).collect();
        let mut covered = CoveredHour::of(left.clone(), &plans, &order);
        for _ in 0..4 {
            let mut changes: Vec<(usize, i128)> =
                (0..count).filter(|at| at % 3 == 0).map(|at| (at, quantity())).collect();
            let mut anew = left.clone();
            changes.iter().for_each(|&(usage, quantity)| anew[usage] = quantity);
            replay_plans_hour(&mut anew, &plans, &order);
            let mut found: Vec<i128> = (0..count).map(|usage| covered.left_of(usage)).collect();
            covered.change(&mut changes);
            changes.into_iter().for_each(|(usage, quantity)| found[usage] = quantity);
            assert_eq!(found, anew, "seed {seed}");
        }
    }
}
