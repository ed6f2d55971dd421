//! The terms of commitments, and those that end soon, as sections.

use super::commitments::{columns, text};
use super::{Cell, ColumnKind, Section};
use crate::analyze::terms::{CommitmentTerms, EXPIRING_DAYS, Expiry, expiring, terms};
use crate::ledger::Ledger;

/// What was bought, by whom, for how long, and how it is paid.
pub(super) fn terms_section(ledger: &Ledger) -> Section {
    let row = |one: CommitmentTerms| {
        vec![
            text(&one.arn),
            text(&one.scope.words()),
            text(&one.owner),
            one.term_years.map_or(Cell::Missing, |years| text(&format!("{years} yr"))),
            one.payment.map_or(Cell::Missing, |payment| text(payment.name())),
            one.starts.map_or(Cell::Missing, instant),
            one.ends.map_or(Cell::Missing, instant),
            one.hourly.map_or(Cell::Missing, Cell::Money),
        ]
    };
    Section {
        id: "commitment_terms",
        title: "Terms".to_owned(),
        note: "Hourly is what a commitment costs for an hour, upfront fees spread over the term. A bill in FOCUS states no \
               terms."
            .to_owned(),
        columns: columns(&[
            ("CommitmentDiscountId", ColumnKind::Text),
            ("Commitment", ColumnKind::Text),
            ("Owner", ColumnKind::Text),
            ("Term", ColumnKind::Text),
            ("Payment", ColumnKind::Text),
            ("Start", ColumnKind::Text),
            ("End", ColumnKind::Text),
            ("Hourly", ColumnKind::Money),
        ]),
        rows: terms(ledger).into_values().map(row).collect(),
        total: None,
    }
}

/// What ends within 30, 60 and 90 days of the last hour of usage, and what it costs on demand afterwards.
pub(super) fn expiring_section(ledger: &Ledger) -> Section {
    expiring_rows(&expiring(ledger))
}

/// The same of commitments that are known to end.
pub(super) fn expiring_rows(all: &[Expiry]) -> Section {
    let within = |days: i64| EXPIRING_DAYS.into_iter().find(|&within| days < within).unwrap_or(EXPIRING_DAYS[2]);
    let amounts = |on_demand: i128, cost: i128| [on_demand, cost, on_demand - cost].map(Cell::Money);
    let row = |one: &Expiry| {
        let mut row = vec![
            text(&one.terms.arn),
            text(&one.terms.scope.words()),
            text(&one.terms.owner),
            one.terms.ends.map_or(Cell::Missing, instant),
            Cell::Count(one.days.unsigned_abs()),
            text(&format!("{} days", within(one.days))),
        ];
        row.extend(amounts(one.on_demand_monthly, one.cost_monthly));
        row
    };
    let sum = |pick: fn(&Expiry) -> i128| all.iter().map(pick).sum::<i128>();
    let mut total = vec![text("Total"), Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing];
    total.extend(amounts(sum(|one| one.on_demand_monthly), sum(|one| one.cost_monthly)));
    Section {
        id: "expiring",
        title: "Ending within 90 days".to_owned(),
        note:
            "A month of 730 hours. Usage that a commitment covered in the last 30 days will be on demand, its own cost \
               ends; what other commitments would take over of it is not counted."
                .to_owned(),
        columns: columns(&[
            ("CommitmentDiscountId", ColumnKind::Text),
            ("Commitment", ColumnKind::Text),
            ("Owner", ColumnKind::Text),
            ("End", ColumnKind::Text),
            ("Days", ColumnKind::Number),
            ("Within", ColumnKind::Text),
            ("OnDemandMonthly", ColumnKind::Money),
            ("EndsMonthly", ColumnKind::Money),
            ("Increase", ColumnKind::Money),
        ]),
        rows: all.iter().map(row).collect(),
        total: Some(total),
    }
}

fn instant(seconds: i64) -> Cell {
    chrono::DateTime::from_timestamp(seconds, 0)
        .map_or(Cell::Missing, |time| text(&time.format("%Y-%m-%dT%H:%M:%SZ").to_string()))
}
