//! The last billing period: its key figures, its days, and what could be saved.

use std::collections::BTreeMap;

use super::recommendations::Recommendations;
use super::sections::{column, from_costs, money, share, text};
use super::{Cell, ColumnKind, Section};
use crate::analyze::commitments::{Step, by_commitment, coverage, coverage_over_time, plans_over_time};
use crate::analyze::request::Costs;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::reconcile::certificate::{Certificate, PeriodStatus};
use crate::schema::charges::Metric;
use crate::schema::filter::OTHER_TEXT;
use crate::schema::money::{divide_half_even, ratio};
use crate::schema::values::{day_text, parse_day};

/// Recommendations that are listed; the rest is one row "(other)".
const SAVINGS_SHOWN: usize = 20;
/// Days that the run rate looks at: a whole week, so that weekends weigh what they do.
const RUN_RATE_DAYS: i32 = 7;
/// A month of 730 hours, in hours.
const MONTH_HOURS: i128 = 730;

/// The last month in one screen.
pub(super) fn key_figures(
    ledger: &Ledger,
    certificate: &Certificate,
    savings: &Recommendations,
    periods: &[String],
) -> Result<Section> {
    let mut rows = Vec::new();
    if let [.., last] = periods {
        let before = periods.len().checked_sub(2).map(|at| periods[at].as_str());
        rows.extend(costs(ledger, before, last)?);
        rows.extend(run_rate(ledger, certificate, last)?);
        rows.extend(commitments(ledger, last));
    }
    rows.extend(savings_rows(savings));
    Ok(Section {
        id: "key_figures",
        title: "The month in figures".to_owned(),
        note: String::new(),
        columns: vec![
            column("Figure", ColumnKind::Text),
            column("Value", ColumnKind::Figure),
            column("Meaning", ColumnKind::Text),
        ],
        rows,
        total: None,
    })
}

fn row(figure: &str, value: Cell, meaning: String) -> Vec<Cell> {
    vec![Cell::Text(figure.to_owned()), value, Cell::Text(meaning)]
}

fn cost_of(ledger: &Ledger, period: &str, metric: Metric) -> Result<i128> {
    let answer = from_costs(ledger, &Costs::by(Vec::<String>::new()).period(period).metric(metric))?;
    Ok(answer.total.unwrap_or(0))
}

fn costs(ledger: &Ledger, before: Option<&str>, last: &str) -> Result<Vec<Vec<Cell>>> {
    let effective = cost_of(ledger, last, Metric::EffectiveCost)?;
    let billed = cost_of(ledger, last, Metric::BilledCost)?;
    let mut rows = vec![
        row("Effective cost", Cell::Money(effective), format!("{last}, upfront fees spread over what they cover")),
        row("Billed cost", Cell::Money(billed), format!("{last}, as it is invoiced")),
    ];
    if let Some(before) = before {
        let earlier = cost_of(ledger, before, Metric::EffectiveCost)?;
        let change = effective - earlier;
        rows.push(row("Change", Cell::Money(change), format!("effective cost, {last} less {before}")));
        rows.push(row("Change, in percent", share(change, earlier.abs()), format!("the same beside {before}")));
    }
    Ok(rows)
}

/// What a month costs if it goes on like the last week: a straight line, no forecast.
fn run_rate(ledger: &Ledger, certificate: &Certificate, last: &str) -> Result<Option<Vec<Cell>>> {
    let months = certificate.periods.iter().filter(|month| month.period == last);
    // The last day of a month that is still running may be half there.
    let whole = |month: &crate::reconcile::certificate::Period| {
        let day = month.last_usage_day?;
        Some(if month.status == PeriodStatus::Final { day } else { day - 1 })
    };
    let Some(until) = months.filter_map(whole).min() else { return Ok(None) };
    let (from, to) = (day_text(until + 1 - RUN_RATE_DAYS), day_text(until + 1));
    let mut question = Costs::by(Vec::<String>::new()).filter("ChargeCategory=Usage");
    (question.from, question.to) = (Some(from.clone()), Some(to));
    let week = from_costs(ledger, &question)?.total.unwrap_or(0);
    let monthly = divide_half_even(week * MONTH_HOURS, i128::from(RUN_RATE_DAYS) * 24);
    let until = day_text(until);
    Ok(Some(row(
        "Run rate",
        Cell::Money(monthly),
        format!(
            "usage of {from} to {until} for a month of 730 hours; a straight line, no forecast; without fees and tax"
        ),
    )))
}

