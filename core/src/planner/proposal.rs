//! The joint proposal: demand and offers in, a purchase with its certificate out.

use super::aws::{Recommendation, money};
use super::caps::{Caps, within_caps};
use super::choice::{Bought, Choice, choose};
use super::demand::Demand;
use super::joint::Effort;
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR, Offer, OfferKind, Sort, annuity};
use super::settle::Use;
use crate::catalog::commitments::Payment;
use crate::error::Result;

/// What may be bought, and how money is valued.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// Terms that may be bought, in years.
    pub terms_years: Vec<u32>,
    /// Payment options that may be bought.
    pub payments: Vec<Payment>,
    /// Sorts of commitments that may be bought.
    pub sorts: Vec<Sort>,
    /// Yearly cost of capital, 0.08 being 8 %: future payments are discounted by it, month by month.
    pub capital_cost_yearly: f64,
    /// No Savings Plan may commit more for an hour, in USD.
    pub commitment_most: Option<f64>,
    /// Commitments are whole multiples of this, in USD for an hour; any amount when not set.
    pub commitment_step: Option<f64>,
    /// Limits on the purchase as a whole.
    pub caps: Caps,
    /// How long to look.
    pub effort: Effort,
}

impl Default for Conditions {
    fn default() -> Conditions {
        Conditions {
            terms_years: vec![1],
            payments: vec![Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront],
            sorts: Sort::ALL.to_vec(),
            capital_cost_yearly: 0.0,
            commitment_most: None,
            commitment_step: None,
            caps: Caps::default(),
            effort: Effort::default(),
        }
    }
}

impl Conditions {
    pub(super) fn allow(&self, offer: &Offer) -> bool {
        let is_a_sort = self.sorts.contains(&offer.kind.sort());
        is_a_sort && self.terms_years.contains(&offer.term_years) && self.payments.contains(&offer.payment)
    }
}

/// A proposal with its certificate. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What to buy. Reservations are used first, then EC2 Instance plans, then the others: what each line takes the
    /// place of adds up, nothing is counted twice.
    pub lines: Vec<Recommendation>,
    /// Hours of the window.
    pub hours: usize,
    /// Cost of the window on demand.
    pub on_demand_cost: i128,
    /// Cost of the window with the proposal.
    pub cost: i128,
    /// No purchase of these offers costs less.
    pub lower_bound: i128,
    /// (cost − bound) ÷ cost: the proposal is at most this share dearer than the best.
    pub gap: f64,
    /// What the proposal saves in a month of 730 hours, what is paid upfront spread over its term at the cost of capital.
    pub savings_monthly: i128,
    /// What the savings of one year, month by month, are worth at its start: their net present value.
    pub present_value: i128,
    /// The yearly cost of capital, 0.08 being 8 %.
    pub capital_cost_yearly: f64,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Proposes what to buy for a demand.
///
/// # Errors
/// [`Error::NotAvailable`] when no offer meets the conditions, or none is for a pool with demand.
///
/// [`Error::NotAvailable`]: crate::Error::NotAvailable
pub fn propose(demand: &Demand, offers: &[Offer], conditions: &Conditions) -> Result<Proposal> {
    let choice = choose(demand, offers, conditions)?;
    let (bought, bound) = within_caps(&choice, conditions);
    Ok(proposal(&choice, &bought, bound, demand.hours, conditions.capital_cost_yearly))
}

/// A purchase in words, with its certificate.
pub(super) fn proposal(
    choice: &Choice<'_>,
    bought: &Bought,
    bound: f64,
    hours: usize,
    capital_cost_yearly: f64,
) -> Proposal {
    let on_demand = choice.market.on_demand_cost();
    let cost = bought.settled.cost().max(bound);
    let window = hours as f64;
    let saved = if hours > 0 { (on_demand - cost) / window * HOURS_PER_MONTH as f64 } else { 0.0 };
    Proposal {
        lines: lines(choice, bought, window),
        hours,
        on_demand_cost: money(on_demand),
        cost: money(cost),
        lower_bound: money(bound),
        gap: if cost > 0.0 { ((cost - bound) / cost).max(0.0) } else { 0.0 },
        savings_monthly: money(saved),
        present_value: money(saved * annuity(1, capital_cost_yearly)),
        capital_cost_yearly,
        notes: choice.notes.clone(),
    }
}

/// What is bought: reservations by pool, then plans.
pub(super) fn lines(choice: &Choice<'_>, bought: &Bought, hours: f64) -> Vec<Recommendation> {
    let mut lines = Vec::new();
    for (at, (pool, offer)) in choice.pools.iter().enumerate() {
        if let Some(offer) = offer.filter(|_| bought.reserved[at] > 0.0) {
            let quantity = Some(bought.reserved[at] as i128);
            let upfront = bought.reserved[at] * offer.upfront as f64 / 1e12;
            lines.push(line(offer, Some(pool), quantity, None, &bought.settled.reservations[at], upfront, hours));
        }
    }
    for (at, offer) in choice.plans.iter().enumerate().filter(|(at, _)| bought.commitments[*at] > 0.0) {
        let commitment = bought.commitments[at];
        let term_hours = HOURS_PER_MONTH as f64 * f64::from(MONTHS_PER_YEAR * offer.term_years);
        let upfront = offer.payment.upfront_share() * commitment * term_hours;
        let pool = matches!(offer.kind, OfferKind::Ec2InstanceSavingsPlan(_)).then_some(offer.pool.as_str());
        lines.push(line(offer, pool, None, Some(money(commitment)), &bought.settled.plans[at], upfront, hours));
    }
    lines
}

fn line(
    offer: &Offer,
    pool: Option<&str>,
    quantity: Option<i128>,
    hourly_commitment: Option<i128>,
    done: &Use,
    upfront: f64,
    hours: f64,
) -> Recommendation {
    let monthly = |amount: f64| amount / hours * HOURS_PER_MONTH as f64;
    let months = f64::from(MONTHS_PER_YEAR * offer.term_years);
    let comes_back = monthly(done.displaced) - (monthly(done.cost) - upfront / months);
    Recommendation {
        pool: pool.map(str::to_owned),
        kind: offer.kind.clone(),
        term_years: offer.term_years,
        payment: offer.payment,
        quantity,
        hourly_commitment,
        utilization: (done.bought > 0.0).then(|| done.used / done.bought),
        on_demand_displaced_monthly: money(monthly(done.displaced)),
        cost_monthly: money(monthly(done.cost)),
        savings_monthly: money(monthly(done.displaced)) - money(monthly(done.cost)),
        break_even_months: (comes_back > 0.0).then(|| upfront / comes_back),
    }
}
