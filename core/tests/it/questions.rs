//! The ledger, a second reading of the bill and the charges themselves give the same answers.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Decimal128Type;
use farthing::{AnsweredFrom, Bill, Costs, Metric};
use farthing_fixtures::Dialect;

use crate::support::{in_dialect, make, small};

fn questions() -> Vec<Costs> {
    vec![
        Costs::by(["ServiceName"]),
        Costs::by(["x_ServiceCode", "RegionId", "x_UsageType", "x_Operation"]).daily(),
        Costs::by(["Tags/team"]).metric(Metric::BilledCost).monthly(),
        Costs::by(["Tags/team", "SubAccountId"]).daily(),
        Costs::by(["CostCategories/team_group", "ServiceName"]).monthly(),
        Costs::by(["Tags/nobody"]).monthly(),
        Costs::by(["ResourceId"]).metric(Metric::ListCost).monthly(),
        Costs::by(["ResourceId", "Tags/team", "Tags/env"]),
        Costs::by(["ChargeCategory", "ChargeClass", "ChargeFrequency", "PricingCategory"]).monthly(),
        Costs::by(["CommitmentDiscountCategory", "CommitmentDiscountStatus", "InvoiceId", "PublisherName"]),
        Costs::by(["x_LineItemType"]).metric(Metric::UnblendedCost).filter("x_ServiceCode=AmazonEC2,Tags/team!=core"),
        Costs::by(["SubAccountId"]).filter("ServiceName=AmazonEC2"),
        Costs::by(["SubAccountId"]).filter("ServiceName!=\"Amazon Elastic Compute Cloud\",RegionId=(none)"),
        Costs::by(["RegionId"]).filter("Tags/team=(none)").period("2026-09"),
        Costs { from: Some("2026-08-10".into()), to: Some("2026-09-03".into()), ..Costs::by(["ServiceName"]).daily() },
        Costs::by(["ServiceName"]).metric(Metric::AmortizedCost).monthly().top(3),
    ]
}

#[test]
fn the_ledger_and_the_bill_agree() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let made = make(&small(11), &in_dialect(dialect));
        let bill = made.bill();
        for question in questions() {
            let answer = bill.costs(&question).expect("an answer");
            let again = bill.costs_from_bill(&question).expect("an answer");
            assert_eq!(answer.rows, again.rows, "{question:?}");
            assert_eq!(answer.total, again.total, "{question:?}");
            assert_eq!(again.answered_from, AnsweredFrom::Bill);
            assert!(!answer.rows.is_empty(), "{question:?} finds something");
        }
    }
}

#[test]
fn what_the_ledger_does_not_keep_is_read_again() {
    let made = make(&small(11), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let whole = bill.costs(&Costs::default()).expect("an answer").total;
    for by in
        ["ChargeDescription", "AvailabilityZone", "CommitmentDiscountId", "SkuId", "x_InstanceType", "SubAccountName"]
    {
        let answer = bill.costs(&Costs::by([by])).expect("an answer");
        assert_eq!(answer.answered_from, AnsweredFrom::Bill, "{by}");
        assert_eq!(answer.total, whole, "{by}");
        assert!(answer.rows.len() > 1, "{by}");
    }
    assert_eq!(bill.costs(&Costs::by(["ServiceName"])).expect("an answer").answered_from, AnsweredFrom::Ledger);
}

#[test]
fn a_filter_and_its_complement_are_everything() {
    let made = make(&small(13), &in_dialect(Dialect::Legacy));
    let bill = made.bill();
    let whole = bill.costs(&Costs::default()).expect("an answer").total.expect("a total");
    for column in
        ["Tags/team=core", "RegionId=us-east-1", "ResourceId=(none)", "x_Operation=(none)", "ChargeDescription=(none)"]
    {
        let other = column.replacen('=', "!=", 1);
        let sum = |filter: &str| bill.costs(&Costs::default().filter(filter)).expect("an answer").total.unwrap_or(0);
        assert_eq!(sum(column) + sum(&other), whole, "{column}");
    }
}

#[test]
fn the_top_and_the_others_add_up() {
    let made = make(&small(13), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let all = bill.costs(&Costs::by(["ServiceName"])).expect("an answer");
    let top = bill.costs(&Costs::by(["ServiceName"]).top(2)).expect("an answer");
    assert_eq!((top.rows.len(), top.total), (3, all.total));
    assert!(top.rows.iter().any(|row| row.keys[0].as_deref() == Some("(other)")));
}

fn charged(bill: &Bill, filter: &str, metric: Metric) -> BTreeMap<Option<String>, i128> {
    let columns = ["x_ServiceCode".to_owned(), metric.name().to_owned()];
    let mut sums = BTreeMap::new();
    for batch in bill.charges(filter, Some(&columns)).expect("charges") {
        let services = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8).expect("text");
        let services = services.as_string::<i32>();
        let costs = batch.column(1).as_primitive::<Decimal128Type>();
        for row in 0..batch.num_rows() {
            let service = services.is_valid(row).then(|| services.value(row).to_owned());
            *sums.entry(service).or_default() += if costs.is_valid(row) { costs.value(row) } else { 0 };
        }
    }
    sums
}

#[test]
fn charges_add_up_to_the_ledger() {
    let made = make(&small(14), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    for filter in ["", "Tags/team!=core", "RegionId=us-east-1,x_LineItemType=Usage", "CommitmentDiscountStatus=Unused"]
    {
        for metric in [Metric::EffectiveCost, Metric::UnblendedCost, Metric::BilledCost] {
            let answer = bill.costs(&Costs::by(["x_ServiceCode"]).metric(metric).filter(filter)).expect("an answer");
            let ledger: BTreeMap<_, _> = answer
                .rows
                .into_iter()
                .map(|mut row| (row.keys.remove(0).map(|key| key.to_string()), row.cost.unwrap_or(0)))
                .collect();
            assert_eq!(charged(&bill, filter, metric), ledger, "{} where {filter}", metric.name());
        }
    }
    let all = bill.charges("", None).expect("charges");
    let rows: usize = all.iter().map(arrow::array::RecordBatch::num_rows).sum();
    let ledger = bill.ledger().expect("a ledger");
    let derived: u64 = ledger.audit.iter().map(|(_, cell)| cell.derived).sum();
    let split: u64 = ledger.audit.iter().filter(|(key, _)| key.bill == u32::MAX).map(|(_, cell)| cell.rows).sum();
    assert_eq!(
        rows as u64,
        bill.inventory().rows().expect("footers") - split + derived,
        "charges are rows and derived charges"
    );
    assert!(derived > 0 && split > 0);
}
