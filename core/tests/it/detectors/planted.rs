//! Waste that the factory planted, and what looks like it: all of the one is found, none of the other.

use std::collections::BTreeMap;

use farthing::detector::NO_METRICS;
use farthing::detector::facts::Facts;
use farthing::detector::run;
use farthing::detector::settings::Settings;
use farthing::detectors::ALL;
use farthing::money::{MONEY_SCALE, from_text};
use farthing::{Bill, Recommendation};
use farthing_fixtures::{Config, PlantedLine, Waste, WriteOptions, write_bill};
use tempfile::TempDir;

use crate::support::whole_months;

/// A bill with planted waste, and what was planted.
fn planted(seed: u64) -> (TempDir, Vec<PlantedLine>) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { waste: Waste::Planted, ..whole_months(seed) };
    let written = write_bill(folder.path(), &config, &WriteOptions::default()).expect("the factory writes");
    (folder, written.truth.expect("the truth").planted)
}

/// What every detector finds by itself, before resources are counted once, by detector and resource.
fn by_detector(folder: &TempDir, settings: &Settings) -> BTreeMap<(&'static str, String), Recommendation> {
    let bill = Bill::open(folder.path()).expect("the bill opens");
    let facts = Facts::of(bill.ledger().expect("a ledger"), None);
    let (rows, mut skipped) = run(ALL, &facts, settings).expect("rows");
    // What rests on measurements has none here.
    skipped.retain(|(_, reason)| reason != NO_METRICS);
    assert!(skipped.is_empty(), "{skipped:?}");
    rows.into_iter().map(|row| ((row.detector, row.resource_id.clone().unwrap_or_default()), row)).collect()
}

/// What is wrong: misses, false alarms, and savings that differ by more than 1 %; what is claimed, and what is true.
fn faults(folder: &TempDir, plants: &[PlantedLine], settings: &Settings) -> (Vec<String>, i128, i128) {
    let found = by_detector(folder, settings);
    let (mut faults, mut claimed, mut true_savings) = (Vec::new(), 0, 0);
    for plant in plants {
        let (id, resource) = (plant.detector.as_str(), &plant.resource_id);
        let detector = ALL.iter().find(|known| known.id == id).expect("the factory plants for detectors that exist");
        let row = found.get(&(detector.id, resource.clone()));
        match (plant.positive, row) {
            (false, Some(_)) => faults.push(format!("{id} names {resource}, but {:?}", plant.near_miss_reason)),
            (true, None) if detector.grade.is_in_total() => faults.push(format!("{id} misses {resource}")),
            (true, Some(row)) if detector.grade.is_in_total() => {
                let truth = from_text(&plant.savings_monthly, MONEY_SCALE).expect("money").units;
                claimed += row.savings_monthly;
                true_savings += truth;
                if (row.savings_monthly - truth).abs() * 100 > truth.abs() {
                    faults.push(format!("{id} saves {} on {resource}, but it is {truth}", row.savings_monthly));
                }
            }
            _ => {}
        }
    }
    (faults, claimed, true_savings)
}

fn seeds(seeds: std::ops::RangeInclusive<u64>) {
    for seed in seeds {
        let (folder, plants) = planted(seed);
        let count = |positive: bool| plants.iter().filter(|plant| plant.positive == positive).count();
        assert!(count(true) >= 30 && count(false) >= 30, "{} positives, {} near-misses", count(true), count(false));
        let (faults, claimed, truth) = faults(&folder, &plants, &Settings::default());
        assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
        assert!(
            truth > 0 && (claimed - truth).abs() * 100 <= truth,
            "seed {seed}: {claimed} is claimed, {truth} is true"
        );
    }
}

#[test]
fn seeds_1_to_5() {
    seeds(1..=5);
}

#[test]
fn seeds_6_to_10() {
    seeds(6..=10);
}

#[test]
fn seeds_11_to_15() {
    seeds(11..=15);
}

#[test]
fn seeds_16_to_20() {
    seeds(16..=20);
}

#[test]
fn the_near_misses_are_near() {
    let (folder, plants) = planted(1);
    for (threshold, value, fault) in
        [("HOURS_MIN", "1", "names"), ("ACTIVITY_MAX", "1e12", "names"), ("HOURS_MIN", "10000", "misses")]
    {
        let mut settings = Settings::default();
        settings.set(ALL, &format!("idle-nat-gateway.{threshold}={value}")).expect("a threshold");
        let (faults, _, _) = faults(&folder, &plants, &settings);
        assert!(
            !faults.is_empty() && faults.iter().all(|line| line.starts_with(&format!("idle-nat-gateway {fault}"))),
            "{threshold}={value}: {faults:?}"
        );
    }
}
