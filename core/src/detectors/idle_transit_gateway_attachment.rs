//! Transit gateway attachments without bytes.

use std::collections::BTreeSet;

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-transit-gateway-attachment",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "transit gateway attachments of a region in which none sends",
    guide: include_str!("idle_transit_gateway_attachment.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "detach",
        title: "transit gateway attachment carries no bytes",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &[
            "No route leads through it. In its region no attachment of the bill sends, so it receives nothing either.",
        ],
        command: "aws ec2 delete-transit-gateway-vpc-attachment --transit-gateway-attachment-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonVPC", "AmazonEC2"], &["TransitGateway-Hours"]),
    activity: Usage::of(&["AmazonVPC", "AmazonEC2"], &["TransitGateway-Bytes"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    // Bytes are billed to the sender alone: while anyone in the region sends, an attachment may be receiving.
    let sending: BTreeSet<&str> = facts
        .by_place(&facts.meter(&UNUSED.activity))
        .into_iter()
        .filter(|place| place.spend.amount() > settings.get(&ACTIVITY_MAX))
        .map(|place| place.region)
        .collect();
    let unused = UNUSED.resources(facts, settings).into_iter();
    unused.filter(|(resource, _)| !sending.contains(resource.region())).map(|(_, finding)| finding).collect()
}
