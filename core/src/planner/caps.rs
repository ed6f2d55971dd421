//! Limits on a purchase as a whole, held by making commitments dearer until it keeps them.
//!
//! The purchase that is best when every commitment costs `k` times its price is best among all that spend as much or
//! cover as much, so one number is sought for all limits. Let `B` be the bound at `k`, `O` the on-demand cost, `S` what is
//! spent and `D` what is displaced. Then `kS + O − D ≥ B`, and a purchase with `S ≤ S_most` costs at least
//! `B − (k − 1) S_most`; one with `D ≤ D_most` at least `(B − O) ÷ k + O − D_most (1 − 1 ÷ k)`.

use super::choice::{Bought, Choice};
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR};
use super::proposal::{Conditions, lines};

/// How much dearer commitments are made at most: nobody sells at less than a tenth of on demand.
const FACTORS: [f64; 7] = [1.05, 1.15, 1.3, 1.6, 2.2, 4.0, 10.0];
const HALVINGS: usize = 9;

/// Limits on a purchase as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Caps {
    /// All commitments together cost no more for an hour, in USD.
    pub spend_hourly_most: Option<f64>,
    /// No greater share of what could be covered is covered, at on-demand prices.
    pub coverage_most: Option<f64>,
    /// On-demand value of the window that is covered already, in USD; it counts as covered.
    pub covered_already: f64,
    /// Every line pays for itself within so many months of its term.
    pub pays_after_months_most: Option<f64>,
}

/// What the limits say of a window.
struct Limits<'a> {
    choice: &'a Choice<'a>,
    caps: Caps,
    hours: f64,
    on_demand: f64,
}

/// The best purchase within the limits, and what no purchase within them costs less than.
pub(super) fn within_caps(choice: &Choice<'_>, conditions: &Conditions) -> (Bought, f64) {
    let limits = Limits {
        choice,
        caps: conditions.caps,
        hours: choice.market.hours as f64,
        on_demand: choice.market.on_demand_cost(),
    };
    let best = choice.buy(1.0, conditions);
    let mut bound = best.bound;
    if limits.are_kept(&best) {
        return (best, bound);
    }
    let mut low = 1.0;
    let mut kept = None;
    for factor in FACTORS {
        let bought = choice.buy(factor, conditions);
        bound = bound.max(limits.bound(&bought));
        if limits.are_kept(&bought) {
            kept = Some(bought);
            break;
        }
        low = factor;
    }
    // Nothing is bought at ten times the price, and nothing keeps every limit.
    let mut kept = kept.unwrap_or_else(|| choice.buy(1e6, conditions));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + kept.factor);
        let bought = choice.buy(middle, conditions);
        bound = bound.max(limits.bound(&bought));
        if limits.are_kept(&bought) { kept = bought } else { low = middle }
    }
    (kept, bound)
}

impl Limits<'_> {
    fn spend_most(&self) -> Option<f64> {
        self.caps.spend_hourly_most.map(|most| most * self.hours)
    }

    /// What may be displaced on top of what is covered already.
    fn displaced_most(&self) -> Option<f64> {
        let all = self.on_demand + self.caps.covered_already;
        self.caps.coverage_most.map(|most| (most * all - self.caps.covered_already).max(0.0))
    }

    fn are_kept(&self, bought: &Bought) -> bool {
        const ROUNDING: f64 = 1.0 + 1e-9;
        let is_late = |most: f64| {
            let lines = lines(self.choice, bought, self.hours);
            lines.iter().any(|line| {
                let months = f64::from(MONTHS_PER_YEAR * line.term_years);
                line.cost_monthly as f64 * months > most * ROUNDING * line.on_demand_displaced_monthly as f64
            })
        };
        self.spend_most().is_none_or(|most| bought.spent() <= most * ROUNDING)
            && self.displaced_most().is_none_or(|most| bought.displaced() <= most * ROUNDING)
            && !self.caps.pays_after_months_most.is_some_and(is_late)
    }

    /// What no purchase within the limits costs less than.
    fn bound(&self, bought: &Bought) -> f64 {
        let (factor, bound) = (bought.factor, bought.bound);
        let by_spend = self.spend_most().map(|most| bound - (factor - 1.0) * most);
        let by_coverage = self
            .displaced_most()
            .map(|most| (bound - self.on_demand) / factor + self.on_demand - most * (1.0 - 1.0 / factor));
        by_spend.into_iter().chain(by_coverage).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// A purchase that is the best of all that cost as much.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontierPoint {
    /// The last dollar of commitment saves at least so many dollars.
    pub margin: f64,
    /// What all commitments cost for an hour, in USD.
    pub spend_hourly: f64,
    /// What they save in a month.
    pub savings_monthly: f64,
    /// What of their cost goes unused in a month.
    pub unused_monthly: f64,
    /// On-demand cost that they take the place of in a month.
    pub displaced_monthly: f64,
    /// Everything that is paid over the terms.
    pub obligation: f64,
    /// For how many months of the terms usage must last for all to pay: term × cost ÷ displaced, by cost.
    pub pays_after_months: Option<f64>,
}

/// Margins that the frontier is drawn at: 1 is the best purchase.
pub const MARGINS: [f64; 8] = [1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.7];

/// The frontier from the best purchase down to none: for each margin the purchase whose last dollar saves at least so
/// much. Points that buy the same as the one before are left out.
pub(super) fn frontier(choice: &Choice<'_>, conditions: &Conditions) -> Vec<FrontierPoint> {
    let mut points: Vec<FrontierPoint> = Vec::new();
    for margin in MARGINS {
        let point = point(choice, &choice.buy(margin, conditions));
        let is_new = points.last().is_none_or(|last| point.spend_hourly < last.spend_hourly * (1.0 - 1e-6));
        if is_new && point.spend_hourly > 0.0 {
            points.push(point);
        }
    }
    points
}

fn point(choice: &Choice<'_>, bought: &Bought) -> FrontierPoint {
    let hours = choice.market.hours.max(1) as f64;
    let monthly = |amount: f64| amount / hours * HOURS_PER_MONTH as f64;
    let lines = lines(choice, bought, hours);
    let months = |years: u32| f64::from(MONTHS_PER_YEAR * years);
    let obligation = lines.iter().map(|line| line.cost_monthly as f64 / 1e12 * months(line.term_years)).sum::<f64>();
    let used = bought.settled.reservations.iter().chain(&bought.settled.plans);
    let unused: f64 = used.filter(|one| one.bought > 0.0).map(|one| one.cost * (1.0 - one.used / one.bought)).sum();
    let (spent, displaced) = (bought.spent(), bought.displaced());
    FrontierPoint {
        margin: bought.factor,
        spend_hourly: spent / hours,
        savings_monthly: monthly(displaced - spent),
        unused_monthly: monthly(unused.max(0.0)),
        displaced_monthly: monthly(displaced),
        obligation,
        pays_after_months: (displaced > 0.0).then(|| obligation / monthly(displaced)),
    }
}
