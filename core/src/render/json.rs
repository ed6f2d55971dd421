//! JSON of every result: stable keys in a fixed order, money as exact decimal text, a version in `schema`.
//!
//! Every document has `schema`, `version`, `currency`, `periods`, `rows`, `totals`, `checks`, `skipped` and `inputs`.

use serde_json::{Map, Value, json};

use super::{BILLING_PERIOD, all_skipped, is_control, period_column, period_cost, savings};
use crate::analyze::request::CostTable;
use crate::detector::Detector;
use crate::detector::settings::Threshold;
use crate::ingest::Inventory;
use crate::reconcile::certificate::{Certificate, Check, Input, InvoiceTotal, Period, Skipped};
use crate::report::recommendations::Recommendations;
use crate::report::{Cell, ColumnKind, Report, Section};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::{QUANTITY_SCALE, money_text, to_text};
use crate::schema::values::day_text;

/// The engine's version, as documents carry it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What stands at the head of a document.
struct Head<'a> {
    schema: &'static str,
    currency: Option<&'a str>,
    periods: Vec<&'a str>,
    rows: Vec<Value>,
    totals: Map<String, Value>,
}

impl Head<'_> {
    fn document(self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("schema".into(), self.schema.into());
        document.insert("version".into(), VERSION.into());
        document.insert("currency".into(), self.currency.into());
        document.insert("periods".into(), self.periods.into());
        document.insert("rows".into(), self.rows.into());
        document.insert("totals".into(), Value::Object(self.totals));
        document
    }
}

/// `farthing.costs/1`: the groups of an answer as objects keyed by column, and their sum.
pub fn costs(table: &CostTable, certificate: &Certificate) -> Value {
    let when = period_column(table);
    let row = |row: &crate::analyze::request::CostRow| {
        let mut object = Map::new();
        if let Some(when) = when {
            object.insert(when.to_owned(), row.period.as_deref().into());
        }
        for (name, key) in table.by.iter().zip(&row.keys) {
            object.insert(name.clone(), key.as_deref().into());
        }
        object.insert(table.metric.name().to_owned(), money(row.cost));
        Value::Object(object)
    };
    let head = Head {
        schema: "farthing.costs/1",
        currency: Some(&table.currency),
        periods: table.periods.iter().map(String::as_str).collect(),
        rows: table.rows.iter().map(row).collect(),
        totals: Map::from_iter([(table.metric.name().to_owned(), money(table.total))]),
    };
    let mut document = head.document();
    proof(&mut document, certificate, &table.skipped);
    Value::Object(document)
}

/// `farthing.reconcile/1`: `rows` are payers' months with their status and sums, `invoices` what each adds up to.
pub fn certificate(certificate: &Certificate) -> Value {
    let months: Vec<&Period> = certificate.periods.iter().collect();
    let head = Head {
        schema: "farthing.reconcile/1",
        currency: only_currency(certificate),
        periods: distinct(certificate.periods.iter().map(|month| month.period.as_str())),
        rows: months.iter().map(|month| billing_period(month)).collect(),
        totals: month_totals(&months),
    };
    let mut document = head.document();
    document.insert("verdict".into(), certificate.verdict().name().into());
    document.insert("invoices".into(), certificate.invoices.iter().map(invoice).collect());
    proof(&mut document, certificate, &[]);
    Value::Object(document)
}

/// `farthing.report/1`: `rows` are payers' months, `sections` the report's tables keyed by id, `recommendations` those of
/// `farthing.recommend/1`. All are empty when the certificate forbids figures.
pub fn report(report: &Report) -> Value {
    let months = report.certificate.periods.iter().filter(|month| month.currency == report.currency);
    let months: Vec<&Period> = if report.certificate.figures_allowed() { months.collect() } else { Vec::new() };
    let head = Head {
        schema: "farthing.report/1",
        currency: Some(&report.currency),
        periods: report.periods.iter().map(String::as_str).collect(),
        rows: months.iter().map(|month| billing_period(month)).collect(),
        totals: month_totals(&months),
    };
    let mut document = head.document();
    document.insert("title".into(), report.title.as_str().into());
    let sections: Map<String, Value> = report.sections.iter().map(|part| (part.id.to_owned(), section(part))).collect();
    document.insert("sections".into(), Value::Object(sections));
    let savings = report.savings.iter().flat_map(|savings| &savings.rows);
    document.insert("recommendations".into(), savings.map(savings::row).collect());
    proof(&mut document, &report.certificate, report.skipped());
    Value::Object(document)
}

