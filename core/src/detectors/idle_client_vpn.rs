//! Client VPN endpoints without connections.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-client-vpn",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "Client VPN associations without connections",
    guide: include_str!("idle_client_vpn.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "Client VPN endpoint has no connections",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["Nobody needs it in an emergency."],
        command: "aws ec2 delete-client-vpn-endpoint --client-vpn-endpoint-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("hours");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonVPC"], &["ClientVPN-EndpointHours"]),
    activity: Usage::of(&["AmazonVPC"], &["ClientVPN-ConnectionHours"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
