//! Network Firewall endpoints without traffic.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-network-firewall",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "Network Firewall endpoints that process no traffic",
    guide: include_str!("idle_network_firewall.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "Network Firewall endpoint processes no traffic",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &["No route leads through it."],
        command: "aws network-firewall delete-firewall --firewall-arn {id} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AWSNetworkFirewall"], &["Endpoint-Hour"]),
    activity: Usage::of(&["AWSNetworkFirewall"], &["Traffic-GB-Processed"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
