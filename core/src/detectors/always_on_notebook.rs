//! Notebooks that never stop.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Schedule;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "always-on-notebook",
    kind: Kind::Idle,
    grade: Grade::Heuristic,
    summary: "SageMaker notebooks that run day and night",
    guide: include_str!("always_on_notebook.md"),
    needs: Need::OF_HOURS,
    thresholds: &[&SHARE_MIN, &HOURS_WEEKLY],
    advice: Advice {
        action: "schedule",
        title: "notebook never stops",
        effort: Effort::VeryLow,
        risk: 1,
        assumptions: &["Nothing but a person works on it, in office hours."],
        command: "aws sagemaker stop-notebook-instance --notebook-instance-name {name} --region {region}",
    },
    detect,
};

static SHARE_MIN: Threshold = Threshold::share_min(0.95);
static HOURS_WEEKLY: Threshold = Threshold::hours_weekly(50.0);
static SCHEDULE: Schedule = Schedule {
    machines: Usage::of(&["AmazonSageMaker"], &["Notebk:ml.*", "Studio:*ml.*"]),
    share_min: &SHARE_MIN,
    hours_weekly: &HOURS_WEEKLY,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    SCHEDULE.findings(facts, settings, |_| true)
}
