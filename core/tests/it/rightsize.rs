//! Rightsizing on measurements whose right sizes are known, and on real ones.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use farthing::Bill;
use farthing::catalog::quotes::Catalog;
use farthing::ingest::metrics::Metrics;
use farthing::rightsize::engine::Verdict;
use farthing::rightsize::fleet::{Fleet, Machine};
use farthing::rightsize::load::Dimension;
use farthing::rightsize::preferences::{Preferences, Preset};
use farthing_fixtures::{Config, MachineCase, MachineTruth, Scale, WriteOptions, write_bill, write_metrics};

use crate::support::shared;

/// A month of a bill, what was measured of its machines, and what they need.
struct Place {
    folder: tempfile::TempDir,
    bill: Bill,
    truths: Vec<MachineTruth>,
}

impl Place {
    fn get() -> &'static Place {
        static PLACE: OnceLock<Place> = OnceLock::new();
        PLACE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let config = Config { months: 1, scale: Scale::Rows(60_000), truth: false, ..Config::default() };
            write_bill(&folder.path().join("bill"), &config, &WriteOptions::default()).unwrap();
            let truths = write_metrics(&folder.path().join("metrics.parquet"), &config).unwrap().machines;
            let bill = Bill::open(folder.path().join("bill")).unwrap();
            Place { folder, bill, truths }
        })
    }

    fn metrics(&self) -> Metrics {
        Metrics::read(&[self.folder.path().join("metrics.parquet")], 14).unwrap()
    }

    fn fleet(&self, metrics: &Metrics, preferences: Preferences) -> Fleet {
        self.bill.rightsize(metrics, &Catalog::bundled(), preferences).unwrap()
    }

    /// An instance of a type that the bill has.
    fn instance(&self, instance_type: &str) -> &str {
        &self.truths.iter().find(|truth| truth.instance_type == instance_type).unwrap().resource_id
    }
}

fn by_id(fleet: &Fleet) -> HashMap<&str, &Machine> {
    fleet.machines.iter().map(|machine| (machine.resource_id.as_str(), machine)).collect()
}

#[test]
fn machines_of_known_right_sizes_are_found() {
    let place = Place::get();
    let fleet = place.fleet(&place.metrics(), Preferences::default());
    let machines = by_id(&fleet);
    let catalog = Catalog::bundled();
    let mut seen: HashMap<MachineCase, usize> = HashMap::new();
    for truth in &place.truths {
        let Some(machine) = machines.get(truth.resource_id.as_str()) else {
            // What is not said: nothing or too little was measured, or the machine is gone.
            continue;
        };
        *seen.entry(truth.case).or_default() += 1;
        let found = &machine.assessment;
        let family = truth.instance_type.split('.').next().unwrap();
        let same_family = found.choices.iter().find(|choice| choice.candidate.kind.family() == family);
        let same_family = same_family.map(|choice| choice.candidate.kind.name.clone());
        match truth.case {
            MachineCase::Over => {
                assert_eq!(found.verdict, Verdict::OverProvisioned, "{truth:?}");
                assert_eq!(same_family, truth.right_type, "{truth:?}");
                assert!(found.reasons.contains(&Dimension::Cpu), "{truth:?} {found:?}");
            }
            MachineCase::Under => {
                assert_eq!(
                    (found.verdict, found.reasons.as_slice()),
                    (Verdict::UnderProvisioned, &[Dimension::Cpu][..]),
                    "{truth:?}"
                );
                assert!(!found.choices.is_empty(), "{truth:?}");
            }
            MachineCase::Fits | MachineCase::MemoryBound => assert_eq!(same_family, None, "{truth:?}"),
            MachineCase::MemoryBlind => {
                assert!(!found.is_memory_known && same_family.is_none(), "{truth:?} {found:?}");
            }
            MachineCase::NotMeasured | MachineCase::Short => panic!("{truth:?} was not measured enough"),
        }
        let own = catalog.instance_type(&truth.instance_type).unwrap();
        for choice in &found.choices {
            let kind = &choice.candidate.kind;
            assert!(f64::from(kind.vcpus) * 1_000.0 >= truth.required_vcpus_milli as f64, "{truth:?} {}", kind.name);
            let required = truth.required_memory_mib.unwrap_or(0);
            // Real sizes have a little less memory than the ladder says.
            assert!(i64::from(kind.memory_mib) * 100 >= required * 90, "{truth:?} {}", kind.name);
            // The mean must be within what burst credits keep up; nothing is kept free of it.
            let most = |dimension| if dimension == Dimension::CpuCredits { 100.001 } else { 80.001 };
            let is_short = found.verdict == Verdict::UnderProvisioned;
            let fits = choice.projected.iter().all(|&(dimension, percent)| percent <= most(dimension));
            assert!(fits || is_short, "{truth:?} {choice:?}");
            if truth.case == MachineCase::MemoryBlind {
                assert!(kind.memory_mib >= own.memory_mib, "{truth:?} {}", kind.name);
            }
        }
    }
    for case in
        [MachineCase::Over, MachineCase::Fits, MachineCase::Under, MachineCase::MemoryBound, MachineCase::MemoryBlind]
    {
        assert!(seen.contains_key(&case), "no machine was {case:?}: {seen:?}");
    }
    assert!(
        fleet.skipped.iter().any(|entry| entry.reason.contains("does not mean that it is idle")),
        "{:?}",
        fleet.skipped
    );
    assert!(fleet.skipped.iter().any(|entry| entry.reason.contains("less than 30 hours")), "{:?}", fleet.skipped);
}

