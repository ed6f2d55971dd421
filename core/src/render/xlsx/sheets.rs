//! Cells, rows and tables of a sheet.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use crate::render::grid::{self, Grid};
use crate::render::printable;
use crate::report::{Cell, ColumnKind, Section};
use crate::schema::recommendations::Recommendation;

/// What comes of writing.
type Written<T> = Result<T, XlsxError>;

/// Characters that a cell holds at most.
const TEXT_MAX: usize = 32_767;

/// The last column that a note reaches over, and the characters of one line there, about.
const NOTE_COLUMNS: u16 = 7;
const NOTE_CHARACTERS: usize = 140;

/// The looks of cells.
pub(super) struct Styles {
    pub(super) title: Format,
    pub(super) strong: Format,
    pub(super) note: Format,
    pub(super) head: Format,
    right_head: Format,
    text: Format,
    quoted: Format,
    numbers: [Numbers; 2],
}

/// Looks of numbers: in rows, and in sums.
struct Numbers {
    text: Format,
    money: Format,
    share: Format,
    count: Format,
    quantity: Format,
}

impl Numbers {
    fn of(base: &Format) -> Numbers {
        Numbers {
            // Text that follows a number keeps its distance.
            text: base.clone().set_indent(1),
            money: base.clone().set_num_format("#,##0.00"),
            share: base.clone().set_num_format("0.0%"),
            count: base.clone().set_num_format("#,##0"),
            quantity: base.clone().set_num_format("#,##0.000"),
        }
    }
}

impl Styles {
    pub(super) fn new() -> Styles {
        let sum = Format::new().set_bold().set_border_top(FormatBorder::Thin);
        Styles {
            title: Format::new().set_bold().set_font_size(16),
            strong: Format::new().set_bold(),
            note: Format::new().set_italic().set_font_color("5A5D66").set_text_wrap().set_align(FormatAlign::Top),
            head: super::head(),
            right_head: super::head().set_align(FormatAlign::Right),
            text: Format::new(),
            quoted: Format::new().set_quote_prefix(),
            numbers: [Numbers::of(&Format::new()), Numbers::of(&sum)],
        }
    }
}

/// Where a section stands on its sheet.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) sheet: String,
    pub(super) id: &'static str,
    /// The row of column names.
    pub(super) head: u32,
    /// The last row of figures, sums left out.
    pub(super) last: u32,
    /// The last row that is used.
    pub(super) end: u32,
}

/// Text that a spreadsheet may hold: printable, characters of XML only, and not too long.
fn clean(value: &str) -> String {
    let kept = printable(value);
    kept.chars().filter(|character| !matches!(character, '\u{fffe}' | '\u{ffff}')).take(TEXT_MAX).collect()
}

/// Writes text, as text.
pub(super) fn text(sheet: &mut Worksheet, at: (u32, u16), value: &str, look: &Format) -> Written<()> {
    let value = clean(value);
    if !value.is_empty() {
        sheet.write_string_with_format(at.0, at.1, &value, look)?;
    }
    Ok(())
}

/// Writes a note across the columns that most tables have, as high as it needs.
pub(super) fn note(sheet: &mut Worksheet, row: u32, value: &str, styles: &Styles) -> Written<()> {
    let value = clean(value);
    if value.is_empty() {
        return Ok(());
    }
    let lines = value.chars().count().div_ceil(NOTE_CHARACTERS);
    sheet.set_row_height(row, 15.0 * lines as f64)?;
    sheet.merge_range(row, 0, row, NOTE_COLUMNS, &value, &styles.note).map(|_| ())
}

/// Writes text of the bill: what begins like a formula is marked as text.
fn bill_text(sheet: &mut Worksheet, at: (u32, u16), value: &str, plain: &Format, styles: &Styles) -> Written<()> {
    let is_formula = clean(value).trim_start().starts_with(['=', '+', '-', '@']);
    text(sheet, at, value, if is_formula { &styles.quoted } else { plain })
}

/// Writes a cell exactly, or as near as a double comes.
pub(super) fn exact(sheet: &mut Worksheet, at: (u32, u16), cell: &Cell, styles: &Styles) -> Written<()> {
    let numbers = &styles.numbers[0];
    match cell {
        Cell::Money(units) => number(sheet, at, *units as f64 / 1e12, &numbers.money),
        _ => plain(sheet, at, cell, numbers, styles),
    }
}

fn number(sheet: &mut Worksheet, at: (u32, u16), value: f64, look: &Format) -> Written<()> {
    sheet.write_number_with_format(at.0, at.1, value, look).map(|_| ())
}

