//! Checks that sums are conserved: R5, R13, R16 and R17.

use std::collections::{BTreeMap, BTreeSet};

use super::certificate::{Check, Severity, Verdict};
use super::shown;
use crate::analyze::costs::from_ledger;
use crate::analyze::request::Costs;
use crate::ledger::Ledger;
use crate::ledger::tables::Costs as CostSums;
use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::money_text;
use crate::schema::names::NONE;
use crate::schema::values::LineItemType;

/// Sums of every metric.
type Totals = [i128; METRICS];

fn totals<'a>(cells: impl Iterator<Item = &'a CostSums>) -> Totals {
    let mut sums = [0; METRICS];
    for cell in cells {
        for (sum, cost) in sums.iter_mut().zip(cell.sums()) {
            *sum += cost;
        }
    }
    sums
}

/// R5: the tables, which are filled apart, hold the same grand totals; types that are not known are named.
pub(super) fn conservation(ledger: &Ledger) -> Check {
    let daily = totals(ledger.daily.iter().map(|(_, cell)| &cell.costs));
    let others = [
        ("resources", totals(ledger.resources.iter().map(|(_, cell)| &cell.sums.costs))),
        ("allocation", totals(ledger.allocation.iter().filter(|(key, _)| key.group.key == NONE).map(|(_, cell)| cell))),
    ];
    let mut findings = Vec::new();
    for (table, sums) in &others {
        for &metric in Metric::ALL {
            let (a, b) = (daily[metric as usize], sums[metric as usize]);
            if a != b {
                findings.push(format!(
                    "{} is {} in daily and {} in {table}",
                    metric.name(),
                    money_text(a),
                    money_text(b)
                ));
            }
        }
    }
    let cash = daily[Metric::UnblendedCost as usize];
    let whole = ledger.audit.iter().filter(|(key, _)| key.bill != u32::MAX);
    let audited: i128 = whole.map(|(_, cell)| cell.unblended).sum();
    let identity: i128 = ledger.identity.iter().map(|(_, cell)| cell.unblended).sum();
    for (table, sum) in [("audit (files, invoices, types)", audited), ("identity (commitments)", identity)] {
        if sum != cash {
            findings.push(format!(
                "{} is {} in daily and {} in {table}",
                Metric::UnblendedCost.name(),
                money_text(cash),
                money_text(sum)
            ));
        }
    }
    let broken = !findings.is_empty();
    let unknown = unknown_types(ledger);
    let mut unreadable = unreadable(ledger);
    unreadable.extend(other_providers(ledger));
    let counted = ledger.daily.iter().map(|(_, cell)| u64::from(cell.costs.rows)).sum::<u64>();
    findings.extend(unknown.iter().chain(&unreadable).cloned());
    let verdict = match (counted, broken, unknown.is_empty() && unreadable.is_empty()) {
        (0, ..) => Verdict::NotRun,
        (_, true, _) => Verdict::Fail,
        (_, false, false) => Verdict::Warn,
        (_, false, true) => Verdict::Pass,
    };
    let detail = match verdict {
        Verdict::NotRun => "no rows".to_owned(),
        Verdict::Fail => "two ways of adding up the same rows differ".to_owned(),
        Verdict::Warn if unknown.is_empty() => format!("sums agree; {}", set_aside(ledger)),
        Verdict::Warn => {
            "sums agree; some kinds of charges are not known: they are counted under their own name, amortized as cash"
                .to_owned()
        }
        Verdict::Pass => format!(
            "day × product, resource, tag, file × invoice × type and commitment each add up to the same {} in {} rows{}",
            money_text(cash),
            counted,
            lossy(ledger)
        ),
    };
    Check {
        id: "R5".into(),
        title: "every row is in exactly one group".into(),
        severity: Severity::Error,
        verdict,
        detail,
        figure: Some(money_text(daily[Metric::UnblendedCost as usize] - audited)),
        findings: shown(findings),
    }
}

fn lossy(ledger: &Ledger) -> String {
    match ledger.lossy_amounts {
        0 => String::new(),
        count => format!("; {count} amounts had more than 12 decimals and were rounded, each by at most 5e-13"),
    }
}

/// What was read and is in no sum.
fn set_aside(ledger: &Ledger) -> String {
    let mut parts = Vec::new();
    if !ledger.foreign.is_empty() {
        let rows: u64 = ledger.foreign.values().map(|cell| cell.rows).sum();
        parts.push(format!("{rows} rows of other providers than AWS are in no sum"));
    }
    if !ledger.unreadable.is_empty() {
        parts.push("some prices or counts, on which no total rests, are no numbers: taken as not stated".to_owned());
    }
    parts.join("; ")
}

/// Rows of other providers, by provider and currency.
fn other_providers(ledger: &Ledger) -> Vec<String> {
    let mut sums: BTreeMap<(&str, &str), (u64, i128)> = BTreeMap::new();
    for ((_, provider, currency), cell) in &ledger.foreign {
        let sum = sums.entry((provider, currency)).or_default();
        *sum = (sum.0 + cell.rows, sum.1 + cell.billed);
    }
    let named = sums.into_iter().map(|((provider, currency), (rows, billed))| {
        format!("{provider}: {rows} rows, {} {currency} billed, in no sum", money_text(billed))
    });
    named.collect()
}

fn unreadable(ledger: &Ledger) -> Vec<String> {
    let columns = ledger.unreadable.iter();
    columns.map(|(column, found)| format!("{column}: {} rows hold text like `{}`", found.rows, found.text)).collect()
}

