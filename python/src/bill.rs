//! A bill that has been opened: convert, call, map the error.

use std::path::PathBuf;
use std::sync::Arc;

use farthing::catalog::quotes::Catalog;
use farthing::ingest::metrics::{LOOK_BACK_DAYS, Metrics};
use farthing::ledger::tables::TABLES;
use farthing::render::{fleet, json, summaries};
use farthing::rightsize::preferences::Preferences;
use farthing::{Gate, ReportRequest, Request};
use pyo3::prelude::*;

use crate::certificate::Certificate;
use crate::frames::Batches;
use crate::grid::Grid;
use crate::plan::{self, Plan, Question};
use crate::question::Costs;
use crate::recommend::{Recommendations, request};
use crate::report::Report;
use crate::s3::S3;
use crate::work::{Watch, run};
use crate::{answers, errors};

/// A gate, whether it failed, its figure and a sentence.
pub(crate) type GateResult = (String, bool, Option<String>, String);

/// A bill that has been opened.
#[pyclass(frozen, module = "farthing._farthing")]
pub(crate) struct Bill {
    bill: farthing::Bill,
    watch: Arc<Watch>,
}

/// Opens one bill that consists of these files and folders, on disk and on S3.
#[pyfunction]
#[pyo3(signature = (paths, periods=None, threads=None, tick=None, s3=None, store=None))]
pub(crate) fn open(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    periods: Option<Vec<String>>,
    threads: Option<usize>,
    tick: Option<Py<PyAny>>,
    s3: Option<S3>,
    store: Option<PathBuf>,
) -> PyResult<Bill> {
    let watch = Arc::new(Watch::default());
    let mut options = farthing::Bill::options().progress(watch.callback());
    if let Some(periods) = periods {
        options = options.periods(periods);
    }
    if let Some(threads) = threads {
        options = options.threads(threads);
    }
    if let Some(s3) = s3 {
        options = options.s3(s3.options(&watch)).on_fetch(watch.fetch_callback());
    }
    if let Some(store) = store {
        options = options.store(store);
    }
    let bill = run(py, &watch, tick.as_ref(), move || options.open(paths))?;
    Ok(Bill { bill, watch })
}

#[pymethods]
impl Bill {
    /// What the source holds, as JSON.
    fn inventory(&self) -> String {
        json::inventory(self.bill.inventory(), None).to_string()
    }

    /// What the source holds, in one sentence.
    #[getter]
    fn summary(&self) -> String {
        summaries::inventory_sentence(self.bill.inventory())
    }

    /// What the store could not do.
    #[getter]
    fn store_notes(&self) -> Vec<String> {
        self.bill.store_notes()
    }

    /// For people: the deliveries, and what can be computed.
    fn grids(&self) -> [Grid; 2] {
        let inventory = self.bill.inventory();
        [summaries::deliveries(inventory), summaries::capabilities(inventory)].map(Grid::from)
    }

    /// The answer to a cost question.
    #[pyo3(signature = (question, tick=None))]
    fn costs(&self, py: Python<'_>, question: &Costs, tick: Option<Py<PyAny>>) -> PyResult<Batches> {
        let answer = run(py, &self.watch, tick.as_ref(), || self.bill.costs(&question.0))?;
        answers::costs(&answer).map(Batches::from).map_err(errors::other)
    }

    /// The certificate.
    #[pyo3(signature = (invoice=None, tick=None))]
    fn reconcile(&self, py: Python<'_>, invoice: Option<PathBuf>, tick: Option<Py<PyAny>>) -> PyResult<Certificate> {
        run(py, &self.watch, tick.as_ref(), || self.bill.reconcile(invoice.as_deref())).map(Certificate::from)
    }

    /// One table of the ledger.
    #[pyo3(signature = (name, tick=None))]
    fn table(&self, py: Python<'_>, name: &str, tick: Option<Py<PyAny>>) -> PyResult<Batches> {
        run(py, &self.watch, tick.as_ref(), || self.bill.ledger()?.table(name)).map(Batches::from)
    }

