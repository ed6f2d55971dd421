//! Traffic between availability zones.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Notice;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "cross-az-traffic",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "traffic between availability zones that costs much",
    guide: include_str!("cross_az_traffic.md"),
    needs: &[Need::UsageTypes, Need::LookBack],
    thresholds: &[&COST_MIN],
    advice: Advice {
        action: "review",
        title: "much traffic crosses zones",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["Some of it is the price of resilience."],
        command: "aws ec2 describe-flow-logs --region {region}",
    },
    detect,
};

static COST_MIN: Threshold = Threshold::cost_min(100.0);
static NOTICE: Notice = Notice {
    usage: Usage::of(
        &["AmazonEC2", "AWSDataTransfer", "AWSELB", "AmazonRDS", "AmazonElastiCache", "AmazonES"],
        &["DataTransfer-Regional-Bytes", "*-DataTransfer-xAZ-*"],
    ),
    cost_min: &COST_MIN,
    growth_min: None,
    unit: "GB",
    target: "traffic within a zone",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    NOTICE.findings(facts, settings)
}
