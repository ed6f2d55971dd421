//! Instances that run and do nothing.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::measured::{Amount, Measure, Quiet};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-ec2",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "EC2 instances that run and do nothing",
    guide: include_str!("idle_ec2.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&HOURS_MIN, &CPU_PERCENT_MAX, &NETWORK_MB_DAILY_MAX],
    advice: Advice {
        action: "terminate",
        title: "instance does nothing",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["It does not wait for something that the look-back did not see."],
        command: "aws ec2 terminate-instances --instance-ids {name} --region {region}",
    },
    detect,
};

static HOURS_MIN: Threshold = Threshold::hours_min(336.0);
static CPU_PERCENT_MAX: Threshold = Threshold {
    name: "CPU_PERCENT_MAX",
    unit: "percent",
    meaning: "highest CPU utilization up to which it does nothing",
    default: 5.0,
    range: (0.0, 100.0),
};
static NETWORK_MB_DAILY_MAX: Threshold = Threshold {
    name: "NETWORK_MB_DAILY_MAX",
    unit: "MB",
    meaning: "network traffic of any day, each way, up to which it does nothing",
    default: 5.0,
    range: (0.0, 1e9),
};
static CPU: Measure =
    Measure { metrics: &["CPUUtilization"], amount: Amount::Peak, most: &CPU_PERCENT_MAX, evidence: "cpu_percent_max" };
static NETWORK_IN: Measure = Measure {
    metrics: &["NetworkIn"],
    amount: Amount::DailyMillions,
    most: &NETWORK_MB_DAILY_MAX,
    evidence: "network_in_mb_daily_max",
};
static NETWORK_OUT: Measure = Measure {
    metrics: &["NetworkOut"],
    amount: Amount::DailyMillions,
    most: &NETWORK_MB_DAILY_MAX,
    evidence: "network_out_mb_daily_max",
};
static QUIET: Quiet = Quiet {
    billed: Usage::of(&["AmazonEC2"], &["BoxUsage:*"]),
    measures: &[&CPU, &NETWORK_IN, &NETWORK_OUT],
    hours_min: &HOURS_MIN,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    QUIET.findings(facts, settings)
}
