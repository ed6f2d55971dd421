//! Recommendations of a bill: ranked, each resource counted once, and checked against what the bill can give back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::commit_row::{ID, commit_row};
use crate::catalog::quotes::Catalog;
use crate::detector::facts::Facts;
use crate::detector::settings::{Settings, find};
use crate::detector::{Detector, run};
use crate::detectors::ALL;
use crate::error::{Error, Result};
use crate::ingest::metrics::Metrics;
use crate::ledger::Ledger;
use crate::reconcile::certificate::{Certificate, Check, Severity, Skipped, Verdict};
use crate::schema::charges::Metric;
use crate::schema::money::{MONEY_SCALE, from_f64, money_text};
use crate::schema::recommendations::{Kind, Recommendation};
use crate::schema::values::{day_text, parse_day};

/// What is asked of a bill.
///
/// ```
/// use farthing::Request;
/// let request = Request { only: vec!["idle-nat-gateway".to_owned()], ..Request::default() };
/// assert!(request.detectors().is_ok_and(|detectors| detectors.len() == 1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only these detectors; all when there is none.
    pub only: Vec<String>,
    /// Only these kinds; all when there is none.
    pub kinds: Vec<Kind>,
    /// Thresholds: `idle-nat-gateway.HOURS_MIN=168`.
    pub settings: Vec<String>,
    /// Only billing periods whose usage ends by this UTC day, `2026-10-31`.
    pub as_of: Option<String>,
    /// Whether the joint proposal of commitments is one of the rows, on what is left once the others were followed. It is
    /// left out where detectors are named, or kinds without `commit`.
    pub plan: bool,
    /// What CloudWatch measured: what rests on it is looked for, too.
    pub metrics: Option<Arc<Metrics>>,
    /// What is sold, for how much; the bundled price lists when it is not set.
    pub catalog: Option<Arc<Catalog>>,
    /// Rows that save less a month are left out. Advice that saves nothing directly is shown when it is not set.
    pub savings_min_monthly: Option<f64>,
}

impl Request {
    /// Whether everything that is named exists.
    ///
    /// # Errors
    /// [`Error::UnknownName`] and [`Error::Threshold`].
    pub fn check(&self) -> Result<()> {
        self.settings()?;
        as_of_day(self)?;
        self.detectors().map(|_| ())
    }

    fn wants_plan(&self) -> bool {
        self.plan && self.only.is_empty() && (self.kinds.is_empty() || self.kinds.contains(&Kind::Commit))
    }

    fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        self.settings.iter().try_for_each(|setting| settings.set(ALL, setting))?;
        Ok(settings)
    }

    /// The detectors that are meant, by id.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for one that does not exist.
    pub fn detectors(&self) -> Result<Vec<&'static Detector>> {
        let named: Vec<&'static Detector> = self.only.iter().map(|id| find(ALL, id)).collect::<Result<_>>()?;
        let is_meant = |detector: &&'static Detector| {
            (named.is_empty() || named.iter().any(|one| one.id == detector.id))
                && (self.kinds.is_empty() || self.kinds.contains(&detector.kind))
        };
        Ok(ALL.iter().copied().filter(is_meant).collect())
    }
}

/// What a bill could save. Money in units of 1e-12, per month of 730 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendations {
    /// One row a resource: those in the total first, the greatest saving first.
    pub rows: Vec<Recommendation>,
    /// The currency of every amount.
    pub currency: String,
    /// The billing periods that were looked at.
    pub periods: Vec<String>,
    /// The billing period that savings are measured in, `2026-10`, and its hours.
    pub look_back: (String, i64),
    /// The last hour of usage, `2026-10-31T23`.
    pub as_of: String,
    /// Savings of the rows in the total.
    pub savings_monthly: i128,
    /// The same at public on-demand prices.
    pub savings_monthly_list: i128,
    /// Savings of the heuristic rows, which are in no total.
    pub potential_monthly: i128,
    /// Effective cost of the look-back.
    pub cost_monthly: i128,
    /// Detectors that did not run, and why.
    pub skipped: Vec<Skipped>,
    /// What was checked about the bill, with R20.
    pub certificate: Certificate,
}

impl Recommendations {
    /// Accounts and resources that a saving in the total is counted on.
    pub fn resources(&self) -> impl Iterator<Item = (String, String)> {
        let counted = self.rows.iter().filter(|row| row.grade.is_in_total());
        counted.filter_map(|row| Some((row.sub_account_id.clone(), row.resource_id.clone()?)))
    }
}

