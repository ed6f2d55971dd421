//! Commitments of bills whose truth is known: state, and the replay of what AWS did.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::DataType;
use farthing::analyze::commitments::{
    CoverageKey, Step, by_account, by_commitment, coverage, coverage_by, plans_over_time,
};
use farthing::analyze::terms::{Scope, expiring, terms};
use farthing::catalog::commitments::Payment;
use farthing::replay::bill::{Comparison, REPLAY_COLUMNS, WhoShares, replay};
use farthing::{Costs, Metric};
use farthing_fixtures::{Config, Dialect, Waste};

use crate::support::{in_dialect, integer, make, small, whole_months};

#[test]
fn the_replay_of_every_hour_is_what_the_bill_says() {
    for seed in [3, 7, 11] {
        for config in [small(seed), whole_months(seed)] {
            agree(
                &make(&config, &in_dialect(Dialect::Cur2)).bill().replay(&WhoShares::AsBilled).unwrap(),
                &format!("seed {seed}"),
            );
        }
    }
}

#[test]
#[ignore = "minutes: twenty seeds"]
fn the_replay_of_twenty_seeds_is_what_their_bills_say() {
    for seed in 1..=20 {
        // Commitments serve planted waste, as they would; or its account is a sandbox that shares nothing.
        for waste_is_covered in [true, false] {
            let config = Config { waste: Waste::Planted, waste_is_covered, ..whole_months(seed) };
            let compared = make(&config, &in_dialect(Dialect::Legacy)).bill().replay(&WhoShares::AsBilled).unwrap();
            agree(&compared, &format!("seed {seed}, {waste_is_covered}"));
            assert!(waste_is_covered == compared.apart.is_empty(), "seed {seed}: {:?}", compared.apart);
        }
    }
}

