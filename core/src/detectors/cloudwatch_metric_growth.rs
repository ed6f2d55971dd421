//! Metrics that grow.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Notice;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "cloudwatch-metric-growth",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "CloudWatch metrics and alarms that grew since the month before",
    guide: include_str!("cloudwatch_metric_growth.md"),
    needs: &[Need::UsageTypes, Need::LookBack, Need::TwoPeriods],
    thresholds: &[&COST_MIN, &GROWTH_MIN],
    advice: Advice {
        action: "review",
        title: "custom metrics grew",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["The growth is not wanted."],
        command: "aws cloudwatch list-metrics --region {region}",
    },
    detect,
};

static COST_MIN: Threshold = Threshold::cost_min(50.0);
static GROWTH_MIN: Threshold = Threshold::growth_min(1.25);
static NOTICE: Notice = Notice {
    usage: Usage::of(&["AmazonCloudWatch"], &["CW:MetricMonitorUsage", "CW:AlarmMonitorUsage"]),
    cost_min: &COST_MIN,
    growth_min: Some(&GROWTH_MIN),
    unit: "metrics",
    target: "fewer metrics",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    NOTICE.findings(facts, settings)
}
