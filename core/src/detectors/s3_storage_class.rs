//! S3 storage that is rarely read.

use crate::catalog::prices::{S3_INFREQUENT, S3_STANDARD};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::{Ratios, saved};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "s3-storage-class",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "S3 buckets in Standard that are large and rarely asked",
    guide: include_str!("s3_storage_class.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&GIGABYTES_MIN, &REQUESTS_PER_GB_MAX],
    advice: Advice {
        action: "lifecycle",
        title: "S3 bucket is large and rarely asked",
        effort: Effort::Low,
        risk: 1,
        assumptions: &[
            "Objects are larger than 128 KB, stay 30 days and are read less than once a month: the bill knows buckets, not objects.",
        ],
        command: "aws s3api put-bucket-lifecycle-configuration --bucket {name} --lifecycle-configuration FILE --region {region}",
    },
    detect,
};

static GIGABYTES_MIN: Threshold = Threshold {
    name: "GIGABYTES_MIN",
    unit: "GB",
    meaning: "storage in Standard from which a bucket is looked at",
    default: 500.0,
    range: (0.0, 1e12),
};
static REQUESTS_PER_GB_MAX: Threshold = Threshold {
    name: "REQUESTS_PER_GB_MAX",
    unit: "requests",
    meaning: "requests a month for each GB up to which a bucket counts as rarely asked",
    default: 1.0,
    range: (0.0, 1e12),
};
static STANDARD: Usage = Usage::of(&["AmazonS3"], &["TimedStorage-ByteHrs"]);
static INFREQUENT: Usage = Usage::of(&["AmazonS3"], &["TimedStorage-SIA-ByteHrs"]);
static REQUESTS: Usage = Usage::of(&["AmazonS3"], &["Requests-*"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (standard, requests) = (facts.meter(&STANDARD), facts.meter(&REQUESTS));
    let (least, most) = (settings.get(&GIGABYTES_MIN), settings.get(&REQUESTS_PER_GB_MAX));
    let mut ratios = Ratios::of(facts, (&standard, &S3_STANDARD), (&INFREQUENT, &S3_INFREQUENT));
    let found = facts.resources_with(&standard).filter(|bucket| bucket.is_alive(&standard)).filter_map(|bucket| {
        let gigabytes = bucket.size(&standard);
        let asked = bucket.spend(&requests).amount() / gigabytes.max(1e-9);
        let (ratio, source) = ratios.in_region(bucket.region());
        let finding = Finding::of(&bucket, saved(bucket.spend(&standard), ratio))
            .change(format!("Standard, {gigabytes:.0} GB"), "Standard-IA or Intelligent-Tiering")
            .because("gigabytes", format!("{gigabytes:.1}"))
            .because("requests_per_gb", format!("{asked:.2}"))
            .priced_by(source);
        (gigabytes >= least && asked <= most).then_some(finding)
    });
    found.collect()
}
