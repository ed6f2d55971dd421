//! R18: what each invoice adds up to, and what finance was billed.

use std::collections::BTreeMap;
use std::path::Path;

use super::certificate::{Check, InvoiceTotal, Severity, Verdict};
use super::shown;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::schema::charges::{Metric, Text};
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::{MONEY_SCALE, cents, from_text, grouped_cents};

type Key = (String, Option<String>, String);

/// Sums by payer, invoice and currency, compared with an invoice file where there is one.
pub(super) fn check(ledger: &Ledger, invoice: Option<&Path>) -> Result<(Check, Vec<InvoiceTotal>)> {
    let mut totals = totals(ledger);
    let Some(path) = invoice else {
        let check = Check {
            id: "R18".into(),
            title: "invoices".into(),
            severity: Severity::Warning,
            verdict: Verdict::NotRun,
            detail: format!(
                "{} invoices add up as listed; give what was invoiced with --invoice FILE to compare",
                totals.len()
            ),
            figure: None,
            findings: Vec::new(),
        };
        return Ok((check, totals));
    };
    let mut invoiced = read(path)?;
    let mut findings = Vec::new();
    let mut difference = 0;
    for total in &mut totals {
        let key = (total.payer.clone(), total.invoice_id.clone(), total.currency.clone());
        let name = total.invoice_id.as_deref().unwrap_or("rows without an invoice id");
        match invoiced.remove(&key) {
            Some(amount) => {
                total.invoiced = Some(amount);
                let off = cents(total.amount) - cents(amount);
                difference += off;
                if off != 0 {
                    findings.push(format!(
                        "invoice {name} of {}: the bill's rows add up to {}, {} was invoiced: {} {} off",
                        total.payer,
                        grouped_cents(cents(total.amount)),
                        grouped_cents(cents(amount)),
                        grouped_cents(off),
                        total.currency
                    ));
                }
            }
            None => findings.push(format!("invoice {name} of {} is not in {}", total.payer, path.display())),
        }
    }
    for ((payer, invoice, _), amount) in invoiced {
        let name = invoice.unwrap_or_else(|| NONE_TEXT.to_owned());
        findings.push(format!("invoice {name} of {payer} ({}) has no rows in the bill", grouped_cents(cents(amount))));
    }
    let check = Check {
        id: "R18".into(),
        title: "invoices".into(),
        severity: Severity::Warning,
        verdict: match (totals.is_empty(), findings.is_empty()) {
            (true, true) => Verdict::NotRun,
            (_, true) => Verdict::Pass,
            (_, false) => Verdict::Warn,
        },
        detail: if findings.is_empty() {
            format!("{} invoices agree to the cent", totals.len())
        } else {
            "bill and invoices differ".to_owned()
        },
        figure: Some(grouped_cents(difference)),
        findings: shown(findings),
    };
    Ok((check, totals))
}

fn totals(ledger: &Ledger) -> Vec<InvoiceTotal> {
    let mut by_kind = vec![(0, 0); ledger.kinds.len()];
    ledger.daily.by_group(|group, days| {
        let sum: &mut (i128, u64) = &mut by_kind[group.kind as usize];
        days.for_each(|(_, cell)| {
            *sum = (sum.0 + cell.costs.sum(Metric::UnblendedCost), sum.1 + u64::from(cell.costs.rows));
        });
    });
    let mut sums: BTreeMap<Key, (i128, u64)> = BTreeMap::new();
    for ((kind, _), (amount, rows)) in ledger.kinds.iter().zip(by_kind) {
        let bill = ledger.bills.key(kind.bill);
        let text = |text, id| ledger.names.get(text, id).map(str::to_owned);
        let key = (
            text(Text::BillingAccountId, bill.payer).unwrap_or_else(|| NONE_TEXT.to_owned()),
            text(Text::InvoiceId, kind.invoice),
            text(Text::BillingCurrency, bill.currency).unwrap_or_else(|| NONE_TEXT.to_owned()),
        );
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + amount, sum.1 + rows);
    }
    let totals = sums.into_iter().map(|((payer, invoice_id, currency), (amount, rows))| InvoiceTotal {
        payer,
        invoice_id,
        currency,
        rows,
        amount,
        invoiced: None,
    });
    totals.collect()
}

/// Reads `payer,invoice_id,amount,currency`.
fn read(path: &Path) -> Result<BTreeMap<Key, i128>> {
    let fail = |detail: String| Error::Invoice { path: path.to_path_buf(), detail };
    let file = std::fs::File::open(path).map_err(|source| Error::io(path, source))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers().map_err(|error| fail(error.to_string()))?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
            .ok_or_else(|| fail(format!("it has no column {name}")))
    };
    let (payer, invoice, amount, currency) =
        (column("payer")?, column("invoice_id")?, column("amount")?, column("currency")?);
    let mut invoiced: BTreeMap<Key, i128> = BTreeMap::new();
    for (line, record) in reader.records().enumerate() {
        let line = line + 2;
        let record = record.map_err(|error| fail(format!("line {line}: {error}")))?;
        let text = record.get(amount).unwrap_or_default().replace(',', "");
        let parsed =
            from_text(&text, MONEY_SCALE).ok_or_else(|| fail(format!("line {line}: `{text}` is no amount")))?;
        let invoice_id = record.get(invoice).filter(|id| !id.is_empty()).map(str::to_owned);
        let key = (
            record.get(payer).unwrap_or_default().to_owned(),
            invoice_id,
            record.get(currency).unwrap_or_default().to_owned(),
        );
        *invoiced.entry(key).or_default() += parsed.units;
    }
    Ok(invoiced)
}
