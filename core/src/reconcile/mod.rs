//! No money appears or vanishes: the certificate of a ledger.

pub mod certificate;
mod conservation;
mod delivery;
mod invoices;
mod restated;
mod semantics;
mod split;

use std::borrow::Cow;
use std::path::Path;

pub use delivery::page_checksums;

use certificate::{Certificate, Check, Input, Period, PeriodStatus, Severity, Skipped, Verdict};

use crate::error::Result;
use crate::ingest::Inventory;
use crate::ingest::capabilities::INVOICES;
use crate::ledger::Ledger;
use crate::ledger::gather::hours_in_period;
use crate::ledger::store::History;
use crate::ledger::tables::{BillCell, BillKey};
use crate::schema::charges::{Metric, Text};
use crate::schema::filter::NONE_TEXT;

/// Findings of a check that are shown by name; the rest is counted.
const FINDINGS_SHOWN: usize = 20;

/// Checks a ledger against the files it was gathered from, and against earlier readings of them.
///
/// # Errors
/// [`crate::Error::Invoice`] when the invoice file cannot be read.
pub fn reconcile(
    ledger: &Ledger,
    inventory: &Inventory,
    hashes: &[String],
    history: &History,
    invoice: Option<&Path>,
) -> Result<Certificate> {
    let mut bills = Bills::new(ledger);
    if !inventory.capabilities.iter().any(|capability| capability.name == INVOICES && capability.available) {
        bills.all.iter_mut().for_each(|bill| bill.status = PeriodStatus::NotStated);
    }
    let (invoice_check, invoices) = invoices::check(ledger, invoice)?;
    let mut checks = vec![
        delivery::one_delivery(ledger, inventory, hashes),
        delivery::files_are_the_manifest(inventory),
        delivery::rows_in_are_rows_out(ledger, inventory),
        delivery::one_generation(inventory),
        conservation::conservation(ledger),
        bills.unless_focus(semantics::negation(ledger, &bills), "FOCUS has no negation: covered usage is billed at 0"),
        bills.unless_focus(
            semantics::identity(ledger, &bills),
            "FOCUS states neither cost before discounts nor the month's share of upfront fees",
        ),
        bills.unless_focus(
            semantics::used_and_unused(ledger, &bills),
            "FOCUS does not state what was committed; here it is what was used and what was not",
        ),
        semantics::usage_once(ledger),
        bills.unless_focus(semantics::net_is_gross_and_discounts(&bills), "FOCUS states cost after discounts only"),
        delivery::period(ledger, inventory, &bills),
        restated::status(&bills, history),
        delivery::coverage(&bills),
        conservation::one_currency(ledger),
    ];
    checks.extend([
        not_run(
            "R14",
            "the same bytes give the same answer",
            Severity::Error,
            "a property of the program, shown by its tests",
        ),
        bills.unless_focus(split::split_costs(ledger, &bills), "FOCUS has no split-cost rows"),
        conservation::tags(ledger),
        conservation::joins(ledger),
        invoice_check,
        delivery::integrity(ledger, inventory, hashes),
        not_run("R20", "recommendations are sane", Severity::Error, "nothing was recommended"),
    ]);
    Ok(Certificate {
        checks,
        periods: bills.periods(ledger),
        invoices,
        inputs: inputs(ledger, inventory, hashes),
        skipped: skipped(inventory),
    })
}

fn not_run(
    id: impl Into<Cow<'static, str>>,
    title: impl Into<Cow<'static, str>>,
    severity: Severity,
    why: &str,
) -> Check {
    let (id, title) = (id.into(), title.into());
    Check { id, title, severity, verdict: Verdict::NotRun, detail: why.to_owned(), figure: None, findings: Vec::new() }
}

/// A check that holds unless there are findings.
fn verdict_of(findings: &[String], bad: Verdict) -> Verdict {
    if findings.is_empty() { Verdict::Pass } else { bad }
}

/// The first findings, and how many more there are.
fn shown(mut findings: Vec<String>) -> Vec<String> {
    if findings.len() > FINDINGS_SHOWN {
        let more = findings.len() - FINDINGS_SHOWN;
        findings.truncate(FINDINGS_SHOWN);
        findings.push(format!("… and {more} more"));
    }
    findings
}

/// The bills of a ledger with what the checks ask of them, in order of payer, period and currency.
struct Bills {
    all: Vec<BillFacts>,
    /// By place in the ledger: the number in `all`.
    order: Vec<usize>,
}

struct BillFacts {
    place: u32,
    payer: String,
    period: String,
    currency: String,
    cell: BillCell,
    status: PeriodStatus,
}

