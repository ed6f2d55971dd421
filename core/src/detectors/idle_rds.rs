//! Databases that nobody connects to.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-rds",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "RDS and Aurora instances that nobody connects to",
    guide: include_str!("idle_rds.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &CONNECTIONS_MAX],
    advice: Advice {
        action: "stop",
        title: "database has no connections",
        effort: Effort::Low,
        risk: 3,
        assumptions: &["Whoever needs it would have connected within the look-back."],
        command: "aws rds stop-db-instance --db-instance-identifier {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static CONNECTIONS_MAX: Threshold = Threshold {
    name: "CONNECTIONS_MAX",
    unit: "connections",
    meaning: "open connections at any time up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e6),
};
static CONNECTIONS: Measure = Measure {
    metrics: &["DatabaseConnections"],
    amount: Amount::Peak,
    most: &CONNECTIONS_MAX,
    evidence: "connections_max",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AmazonRDS"], &["InstanceUsage:db.*", "Multi-AZUsage:db.*"]),
    measures: &[&CONNECTIONS],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
