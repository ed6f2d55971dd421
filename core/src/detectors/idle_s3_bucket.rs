//! S3 buckets that nobody asks.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Unused;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "idle-s3-bucket",
    kind: Kind::Idle,
    grade: Grade::Strong,
    summary: "S3 buckets with storage and no requests",
    guide: include_str!("idle_s3_bucket.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&DAYS_MIN, &ACTIVITY_MAX],
    advice: Advice {
        action: "archive",
        title: "S3 bucket has no requests",
        effort: Effort::Low,
        risk: 2,
        assumptions: &["Nothing in it must be kept, or it is moved to an archive class first."],
        command: "aws s3 rb s3://{name} --force --region {region}",
    },
    detect,
};

static DAYS_MIN: Threshold = Threshold::days_min(14.0);
static ACTIVITY_MAX: Threshold = Threshold::activity_max("requests");
static UNUSED: Unused = Unused {
    presence: Usage::of(&["AmazonS3"], &["TimedStorage-*"]),
    activity: Usage::of(&["AmazonS3"], &["Requests-*"]),
    presence_min: &DAYS_MIN,
    activity_max: &ACTIVITY_MAX,
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    UNUSED.findings(facts, settings)
}
