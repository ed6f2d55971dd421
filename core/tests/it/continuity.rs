//! Advice month after month: half of it is followed, and the bill says which half, and what that saved.

use std::collections::{BTreeMap, BTreeSet};

use farthing::money::{MONEY_SCALE, from_text};
use farthing::report::continuity::Outcome;
use farthing::{Bill, Config, Recommendations, Request};
use farthing_fixtures::{Action, Config as Made, PlantedLine, Taken, Waste, WriteOptions, write_bill};
use tempfile::TempDir;

use crate::support::whole_months;

const LAST: &str = "2026-10";
const BEFORE: &str = "2026-09";

fn two_months(seed: u64) -> Made {
    Made { months: 2, waste: Waste::Planted, ..whole_months(seed) }
}

fn planted(config: &Made) -> (TempDir, Vec<PlantedLine>) {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write_bill(folder.path(), config, &WriteOptions::default()).expect("the factory writes");
    (folder, written.truth.expect("the truth").planted)
}

fn asked(folder: &TempDir, request: &Request) -> Recommendations {
    Bill::open(folder.path()).expect("the bill opens").recommend(request).expect("recommendations")
}

fn saved(plant: &PlantedLine, month: &str) -> i128 {
    plant.saved.get(month).map_or(0, |text| from_text(text, MONEY_SCALE).expect("money").units)
}

/// Planted waste that is billed in both months, whose removal is a saving of its own.
fn is_waste(plant: &&PlantedLine) -> bool {
    plant.positive && !plant.heuristic && !plant.detector.starts_with("unused-")
}

#[test]
fn half_of_the_advice_is_followed() {
    for seed in [3, 4] {
        let (_, truth) = planted(&two_months(seed));
        let waste: Vec<&PlantedLine> = truth.iter().filter(is_waste).collect();
        let (followed, left): (Vec<_>, Vec<_>) = waste.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let cure = |(_, plant): &(usize, &&PlantedLine)| Taken {
            action: Action::Cure { resource_id: plant.resource_id.clone() },
            from_month: 1,
        };
        let config = Made { actions: followed.iter().map(cure).collect(), ..two_months(seed) };
        let (folder, _) = planted(&config);
        let answer = asked(&folder, &Request::default());
        let done: BTreeMap<&str, _> =
            answer.followed.iter().map(|one| (one.row.resource_id.as_deref().unwrap_or_default(), one)).collect();
        let before = Request { as_of: Some("2026-09-30".to_owned()), ..Request::default() };
        // What needs more than a month to be seen is not advised in the first.
        let advised: BTreeSet<String> =
            asked(&folder, &before).rows.into_iter().filter_map(|row| row.resource_id).collect();
        let was_advised = |plant: &PlantedLine| advised.contains(&plant.resource_id);
        let count = waste.iter().filter(|plant| was_advised(plant)).count();
        assert!(count * 2 > waste.len(), "{seed}: {count} of {}", waste.len());
        let (mut realized, mut due, mut faults) = (0, 0, Vec::new());
        for (_, plant) in &followed {
            if !was_advised(plant) {
                assert!(!done.contains_key(plant.resource_id.as_str()), "{plant:?}");
                continue;
            }
            let one = done.get(plant.resource_id.as_str()).unwrap_or_else(|| panic!("{seed}: {plant:?} is not done"));
            assert_eq!((one.outcome, one.month.as_str()), (Outcome::Done, BEFORE), "{seed}: {plant:?}");
            let truth = saved(plant, LAST);
            // A desktop is used on workdays, of which two months do not have the same share.
            let percent = if plant.detector == "workspaces-auto-stop" { 10 } else { 1 };
            if (one.realized - truth).abs() * 100 > truth * percent {
                faults.push(format!("{} of {truth} is realized, {plant:?}", one.realized));
            }
            (realized, due) = (realized + one.realized, due + truth);
        }
        assert!(due > 0 && (realized - due).abs() * 100 <= due, "{seed}: {realized} of {due}");
        let cured: Vec<&str> = followed.iter().map(|(_, plant)| plant.resource_id.as_str()).collect();
        for one in answer.followed.iter().filter(|one| one.outcome == Outcome::Done) {
            let id = one.row.resource_id.as_deref().unwrap_or_default();
            // What the organization deleted by itself looks like waste and is none any more.
            let is_gone = truth.iter().any(|plant| plant.resource_id == id && !plant.positive);
            assert!(is_gone || cured.contains(&id), "{seed}: nobody did {one:?}");
        }
        for (_, plant) in &left {
            let row = answer.rows.iter().find(|row| row.resource_id.as_deref() == Some(plant.resource_id.as_str()));
            let row = row.unwrap_or_else(|| panic!("{seed}: {plant:?} is not found"));
            let standing = row.standing.as_ref().expect("there is an earlier month");
            let was_there = was_advised(plant);
            assert_eq!(
                (standing.since.as_str(), standing.is_new),
                if was_there { (BEFORE, false) } else { (LAST, true) },
                "{plant:?}"
            );
            let waited = if was_there { saved(plant, LAST) } else { 0 };
            if (standing.waited - waited).abs() * 100 > waited {
                faults.push(format!("waiting has cost {} of {waited}, {plant:?}", standing.waited));
            }
        }
        assert!(faults.is_empty(), "{seed}:\n{}", faults.join("\n"));
    }
}