/// `farthing.commitments/1`: `rows` are the first section's, commitments by billing period; `sections` are all of them.
pub fn commitments(report: &Report) -> Value {
    let object = |row: &Vec<Cell>, part: &Section| {
        let pairs = part.columns.iter().zip(row);
        Value::Object(pairs.map(|((name, _), value)| (name.clone(), cell(value))).collect())
    };
    let first = report.sections.first();
    let rows = first.map(|part| part.rows.iter().map(|row| object(row, part)).collect());
    let totals = first.and_then(|part| Some(object(part.total.as_ref()?, part)));
    let head = Head {
        schema: "farthing.commitments/1",
        currency: Some(&report.currency),
        periods: report.periods.iter().map(String::as_str).collect(),
        rows: rows.unwrap_or_default(),
        totals: totals.and_then(|totals| totals.as_object().cloned()).unwrap_or_default(),
    };
    let mut document = head.document();
    let sections: Map<String, Value> = report.sections.iter().map(|part| (part.id.to_owned(), section(part))).collect();
    document.insert("sections".into(), Value::Object(sections));
    let rows_of = |id: &str| report.sections.iter().find(|part| part.id == id).map_or(0, |part| part.rows.len());
    let unknown = Skipped {
        what: "terms and expiring commitments".to_owned(),
        reason: "the bill does not state terms, as FOCUS: use CUR 2.0".to_owned(),
    };
    let is_unknown = rows_of("commitments") > 0 && rows_of("commitment_terms") == 0;
    proof(&mut document, &report.certificate, if is_unknown { std::slice::from_ref(&unknown) } else { &[] });
    Value::Object(document)
}

/// `farthing.recommend/1`: `rows` are recommendations, keyed by [`crate::schema::recommendations::COLUMNS`].
pub fn recommendations(answer: &Recommendations) -> Value {
    let totals = [
        ("savings_monthly", answer.savings_monthly),
        ("together_monthly", answer.together_monthly()),
        ("savings_monthly_list", answer.savings_monthly_list),
        ("potential_monthly", answer.potential_monthly),
        ("quick_wins_monthly", answer.quick_wins_monthly()),
        ("weighted_monthly", answer.weighted_monthly()),
        ("cost_monthly", answer.cost_monthly),
    ];
    let head = Head {
        schema: "farthing.recommend/1",
        currency: Some(&answer.currency),
        periods: answer.periods.iter().map(String::as_str).collect(),
        rows: answer.rows.iter().map(savings::row).collect(),
        totals: totals.into_iter().map(|(name, units)| (name.to_owned(), money(Some(units)))).collect(),
    };
    let mut document = head.document();
    document.insert("look_back".into(), json!({"period": answer.look_back.0, "hours": answer.look_back.1}));
    document.insert("as_of".into(), answer.as_of.as_str().into());
    document.insert("waterfall".into(), savings::waterfall(answer));
    document.insert("goal".into(), savings::goal(answer));
    document.insert("followed".into(), savings::followed(answer));
    document.insert("excepted".into(), savings::excepted(answer));
    document.insert("exceptions".into(), savings::exceptions(answer));
    proof(&mut document, &answer.certificate, &answer.skipped);
    Value::Object(document)
}

/// `farthing.detectors/1`: the registry, with guides.
pub fn detectors(detectors: &[&'static Detector]) -> Value {
    let threshold = |one: &&Threshold| {
        json!({
            "name": one.name, "unit": one.unit, "meaning": one.meaning, "default": one.default,
            "least": one.range.0, "greatest": one.range.1,
        })
    };
    let row = |detector: &&'static Detector| {
        json!({
            "detector": detector.id,
            "kind": detector.kind.name(),
            "grade": detector.grade.name(),
            "summary": detector.summary,
            "action": detector.advice.action,
            "effort": detector.advice.effort.name(),
            "risk": detector.advice.risk,
            "needs": detector.needs.iter().map(|need| need.name()).collect::<Vec<_>>(),
            "thresholds": detector.thresholds.iter().map(threshold).collect::<Vec<_>>(),
            "assumptions": detector.advice.assumptions,
            "command": detector.advice.command,
            "guide": detector.guide,
        })
    };
    json!({
        "schema": "farthing.detectors/1",
        "version": VERSION,
        "rows": detectors.iter().map(row).collect::<Vec<_>>(),
    })
}