#[test]
fn what_is_covered_by_what_the_bill_does_not_charge_is_counted() {
    let made = make(&small(7), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let charges = bill.charges("", Some(&REPLAY_COLUMNS.map(str::to_owned))).unwrap();
    let kinds = |batch: &RecordBatch| cast(batch.column_by_name("x_LineItemType").unwrap(), &DataType::Utf8).unwrap();
    let count = |kind: &str| -> usize {
        charges
            .iter()
            .map(|batch| kinds(batch).as_string::<i32>().iter().filter(|one| *one == Some(kind)).count())
            .sum()
    };
    let without_fees: Vec<RecordBatch> = charges
        .iter()
        .map(|batch| {
            let kinds = kinds(batch);
            let is_kept = kinds.as_string::<i32>().iter().map(|kind| kind.map(|kind| !kind.ends_with("Fee")));
            filter_record_batch(batch, &is_kept.collect()).unwrap()
        })
        .collect();
    let compared = replay(bill.ledger().unwrap(), &without_fees, &WhoShares::AsBilled).unwrap();
    assert_eq!(compared.without_fee, (count("SavingsPlanCoveredUsage"), count("DiscountedUsage")));
    let notes = farthing::report::replay_sections(&compared).map(|section| section.note);
    assert!(notes.iter().all(|note| note.contains("the bill has no commitment's fee")), "{notes:?}");
    let whole = replay(bill.ledger().unwrap(), &charges, &WhoShares::AsBilled).unwrap();
    assert_eq!(whole.without_fee, (0, 0));
}

#[test]
fn what_states_no_rates_is_not_replayed() {
    let made = make(&small(7), &in_dialect(Dialect::Focus1_0));
    let told = made.bill().replay(&WhoShares::AsBilled).unwrap_err();
    assert!(told.to_string().contains("FOCUS states no terms"), "{told}");
}

#[test]
fn an_account_that_shares_nothing_is_found() {
    let config = Config { waste: Waste::Planted, ..whole_months(7) };
    let made = make(&config, &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let found = bill.replay(&WhoShares::AsBilled).unwrap();
    agree(&found, "as billed");
    assert_eq!(found.apart.len(), 1, "the sandbox");
    assert_eq!(bill.replay(&WhoShares::AllBut(found.apart.clone())).unwrap(), found);
    let all = bill.replay(&WhoShares::AllBut(BTreeSet::new())).unwrap();
    assert!(!all.plans.differences.is_empty(), "the sandbox has usage that plans of others had room for");
    let unknown = bill.replay(&WhoShares::AllBut(["1234".to_owned()].into())).unwrap_err();
    assert!(unknown.to_string().contains("1234"), "{unknown}");
}

/// Not one hour of a kind of plans, or of a pool of reservations, differs.
fn agree(compared: &Comparison, what: &str) {
    let (plans, reserved) = (&compared.plans, &compared.reservations);
    assert!(plans.hours > 20 && plans.used > 0, "{what}: nothing to compare: {plans:?}");
    assert!(reserved.hours > 20 && reserved.used > 0, "{what}: nothing to compare: {reserved:?}");
    let first = plans.differences.iter().take(3).collect::<Vec<_>>();
    let wrong = (plans.differences.len(), plans.quantities_differing);
    let (count, off) = (plans.compared, plans.quantity_off_most);
    assert_eq!(wrong, (0, 0), "{what}: {count} compared, quantity off by {off}: {first:?}");
    let first = reserved.differences.iter().take(3).collect::<Vec<_>>();
    assert_eq!(reserved.differences.len(), 0, "{what}: of {} pools and hours: {first:?}", reserved.compared);
    assert_eq!(reserved.left_out, BTreeMap::new(), "{what}");
}

#[test]
fn a_replay_without_sharing_does_not_agree() {
    let compared = make(&small(7), &in_dialect(Dialect::Cur2)).bill().replay(&WhoShares::Nobody).unwrap();
    assert!(!compared.plans.differences.is_empty(), "plans serve accounts that do not own them");
    assert!(!compared.reservations.differences.is_empty(), "so do reservations");
}

#[test]
fn plans_by_hour_and_by_account_are_the_truth() {
    let made = make(&small(5), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let ledger = bill.ledger().unwrap();
    let mut hours = plans_over_time(ledger, Step::Hourly);
    let mut benefited: BTreeMap<(String, String), i128> = BTreeMap::new();
    for (arn, of_plan) in made.truth["commitment_hours"].as_object().unwrap() {
        for (hour, truth) in of_plan.as_object().unwrap() {
            let found = hours.remove(&(format!("{hour}:00:00Z"), arn.clone())).unwrap_or_default();
            let told = ["bought", "used", "unused"].map(|name| integer(&truth[name]));
            assert_eq!([found.bought, found.used, found.unused], told, "{arn} at {hour}");
            for (account, used) in truth["used_by"].as_object().unwrap() {
                *benefited.entry((hour[..7].to_owned(), account.clone())).or_default() += integer(used);
            }
        }
    }
    assert_eq!(hours.values().map(|cell| cell.bought).sum::<i128>(), 0, "hours that the truth does not know");
    let shares = by_account(ledger);
    let sum = |pick: fn(&farthing::analyze::commitments::AccountShare) -> i128| shares.values().map(pick).sum::<i128>();
    assert_eq!(sum(|one| one.bought), sum(|one| one.benefited) + sum(|one| one.wasted));
    for (key, used) in &benefited {
        assert!(shares[key].benefited >= *used, "{key:?}: plans alone served more than all commitments");
    }
    let of_plans: i128 =
        by_commitment(ledger).iter().filter(|one| one.kind == "Savings Plan").map(|one| one.sums.used).sum();
    assert_eq!(benefited.values().sum::<i128>(), of_plans);
}

#[test]
fn coverage_adds_up_whatever_it_is_divided_by() {
    let made = make(&small(9), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let ledger = bill.ledger().unwrap();
    let whole: i128 = coverage(ledger).iter().map(|month| month.eligible).sum();
    for by in CoverageKey::ALL {
        let parts = coverage_by(ledger, by);
        assert!(parts.len() > 1, "{by:?}");
        assert_eq!(parts.values().map(|part| part.eligible).sum::<i128>(), whole, "{by:?}");
        assert!(parts.values().all(|part| part.savings_plans + part.reservations <= part.eligible), "{by:?}");
    }
    let answer = bill.commitments(Step::Daily).unwrap();
    let ids: Vec<&str> = answer.sections.iter().map(|section| section.id).collect();
    assert!(ids.contains(&"savings_plans_over_time") && ids.contains(&"commitments_by_account"), "{ids:?}");
}

/// 2026-08-01, the first second of the bills of three months.
const FIRST: i64 = 1_785_542_400;
const DAY: i64 = 86_400;

#[test]
fn terms_are_those_that_were_bought() {
    let places = [("us-east-1", "m6i", 1, Payment::NoUpfront), ("eu-west-1", "r6i", 3, Payment::AllUpfront)];
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let made = make(&whole_months(7), &in_dialect(dialect));
        let bill = made.bill();
        let terms = terms(bill.ledger().unwrap());
        for (arn, hours) in made.truth["commitment_hours"].as_object().unwrap() {
            let last = hours.as_object().unwrap().iter().next_back().unwrap();
            assert_eq!(terms[arn].hourly, Some(integer(&last.1["bought"])), "{arn}");
        }
        for (region, family, years, payment) in places {
            let scope = Scope::Ec2Family { family: family.to_owned(), region: region.to_owned() };
            let one = terms.values().find(|one| one.scope == scope).unwrap();
            assert_eq!((one.term_years, one.payment), (Some(years), Some(payment)), "{family}");
            assert_eq!(one.ends.unwrap() - one.starts.unwrap(), i64::from(years) * 365 * DAY);
        }
        let reserved = |instance: &str| {
            let mut found = terms.values().filter(|one| one.scope.words().contains(instance));
            let one = found.next().unwrap_or_else(|| panic!("{instance}"));
            ((one.starts.unwrap() - FIRST) / DAY, one.term_years, one.payment)
        };
        assert_eq!(reserved(": m5.large us-east-1"), (-100, Some(1), Some(Payment::NoUpfront)));
        assert_eq!(reserved(": c6i.xlarge eu-west-1"), (8, Some(1), Some(Payment::PartialUpfront)));
        assert_eq!(reserved(": m5.xlarge :0002 us-east-1"), (-30, Some(1), Some(Payment::AllUpfront)));
        assert_eq!(reserved(": db.r5.large :0014 us-east-1"), (-10, Some(1), Some(Payment::NoUpfront)));
    }
}

#[test]
fn what_ends_soon_says_what_will_be_on_demand() {
    let made = make(&whole_months(7), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let found = expiring(bill.ledger().unwrap());
    let [plan] = &found[..] else { panic!("one plan ends within 90 days: {found:?}") };
    assert_eq!((plan.terms.starts, plan.days), (Some(FIRST - 200 * DAY), 73));
    let covered = format!("CommitmentDiscountId={},x_LineItemType=SavingsPlanCoveredUsage", plan.terms.arn);
    let question = Costs::by(["x_LineItemType"]).metric(Metric::UnblendedCost).daily().filter(covered);
    let of_30_days =
        |row: &&farthing::CostRow| row.period.as_ref().is_some_and(|day| day.to_string().as_str() > "2026-10-01");
    let days = bill.costs(&question).unwrap().rows;
    let covered: i128 = days.iter().filter(of_30_days).map(|row| row.cost.unwrap_or(0)).sum();
    assert!(covered > 0);
    assert!((plan.on_demand_monthly - covered * 730 / 720).abs() <= 1, "{covered} {plan:?}");
    assert_eq!(plan.cost_monthly, plan.terms.hourly.unwrap() * 730);
    let answer = bill.commitments(Step::Monthly).unwrap();
    let section = answer.sections.iter().find(|section| section.id == "expiring").unwrap();
    assert_eq!(section.rows[0][5], farthing::Cell::Text("90 days".to_owned()));
}
