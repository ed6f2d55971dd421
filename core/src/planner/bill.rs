//! What to buy for a bill: on top of what it owns, for what nothing covers yet, with every price's source.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::aws::{self, Recommendation};
use super::backtest::{Outcome, backtest};
use super::caps::within_caps;
use super::choice::choose;
use super::decision::{Decision, decide};
use super::eligible::{Eligible, Scope, eligible};
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR, Offer, OfferKind};
use super::outlook::ahead;
use super::pricing::{Priced, listed, offers};
use super::proposal::{Conditions, Proposal, proposal};
use super::purchase::{plan_command, reservation_command};
use crate::analyze::terms::{Expiry, expiring};
use crate::catalog::listed::Listed;
use crate::catalog::pools::Use;
use crate::catalog::quotes::Catalog;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::reconcile::certificate::{Certificate, Skipped};
use crate::schema::money::{money_text, ratio, scale_by};
use crate::schema::recommendations::PriceSource;

/// AWS sells Savings Plans in steps of a tenth of a cent an hour.
const COMMITMENT_STEP: f64 = 0.001;

/// Days of usage that purchases are sized on by default: whole weeks, and recent ones. On bills that grow, shrink and pause
/// it regrets less than looking back on everything (DECISIONS.md).
const LOOK_BACK_DAYS: u32 = 28;

/// How the plan is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// The purchase that costs least, jointly, with a bound.
    #[default]
    Optimal,
    /// Every offer by itself, with AWS's formulas.
    Aws,
}

/// What is asked of a bill's plan.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// What may be bought, and how money is valued.
    pub conditions: Conditions,
    /// What usage counts.
    pub scope: Scope,
    /// How the plan is made.
    pub method: Method,
    /// Plans for usage along its trend for so many weeks, and not for usage as it was; a heuristic.
    pub outlook_weeks: Option<u32>,
    /// Leaves out the frontier, the scenarios and the ladder, which take most of the time.
    pub without_decision: bool,
    /// Whether to look back: what other months would have cost had the plan been followed before them.
    pub backtest: bool,
    /// Price lists for what the bill shows no rate of; what is bundled when not set.
    pub catalog: Option<Arc<Catalog>>,
}

/// One purchase of a plan. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLine {
    /// What it is and what it does.
    pub line: Recommendation,
    /// What it is for: a pool, or the family and region of an EC2 Instance plan; empty for a plan over everything.
    pub covers: String,
    /// The instance type that is bought; empty of Savings Plans.
    pub unit: String,
    /// The region; empty of Savings Plans over all regions.
    pub region_id: String,
    /// Of reservations: the products that they fit, as places in the ledger, and the normalization factor of the type that
    /// is bought, in thousandths.
    pub products: Vec<u32>,
    /// See `products`.
    pub unit_factor: u32,
    /// Everything that is paid for it over its term.
    pub obligation: i128,
    /// For how many months of its term usage must last as it is for it to pay for itself: term × cost ÷ displaced.
    pub pays_after_months: Option<f64>,
    /// Where its rates come from, the least sure of them.
    pub price_source: PriceSource,
    /// The AWS CLI line that would buy it; empty for what is sold in the console only. It is never run.
    pub command: String,
}

/// What to buy for a bill. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct BillPlan {
    /// How it was made.
    pub method: Method,
    /// What to buy; of AWS's way every offer by itself, and no two of them add up.
    pub lines: Vec<PlannedLine>,
    /// The joint proposal with its bound; none of AWS's way.
    pub proposal: Option<Proposal>,
    /// The frontier, scenarios and the ladder; none of AWS's way.
    pub decision: Option<Decision>,
    /// What strategies would have cost from the beginning of each billing period on; empty unless it was asked for.
    pub backtest: Vec<Outcome>,
    /// The currency of every amount.
    pub currency: String,
    /// The billing periods of the bill.
    pub periods: Vec<String>,
    /// The first hour that was looked at, and the last, since 1970-01-01.
    pub window: (i64, i64),
    /// Hours that were looked at.
    pub hours: usize,
    /// Pools of usage that nothing covers.
    pub pools: usize,
    /// On-demand cost of the window that a commitment could cover and nothing does.
    pub uncovered: i128,
    /// On-demand value of the window that plans and reservations cover already.
    pub covered: i128,
    /// On-demand cost of pools by the source of their offers, the least sure of each.
    pub priced_by: BTreeMap<PriceSource, i128>,
    /// Commitments that end within 90 days.
    pub expiring: Vec<Expiry>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// What was checked about the bill.
    pub certificate: Certificate,
}

impl BillPlan {
    /// Share of what commitments could cover that they cover now, and with the plan.
    pub fn coverage(&self) -> (Option<f64>, Option<f64>) {
        let all = self.covered + self.uncovered;
        let displaced: i128 = self.lines.iter().map(|line| line.line.on_demand_displaced_monthly).sum();
        let displaced = scale_by(displaced, self.hours as i128, HOURS_PER_MONTH).unwrap_or(0);
        let with_plan = self.proposal.is_some().then(|| ratio(self.covered + displaced, all)).flatten();
        (ratio(self.covered, all), with_plan)
    }
}

