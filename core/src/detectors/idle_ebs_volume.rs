//! Volumes that nothing reads or writes.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-ebs-volume",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "EBS volumes that nothing reads or writes",
    guide: include_str!("idle_ebs_volume.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &OPERATIONS_DAILY_MAX],
    advice: Advice {
        action: "delete",
        title: "volume is neither read nor written",
        effort: Effort::Low,
        risk: 2,
        assumptions: &[
            "It is no root volume, which an instance reads when it starts.",
            "A snapshot of it is taken first.",
        ],
        command: "aws ec2 create-snapshot --volume-id {name} --description 'before deleting' --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static OPERATIONS_DAILY_MAX: Threshold = Threshold {
    name: "OPERATIONS_DAILY_MAX",
    unit: "operations",
    meaning: "reads, and writes, of any day up to which nothing uses it; AWS names fewer than 1",
    default: 0.0,
    range: (0.0, 1e12),
};
static READS: Measure = Measure {
    metrics: &["VolumeReadOps"],
    amount: Amount::Daily,
    most: &OPERATIONS_DAILY_MAX,
    evidence: "reads_daily_max",
};
static WRITES: Measure = Measure {
    metrics: &["VolumeWriteOps"],
    amount: Amount::Daily,
    most: &OPERATIONS_DAILY_MAX,
    evidence: "writes_daily_max",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage*", "EBS:VolumeP-*"]),
    measures: &[&READS, &WRITES],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
