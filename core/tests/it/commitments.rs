//! Commitments of bills whose truth is known: state, and the replay of what AWS did.

use std::collections::BTreeMap;

use farthing::analyze::commitments::{
    CoverageKey, Step, by_account, by_commitment, coverage, coverage_by, plans_over_time,
};
use farthing_fixtures::Dialect;

use crate::support::{in_dialect, integer, make, small, whole_months};

#[test]
fn the_replay_of_every_hour_is_what_the_bill_says() {
    for seed in [3, 7, 11] {
        for config in [small(seed), whole_months(seed)] {
            let compared = make(&config, &in_dialect(Dialect::Cur2)).bill().replay(true).unwrap();
            assert!(compared.hours > 20 && compared.used > 0, "nothing to compare: {compared:?}");
            let first = compared.differences.iter().take(3).collect::<Vec<_>>();
            let wrong = (compared.differences.len(), compared.quantities_differing);
            let (count, off) = (compared.compared, compared.quantity_off_most);
            assert_eq!(wrong, (0, 0), "seed {seed}, {count} compared, quantity off by {off}: {first:?}");
        }
    }
}

#[test]
fn a_replay_without_sharing_does_not_agree() {
    let compared = make(&small(7), &in_dialect(Dialect::Cur2)).bill().replay(false).unwrap();
    assert!(!compared.differences.is_empty(), "plans serve accounts that do not own them");
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
