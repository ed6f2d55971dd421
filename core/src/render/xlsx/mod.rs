//! The monthly report as an Excel workbook: sheets of the report's sections, flat tables to pivot and filter, native
//! charts, and the certificate.
//!
//! Numbers are numbers. Text is always written as text, so that none of it is a formula or a link, whatever it begins
//! with; what begins like a formula is also marked as text, which keeps it so when it is edited.

mod charts;
mod sheets;

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatBorder, Table, TableColumn, TableStyle, Workbook, Worksheet, XlsxError,
};

use self::sheets::{Place, Styles, width_of};
use super::{all_skipped, amounts_sentence, headline, summaries};
use crate::error::{Error, Result};
use crate::report::recommendations::Recommendations;
use crate::report::{Report, Section};

/// Which section stands on which sheet; one that is not named here stands on the second.
const SHEETS: &[(&str, &[&str])] = &[
    ("Summary", &["key_figures", "gates", "summary", "savings_by_kind"]),
    ("Breakdown", &[]),
    ("Days", &["costs_by_day"]),
    ("Commitments", &["commitments", "expiring", "coverage", "commitments_by_day"]),
    ("Savings", &["recommendations", "earlier_advice", "exceptions"]),
    ("Invoices", &["invoices", "cash_to_effective"]),
];
/// The sheet of what is named nowhere.
const BREAKDOWN: usize = 1;
/// Rows of a flat table; Excel has room for 1,048,576.
const ROWS_MAX: usize = 200_000;

/// The monthly report.
///
/// # Errors
/// [`Error::Render`] when the workbook cannot be made.
pub fn report(report: &Report) -> Result<Vec<u8>> {
    let fail = |error: XlsxError| Error::Render { what: "the workbook", detail: error.to_string() };
    book(report).and_then(|mut book| book.save_to_buffer()).map_err(fail)
}

fn book(report: &Report) -> std::result::Result<Workbook, XlsxError> {
    let styles = Styles::new();
    let mut book = Workbook::new();
    book.set_properties(&properties(report)?);
    let mut sheets: Vec<Worksheet> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    for (at, (name, _)) in SHEETS.iter().enumerate() {
        let sections: Vec<&Section> = report.sections.iter().filter(|section| sheet_of(section.id) == at).collect();
        if sections.is_empty() && at > 0 {
            continue;
        }
        let mut sheet = Worksheet::new();
        sheet.set_name(*name)?;
        let mut row = if at == 0 { title(&mut sheet, report, &styles)? } else { 0 };
        for section in sections {
            let place = sheets::section(&mut sheet, row, section, &styles)?;
            row = place.end + 2;
            places.push(place);
        }
        sheets::finish(&mut sheet)?;
        sheets.push(sheet);
    }
    if let Some(summary) = sheets.first_mut() {
        charts::on_summary(summary, &places, report, &styles)?;
    }
    sheets.extend(report.detail.as_ref().map(|detail| flat_costs(detail, &styles)).transpose()?);
    let savings = report.savings.as_ref().filter(|savings| !savings.rows.is_empty());
    sheets.extend(savings.map(|savings| recommendations(savings, &styles)).transpose()?);
    sheets.push(certificate(report, &styles)?);
    sheets.into_iter().for_each(|sheet| {
        book.push_worksheet(sheet);
    });
    Ok(book)
}

fn sheet_of(id: &str) -> usize {
    SHEETS.iter().position(|(_, sections)| sections.contains(&id)).unwrap_or(BREAKDOWN)
}

/// The same report is the same file: the day it was made on is the first of its last month, not today.
fn properties(report: &Report) -> std::result::Result<DocProperties, XlsxError> {
    let last = report.periods.last().and_then(|period| {
        let (year, month) = period.split_once('-')?;
        Some((year.parse::<u16>().ok()?, month.parse::<u8>().ok()?))
    });
    let (year, month) = last.unwrap_or((2000, 1));
    let created = ExcelDateTime::from_ymd(year, month, 1)?;
    let made = format!("farthing {}", env!("CARGO_PKG_VERSION"));
    Ok(DocProperties::new().set_title(&report.title).set_comment(made).set_creation_datetime(&created))
}

