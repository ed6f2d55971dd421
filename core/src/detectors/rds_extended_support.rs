//! RDS versions past their standard support.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::surcharges;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rds-extended-support",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "RDS databases that pay for extended support",
    guide: include_str!("rds_extended_support.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "database pays for extended support",
        effort: Effort::High,
        risk: 3,
        assumptions: &["The application runs on the newer version: test the upgrade on a copy first."],
        command: "aws rds modify-db-instance --db-instance-identifier {name} --engine-version VERSION --allow-major-version-upgrade --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static SURCHARGE: Usage = Usage::of(&["AmazonRDS"], &["*ExtendedSupport*"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    surcharges(facts, settings, &SURCHARGE, &SAVINGS_MIN, "a version in standard support")
}
