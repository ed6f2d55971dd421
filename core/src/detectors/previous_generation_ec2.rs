//! EC2 instances of an earlier generation.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "previous-generation-ec2",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "EC2 instances of families that AWS has replaced",
    guide: include_str!("previous_generation_ec2.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "instance is of an earlier generation",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &["The image has drivers for Nitro instances (ENA, NVMe)."],
        command: "aws ec2 modify-instance-attribute --instance-id {name} --instance-type {target} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::of(&["AmazonEC2"], &["BoxUsage:*"]).operations(&["RunInstances*"]),
    service: "EC2",
    by: |family| family.successor,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
