//! Checks of what the money columns mean: R6, R7, R7b, R8 and R9.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::certificate::{Check, Severity, Verdict};
use super::{Bills, shown};
use crate::ledger::Ledger;
use crate::ledger::tables::{CommitmentCell, MASK_WORDS, or_mask};
use crate::schema::charges::Text;
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::{MONEY_SCALE, QUANTITY_SCALE, display_cents, money_text, to_text};
use crate::schema::names::NONE;
use crate::schema::values::day_text;

/// One cent, and 1e-9 for each row, in units of 1e-12: what rounding at AWS may leave.
fn tolerance(rows: u64) -> i128 {
    10_i128.pow(MONEY_SCALE - 2) + i128::from(rows) * 1_000
}

/// A finding fails a final month and warns of an open one.
fn worst(findings: &[(bool, String)]) -> Verdict {
    match findings.iter().map(|(is_final, _)| *is_final).max() {
        None => Verdict::Pass,
        Some(true) => Verdict::Fail,
        Some(false) => Verdict::Warn,
    }
}

fn texts(findings: Vec<(bool, String)>) -> Vec<String> {
    shown(findings.into_iter().map(|(_, text)| text).collect())
}

/// R6: covered usage and its negation are zero in each of AWS's own groups, day by day.
pub(super) fn negation(ledger: &Ledger, bills: &Bills) -> Check {
    let mut open = Vec::new();
    let mut residual = 0_i128;
    for (key, cell) in ledger.negation.iter() {
        let difference = cell.covered + cell.negated;
        residual += difference;
        let allowed = 1_000_000 + i128::from(cell.rows) * 1_000;
        if difference.abs() > allowed {
            let text = |text, id| ledger.names.get(text, id).unwrap_or(NONE_TEXT);
            open.push((
                std::cmp::Reverse(difference.abs()),
                bills.at(key.bill).is_final(),
                format!(
                    "{} {} {} {} on {}: covered {} and negated {} leave {}",
                    text(Text::CommitmentDiscountId, key.arn),
                    text(Text::Operation, key.operation),
                    text(Text::UsageType, key.usage_type),
                    text(Text::AvailabilityZone, key.zone),
                    day_text(key.day),
                    money_text(cell.covered),
                    money_text(cell.negated),
                    money_text(difference)
                ),
            ));
        }
    }
    open.sort();
    let findings: Vec<(bool, String)> = open.into_iter().map(|(_, is_final, text)| (is_final, text)).collect();
    let groups = ledger.negation.len();
    Check {
        id: "R6".into(),
        title: "covered usage and its negation cancel".into(),
        severity: Severity::Warning,
        verdict: if groups == 0 { Verdict::NotRun } else { worst(&findings) },
        detail: match (groups, findings.len()) {
            (0, _) => "no Savings Plan covers usage in this bill".to_owned(),
            (groups, 0) => format!("{groups} groups (plan, operation, usage type, zone, day), each is 0"),
            (groups, bad) => {
                format!("{bad} of {groups} groups do not cancel: a negation or covered row is missing or doubled")
            }
        },
        figure: Some(money_text(residual)),
        findings: texts(findings),
    }
}

/// R7: cash is amortized cost, less upfront shares, plus upfront fees, plus refunds of plans: for each payer,
/// month and commitment.
pub(super) fn identity(ledger: &Ledger, bills: &Bills) -> Check {
    let mut findings = Vec::new();
    let mut total = 0_i128;
    let mut months: BTreeMap<u32, (i128, u64)> = BTreeMap::new();
    for ((bill, arn), cell) in ledger.identity.iter().filter(|(key, _)| !ledger.is_focus(key.0)) {
        let difference = cell.difference();
        total += difference;
        let month = months.entry(*bill).or_default();
        *month = (month.0 + difference, month.1 + cell.rows);
        if difference.abs() > tolerance(cell.rows) {
            let arn = ledger.names.get(Text::CommitmentDiscountId, *arn).unwrap_or("charges without a commitment");
            findings.push((
                bills.at(*bill).is_final(),
                format!("{}: {arn}: off by {}", bills.at(*bill).name(), money_text(difference)),
            ));
        }
    }
    for (bill, (difference, rows)) in months {
        if difference.abs() > tolerance(rows) {
            findings.push((
                bills.at(bill).is_final(),
                format!("{}: off by {} in all", bills.at(bill).name(), money_text(difference)),
            ));
        }
    }
    findings.sort_by(|a, b| a.1.cmp(&b.1));
    let groups = ledger.identity.iter().filter(|(key, _)| !ledger.is_focus(key.0)).count();
    Check {
        id: "R7".into(),
        title: "cash and amortized cost tie".into(),
        severity: Severity::Warning,
        verdict: if groups == 0 { Verdict::NotRun } else { worst(&findings) },
        detail: match (groups, findings.len()) {
            (0, _) => "no rows".to_owned(),
            (groups, 0) => format!(
                "unblended = amortized − upfront shares + upfront fees + plan refunds, in {groups} payer-month-commitments"
            ),
            (_, bad) => format!("{bad} do not tie: a fee or covered row is missing, doubled or changed"),
        },
        figure: Some(money_text(total)),
        findings: texts(findings),
    }
}

