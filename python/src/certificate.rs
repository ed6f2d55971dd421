//! The certificate, as rows of plain values.

use farthing::Metric;
use farthing::money::money_text;
use farthing::reconcile::certificate as engine;
use farthing::render::{json, markdown, summaries};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::frames::Batches;
use crate::grid::Grid;
use crate::{answers, errors};

/// Findings that are shown for a check that did not pass.
const FINDINGS_MAX: usize = 10;

/// What was checked about a bill.
#[pyclass(frozen, module = "farthing._farthing")]
pub(crate) struct Certificate(engine::Certificate);

impl From<engine::Certificate> for Certificate {
    fn from(certificate: engine::Certificate) -> Certificate {
        Certificate(certificate)
    }
}

#[derive(IntoPyObject)]
struct Check<'a> {
    id: &'a str,
    title: &'a str,
    severity: &'static str,
    verdict: &'static str,
    detail: &'a str,
    figure: Option<&'a str>,
    findings: &'a [String],
}

#[derive(IntoPyObject)]
struct Period<'a, 'py> {
    payer: &'a str,
    period: &'a str,
    currency: &'a str,
    status: &'static str,
    rows: u64,
    costs: Bound<'py, PyDict>,
}

#[derive(IntoPyObject)]
struct Invoice<'a, 'py> {
    payer: &'a str,
    invoice_id: Option<&'a str>,
    currency: &'a str,
    rows: u64,
    amount: Bound<'py, PyAny>,
    invoiced: Option<Bound<'py, PyAny>>,
}

#[derive(IntoPyObject)]
struct Input<'a> {
    file: &'a str,
    rows: u64,
    bytes: u64,
    sha256: &'a str,
}

#[pymethods]
impl Certificate {
    #[getter]
    fn verdict(&self) -> &'static str {
        self.0.verdict().name()
    }

    #[getter]
    fn figures_allowed(&self) -> bool {
        self.0.figures_allowed()
    }

    #[getter]
    fn summary(&self) -> String {
        self.0.summary()
    }

    #[getter]
    fn checks(&self) -> Vec<Check<'_>> {
        self.0.checks.iter().map(check).collect()
    }

    #[getter]
    fn periods<'py>(&self, py: Python<'py>) -> PyResult<Vec<Period<'_, 'py>>> {
        self.0.periods.iter().map(|month| period(py, month)).collect()
    }

    #[getter]
    fn invoices<'py>(&self, py: Python<'py>) -> PyResult<Vec<Invoice<'_, 'py>>> {
        self.0.invoices.iter().map(|total| invoice(py, total)).collect()
    }

    #[getter]
    fn inputs(&self) -> Vec<Input<'_>> {
        self.0.inputs.iter().map(input).collect()
    }

    #[getter]
    fn skipped(&self) -> Vec<(&str, &str)> {
        self.0.skipped.iter().map(|skipped| (skipped.what.as_str(), skipped.reason.as_str())).collect()
    }

    /// The checks as a frame.
    fn frame(&self) -> PyResult<Batches> {
        answers::checks(&self.0).map(Batches::from).map_err(errors::other)
    }

    /// For people: the checks, what is at fault, payers' months and invoices.
    fn grids(&self) -> [Grid; 4] {
        let certificate = &self.0;
        [
            summaries::checks(certificate),
            summaries::findings(certificate, FINDINGS_MAX),
            summaries::billing_periods(certificate),
            summaries::invoices(certificate),
        ]
        .map(Grid::from)
    }

    fn json(&self) -> String {
        json::text(&json::certificate(&self.0))
    }

    fn markdown(&self) -> String {
        markdown::certificate(&self.0)
    }
}

fn check(check: &engine::Check) -> Check<'_> {
    Check {
        id: &check.id,
        title: &check.title,
        severity: answers::severity(check.severity),
        verdict: check.verdict.name(),
        detail: &check.detail,
        figure: check.figure.as_deref(),
        findings: &check.findings,
    }
}

fn period<'a, 'py>(py: Python<'py>, period: &'a engine::Period) -> PyResult<Period<'a, 'py>> {
    let costs = PyDict::new(py);
    for (metric, cost) in Metric::ALL.iter().zip(&period.costs) {
        costs.set_item(metric.name(), cost.map(|cost| decimal(py, cost)).transpose()?)?;
    }
    Ok(Period {
        payer: &period.payer,
        period: &period.period,
        currency: &period.currency,
        status: period.status.name(),
        rows: period.rows,
        costs,
    })
}

fn invoice<'a, 'py>(py: Python<'py>, invoice: &'a engine::InvoiceTotal) -> PyResult<Invoice<'a, 'py>> {
    Ok(Invoice {
        payer: &invoice.payer,
        invoice_id: invoice.invoice_id.as_deref(),
        currency: &invoice.currency,
        rows: invoice.rows,
        amount: decimal(py, invoice.amount)?,
        invoiced: invoice.invoiced.map(|amount| decimal(py, amount)).transpose()?,
    })
}

fn input(input: &engine::Input) -> Input<'_> {
    Input { file: &input.file, rows: input.rows, bytes: input.bytes, sha256: &input.sha256 }
}

/// Money as Python's `Decimal`.
pub(crate) fn decimal(py: Python<'_>, units: i128) -> PyResult<Bound<'_, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")?.call1((money_text(units),))
}
