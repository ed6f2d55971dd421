//! CSV of every result: exact amounts, and text that no spreadsheet takes for a formula.

use super::savings::waited_text;
use super::{period_column, printable};
use crate::analyze::request::CostTable;
use crate::detector::Detector;
use crate::ingest::Inventory;
use crate::reconcile::certificate::{Certificate, Input};
use crate::report::recommendations::Recommendations;
use crate::report::{Cell, Report, Section};
use crate::schema::charges::Text;
use crate::schema::money::{QUANTITY_SCALE, money_text, to_text};
use crate::schema::recommendations::COLUMNS;

/// The groups of an answer; a missing member or an unknown amount is an empty cell. Without the sum, so that adding
/// up a column is right.
pub fn costs(table: &CostTable) -> String {
    let when = period_column(table);
    let currency = Text::BillingCurrency.name();
    let with_currency = !table.by.iter().any(|name| name == currency);
    let mut header: Vec<String> = when.into_iter().map(str::to_owned).collect();
    header.extend(table.by.iter().map(|name| safe_text(name)));
    header.push(table.metric.name().to_owned());
    header.extend(with_currency.then(|| currency.to_owned()));
    let mut sheet = Sheet::new(header);
    for row in &table.rows {
        let mut cells: Vec<String> =
            when.iter().map(|_| row.period.as_deref().unwrap_or_default().to_owned()).collect();
        cells.extend(row.keys.iter().map(|key| safe_text(key.as_deref().unwrap_or_default())));
        cells.push(money(row.cost));
        cells.extend(with_currency.then(|| safe_text(&table.currency)));
        sheet.push(cells);
    }
    sheet.text()
}

/// The checks of a certificate, one in each line.
pub fn certificate(certificate: &Certificate) -> String {
    let mut sheet = Sheet::new(["id", "title", "verdict", "figure", "detail"].map(str::to_owned).into());
    for check in &certificate.checks {
        let figure = check.figure.as_deref().unwrap_or_default();
        sheet.push(vec![
            check.id.to_string(),
            safe_text(&check.title),
            check.verdict.name().to_owned(),
            if is_number(figure) { figure.to_owned() } else { safe_text(figure) },
            safe_text(&check.detail),
        ]);
    }
    sheet.text()
}

/// Every figure of a report, one in each line: the section, the row's number from 1, what the row is about, the
/// column and the value. Sum rows are left out.
pub fn report(report: &Report) -> String {
    let mut sheet = Sheet::new(["section", "row", "label", "column", "value"].map(str::to_owned).into());
    for section in &report.sections {
        for (index, row) in section.rows.iter().enumerate() {
            let label = label(section, row);
            for ((name, _), cell) in section.columns.iter().zip(row) {
                if matches!(cell, Cell::Text(_)) {
                    continue;
                }
                let number = (index + 1).to_string();
                sheet.push(vec![section.id.to_owned(), number, label.clone(), safe_text(name), cell_text(cell)]);
            }
        }
    }
    sheet.text()
}

