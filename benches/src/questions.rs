//! The twelve questions of a cost report, answered from the ledger. `run.py` asks them of DuckDB in SQL.

use std::collections::{BTreeMap, BTreeSet};

use farthing::ledger::Ledger;
use farthing::ledger::tables::SeriesKey;
use farthing::money::{MONEY_SCALE, QUANTITY_SCALE, to_text};
use farthing::schema::charges::Text;
use farthing::{Bill, CostRow, Costs, Metric};

use crate::Outcome;

/// Exact sums by group.
type Sums = BTreeMap<String, i128>;

/// Amounts by group, as exact decimal text.
pub(crate) type Answer = Vec<(String, String)>;

const NONE: &str = "(none)";

/// Gathers the ledger and answers every question; each answer is handed over as soon as it is there.
pub(crate) fn answer(bill: &Bill, mut answered: impl FnMut(&str, Answer) -> std::io::Result<()>) -> Outcome {
    let ledger = bill.ledger()?;
    let money = |sums: Sums| sums.into_iter().map(|(key, sum)| (key, to_text(sum, MONEY_SCALE, 0))).collect::<Answer>();
    let costs = |question: Costs| -> farthing::Result<Answer> {
        let answer = bill.costs(&question)?;
        Ok(answer.rows.into_iter().map(|row| (key(&row), to_text(row.cost.unwrap_or(0), MONEY_SCALE, 0))).collect())
    };
    let sums = |question: Costs| -> farthing::Result<Vec<(String, i128)>> {
        Ok(bill.costs(&question)?.rows.into_iter().map(|row| (key(&row), row.cost.unwrap_or(0))).collect())
    };
    let cash = |by: &[&str]| Costs::by(by.iter().copied()).metric(Metric::UnblendedCost);
    let mut account_service = Answer::new();
    for metric in [Metric::UnblendedCost, Metric::AmortizedCost, Metric::EffectiveCost] {
        let question = Costs::by(["SubAccountId", "x_ServiceCode"]).metric(metric).monthly();
        account_service
            .extend(costs(question)?.into_iter().map(|(key, sum)| (format!("{key}|{}", metric.name()), sum)));
    }
    answered("q01", account_service)?;
    answered("q02", money(classes(sums(cash(&["x_ServiceCode"]).daily())?)))?;
    answered("q03", costs(cash(&["Tags/team"]).monthly())?)?;
    answered("q04", costs(Costs::by(["ResourceId"]).metric(Metric::AmortizedCost).filter("ResourceId!=(none)"))?)?;
    answered("q05", money(reservations(ledger)))?;
    answered("q06", money(plan_hours(ledger)))?;
    answered("q07", hourly_demand(ledger))?;
    answered("q08", idle(ledger))?;
    answered("q09", money(transfer(sums(cash(&["x_UsageType"]))?)))?;
    answered("q10", costs(cash(&["x_ServiceCode"]).monthly())?)?;
    answered("q11", costs(cash(&["SubAccountId", "x_ServiceCode", "RegionId"]).daily())?)?;
    answered("q12", vec![("resources".to_owned(), distinct_resources(ledger).to_string())])?;
    Ok(())
}