/// Plans for a ledger.
///
/// # Errors
/// [`Error::Currencies`] for a bill in several currencies; [`Error::NotAvailable`] for one that is daily or has nothing
/// that a commitment could cover, and when nothing that is sold meets the conditions; [`Error::Table`] for a damaged price
/// list.
pub fn plan(ledger: &Ledger, certificate: Certificate, request: &PlanRequest) -> Result<BillPlan> {
    let catalog = request.catalog.as_deref().unwrap_or(Catalog::shared());
    let listed = listed(ledger, catalog, [])?;
    let days = look_back_days(request);
    let scope = Scope { look_back_days: days, ..request.scope.clone() };
    let mut plan = plan_usage(ledger, certificate, request, eligible(ledger, &scope), &listed)?;
    if request.backtest && plan.certificate.figures_allowed() {
        let all = Scope { look_back_days: None, ..scope };
        let (usage, priced) = with_offers(ledger, eligible(ledger, &all), &request.conditions, &listed);
        let offers: Vec<Offer> = priced.into_iter().map(|one| one.offer).collect();
        plan.backtest = backtest(&usage, &month_starts(ledger), &offers, &in_steps(request), days)?;
    }
    Ok(plan)
}

/// The conditions, with commitments in the steps that are sold.
fn in_steps(request: &PlanRequest) -> Conditions {
    Conditions { commitment_step: Some(COMMITMENT_STEP), ..request.conditions.clone() }
}

/// Days of usage that purchases are sized on: what was asked for, else the last weeks. A trend is read from all of it.
fn look_back_days(request: &PlanRequest) -> Option<u32> {
    let by_method = match request.method {
        Method::Optimal => LOOK_BACK_DAYS,
        Method::Aws => aws::LOOK_BACK_DAYS,
    };
    request.scope.look_back_days.or(request.outlook_weeks.is_none().then_some(by_method))
}

/// Usage for which something is sold, and what is.
fn with_offers(
    ledger: &Ledger,
    mut usage: Eligible,
    conditions: &Conditions,
    listed: &Listed,
) -> (Eligible, Vec<Priced>) {
    let priced = offers(ledger, &usage, conditions, listed);
    let sold: HashSet<&str> = priced.iter().map(|one| one.offer.pool.as_str()).collect();
    usage.keep(|pool| sold.contains(pool), "nothing that may be bought is sold for it");
    (usage, priced)
}

/// Plans for usage of a ledger.
pub(crate) fn plan_usage(
    ledger: &Ledger,
    certificate: Certificate,
    request: &PlanRequest,
    usage: Eligible,
    listed: &Listed,
) -> Result<BillPlan> {
    let currency = ledger.currency()?;
    let mut conditions = in_steps(request);
    conditions.caps.covered_already = usage.covered as f64 / 1e12;
    let (usage, priced) = with_offers(ledger, usage, &conditions, listed);
    has_something(ledger, &usage)?;
    let all: Vec<Offer> = priced.iter().map(|one| one.offer.clone()).collect();
    let demand = match request.outlook_weeks {
        Some(weeks) => ahead(&usage.demand, f64::from(weeks)),
        None => usage.demand.clone(),
    };
    let (lines, proposal, decision) = match request.method {
        // A failed check: no figure is shown.
        _ if !certificate.figures_allowed() => (Vec::new(), None, None),
        Method::Optimal => {
            let choice = choose(&demand, &all, &conditions)?;
            let (bought, bound) = within_caps(&choice, &conditions);
            let proposal = proposal(&choice, &bought, bound, demand.hours, request.conditions.capital_cost_yearly);
            let decision = (!request.without_decision).then(|| decide(&choice, &bought, &usage, &conditions));
            (proposal.lines.clone(), Some(proposal), decision)
        }
        Method::Aws => (aws::recommend(&demand, &all), None, None),
    };
    let sources = Sources::of(&priced);
    let lines = lines.into_iter().map(|line| planned(line, &usage, &sources)).collect();
    let mut skipped = skipped(&usage);
    let notes = proposal.iter().flat_map(|proposal| &proposal.notes);
    skipped.extend(notes.map(|reason| Skipped { what: "offers".to_owned(), reason: reason.clone() }));
    Ok(BillPlan {
        method: request.method,
        lines,
        proposal,
        decision,
        backtest: Vec::new(),
        currency,
        periods: ledger.periods(),
        window: (usage.hours.first().copied().unwrap_or(0), usage.hours.last().copied().unwrap_or(0)),
        hours: usage.hours.len(),
        pools: usage.pools.len(),
        uncovered: usage.on_demand(),
        covered: usage.covered,
        priced_by: sources.by_pool(&usage),
        expiring: expiring(ledger),
        skipped,
        certificate,
    })
}

