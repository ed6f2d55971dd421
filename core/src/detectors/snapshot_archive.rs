//! Snapshots that could lie in the archive.

use crate::catalog::prices::{EBS_SNAPSHOT, EBS_SNAPSHOT_ARCHIVE};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::{Ratios, saved};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "snapshot-archive",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "old EBS snapshots whose archive tier costs a quarter",
    guide: include_str!("snapshot_archive.md"),
    needs: &[Need::ResourceIds, Need::UsageTypes, Need::LookBack, Need::TwoPeriods],
    thresholds: &[&AGE_DAYS_MIN],
    advice: Advice {
        action: "archive",
        title: "snapshot could be archived",
        effort: Effort::Low,
        risk: 1,
        assumptions: &[
            "An archived snapshot is a full one: it holds all blocks, not only its own. The saving is an upper bound for snapshots of a chain.",
        ],
        command: "aws ec2 modify-snapshot-tier --snapshot-id {name} --storage-tier archive --region {region}",
    },
    detect,
};

static AGE_DAYS_MIN: Threshold = Threshold::age_days_min(60.0);
static SNAPSHOTS: Usage = Usage::of(&["AmazonEC2"], &["EBS:SnapshotUsage"]);
static ARCHIVE: Usage = Usage::of(&["AmazonEC2"], &["EBS:SnapshotArchiveStorage"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&SNAPSHOTS);
    let mut ratios = Ratios::of(facts, (&meter, &EBS_SNAPSHOT), (&ARCHIVE, &EBS_SNAPSHOT_ARCHIVE));
    let least = settings.get(&AGE_DAYS_MIN);
    let found = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)).filter_map(|resource| {
        let (first, last) = resource.seen(&meter)?;
        let age_days = (last - first) as f64 / 24.0;
        let (ratio, source) = ratios.in_region(resource.region());
        let finding = Finding::of(&resource, saved(resource.spend(&meter), ratio))
            .change("standard tier", "archive tier")
            .because("age_days", format!("{age_days:.0}"))
            .priced_by(source);
        (age_days >= least).then_some(finding)
    });
    found.collect()
}