/// `farthing.inspect/1`: `rows` are files with their delivery. With the certificate of a bill that was read, hashes,
/// pages and their checksums are known, and `statuses` says of every payer's month whether it may still change. Without,
/// nothing has been read but footers and headers, and a hash is known only of what was fetched. Nothing is judged:
/// `checks` stays empty.
pub fn inventory(inventory: &Inventory, certificate: Option<&Certificate>) -> Value {
    let files = || inventory.deliveries.iter().flat_map(|delivery| &delivery.files);
    let totals = [
        ("deliveries", Some(inventory.deliveries.len() as u64)),
        ("files", Some(files().count() as u64)),
        // Null where files are text, whose rows are counted while they are read.
        ("rows", certificate.map(rows_read).or_else(|| inventory.rows())),
        ("bytes", Some(files().map(|file| file.bytes).sum())),
    ];
    let head = Head {
        schema: "farthing.inspect/1",
        currency: None,
        periods: match certificate {
            Some(certificate) => distinct(certificate.periods.iter().map(|month| month.period.as_str())),
            None => distinct(inventory.deliveries.iter().filter_map(|delivery| delivery.period.as_deref())),
        },
        rows: delivered_files(inventory, certificate),
        totals: totals.into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect(),
    };
    let mut document = head.document();
    let capability = |capability: &crate::ingest::Capability| json!({"name": capability.name, "available": capability.available, "reason": capability.reason});
    if let Some(certificate) = certificate {
        document.insert("statuses".into(), certificate.periods.iter().map(status).collect());
    }
    document.insert("capabilities".into(), inventory.capabilities.iter().map(capability).collect());
    document.insert("notes".into(), inventory.notes.clone().into());
    document.insert("checks".into(), Value::Array(Vec::new()));
    let missing = inventory.capabilities.iter().filter(|capability| !capability.available);
    let missing = missing.map(|capability| json!({"what": capability.name, "reason": capability.reason}));
    document.insert("skipped".into(), missing.collect());
    let input = |file: &crate::ingest::DeliveredFile| {
        let read = read_file(certificate, &file.file);
        let rows = read.map(|input| input.rows).or(file.rows);
        json!({"file": file.file, "rows": rows, "bytes": file.bytes, "sha256": sha256(inventory, read, &file.file)})
    };
    document.insert("inputs".into(), files().map(input).collect());
    Value::Object(document)
}

/// A document as indented text. Characters that steer terminals or the direction of text are written as escapes, so
/// that the text is safe to show and still says the same.
pub fn text(document: &Value) -> String {
    let plain = format!("{document:#}\n");
    if !plain.chars().any(|character| character != '\n' && is_control(character)) {
        return plain;
    }
    let mut safe = String::with_capacity(plain.len());
    for character in plain.chars() {
        if character != '\n' && is_control(character) {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

pub(super) fn proof(document: &mut Map<String, Value>, certificate: &Certificate, own: &[Skipped]) {
    document.insert("checks".into(), certificate.checks.iter().map(check).collect());
    let skipped = all_skipped(certificate, own).into_iter();
    let skipped = skipped.map(|entry| json!({"what": entry.what, "reason": entry.reason}));
    document.insert("skipped".into(), skipped.collect());
    document.insert("inputs".into(), certificate.inputs.iter().map(input).collect());
}

fn check(check: &Check) -> Value {
    let severity = match check.severity {
        crate::reconcile::certificate::Severity::Info => "info",
        crate::reconcile::certificate::Severity::Warning => "warning",
        crate::reconcile::certificate::Severity::Error => "error",
    };
    json!({
        "id": check.id,
        "title": check.title,
        "verdict": check.verdict.name(),
        "severity": severity,
        "detail": check.detail,
        "figure": check.figure,
        "findings": check.findings,
    })
}

fn input(input: &Input) -> Value {
    json!({"file": input.file, "rows": input.rows, "bytes": input.bytes, "sha256": input.sha256})
}

fn invoice(invoice: &InvoiceTotal) -> Value {
    let difference = invoice.invoiced.map(|invoiced| invoice.amount - invoiced);
    json!({
        (Text::BillingAccountId.name()): invoice.payer,
        (Text::InvoiceId.name()): invoice.invoice_id,
        (Text::BillingCurrency.name()): invoice.currency,
        "rows": invoice.rows,
        "amount": money(Some(invoice.amount)),
        "invoiced": money(invoice.invoiced),
        "difference": money(difference),
    })
}

fn billing_period(month: &Period) -> Value {
    let mut object = Map::new();
    object.insert(Text::BillingAccountId.name().into(), month.payer.as_str().into());
    object.insert(BILLING_PERIOD.into(), month.period.as_str().into());
    object.insert(Text::BillingCurrency.name().into(), month.currency.as_str().into());
    object.insert("status".into(), month.status.name().into());
    object.insert("rows".into(), month.rows.into());
    for &metric in Metric::ALL {
        object.insert(metric.name().into(), money(period_cost(month, metric)));
    }
    Value::Object(object)
}

/// The sums of every metric, null where a month does not know it; none at all when there are several currencies,
/// which are never added together.
fn month_totals(months: &[&Period]) -> Map<String, Value> {
    if distinct(months.iter().map(|month| month.currency.as_str())).len() != 1 {
        return Map::new();
    }
    let sum = |metric: Metric| months.iter().map(|month| period_cost(month, metric)).sum::<Option<i128>>();
    Metric::ALL.iter().map(|&metric| (metric.name().to_owned(), money(sum(metric)))).collect()
}

pub(super) fn section(section: &Section) -> Value {
    let columns = section.columns.iter().map(|(name, kind)| {
        let kind = match kind {
            ColumnKind::Text => "text",
            ColumnKind::Money => "money",
            ColumnKind::Ratio => "ratio",
            ColumnKind::Number => "number",
            ColumnKind::Figure => "figure",
        };
        json!({"name": name, "kind": kind})
    });
    let object = |cells: &Vec<Cell>| {
        let pairs = section.columns.iter().zip(cells);
        Value::Object(pairs.map(|((name, _), value)| (name.clone(), cell(value))).collect())
    };
    json!({
        "title": section.title,
        "note": section.note,
        "columns": columns.collect::<Vec<_>>(),
        "rows": section.rows.iter().map(object).collect::<Vec<_>>(),
        "total": section.total.as_ref().map(object),
    })
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => text.as_str().into(),
        Cell::Money(units) => money(Some(*units)),
        Cell::Ratio(ratio) => json!(ratio),
        Cell::Count(count) => (*count).into(),
        Cell::Quantity(units) => to_text(*units, QUANTITY_SCALE, 0).into(),
        Cell::Missing => Value::Null,
    }
}

pub(super) fn money(units: Option<i128>) -> Value {
    units.map(money_text).into()
}

/// A month and whether it may still change.
fn status(month: &Period) -> Value {
    json!({
        (Text::BillingAccountId.name()): month.payer,
        (BILLING_PERIOD): month.period,
        (Text::BillingCurrency.name()): month.currency,
        "status": month.status.name(),
        "rows": month.rows,
        "last_usage_day": month.last_usage_day.map(day_text),
    })
}

fn rows_read(certificate: &Certificate) -> u64 {
    certificate.inputs.iter().map(|input| input.rows).sum()
}

fn read_file<'a>(certificate: Option<&'a Certificate>, file: &str) -> Option<&'a Input> {
    certificate?.inputs.iter().find(|input| input.file == file)
}

