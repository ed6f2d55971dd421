//! Classic load balancers that hardly anybody calls, or with nothing behind them.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "quiet-classic-load-balancer",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "Classic load balancers with few requests or no healthy instance",
    guide: include_str!("quiet_classic_load_balancer.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &REQUESTS_DAILY_MAX, &HEALTHY_HOSTS_MAX],
    advice: Advice {
        action: "delete",
        title: "Classic load balancer is hardly called or has nothing behind it",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["The few who call it can call what is behind it, or another one."],
        command: "aws elb delete-load-balancer --load-balancer-name {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static REQUESTS_DAILY_MAX: Threshold = Threshold {
    name: "REQUESTS_DAILY_MAX",
    unit: "requests",
    meaning: "requests of any day up to which nobody uses it; AWS names fewer than 100",
    default: 99.0,
    range: (0.0, 1e12),
};
static HEALTHY_HOSTS_MAX: Threshold = Threshold {
    name: "HEALTHY_HOSTS_MAX",
    unit: "instances",
    meaning: "healthy instances behind it at any time up to which nothing is behind it",
    default: 0.0,
    range: (0.0, 1e6),
};
static REQUESTS: Measure = Measure {
    metrics: &["RequestCount"],
    amount: Amount::Daily,
    most: &REQUESTS_DAILY_MAX,
    evidence: "requests_daily_max",
};
static HOSTS: Measure = Measure {
    metrics: &["HealthyHostCount"],
    amount: Amount::Peak,
    most: &HEALTHY_HOSTS_MAX,
    evidence: "healthy_hosts_max",
};
static BILLED: Usage = Usage::of(&["AWSELB", "AmazonEC2"], &["LoadBalancerUsage"]).operations(&["LoadBalancing"]);
static UNCALLED: Quiet = Quiet { billed: BILLED, measures: &[&REQUESTS], hours_min: &HOURS_MIN };
static EMPTY: Quiet = Quiet { billed: BILLED, measures: &[&HOSTS], hours_min: &HOURS_MIN };

/// Either is enough.
fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let mut found = UNCALLED.findings(facts, settings);
    let more = EMPTY.findings(facts, settings);
    let known: Vec<_> = found.iter().map(Finding::place).collect();
    let new: Vec<Finding> = more.into_iter().filter(|finding| !known.contains(&finding.place())).collect();
    found.extend(new);
    found
}
