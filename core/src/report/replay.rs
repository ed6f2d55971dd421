//! What the replay of a bill's commitments found, as sections.

use super::commitments::{columns, text};
use super::{Cell, ColumnKind, Section};
use crate::replay::bill::Comparison;

/// Units of 1e-18 in one of 1e-15.
const PER_QUANTITY: i128 = 1_000;

/// The hours in which a bill and the replay of its commitments differ: Savings Plans, then reservations.
pub fn replay_sections(compared: &Comparison) -> [Section; 2] {
    [plans(compared), reservations(compared)]
}

fn plans(found: &Comparison) -> Section {
    let compared = &found.plans;
    let rows = compared
        .differences
        .iter()
        .map(|one| vec![hour(one.hour), text(&one.plans), Cell::Money(one.billed), Cell::Money(one.replayed)]);
    Section {
        id: "replay",
        title: "Replay of Savings Plans".to_owned(),
        note: format!(
            "{} hours were replayed by the documented order and {} totals compared: the used commitment of {} differs, the \
             covered quantity of {}.{}{}",
            compared.hours,
            compared.compared,
            compared.differences.len(),
            compared.quantities_differing,
            without_fee(found.without_fee.0),
            apart(found)
        ),
        columns: differing("Plans", ColumnKind::Money),
        rows: rows.collect(),
        total: None,
    }
}

fn reservations(found: &Comparison) -> Section {
    let compared = &found.reservations;
    let units = |units: i128| Cell::Quantity(units / PER_QUANTITY);
    let rows = compared
        .differences
        .iter()
        .map(|one| vec![hour(one.hour), text(&one.pool), units(one.billed), units(one.replayed)]);
    let left_out = compared.left_out.iter().map(|(arn, reason)| format!(" Not replayed: {arn}, {reason}."));
    Section {
        id: "replay_reservations",
        title: "Replay of reservations".to_owned(),
        note: format!(
            "{} hours were replayed and the covered units of pools compared in {}: {} differ.{}{}{}",
            compared.hours,
            compared.compared,
            compared.differences.len(),
            left_out.collect::<String>(),
            without_fee(found.without_fee.1),
            apart(found)
        ),
        columns: differing("Pool", ColumnKind::Number),
        rows: rows.collect(),
        total: None,
    }
}

/// Covered usage of which the bill does not say what covers it.
fn without_fee(line_items: usize) -> String {
    match line_items {
        0 => String::new(),
        count => format!(" Not replayed: {count} covered line items, of which the bill has no commitment's fee."),
    }
}

/// Accounts that were taken to share nothing.
fn apart(found: &Comparison) -> String {
    let accounts: Vec<&str> = found.apart.iter().map(String::as_str).collect();
    match accounts[..] {
        [] => String::new(),
        [one] => format!(" Account {one} takes no part in sharing."),
        _ => format!(" Accounts {} take no part in sharing.", accounts.join(", ")),
    }
}

fn differing(what: &str, kind: ColumnKind) -> Vec<(String, ColumnKind)> {
    columns(&[("ChargePeriodStart", ColumnKind::Text), (what, ColumnKind::Text), ("Billed", kind), ("Replayed", kind)])
}

fn hour(start: i64) -> Cell {
    let time = chrono::DateTime::from_timestamp(start, 0);
    Cell::Text(time.map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:00:00Z").to_string()))
}
