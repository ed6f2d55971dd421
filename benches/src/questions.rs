//! The twelve questions of a cost report, answered from the ledger. `run.py` asks them of DuckDB in SQL.

use std::collections::{BTreeMap, BTreeSet};

use farthing::ledger::Ledger;
use farthing::money::{MONEY_SCALE, QUANTITY_SCALE, to_text};
use farthing::schema::charges::Text;
use farthing::{Bill, Costs, Metric};

/// Answers by question, then by group; amounts as exact decimal text.
pub(crate) type Answers = BTreeMap<&'static str, BTreeMap<String, String>>;

type Sums = BTreeMap<String, i128>;

const NONE: &str = "(none)";

/// Gathers the ledger and answers every question.
pub(crate) fn answer(bill: &Bill) -> farthing::Result<Answers> {
    let ledger = bill.ledger()?;
    let money = |sums: Sums| sums.into_iter().map(|(key, sum)| (key, to_text(sum, MONEY_SCALE, 0))).collect();
    let costs = |question: Costs| -> farthing::Result<Sums> {
        let answer = bill.costs(&question)?;
        let keyed = answer.rows.into_iter().map(|row| {
            let keys =
                row.period.into_iter().chain(row.keys.into_iter().map(|key| key.unwrap_or_else(|| NONE.to_owned())));
            (keys.collect::<Vec<_>>().join("|"), row.cost.unwrap_or(0))
        });
        Ok(keyed.collect())
    };
    let cash = |by: &[&str]| Costs::by(by.iter().copied()).metric(Metric::UnblendedCost);
    let mut account_service = Sums::new();
    for metric in [Metric::UnblendedCost, Metric::AmortizedCost, Metric::EffectiveCost] {
        let question = Costs::by(["SubAccountId", "x_ServiceCode"]).metric(metric).monthly();
        account_service
            .extend(costs(question)?.into_iter().map(|(key, sum)| (format!("{key}|{}", metric.name()), sum)));
    }
    let mut answers: Answers = BTreeMap::new();
    answers.insert("q01", money(account_service));
    answers.insert("q02", money(classes(costs(cash(&["x_ServiceCode"]).daily())?)));
    answers.insert("q03", money(costs(cash(&["Tags/team"]).monthly())?));
    answers.insert(
        "q04",
        money(costs(Costs::by(["ResourceId"]).metric(Metric::AmortizedCost).filter("ResourceId!=(none)"))?),
    );
    answers.insert("q05", money(reservations(ledger)));
    answers.insert("q06", money(plan_hours(ledger)));
    answers.insert("q07", hourly_demand(ledger));
    answers.insert("q08", idle(ledger));
    answers.insert("q09", money(transfer(costs(cash(&["x_UsageType"]))?)));
    answers.insert("q10", money(costs(cash(&["x_ServiceCode"]).monthly())?));
    answers.insert("q11", money(costs(cash(&["SubAccountId", "x_ServiceCode", "RegionId"]).daily())?));
    answers.insert("q12", BTreeMap::from([("resources".to_owned(), distinct_resources(ledger).to_string())]));
    Ok(answers)
}

/// A class for each service, by its code.
fn class(service: &str) -> &'static str {
    match service {
        "AmazonEC2" | "AWSLambda" | "AmazonECS" | "AmazonEKS" => "compute",
        "AmazonS3" | "AmazonEFS" | "AmazonGlacier" => "storage",
        "AmazonRDS" | "AmazonDynamoDB" | "AmazonElastiCache" | "AmazonRedshift" => "database",
        _ => "other",
    }
}

fn classes(by_service: Sums) -> Sums {
    let mut sums = Sums::new();
    for (key, sum) in by_service {
        let (day, service) = key.split_once('|').unwrap_or((&key, ""));
        *sums.entry(format!("{day}|{}", class(service))).or_default() += sum;
    }
    sums
}

fn transfer(by_usage_type: Sums) -> Sums {
    by_usage_type.into_iter().filter(|(usage_type, _)| usage_type.contains("DataTransfer")).collect()
}

fn arn(ledger: &Ledger, id: u32) -> &str {
    ledger.names.get(Text::CommitmentDiscountId, id).unwrap_or(NONE)
}

/// Bought, used and unused of each reservation.
fn reservations(ledger: &Ledger) -> Sums {
    let mut sums = Sums::new();
    for (key, cell) in ledger.commitments.iter() {
        let arn = arn(ledger, key.arn);
        if arn.contains(":savingsplan/") {
            continue;
        }
        for (what, sum) in [("bought", cell.bought), ("used", cell.used), ("unused", cell.unused)] {
            *sums.entry(format!("{arn}|{what}")).or_default() += sum;
        }
    }
    sums
}

/// Committed, used and covered on-demand value of all plans, hour by hour.
fn plan_hours(ledger: &Ledger) -> Sums {
    let mut sums = Sums::new();
    for (key, cell) in ledger.commitments.iter().filter(|(key, _)| arn(ledger, key.arn).contains(":savingsplan/")) {
        for (what, sum) in [("bought", cell.bought), ("used", cell.used), ("covered", cell.covered_on_demand)] {
            *sums.entry(format!("{}|{what}", key.hour)).or_default() += sum;
        }
    }
    sums
}

/// Hours of on-demand instances by family, region and hour.
fn hourly_demand(ledger: &Ledger) -> BTreeMap<String, String> {
    let mut sums = Sums::new();
    for ((series, hour), cell) in ledger.demand.iter() {
        let series = ledger.series.key(*series);
        let product = ledger.products.key(series.product);
        let usage_type = ledger.names.get(Text::UsageType, product.usage_type).unwrap_or_default();
        let Some((_, size)) = usage_type.split_once("BoxUsage:") else { continue };
        if series.covered_by != 0 {
            continue;
        }
        let region = ledger.names.get(Text::RegionId, product.region).unwrap_or(NONE);
        let family = size.split('.').next().unwrap_or_default();
        *sums.entry(format!("{family}|{region}|{hour}")).or_default() += cell.quantity;
    }
    sums.into_iter().map(|(key, sum)| (key, to_text(sum, QUANTITY_SCALE, 0))).collect()
}

/// Patterns of usage types that idle resources bill.
const IDLE: [&str; 4] = ["EBS:VolumeUsage", "IdleAddress", "NatGateway-Hours", "LoadBalancerUsage"];

/// Cost and distinct resources of each pattern.
fn idle(ledger: &Ledger) -> BTreeMap<String, String> {
    let mut found: BTreeMap<&str, (i128, BTreeSet<u32>)> = BTreeMap::new();
    for (key, cell) in ledger.resources.iter() {
        let usage_type =
            ledger.names.get(Text::UsageType, ledger.products.key(key.product).usage_type).unwrap_or_default();
        for pattern in IDLE.into_iter().filter(|pattern| usage_type.contains(pattern)) {
            let entry = found.entry(pattern).or_default();
            entry.0 += cell.sums.sum(Metric::UnblendedCost);
            if key.resource != 0 {
                entry.1.insert(key.resource);
            }
        }
    }
    let mut answers = BTreeMap::new();
    for (pattern, (cost, resources)) in found {
        answers.insert(format!("{pattern}|cost"), to_text(cost, MONEY_SCALE, 0));
        answers.insert(format!("{pattern}|resources"), resources.len().to_string());
    }
    answers
}

/// Resource ids that charges carry; the pool of names also has those of rows that split a cost.
fn distinct_resources(ledger: &Ledger) -> usize {
    let ids: BTreeSet<u32> = ledger.resources.iter().map(|(key, _)| key.resource).filter(|&id| id != 0).collect();
    ids.len()
}
