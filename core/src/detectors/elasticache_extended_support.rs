//! ElastiCache versions past their standard support.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::surcharges;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "elasticache-extended-support",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "ElastiCache nodes that pay for extended support",
    guide: include_str!("elasticache_extended_support.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "cache pays for extended support",
        effort: Effort::High,
        risk: 3,
        assumptions: &["The application runs on the newer version: test the upgrade on a copy first."],
        command: "aws elasticache modify-replication-group --replication-group-id {name} --engine-version VERSION --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static SURCHARGE: Usage = Usage::of(&["AmazonElastiCache"], &["*ExtendedSupport*"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    surcharges(facts, settings, &SURCHARGE, &SAVINGS_MIN, "a version in standard support")
}
