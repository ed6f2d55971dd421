//! NAT gateways that carry nothing.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-nat-gateway",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "NAT gateways that bill hours but carry no bytes",
    guide: include_str!("idle_nat_gateway.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "NAT gateway carries no bytes",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["No route needs it in an emergency: a gateway kept for failover carries nothing until then."],
        command: "aws ec2 delete-nat-gateway --nat-gateway-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Hours"]),
    activity: Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Bytes", "NatGateway-Prvd-Bytes"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
