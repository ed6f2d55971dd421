//! Lambda functions that could run on arm64.

use crate::catalog::prices::{LAMBDA_ARM, LAMBDA_X86};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Convert;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "lambda-arm64",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "Lambda duration billed on x86",
    guide: include_str!("lambda_arm64.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "migrate",
        title: "function runs on x86",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &["The function and its layers run on arm64, as fast: whether they do, no bill can tell."],
        command: "aws lambda update-function-code --function-name {id} --architectures arm64 --region {region} --s3-bucket BUCKET --s3-key KEY",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static CONVERT: Convert = Convert {
    old: Usage::of(&["AWSLambda"], &["Lambda-GB-Second"]),
    old_price: &LAMBDA_X86,
    new: Usage::of(&["AWSLambda"], &["Lambda-GB-Second-ARM"]),
    new_price: &LAMBDA_ARM,
    savings_min: &SAVINGS_MIN,
    target: "arm64",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    CONVERT.findings(facts, settings)
}
