//! Linux instances that could run on Graviton.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "graviton-ec2",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "EC2 Linux instances on x86",
    guide: include_str!("graviton_ec2.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "migrate",
        title: "instance runs on x86",
        effort: Effort::High,
        risk: 3,
        assumptions: &["Everything on the machine runs on arm64: whether it does, no bill can tell."],
        command: "aws ec2 run-instances --instance-type {target} --region {region} --image-id ARM64_IMAGE",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::of(&["AmazonEC2"], &["BoxUsage:*"]).operations(&["RunInstances"]),
    service: "EC2",
    by: |family| family.graviton,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
