//! Application and network load balancers that hardly anybody calls.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "quiet-load-balancer",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "load balancers with fewer than 100 requests or flows on any day",
    guide: include_str!("quiet_load_balancer.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &REQUESTS_DAILY_MAX],
    advice: Advice {
        action: "delete",
        title: "load balancer is hardly called",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["The few who call it can call what is behind it, or another one."],
        command: "aws elbv2 delete-load-balancer --load-balancer-arn {id} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REQUESTS_DAILY_MAX: Threshold = Threshold {
    name: "REQUESTS_DAILY_MAX",
    unit: "requests",
    meaning: "requests, or new flows, of any day up to which nobody uses it; AWS names fewer than 100",
    default: 99.0,
    range: (0.0, 1e12),
};
static REQUESTS: Measure = Measure {
    metrics: &["RequestCount", "NewFlowCount"],
    amount: Amount::Daily,
    most: &REQUESTS_DAILY_MAX,
    evidence: "requests_daily_max",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AWSELB", "AmazonEC2"], &["LoadBalancerUsage"])
        .operations(&["LoadBalancing:Application", "LoadBalancing:Network"]),
    measures: &[&REQUESTS],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
