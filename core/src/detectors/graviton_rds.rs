//! Databases that could run on Graviton.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "graviton-rds",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "RDS instances on x86 whose engine runs on Graviton too",
    guide: include_str!("graviton_rds.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "migrate",
        title: "database runs on x86",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["The engine version supports Graviton; the change restarts the database."],
        command: "aws rds modify-db-instance --db-instance-identifier {name} --db-instance-class {target} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace =
    Replace { instances: Usage::RDS_INSTANCES, service: "RDS", by: |family| family.graviton, hours_min: &HOURS_MIN };

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
