//! Kinesis streams without puts.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-kinesis-stream",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "Kinesis streams whose shards receive nothing",
    guide: include_str!("idle_kinesis_stream.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "Kinesis stream receives no records",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["No consumer still has to read retained records."],
        command: "aws kinesis delete-stream --stream-name {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("payload units");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonKinesis"], &["Storage-ShardHour"]),
    activity: Usage::of(&["AmazonKinesis"], &["PutRequestPayloadUnits"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
