//! The report: its sections as frames, and its texts.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow::error::ArrowError;
use farthing::money::{MONEY_SCALE, QUANTITY_SCALE, money_text};
use farthing::render::grid::{self, cell_text};
use farthing::render::{charts, headline, html, json, markdown, message, xlsx};
use farthing::report::{self as engine, Cell, ColumnKind};
use pyo3::prelude::*;

use crate::answers::{batch, decimals};
use crate::bill::{GateResult, gate_result};
use crate::certificate::Certificate;
use crate::errors;
use crate::frames::Batches;
use crate::grid::Grid;

/// The report of a bill.
#[pyclass(frozen, module = "farthing._farthing")]
pub(crate) struct Report(engine::Report);

impl From<engine::Report> for Report {
    fn from(report: engine::Report) -> Report {
        Report(report)
    }
}

#[derive(IntoPyObject)]
struct Section<'a> {
    id: &'static str,
    title: &'a str,
    note: &'a str,
    rows: Batches,
    total: Option<Batches>,
    grid: Grid,
}

#[pymethods]
impl Report {
    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    #[getter]
    fn periods(&self) -> &[String] {
        &self.0.periods
    }

    #[getter]
    fn currency(&self) -> &str {
        &self.0.currency
    }

    /// One sentence on the last billing period.
    #[getter]
    fn headline(&self) -> Option<String> {
        headline(&self.0)
    }

    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate::from(self.0.certificate.clone())
    }

    #[getter]
    fn sections(&self) -> PyResult<Vec<Section<'_>>> {
        self.0.sections.iter().map(section).collect::<Result<_, _>>().map_err(errors::other)
    }

    /// What came of the gates that were asked about.
    #[getter]
    fn gates(&self) -> Vec<GateResult> {
        self.0.gates.iter().map(gate_result).collect()
    }

    fn message(&self) -> String {
        message::report(&self.0)
    }

    fn json(&self) -> String {
        json::text(&json::report(&self.0))
    }

    fn markdown(&self) -> String {
        markdown::report(&self.0)
    }

    fn html(&self) -> PyResult<String> {
        html::report(&self.0).map_err(errors::engine)
    }

    fn xlsx(&self) -> PyResult<Vec<u8>> {
        xlsx::report(&self.0).map_err(errors::engine)
    }

    /// Charts: section, title, description and SVG.
    fn charts(&self) -> PyResult<Vec<(&'static str, String, String, String)>> {
        let charts = charts::of_report(&self.0).map_err(errors::engine)?;
        Ok(charts.into_iter().map(|chart| (chart.id, chart.title, chart.description, chart.wide)).collect())
    }
}

fn section(section: &engine::Section) -> Result<Section<'_>, ArrowError> {
    Ok(Section {
        id: section.id,
        title: &section.title,
        note: &section.note,
        rows: table(&section.columns, &section.rows)?.into(),
        total: match &section.total {
            Some(total) => Some(table(&section.columns, std::slice::from_ref(total))?.into()),
            None => None,
        },
        grid: grid::section(section).into(),
    })
}

fn table(columns: &[(String, ColumnKind)], rows: &[Vec<Cell>]) -> Result<RecordBatch, ArrowError> {
    let columns = columns.iter().enumerate().map(|(at, (name, kind))| {
        let cells: Vec<&Cell> = rows.iter().filter_map(|row| row.get(at)).collect();
        Ok((name.clone(), array(*kind, &cells)?))
    });
    batch(columns.collect::<Result<_, ArrowError>>()?)
}

fn array(kind: ColumnKind, cells: &[&Cell]) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        ColumnKind::Text => Arc::new(StringArray::from_iter(cells.iter().map(|cell| text(cell)))),
        ColumnKind::Money => decimals(MONEY_SCALE, cells.iter().map(|cell| money(cell)))?,
        ColumnKind::Ratio => Arc::new(Float64Array::from_iter(cells.iter().map(|cell| ratio(cell)))),
        ColumnKind::Number if cells.iter().any(|cell| matches!(cell, Cell::Quantity(_))) => {
            decimals(QUANTITY_SCALE, cells.iter().map(|cell| quantity(cell)))?
        }
        ColumnKind::Figure => Arc::new(StringArray::from_iter(cells.iter().map(|cell| figure(cell)))),
        ColumnKind::Number => Arc::new(UInt64Array::from_iter(cells.iter().map(|cell| count(cell)))),
    })
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Missing => None,
        other => Some(cell_text(other)),
    }
}

/// Figures of several kinds in one column: exact, as text.
fn figure(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Money(units) => Some(money_text(*units)),
        Cell::Ratio(ratio) => Some(ratio.to_string()),
        Cell::Count(count) => Some(count.to_string()),
        other => text(other),
    }
}

fn money(cell: &Cell) -> Option<i128> {
    if let Cell::Money(units) = cell { Some(*units) } else { None }
}

fn ratio(cell: &Cell) -> Option<f64> {
    if let Cell::Ratio(ratio) = cell { Some(*ratio) } else { None }
}

fn count(cell: &Cell) -> Option<u64> {
    if let Cell::Count(count) = cell { Some(*count) } else { None }
}

fn quantity(cell: &Cell) -> Option<i128> {
    match cell {
        Cell::Quantity(units) => Some(*units),
        Cell::Count(count) => Some(i128::from(*count) * 10_i128.pow(QUANTITY_SCALE)),
        _ => None,
    }
}
