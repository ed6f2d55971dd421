//! Recommendations: rows as a frame, sums, and what was skipped.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt8Array, UInt64Array};
use arrow::error::ArrowError;
use farthing::money::MONEY_SCALE;
use farthing::render::{json, markdown, savings, summaries};
use farthing::report::continuity::Followed;
use farthing::{Config, Kind, Recommendation, Request, Step};
use pyo3::prelude::*;

use crate::answers::{batch, decimals};
use crate::certificate::{Certificate, decimal};
use crate::errors;
use crate::frames::Batches;
use crate::grid::Grid;

/// Why a row is excepted, who answers for that, and until when.
type Reason<'a> = (&'a str, Option<&'a str>, &'a str);

/// What a bill could save.
#[pyclass(frozen, module = "farthing._farthing")]
pub(crate) struct Recommendations(farthing::Recommendations);

impl From<farthing::Recommendations> for Recommendations {
    fn from(answer: farthing::Recommendations) -> Recommendations {
        Recommendations(answer)
    }
}

/// What is asked, as the engine takes it.
pub(crate) fn request(
    only: Vec<String>,
    kinds: &[String],
    settings: Vec<String>,
    as_of: Option<String>,
    min_savings: Option<f64>,
    config: Option<PathBuf>,
    goal: Option<String>,
) -> PyResult<Request> {
    let goal = goal.map(|text| text.parse()).transpose().map_err(errors::engine)?;
    let kind = |name: &String| {
        let known = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        Kind::from_name(name).ok_or_else(|| errors::query(format!("unknown kind `{name}`; use one of {}", known())))
    };
    let kinds = kinds.iter().map(kind).collect::<PyResult<_>>()?;
    let config = match config {
        Some(file) => {
            let text =
                std::fs::read_to_string(&file).map_err(|source| errors::engine(farthing::Error::io(&file, source)))?;
            Config::parse(&file.to_string_lossy(), &text).map_err(errors::engine)?
        }
        None => Config::default(),
    };
    let base = Request { only, kinds, settings, as_of, plan: true, ..Request::default() };
    Ok(Request { savings_min_monthly: min_savings, config, goal, ..base })
}

#[pymethods]
impl Recommendations {
    /// The rows as a frame.
    fn frame(&self) -> PyResult<Batches> {
        frame(&self.0.rows).map(Batches::from).map_err(errors::other)
    }

    /// What became of earlier advice, as a frame.
    fn followed(&self) -> PyResult<Batches> {
        followed(&self.0.followed).map(Batches::from).map_err(errors::other)
    }

    /// The rows that are excepted as a frame, and for each the reason, who answers for it, and until when.
    fn excepted(&self) -> PyResult<(Batches, Vec<Reason<'_>>)> {
        let rows: Vec<Recommendation> = self.0.excepted.iter().map(|one| one.row.clone()).collect();
        let reasons = self.0.excepted.iter().map(|one| (one.reason.as_str(), one.owner.as_deref(), one.until.as_str()));
        Ok((frame(&rows).map(Batches::from).map_err(errors::other)?, reasons.collect()))
    }

    /// What earlier months and exceptions have to do with it, in sentences.
    #[getter]
    fn notes(&self) -> Vec<String> {
        let history = savings::history_sentence(&self.0);
        history.into_iter().chain(savings::exception_notes(&self.0, &self.0.config_name)).collect()
    }

    /// The steps of the waterfall as a frame; empty where nothing was simulated.
    fn waterfall(&self) -> PyResult<Batches> {
        let steps = self.0.waterfall.as_ref().map_or(&[][..], |waterfall| &waterfall.steps);
        waterfall(steps).map(Batches::from).map_err(errors::other)
    }

    /// The choice that reaches a goal as a frame: detector, savings and risk are those of what is followed.
    fn goal_frame(&self) -> PyResult<Batches> {
        let choices = self.0.goal.iter().flat_map(|goal| &goal.choices);
        let rows = choices.map(|choice| Recommendation {
            detector: choice.detector,
            savings_monthly: choice.savings_monthly,
            risk: choice.risk,
            ..self.0.rows[choice.row].clone()
        });
        frame(&rows.collect::<Vec<_>>()).map(Batches::from).map_err(errors::other)
    }

    /// Whether a goal is reached, when there is one.
    #[getter]
    fn goal_reached(&self) -> Option<bool> {
        self.0.goal.as_ref().map(|goal| goal.is_reached)
    }

    #[getter]
    fn currency(&self) -> &str {
        &self.0.currency
    }

    /// The billing period that savings are measured in, and its hours.
    #[getter]
    fn look_back(&self) -> (&str, i64) {
        (&self.0.look_back.0, self.0.look_back.1)
    }

    #[getter]
    fn as_of(&self) -> &str {
        &self.0.as_of
    }

    /// Savings a month, the same at list, of likely stories, the bill's cost, and savings when all is followed together.
    #[getter]
    fn totals<'py>(&self, py: Python<'py>) -> PyResult<[Bound<'py, PyAny>; 5]> {
        let answer = &self.0;
        Ok([
            decimal(py, answer.savings_monthly)?,
            decimal(py, answer.savings_monthly_list)?,
            decimal(py, answer.potential_monthly)?,
            decimal(py, answer.cost_monthly)?,
            decimal(py, answer.together_monthly())?,
        ])
    }

    #[getter]
    fn skipped(&self) -> Vec<(&str, &str)> {
        self.0.skipped.iter().map(|skipped| (skipped.what.as_str(), skipped.reason.as_str())).collect()
    }

    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate::from(self.0.certificate.clone())
    }

    /// One sentence on what could be saved.
    #[getter]
    fn summary(&self) -> String {
        summaries::savings_sentence(&self.0)
    }

    /// For people.
    fn grid(&self) -> Grid {
        summaries::recommendations(&self.0).into()
    }

    fn json(&self) -> String {
        json::text(&json::recommendations(&self.0))
    }

    fn markdown(&self) -> String {
        markdown::recommendations(&self.0)
    }
}

