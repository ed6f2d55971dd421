//! Load balancers without traffic.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-load-balancer",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "application, network and gateway load balancers without traffic",
    guide: include_str!("idle_load_balancer.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&HOURS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "delete",
        title: "load balancer has no traffic",
        effort: Effort::Low,
        risk: 1,
        assumptions: &["No DNS name or deployment still points at it."],
        command: "aws elbv2 delete-load-balancer --load-balancer-arn {id} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("LCU-hours");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AWSELB", "AmazonEC2"], &["LoadBalancerUsage"]).operations(&[
        "LoadBalancing:Application",
        "LoadBalancing:Network",
        "LoadBalancing:Gateway",
    ]),
    activity: Usage::of(&["AWSELB", "AmazonEC2"], &["LCUUsage"]),
    presence_min: &HOURS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