/// The texts of a group, time first.
fn key(row: &CostRow) -> String {
    let texts = row.period.iter().map(|period| &**period);
    texts.chain(row.keys.iter().map(|key| key.as_deref().unwrap_or(NONE))).collect::<Vec<_>>().join("|")
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

fn classes(by_service: Vec<(String, i128)>) -> Sums {
    let mut sums = Sums::new();
    for (key, sum) in by_service {
        let (day, service) = key.split_once('|').unwrap_or((&key, ""));
        *sums.entry(format!("{day}|{}", class(service))).or_default() += sum;
    }
    sums
}

fn transfer(by_usage_type: Vec<(String, i128)>) -> Sums {
    by_usage_type.into_iter().filter(|(usage_type, _)| usage_type.contains("DataTransfer")).collect()
}

fn arn(ledger: &Ledger, id: u32) -> &str {
    ledger.names.get(Text::CommitmentDiscountId, id).unwrap_or(NONE)
}

/// Bought, used and unused of each reservation.
fn reservations(ledger: &Ledger) -> Sums {
    let mut by_arn = BTreeMap::<u32, [i128; 3]>::new();
    for (key, cell) in ledger.commitments.iter() {
        let sums = by_arn.entry(key.arn).or_default();
        sums.iter_mut().zip([cell.bought, cell.used, cell.unused]).for_each(|(sum, part)| *sum += part);
    }
    let named = by_arn.into_iter().map(|(id, sums)| (arn(ledger, id), sums));
    let reserved = named.filter(|(arn, _)| !arn.contains(":savingsplan/"));
    spelled(reserved.map(|(arn, sums)| (arn.to_owned(), sums)), ["bought", "used", "unused"])
}

/// Several sums of each group, each by its name.
fn spelled(groups: impl Iterator<Item = (String, [i128; 3])>, names: [&str; 3]) -> Sums {
    let of = |(group, sums): (String, [i128; 3])| {
        names.into_iter().zip(sums).map(move |(name, sum)| (format!("{group}|{name}"), sum))
    };
    groups.flat_map(of).collect()
}

/// Committed, used and covered on-demand value of all plans, hour by hour.
fn plan_hours(ledger: &Ledger) -> Sums {
    let mut by_hour = BTreeMap::<i32, [i128; 3]>::new();
    let mut is_plan = BTreeMap::<u32, bool>::new();
    for (key, cell) in ledger.commitments.iter() {
        if *is_plan.entry(key.arn).or_insert_with(|| arn(ledger, key.arn).contains(":savingsplan/")) {
            let sums = by_hour.entry(key.hour).or_default();
            sums.iter_mut().zip([cell.bought, cell.used, cell.covered_on_demand]).for_each(|(sum, part)| *sum += part);
        }
    }
    spelled(by_hour.into_iter().map(|(hour, sums)| (hour.to_string(), sums)), ["bought", "used", "covered"])
}

/// Hours of on-demand instances by family, region and hour.
fn hourly_demand(ledger: &Ledger) -> Answer {
    let pool = |key: &SeriesKey| {
        let product = ledger.products.key(key.product);
        let usage_type = ledger.names.get(Text::UsageType, product.usage_type).unwrap_or_default();
        let (_, size) = usage_type.split_once("BoxUsage:").filter(|_| key.covered_by == 0)?;
        let region = ledger.names.get(Text::RegionId, product.region).unwrap_or(NONE);
        Some(format!("{}|{region}", size.split('.').next().unwrap_or_default()))
    };
    let series: Vec<Option<String>> = ledger.series.iter().map(|(key, _)| pool(key)).collect();
    let mut names: Vec<&String> = series.iter().flatten().collect();
    names.sort_unstable();
    names.dedup();
    let places: Vec<Option<usize>> = series.iter().map(|pool| names.binary_search(&pool.as_ref()?).ok()).collect();
    let mut by_place: Vec<BTreeMap<i32, i128>> = vec![BTreeMap::new(); names.len()];
    for ((series, hour), cell) in ledger.demand.iter() {
        if let Some(place) = places[series as usize] {
            *by_place[place].entry(hour).or_default() += cell.quantity();
        }
    }
    let all = names.into_iter().zip(by_place).flat_map(|(pool, hours)| {
        hours.into_iter().map(move |(hour, sum)| (format!("{pool}|{hour}"), to_text(sum, QUANTITY_SCALE, 0)))
    });
    all.collect()
}

/// Patterns of usage types that idle resources bill.
const IDLE: [&str; 4] = ["EBS:VolumeUsage", "IdleAddress", "NatGateway-Hours", "LoadBalancerUsage"];

/// Cost and distinct resources of each pattern.
fn idle(ledger: &Ledger) -> Answer {
    let mut found: BTreeMap<&str, (i128, BTreeSet<u32>)> = BTreeMap::new();
    for (key, cell) in ledger.resources.iter() {
        let usage_type =
            ledger.names.get(Text::UsageType, ledger.products.key(key.product).usage_type).unwrap_or_default();
        for pattern in IDLE.into_iter().filter(|pattern| usage_type.contains(pattern)) {
            let entry = found.entry(pattern).or_default();
            entry.0 += cell.sums.costs.sum(Metric::UnblendedCost);
            if key.resource != 0 {
                entry.1.insert(key.resource);
            }
        }
    }
    let mut answers = Answer::new();
    for (pattern, (cost, resources)) in found {
        answers.push((format!("{pattern}|cost"), to_text(cost, MONEY_SCALE, 0)));
        answers.push((format!("{pattern}|resources"), resources.len().to_string()));
    }
    answers
}

/// Resource ids that charges carry; the pool of names also has those of rows that split a cost.
fn distinct_resources(ledger: &Ledger) -> usize {
    let ids: BTreeSet<u32> = ledger.resources.iter().map(|(key, _)| key.resource).filter(|&id| id != 0).collect();
    ids.len()
}