fn unknown_types(ledger: &Ledger) -> Vec<String> {
    let mut unknown: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for (key, cell) in ledger.audit.iter().filter(|(key, _)| key.bill != u32::MAX) {
        let name = ledger.names.get(Text::LineItemType, key.line_item_type).unwrap_or(NONE_TEXT);
        // FOCUS has no types; what stands there is a category that it does not know.
        let is_focus = ledger.is_focus(key.bill);
        if LineItemType::from_name(name) == LineItemType::Unknown && !(is_focus && key.line_item_type == NONE) {
            let entry = unknown.entry(name.to_owned()).or_default();
            *entry = (entry.0 + cell.rows, entry.1 + cell.unblended);
        }
    }
    let named = unknown.into_iter();
    let what = if ledger.is_all_focus() { "charge category" } else { "line item type" };
    named.map(|(name, (rows, cost))| format!("{what} `{name}`: {rows} rows, {}", money_text(cost))).collect()
}

/// R13: no sum is over several currencies.
pub(super) fn one_currency(ledger: &Ledger) -> Check {
    let currencies = ledger.currencies();
    let blank = currencies.iter().any(|currency| currency == NONE_TEXT);
    Check {
        id: "R13".into(),
        title: "one currency in each sum".into(),
        severity: Severity::Error,
        verdict: match (currencies.len(), blank) {
            (0, _) => Verdict::NotRun,
            (_, true) => Verdict::Warn,
            _ => Verdict::Pass,
        },
        detail: match &currencies[..] {
            [] => "no rows".to_owned(),
            _ if blank => "some rows have no currency; they are kept apart from the others".to_owned(),
            [currency] => format!("every row is in {currency}"),
            several => format!("{} are kept apart, and no total is made of them", several.join(" and ")),
        },
        figure: Some(currencies.len().to_string()),
        findings: Vec::new(),
    }
}

/// R16: the values of each tag key and "(none)" add up to the total, and no value is more than the total's rows.
pub(super) fn tags(ledger: &Ledger) -> Check {
    let total = totals(ledger.daily.iter().map(|(_, cell)| &cell.costs));
    let rows: u64 = ledger.daily.iter().map(|(_, cell)| u64::from(cell.costs.rows)).sum();
    let mut findings = Vec::new();
    let mut keys = 0;
    for is_cost_category in [false, true] {
        let sets = ledger.sets(is_cost_category);
        for key in 1..sets.keys.len() as u32 {
            keys += 1;
            let name = sets.keys.get(key).unwrap_or_default();
            let members = ledger.allocation_of(key, is_cost_category);
            let members_total = totals(members.iter().map(|(_, cell)| cell));
            let counted = members.iter().map(|(_, cell)| u64::from(cell.rows)).sum::<u64>();
            if members_total != total || counted != rows || members.iter().any(|(_, cell)| u64::from(cell.rows) > rows)
            {
                findings.push(format!("`{name}`: its values and \"(none)\" do not add up to the total"));
            }
        }
    }
    let broken = !findings.is_empty();
    findings.extend(ledger.key_collisions.iter().cloned());
    Check {
        id: "R16".into(),
        title: "tags and cost categories add up".into(),
        severity: Severity::Error,
        verdict: match (keys, broken, findings.is_empty()) {
            (0, ..) => Verdict::NotRun,
            (_, true, _) => Verdict::Fail,
            (_, false, false) => Verdict::Warn,
            (_, false, true) => Verdict::Pass,
        },
        detail: match (keys, broken, findings.is_empty()) {
            (0, ..) => "the bill has no tags and no cost categories".to_owned(),
            (_, false, false) => "they add up; some keys are spelled in several ways and were made one".to_owned(),
            (_, true, _) => "some do not add up".to_owned(),
            (keys, ..) => format!("{keys} keys, each adds up to the total with its untagged share"),
        },
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}

/// R17: joining names to codes changes no sum, and no account has two payers in one period.
pub(super) fn joins(ledger: &Ledger) -> Check {
    let mut findings = Vec::new();
    let total = totals(ledger.daily.iter().map(|(_, cell)| &cell.costs))[Metric::BilledCost as usize];
    let mut joined = None;
    if ledger.currencies().len() == 1 {
        let question = Costs::by(["ServiceName"]).metric(Metric::BilledCost);
        if let Ok(Some(answer)) = from_ledger(ledger, &question) {
            joined = Some(answer.rows.len());
            let sum = answer.total.unwrap_or(0);
            if sum != total {
                findings.push(format!("by service name {}, in all {}", money_text(sum), money_text(total)));
            }
        }
    }
    let broken = !findings.is_empty();
    let mut payers: BTreeMap<(u32, u32), BTreeSet<u32>> = BTreeMap::new();
    ledger.daily.by_group(|group, _| {
        if group.account != NONE {
            let bill = ledger.bills.key(ledger.kinds.key(group.kind).bill);
            payers.entry((group.account, bill.period)).or_default().insert(bill.payer);
        }
    });
    let moved = payers.iter().filter(|(_, payers)| payers.len() > 1).map(|((account, period), payers)| {
        let account = ledger.names.get(Text::SubAccountId, *account).unwrap_or(NONE_TEXT);
        format!("account {account} has {} payers in {}: it may be counted twice", payers.len(), ledger.period(*period))
    });
    findings.extend(moved);
    Check {
        id: "R17".into(),
        title: "joins neither add nor lose money".into(),
        severity: Severity::Error,
        verdict: match (broken, findings.is_empty(), joined) {
            (true, ..) => Verdict::Fail,
            (false, false, _) => Verdict::Warn,
            (false, true, None) => Verdict::NotRun,
            (false, true, Some(_)) => Verdict::Pass,
        },
        detail: match joined {
            Some(names) => {
                format!("{names} service names carry the same total as their codes; account names are unique")
            }
            None => "several currencies, so no total was joined".to_owned(),
        },
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}
