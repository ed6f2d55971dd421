//! R11: which months are final, and what changed in them since they were read before.

use std::collections::BTreeMap;

use super::certificate::{Check, PeriodStatus, Severity, Verdict};
use super::{Bills, shown};
use crate::ledger::store::{Change, History, changes};
use crate::schema::money::money_text;
use crate::schema::values::day_text;

/// R11: which months are final, and how they differ from what was read from the same place before.
pub(super) fn status(bills: &Bills, history: &History) -> Check {
    let mut changed: Vec<Change> =
        history.reread.iter().flat_map(|reread| changes(&reread.earlier.sums, &reread.sums)).collect();
    changed.sort_by(|a, b| a.bill.cmp(&b.bill));
    let open = not_final(bills);
    let all = bills.all.len();
    let standing = match open.len() {
        0 => format!("{all} payer-periods, all final"),
        count => format!("{count} of {all} payer-periods may still change; unused commitment in them is provisional"),
    };
    let restated = changed.iter().any(|change| change.was_invoiced);
    Check {
        id: "R11".into(),
        title: "status of the months".into(),
        severity: if restated { Severity::Warning } else { Severity::Info },
        verdict: match (all, restated) {
            (0, _) => Verdict::NotRun,
            (_, true) => Verdict::Warn,
            (_, false) => Verdict::Pass,
        },
        detail: format!("{standing}; {}", since(history, &changed)),
        figure: Some(open.len().to_string()),
        findings: shown(changed.iter().flat_map(findings).chain(open).collect()),
    }
}

fn not_final(bills: &Bills) -> Vec<String> {
    let open = bills.all.iter().filter(|bill| !bill.is_final());
    let say = open.map(|bill| match bill.status {
        PeriodStatus::NotStated => format!("{}: the bill has no invoice ids", bill.name()),
        PeriodStatus::PartlyInvoiced => {
            format!("{}: {} of {} rows carry an invoice id", bill.name(), bill.cell.invoiced_rows, bill.cell.rows)
        }
        _ if bill.is_invoiced() => format!(
            "{}: every row carries an invoice id, and usage ends on {}, before the period does",
            bill.name(),
            bill.last_usage_day().map_or_else(|| "no day".to_owned(), day_text)
        ),
        _ => format!("{}: no row carries an invoice id", bill.name()),
    });
    say.collect()
}

/// What is known of earlier readings, in a few words.
fn since(history: &History, changed: &[Change]) -> String {
    match (history.is_kept, history.reread.len(), changed) {
        (false, ..) => "no store is used, so changes since an earlier reading are not shown".to_owned(),
        (true, 0, _) => "the store has no earlier delivery to compare with".to_owned(),
        (true, count, []) => {
            format!("{count} deliveries were written again since they were read before, with the same sums")
        }
        (true, _, changed) => {
            let (cash, currency) = (changed.iter().map(difference).sum(), &changed[0].bill.currency);
            let invoiced = changed.iter().filter(|change| change.was_invoiced).count();
            let mut text = format!("{} differ from the delivery that was read before", changed.len());
            if changed.iter().all(|change| change.bill.currency == *currency) {
                text.push_str(&format!(", by {} {currency}", signed(cash)));
            }
            if invoiced > 0 {
                text.push_str(&format!("; {invoiced} of them were invoiced throughout"));
            }
            text
        }
    }
}

fn difference(change: &Change) -> i128 {
    change.cash.iter().map(|(_, _, then, now)| now - then).sum()
}

fn signed(amount: i128) -> String {
    if amount > 0 { format!("+{}", money_text(amount)) } else { money_text(amount) }
}

/// The change of a month as a whole, by type of charge, and by type and account; the largest first.
fn findings(change: &Change) -> Vec<String> {
    let bill = &change.bill;
    let name = format!("{} {}", bill.payer, bill.period);
    let rows = if change.rows > 0 { format!("+{}", change.rows) } else { change.rows.to_string() };
    let whole = signed(difference(change));
    let mut all = vec![format!("{name}: {whole} {} and {rows} rows since it was read before", bill.currency)];
    let mut by_charge: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
    for (_, charge, then, now) in &change.cash {
        let sum = by_charge.entry(charge).or_default();
        *sum = (sum.0 + then, sum.1 + now);
    }
    let by_charge = by_charge.into_iter().map(|(charge, (then, now))| (charge.to_owned(), then, now)).collect();
    let by_account =
        change.cash.iter().map(|(account, charge, then, now)| (format!("{charge} of {account}"), *then, *now));
    for (what, then, now) in [largest_first(by_charge), largest_first(by_account.collect())].concat() {
        let (change, then, now) = (signed(now - then), money_text(then), money_text(now));
        all.push(format!("{name}: {what}: {change} ({then} before, {now} now)"));
    }
    all
}

fn largest_first(mut changes: Vec<(String, i128, i128)>) -> Vec<(String, i128, i128)> {
    changes.sort_by(|a, b| ((b.2 - b.1).abs(), &a.0).cmp(&((a.2 - a.1).abs(), &b.0)));
    changes
}