    /// Charges, row by row.
    #[pyo3(signature = (filter, columns=None, tick=None))]
    fn charges(
        &self,
        py: Python<'_>,
        filter: &str,
        columns: Option<Vec<String>>,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<Batches> {
        run(py, &self.watch, tick.as_ref(), || self.bill.charges(filter, columns.as_deref())).map(Batches::from)
    }

    /// What could be saved.
    #[pyo3(signature = (
        only, kinds, settings, as_of=None, min_savings=None, config=None, goal=None, tick=None, metrics=None, catalog=None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn recommend(
        &self,
        py: Python<'_>,
        only: Vec<String>,
        kinds: Vec<String>,
        settings: Vec<String>,
        as_of: Option<String>,
        min_savings: Option<f64>,
        config: Option<PathBuf>,
        goal: Option<String>,
        tick: Option<Py<PyAny>>,
        metrics: Option<Vec<PathBuf>>,
        catalog: Option<PathBuf>,
    ) -> PyResult<Recommendations> {
        let request = request(only, &kinds, settings, as_of, min_savings, config, goal)?;
        let asked = move || self.bill.recommend(&resting_on(request, metrics, catalog)?);
        run(py, &self.watch, tick.as_ref(), asked).map(Recommendations::from)
    }

    /// Which instances are too large or too small, as JSON.
    #[pyo3(signature = (metrics, percentile, cpu_headroom, memory_headroom, look_back_days, catalog=None, tick=None))]
    #[allow(clippy::too_many_arguments)]
    fn rightsize(
        &self,
        py: Python<'_>,
        metrics: Vec<PathBuf>,
        percentile: f64,
        cpu_headroom: f64,
        memory_headroom: f64,
        look_back_days: u32,
        catalog: Option<PathBuf>,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<(String, String, Certificate)> {
        let preferences = Preferences { percentile, cpu_headroom, memory_headroom, look_back_days };
        let sized = move || {
            let metrics = Metrics::read(&metrics, look_back_days)?;
            self.bill.rightsize(&metrics, &prices(catalog), preferences)
        };
        let answer = run(py, &self.watch, tick.as_ref(), sized)?;
        Ok((fleet::json(&answer).to_string(), fleet::headline(&answer), Certificate::from(answer.certificate)))
    }

    /// What commitments were worth.
    #[pyo3(signature = (granularity, tick=None))]
    fn commitments(&self, py: Python<'_>, granularity: &str, tick: Option<Py<PyAny>>) -> PyResult<Report> {
        let step = plan::step(granularity)?;
        run(py, &self.watch, tick.as_ref(), || self.bill.commitments(step)).map(Report::from)
    }

    /// What to buy.
    #[pyo3(signature = (question, tick=None))]
    fn plan(&self, py: Python<'_>, question: Question, tick: Option<Py<PyAny>>) -> PyResult<Plan> {
        let request = question.request()?;
        let advice = if question.after_advice { Some(question.advice()?) } else { None };
        let found = run(py, &self.watch, tick.as_ref(), || match &advice {
            Some(advice) => self.bill.plan_after_advice(&request, advice),
            None => self.bill.plan(&request),
        })?;
        Ok(Plan::of(&found))
    }

    /// The report.
    #[pyo3(signature = (invoice=None, gates=vec![], config=None, metrics=None, catalog=None, tick=None))]
    #[allow(clippy::too_many_arguments)]
    fn report(
        &self,
        py: Python<'_>,
        invoice: Option<PathBuf>,
        gates: Vec<String>,
        config: Option<PathBuf>,
        metrics: Option<Vec<PathBuf>>,
        catalog: Option<PathBuf>,
        tick: Option<Py<PyAny>>,
    ) -> PyResult<Report> {
        let gates = understood(&gates)?;
        let advice = request(Vec::new(), &[], Vec::new(), None, None, config, None)?;
        let asked = move || {
            let advice = Request { plan: true, ..resting_on(advice, metrics, catalog)? };
            self.bill.report(&ReportRequest { invoice, advice, gates })
        };
        run(py, &self.watch, tick.as_ref(), asked).map(Report::from)
    }

    /// What came of gates: the gate, whether it failed, its figure and a sentence.
    #[pyo3(signature = (gates, tick=None))]
    fn gates(&self, py: Python<'_>, gates: Vec<String>, tick: Option<Py<PyAny>>) -> PyResult<Vec<GateResult>> {
        let gates = understood(&gates)?;
        let results = run(py, &self.watch, tick.as_ref(), || self.bill.gates(&gates))?;
        Ok(results.iter().map(gate_result).collect())
    }
}

/// A request with what it rests on beside the bill.
pub(crate) fn resting_on(
    request: Request,
    metrics: Option<Vec<PathBuf>>,
    catalog: Option<PathBuf>,
) -> farthing::Result<Request> {
    let metrics = metrics.map(|files| Metrics::read(&files, LOOK_BACK_DAYS)).transpose()?.map(Arc::new);
    Ok(Request { metrics, catalog: Some(Arc::new(prices(catalog))), ..request })
}

fn understood(gates: &[String]) -> PyResult<Vec<Gate>> {
    gates.iter().map(|gate| gate.parse::<Gate>()).collect::<Result<_, _>>().map_err(errors::engine)
}

/// A result as Python takes it: the gate, whether it failed, its figure and a sentence.
pub(crate) fn gate_result(one: &farthing::GateResult) -> GateResult {
    (one.gate.clone(), one.failed, one.figure_text(), one.detail.clone())
}

/// Imported price lists before the bundled ones.
pub(crate) fn prices(folder: Option<PathBuf>) -> Catalog {
    folder.map_or_else(Catalog::bundled, |folder| Catalog::bundled().with_lists(&folder))
}

/// The names of the ledger's tables.
#[pyfunction]
pub(crate) fn tables() -> Vec<&'static str> {
    TABLES.to_vec()
}
