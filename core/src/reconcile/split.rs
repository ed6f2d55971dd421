//! R15: what is split among pods and tasks is what the instance cost, hour by hour.

use std::cmp::Reverse;

use super::certificate::{Check, Severity, Verdict};
use super::{Bills, not_run, shown, verdict_of};
use crate::ledger::Ledger;
use crate::ledger::gather::SECONDS_PER_HOUR;
use crate::ledger::split_costs::SplitHour;
use crate::schema::charges::Text;
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::money_text;

const ID: &str = "R15";
const TITLE: &str = "split cost closes on its parents";
/// 1e-6 of the currency in units of 1e-12: AWS prints ten decimals of each share.
const TOLERANCE: u128 = 1_000_000;

/// R15: per parent and hour, what is split and what is unused add up to the parent's amortized cost, and after
/// discounts to its effective cost. Split-cost rows themselves belong to no total.
pub(super) fn split_costs(ledger: &Ledger, bills: &Bills) -> Check {
    let rows: u64 = ledger.audit.iter().filter(|(key, _)| key.bill == u32::MAX).map(|(_, cell)| cell.rows).sum();
    if rows == 0 {
        let why = "the bill has no split-cost rows: switch on split cost allocation data to have costs by pod and task";
        return not_run(ID, TITLE, Severity::Warning, why);
    }
    let table = &ledger.split_costs;
    let named: u64 = table.parents.iter().map(|(_, rows)| rows).sum();
    if named == 0 {
        let why = format!(
            "{rows} split-cost rows do not name what they split: split_line_item_parent_resource_id is missing; add it \
             to the export's query"
        );
        return not_run(ID, TITLE, Severity::Warning, &why);
    }
    let (mut hours, mut open) = (0_u64, Vec::new());
    for ((parent, hour), cell) in table.hours.iter().filter(|(_, cell)| cell.rows > 0) {
        hours += 1;
        let off = cell.amortized.unsigned_abs().max(cell.effective.unsigned_abs());
        if off > TOLERANCE {
            let (bill, resource) = table.parents.key(parent);
            let resource = ledger.names.get(Text::ResourceId, resource).unwrap_or(NONE_TEXT);
            open.push((Reverse(off), sentence(bills, bill, resource, hour, cell)));
        }
    }
    open.sort();
    let mut findings: Vec<String> = open.into_iter().map(|(_, sentence)| sentence).collect();
    let closing = match findings.len() {
        0 => "each to what the instance cost, amortized and after discounts".to_owned(),
        open => format!("{open} of them not to what the instance cost"),
    };
    if rows > named {
        findings.push(format!("{} split-cost rows do not name what they split", rows - named));
    }
    Check {
        id: ID.into(),
        title: TITLE.into(),
        severity: Severity::Warning,
        verdict: verdict_of(&findings, Verdict::Warn),
        detail: format!(
            "{rows} rows split {hours} hours of {} instances, {closing}; they belong to no total",
            table.parents.iter().filter(|(_, rows)| **rows > 0).count()
        ),
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}

/// What is wrong with an hour of an instance.
fn sentence(bills: &Bills, bill: u32, resource: &str, hour: i32, cell: &SplitHour) -> String {
    let bill = bills.at(bill);
    let time = chrono::DateTime::from_timestamp(bill.cell.start + i64::from(hour) * SECONDS_PER_HOUR, 0);
    let time = time.map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M").to_string());
    let (open, cost) = match cell.amortized.unsigned_abs() > TOLERANCE {
        true => (cell.amortized, "amortized cost"),
        false => (cell.effective, "effective cost"),
    };
    let less = if open > 0 { "less" } else { "more" };
    let off = money_text(open.abs());
    format!("{resource} at {time}: split and unused are {off} {} {less} than its {cost}", bill.currency)
}