#[test]
fn names_of_advice_do_not_change_from_month_to_month() {
    let (folder, _) = planted(&two_months(5));
    let ids = |as_of: &str| -> Vec<String> {
        let request = Request { as_of: Some(as_of.to_owned()), ..Request::default() };
        asked(&folder, &request).rows.iter().map(farthing::Recommendation::id).collect()
    };
    let (before, last) = (ids("2026-09-30"), ids("2026-10-31"));
    let both = last.iter().filter(|id| before.contains(id)).count();
    assert!(both * 10 > before.len() * 6, "{both} of {}", before.len());
    let distinct: std::collections::BTreeSet<&String> = last.iter().collect();
    assert_eq!(distinct.len(), last.len());
    let one = Request { as_of: Some("2026-09-30".to_owned()), ..Request::default() };
    let one = asked(&folder, &one);
    assert!(
        one.rows.iter().all(|row| row.standing.is_none()) && one.followed.is_empty(),
        "there is nothing to compare"
    );
}

#[test]
fn exceptions_hold_until_their_day_and_say_so() {
    let (folder, truth) = planted(&Made { months: 1, ..two_months(6) });
    let gateway = truth.iter().find(|plant| plant.positive && plant.detector == "idle-nat-gateway").expect("planted");
    let plain = asked(&folder, &Request::default());
    let configured = |text: &str| {
        let config = Config::parse("farthing.toml", text).expect("a configuration");
        asked(&folder, &Request { config, ..Request::default() })
    };
    let named =
        |answer: &Recommendations, id: &str| answer.rows.iter().any(|row| row.resource_id.as_deref() == Some(id));
    let exception = |until: &str| {
        format!(
            "[[exception]]\ndetector = \"idle-nat-gateway\"\nresource = \"{}\"\nreason = \"stands by\"\nuntil = {until}\n",
            gateway.resource_id
        )
    };
    assert!(named(&plain, &gateway.resource_id));
    let excepted = configured(&exception("2026-10-31"));
    assert!(!named(&excepted, &gateway.resource_id));
    let kept = excepted.excepted.first().expect("it is listed");
    assert_eq!((kept.reason.as_str(), kept.until.as_str()), ("stands by", "2026-10-31"));
    assert_eq!(excepted.savings_monthly + kept.row.savings_monthly, plain.savings_monthly);
    let expired = configured(&exception("2026-10-30"));
    assert!(named(&expired, &gateway.resource_id));
    assert_eq!((expired.exceptions[0].state.name(), expired.exceptions[0].rows), ("expired", 1));
    let unmatched = configured("[[exception]]\naccount = \"000000000000\"\nreason = \"r\"\nuntil = 2027-01-01");
    assert_eq!((unmatched.exceptions[0].state.name(), unmatched.rows.len()), ("unmatched", plain.rows.len()));
    let account = &gateway.account;
    let owned = configured(&format!("[[scope]]\naccount = \"{account}\"\nowner = \"net\"\nmin_savings = 1e9"));
    assert!(owned.rows.iter().all(|row| row.sub_account_id != *account) && owned.rows.len() < plain.rows.len());
    let scoped = |account: &str| {
        configured(&format!(
            "[[scope]]\naccount = \"{account}\"\nowner = \"net\"\nthresholds = {{ idle-nat-gateway = {{ HOURS_MIN = 10000 }} }}"
        ))
    };
    assert!(!named(&scoped(account), &gateway.resource_id), "its account's threshold holds");
    assert!(named(&scoped("000000000000"), &gateway.resource_id), "another account's does not");
    let owners = scoped(account);
    assert!(owners.rows.iter().all(|row| (row.sub_account_id == *account) == (row.owner.as_deref() == Some("net"))));
}

#[test]
fn what_is_wrong_in_a_configuration_is_named_with_its_line() {
    for (text, message) in [
        ("min_savings = 5\nmin_saving = 5", "farthing.toml, line 2, min_saving: "),
        ("min_savings = \"five\"", "farthing.toml, line 1, min_savings: "),
        ("min_savings = -1", "farthing.toml, line 1, min_savings: it must be"),
        ("\n[thresholds]\nidle-nat-gateway = { HOURS_MIN = 0 }", "farthing.toml, line 3, idle-nat-gateway.HOURS_MIN: "),
        ("[thresholds]\nidle-nat-gatewy = { HOURS_MIN = 5 }", "did you mean"),
        ("[[exception]]\nreason = \"x\"\nuntil = 2027-01-01", "line 1, exception: it would be about everything"),
        ("[[exception]]\nregion = \"x\"\nuntil = 2027-01-01", "line 1, reason: "),
        ("[[exception]]\nregion = \"x\"\nreason = \"y\"", "line 1, until: "),
        ("[[exception]]\nregion = \"x\"\nreason = \"y\"\nuntil = \"soon\"", "line 4, until: `soon` is no day"),
        ("[[exception]]\nkind = \"idel\"\nreason = \"y\"\nuntil = 2027-01-01", "line 2, kind: unknown kind `idel`"),
        ("[[scope]]\nowner = \"x\"", "line 1, scope: say where it holds"),
        ("[[scope]\nowner = 1", "line 1"),
    ] {
        let error = Config::parse("farthing.toml", text).expect_err(text).to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}
