//! DynamoDB tables that store more than they serve.

use crate::catalog::prices::{DYNAMODB_INFREQUENT, DYNAMODB_STANDARD};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::finding::usd;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::PriceSource;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "dynamodb-standard-ia",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "DynamoDB tables whose storage outweighs their throughput",
    guide: include_str!("dynamodb_standard_ia.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "convert",
        title: "table stores more than it serves",
        effort: Effort::VeryLow,
        risk: 1,
        assumptions: &["Standard-IA stores for 60 % less and serves for 25 % more; next month will be like this one."],
        command: "aws dynamodb update-table --table-name {name} --table-class STANDARD_INFREQUENT_ACCESS --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static STORAGE: Usage = Usage::of(&["AmazonDynamoDB"], &["TimedStorage-ByteHrs"]);
static THROUGHPUT: Usage = Usage::of(&["AmazonDynamoDB"], &["*RequestUnits", "*CapacityUnit-Hrs"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (storage, throughput) = (facts.meter(&STORAGE), facts.meter(&THROUGHPUT));
    let least = settings.get(&SAVINGS_MIN);
    let found = facts.resources_with(&storage).filter(|table| table.is_alive(&storage)).map(|table| {
        let (stored, served) = (table.spend(&storage), table.spend(&throughput));
        let ratio = (DYNAMODB_INFREQUENT.usd_micros, DYNAMODB_STANDARD.usd_micros);
        let saves = saved(stored, ratio).less(served.part(1, 4));
        Finding::of(&table, saves)
            .change("Standard", "Standard-IA")
            .because("storage_share", format!("{:.2}", stored.list as f64 / (stored.list + served.list).max(1) as f64))
            .priced_by(PriceSource::Assumption)
    });
    found.filter(|finding| usd(facts.monthly(finding.saves().free)) >= least).collect()
}
