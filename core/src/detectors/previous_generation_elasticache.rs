//! ElastiCache nodes of an earlier generation.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "previous-generation-elasticache",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "ElastiCache nodes of families that AWS has replaced",
    guide: include_str!("previous_generation_elasticache.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "cache node is of an earlier generation",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["The engine version runs on the newer family."],
        command: "aws elasticache modify-cache-cluster --cache-cluster-id {name} --cache-node-type {target} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::ELASTICACHE_NODES,
    service: "ElastiCache",
    by: |family| family.successor,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
