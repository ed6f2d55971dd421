//! NAT gateways that CloudWatch saw no connection through.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "quiet-nat-gateway",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "NAT gateways without connections and packets",
    guide: include_str!("quiet_nat_gateway.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &CONNECTIONS_MAX, &PACKETS_MAX],
    advice: Advice {
        action: "delete",
        title: "NAT gateway has no connections",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["It does not stand by for another one's failure."],
        command: "aws ec2 delete-nat-gateway --nat-gateway-id {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static CONNECTIONS_MAX: Threshold = Threshold {
    name: "CONNECTIONS_MAX",
    unit: "connections",
    meaning: "open connections at any time up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e6),
};
static PACKETS_MAX: Threshold = Threshold {
    name: "PACKETS_MAX",
    unit: "packets",
    meaning: "packets in the look-back, from either side, up to which nobody uses it",
    default: 0.0,
    range: (0.0, 1e15),
};
static CONNECTIONS: Measure = Measure {
    metrics: &["ActiveConnectionCount"],
    amount: Amount::Peak,
    most: &CONNECTIONS_MAX,
    evidence: "connections_max",
};
static SENT: Measure = Measure {
    metrics: &["PacketsInFromSource"],
    amount: Amount::Total,
    most: &PACKETS_MAX,
    evidence: "packets_from_source",
};
static ANSWERED: Measure = Measure {
    metrics: &["PacketsInFromDestination"],
    amount: Amount::Total,
    most: &PACKETS_MAX,
    evidence: "packets_from_destination",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Hours"]),
    measures: &[&CONNECTIONS, &SENT, &ANSWERED],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
