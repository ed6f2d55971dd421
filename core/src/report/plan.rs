//! A bill's plan as sections: what to buy, the lines that would buy it, and what ends soon.

use super::commitment_terms::expiring_rows;
use super::commitments::{columns, text};
use super::{Cell, ColumnKind, Report, Section};
use crate::planner::backtest::{Outcome, Strategy};
use crate::planner::bill::{BillPlan, Method, PlannedLine};
use crate::planner::caps::FrontierPoint;
use crate::planner::decision::Decision;
use crate::planner::scenarios::{Ladder, Scenario};
use crate::schema::money::{display_cents, money_text};

/// A bill's plan as a report.
pub fn plan(plan: &BillPlan) -> Report {
    Report {
        title: "What to buy".to_owned(),
        periods: plan.periods.clone(),
        currency: plan.currency.clone(),
        sections: sections(plan),
        detail: None,
        savings: None,
        gates: Vec::new(),
        certificate: plan.certificate.clone(),
    }
}

fn sections(plan: &BillPlan) -> Vec<Section> {
    let mut sections = vec![purchases(plan)];
    if let Some(decision) = plan.decision.as_ref().filter(|_| !plan.lines.is_empty()) {
        sections.extend([frontier(plan, decision), scenarios(decision), ladder(plan, &decision.ladder)]);
    }
    if !plan.backtest.is_empty() {
        sections.push(backtest(plan));
    }
    sections.extend([priced_by(plan), expiring_rows(&plan.expiring), commands(plan)]);
    sections
}

