//! Databases that are stopped but stored.

use crate::catalog::prices::{RDS_SNAPSHOT, RDS_STORAGE};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::{Ratios, Unused, saved};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind, UsageChange};

pub(super) static DETECTOR: Detector = Detector {
    id: "stopped-rds",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "RDS databases that are stopped but stored",
    guide: include_str!("stopped_rds.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&DAYS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "snapshot-and-delete",
        title: "database is stopped but stored",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &["A last snapshot is kept at the price of backup storage, which is taken off the saving."],
        command: "aws rds delete-db-instance --db-instance-identifier {name} --final-db-snapshot-identifier {name}-final --region {region}",
    },
    detect,
};

static DAYS_MIN: Threshold = Threshold::days_min(14.0);
/// AWS starts a stopped database by itself after seven days: one that is stopped again and again has an hour a week.
static ACTIVITY_MAX: Threshold = Threshold { default: 16.0, ..Threshold::activity_max("hours") };
static UNUSED: Unused = Unused {
    presence: Usage::of(
        &["AmazonRDS"],
        &["RDS:GP2-Storage", "RDS:GP3-Storage", "RDS:StorageUsage", "RDS:PIOPS-Storage"],
    ),
    activity: Usage::of(&["AmazonRDS"], &["InstanceUsage:*", "Multi-AZUsage:*", "Mirror*"]),
    presence_min: &DAYS_MIN,
    activity_max: &ACTIVITY_MAX,
};

static SNAPSHOT: Usage = Usage::of(&["AmazonRDS"], &["RDS:ChargedBackupUsage"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (storage, running) = (facts.meter(&UNUSED.presence), facts.meter(&UNUSED.activity));
    let mut ratios = Ratios::of(facts, (&storage, &RDS_STORAGE), (&SNAPSHOT, &RDS_SNAPSHOT));
    let unused = UNUSED.resources(facts, settings).into_iter();
    let found = unused.map(|(resource, finding)| {
        let (ratio, source) = ratios.in_region(resource.region());
        let saves = saved(resource.spend(&storage), ratio).plus(resource.spend(&running));
        finding.of_it(saves).uses(UsageChange::GoneOf(facts.usage_types(&running))).priced_by(source)
    });
    found.collect()
}