/// The hash of a file that was read, or else that was fetched.
fn sha256<'a>(inventory: &'a Inventory, read: Option<&'a Input>, file: &str) -> Option<&'a str> {
    let fetched = || inventory.fetched.get(file).map(|fetched| fetched.sha256.as_str());
    read.map(|input| input.sha256.as_str()).or_else(fetched)
}

fn delivered_files(inventory: &Inventory, certificate: Option<&Certificate>) -> Vec<Value> {
    let mut rows = Vec::new();
    for delivery in &inventory.deliveries {
        for file in &delivery.files {
            let read = read_file(certificate, &file.file);
            rows.push(json!({
                "export": delivery.export,
                "manifest": delivery.manifest.as_ref().map(|path| path.display().to_string()),
                (BILLING_PERIOD): delivery.period,
                "dialect": delivery.dialect.name(),
                "file": file.file,
                "form": file.form,
                "rows": read.map(|input| input.rows).or(file.rows),
                "bytes": file.bytes,
                "sha256": sha256(inventory, read, &file.file),
                "row_groups": file.row_groups,
                "columns": file.columns,
                "codec": file.codec,
                "pages": read.map(|input| input.pages),
                "pages_with_checksum": read.map(|input| input.pages_with_checksum),
                "written_by": file.written_by,
                "time_encoding": file.time_encoding,
                "money_encoding": file.money_encoding,
            }));
        }
    }
    rows
}

fn only_currency(certificate: &Certificate) -> Option<&str> {
    match distinct(certificate.periods.iter().map(|month| month.currency.as_str()))[..] {
        [currency] => Some(currency),
        _ => None,
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_survive() {
        let document = json!({"tag": "a\u{202e}b\u{9b}c\u{1b}\n"});
        let shown = text(&document);
        assert!(shown.chars().all(|character| character == '\n' || !is_control(character)), "{shown:?}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), document);
    }

    #[test]
    fn money_is_exact_text() {
        assert_eq!(cell(&Cell::Money(12_340_000_000_000)), json!("12.3400000000"));
        assert_eq!(cell(&Cell::Missing), Value::Null);
        assert_eq!(cell(&Cell::Ratio(0.25)), json!(0.25));
    }
}
