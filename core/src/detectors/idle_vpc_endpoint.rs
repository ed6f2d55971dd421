//! Interface endpoints without bytes.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-vpc-endpoint",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "interface endpoints that carry no bytes",
    guide: include_str!("idle_vpc_endpoint.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "interface endpoint carries no bytes",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["Nothing reaches the service through it that compliance wants to be private."],
        command: "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonVPC"], &["VpcEndpoint-Hours"]),
    activity: Usage::of(&["AmazonVPC"], &["VpcEndpoint-Bytes"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
