//! Magnetic volumes without I/O.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-magnetic-volume",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "magnetic EBS volumes without a single read or write",
    guide: include_str!("idle_magnetic_volume.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&DAYS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "magnetic volume has no reads or writes",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["A snapshot is taken first; what it costs is not taken off the saving."],
        command: "aws ec2 delete-volume --volume-id {name} --region {region}",
    },
    detect,
};

static DAYS_MIN: Threshold = Threshold::days_min(14.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("I/Os");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage"]),
    activity: Usage::of(&["AmazonEC2"], &["EBS:VolumeIOUsage"]),
    presence_min: &DAYS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