/// The recommendations that a ledger allows.
///
/// # Errors
/// [`Error::UnknownName`] and [`Error::Threshold`] for what was asked, [`Error::Currencies`] for a bill in several.
pub fn recommendations(ledger: &Ledger, certificate: Certificate, request: &Request) -> Result<Recommendations> {
    let currencies = ledger.currencies();
    let [currency] = currencies.as_slice() else {
        return Err(Error::Currencies { currencies: currencies.join(", ") });
    };
    let detectors = request.detectors()?;
    let settings = request.settings()?;
    let facts = Facts::of(ledger, as_of_day(request)?);
    let regions: BTreeSet<&str> = facts.products.iter().map(|product| product.region).collect();
    // Price lists are read for the regions of the bill, and only if something asks for them.
    let catalog = match request.catalog.as_deref().filter(|_| request.metrics.is_some()) {
        Some(catalog) => catalog.clone().prepared_for(regions)?,
        None => Catalog::bundled(),
    };
    let facts = facts.with(request.metrics.as_deref(), &catalog);
    let (rows, skipped) = run(&detectors, &facts, &settings)?;
    let mut rows = rank(rows, request.savings_min_monthly);
    let mut skipped: Vec<Skipped> =
        skipped.into_iter().map(|(id, reason)| Skipped { what: id.to_owned(), reason }).collect();
    if request.wants_plan() && certificate.figures_allowed() {
        match commit_row(ledger, &certificate, &rows, (facts.first, facts.as_of + 1)) {
            Ok(row) => insert(&mut rows, row, request.savings_min_monthly),
            Err(reason) => skipped.push(Skipped { what: ID.to_owned(), reason }),
        }
    }
    let sum = |pick: fn(&Recommendation) -> i128, in_total: bool| -> i128 {
        rows.iter().filter(|row| row.grade.is_in_total() == in_total).map(pick).sum()
    };
    let cost = facts.cost(Metric::EffectiveCost);
    let day = |hour: i64| day_text(i32::try_from(hour.div_euclid(24)).unwrap_or_default());
    let mut answer = Recommendations {
        currency: currency.clone(),
        periods: ledger.periods(),
        look_back: (day(facts.look_back.start)[..7].to_owned(), facts.look_back.hours),
        as_of: facts.hour_text(facts.as_of),
        savings_monthly: sum(|row| row.savings_monthly, true),
        savings_monthly_list: sum(|row| row.savings_monthly_list, true),
        potential_monthly: sum(|row| row.savings_monthly, false),
        cost_monthly: facts.monthly(cost),
        skipped,
        rows,
        certificate,
    };
    let check = sanity(&answer, &facts);
    answer.certificate.checks.retain(|known| known.id != check.id);
    answer.certificate.checks.push(check);
    Ok(answer)
}

fn as_of_day(request: &Request) -> Result<Option<i32>> {
    let Some(text) = &request.as_of else { return Ok(None) };
    parse_day(text).map(Some).ok_or_else(|| Error::UnknownName {
        what: "day",
        name: text.clone(),
        hint: "write it like 2026-10-31".to_owned(),
    })
}

/// Puts a row where its saving belongs.
fn insert(rows: &mut Vec<Recommendation>, row: Recommendation, savings_min_monthly: Option<f64>) {
    let least = savings_min_monthly.and_then(|least| from_f64(least, MONEY_SCALE)).map_or(0, |least| least.units);
    if row.savings_monthly >= least {
        let is_before =
            |known: &Recommendation| known.grade.is_in_total() && known.savings_monthly >= row.savings_monthly;
        rows.insert(rows.partition_point(is_before), row);
    }
}

/// One row a resource. Of several the one in the total wins, then the greater saving, then the surer grade; the others
/// are its alternatives.
fn rank(rows: Vec<Recommendation>, savings_min_monthly: Option<f64>) -> Vec<Recommendation> {
    let better = |row: &Recommendation| {
        (
            !row.grade.is_in_total(),
            std::cmp::Reverse(row.savings_monthly),
            std::cmp::Reverse(row.savings_monthly_list),
            row.grade,
            row.detector,
        )
    };
    let mut by_resource: BTreeMap<(String, String), Vec<Recommendation>> = BTreeMap::new();
    let mut ranked = Vec::new();
    for row in rows {
        match &row.resource_id {
            Some(resource) => by_resource.entry((row.sub_account_id.clone(), resource.clone())).or_default().push(row),
            None => ranked.push(row),
        }
    }
    for mut all in by_resource.into_values() {
        all.sort_by_key(better);
        let mut all = all.into_iter();
        let Some(mut best) = all.next() else { continue };
        best.alternatives = all.map(|other| (other.detector, other.savings_monthly)).collect();
        ranked.push(best);
    }
    let least = savings_min_monthly.and_then(|least| from_f64(least, MONEY_SCALE)).map(|least| least.units);
    ranked.retain(|row| least.is_none_or(|least| row.savings_monthly >= least));
    ranked.sort_by(|a, b| {
        let place = |row: &Recommendation| (row.sub_account_id.clone(), row.region_id.clone(), row.resource_id.clone());
        better(a).cmp(&better(b)).then_with(|| place(a).cmp(&place(b)))
    });
    ranked
}

/// R20: no resource is in two rows, none saves more than it cost, and all together do not save more than the bill.
fn sanity(answer: &Recommendations, facts: &Facts<'_>) -> Check {
    let mut findings = Vec::new();
    let costs = facts.cost_by_resource(answer.rows.iter().filter_map(|row| row.resource_id.as_deref()));
    let mut seen = BTreeSet::new();
    for row in &answer.rows {
        let Some(resource) = &row.resource_id else { continue };
        let key = (row.sub_account_id.as_str(), resource.as_str());
        if !seen.insert(key) {
            findings.push(format!("{resource} is in two rows"));
        }
        let Some(&(effective, list)) = costs.get(&key) else { continue };
        let most = facts.monthly(effective.max(list));
        if row.savings_monthly > facts.monthly(effective) || row.savings_monthly_list > most {
            findings.push(format!("{resource}: {} saves more than it costs", row.detector));
        }
    }
    if answer.savings_monthly > answer.cost_monthly.max(0) {
        findings.push(format!(
            "{} is saved of {}",
            money_text(answer.savings_monthly),
            money_text(answer.cost_monthly)
        ));
    }
    let resources = seen.len();
    Check {
        id: "R20".into(),
        title: "recommendations save no more than was spent".into(),
        severity: Severity::Error,
        verdict: match (findings.is_empty(), answer.rows.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, true) => Verdict::NotRun,
            (true, false) => Verdict::Pass,
        },
        detail: match answer.rows.is_empty() {
            true => "nothing is recommended".to_owned(),
            false => format!(
                "{resources} resources, each in one row; savings are {} of {} a month",
                money_text(answer.savings_monthly),
                money_text(answer.cost_monthly)
            ),
        },
        figure: Some(findings.len().to_string()),
        findings,
    }
}
