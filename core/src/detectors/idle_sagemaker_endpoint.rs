//! SageMaker endpoints without invocations.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-sagemaker-endpoint",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "SageMaker endpoints that process no data",
    guide: include_str!("idle_sagemaker_endpoint.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "SageMaker endpoint processes no data",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["The model and the endpoint configuration stay and can be deployed again."],
        command: "aws sagemaker delete-endpoint --endpoint-name {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonSageMaker"], &["Host:ml.*"]),
    activity: Usage::of(&["AmazonSageMaker"], &["Hst:Data-Bytes-In", "Hst:Data-Bytes-Out"])
        .operations(&["Invoke-Endpoint"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