fn commitments(ledger: &Ledger, last: &str) -> Vec<Vec<Cell>> {
    let uses: Vec<_> = by_commitment(ledger).into_iter().filter(|one| one.period == last).collect();
    let covered = coverage(ledger).into_iter().find(|month| month.period == last);
    let mut rows = Vec::new();
    if let Some(ratio) = covered.and_then(|month| month.ratio()) {
        let meaning = "what commitments covered of what they could, at on-demand prices".to_owned();
        rows.push(row("Coverage", Cell::Ratio(ratio), meaning));
    }
    let (bought, used) =
        uses.iter().fold((0, 0), |(bought, used), one| (bought + one.sums.bought, used + one.sums.used));
    if let Some(ratio) = ratio(used, bought) {
        let unused: i128 = uses.iter().map(|one| one.sums.unused).sum();
        rows.push(row("Utilization", Cell::Ratio(ratio), "what was used of what was committed".to_owned()));
        rows.push(row("Unused commitment", Cell::Money(unused), "paid for, and used by nothing".to_owned()));
    }
    rows
}

fn savings_rows(savings: &Recommendations) -> Vec<Vec<Cell>> {
    let stories = savings.rows.iter().filter(|row| !row.grade.is_in_total()).count();
    let together = if savings.waterfall.is_some() { " followed together" } else { "" };
    let sure =
        format!("a month, by {} recommendations{together}, after commitments and discounts", savings.together_count());
    let mut rows = vec![row("Savings", Cell::Money(savings.together_monthly()), sure)];
    if stories > 0 {
        let meaning = format!("a month, by {stories} likely stories that stand outside the sum above");
        rows.push(row("Potential savings", Cell::Money(savings.potential_monthly), meaning));
    }
    rows
}

/// Usage by day, beside the same days of the month before.
pub(super) fn days(ledger: &Ledger, before: Option<&str>, last: &str) -> Result<Section> {
    let by_day = |period: &str| -> Result<BTreeMap<String, i128>> {
        let question = Costs::by(Vec::<String>::new()).daily().period(period).filter("ChargeCategory=Usage");
        let answer = from_costs(ledger, &question)?;
        Ok(answer.rows.into_iter().filter_map(|row| Some((row.period?.to_string(), row.cost?))).collect())
    };
    let usage = by_day(last)?;
    let earlier = before.map(by_day).transpose()?;
    let day_before = |day: &str| {
        let (earlier, before) = (earlier.as_ref()?, before?);
        Some(earlier.get(&format!("{before}{}", day.get(7..)?)).copied())
    };
    let mut columns = vec![column("ChargePeriodStart", ColumnKind::Text), column("EffectiveCost", ColumnKind::Money)];
    columns.extend(before.map(|_| column("MonthBefore", ColumnKind::Money)));
    let line = |day: &str, cost: i128| {
        let mut row = vec![Cell::Text(day.to_owned()), Cell::Money(cost)];
        row.extend(day_before(day).map(money));
        row
    };
    let mut note =
        "Effective cost of usage by UTC day. A reservation's unused part is on the day of its monthly fee.".to_owned();
    if let Some(before) = before {
        note.push_str(&format!(" Beside each day stands the same day of {before}, where there is one."));
    }
    let mut total = vec![Cell::Text("Total".to_owned()), Cell::Money(usage.values().sum())];
    let shown = usage.keys().filter_map(|day| day_before(day).flatten());
    total.extend(before.map(|_| Cell::Money(shown.sum())));
    Ok(Section {
        id: "costs_by_day",
        title: format!("Usage day by day, {last}"),
        note,
        rows: usage.iter().map(|(day, cost)| line(day, *cost)).collect(),
        total: Some(total),
        columns,
    })
}

