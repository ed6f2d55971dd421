//! Fargate tasks that could run on Graviton.

use crate::catalog::prices::{FARGATE_ARM, FARGATE_X86};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Convert;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "graviton-fargate",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "Fargate vCPU hours billed on x86",
    guide: include_str!("graviton_fargate.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "migrate",
        title: "task runs on x86",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &[
            "The images are built for arm64 too: whether they are, no bill can tell. Memory is cheaper too; that is not counted.",
        ],
        command: "aws ecs register-task-definition --runtime-platform cpuArchitecture=ARM64 --family FAMILY --container-definitions FILE --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static CONVERT: Convert = Convert {
    old: Usage::of(&["AmazonECS", "AmazonEKS"], &["Fargate-vCPU-Hours:perCPU"]),
    old_price: &FARGATE_X86,
    new: Usage::of(&["AmazonECS", "AmazonEKS"], &["Fargate-ARM-vCPU-Hours:perCPU"]),
    new_price: &FARGATE_ARM,
    savings_min: &SAVINGS_MIN,
    target: "arm64",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    CONVERT.findings(facts, settings)
}
