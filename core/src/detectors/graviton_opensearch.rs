//! OpenSearch domains that could run on Graviton.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Replace;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "graviton-opensearch",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "OpenSearch instances on x86",
    guide: include_str!("graviton_opensearch.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN],
    advice: Advice {
        action: "migrate",
        title: "domain runs on x86",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["The domain's version supports Graviton (Elasticsearch 7.9, OpenSearch 1.0 or later)."],
        command: "aws opensearch update-domain-config --domain-name {name} --cluster-config InstanceType={target}.search --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REPLACE: Replace = Replace {
    instances: Usage::OPENSEARCH_INSTANCES,
    service: "OpenSearch",
    by: |family| family.graviton,
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    REPLACE.findings(facts, settings)
}
