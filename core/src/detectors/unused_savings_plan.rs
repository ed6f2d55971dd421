//! Savings Plans that are not used up.

use crate::detector::commitments::unused;
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};
use crate::schema::values::CommitmentKind;

pub(super) static DETECTOR: Detector = Detector {
    id: "unused-savings-plan",
    kind: Kind::Commit,
    grade: Grade::BillProven,
    summary: "Savings Plans with commitment that nothing uses",
    guide: include_str!("unused_savings_plan.md"),
    needs: &[Need::LookBack, Need::Commitments],
    thresholds: &[&UNUSED_SHARE_MIN],
    advice: Advice {
        action: "use-or-sell",
        title: "Savings Plan is not used up",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["The plan cannot be changed; within seven days of purchase a small one can be returned."],
        command: "aws ce get-savings-plans-utilization-details --time-period Start=FIRST,End=LAST",
    },
    detect,
};

static UNUSED_SHARE_MIN: Threshold = Threshold::unused_share_min(0.05);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    unused(facts, CommitmentKind::SavingsPlan, settings.get(&UNUSED_SHARE_MIN), "usage that it covers")
}
