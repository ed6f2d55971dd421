//! Logs that grow.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Notice;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "cloudwatch-log-growth",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "CloudWatch log ingestion that grew since the month before",
    guide: include_str!("cloudwatch_log_growth.md"),
    needs: &[Need::UsageTypes, Need::LookBack, Need::TwoPeriods],
    thresholds: &[&COST_MIN, &GROWTH_MIN],
    advice: Advice {
        action: "review",
        title: "log ingestion grew",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["The growth is not wanted."],
        command: "aws logs describe-log-groups --region {region}",
    },
    detect,
};

static COST_MIN: Threshold = Threshold::cost_min(50.0);
static GROWTH_MIN: Threshold = Threshold::growth_min(1.25);
static NOTICE: Notice = Notice {
    usage: Usage::of(&["AmazonCloudWatch"], &["DataProcessing-Bytes", "*VendedLog-Bytes*"]),
    cost_min: &COST_MIN,
    growth_min: Some(&GROWTH_MIN),
    unit: "GB",
    target: "less verbose logs, or the Infrequent Access class",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    NOTICE.findings(facts, settings)
}