/// Recommendations, one in each line. Without the sum, so that adding up a column is right.
pub fn recommendations(answer: &Recommendations) -> String {
    let mut sheet = Sheet::new(COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for row in &answer.rows {
        sheet.push(vec![
            row.detector.to_owned(),
            row.kind.name().to_owned(),
            row.action.to_owned(),
            safe_text(&row.sub_account_id),
            safe_text(&row.region_id),
            safe_text(row.resource_id.as_deref().unwrap_or_default()),
            safe_text(&row.title),
            safe_text(&row.current),
            safe_text(&row.target),
            money_text(row.savings_monthly),
            money_text(row.savings_monthly_list),
            row.confidence.to_string(),
            row.grade.name().to_owned(),
            row.effort.name().to_owned(),
            row.risk.to_string(),
            safe_text(&row.evidence_text()),
            safe_text(&row.assumptions.join(" ")),
            safe_text(&row.alternatives_text()),
            row.price_source.name().to_owned(),
            safe_text(&row.command),
            safe_text(row.owner.as_deref().unwrap_or_default()),
            row.id(),
            row.standing.as_ref().map_or("", |standing| standing.status()).to_owned(),
            row.standing.as_ref().map_or("", |standing| &standing.since).to_owned(),
            waited_text(row),
        ]);
    }
    sheet.text()
}

/// The registry, one detector in each line.
pub fn detectors(detectors: &[&'static Detector]) -> String {
    let mut sheet = Sheet::new(["detector", "kind", "grade", "summary"].map(str::to_owned).into());
    for detector in detectors {
        let words = [detector.id, detector.kind.name(), detector.grade.name(), detector.summary];
        sheet.push(words.map(str::to_owned).into());
    }
    sheet.text()
}

/// The files of an inventory with their delivery; hashes and pages where the bill was read.
pub fn inventory(inventory: &Inventory, certificate: Option<&Certificate>) -> String {
    let names = [
        "export",
        "BillingPeriod",
        "dialect",
        "file",
        "form",
        "rows",
        "bytes",
        "row_groups",
        "columns",
        "written_by",
        "time_encoding",
        "money_encoding",
        "codec",
        "sha256",
        "pages",
        "pages_with_checksum",
    ];
    let mut sheet = Sheet::new(names.map(str::to_owned).into());
    for delivery in &inventory.deliveries {
        for file in &delivery.files {
            let read = certificate.and_then(|read| read.inputs.iter().find(|input| input.file == file.file));
            let count = |count: fn(&Input) -> u64| read.map(|input| count(input).to_string()).unwrap_or_default();
            sheet.push(vec![
                safe_text(&delivery.export),
                delivery.period.clone().unwrap_or_default(),
                delivery.dialect.name().to_owned(),
                safe_text(&file.file),
                file.form.clone(),
                file.rows.map_or_else(|| count(|input| input.rows), |rows| rows.to_string()),
                file.bytes.to_string(),
                file.row_groups.to_string(),
                file.columns.to_string(),
                safe_text(file.written_by.as_deref().unwrap_or_default()),
                safe_text(&file.time_encoding),
                safe_text(&file.money_encoding),
                file.codec.clone(),
                read.map(|input| input.sha256.clone()).unwrap_or_default(),
                count(|input| input.pages),
                count(|input| input.pages_with_checksum),
            ]);
        }
    }
    sheet.text()
}

/// Text for a cell: without control characters, and with a leading apostrophe where a spreadsheet would take it for
/// a formula.
///
/// ```
/// use farthing::render::csv::safe_text;
/// assert_eq!(safe_text("=HYPERLINK(1)"), "'=HYPERLINK(1)");
/// assert_eq!(safe_text("team-a"), "team-a");
/// ```
pub fn safe_text(text: &str) -> String {
    let formula =
        |character: char| matches!(character, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let begins = |text: &str| text.chars().next().is_some_and(formula);
    let clean = printable(text);
    // Spreadsheets skip blanks before a formula, so the first character that shows decides too.
    let risky = begins(text) || begins(clean.trim_start());
    if risky { format!("'{clean}") } else { clean.into_owned() }
}

fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => safe_text(text),
        Cell::Money(units) => money_text(*units),
        Cell::Ratio(ratio) => ratio.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Quantity(units) => to_text(*units, QUANTITY_SCALE, 0),
        Cell::Missing => String::new(),
    }
}

/// The text cells of a row, which say what it is about.
fn label(section: &Section, row: &[Cell]) -> String {
    let texts = section.columns.iter().zip(row).filter_map(|(_, cell)| match cell {
        Cell::Text(text) => Some(text.as_str()),
        _ => None,
    });
    safe_text(&texts.collect::<Vec<_>>().join(" / "))
}

fn money(units: Option<i128>) -> String {
    units.map(money_text).unwrap_or_default()
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Lines that are written to memory, where writing cannot fail.
pub(super) struct Sheet(::csv::Writer<Vec<u8>>);

impl Sheet {
    pub(super) fn new(header: Vec<String>) -> Sheet {
        let mut sheet = Sheet(::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()));
        sheet.push(header);
        sheet
    }

    pub(super) fn push(&mut self, cells: Vec<String>) {
        self.0.write_record(cells).expect("a record fits in memory");
    }

    pub(super) fn text(self) -> String {
        let bytes = self.0.into_inner().expect("memory can be flushed");
        String::from_utf8(bytes).expect("records are made of text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for payload in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "－1", "\u{1b}[1m=1"] {
            let cell = safe_text(payload);
            assert!(cell.starts_with('\''), "{payload:?} → {cell:?}");
            assert!(!cell.contains(['\t', '\r', '\n', '\u{1b}']), "{payload:?} → {cell:?}");
        }
        assert_eq!(safe_text("a,b \"c\""), "a,b \"c\"");
        assert_eq!(safe_text(""), "");
    }

    #[test]
    fn figures_stay_numbers() {
        assert!(is_number("-12.5") && is_number("3"));
        assert!(!is_number("-1+2") && !is_number("") && !is_number("-"));
        assert_eq!(cell_text(&Cell::Money(-5_000_000_000)), "-0.0050000000");
    }
}
