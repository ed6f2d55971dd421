//! Tables with provisioned capacity that nobody uses.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-dynamodb-table",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "DynamoDB tables whose provisioned capacity nobody uses",
    guide: include_str!("idle_dynamodb_table.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &UNITS_MAX],
    advice: Advice {
        action: "modify",
        title: "table has capacity that nobody uses",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["What reads or writes it at all does so more than once in the look-back."],
        command: "aws dynamodb update-table --table-name {name} --billing-mode PAY_PER_REQUEST --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static UNITS_MAX: Threshold = Threshold {
    name: "UNITS_MAX",
    unit: "capacity units",
    meaning: "units consumed in the look-back, of reads and of writes, up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e12),
};
static READS: Measure = Measure {
    metrics: &["ConsumedReadCapacityUnits"],
    amount: Amount::Total,
    most: &UNITS_MAX,
    evidence: "read_units",
};
static WRITES: Measure = Measure {
    metrics: &["ConsumedWriteCapacityUnits"],
    amount: Amount::Total,
    most: &UNITS_MAX,
    evidence: "write_units",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AmazonDynamoDB"], &["ReadCapacityUnit-Hrs", "WriteCapacityUnit-Hrs"]),
    measures: &[&READS, &WRITES],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