#[test]
fn savings_are_of_the_bill_and_the_curve_rises_with_boldness() {
    let place = Place::get();
    let fleet = place.fleet(&place.metrics(), Preferences::default());
    for machine in fleet.with(Verdict::OverProvisioned) {
        assert!(machine.saves() >= 0 && machine.saves() <= machine.cost_monthly, "{machine:?}");
        assert!(machine.saves_list() >= machine.saves());
        let saves = &machine.savings_monthly;
        assert!(saves.windows(2).all(|pair| pair[0] >= pair[1]), "the cheapest comes first: {saves:?}");
    }
    assert!(fleet.savings_monthly() > 0 && fleet.extra_monthly() > 0);
    let at = |percentile: f64, headroom: f64| {
        let mut points = fleet.curve.points.iter();
        let point = points.find(|one| {
            (one.preferences.percentile, one.preferences.cpu_headroom, one.preferences.memory_headroom)
                == (percentile, headroom, 20.0)
        });
        point.unwrap_or_else(|| panic!("P{percentile} {headroom}")).savings_monthly
    };
    assert_eq!(at(99.5, 20.0), fleet.savings_monthly(), "the curve holds the answer");
    assert!(at(90.0, 0.0) >= at(95.0, 0.0) && at(95.0, 0.0) >= at(99.5, 0.0) && at(99.5, 0.0) > at(99.5, 30.0));
    assert!(Preset::ALL.iter().all(|preset| fleet.curve.points.iter().any(|point| point.preset == Some(*preset))));
    assert_eq!(fleet.curve.points.iter().filter(|point| point.is_chosen).count(), 1);
    let again = place.fleet(&place.metrics(), Preferences::default());
    assert_eq!(fleet.machines, again.machines);
}

#[test]
fn csv_and_scattered_rows_say_the_same_as_parquet() {
    let place = Place::get();
    let metrics = place.metrics();
    let folder = tempfile::tempdir().unwrap();
    // The first ten hours and twenty more of three machines, once sorted by resource and once by time.
    let ids: Vec<&str> = place.truths.iter().map(|truth| truth.resource_id.as_str()).take(3).collect();
    let value = |machine: usize, at: i64| (machine as i64 * 7 + at * 13) % 50;
    let line = |machine: usize, at: i64| {
        format!("{},{},CPUUtilization,Maximum,{},Percent\n", ids[machine], 1_790_000_000 + at * 300, value(machine, at))
    };
    let header = "resource_id,timestamp,metric,statistic,value,unit\n";
    let sorted: String = (0..3)
        .flat_map(|machine| (0..400).map(move |at| (machine, at)))
        .map(|(machine, at)| line(machine, at))
        .collect();
    let by_time: String = (0..400)
        .flat_map(|at| (0..3).map(move |machine| (machine, at)))
        .map(|(machine, at)| line(machine, at))
        .collect();
    let read = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{header}{text}")).unwrap();
        Metrics::read(&[path], 14).unwrap()
    };
    let (sorted, by_time) = (read("sorted.csv", &sorted), read("by_time.csv", &by_time));
    assert_eq!((sorted.notes.is_scattered, by_time.notes.is_scattered), (false, true));
    for id in &ids {
        assert_eq!(sorted.of(id), by_time.of(id));
        assert_eq!(sorted.of(id)[0].samples, 400);
        assert_eq!(
            sorted.of(&format!("arn:aws:ec2:us-east-1:1:instance/{id}")),
            sorted.of(id),
            "by the last part of its name"
        );
    }
    assert!(!metrics.notes.is_scattered && metrics.notes.missing.1 == 0 && metrics.notes.repeated.1 == 0);
}

