//! Caches that could run on Graviton.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "graviton-elasticache",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "ElastiCache nodes on x86",
    guide: include_str!("graviton_elasticache.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "migrate",
        title: "cache runs on x86",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["The engine version supports Graviton."],
        command: "aws elasticache modify-cache-cluster --cache-cluster-id {name} --cache-node-type {target} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::ELASTICACHE_NODES,
    service: "ElastiCache",
    by: |family| family.graviton,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
