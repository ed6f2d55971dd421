//! OpenSearch instances of an earlier generation.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "previous-generation-opensearch",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "OpenSearch instances of families that AWS has replaced",
    guide: include_str!("previous_generation_opensearch.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "upgrade",
        title: "domain is of an earlier generation",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["The domain's version runs on the newer family; the change is made in a blue/green deployment."],
        command: "aws opensearch update-domain-config --domain-name {name} --cluster-config InstanceType={target}.search --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::OPENSEARCH_INSTANCES,
    service: "OpenSearch",
    by: |family| family.successor,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