fn followed(rows: &[Followed]) -> Result<RecordBatch, ArrowError> {
    let all = |name: &str, pick: &dyn Fn(&Followed) -> String| -> (String, ArrayRef) {
        (name.to_owned(), Arc::new(StringArray::from_iter_values(rows.iter().map(pick))))
    };
    let money = |name: &str, pick: fn(&Followed) -> i128| -> Result<(String, ArrayRef), ArrowError> {
        Ok((name.to_owned(), decimals(MONEY_SCALE, rows.iter().map(|row| Some(pick(row))))?))
    };
    let resources = rows.iter().map(|one| one.row.resource_id.as_deref());
    batch(vec![
        all("id", &|one| one.row.id()),
        all("detector", &|one| one.row.detector.to_owned()),
        all("sub_account_id", &|one| one.row.sub_account_id.clone()),
        all("region_id", &|one| one.row.region_id.clone()),
        ("resource_id".to_owned(), Arc::new(StringArray::from_iter(resources))),
        all("title", &|one| one.row.title.clone()),
        all("status", &|one| one.outcome.name().to_owned()),
        all("month", &|one| one.month.clone()),
        money("savings_monthly", |one| one.row.savings_monthly)?,
        money("realized_monthly", |one| one.realized_monthly)?,
        money("realized", |one| one.realized)?,
        ("measured".to_owned(), Arc::new(BooleanArray::from_iter(rows.iter().map(|one| Some(one.is_measured))))),
    ])
}

fn waterfall(steps: &[Step]) -> Result<RecordBatch, ArrowError> {
    let money = |name: &str, pick: fn(&Step) -> i128| -> Result<(String, ArrayRef), ArrowError> {
        Ok((name.to_owned(), decimals(MONEY_SCALE, steps.iter().map(|step| Some(pick(step))))?))
    };
    let kinds = StringArray::from_iter_values(steps.iter().map(|step| step.kind.name()));
    let rows = UInt64Array::from_iter_values(steps.iter().map(|step| step.rows as u64));
    batch(vec![
        ("kind".to_owned(), Arc::new(kinds)),
        ("rows".to_owned(), Arc::new(rows)),
        money("alone_monthly", |step| step.alone_monthly)?,
        money("saved_monthly", |step| step.saved_monthly)?,
        money("newly_unused_monthly", |step| step.wasted_monthly)?,
        money("left_monthly", |step| step.left_monthly)?,
    ])
}

fn frame(rows: &[Recommendation]) -> Result<RecordBatch, ArrowError> {
    let text = |name: &str, texts: StringArray| -> (String, ArrayRef) { (name.to_owned(), Arc::new(texts)) };
    let all = |name: &str, pick: fn(&Recommendation) -> &str| {
        text(name, StringArray::from_iter_values(rows.iter().map(pick)))
    };
    let money = |name: &str, pick: fn(&Recommendation) -> i128| -> Result<(String, ArrayRef), ArrowError> {
        Ok((name.to_owned(), decimals(MONEY_SCALE, rows.iter().map(|row| Some(pick(row))))?))
    };
    let made = |name: &str, make: fn(&Recommendation) -> String| {
        text(name, StringArray::from_iter_values(rows.iter().map(make)))
    };
    let standing = || rows.iter().map(|row| row.standing.as_ref());
    batch(vec![
        all("detector", |row| row.detector),
        all("kind", |row| row.kind.name()),
        all("action", |row| row.action),
        all("sub_account_id", |row| &row.sub_account_id),
        all("region_id", |row| &row.region_id),
        text("resource_id", StringArray::from_iter(rows.iter().map(|row| row.resource_id.as_deref()))),
        all("title", |row| &row.title),
        all("current", |row| &row.current),
        all("target", |row| &row.target),
        money("savings_monthly", |row| row.savings_monthly)?,
        money("savings_monthly_list", |row| row.savings_monthly_list)?,
        ("confidence".to_owned(), Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.confidence)))),
        all("grade", |row| row.grade.name()),
        all("effort", |row| row.effort.name()),
        ("risk".to_owned(), Arc::new(UInt8Array::from_iter_values(rows.iter().map(|row| row.risk)))),
        made("evidence", Recommendation::evidence_text),
        made("assumptions", |row| row.assumptions.join(" ")),
        made("alternatives", Recommendation::alternatives_text),
        all("price_source", |row| row.price_source.name()),
        all("command", |row| &row.command),
        text("owner", StringArray::from_iter(rows.iter().map(|row| row.owner.as_deref()))),
        made("id", Recommendation::id),
        text("status", StringArray::from_iter(standing().map(|standing| standing.map(|one| one.status())))),
        text("since", StringArray::from_iter(standing().map(|standing| standing.map(|one| one.since.as_str())))),
        ("waited".to_owned(), decimals(MONEY_SCALE, standing().map(|standing| standing.map(|one| one.waited)))?),
    ])
}

/// The registry as JSON.
#[pyfunction]
pub(crate) fn detectors() -> String {
    json::detectors(farthing::detectors::ALL).to_string()
}