/// What was looked at, in words.
fn window(plan: &BillPlan) -> String {
    let day = |hour: i64| {
        let time = chrono::DateTime::from_timestamp(hour * 3_600, 0);
        time.map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
    };
    format!("the usage of {} hours, {} to {}", plan.hours, day(plan.window.0), day(plan.window.1))
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
        note: format!(
            "Sized on {}. A month of 730 hours. Pays after: for so long must usage last as it is for the purchase to pay for \
             itself. Obligation: everything that is paid over the term.",
            window(plan)
        ),
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

fn usd(amount: f64) -> Cell {
    Cell::Money((amount * 1e10).round() as i128 * 100)
}

fn frontier(plan: &BillPlan, decision: &Decision) -> Section {
    let all = plan.covered + plan.uncovered;
    let coverage = |displaced_monthly: f64| {
        let displaced = displaced_monthly * plan.hours as f64 / 730.0;
        (all > 0).then(|| Cell::Ratio((plan.covered as f64 / 1e12 + displaced) / (all as f64 / 1e12)))
    };
    let row = |point: &FrontierPoint| {
        vec![
            text(&format!("{:.2}", point.margin)),
            usd(point.spend_hourly),
            usd(point.savings_monthly),
            usd(point.unused_monthly),
            coverage(point.displaced_monthly).unwrap_or(Cell::Missing),
            point.pays_after_months.map_or(Cell::Missing, |months| text(&format!("{months:.1} months"))),
            usd(point.obligation),
        ]
    };
    Section {
        id: "frontier",
        title: "How much to commit".to_owned(),
        note: "Each row is the best of all purchases that cost as much: its last dollar saves at least as many dollars as the \
               margin says. Buying less gives up savings, and wastes and binds less."
            .to_owned(),
        columns: columns(&[
            ("Margin", ColumnKind::Text),
            ("CostHourly", ColumnKind::Money),
            ("SavingsMonthly", ColumnKind::Money),
            ("UnusedMonthly", ColumnKind::Money),
            ("Coverage", ColumnKind::Ratio),
            ("PaysAfter", ColumnKind::Text),
            ("Obligation", ColumnKind::Money),
        ]),
        rows: decision.frontier.iter().map(row).collect(),
        total: None,
    }
}

fn scenarios(decision: &Decision) -> Section {
    let row = |one: &Scenario| {
        vec![
            text(&one.name),
            usd(one.on_demand_monthly),
            usd(one.savings_monthly),
            usd(one.best_savings_monthly),
            usd((one.best_savings_monthly - one.savings_monthly).max(0.0)),
            one.utilization.map_or(Cell::Missing, Cell::Ratio),
        ]
    };
    Section {
        id: "scenarios",
        title: "If usage changes".to_owned(),
        note: "What the purchase saves then, and what the best purchase for that usage would have. Modernized: the family runs \
               on at 80 % of its price in another, where Compute plans follow it and its own plans and reservations do not."
            .to_owned(),
        columns: columns(&[
            ("Change", ColumnKind::Text),
            ("OnDemandMonthly", ColumnKind::Money),
            ("SavingsMonthly", ColumnKind::Money),
            ("BestMonthly", ColumnKind::Money),
            ("Regret", ColumnKind::Money),
            ("Utilization", ColumnKind::Ratio),
        ]),
        rows: decision.scenarios.iter().map(row).collect(),
        total: None,
    }
}

fn ladder(plan: &BillPlan, ladder: &Ladder) -> Section {
    let row = |(at, line): (usize, &PlannedLine)| {
        let parts = match (line.line.quantity, line.line.hourly_commitment) {
            (Some(quantity), _) => ladder.parts(at, quantity).iter().map(i128::to_string).collect::<Vec<_>>(),
            (None, commitment) => {
                let thousandths = commitment.unwrap_or(0) / 1_000_000_000;
                let parts = ladder.parts(at, thousandths);
                parts.iter().map(|part| format!("{}.{:03}", part / 1_000, part % 1_000)).collect()
            }
        };
        let mut row = vec![text(&what(line))];
        row.extend(parts.iter().map(|part| text(part)));
        row
    };
    let when = |part: u32| if part == 0 { "Now".to_owned() } else { format!("After{}Days", part * ladder.days_apart) };
    let mut names = vec![("Commitment".to_owned(), ColumnKind::Text)];
    names.extend((0..ladder.tranches).map(|part| (when(part), ColumnKind::Text)));
    Section {
        id: "ladder",
        title: "In parts".to_owned(),
        note: format!(
            "Bought in {} parts that are as equal as they can be, {} days apart, a quarter of the book ends at a time and each part \
             is decided anew; the first year then saves {} and not {}.",
            ladder.tranches,
            ladder.days_apart,
            display_cents((ladder.first_year * 1e12) as i128),
            display_cents((ladder.first_year_at_once * 1e12) as i128)
        ),
        columns: names,
        rows: plan.lines.iter().enumerate().map(row).collect(),
        total: None,
    }
}

fn backtest(plan: &BillPlan) -> Section {
    let day = |hour: i64| {
        chrono::DateTime::from_timestamp(hour * 3_600, 0)
            .map_or(Cell::Missing, |time| text(&time.format("%Y-%m-%d").to_string()))
    };
    let row = |one: &Outcome| vec![day(one.origin), text(one.strategy.name()), usd(one.cost), usd(one.regret)];
    let mut rows: Vec<Vec<Cell>> = plan.backtest.iter().map(row).collect();
    for strategy in Strategy::ALL {
        let of_it = || plan.backtest.iter().filter(|one| one.strategy == strategy);
        let sum = |pick: fn(&Outcome) -> f64| usd(of_it().map(pick).sum());
        rows.push(vec![text("all"), text(strategy.name()), sum(|one| one.cost), sum(|one| one.regret)]);
    }
    Section {
        id: "backtest",
        title: "Had it been followed".to_owned(),
        note: "Each way of buying sees the usage before a day and no other; what it buys is priced on the usage that came, to \
               the end of the bill. Regret is the cost beyond the best purchase in hindsight, which nobody could know."
            .to_owned(),
        columns: columns(&[
            ("From", ColumnKind::Text),
            ("Strategy", ColumnKind::Text),
            ("Cost", ColumnKind::Money),
            ("Regret", ColumnKind::Money),
        ]),
        rows,
        total: None,
    }
}
