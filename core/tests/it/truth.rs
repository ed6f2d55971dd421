//! Every total equals the factory's truth, exactly, in both dialects.

use std::collections::BTreeMap;

use farthing::ledger::tables::TABLES;
use farthing::schema::charges::Text;
use farthing::{Bill, Costs, Metric};
use farthing_fixtures::Dialect;
use serde_json::Value;

use crate::support::{Made, answered, in_dialect, integer, make, small, truth_by};

const METRICS: [Metric; 5] =
    [Metric::UnblendedCost, Metric::BilledCost, Metric::AmortizedCost, Metric::EffectiveCost, Metric::ListCost];

/// Every dimension of the truth that names a charge column as questions do.
fn dimensions(truth: &Value) -> Vec<String> {
    let by = truth["by"].as_object().expect("dimensions");
    by.keys().filter(|name| *name != "Day").cloned().collect()
}

fn check_totals(made: &Made, bill: &Bill) {
    for dimension in dimensions(&made.truth) {
        for metric in METRICS {
            let truth = truth_by(&made.truth, &dimension, metric.name());
            let mut found = answered(bill, &dimension, metric);
            // The truth leaves a key out of months in which it does not exist; there, all of it is "(none)".
            let known = &made.truth["by"][&dimension];
            found.retain(|(period, member), _| known.get(period).is_some() || member != "(none)");
            assert_eq!(found, truth, "{} by {dimension}", metric.name());
        }
    }
    for metric in METRICS {
        let totals = bill.costs(&Costs::default().metric(metric).monthly()).expect("an answer");
        for row in totals.rows {
            let period = row.period.expect("a month");
            let truth = integer(&made.truth["totals"][&*period][metric.name()]);
            assert_eq!(row.cost.unwrap_or(0), truth, "{} in {period}", metric.name());
        }
    }
}

fn check_days(made: &Made, bill: &Bill) {
    for metric in METRICS {
        let mut truth: BTreeMap<String, i128> = BTreeMap::new();
        for ((_, day), sum) in truth_by(&made.truth, "Day", metric.name()) {
            *truth.entry(day).or_default() += sum;
        }
        truth.retain(|_, sum| *sum != 0);
        let answer = bill.costs(&Costs::default().metric(metric).daily()).expect("an answer");
        let days: BTreeMap<String, i128> = answer
            .rows
            .into_iter()
            .map(|row| (row.period.expect("a day").to_string(), row.cost.unwrap_or(0)))
            .filter(|(_, cost)| *cost != 0)
            .collect();
        assert_eq!(days, truth, "{} by day", metric.name());
    }
}

/// Quantities and rows, which questions about cost do not give, from the daily table.
fn check_quantities(made: &Made, bill: &Bill) {
    let ledger = bill.ledger().expect("a ledger");
    let mut sums: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    for (key, cell) in ledger.daily.iter() {
        let period = ledger.period(ledger.bills.key(ledger.kinds.key(key.kind).bill).period);
        let service = ledger.names.get(Text::ServiceCode, ledger.products.key(key.product).service).unwrap_or("(none)");
        let sum = sums.entry((period, service.to_owned())).or_default();
        *sum = (sum.0 + cell.quantity, sum.1 + i128::from(cell.costs.rows));
    }
    let quantities: BTreeMap<_, _> =
        sums.iter().map(|(key, sum)| (key.clone(), sum.0)).filter(|(_, sum)| *sum != 0).collect();
    let rows: BTreeMap<_, _> = sums.into_iter().map(|(key, sum)| (key, sum.1)).filter(|(_, sum)| *sum != 0).collect();
    assert_eq!(quantities, truth_by(&made.truth, "x_ServiceCode", "ConsumedQuantity"));
    assert_eq!(rows, truth_by(&made.truth, "x_ServiceCode", "Rows"));
    let written: i128 = made.truth["rows"].as_object().expect("rows").values().map(integer).sum();
    assert_eq!(bill.inventory().rows().map(i128::from), Some(written));
}

/// Each hour of each Savings Plan: bought, used and unused.
fn check_commitment_hours(made: &Made, bill: &Bill) {
    let ledger = bill.ledger().expect("a ledger");
    let mut hours: BTreeMap<(String, String), [i128; 3]> = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter() {
        let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).expect("an ARN");
        if !arn.contains("savingsplan") {
            continue;
        }
        let start = ledger.bills.iter().nth(key.bill as usize).expect("a bill").1.start;
        let hour = start / 3_600 + i64::from(key.hour);
        let day = farthing::schema::values::day_text((hour / 24) as i32);
        let sums = hours.entry((arn.to_owned(), format!("{day}T{:02}", hour % 24))).or_default();
        for (sum, amount) in sums.iter_mut().zip([cell.bought, cell.used, cell.unused]) {
            *sum += amount;
        }
    }
    let mut truth = BTreeMap::new();
    for (arn, by_hour) in made.truth["commitment_hours"].as_object().expect("plans") {
        for (hour, sums) in by_hour.as_object().expect("hours") {
            truth.insert((arn.clone(), hour.clone()), ["bought", "used", "unused"].map(|what| integer(&sums[what])));
        }
    }
    assert!(!truth.is_empty(), "the bill has Savings Plans");
    assert_eq!(hours, truth);
}

/// The identity closes to zero for each payer, month and commitment, and its terms are the truth's.
fn check_identity(made: &Made, bill: &Bill) {
    let ledger = bill.ledger().expect("a ledger");
    for ((place, arn), cell) in ledger.identity.iter() {
        let period = ledger.period(ledger.bills.key(*place).period);
        let arn = ledger.names.get(Text::CommitmentDiscountId, *arn).unwrap_or("(none)");
        assert_eq!(cell.difference(), 0, "{period} {arn}");
        let truth = &made.truth["identity"][&period][arn];
        for (what, sum) in [
            ("unblended", cell.unblended),
            ("amortized", cell.amortized),
            ("amortized_upfront", cell.amortized_upfront),
            ("upfront_fees", cell.upfront_fees),
            ("refunds", cell.refunds),
        ] {
            assert_eq!(sum, integer(&truth[what]), "{what} of {arn} in {period}");
        }
    }
    let refunds: i128 = ledger.identity.iter().map(|(_, cell)| cell.refunds).sum();
    assert!(refunds < 0, "the bill has a returned plan");
}

fn check_seed(seed: u64) {
    let bills = [Dialect::Cur2, Dialect::Legacy].map(|dialect| make(&small(seed), &in_dialect(dialect)));
    let tables = bills.each_ref().map(|made| {
        let bill = made.bill();
        check_totals(made, &bill);
        check_days(made, &bill);
        check_quantities(made, &bill);
        check_commitment_hours(made, &bill);
        check_identity(made, &bill);
        let ledger = bill.ledger().expect("a ledger");
        let tables = TABLES
            .iter()
            .filter(|table| **table != "audit")
            .map(|table| (*table, ledger.table(table).expect("a table")));
        tables.collect::<Vec<_>>()
    });
    for ((name, cur2), (_, legacy)) in tables[0].iter().zip(&tables[1]) {
        assert_eq!(cur2, legacy, "{name} of seed {seed} in both dialects");
    }
}

macro_rules! seeds {
    ($($name:ident $from:literal;)*) => { $(
        #[test]
        fn $name() {
            for seed in $from..$from + 5 {
                check_seed(seed);
            }
        }
    )* };
}

seeds! {
    seeds_1_to_5 1;
    seeds_6_to_10 6;
    seeds_11_to_15 11;
    seeds_16_to_20 16;
}
