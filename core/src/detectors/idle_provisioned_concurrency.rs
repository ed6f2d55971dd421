//! Provisioned concurrency that nobody calls.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind, UsageChange};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-provisioned-concurrency",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "provisioned Lambda concurrency without invocations",
    guide: include_str!("idle_provisioned_concurrency.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "remove",
        title: "provisioned concurrency is not called",
        effort: Effort::VeryLow,
        risk: 1,
        assumptions: &["The function stays and starts cold when it is called."],
        command: "aws lambda delete-provisioned-concurrency-config --function-name {id} --qualifier QUALIFIER --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("GB-seconds");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AWSLambda"], &["Lambda-Provisioned-Concurrency", "Lambda-Provisioned-Concurrency-ARM"]),
    activity: Usage::of(&["AWSLambda"], &["Lambda-Provisioned-GB-Second", "Lambda-Provisioned-GB-Second-ARM"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let presence = facts.meter(&UNUSED.presence);
    let provisioned = |finding: Finding| finding.uses(UsageChange::GoneOf(facts.usage_types(&presence)));
    let unused = UNUSED.resources(facts, settings).into_iter();
    unused.map(|(resource, finding)| provisioned(finding.of_it(resource.spend(&presence)))).collect()
}
