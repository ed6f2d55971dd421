//! Bills from the factory, and their truth as JSON.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use farthing::{Bill, Costs, Metric};
use farthing_fixtures::{Config, Dialect, Scale, WriteOptions, write_bill};
use serde_json::Value;
use tempfile::TempDir;

/// A bill on disk and what its factory knows of it.
pub(crate) struct Made {
    pub(crate) folder: TempDir,
    pub(crate) truth: Value,
}

impl Made {
    pub(crate) fn bill(&self) -> Bill {
        Bill::open(self.folder.path()).expect("the bill opens")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn small(seed: u64) -> Config {
    Config { seed, months: 3, scale: Scale::Rows(6_000), ..Config::default() }
}

/// A bill whose months have usage in every hour.
pub(crate) fn whole_months(seed: u64) -> Config {
    Config { scale: Scale::Small, ..small(seed) }
}

pub(crate) fn in_dialect(dialect: Dialect) -> WriteOptions {
    WriteOptions { dialect, row_group_rows: 1_000, ..WriteOptions::default() }
}

pub(crate) fn make(config: &Config, write: &WriteOptions) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let written = write_bill(folder.path(), config, write).expect("the factory writes");
    let truth = serde_json::to_value(written.truth).expect("truth is JSON");
    Made { folder, truth }
}

/// Integer text of the truth as an integer.
pub(crate) fn integer(value: &Value) -> i128 {
    match value {
        Value::String(text) => text.parse().expect("an integer"),
        Value::Number(number) => i128::from(number.as_i64().expect("an integer")),
        Value::Null => 0,
        other => panic!("{other} is no integer"),
    }
}

/// Sums of a metric by one dimension and period, with "(none)" for the missing member; zeros left out.
pub(crate) fn answered(bill: &Bill, dimension: &str, metric: Metric) -> BTreeMap<(String, String), i128> {
    let answer = bill.costs(&Costs::by([dimension]).metric(metric).monthly()).expect("an answer");
    let mut sums = BTreeMap::new();
    for row in answer.rows {
        let member = row.keys[0].as_deref().unwrap_or("(none)").to_owned();
        let cost = row.cost.unwrap_or(0);
        if cost != 0 {
            sums.insert((row.period.expect("a month").to_string(), member), cost);
        }
    }
    sums
}

/// The truth of one dimension and measure; zeros left out.
pub(crate) fn truth_by(truth: &Value, dimension: &str, measure: &str) -> BTreeMap<(String, String), i128> {
    let mut sums = BTreeMap::new();
    for (period, members) in truth["by"][dimension].as_object().expect("a dimension of the truth") {
        for (member, measures) in members.as_object().expect("members") {
            let sum = integer(&measures[measure]);
            if sum != 0 {
                sums.insert((period.clone(), member.clone()), sum);
            }
        }
    }
    sums
}

/// A file below the `shared/data` folder that may lie beside the workspace.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let found = workspace.parent().map(|folder| folder.join("shared/data").join(path));
    let found = found.filter(|path| path.exists());
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/data/{path} is not there");
    }
    found
}
