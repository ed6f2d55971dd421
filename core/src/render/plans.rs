//! What to buy, as JSON, csv, Markdown and tables for people.

use serde_json::{Map, Value, json};

use super::grid::{self, Grid};
use super::{UNKNOWN, counted, percent_text};
use crate::planner::aws::Recommendation;
use crate::planner::bill::{BillPlan, PlannedLine};
use crate::planner::proposal::Proposal;
use crate::report::{Cell, ColumnKind, Section};
use crate::schema::money::{display_cents, money_text};

/// A plan of purchases: AWS's way, offer by offer, or the joint proposal.
#[derive(Debug, Clone, Copy)]
pub enum Plans<'a> {
    /// What AWS would recommend for every offer by itself.
    Aws(&'a [Recommendation]),
    /// The purchase that costs least, with its certificate.
    Optimal(&'a Proposal),
    /// What to buy for a bill.
    Bill(&'a BillPlan),
}

impl Plans<'_> {
    /// The lines of the plan.
    pub fn lines(&self) -> Vec<&Recommendation> {
        match self {
            Plans::Aws(lines) => lines.iter().collect(),
            Plans::Optimal(proposal) => proposal.lines.iter().collect(),
            Plans::Bill(plan) => plan.lines.iter().map(|line| &line.line).collect(),
        }
    }

    /// What was left out, and why.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Plans::Aws(_) => Vec::new(),
            Plans::Optimal(proposal) => proposal.notes.clone(),
            Plans::Bill(plan) => plan.skipped.iter().map(|one| format!("{}: {}", one.what, one.reason)).collect(),
        }
    }

    fn proposal(&self) -> Option<&Proposal> {
        match self {
            Plans::Aws(_) => None,
            Plans::Optimal(proposal) => Some(proposal),
            Plans::Bill(plan) => plan.proposal.as_ref(),
        }
    }

    /// One sentence on the plan.
    pub fn headline(&self) -> String {
        match self {
            Plans::Aws(lines) => aws_headline(lines.len()),
            Plans::Optimal(proposal) => format!(
                "saves {} a month{} ({} of the on-demand cost); no purchase of these offers saves more than {} of the cost \
                 beyond it",
                display_cents(proposal.savings_monthly),
                present_value(proposal),
                percent_text(saved_share(proposal)),
                share_text(proposal.gap)
            ),
            Plans::Bill(plan) => bill_headline(plan),
        }
    }

    fn method(&self) -> &'static str {
        if self.proposal().is_some() { "optimal" } else { "aws" }
    }
}

fn aws_headline(offers: usize) -> String {
    format!("{}, each by itself, as AWS recommends: savings of several do not add up", counted(offers as u64, "offer"))
}

fn bill_headline(plan: &BillPlan) -> String {
    let percent = |share: Option<f64>| share.map_or_else(|| UNKNOWN.to_owned(), percent_text);
    let (now, then) = plan.coverage();
    let Some(proposal) = &plan.proposal else {
        return format!("{}; coverage is {} now", aws_headline(plan.lines.len()), percent(now));
    };
    format!(
        "saves {} a month{}, {} of what runs on demand and could be covered; coverage goes from {} to {}; no purchase of these \
         offers saves more than {} of the cost beyond it",
        display_cents(proposal.savings_monthly),
        present_value(proposal),
        percent_text(saved_share(proposal)),
        percent(now),
        percent(then),
        share_text(proposal.gap)
    )
}

/// What a year of it is worth today, where money has a price.
fn present_value(proposal: &Proposal) -> String {
    match proposal.capital_cost_yearly {
        0.0 => String::new(),
        rate => {
            let worth = display_cents(proposal.present_value);
            format!(" (a year of that is worth {worth} now, at {} a year)", percent_text(rate))
        }
    }
}

fn saved_share(proposal: &Proposal) -> f64 {
    crate::schema::money::ratio(proposal.on_demand_cost - proposal.cost, proposal.on_demand_cost).unwrap_or(0.0)
}

