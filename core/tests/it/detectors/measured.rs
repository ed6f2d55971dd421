//! What the factory measured of all but instances: what does nothing or is too large is found, nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use farthing::ingest::metrics::Metrics;
use farthing::{Bill, Request};
use farthing_fixtures::{ActivityCase, ActivityTruth, Config, Scale, Waste, WriteOptions, write_bill, write_metrics};

use crate::support::whole_months;

const QUIET: [&str; 6] = [
    "failing-lambda",
    "idle-ebs-volume",
    "idle-elasticache",
    "quiet-classic-load-balancer",
    "quiet-load-balancer",
    "quiet-nat-gateway",
];
const SIZED: [&str; 4] = ["rightsize-ebs", "rightsize-fargate", "rightsize-lambda", "rightsize-rds"];

/// What each detector finds, and what is true.
fn found(
    config: &Config,
    detectors: &[&str],
    settings: &[&str],
) -> (BTreeMap<String, Vec<String>>, Vec<ActivityTruth>) {
    let folder = tempfile::tempdir().unwrap();
    write_bill(&folder.path().join("bill"), config, &WriteOptions::default()).unwrap();
    let path = folder.path().join("metrics.parquet");
    let truth = write_metrics(&path, config).unwrap().activity;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let bill = Bill::open(folder.path().join("bill")).unwrap();
    // One at a time: a resource is counted once among all.
    for &detector in detectors {
        let request = Request {
            only: vec![detector.to_owned()],
            settings: settings.iter().filter(|one| one.starts_with(detector)).map(|&one| one.to_owned()).collect(),
            metrics: Some(Arc::new(Metrics::read(&[&path], 14).unwrap())),
            ..Request::default()
        };
        let rows = bill.recommend(&request).unwrap().rows;
        found.insert(detector.to_owned(), rows.into_iter().filter_map(|row| row.resource_id).collect());
    }
    (found, truth)
}

fn faults(found: &BTreeMap<String, Vec<String>>, truth: &[ActivityTruth]) -> Vec<String> {
    let is_found = |one: &ActivityTruth| found[&one.detector].contains(&one.resource_id);
    let wrong = truth.iter().filter(|one| is_found(one) != one.is_positive);
    let mut wrong: Vec<String> = wrong.map(|one| format!("{one:?}")).collect();
    let known = |id: &String| truth.iter().any(|one| one.resource_id == *id);
    wrong.extend(found.values().flatten().filter(|id| !known(id)).map(|id| format!("{id} was never measured")));
    wrong
}

/// Three months with every kind of waste.
fn planted(seed: u64) -> Config {
    Config { waste: Waste::Planted, ..whole_months(seed) }
}

/// Looks for faults in bills, and that every case of every detector was among them.
fn check(configs: impl Iterator<Item = Config>, detectors: &[&str]) {
    let mut seen = BTreeMap::<(String, ActivityCase), usize>::new();
    for config in configs {
        let (found, truth) = found(&config, detectors, &[]);
        let truth: Vec<ActivityTruth> =
            truth.into_iter().filter(|one| detectors.contains(&one.detector.as_str())).collect();
        let wrong = faults(&found, &truth);
        assert!(wrong.is_empty(), "seed {}:\n{}", config.seed, wrong.join("\n"));
        for one in truth {
            *seen.entry((one.detector.clone(), one.case)).or_default() += 1;
        }
    }
    for &detector in detectors {
        for case in [ActivityCase::Quiet, ActivityCase::Busy, ActivityCase::Once] {
            assert!(seen.contains_key(&(detector.to_owned(), case)), "{detector} {case:?}: {seen:?}");
        }
    }
}

#[test]
fn what_does_nothing_is_found_and_nothing_else() {
    check((1..=4).map(planted), &QUIET);
}

#[test]
fn what_is_too_large_is_found_and_nothing_else() {
    check((1..=3).map(|seed| Config { months: 1, scale: Scale::Medium, ..planted(seed) }), &SIZED);
}

#[test]
fn the_near_misses_are_near() {
    for (setting, case) in [
        ("quiet-nat-gateway.HOURS_MIN=1", ActivityCase::Young),
        ("quiet-load-balancer.REQUESTS_DAILY_MAX=1000", ActivityCase::Once),
        ("failing-lambda.ERROR_PERCENT_MIN=1", ActivityCase::Busy),
    ] {
        let detector = setting.split('.').next().unwrap();
        let wrongly = (1..=4).any(|seed| {
            let (found, truth) = found(&planted(seed), &[detector], &[setting]);
            truth
                .iter()
                .any(|one| one.detector == detector && one.case == case && found[detector].contains(&one.resource_id))
        });
        assert!(wrongly, "{setting} names no {case:?}");
    }
}
