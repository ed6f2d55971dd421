//! Charts of a report as SVG, drawn by plotters from the same sections that the tables are made of.
//!
//! Every chart comes twice, for wide and for narrow pages, since text that shrinks with its page cannot be read. It is
//! labelled directly, its axis of amounts begins at zero, and its colors (after Okabe and Ito) can be told apart by the
//! color-blind. Fonts are the reader's own: none is measured and none is embedded.

mod bars;
mod canvas;
mod lines;
mod waterfall;

use self::canvas::Size;
use crate::error::Result;
use crate::report::{Cell, Report, Section};

/// A chart for wide and for narrow pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The section whose figures it shows.
    pub id: &'static str,
    /// Its title.
    pub title: String,
    /// What it shows, in words, for those who do not see it. The figures are in the section's table.
    pub description: String,
    /// SVG, 720 units wide.
    pub wide: String,
    /// SVG, 340 units wide.
    pub narrow: String,
}

/// What a chart is drawn from: its words, and how it is drawn at some size.
struct Draft<'a> {
    title: String,
    description: String,
    draw: Box<dyn Fn(Size) -> Result<String> + 'a>,
}

/// A report's charts in reading order; one without figures is left out.
///
/// # Errors
/// [`crate::Error::Render`] when a chart cannot be drawn.
pub fn of_report(report: &Report) -> Result<Vec<Chart>> {
    let charts = report.sections.iter().map(|section| of_section(section, report));
    charts.filter_map(Result::transpose).collect()
}

/// The chart of one section of a report, where it has one.
///
/// # Errors
/// As [`of_report`].
pub fn of_section(section: &Section, report: &Report) -> Result<Option<Chart>> {
    let draft = match section.id {
        "summary" => bars::months(report),
        "costs_by_service" | "costs_by_account" | "costs_by_tag" => bars::groups(section, &report.currency),
        "costs_by_day" => lines::days(section, &report.currency),
        "commitments_by_day" => lines::shares(section),
        "savings_by_kind" => waterfall::savings(section, report),
        _ => None,
    };
    let Some(draft) = draft else { return Ok(None) };
    Ok(Some(Chart {
        id: section.id,
        wide: (draft.draw)(Size::Wide)?,
        narrow: (draft.draw)(Size::Narrow)?,
        title: draft.title,
        description: draft.description,
    }))
}

/// A cell's text; none where it is no text.
fn label(row: &[Cell], at: usize) -> Option<&str> {
    match row.get(at) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

/// A cell's money in currency units, for drawing; none where it has none.
fn amount(row: &[Cell], at: usize) -> Option<f64> {
    match row.get(at) {
        Some(Cell::Money(units)) => Some(*units as f64 / 1e12),
        _ => None,
    }
}

/// A cell's share; none where it has none.
fn ratio(row: &[Cell], at: usize) -> Option<f64> {
    match row.get(at) {
        Some(Cell::Ratio(ratio)) if ratio.is_finite() => Some(*ratio),
        _ => None,
    }
}

/// Where a column stands.
fn position(section: &Section, name: &str) -> Option<usize> {
    section.columns.iter().position(|(column, _)| column == name)
}
