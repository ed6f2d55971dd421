//! What commitments are worth, as sections: each commitment, who bought and who benefited, coverage and savings.

use super::commitment_terms::{expiring_section, terms_section};
use super::{Cell, ColumnKind, Report, Section};
use crate::analyze::commitments::{
    Coverage, CoverageKey, Step, by_account, by_commitment, coverage_by, coverage_over_time, effective_savings,
    plans_over_time,
};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::tables::CommitmentCell;
use crate::reconcile::certificate::Certificate;
use crate::schema::money::ratio;

/// Makes the report on commitments of a ledger. Without figures when the certificate forbids them.
///
/// # Errors
/// [`Error::Currencies`] when the bill holds several currencies.
pub fn commitments(ledger: &Ledger, certificate: Certificate, step: Step) -> Result<Report> {
    let currencies = ledger.currencies();
    let currency = match &currencies[..] {
        [] => String::new(),
        [currency] => currency.clone(),
        _ => return Err(Error::Currencies { currencies: currencies.join(", ") }),
    };
    let sections = if certificate.figures_allowed() { sections(ledger, step) } else { Vec::new() };
    Ok(Report {
        title: "Commitments".to_owned(),
        periods: ledger.periods(),
        currency,
        sections,
        detail: None,
        savings: None,
        gates: Vec::new(),
        certificate,
    })
}

fn sections(ledger: &Ledger, step: Step) -> Vec<Section> {
    let mut sections = vec![
        each(ledger),
        terms_section(ledger),
        expiring_section(ledger),
        accounts(ledger),
        savings(ledger),
        over_time(ledger, step),
    ];
    if step != Step::Monthly {
        sections.push(plans(ledger, step));
    }
    sections.extend(CoverageKey::ALL.map(|by| {
        let rows = coverage_by(ledger, by).into_values().collect::<Vec<_>>();
        let (id, title) = match by {
            CoverageKey::Account => ("coverage_by_account", "Coverage by account"),
            CoverageKey::Family => ("coverage_by_family", "Coverage by instance family"),
            CoverageKey::Region => ("coverage_by_region", "Coverage by region"),
            CoverageKey::Service => ("coverage_by_service", "Coverage by service"),
        };
        coverage_section(id, title, by.name(), &rows)
    }));
    sections
}

pub(super) fn columns(columns: &[(&str, ColumnKind)]) -> Vec<(String, ColumnKind)> {
    columns.iter().map(|&(name, kind)| (name.to_owned(), kind)).collect()
}

fn share(part: i128, whole: i128) -> Cell {
    ratio(part, whole).map_or(Cell::Missing, Cell::Ratio)
}

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// What every table on what was bought and used has in common.
const USE_COLUMNS: [(&str, ColumnKind); 5] = [
    ("Committed", ColumnKind::Money),
    ("Used", ColumnKind::Money),
    ("Unused", ColumnKind::Money),
    ("Utilization", ColumnKind::Ratio),
    ("NetSaving", ColumnKind::Money),
];

fn use_cells(sums: &CommitmentCell) -> Vec<Cell> {
    vec![
        Cell::Money(sums.bought),
        Cell::Money(sums.used),
        Cell::Money(sums.unused),
        share(sums.used, sums.bought),
        Cell::Money(sums.covered_on_demand - sums.bought),
    ]
}

fn each(ledger: &Ledger) -> Section {
    let all = by_commitment(ledger);
    let mut total = CommitmentCell::default();
    let rows = all.iter().map(|one| {
        total.add(&one.sums);
        let mut row = vec![text(&one.period), text(&one.arn), text(one.kind)];
        row.extend(use_cells(&one.sums));
        row
    });
    let rows = rows.collect();
    let names =
        [("BillingPeriod", ColumnKind::Text), ("CommitmentDiscountId", ColumnKind::Text), ("Kind", ColumnKind::Text)];
    let mut sum = vec![text("Total"), Cell::Missing, Cell::Missing];
    sum.extend(use_cells(&total));
    Section {
        id: "commitments",
        title: "Each commitment".to_owned(),
        note:
            "Committed is recurring fees and the period's share of upfront fees. Net saving is the on-demand value of \
               what was covered, less what was committed."
                .to_owned(),
        columns: columns(&[&names[..], &USE_COLUMNS[..]].concat()),
        rows,
        total: Some(sum),
    }
}

