//! The example of a guide: its line items as a bill, and the rows that it says are found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use farthing::detectors::ALL;
use farthing::ingest::metrics::Metrics;
use farthing::{Bill, Recommendation, Request};
use tempfile::TempDir;

/// Headings that every guide has, in this order.
pub(super) const HEADINGS: [&str; 5] =
    ["## What it finds", "## Why it costs", "## How it decides", "## When not to act", "## Example"];

/// Columns of an example's line items, and the columns of a report that they fill. A column that is not listed is a
/// report's own.
const COLUMNS: &[(&str, &[&str])] = &[
    ("resource", &["line_item_resource_id"]),
    ("service", &["line_item_product_code"]),
    ("usage type", &["line_item_usage_type"]),
    ("operation", &["line_item_operation"]),
    ("quantity", &["line_item_usage_amount"]),
    ("cost", &["line_item_unblended_cost", "pricing_public_on_demand_cost"]),
    ("region", &["product_region_code"]),
    ("type", &["line_item_line_item_type"]),
    ("tags", &["resource_tags"]),
    ("plan", &["savings_plan_savings_plan_a_r_n"]),
    ("committed", &["savings_plan_total_commitment_to_date"]),
    ("used", &["savings_plan_used_commitment"]),
    ("reservation", &["reservation_reservation_a_r_n"]),
    ("unused", &["reservation_unused_recurring_fee"]),
];
/// 2026-10-01T00:00:00Z in hours since 1970-01-01.
const OCTOBER: i64 = 497_448;

/// A table of Markdown: headers and rows of cells.
pub(super) type Table = (Vec<String>, Vec<Vec<String>>);

/// The tables of a guide's example: line items, and what is found.
pub(super) fn tables(guide: &str) -> Vec<Table> {
    all_tables(guide).into_iter().filter(|(headers, _)| headers[0] != MEASURED).collect()
}

/// The head of the first column of a table of measurements.
const MEASURED: &str = "measured";

/// What an example says was measured, hour by hour.
pub(super) fn measured(guide: &str) -> Option<Arc<Metrics>> {
    let (headers, rows) = all_tables(guide).into_iter().find(|(headers, _)| headers[0] == MEASURED)?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("metrics.csv");
    let mut text = "resource_id,timestamp,metric,statistic,value\n".to_owned();
    for row in &rows {
        let cell = |name: &str| &row[headers.iter().position(|header| header == name).expect("a column")];
        for hour in hours(cell("hours")) {
            let (resource, metric, statistic) = (cell(MEASURED), cell("metric"), cell("statistic"));
            writeln!(text, "{resource},{},{metric},{statistic},{}", timestamp(hour), cell("value")).expect("memory");
        }
    }
    std::fs::write(&path, text).expect("a file");
    Some(Arc::new(Metrics::read(&[path], 14).expect("measurements")))
}

fn all_tables(guide: &str) -> Vec<Table> {
    let example = guide.split("## Example").nth(1).unwrap_or_default();
    let mut tables: Vec<Table> = Vec::new();
    let mut inside = false;
    for line in example.lines() {
        let Some(line) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            inside = false;
            continue;
        };
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        if !inside {
            tables.push((cells, Vec::new()));
        } else if !cells.iter().all(|cell| cell.starts_with("---")) {
            tables.last_mut().expect("a table").1.push(cells);
        }
        inside = true;
    }
    tables
}

/// Hours like `0-743`, or every third of them: `0-743/3`. Those below 0 lie in earlier months.
fn hours(text: &str) -> Vec<i64> {
    let (range, step) = text.split_once('/').unwrap_or((text, "1"));
    let at = range[1..].find('-').expect("a range of hours such as 0-743") + 1;
    let (first, last): (i64, i64) = (range[..at].parse().expect("an hour"), range[at + 1..].parse().expect("an hour"));
    (first..=last).step_by(step.parse().expect("a step")).collect()
}

