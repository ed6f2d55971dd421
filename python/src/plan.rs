//! What to buy: what Python asks, and the answer as a report with its JSON.

use std::path::PathBuf;
use std::sync::Arc;

use farthing::analyze::commitments::Step;
use farthing::catalog::commitments::Payment;
use farthing::planner::bill::Method;
use farthing::planner::caps::Caps;
use farthing::planner::eligible::Scope;
use farthing::planner::offers::{OfferKind, Sort};
use farthing::planner::proposal::Conditions;
use farthing::render::json;
use farthing::render::plans::{self, Plans};
use farthing::{PlanRequest, Request};
use pyo3::prelude::*;

use crate::bill::{prices, resting_on};
use crate::errors;
use crate::recommend::request;
use crate::report::Report;

/// What is asked.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Question {
    terms_years: Vec<u32>,
    payments: Vec<String>,
    buy: Vec<String>,
    method: String,
    capital_cost: f64,
    max_commitment: Option<f64>,
    max_spend: Option<f64>,
    max_coverage: Option<f64>,
    max_break_even: Option<f64>,
    exclude_accounts: Vec<String>,
    exclude_families: Vec<String>,
    look_back_days: Option<u32>,
    outlook_weeks: Option<u32>,
    backtest: bool,
    catalog: Option<PathBuf>,
    config: Option<PathBuf>,
    metrics: Option<Vec<PathBuf>>,
    pub(crate) after_advice: bool,
}

impl Question {
    /// The advice that is followed first.
    pub(crate) fn advice(&self) -> PyResult<Request> {
        let agreed = request(Vec::new(), &[], Vec::new(), None, None, self.config.clone(), None)?;
        resting_on(agreed, self.metrics.clone(), self.catalog.clone()).map_err(errors::engine)
    }

    /// The question as the engine takes it.
    pub(crate) fn request(&self) -> PyResult<PlanRequest> {
        let payment = |name: &String| {
            Payment::parse(name)
                .ok_or_else(|| errors::query(format!("unknown payment `{name}`; use no, partial or all")))
        };
        let sort = |name: &String| {
            OfferKind::parse(name, "").map(|kind| kind.sort()).ok_or_else(|| {
                errors::query(format!(
                    "unknown commitment `{name}`; use reservation, ec2_sp, compute_sp, sagemaker_sp or database_sp"
                ))
            })
        };
        let sorts = self.buy.iter().map(sort).collect::<PyResult<Vec<Sort>>>()?;
        let usual = Conditions::default();
        let payments = self.payments.iter().map(payment).collect::<PyResult<Vec<Payment>>>()?;
        Ok(PlanRequest {
            conditions: Conditions {
                terms_years: self.terms_years.clone(),
                payments: if payments.is_empty() { usual.payments } else { payments },
                sorts: if sorts.is_empty() { usual.sorts } else { sorts },
                capital_cost_yearly: self.capital_cost,
                commitment_most: self.max_commitment,
                caps: Caps {
                    spend_hourly_most: self.max_spend,
                    coverage_most: self.max_coverage,
                    pays_after_months_most: self.max_break_even,
                    ..Caps::default()
                },
                ..Conditions::default()
            },
            scope: Scope {
                accounts_excluded: self.exclude_accounts.clone(),
                families_excluded: self.exclude_families.clone(),
                look_back_days: self.look_back_days,
                ..Scope::default()
            },
            method: match self.method.as_str() {
                "optimal" => Method::Optimal,
                "aws" => Method::Aws,
                other => return Err(errors::query(format!("unknown method `{other}`; use optimal or aws"))),
            },
            outlook_weeks: self.outlook_weeks,
            without_decision: false,
            backtest: self.backtest,
            catalog: Some(Arc::new(prices(self.catalog.clone()))),
        })
    }
}

/// The answer: a report, its JSON, and one sentence.
#[derive(IntoPyObject)]
pub(crate) struct Plan {
    report: Report,
    json: String,
    headline: String,
}

impl Plan {
    pub(crate) fn of(plan: &farthing::BillPlan) -> Plan {
        let all = Plans::Bill(plan);
        Plan {
            report: Report::from(farthing::report::plan(plan)),
            json: json::text(&plans::json(all)),
            headline: all.headline(),
        }
    }
}

/// A step of time by its name.
pub(crate) fn step(name: &str) -> PyResult<Step> {
    match name {
        "hourly" => Ok(Step::Hourly),
        "daily" => Ok(Step::Daily),
        "monthly" => Ok(Step::Monthly),
        other => Err(errors::query(format!("unknown granularity `{other}`; use hourly, daily or monthly"))),
    }
}
