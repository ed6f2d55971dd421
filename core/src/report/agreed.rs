//! What a team has agreed on and what came of it, as sections: gates, earlier advice, exceptions.

use super::commitments::columns;
use super::gates::GateResult;
use super::recommendations::Recommendations;
use super::sections::text;
use super::{Cell, ColumnKind, Section};
use crate::report::config::ExceptionUse;
use crate::report::continuity::Followed;

/// Gates of the last month, those that failed first.
pub(super) fn gates(results: &[GateResult]) -> Section {
    let mut results: Vec<&GateResult> = results.iter().collect();
    results.sort_by_key(|one| !one.failed);
    let row = |one: &&GateResult| {
        vec![
            Cell::Text(one.gate.clone()),
            Cell::Text(if one.failed { "failed" } else { "passed" }.to_owned()),
            Cell::Text(one.detail.clone()),
            one.figure.clone().unwrap_or(Cell::Missing),
        ]
    };
    Section {
        id: "gates",
        title: "Gates".to_owned(),
        note: "A gate fails when its condition holds for the last month, or when its figure is not known.".to_owned(),
        columns: columns(&[
            ("Gate", ColumnKind::Text),
            ("Result", ColumnKind::Text),
            ("Detail", ColumnKind::Text),
            ("Figure", ColumnKind::Figure),
        ]),
        rows: results.iter().map(row).collect(),
        total: None,
    }
}

/// What became of the advice of earlier months.
pub(super) fn earlier_advice(savings: &Recommendations) -> Section {
    let row = |one: &Followed| {
        let row = &one.row;
        let mut cells: Vec<Cell> =
            [row.resource_id.as_deref(), Some(&row.title), Some(&row.sub_account_id)].into_iter().map(text).collect();
        cells.extend([row.detector, one.status(), &one.month].map(|word| Cell::Text(word.to_owned())));
        cells.extend([row.savings_monthly, one.realized_monthly, one.realized].map(Cell::Money));
        cells
    };
    let followed = &savings.followed;
    let sum = |pick: fn(&Followed) -> i128| Cell::Money(followed.iter().map(pick).sum());
    let mut total = vec![Cell::Text("Total".to_owned())];
    total.extend(vec![Cell::Missing; 5]);
    total.extend([sum(|one| one.row.savings_monthly), sum(|one| one.realized_monthly), sum(|one| one.realized)]);
    Section {
        id: "earlier_advice",
        title: "What became of earlier advice".to_owned(),
        note: "Promised is what the month of the advice said that a month would save; realized is what the months since show, a \
               month and in all."
            .to_owned(),
        columns: columns(&[
            ("ResourceId", ColumnKind::Text),
            ("Title", ColumnKind::Text),
            ("SubAccountId", ColumnKind::Text),
            ("Detector", ColumnKind::Text),
            ("Status", ColumnKind::Text),
            ("Advised", ColumnKind::Text),
            ("PromisedMonthly", ColumnKind::Money),
            ("RealizedMonthly", ColumnKind::Money),
            ("Realized", ColumnKind::Money),
        ]),
        rows: followed.iter().map(row).collect(),
        total: Some(total),
    }
}

/// What is kept from being proposed, and which exceptions do that no more.
pub(super) fn exceptions(savings: &Recommendations) -> Section {
    let row = |one: &ExceptionUse| {
        let named = [&one.reason, one.owner.as_ref().unwrap_or(&String::new()), &one.until].map(Clone::clone);
        let mut cells = vec![Cell::Count(one.line as u64)];
        cells.extend(named.map(|name| if name.is_empty() { Cell::Missing } else { Cell::Text(name) }));
        cells.extend([Cell::Text(one.state.name().to_owned()), Cell::Count(one.rows as u64)]);
        cells
    };
    Section {
        id: "exceptions",
        title: format!("Exceptions of {}", savings.config_name),
        note: "An active one keeps its recommendations out of every sum until its last day. After that they are proposed again: \
               decide anew, or take the exception out."
            .to_owned(),
        columns: columns(&[
            ("Line", ColumnKind::Number),
            ("Reason", ColumnKind::Text),
            ("Owner", ColumnKind::Text),
            ("Until", ColumnKind::Text),
            ("State", ColumnKind::Text),
            ("Recommendations", ColumnKind::Number),
        ]),
        rows: savings.exceptions.iter().map(row).collect(),
        total: None,
    }
}