/// Writes what is not dealt in cents.
fn plain(sheet: &mut Worksheet, at: (u32, u16), cell: &Cell, numbers: &Numbers, styles: &Styles) -> Written<()> {
    match cell {
        Cell::Text(value) => bill_text(sheet, at, value, &numbers.text, styles),
        Cell::Money(units) => number(sheet, at, crate::schema::money::cents(*units) as f64 / 100.0, &numbers.money),
        Cell::Ratio(ratio) if ratio.is_finite() => number(sheet, at, *ratio, &numbers.share),
        Cell::Count(count) => number(sheet, at, *count as f64, &numbers.count),
        Cell::Quantity(units) => number(sheet, at, *units as f64 / 1e15, &numbers.quantity),
        Cell::Ratio(_) | Cell::Missing => Ok(()),
    }
}

/// Writes a section: title, note, column names, rows with the cents that are printed elsewhere, and the sum.
pub(super) fn section(sheet: &mut Worksheet, row: u32, section: &Section, styles: &Styles) -> Written<Place> {
    text(sheet, (row, 0), &section.title, &styles.title)?;
    note(sheet, row + 1, &section.note, styles)?;
    let head = row + 2;
    let mut end = head;
    for (at, (name, kind)) in section.columns.iter().enumerate() {
        let column = at as u16;
        let is_text = *kind == ColumnKind::Text;
        text(sheet, (head, column), name, if is_text { &styles.head } else { &styles.right_head })?;
        let cents = if *kind == ColumnKind::Money { grid::section_cents(section, at) } else { Vec::new() };
        for (index, cells) in section.rows.iter().enumerate() {
            let place = (head + 1 + index as u32, column);
            match cents.get(index).copied().flatten() {
                Some(cents) => number(sheet, place, cents as f64 / 100.0, &styles.numbers[0].money)?,
                None => plain(sheet, place, &cells[at], &styles.numbers[0], styles)?,
            }
        }
    }
    let last = head + section.rows.len() as u32;
    end = end.max(last);
    if let Some(total) = &section.total {
        end = last + 1;
        for (at, cell) in total.iter().enumerate() {
            let place = (end, at as u16);
            match cell {
                Cell::Missing => sheet.write_blank(place.0, place.1, &styles.numbers[1].text).map(|_| ())?,
                _ => plain(sheet, place, cell, &styles.numbers[1], styles)?,
            }
        }
    }
    Ok(Place { sheet: sheet.name(), id: section.id, head, last, end })
}

/// Writes a table of texts; the last row that is used.
pub(super) fn grid(sheet: &mut Worksheet, row: u32, title: &str, grid: &Grid, styles: &Styles) -> Written<u32> {
    text(sheet, (row, 0), title, &styles.title)?;
    for (at, column) in grid.columns.iter().enumerate() {
        text(sheet, (row + 1, at as u16), &column.title, &styles.head)?;
    }
    for (index, cells) in grid.rows.iter().enumerate() {
        for (at, cell) in cells.iter().enumerate() {
            let place = (row + 2 + index as u32, at as u16);
            let count = cell.replace(',', "").parse::<f64>().ok().filter(|_| grid.columns[at].right);
            match count {
                Some(count) => number(sheet, place, count, &styles.numbers[0].count)?,
                None => bill_text(sheet, place, cell, &styles.text, styles)?,
            }
        }
    }
    Ok(row + 1 + grid.rows.len() as u32)
}

/// A recommendation's cells, in the order of its columns.
pub(super) fn recommendation(row: &Recommendation) -> Vec<Cell> {
    let text = |value: &str| Cell::Text(value.to_owned());
    vec![
        text(row.detector),
        text(row.kind.name()),
        text(row.action),
        text(&row.sub_account_id),
        text(&row.region_id),
        text(row.resource_id.as_deref().unwrap_or_default()),
        text(&row.title),
        text(&row.current),
        text(&row.target),
        Cell::Money(row.savings_monthly),
        Cell::Money(row.savings_monthly_list),
        Cell::Ratio(row.confidence),
        text(row.grade.name()),
        text(row.effort.name()),
        Cell::Count(u64::from(row.risk)),
        text(&row.evidence_text()),
        text(&row.assumptions.join(" ")),
        text(&row.alternatives_text()),
        text(row.price_source.name()),
        text(&row.command),
        text(row.owner.as_deref().unwrap_or_default()),
        text(&row.id()),
        text(row.standing.as_ref().map_or("", |standing| standing.status())),
        text(row.standing.as_ref().map_or("", |standing| &standing.since)),
        row.standing.as_ref().map_or(Cell::Missing, |standing| Cell::Money(standing.waited)),
    ]
}

/// A column's width for so many characters.
pub(super) fn width_of(characters: usize) -> f64 {
    (characters as f64).clamp(10.0, 60.0)
}

/// Widths and paper of a sheet with sections below each other.
pub(super) fn finish(sheet: &mut Worksheet) -> Written<()> {
    sheet.set_column_width(0, 34)?;
    for column in 1..24 {
        sheet.set_column_width(column, 16)?;
    }
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}
