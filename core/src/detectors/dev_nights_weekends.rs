//! Development machines that run nights and weekends.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Schedule;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "dev-nights-weekends",
    kind: Kind::Idle,
    grade: Grade::Heuristic,
    summary: "development and test machines that never stop",
    guide: include_str!("dev_nights_weekends.md"),
    needs: &[Need::ResourceIds, Need::UsageTypes, Need::Hours, Need::LookBack, Need::Tags],
    thresholds: &[&SHARE_MIN, &HOURS_WEEKLY],
    advice: Advice {
        action: "schedule",
        title: "development machine runs nights and weekends",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["Nobody works on it at night, and no nightly job does: what it is for is read off its tags."],
        command: "aws scheduler create-schedule --name stop-{name} --schedule-expression CRON --flexible-time-window Mode=OFF --target TARGET --region {region}",
    },
    detect,
};

static SHARE_MIN: Threshold = Threshold::share_min(0.95);
static HOURS_WEEKLY: Threshold = Threshold::hours_weekly(50.0);
static SCHEDULE: Schedule = Schedule {
    machines: Usage::of(&["AmazonEC2", "AmazonRDS"], &["BoxUsage:*", "InstanceUsage:*", "Multi-AZUsage:*"]),
    share_min: &SHARE_MIN,
    hours_weekly: &HOURS_WEEKLY,
};
const TAG_KEYS: &[&str] = &["env", "environment", "stage", "tier"];
const WORDS: &[&str] = &["dev", "development", "test", "testing", "qa", "staging", "stage", "sandbox", "nonprod"];

fn is_for_development(machine: &Resource<'_>) -> bool {
    let value = machine.tag(TAG_KEYS).unwrap_or_default().to_ascii_lowercase();
    value.split(['-', '_', ' ']).any(|word| WORDS.contains(&word))
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    SCHEDULE.findings(facts, settings, is_for_development)
}