/// The head of the first sheet; the row to go on at.
fn title(sheet: &mut Worksheet, report: &Report, styles: &Styles) -> std::result::Result<u32, XlsxError> {
    sheets::text(sheet, (0, 0), &report.title, &styles.title)?;
    sheets::text(sheet, (1, 0), &headline(report).unwrap_or_default(), &styles.strong)?;
    sheets::note(sheet, 2, &format!("{}.", amounts_sentence(report)), styles)?;
    sheets::note(sheet, 3, &format!("Certificate: {}.", report.certificate.summary()), styles)?;
    if report.sections.is_empty() {
        sheets::text(sheet, (4, 0), "No figure is shown: see the checks that failed.", &styles.strong)?;
    }
    Ok(5)
}

/// Costs without sums, one row for each combination, exact: for pivot tables.
fn flat_costs(section: &Section, styles: &Styles) -> std::result::Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name("Costs")?;
    let columns: Vec<&str> = section.columns.iter().map(|(name, _)| name.as_str()).collect();
    let rows = section.rows.len().min(ROWS_MAX);
    table(&mut sheet, "Costs", &columns, rows, styles)?;
    for (at, row) in section.rows.iter().take(rows).enumerate() {
        for (column, cell) in row.iter().enumerate() {
            sheets::exact(&mut sheet, (at as u32 + 1, column as u16), cell, styles)?;
        }
    }
    Ok(sheet)
}

/// A flat table with a head, filters and so many rows, which are still to be written.
fn table(
    sheet: &mut Worksheet,
    name: &str,
    columns: &[&str],
    rows: usize,
    styles: &Styles,
) -> std::result::Result<(), XlsxError> {
    let heads: Vec<TableColumn> =
        columns.iter().map(|name| TableColumn::new().set_header(*name).set_header_format(&styles.head)).collect();
    let last_column = columns.len().saturating_sub(1) as u16;
    let table = Table::new().set_name(name).set_columns(&heads).set_style(TableStyle::Light1);
    sheet.add_table(0, 0, rows.max(1) as u32, last_column, &table)?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, name) in columns.iter().enumerate() {
        sheet.set_column_width(at as u16, width_of(name.len() + 4))?;
    }
    Ok(())
}

/// Every recommendation with what it rests on.
fn recommendations(savings: &Recommendations, styles: &Styles) -> std::result::Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name("Recommendations")?;
    let columns: Vec<&str> = crate::schema::recommendations::COLUMNS.iter().map(|(name, _)| *name).collect();
    let rows = savings.rows.len().min(ROWS_MAX);
    table(&mut sheet, "Recommendations", &columns, rows, styles)?;
    for (at, row) in savings.rows.iter().take(rows).enumerate() {
        for (column, cell) in sheets::recommendation(row).iter().enumerate() {
            sheets::exact(&mut sheet, (at as u32 + 1, column as u16), cell, styles)?;
        }
    }
    Ok(sheet)
}

/// Checks, findings, what was not computed, and the files with their hashes.
fn certificate(report: &Report, styles: &Styles) -> std::result::Result<Worksheet, XlsxError> {
    let certificate = &report.certificate;
    let mut sheet = Worksheet::new();
    sheet.set_name("Certificate")?;
    let skipped = all_skipped(certificate, report.skipped());
    let parts = [
        ("Checks", summaries::checks(certificate)),
        ("Findings", summaries::findings(certificate, usize::MAX)),
        ("Not computed", summaries::skipped(&skipped)),
        ("Files", summaries::inputs(certificate)),
    ];
    let mut row = 0;
    for (title, grid) in parts.iter().filter(|(_, grid)| !grid.rows.is_empty()) {
        row = sheets::grid(&mut sheet, row, title, grid, styles)? + 2;
    }
    sheets::finish(&mut sheet)?;
    Ok(sheet)
}

/// A head's look, shared with the tables.
fn head() -> Format {
    Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_background_color("EDEFF3")
}