/// A small share in percent, with the decimals that it needs.
fn share_text(share: f64) -> String {
    format!("{:.4}%", share * 100.0)
}

/// `farthing.plan/1`: `rows` are purchases, `totals` the window's costs with the bound and the gap. A bill's plan has
/// further keys in its rows and totals, and `sections` as the report's.
pub fn json(plans: Plans<'_>) -> Value {
    let mut totals = Map::new();
    if let Some(proposal) = plans.proposal() {
        let amounts = [
            ("on_demand_cost", proposal.on_demand_cost),
            ("cost", proposal.cost),
            ("lower_bound", proposal.lower_bound),
            ("savings_monthly", proposal.savings_monthly),
            ("present_value", proposal.present_value),
        ];
        totals.extend(amounts.map(|(name, amount)| (name.to_owned(), money_text(amount).into())));
        totals.insert("gap".to_owned(), json!(proposal.gap));
        totals.insert("capital_cost_yearly".to_owned(), json!(proposal.capital_cost_yearly));
        totals.insert("hours".to_owned(), proposal.hours.into());
    }
    let mut document = Map::new();
    document.insert("schema".to_owned(), "farthing.plan/1".into());
    document.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    document.insert("method".to_owned(), plans.method().into());
    if let Plans::Bill(plan) = plans {
        bill_json(plan, totals, &mut document);
        return Value::Object(document);
    }
    let left_out =
        plans.notes().into_iter().map(|note| json!({"what": "part of the demand or offers", "reason": note}));
    let rest = [
        ("currency", Value::Null),
        ("periods", json!([])),
        ("rows", plans.lines().into_iter().map(row).collect()),
        ("totals", totals.into()),
        ("checks", json!([])),
        ("skipped", left_out.collect()),
        ("inputs", json!([])),
    ];
    document.extend(rest.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(document)
}

fn bill_json(plan: &BillPlan, mut totals: Map<String, Value>, document: &mut Map<String, Value>) {
    let (now, then) = plan.coverage();
    let hour = |hour: i64| {
        chrono::DateTime::from_timestamp(hour * 3_600, 0)
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    totals.extend(
        [
            ("uncovered_cost", money_text(plan.uncovered).into()),
            ("covered_on_demand", money_text(plan.covered).into()),
            ("coverage", json!(now)),
            ("coverage_with_plan", json!(then)),
            ("pools", plan.pools.into()),
            ("hours", plan.hours.into()),
        ]
        .map(|(name, value): (&str, Value)| (name.to_owned(), value)),
    );
    let rows: Vec<Value> = plan.lines.iter().map(|line| Value::Object(bill_row(line))).collect();
    let report = crate::report::plan(plan);
    let sections: Map<String, Value> =
        report.sections.iter().map(|part| (part.id.to_owned(), super::json::section(part))).collect();
    let rest = [
        ("currency", plan.currency.as_str().into()),
        ("periods", json!(plan.periods)),
        ("rows", rows.into()),
        ("totals", totals.into()),
        ("window", json!({"from": hour(plan.window.0), "to": hour(plan.window.1 + 1)})),
        ("sections", sections.into()),
    ];
    document.extend(rest.map(|(name, value)| (name.to_owned(), value)));
    super::json::proof(document, &plan.certificate, &plan.skipped);
}

fn bill_row(line: &PlannedLine) -> Map<String, Value> {
    let mut object = match row(&line.line) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let more = [
        ("covers", line.covers.as_str().into()),
        ("unit", line.unit.as_str().into()),
        ("region_id", line.region_id.as_str().into()),
        ("obligation", money_text(line.obligation).into()),
        ("pays_after_months", json!(line.pays_after_months)),
        ("price_source", line.price_source.name().into()),
        ("command", line.command.as_str().into()),
    ];
    object.extend(more.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
    object
}

fn row(line: &Recommendation) -> Value {
    let quantity = line.quantity.map(|quantity| json!(i64::try_from(quantity).unwrap_or(i64::MAX)));
    json!({
        "pool": line.pool,
        "kind": line.kind.name(),
        "term_years": line.term_years,
        "payment": line.payment.name(),
        "quantity": quantity,
        "hourly_commitment": line.hourly_commitment.map(money_text),
        "utilization": line.utilization,
        "on_demand_displaced_monthly": money_text(line.on_demand_displaced_monthly),
        "cost_monthly": money_text(line.cost_monthly),
        "savings_monthly": money_text(line.savings_monthly),
        "break_even_months": line.break_even_months,
    })
}

/// The lines as a csv with the same columns as the rows of [`json()`].
pub fn csv(plans: Plans<'_>) -> String {
    let (rows, names): (Vec<Value>, Vec<&str>) = match plans {
        Plans::Bill(plan) => (
            plan.lines.iter().map(|line| Value::Object(bill_row(line))).collect(),
            [&COLUMNS[..], &BILL_COLUMNS[..]].concat(),
        ),
        _ => (plans.lines().into_iter().map(row).collect(), COLUMNS.to_vec()),
    };
    let mut text = names.join(",");
    text.push('\n');
    for row in rows {
        let cells: Vec<String> = names.iter().map(|&name| csv_cell(&row[name])).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

const COLUMNS: [&str; 11] = [
    "pool",
    "kind",
    "term_years",
    "payment",
    "quantity",
    "hourly_commitment",
    "utilization",
    "on_demand_displaced_monthly",
    "cost_monthly",
    "savings_monthly",
    "break_even_months",
];

/// What a bill's plan has besides.
const BILL_COLUMNS: [&str; 7] =
    ["covers", "unit", "region_id", "obligation", "pays_after_months", "price_source", "command"];

fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let text = super::csv::safe_text(text);
            if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        }
        number => number.to_string(),
    }
}

/// The lines as a table for people.
pub fn table(plans: Plans<'_>) -> Grid {
    grid::section(&section(plans))
}

/// The lines as Markdown.
pub fn markdown(plans: Plans<'_>) -> String {
    let sections = match plans {
        Plans::Bill(plan) => crate::report::plan(plan).sections,
        _ => vec![section(plans)],
    };
    super::markdown::sections("What to buy", &plans.headline(), &sections, &plans.notes())
}

fn section(plans: Plans<'_>) -> Section {
    let columns = [
        ("Pool", ColumnKind::Text),
        ("Commitment", ColumnKind::Text),
        ("Term", ColumnKind::Text),
        ("Quantity or $/hour", ColumnKind::Text),
        ("Utilization", ColumnKind::Ratio),
        ("Displaced a month", ColumnKind::Money),
        ("Cost a month", ColumnKind::Money),
        ("Savings a month", ColumnKind::Money),
        ("Break-even", ColumnKind::Text),
    ];
    let row = |line: &Recommendation| {
        let amount = match (line.quantity, line.hourly_commitment) {
            (Some(quantity), _) => quantity.to_string(),
            (None, Some(commitment)) => money_text(commitment),
            (None, None) => UNKNOWN.to_owned(),
        };
        let break_even =
            line.break_even_months.map_or_else(|| UNKNOWN.to_owned(), |months| format!("{months:.1} months"));
        vec![
            Cell::Text(line.pool.clone().unwrap_or_else(|| "(all it covers)".to_owned())),
            Cell::Text(line.kind.name().to_owned()),
            Cell::Text(format!("{} yr, {}", line.term_years, line.payment.name())),
            Cell::Text(amount),
            line.utilization.map_or(Cell::Missing, Cell::Ratio),
            Cell::Money(line.on_demand_displaced_monthly),
            Cell::Money(line.cost_monthly),
            Cell::Money(line.savings_monthly),
            Cell::Text(break_even),
        ]
    };
    Section {
        id: "plan",
        title: "What to buy".to_owned(),
        note: plans.headline(),
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        rows: plans.lines().into_iter().map(row).collect(),
        total: None,
    }
}
