//! Nothing is claimed from what is not there: no resource ids, whole days, half a month, no usage types, a day gone by.

use farthing::{Bill, Recommendations, Request, Verdict};
use farthing_fixtures::{Dialect, Fault, Waste, WriteOptions};

use super::example::{Table, bill as example};
use crate::support::{in_dialect, make, small, whole_months};

fn answer(bill: &Bill) -> Recommendations {
    bill.recommend(&Request::default()).expect("an answer")
}

/// That nothing about single resources is said, and that each detector says why.
fn is_silent(answer: &Recommendations, reason: &str) {
    let resources: Vec<&str> = answer
        .rows
        .iter()
        .filter(|row| row.resource_id.is_some() && !row.detector.starts_with("unused-"))
        .map(|row| row.detector)
        .collect();
    assert!(resources.is_empty(), "{resources:?} claim something of resources");
    let given = answer.skipped.iter().filter(|skipped| skipped.reason.contains(reason)).count();
    assert!(given >= 30, "only {given} detectors say that {reason}: {:?}", answer.skipped);
}

#[test]
fn without_resource_ids_nothing_is_said_of_resources() {
    let fault = Fault::DropColumn("line_item_resource_id".to_owned());
    let write = WriteOptions { faults: vec![fault], ..WriteOptions::default() };
    is_silent(&answer(&make(&whole_months(5), &write).bill()), "no resource ids");
}

#[test]
fn without_usage_types_nothing_is_said() {
    let made = make(&whole_months(5), &in_dialect(Dialect::Focus1_2));
    is_silent(&answer(&made.bill()), "no usage types");
}

#[test]
fn a_few_days_prove_nothing() {
    let answer = answer(&make(&small(5), &WriteOptions::default()).bill());
    is_silent(&answer, "336 hours");
    assert!(answer.rows.is_empty());
}

/// A line item of each day: what a report of daily granularity has.
#[test]
fn days_are_not_taken_for_hours() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text =
        "bill_payer_account_id,bill_billing_period_start_date,line_item_usage_account_id,line_item_line_item_type,\
                    line_item_usage_start_date,line_item_usage_end_date,line_item_product_code,line_item_usage_type,\
                    line_item_operation,line_item_resource_id,line_item_usage_amount,line_item_unblended_cost,\
                    pricing_public_on_demand_cost,line_item_currency_code\n"
            .to_owned();
    for day in 1..=30 {
        text += &format!(
            "9,2026-10-01T00:00:00Z,1,Usage,2026-10-{day:02}T00:00:00Z,2026-10-{:02}T00:00:00Z,AmazonEC2,\
             NatGateway-Hours,NatGateway,nat-1,24,1.08,1.08,USD\n",
            day + 1
        );
    }
    std::fs::write(folder.path().join("bill.csv"), text).expect("a file");
    let answer = answer(&Bill::open(folder.path()).expect("a bill"));
    assert!(answer.rows.is_empty(), "{:?}", answer.rows);
    let skipped = answer.skipped.iter().find(|skipped| skipped.what == "idle-nat-gateway").expect("it is skipped");
    assert!(skipped.reason.contains("daily"), "{}", skipped.reason);
}

fn idle_gateway(hours: &str, more: &[[&str; 7]]) -> Table {
    let headers = ["resource", "service", "usage type", "operation", "hours", "quantity", "cost"];
    let first = ["nat-1", "AmazonEC2", "NatGateway-Hours", "NatGateway", hours, "1", "0.045"];
    let rows = std::iter::once(&first).chain(more).map(|row| row.map(str::to_owned).to_vec()).collect();
    (headers.map(str::to_owned).to_vec(), rows)
}

#[test]
fn the_look_back_is_the_latest_long_month_and_later_use_counts() {
    // November has only begun: October is looked back on, but what November shows is heeded.
    let beside = ["i-1", "AmazonEC2", "BoxUsage:m7g.large", "RunInstances", "744-820", "1", "0.08"];
    let bytes = ["nat-1", "AmazonEC2", "NatGateway-Bytes", "NatGateway", "800-800", "1", "0.045"];
    let (_folder, bill) = example(&idle_gateway("0-820", &[beside]));
    let idle = answer(&bill);
    assert_eq!((idle.look_back.0.as_str(), idle.look_back.1, idle.rows.len()), ("2026-10", 744, 1));
    let (_folder, bill) = example(&idle_gateway("0-820", &[beside, bytes]));
    assert_eq!(answer(&bill).rows.len(), 0, "it was used in November");
    let (_folder, bill) = example(&idle_gateway("0-743", &[beside]));
    assert_eq!(answer(&bill).rows.len(), 0, "it was gone in November");
}

#[test]
fn yesterdays_answer_can_be_made_again() {
    let (_folder, bill) = example(&idle_gateway("-720-743", &[]));
    let request = Request { as_of: Some("2026-09-30".to_owned()), ..Request::default() };
    let september = bill.recommend(&request).expect("an answer");
    assert_eq!((september.look_back.0.as_str(), september.as_of.as_str()), ("2026-09", "2026-09-30T23"));
    assert_eq!(september.rows.len(), 1);
}

#[test]
fn a_covered_instance_saves_nothing_but_frees_its_commitment() {
    let headers = [
        "type",
        "resource",
        "service",
        "usage type",
        "operation",
        "hours",
        "quantity",
        "cost",
        "reservation",
        "reservation_effective_cost",
    ];
    let row = [
        "DiscountedUsage",
        "i-1",
        "AmazonEC2",
        "BoxUsage:m4.large",
        "RunInstances",
        "0-743",
        "1",
        "0",
        "arn:aws:ec2:us-east-1:1:reserved-instances/r",
        "0.06",
    ];
    let (_folder, bill) = example(&(headers.map(str::to_owned).to_vec(), vec![row.map(str::to_owned).to_vec()]));
    let answer = answer(&bill);
    let row = answer.rows.iter().find(|row| row.detector == "previous-generation-ec2").expect("a row");
    assert_eq!(row.savings_monthly, 0);
    let freed = row.evidence.iter().find(|(key, _)| *key == "frees_commitment").map(|(_, value)| value.as_str());
    // 4 % of 0.06 an hour, 730 hours.
    assert_eq!(freed, Some("1.7520000000"));
}

#[test]
fn a_resource_is_counted_once_and_r20_holds() {
    let config = farthing_fixtures::Config { waste: Waste::Planted, ..whole_months(3) };
    let answer = answer(&make(&config, &WriteOptions::default()).bill());
    let check = answer.certificate.checks.iter().find(|check| check.id == "R20").expect("R20");
    assert_eq!(check.verdict, Verdict::Pass, "{:?}", check.findings);
    let total: i128 = answer.rows.iter().filter(|row| row.grade.is_in_total()).map(|row| row.savings_monthly).sum();
    assert_eq!(total, answer.savings_monthly);
    assert!(answer.savings_monthly > 0 && answer.savings_monthly < answer.cost_monthly);
    let twice = answer.rows.iter().filter(|row| !row.alternatives.is_empty()).count();
    assert!(twice > 0, "the bill has resources that two detectors name");
}