fn timestamp(hour: i64) -> String {
    let at = chrono::DateTime::from_timestamp((OCTOBER + hour) * 3_600, 0).expect("a time");
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A bill of line items, one file a month.
pub(super) fn bill((headers, rows): &Table) -> (TempDir, Bill) {
    let folder = tempfile::tempdir().expect("a folder");
    let fixed = "bill_payer_account_id,line_item_usage_account_id,line_item_currency_code,bill_billing_period_start_date,\
                 line_item_usage_start_date,line_item_usage_end_date";
    let given: Vec<&str> = headers.iter().filter(|name| *name != "hours").map(String::as_str).collect();
    let columns = |name: &str| -> Vec<String> {
        let known = COLUMNS.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| vec![name.to_owned()], |(_, all)| all.iter().map(|&column| column.to_owned()).collect())
    };
    let mut header = fixed.to_owned();
    given.iter().flat_map(|name| columns(name)).for_each(|column| write!(header, ",{column}").expect("memory"));
    let add_type = !given.contains(&"type");
    let add_region = !given.contains(&"region");
    if add_type {
        header.push_str(",line_item_line_item_type");
    }
    if add_region {
        header.push_str(",product_region_code");
    }
    let mut months: BTreeMap<String, String> = BTreeMap::new();
    // A bill has usage in every hour, whatever is metered once a day.
    let others: Vec<String> = headers
        .iter()
        .map(|name| match name.as_str() {
            "hours" => "0-743",
            "service" => "AmazonECR",
            "usage type" => "TimedStorage-ByteHrs",
            "quantity" | "cost" => "0.000001",
            "type" => "Usage",
            _ => "",
        })
        .map(str::to_owned)
        .collect();
    for row in rows.iter().chain([&others]) {
        let cell = |name: &str| headers.iter().position(|header| header == name).map(|at| row[at].as_str());
        for hour in hours(cell("hours").expect("an example has hours")) {
            let start = timestamp(hour);
            let month = start[..7].to_owned();
            let mut line =
                format!("999900000000,111122223333,USD,{month}-01T00:00:00Z,{start},{}", timestamp(hour + 1));
            for name in &given {
                let value = cell(name).unwrap_or_default();
                let value = match (*name, value) {
                    (_, "-") => String::new(),
                    ("tags", pair) => pair
                        .split_once('=')
                        .map_or_else(String::new, |(key, value)| format!("{{\"user_{key}\":\"{value}\"}}")),
                    (_, value) => value.to_owned(),
                };
                columns(name).iter().for_each(|_| write!(line, ",\"{}\"", value.replace('"', "\"\"")).expect("memory"));
            }
            line.push_str(if add_type { ",Usage" } else { "" });
            line.push_str(if add_region { ",us-east-1" } else { "" });
            months.entry(month).or_insert_with(|| header.clone() + "\n").push_str(&(line + "\n"));
        }
    }
    for (month, text) in &months {
        std::fs::write(folder.path().join(format!("{month}.csv")), text).expect("a file");
    }
    let bill = Bill::open(folder.path()).expect("the example is a bill");
    (folder, bill)
}

/// What one detector finds in a bill.
pub(super) fn found(bill: &Bill, detector: &str, settings: &[String]) -> farthing::Recommendations {
    let guide = ALL.iter().find(|known| known.id == detector).expect("a detector").guide;
    let (only, settings) = (vec![detector.to_owned()], settings.to_vec());
    let request = Request { only, settings, metrics: measured(guide), ..Request::default() };
    bill.recommend(&request).unwrap_or_else(|error| panic!("{detector}: {error}"))
}

/// A row's value in a column of the second table: a column of recommendations, or a figure of its evidence.
pub(super) fn value(row: &Recommendation, column: &str) -> String {
    let cents = |units: i128| farthing::money::display_cents(units).replace(',', "");
    match column {
        "resource" => row.resource_id.clone().unwrap_or_default(),
        "savings_monthly" => cents(row.savings_monthly),
        "savings_monthly_list" => cents(row.savings_monthly_list),
        "current" => row.current.clone(),
        "target" => row.target.clone(),
        figure => match row.evidence.iter().find(|(key, _)| *key == figure) {
            Some((_, value)) => value.clone(),
            None => format!("no figure `{figure}` in the evidence"),
        },
    }
}
