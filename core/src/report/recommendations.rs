//! Recommendations of a bill: ranked, each resource counted once, and checked against what the bill can give back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::commit_row::{ID, commit_row};
use crate::catalog::quotes::Catalog;
use crate::detector::Detector;
use crate::detector::facts::Facts;
use crate::detector::settings::{Settings, find};
use crate::detectors::ALL;
use crate::error::{Error, Result};
use crate::ingest::metrics::Metrics;
use crate::ledger::Ledger;
use crate::planner::proposal::Conditions;
use crate::reconcile::certificate::{Certificate, Check, Severity, Skipped, Verdict};
use crate::report::config::{Config, Excepted, ExceptionState, ExceptionUse, Judged, detect};
use crate::report::continuity::{self, Followed, Month};
use crate::report::goal::{self, Goal, Target};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::{MONEY_SCALE, from_f64, money_text};
use crate::schema::recommendations::{Kind, Recommendation};
use crate::schema::values::parse_day;
use crate::simulate::waterfall::{Simulation, Waterfall};

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
    /// Whether all advice is followed together: the waterfall, with the joint proposal of commitments as its last step and
    /// one of the rows, on what is left once the others were followed. Left out where detectors are named, or kinds without
    /// `commit`.
    pub plan: bool,
    /// What that proposal may buy; the engine sees to how long it looks.
    pub buy: Conditions,
    /// What CloudWatch measured: what rests on it is looked for, too.
    pub metrics: Option<Arc<Metrics>>,
    /// What is sold, for how much; the bundled price lists when it is not set.
    pub catalog: Option<Arc<Catalog>>,
    /// Rows that save less a month are left out. Advice that saves nothing directly is shown when it is not set.
    pub savings_min_monthly: Option<f64>,
    /// What a team has agreed on: thresholds, owners, exceptions. What stands above goes before it.
    pub config: Config,
    /// What is to be saved: the least risky advice that does it is chosen.
    pub goal: Option<Target>,
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

    /// What a row must save, where that is asked for.
    fn least(&self) -> Option<i128> {
        self.savings_min_monthly.and_then(|least| from_f64(least, MONEY_SCALE)).map(|least| least.units)
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
    /// The rows in the total followed one kind after the other, each bill simulated; `None` unless it was asked for.
    pub waterfall: Option<Waterfall>,
    /// Savings of the heuristic rows, which are in no total.
    pub potential_monthly: i128,
    /// Effective cost of the look-back.
    pub cost_monthly: i128,
    /// Detectors that did not run, and why.
    pub skipped: Vec<Skipped>,
    /// Rows that exceptions keep from being proposed; they are in no total.
    pub excepted: Vec<Excepted>,
    /// The file that exceptions stand in.
    pub config_name: String,
    /// What became of each exception.
    pub exceptions: Vec<ExceptionUse>,
    /// The least risky choice of rows that saves what was wanted, when something was.
    pub goal: Option<Goal>,
    /// Advice of earlier months that is given no more: what was saved really.
    pub followed: Vec<Followed>,
    /// What was checked about the bill, with R20.
    pub certificate: Certificate,
}

impl Recommendations {
    /// Accounts and resources that a saving in the total is counted on.
    pub fn resources(&self) -> impl Iterator<Item = (String, String)> {
        let counted = self.rows.iter().filter(|row| row.grade.is_in_total());
        counted.filter_map(|row| Some((row.sub_account_id.clone(), row.resource_id.clone()?)))
    }

    /// Whether an exception's last day is over, so that its rows are proposed again.
    pub fn has_expired_exceptions(&self) -> bool {
        self.exceptions.iter().any(|one| one.state == ExceptionState::Expired)
    }

    /// How many rows that is of: those that are followed, without a simulation all in the total.
    pub fn together_count(&self) -> usize {
        let in_total = || self.rows.iter().filter(|row| row.grade.is_in_total()).count();
        self.waterfall.as_ref().map_or_else(in_total, |waterfall| waterfall.steps.iter().map(|step| step.rows).sum())
    }

    /// What all rows in the total save when they are followed together; without a simulation their sum.
    pub fn together_monthly(&self) -> i128 {
        self.waterfall.as_ref().map_or(self.savings_monthly, Waterfall::saved_monthly)
    }

    /// Billed facts that are no great work: the sum that can be had at once. The rest are projects.
    pub fn quick_wins_monthly(&self) -> i128 {
        self.rows.iter().filter(|row| row.is_quick_win()).map(|row| row.savings_monthly).sum()
    }

    /// Savings of all rows, those outside the total too, each weighted by how far it can be trusted.
    pub fn weighted_monthly(&self) -> i128 {
        let hundredths = |row: &Recommendation| (row.confidence * 100.0).round() as i128;
        self.rows.iter().map(|row| row.savings_monthly * hundredths(row) / 100).sum()
    }
}