/// R7b: what was used and what went unused is what was committed.
pub(super) fn used_and_unused(ledger: &Ledger, bills: &Bills) -> Check {
    let mut sums: BTreeMap<(u32, u32), (CommitmentCell, u64)> = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter().filter(|(key, _)| !ledger.is_focus(key.bill)) {
        let entry = sums.entry((key.bill, key.arn)).or_default();
        entry.0.add(cell);
        entry.1 += 1;
    }
    let count = sums.len();
    let mut findings = Vec::new();
    let mut total = 0_i128;
    for ((bill, arn), (sum, cells)) in sums {
        let difference = sum.used + sum.unused - sum.bought;
        total += difference;
        if difference.abs() > tolerance(cells) {
            let arn = ledger.names.get(Text::CommitmentDiscountId, arn).unwrap_or(NONE_TEXT);
            let why = if sum.bought == 0 { " (its fee rows are not in this bill)" } else { "" };
            findings.push((
                bills.at(bill).is_final(),
                format!(
                    "{}: {arn}: used {} + unused {} is not committed {}{why}",
                    bills.at(bill).name(),
                    display_cents(sum.used),
                    display_cents(sum.unused),
                    display_cents(sum.bought)
                ),
            ));
        }
    }
    findings.sort_by(|a, b| a.1.cmp(&b.1));
    Check {
        id: "R7b".into(),
        title: "used and unused are what was committed".into(),
        severity: Severity::Warning,
        verdict: if count == 0 { Verdict::NotRun } else { worst(&findings) },
        detail: match (count, findings.len()) {
            (0, _) => "no commitments in this bill".to_owned(),
            (count, 0) => format!("{count} commitment-months"),
            (count, bad) => format!("{bad} of {count} commitment-months do not add up"),
        },
        figure: Some(money_text(total)),
        findings: texts(findings),
    }
}

/// R8: usage is counted once: no instance is billed for more than an hour in an hour.
pub(super) fn usage_once(ledger: &Ledger) -> Check {
    let mut instances: HashMap<(u32, u32), (i128, [u64; MASK_WORDS])> = HashMap::new();
    let boxes: Vec<bool> = ledger
        .products
        .iter()
        .map(|(key, _)| {
            let usage_type = ledger.names.get(Text::UsageType, key.usage_type).unwrap_or_default();
            usage_type.contains("BoxUsage") || usage_type.contains("SpotUsage")
        })
        .collect();
    for (key, cell) in ledger.resources.iter().filter(|(key, _)| key.resource != NONE && boxes[key.product as usize]) {
        let entry = instances.entry((key.bill, key.resource)).or_default();
        entry.0 += cell.sums.quantity;
        or_mask(&mut entry.1, &cell.hours);
    }
    let hour = 10_i128.pow(QUANTITY_SCALE);
    let mut findings: Vec<String> = instances
        .iter()
        .filter_map(|((bill, resource), (quantity, mask))| {
            let hours: u32 = mask.iter().map(|word| word.count_ones()).sum();
            // AWS prints ten decimals of an hour; the sum of many may be off in the last of them.
            (*quantity > i128::from(hours) * hour + hour / 1_000_000).then(|| {
                let resource = ledger.names.get(Text::ResourceId, *resource).unwrap_or(NONE_TEXT);
                let period = ledger.period(ledger.bills.key(*bill).period);
                format!(
                    "{period}: {resource}: {} instance-hours in {hours} hours",
                    to_text(*quantity, QUANTITY_SCALE, 0)
                )
            })
        })
        .collect();
    findings.sort();
    let count = instances.len();
    Check {
        id: "R8".into(),
        title: "usage is counted once".into(),
        severity: Severity::Warning,
        verdict: match (count, findings.is_empty()) {
            (0, _) => Verdict::NotRun,
            (_, true) => Verdict::Pass,
            (_, false) => Verdict::Warn,
        },
        detail: match (count, findings.len()) {
            (0, _) if ledger.is_all_focus() => "no instances with resource ids and usage types".to_owned(),
            (0, _) => "no instances with resource ids".to_owned(),
            (count, 0) => format!("{count} instance-months, none with more than an hour of use in an hour"),
            (count, bad) => {
                format!("{bad} of {count} instance-months have more hours of use than hours: rows may be doubled")
            }
        },
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}

/// R9: net cost is gross cost and discounts, which are rows of their own or a column, never both.
pub(super) fn net_is_gross_and_discounts(bills: &Bills) -> Check {
    let mut findings = Vec::new();
    let mut checked = 0;
    let mut notes = Vec::new();
    let mut figure = 0_i128;
    for bill in bills.all.iter().filter(|bill| bill.cell.net_rows > 0) {
        checked += 1;
        let cell = &bill.cell;
        let allowed = i128::from(cell.rows) * 1_000_000;
        // Discount rows are in the net of what they discount, so their own net must be nothing: all net is all cash.
        let (way, difference) = if cell.gross.1 == 0 {
            ("a column", cell.net.0 - cell.gross.0 - cell.discount)
        } else {
            ("rows", cell.net.0 + cell.net.1 - cell.gross.0 - cell.gross.1)
        };
        figure += difference;
        notes.push(format!("{}: discounts as {way}", bill.name()));
        if difference.abs() > allowed {
            findings.push(format!(
                "{}: net {} is not gross {} and discounts: off by {}",
                bill.name(),
                display_cents(cell.net.0 + cell.net.1),
                display_cents(cell.gross.0),
                money_text(difference)
            ));
        }
    }
    Check {
        id: "R9".into(),
        title: "net is gross and discounts".into(),
        severity: Severity::Warning,
        verdict: match (checked, findings.is_empty()) {
            (0, _) => Verdict::NotRun,
            (_, true) => Verdict::Pass,
            (_, false) => Verdict::Warn,
        },
        detail: match checked {
            0 => "no month of this bill has net columns, so net is gross".to_owned(),
            _ => notes.join("; "),
        },
        figure: (checked > 0).then(|| money_text(figure)),
        findings: shown(findings),
    }
}
