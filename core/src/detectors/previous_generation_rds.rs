//! RDS instances of an earlier generation.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "previous-generation-rds",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "RDS instances of families that AWS has replaced",
    guide: include_str!("previous_generation_rds.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "database instance is of an earlier generation",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &["The engine version runs on the newer family; the change restarts the database."],
        command: "aws rds modify-db-instance --db-instance-identifier {name} --db-instance-class {target} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace =
    Replace { instances: Usage::RDS_INSTANCES, service: "RDS", by: |family| family.successor, hours_min: &HOURS_MIN };

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