/// Coverage by commitments and use of Savings Plans by day of the last month.
pub(super) fn commitments_by_day(ledger: &Ledger, last: &str) -> Section {
    let has_plans = by_commitment(ledger).iter().any(|one| one.period == last);
    let mut plans: BTreeMap<String, [i128; 2]> = BTreeMap::new();
    let mut rows = Vec::new();
    if has_plans {
        for ((day, _), sums) in plans_over_time(ledger, Step::Daily) {
            let [bought, used] = plans.entry(day).or_default();
            (*bought, *used) = (*bought + sums.bought, *used + sums.used);
        }
        for (day, one) in coverage_over_time(ledger, Step::Daily) {
            if parse_day(&day).is_none() || !day.starts_with(last) {
                continue;
            }
            let [bought, used] = plans.get(&day).copied().unwrap_or_default();
            let covered = one.savings_plans + one.reservations;
            let mut row = vec![Cell::Text(day), Cell::Money(one.eligible), Cell::Money(covered)];
            row.extend([share(covered, one.eligible), Cell::Money(bought), Cell::Money(used), share(used, bought)]);
            rows.push(row);
        }
    }
    Section {
        id: "commitments_by_day",
        title: format!("Commitments day by day, {last}"),
        note: "Coverage is what reservations and Savings Plans covered of what they could, at on-demand prices; utilization \
               is of Savings Plans alone, since of reservations a bill states what was unused for the month only."
            .to_owned(),
        columns: vec![
            column("ChargePeriodStart", ColumnKind::Text),
            column("Eligible", ColumnKind::Money),
            column("Covered", ColumnKind::Money),
            column("Coverage", ColumnKind::Ratio),
            column("PlansCommitted", ColumnKind::Money),
            column("PlansUsed", ColumnKind::Money),
            column("Utilization", ColumnKind::Ratio),
        ],
        rows,
        total: None,
    }
}

/// The recommendations that save most, and the rest as one row.
pub(super) fn recommendations(savings: &Recommendations) -> Section {
    let counted: Vec<_> = savings.rows.iter().filter(|row| row.grade.is_in_total()).collect();
    let (shown, rest) = counted.split_at(counted.len().min(SAVINGS_SHOWN));
    let mut rows: Vec<Vec<Cell>> = shown
        .iter()
        .map(|row| {
            let named = [row.resource_id.as_deref(), Some(&row.title), Some(&row.sub_account_id), Some(&row.region_id)];
            let mut cells: Vec<Cell> = named.into_iter().map(text).collect();
            cells.extend([text(Some(row.detector)), text(Some(row.grade.name())), Cell::Money(row.savings_monthly)]);
            cells
        })
        .collect();
    if !rest.is_empty() {
        let mut cells = vec![text(Some(OTHER_TEXT)), Cell::Text(format!("{} more recommendations", rest.len()))];
        cells.extend([Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing]);
        cells.push(Cell::Money(rest.iter().map(|row| row.savings_monthly).sum()));
        rows.push(cells);
    }
    let mut total = vec![Cell::Text("Total".to_owned())];
    total.extend([Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing]);
    total.push(Cell::Money(savings.savings_monthly));
    Section {
        id: "recommendations",
        title: "Recommendations that save most".to_owned(),
        note: "Each resource is counted once, and each row saves what it does by itself. Grades: bill-proven is a billed fact, strong means that the bill shows no sign \
               of use. The workbook and JSON have all of them."
            .to_owned(),
        columns: vec![
            column("ResourceId", ColumnKind::Text),
            column("Title", ColumnKind::Text),
            column("SubAccountId", ColumnKind::Text),
            column("RegionId", ColumnKind::Text),
            column("Detector", ColumnKind::Text),
            column("Grade", ColumnKind::Text),
            column("SavingsMonthly", ColumnKind::Money),
        ],
        rows,
        total: Some(total),
    }
}