impl Bills {
    fn new(ledger: &Ledger) -> Bills {
        let text = |text, id| ledger.names.get(text, id).unwrap_or(NONE_TEXT).to_owned();
        let mut all: Vec<BillFacts> = ledger
            .bills
            .iter()
            .enumerate()
            .map(|(place, (key, cell)): (usize, (&BillKey, &BillCell))| BillFacts {
                place: place as u32,
                payer: text(Text::BillingAccountId, key.payer),
                period: ledger.period(key.period),
                currency: text(Text::BillingCurrency, key.currency),
                status: PeriodStatus::NotStated,
                cell: cell.clone(),
            })
            .collect();
        set_statuses(&mut all);
        all.sort_by(|a, b| (&a.payer, &a.period, &a.currency).cmp(&(&b.payer, &b.period, &b.currency)));
        let mut order = vec![0; all.len()];
        for (at, bill) in all.iter().enumerate() {
            order[bill.place as usize] = at;
        }
        Bills { all, order }
    }

    /// A check that bills in FOCUS cannot be put to: not run when all of them are, and said when some are.
    fn unless_focus(&self, check: Check, why: &str) -> Check {
        let focus = self.all.iter().filter(|bill| bill.cell.focus_rows > 0).count();
        match focus {
            0 => check,
            _ if focus == self.all.len() => not_run(check.id, check.title, check.severity, why),
            _ => Check { detail: format!("{}; bills in FOCUS are left out: {why}", check.detail), ..check },
        }
    }

    fn at(&self, place: u32) -> &BillFacts {
        &self.all[self.order[place as usize]]
    }

    fn periods(&self, ledger: &Ledger) -> Vec<Period> {
        let mut cells = vec![crate::ledger::tables::Costs::default(); self.all.len()];
        ledger.daily.by_group(|group, days| {
            let cell = &mut cells[self.order[ledger.kinds.key(group.kind).bill as usize]];
            days.for_each(|(_, day)| cell.add(&day.costs));
        });
        let cost = |bill: &BillFacts, cell, metric| ledger.cost(bill.place, cell, metric);
        let periods = self.all.iter().zip(&cells).map(|(bill, cell)| Period {
            payer: bill.payer.clone(),
            period: bill.period.clone(),
            currency: bill.currency.clone(),
            status: bill.status,
            last_usage_day: bill.last_usage_day(),
            rows: bill.cell.rows,
            costs: Metric::ALL.iter().map(|&metric| cost(bill, cell, metric)).collect(),
        });
        periods.collect()
    }
}

impl BillFacts {
    /// How people name it.
    fn name(&self) -> String {
        format!("{} {}", self.payer, self.period)
    }

    fn is_final(&self) -> bool {
        self.status == PeriodStatus::Final
    }

    /// Whether every row carries an invoice id.
    fn is_invoiced(&self) -> bool {
        self.cell.rows > 0 && self.cell.invoiced_rows == self.cell.rows
    }

    /// The last day of the period that has usage.
    fn last_usage_day(&self) -> Option<i32> {
        let (word, bits) = self.cell.hours.iter().enumerate().rev().find(|(_, bits)| **bits != 0)?;
        let hour = word as i64 * 64 + i64::from(bits.ilog2());
        i32::try_from(self.cell.start.div_euclid(86_400) + hour / 24).ok()
    }

    /// Whether usage reaches the period's last day.
    fn reaches_its_end(&self) -> bool {
        let days = hours_in_period(self.cell.start) / 24;
        self.last_usage_day().is_some_and(|day| i64::from(day) == self.cell.start.div_euclid(86_400) + days - 1)
    }
}

/// A month is final when it is invoiced throughout and has ended. Nobody asks the clock: it has ended when its usage
/// reaches its last day, or when its payer has usage in a later one.
fn set_statuses(bills: &mut [BillFacts]) {
    let has_ended: Vec<bool> = bills
        .iter()
        .map(|bill| {
            let is_later = |other: &BillFacts| {
                other.payer == bill.payer && other.cell.start > bill.cell.start && other.last_usage_day().is_some()
            };
            bill.reaches_its_end() || bills.iter().any(is_later)
        })
        .collect();
    for (bill, has_ended) in bills.iter_mut().zip(has_ended) {
        bill.status = match bill.cell.invoiced_rows {
            _ if bill.is_invoiced() && has_ended => PeriodStatus::Final,
            0 => PeriodStatus::Open,
            _ if bill.is_invoiced() => PeriodStatus::Open,
            _ => PeriodStatus::PartlyInvoiced,
        };
    }
}

fn inputs(ledger: &Ledger, inventory: &Inventory, hashes: &[String]) -> Vec<Input> {
    let known = |file: &str| ledger.files.iter().find(|known| known.file == file);
    let files = inventory.files().zip(hashes).map(|(file, hash)| {
        let pages = known(&file.file).map(|known| known.pages).unwrap_or_default();
        Input {
            file: file.file.clone(),
            rows: file.rows.unwrap_or_else(|| known(&file.file).map_or(0, |known| known.rows_read)),
            bytes: file.bytes,
            sha256: hash.clone(),
            pages: pages.pages,
            pages_with_checksum: pages.with_checksum,
        }
    });
    files.collect()
}

fn skipped(inventory: &Inventory) -> Vec<Skipped> {
    let missing = inventory.capabilities.iter().filter(|capability| !capability.available);
    missing
        .map(|capability| Skipped { what: capability.name.clone().into_owned(), reason: capability.reason.clone() })
        .collect()
}
