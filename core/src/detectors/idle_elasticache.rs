//! Nodes of caches that nobody asks.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-elasticache",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "ElastiCache nodes without connections and commands",
    guide: include_str!("idle_elasticache.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &CPU_PERCENT_MAX, &CONNECTIONS_MAX, &LOOKUPS_MAX],
    advice: Advice {
        action: "delete",
        title: "cache is not asked",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["Whoever needs it would have connected within the look-back."],
        command: "aws elasticache delete-cache-cluster --cache-cluster-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static CPU_PERCENT_MAX: Threshold = Threshold {
    name: "CPU_PERCENT_MAX",
    unit: "percent",
    meaning: "highest utilization of the engine's processor up to which it does nothing",
    default: 1.0,
    range: (0.0, 100.0),
};
static CONNECTIONS_MAX: Threshold = Threshold {
    name: "CONNECTIONS_MAX",
    unit: "connections",
    meaning: "new connections in the look-back up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e12),
};
static LOOKUPS_MAX: Threshold = Threshold {
    name: "LOOKUPS_MAX",
    unit: "lookups",
    meaning: "hits, and misses, in the look-back up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e12),
};
static CPU: Measure = Measure {
    metrics: &["EngineCPUUtilization", "CPUUtilization"],
    amount: Amount::Peak,
    most: &CPU_PERCENT_MAX,
    evidence: "cpu_percent_max",
};
static CONNECTIONS: Measure = Measure {
    metrics: &["NewConnections"],
    amount: Amount::Total,
    most: &CONNECTIONS_MAX,
    evidence: "new_connections",
};
static HITS: Measure =
    Measure { metrics: &["CacheHits", "GetHits"], amount: Amount::Total, most: &LOOKUPS_MAX, evidence: "hits" };
static MISSES: Measure =
    Measure { metrics: &["CacheMisses", "GetMisses"], amount: Amount::Total, most: &LOOKUPS_MAX, evidence: "misses" };
static QUIET: Quiet =
    Quiet { billed: Usage::ELASTICACHE_NODES, measures: &[&CONNECTIONS, &HITS, &MISSES, &CPU], hours_min: &HOURS_MIN };

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
