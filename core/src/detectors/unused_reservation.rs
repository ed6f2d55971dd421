//! Reservations that are not used up.

use crate::detector::commitments::unused;
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};
use crate::schema::values::CommitmentKind;

pub(super) static DETECTOR: Detector = Detector {
    id: "unused-reservation",
    kind: Kind::Commit,
    grade: Grade::BillProven,
    summary: "reservations with hours that nothing uses",
    guide: include_str!("unused_reservation.md"),
    needs: &[Need::LookBack, Need::Commitments],
    thresholds: &[&UNUSED_SHARE_MIN],
    advice: Advice {
        action: "use-or-sell",
        title: "reservation is not used up",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &[
            "Standard EC2 reservations can be sold on the Reserved Instance Marketplace, convertible ones exchanged.",
        ],
        command: "aws ce get-reservation-utilization --time-period Start=FIRST,End=LAST",
    },
    detect,
};

static UNUSED_SHARE_MIN: Threshold = Threshold::unused_share_min(0.05);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    unused(facts, CommitmentKind::Reservation, settings.get(&UNUSED_SHARE_MIN), "instances that it covers")
}
