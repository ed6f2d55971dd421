//! Public IPv4 addresses that nothing uses.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-public-ipv4",
    kind: Kind::Idle,
    grade: Grade::BillProven,
    summary: "public IPv4 and Elastic IP addresses that are idle",
    guide: include_str!("idle_public_ipv4.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "release",
        title: "public IPv4 address is idle",
        effort: Effort::VeryLow,
        risk: 1,
        assumptions: &["Nobody allow-lists the address: once released it does not come back."],
        command: "aws ec2 release-address --allocation-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("hours");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonVPC", "AmazonEC2"], &["PublicIPv4:IdleAddress", "ElasticIP:IdleAddress"]),
    activity: Usage::of(&["AmazonVPC", "AmazonEC2"], &["PublicIPv4:InUseAddress", "ElasticIP:InUseAddress"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
