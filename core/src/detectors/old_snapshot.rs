//! Snapshots that are months old.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "old-snapshot",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "EBS snapshots that the bill has shown for months",
    guide: include_str!("old_snapshot.md"),
    needs: &[Need::ResourceIds, Need::UsageTypes, Need::LookBack, Need::TwoPeriods],
    thresholds: &[&AGE_DAYS_MIN],
    advice: Advice {
        action: "delete",
        title: "snapshot is old",
        effort: Effort::Low,
        risk: 2,
        assumptions: &[
            "Nobody needs it to restore from. The saving is an upper bound: blocks that later snapshots share stay, and are billed to those.",
        ],
        command: "aws ec2 delete-snapshot --snapshot-id {name} --region {region}",
    },
    detect,
};

static AGE_DAYS_MIN: Threshold = Threshold::age_days_min(60.0);
static SNAPSHOTS: Usage = Usage::of(&["AmazonEC2"], &["EBS:SnapshotUsage"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&SNAPSHOTS);
    let least = settings.get(&AGE_DAYS_MIN);
    let found = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)).filter_map(|resource| {
        let (first, last) = resource.seen(&meter)?;
        let age_days = (last - first) as f64 / 24.0;
        let finding = Finding::of(&resource, resource.spend(&meter))
            .change(format!("snapshot, {:.1} GB of its own", resource.size(&meter)), "none")
            .because("age_days", format!("{age_days:.0}"))
            .because("first_seen", facts.hour_text(first));
        (age_days >= least).then_some(finding)
    });
    found.collect()
}
