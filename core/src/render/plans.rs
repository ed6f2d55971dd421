//! What to buy, as JSON, csv, Markdown and tables for people.

use serde_json::{Map, Value, json};

use super::grid::{self, Grid};
use super::{UNKNOWN, counted, percent_text};
use crate::planner::aws::Recommendation;
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
}

impl Plans<'_> {
    /// The lines of the plan.
    pub fn lines(&self) -> &[Recommendation] {
        match self {
            Plans::Aws(lines) => lines,
            Plans::Optimal(proposal) => &proposal.lines,
        }
    }

    /// What was left out, and why.
    pub fn notes(&self) -> &[String] {
        match self {
            Plans::Aws(_) => &[],
            Plans::Optimal(proposal) => &proposal.notes,
        }
    }

    /// One sentence on the plan.
    pub fn headline(&self) -> String {
        match self {
            Plans::Aws(lines) => format!(
                "{}, each by itself, as AWS recommends: savings of several do not add up",
                counted(lines.len() as u64, "offer")
            ),
            Plans::Optimal(proposal) => format!(
                "saves {} a month ({} of the on-demand cost); no purchase of these offers saves more than {} of the cost \
                 beyond it",
                display_cents(proposal.savings_monthly),
                percent_text(saved_share(proposal)),
                share_text(proposal.gap)
            ),
        }
    }

    fn method(&self) -> &'static str {
        match self {
            Plans::Aws(_) => "aws",
            Plans::Optimal(_) => "optimal",
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

/// `farthing.plan/1`: `rows` are purchases, `totals` the window's costs with the bound and the gap.
pub fn json(plans: Plans<'_>) -> Value {
    let mut totals = Map::new();
    if let Plans::Optimal(proposal) = plans {
        let amounts = [
            ("on_demand_cost", proposal.on_demand_cost),
            ("cost", proposal.cost),
            ("lower_bound", proposal.lower_bound),
            ("savings_monthly", proposal.savings_monthly),
        ];
        totals.extend(amounts.map(|(name, amount)| (name.to_owned(), money_text(amount).into())));
        totals.insert("gap".to_owned(), json!(proposal.gap));
        totals.insert("hours".to_owned(), proposal.hours.into());
    }
    let left_out: Vec<Value> =
        plans.notes().iter().map(|note| json!({"what": "part of the demand or offers", "reason": note})).collect();
    json!({
        "schema": "farthing.plan/1",
        "version": env!("CARGO_PKG_VERSION"),
        "method": plans.method(),
        "currency": Value::Null,
        "periods": [],
        "rows": plans.lines().iter().map(row).collect::<Vec<_>>(),
        "totals": totals,
        "checks": [],
        "skipped": left_out,
        "inputs": [],
    })
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
    let rows: Vec<Value> = plans.lines().iter().map(row).collect();
    let names: Vec<&str> = COLUMNS.to_vec();
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
    super::markdown::sections("What to buy", &plans.headline(), &[section(plans)], plans.notes())
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
        rows: plans.lines().iter().map(row).collect(),
        total: None,
    }
}