#[test]
fn answers_of_get_metric_data_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let times: Vec<String> = (0..400)
        .map(|at| format!("2026-10-{:02}T{:02}:{:02}:00+00:00", 1 + at / 288, at % 288 / 12, at % 12 * 5))
        .collect();
    let values: Vec<f64> = (0..400).map(f64::from).map(|at| at / 10.0).collect();
    let labelled = serde_json::json!({"MetricDataResults": [{"Id": "m1", "Label": "i-1 CPUUtilization Maximum", "Timestamps": times, "Values": values, "StatusCode": "Complete"}], "Messages": []});
    let queried = serde_json::json!({
        "MetricDataQueries": [{"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]}, "Period": 300, "Stat": "Maximum"}}],
        "MetricDataResults": [{"Id": "m1", "Label": "CPUUtilization", "Timestamps": times, "Values": values}]});
    let read = |document: &serde_json::Value| {
        let path = folder.path().join("answer.json");
        std::fs::write(&path, document.to_string()).unwrap();
        Metrics::read(&[path], 14)
    };
    let metrics = read(&labelled).unwrap();
    assert_eq!(metrics.of("i-1"), read(&queried).unwrap().of("i-1"));
    let cpu = &metrics.of("i-1")[0];
    assert_eq!((cpu.samples, cpu.period_secs, cpu.max(), cpu.missing), (400, 300, 39.9, 0));
    let unnamed =
        serde_json::json!({"MetricDataResults": [{"Id": "m1", "Label": "CPU", "Timestamps": [], "Values": []}]});
    let error = read(&unnamed).unwrap_err().to_string();
    assert!(error.contains("m1: its label `CPU` is not RESOURCE METRIC STATISTIC"), "{error}");
}

#[test]
fn what_is_wrong_with_metrics_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let header = "resource_id,timestamp,metric,statistic,value\n";
    for (text, told) in [
        ("resource_id,timestamp,value\ni-1,0,1\n".to_owned(), "it has no column metric"),
        (format!("{header}i-1,noon,CPUUtilization,Maximum,1\n"), "line 2: timestamp `noon` is no time"),
        (format!("{header}i-1,0,CPUUtilization,Median,1\n"), "line 2: statistic `Median` is not known"),
        (format!("{header},0,CPUUtilization,Maximum,1\n"), "line 2: resource_id is empty"),
    ] {
        let path = folder.path().join("metrics.csv");
        std::fs::write(&path, &text).unwrap();
        let error = Metrics::read(&[path], 14).unwrap_err().to_string();
        assert!(error.contains(told), "{error} does not say: {told}");
    }
    let path = folder.path().join("metrics.csv");
    std::fs::write(&path, format!("{header}i-1,0,CPUUtilization,Maximum,\ni-1,300,CPUUtilization,Maximum,5\n"))
        .unwrap();
    let metrics = Metrics::read(&[path], 14).unwrap();
    assert_eq!((metrics.notes.not_numbers, metrics.of("i-1")[0].samples), (1, 1));
    assert!(metrics.of("i-2").is_empty());
}

/// A series of AWS's own as the CPU utilization of an instance.
fn real(file: &Path, resource: &str, into: &Path) {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let mut table = "resource_id,timestamp,metric,statistic,value,unit\n".to_owned();
    for line in text.lines().skip(1) {
        let (time, value) = line.split_once(',').unwrap();
        writeln!(table, "{resource},{time},CPUUtilization,Maximum,{value},Percent").unwrap();
    }
    std::fs::write(into, table).unwrap();
}

#[test]
fn real_series_decide_as_they_should() {
    let Some(folder) = shared("metrics") else { return };
    let place = Place::get();
    let id = place.instance("m5.2xlarge");
    let at = |file: &str, preferences: Preferences| {
        let table = place.folder.path().join(format!("{file}.csv"));
        real(&folder.join(format!("{file}.csv.gz")), id, &table);
        let metrics = Metrics::read(&[table], 14).unwrap();
        let fleet = place.fleet(&metrics, preferences);
        let machine = by_id(&fleet)[id].clone();
        (machine, fleet.notes)
    };
    let with = |percentile: f64| Preferences { percentile, ..Preferences::default() };
    let (idle, _) = at("ec2_cpu_utilization_24ae8d", with(99.5));
    assert_eq!(idle.assessment.verdict, Verdict::OverProvisioned);
    let advised = &idle.assessment.choices[idle.assessment.preferred.unwrap()].candidate.kind;
    assert!(
        advised.memory_mib * 2 >= 32_768 && advised.vcpus < 8,
        "memory is not measured, so half of it stays: {advised:?}"
    );
    for percentile in [99.5, 95.0, 90.0] {
        let (busy, _) = at("ec2_cpu_utilization_77c1ca", with(percentile));
        let expected = if percentile > 90.0 { Verdict::UnderProvisioned } else { Verdict::Optimized };
        assert_eq!(busy.assessment.verdict, expected, "P{percentile}: {:?}", busy.assessment);
        let sensitivity = busy.assessment.sensitivity.as_ref().unwrap();
        assert!(
            sensitivity.percentile > 50.0 && sensitivity.percentile < 90.0,
            "it would at P{}",
            sensitivity.percentile
        );
    }
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut noted = (0, 0);
    for file in &files {
        let table = place.folder.path().join("other.csv");
        real(file, id, &table);
        let notes = Metrics::read(&[table], 14).unwrap().notes;
        noted = (noted.0 + notes.repeated.1, noted.1 + notes.missing.1);
    }
    assert!(noted.0 > 0 && noted.1 > 0, "times come twice and measurements are missing in some of them: {noted:?}");
}
