//! A bill's plan as sections: what to buy, the lines that would buy it, and what ends soon.

use super::commitment_terms::expiring_rows;
use super::commitments::{columns, text};
use super::{Cell, ColumnKind, Report, Section};
use crate::planner::bill::{BillPlan, Method, PlannedLine};
use crate::schema::money::money_text;

/// A bill's plan as a report.
pub fn plan(plan: &BillPlan) -> Report {
    Report {
        title: "What to buy".to_owned(),
        periods: plan.periods.clone(),
        currency: plan.currency.clone(),
        sections: vec![purchases(plan), priced_by(plan), expiring_rows(&plan.expiring), commands(plan)],
        detail: None,
        savings: None,
        certificate: plan.certificate.clone(),
    }
}

/// How much of a line is bought.
fn amount(line: &PlannedLine) -> String {
    match (line.line.quantity, line.line.hourly_commitment) {
        (Some(quantity), _) if line.unit.is_empty() => quantity.to_string(),
        (Some(quantity), _) => format!("{quantity} × {}", line.unit),
        (None, commitment) => {
            let text = money_text(commitment.unwrap_or(0));
            let whole = text.split_once('.').map_or(text.len(), |(whole, _)| whole.len() + 4).min(text.len());
            format!("{} an hour", &text[..whole])
        }
    }
}

/// What is bought, in words.
fn what(line: &PlannedLine) -> String {
    let scope = if line.covers.is_empty() { String::new() } else { format!(": {}", line.covers) };
    format!("{}{scope}", line.line.kind.name())
}

fn purchases(plan: &BillPlan) -> Section {
    let row = |line: &PlannedLine| {
        let months = |months: Option<f64>| months.map_or(Cell::Missing, |months| text(&format!("{months:.1} months")));
        vec![
            text(&what(line)),
            text(&amount(line)),
            text(&format!("{} yr, {}", line.line.term_years, line.line.payment.name())),
            line.line.utilization.map_or(Cell::Missing, Cell::Ratio),
            Cell::Money(line.line.on_demand_displaced_monthly),
            Cell::Money(line.line.cost_monthly),
            Cell::Money(line.line.savings_monthly),
            months(line.pays_after_months),
            Cell::Money(line.obligation),
            text(line.price_source.name()),
        ]
    };
    let sum = |pick: fn(&PlannedLine) -> i128| Cell::Money(plan.lines.iter().map(pick).sum());
    // Of AWS's way every offer stands by itself.
    let total = (plan.method == Method::Optimal).then(|| {
        vec![
            text("Total"),
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
            sum(|line| line.line.on_demand_displaced_monthly),
            sum(|line| line.line.cost_monthly),
            sum(|line| line.line.savings_monthly),
            Cell::Missing,
            sum(|line| line.obligation),
            Cell::Missing,
        ]
    });
    Section {
        id: "plan",
        title: "What to buy".to_owned(),
        note: "A month of 730 hours. Pays after: for so long must usage last as it is for the purchase to pay for itself. \
               Obligation: everything that is paid over the term."
            .to_owned(),
        columns: columns(&[
            ("Commitment", ColumnKind::Text),
            ("Amount", ColumnKind::Text),
            ("Term", ColumnKind::Text),
            ("Utilization", ColumnKind::Ratio),
            ("DisplacedMonthly", ColumnKind::Money),
            ("CostMonthly", ColumnKind::Money),
            ("SavingsMonthly", ColumnKind::Money),
            ("PaysAfter", ColumnKind::Text),
            ("Obligation", ColumnKind::Money),
            ("Prices", ColumnKind::Text),
        ]),
        rows: plan.lines.iter().map(row).collect(),
        total,
    }
}

fn priced_by(plan: &BillPlan) -> Section {
    let rows = plan.priced_by.iter().map(|(source, cost)| vec![text(source.name()), Cell::Money(*cost)]);
    Section {
        id: "plan_prices",
        title: "Where prices come from".to_owned(),
        note:
            "On-demand cost of the window that a commitment could cover, by the surest source of an offer for it: the \
               bill's own commitments, a price list, or an assumption."
                .to_owned(),
        columns: columns(&[("Prices", ColumnKind::Text), ("OnDemandCost", ColumnKind::Money)]),
        rows: rows.collect(),
        total: Some(vec![text("Total"), Cell::Money(plan.priced_by.values().sum())]),
    }
}

fn commands(plan: &BillPlan) -> Section {
    let command = |line: &PlannedLine| match line.command.as_str() {
        "" => "sold in the AWS console only".to_owned(),
        command => command.to_owned(),
    };
    Section {
        id: "plan_commands",
        title: "Lines that would buy it".to_owned(),
        note: "Never run by Farthing. A commitment cannot be cancelled; buy it in an account without usage of its own, so \
               that it serves whoever saves most."
            .to_owned(),
        columns: columns(&[("Commitment", ColumnKind::Text), ("Command", ColumnKind::Text)]),
        rows: plan.lines.iter().map(|line| vec![text(&what(line)), text(&command(line))]).collect(),
        total: None,
    }
}
