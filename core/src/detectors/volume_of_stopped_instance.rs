//! Volumes of instances that stopped running.

use std::collections::HashMap;

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "volume-of-stopped-instance",
    kind: Kind::Idle,
    grade: Grade::Heuristic,
    summary: "volumes tagged like instances that no longer run",
    guide: include_str!("volume_of_stopped_instance.md"),
    needs: &[Need::ResourceIds, Need::UsageTypes, Need::Hours, Need::LookBack, Need::Tags],
    thresholds: &[&STOPPED_HOURS_MIN],
    advice: Advice {
        action: "snapshot-and-delete",
        title: "volume belongs to stopped instances",
        effort: Effort::Low,
        risk: 3,
        assumptions: &["The volume has the tags of instances that all stopped: that it is theirs is a guess."],
        command: "aws ec2 create-snapshot --volume-id {name} --region {region}",
    },
    detect,
};

static STOPPED_HOURS_MIN: Threshold = Threshold {
    name: "STOPPED_HOURS_MIN",
    unit: "hours",
    meaning: "hours since the last instance with the same tags ran",
    default: 168.0,
    range: (0.0, 100_000.0),
};
static INSTANCES: Usage = Usage::of(&["AmazonEC2"], &["BoxUsage:*", "SpotUsage:*"]);
static VOLUMES: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage*"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (instances, volumes) = (facts.meter(&INSTANCES), facts.meter(&VOLUMES));
    let least = settings.get(&STOPPED_HOURS_MIN);
    // By account and tag set, the last hour in which an instance ran.
    let mut ran: HashMap<(&str, u32), i64> = HashMap::new();
    for instance in facts.resources_ever(&instances) {
        let Some((_, last)) = instance.seen(&instances) else { continue };
        let known = ran.entry((instance.account(), instance.tag_set())).or_insert(last);
        *known = last.max(*known);
    }
    let found = facts.resources_with(&volumes).filter(|volume| volume.is_alive(&volumes)).filter_map(|volume| {
        let tags = volume.tag_set();
        let last = *ran.get(&(volume.account(), tags)).filter(|_| tags != 0)?;
        let stopped_hours = facts.as_of - last;
        let finding = Finding::of(&volume, volume.spend_in_all())
            .change(format!("volume, {:.0} GB", volume.size(&volumes)), "a snapshot")
            .because("instances_last_ran", facts.hour_text(last));
        (stopped_hours as f64 >= least).then_some(finding)
    });
    found.collect()
}
