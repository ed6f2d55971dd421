//! Waste that the factory planted, and what looks like it: all of the one is found, none of the other.

use std::collections::BTreeMap;

use farthing::detectors::ALL;
use farthing::money::{MONEY_SCALE, from_text};
use farthing::{Recommendation, Request};
use farthing_fixtures::{Config, Waste, WriteOptions};

use crate::support::{Made, make, whole_months};

fn planted(seed: u64) -> Made {
    make(&Config { waste: Waste::Planted, ..whole_months(seed) }, &WriteOptions::default())
}

/// What every detector finds by itself, by detector and resource.
fn by_detector(made: &Made) -> BTreeMap<(&'static str, String), Recommendation> {
    let bill = made.bill();
    let mut found = BTreeMap::new();
    for detector in ALL {
        let request = Request { only: vec![detector.id.to_owned()], ..Request::default() };
        for row in bill.recommend(&request).expect("an answer").rows {
            found.insert((detector.id, row.resource_id.clone().unwrap_or_default()), row);
        }
    }
    found
}

/// What is wrong in one seed: misses, false alarms, and savings that differ by more than 1 %.
fn faults(seed: u64) -> (Vec<String>, i128, i128) {
    let made = planted(seed);
    let found = by_detector(&made);
    let (mut faults, mut claimed, mut true_savings) = (Vec::new(), 0, 0);
    for plant in made.truth["planted"].as_array().expect("planted waste") {
        let (detector, resource) =
            (plant["detector"].as_str().expect("an id"), plant["resource_id"].as_str().expect("an id"));
        let known = ALL.iter().find(|known| known.id == detector).expect("the factory plants for detectors that exist");
        let row = found.get(&(known.id, resource.to_owned()));
        match (plant["positive"].as_bool().expect("a flag"), row) {
            (false, Some(_)) => {
                faults.push(format!("seed {seed}: {detector} names {resource}, but {}", plant["near_miss_reason"]))
            }
            (true, None) if known.grade.is_in_total() => {
                faults.push(format!("seed {seed}: {detector} misses {resource}"))
            }
            (true, Some(row)) if known.grade.is_in_total() => {
                let truth = plant["savings_monthly"]
                    .as_str()
                    .and_then(|text| from_text(text, MONEY_SCALE))
                    .expect("money")
                    .units;
                claimed += row.savings_monthly;
                true_savings += truth;
                if (row.savings_monthly - truth).abs() * 100 > truth.abs() {
                    faults.push(format!(
                        "seed {seed}: {detector} saves {} on {resource}, but it is {truth}",
                        row.savings_monthly
                    ));
                }
            }
            _ => {}
        }
    }
    (faults, claimed, true_savings)
}

fn seeds(seeds: std::ops::RangeInclusive<u64>) {
    for seed in seeds {
        let (faults, claimed, truth) = faults(seed);
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
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
