//! OpenSearch domains on gp2 volumes.

use crate::catalog::prices::{OPENSEARCH_GP2, OPENSEARCH_GP3};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Convert;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "opensearch-gp2-to-gp3",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "OpenSearch storage on gp2 that gp3 does for less",
    guide: include_str!("opensearch_gp2_to_gp3.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "convert",
        title: "domain stores on gp2",
        effort: Effort::Low,
        risk: 1,
        assumptions: &[
            "3,000 IOPS and 125 MB/s a volume, as gp3 has them at no charge, are enough; larger volumes get more.",
        ],
        command: "aws opensearch update-domain-config --domain-name {name} --ebs-options EBSEnabled=true,VolumeType=gp3 --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static CONVERT: Convert = Convert {
    old: Usage::of(&["AmazonES"], &["ES:GP2-Storage"]),
    old_price: &OPENSEARCH_GP2,
    new: Usage::of(&["AmazonES"], &["ES:GP3-Storage"]),
    new_price: &OPENSEARCH_GP3,
    savings_min: &SAVINGS_MIN,
    target: "gp3",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    CONVERT.findings(facts, settings)
}