fn accounts(ledger: &Ledger) -> Section {
    let all = by_account(ledger);
    let row = |period: &str, account: &str, bought: i128, benefited: i128, wasted: i128, saved: i128| {
        vec![
            text(period),
            text(account),
            Cell::Money(bought),
            Cell::Money(benefited),
            Cell::Money(wasted),
            Cell::Money(saved),
        ]
    };
    let rows = all.iter().map(|((period, account), one)| {
        row(period, account, one.bought, one.benefited, one.wasted, one.covered_on_demand - one.benefited)
    });
    let sum = |pick: fn(&crate::analyze::commitments::AccountShare) -> i128| all.values().map(pick).sum::<i128>();
    let mut total = row(
        "Total",
        "",
        sum(|one| one.bought),
        sum(|one| one.benefited),
        sum(|one| one.wasted),
        sum(|one| one.covered_on_demand - one.benefited),
    );
    total[1] = Cell::Missing;
    Section {
        id: "commitments_by_account",
        title: "Who bought, who benefited, who wasted".to_owned(),
        note:
            "Bought and wasted are under the account that owns the commitment, benefited and saved under the one that \
               used it: bought is benefited and wasted over all accounts."
                .to_owned(),
        columns: columns(&[
            ("BillingPeriod", ColumnKind::Text),
            ("SubAccountId", ColumnKind::Text),
            ("Bought", ColumnKind::Money),
            ("Benefited", ColumnKind::Money),
            ("Wasted", ColumnKind::Money),
            ("Saved", ColumnKind::Money),
        ]),
        rows: rows.collect(),
        total: Some(total),
    }
}

fn savings(ledger: &Ledger) -> Section {
    let rows = effective_savings(ledger).into_iter().map(|(period, one)| {
        vec![
            text(&period),
            Cell::Money(one.on_demand_equivalent),
            Cell::Money(one.on_demand),
            Cell::Money(one.used),
            Cell::Money(one.unused),
            one.rate().map_or(Cell::Missing, Cell::Ratio),
        ]
    });
    Section {
        id: "effective_savings",
        title: "Effective savings rate".to_owned(),
        note: "1 − (on demand + used + unused) ÷ what all eligible usage would have cost on demand.".to_owned(),
        columns: columns(&[
            ("BillingPeriod", ColumnKind::Text),
            ("OnDemandEquivalent", ColumnKind::Money),
            ("OnDemand", ColumnKind::Money),
            ("Used", ColumnKind::Money),
            ("Unused", ColumnKind::Money),
            ("EffectiveSavingsRate", ColumnKind::Ratio),
        ]),
        rows: rows.collect(),
        total: None,
    }
}

fn over_time(ledger: &Ledger, step: Step) -> Section {
    let rows = coverage_over_time(ledger, step).into_values().collect::<Vec<_>>();
    let name = if step == Step::Monthly { "BillingPeriod" } else { "ChargePeriodStart" };
    coverage_section("coverage", "Coverage", name, &rows)
}

fn coverage_section(id: &'static str, title: &str, key: &str, rows: &[Coverage]) -> Section {
    let cells = |label: &str, one: &Coverage| {
        vec![
            text(label),
            Cell::Money(one.eligible),
            Cell::Money(one.savings_plans),
            Cell::Money(one.reservations),
            one.ratio().map_or(Cell::Missing, Cell::Ratio),
        ]
    };
    let sum = |pick: fn(&Coverage) -> i128| rows.iter().map(pick).sum::<i128>();
    let total = Coverage {
        period: String::new(),
        eligible: sum(|one| one.eligible),
        savings_plans: sum(|one| one.savings_plans),
        reservations: sum(|one| one.reservations),
    };
    Section {
        id,
        title: title.to_owned(),
        note: "Usage that a reservation or Savings Plan could cover (no Spot, no data transfer), at on-demand prices."
            .to_owned(),
        columns: columns(&[
            (key, ColumnKind::Text),
            ("Eligible", ColumnKind::Money),
            ("SavingsPlans", ColumnKind::Money),
            ("Reservations", ColumnKind::Money),
            ("Coverage", ColumnKind::Ratio),
        ]),
        rows: rows.iter().map(|one| cells(&one.period, one)).collect(),
        total: Some(cells("Total", &total)),
    }
}

fn plans(ledger: &Ledger, step: Step) -> Section {
    let rows = plans_over_time(ledger, step).into_iter().map(|((when, arn), sums)| {
        let mut row = vec![text(&when), text(&arn)];
        row.extend(use_cells(&sums));
        row
    });
    let names = [("ChargePeriodStart", ColumnKind::Text), ("CommitmentDiscountId", ColumnKind::Text)];
    Section {
        id: "savings_plans_over_time",
        title: "Savings Plans over time".to_owned(),
        note: "Of reservations a bill states what was bought and unused for the month only.".to_owned(),
        columns: columns(&[&names[..], &USE_COLUMNS[..]].concat()),
        rows: rows.collect(),
        total: None,
    }
}