/// The recommendations that a ledger allows.
///
/// # Errors
/// [`Error::UnknownName`] and [`Error::Threshold`] for what was asked, [`Error::Currencies`] for a bill in several.
pub fn recommendations(ledger: &Ledger, certificate: Certificate, request: &Request) -> Result<Recommendations> {
    let currency = ledger.currency()?;
    let regions =
        ledger.products.iter().map(|(key, _)| ledger.names.get(Text::RegionId, key.region).unwrap_or_default());
    let lists = request.catalog.as_deref().unwrap_or(Catalog::shared());
    // On-demand rates are read for the regions of the bill, and only if something asks for them.
    let catalog = match request.metrics {
        Some(_) => lists.clone().prepared_for(regions.collect::<BTreeSet<&str>>())?,
        None => lists.clone(),
    };
    let facts = Facts::of(ledger, as_of_day(request)?).with(request.metrics.as_deref(), &catalog);
    let (mut now, mut judged) = month(facts, request)?;
    let days = continuity::earlier(ledger, &now.facts);
    // What was measured is of now.
    let earlier = days.into_iter().map(|day| Ok(month(Facts::of(ledger, Some(day)), request)?.0));
    let earlier = earlier.collect::<Result<Vec<_>>>()?;
    continuity::stand(&mut now.rows, &now.facts.look_back, &earlier);
    let followed = continuity::followed(&now, &earlier);
    let (facts, mut rows) = (now.facts, now.rows);
    let mut waterfall = None;
    if request.wants_plan() && certificate.figures_allowed() {
        waterfall = Some(together(&facts, &certificate, request, &mut rows, &mut judged)?);
    }
    let cost_monthly = facts.monthly(facts.cost(Metric::EffectiveCost));
    let goal = request.goal.map(|target| goal::reach(&rows, target, cost_monthly)).transpose()?;
    let sum = |pick: fn(&Recommendation) -> i128, in_total: bool| -> i128 {
        rows.iter().filter(|row| row.grade.is_in_total() == in_total).map(pick).sum()
    };
    let exceptions = request.config.uses(&judged, today(&facts));
    let mut answer = Recommendations {
        currency,
        periods: ledger.periods(),
        look_back: (facts.look_back.label(), facts.look_back.hours),
        as_of: facts.hour_text(facts.as_of),
        savings_monthly: sum(|row| row.savings_monthly, true),
        savings_monthly_list: sum(|row| row.savings_monthly_list, true),
        potential_monthly: sum(|row| row.savings_monthly, false),
        cost_monthly,
        waterfall,
        skipped: judged.skipped,
        rows,
        config_name: request.config.name.clone(),
        exceptions,
        excepted: judged.excepted,
        goal,
        followed,
        certificate,
    };
    let check = sanity(&answer, &facts);
    answer.certificate.checks.retain(|known| known.id != check.id);
    answer.certificate.checks.push(check);
    Ok(answer)
}

/// Follows the rows together, with a row of what to buy after them.
fn together(
    facts: &Facts<'_>,
    certificate: &Certificate,
    request: &Request,
    rows: &mut Vec<Recommendation>,
    judged: &mut Judged,
) -> Result<Waterfall> {
    let catalog = request.catalog.as_deref().unwrap_or(Catalog::shared());
    let mut simulation = Simulation::of(facts, rows, catalog)?;
    for (at, worth) in simulation.freed(rows) {
        let row = &mut rows[at];
        row.evidence.push(("freed_hours_worth", money_text(worth)));
        if row.savings_monthly + worth <= 0 && row.grade.is_in_total() {
            row.savings_monthly = 0;
            row.assumptions.push(NOT_NOW.to_owned());
            simulation.leave_out(at);
        }
    }
    [Kind::Idle, Kind::Rightsize, Kind::Modernize].into_iter().for_each(|kind| simulation.follow(kind));
    let least = request.least().or(request.config.savings_min_monthly);
    match commit_row(&mut simulation, certificate, &request.buy) {
        Ok(row) => {
            request.config.judge(vec![row], facts, today(facts), judged);
            match judged.rows.pop().filter(|row| row.savings_monthly >= least.unwrap_or(0)) {
                Some(row) => rows.push(row),
                None => simulation.buy_nothing(),
            }
        }
        Err(reason) => judged.skipped.push(Skipped { what: ID.to_owned(), reason }),
    }
    rows.retain(|row| row.savings_monthly >= least.unwrap_or(i128::MIN));
    // What was found to save nothing goes behind what saves something, and the plan where it belongs.
    rows.sort_by_key(|row| (!row.grade.is_in_total(), std::cmp::Reverse(row.savings_monthly)));
    Ok(simulation.into_waterfall())
}

/// What is said of advice that costs more than it saves while the commitments last that it frees.
const NOT_NOW: &str = "Not now: the reservation or plan that covers it would go unused, which costs more than is saved; wait until it ends.";

/// What a month's look-back shows, and what a configuration makes of it.
fn month<'l>(facts: Facts<'l>, request: &Request) -> Result<(Month<'l>, Judged)> {
    let (rows, skipped) = detect(&request.detectors()?, &facts, &request.config, &request.settings)?;
    let found = rows.iter().map(|row| (continuity::identity(row), row.savings_monthly)).collect();
    let mut judged = Judged::default();
    request.config.judge(rows, &facts, today(&facts), &mut judged);
    let mut rows = rank(std::mem::take(&mut judged.rows));
    request.config.worth(&mut rows, &facts, request.least());
    let ids = skipped.iter().map(|(id, _)| (*id).to_owned()).collect();
    judged.skipped = skipped.into_iter().map(|(id, reason)| Skipped { what: id.to_owned(), reason }).collect();
    Ok((Month { facts, found, rows, skipped: ids }, judged))
}

/// The last day of usage: days since 1970-01-01.
fn today(facts: &Facts<'_>) -> i32 {
    i32::try_from(facts.as_of.div_euclid(24)).unwrap_or_default()
}

fn as_of_day(request: &Request) -> Result<Option<i32>> {
    let Some(text) = &request.as_of else { return Ok(None) };
    parse_day(text).map(Some).ok_or_else(|| Error::UnknownName {
        what: "day",
        name: text.clone(),
        hint: "write it like 2026-10-31".to_owned(),
    })
}

/// One row a resource. Of several the one in the total wins, then the greater saving, then the surer grade; the others
/// are its alternatives.
fn rank(rows: Vec<Recommendation>) -> Vec<Recommendation> {
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
