//! Kubernetes versions past their standard support.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::surcharges;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "eks-extended-support",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "EKS clusters that pay for extended support",
    guide: include_str!("eks_extended_support.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "EKS cluster pays for extended support",
        effort: Effort::High,
        risk: 3,
        assumptions: &["The application runs on the newer version: test the upgrade on a copy first."],
        command: "aws eks update-cluster-version --name {name} --kubernetes-version VERSION --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static SURCHARGE: Usage = Usage::of(&["AmazonEKS"], &["AmazonEKS-Hours:extendedSupport", "*xtendedSupport*"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    surcharges(facts, settings, &SURCHARGE, &SAVINGS_MIN, "a version in standard support")
}