/// The first hours of the billing periods.
fn month_starts(ledger: &Ledger) -> Vec<i64> {
    let mut starts: Vec<i64> = ledger.bills.iter().map(|(_, bill)| bill.start.div_euclid(3_600)).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

fn has_something(ledger: &Ledger, usage: &Eligible) -> Result<()> {
    let fail = |reason: &str| Err(Error::NotAvailable { what: "a plan".to_owned(), reason: reason.to_owned() });
    if ledger.bills.iter().all(|(_, bill)| bill.hourly_rows == 0) {
        return fail("the bill is daily, and commitments are used by the hour; use an export with hourly granularity");
    }
    if usage.pools.is_empty() {
        return fail("nothing runs on demand in the window that a reservation or Savings Plan could cover");
    }
    Ok(())
}

fn skipped(usage: &Eligible) -> Vec<Skipped> {
    let mut all: Vec<Skipped> = usage
        .left_out
        .iter()
        .map(|(reason, cost)| Skipped {
            what: format!("usage of {} on demand", money_text(*cost)),
            reason: (*reason).to_owned(),
        })
        .collect();
    if usage.hours_missing > 0 {
        all.push(Skipped {
            what: format!("{} hours of the window", usage.hours_missing),
            reason: "the bill has no usage of anything in them: they are taken for missing, not for idle".to_owned(),
        });
    }
    all
}

/// Sources of rates, by what they are for.
struct Sources<'a>(Vec<&'a Priced>);

impl<'a> Sources<'a> {
    fn of(priced: &'a [Priced]) -> Sources<'a> {
        Sources(priced.iter().collect())
    }

    /// The least sure source of the rates that a line rests on.
    fn of_line(&self, line: &Recommendation) -> PriceSource {
        let is_of = |one: &&&Priced| {
            let offer = &one.offer;
            offer.kind == line.kind
                && (offer.term_years, offer.payment) == (line.term_years, line.payment)
                && (line.kind != OfferKind::Reservation || line.pool.as_ref() == Some(&offer.pool))
        };
        self.0.iter().filter(is_of).map(|one| one.source).max().unwrap_or(PriceSource::Bill)
    }

    /// On-demand cost of pools by the surest source of their offers.
    fn by_pool(&self, usage: &Eligible) -> BTreeMap<PriceSource, i128> {
        let mut surest: BTreeMap<&str, PriceSource> = BTreeMap::new();
        for one in &self.0 {
            let known = surest.entry(&one.offer.pool).or_insert(one.source);
            *known = one.source.min(*known);
        }
        let mut sums = BTreeMap::new();
        for (at, pool) in usage.pools.iter().enumerate() {
            if let Some(&source) = surest.get(pool.name.as_str()) {
                *sums.entry(source).or_insert(0) += usage.on_demand_of(at);
            }
        }
        sums
    }
}

fn planned(line: Recommendation, usage: &Eligible, sources: &Sources<'_>) -> PlannedLine {
    let pool = line.pool.as_ref().and_then(|name| usage.demand.place(name)).map(|at| &usage.pools[at]);
    let price_source = sources.of_line(&line);
    let months = MONTHS_PER_YEAR * line.term_years;
    let obligation = line.cost_monthly * i128::from(months);
    let pays_after_months =
        ratio(line.cost_monthly, line.on_demand_displaced_monthly).map(|share| share * f64::from(months));
    let (unit_factor, products) = pool.map_or((0, Vec::new()), |pool| (pool.class.factor, pool.products.clone()));
    let (covers, unit, region_id, command) = match (&line.kind, pool) {
        (OfferKind::Reservation, Some(pool)) => {
            let quantity = line.quantity.unwrap_or(0);
            let command = reservation_command(&pool.class, &pool.unit, line.term_years, line.payment, quantity);
            let unit = if pool.class.sold == Use::DynamoDb { "100 capacity units" } else { &pool.unit };
            (pool.name.clone(), unit.to_owned(), pool.class.region.clone(), command.unwrap_or_default())
        }
        (kind, _) => {
            let scope = match kind {
                OfferKind::Ec2InstanceSavingsPlan(scope) => scope.clone(),
                _ => String::new(),
            };
            let commitment = hourly_text(line.hourly_commitment.unwrap_or(0));
            let command = plan_command(kind, line.term_years, line.payment, &commitment);
            let region = scope.split_once(' ').map_or("", |(_, region)| region).to_owned();
            (scope, String::new(), region, command)
        }
    };
    PlannedLine {
        line,
        covers,
        unit,
        region_id,
        products,
        unit_factor,
        obligation,
        pays_after_months,
        price_source,
        command,
    }
}

/// A commitment in dollars with the three decimals that AWS takes.
fn hourly_text(commitment: i128) -> String {
    let thousandths = crate::schema::money::divide_half_even(commitment, 1_000_000_000);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}
