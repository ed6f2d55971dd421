//! The joint proposal: demand and offers in, a purchase with its certificate out.

use std::collections::BTreeMap;

use super::aws::{Recommendation, money};
use super::demand::Demand;
use super::joint::{Effort, optimize};
use super::market::{Market, Plan, PlanRate, Pool};
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR, Offer, OfferKind, Sort};
use super::settle::{Use, settle};
use crate::catalog::commitments::Payment;
use crate::error::{Error, Result};

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
            effort: Effort::default(),
        }
    }
}

impl Conditions {
    fn allow(&self, offer: &Offer) -> bool {
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
    /// What the proposal saves in a month of 730 hours.
    pub savings_monthly: i128,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Market and, for each of its places, the offer that stands there.
struct Choice<'a> {
    market: Market,
    /// By pool: its name and the cheapest reservation.
    pools: Vec<(&'a str, Option<&'a Offer>)>,
    /// By plan: an offer of it.
    plans: Vec<&'a Offer>,
    notes: Vec<String>,
}

/// Proposes what to buy for a demand.
///
/// # Errors
/// [`Error::NotAvailable`] when no offer meets the conditions, or none is for a pool with demand.
pub fn propose(demand: &Demand, offers: &[Offer], conditions: &Conditions) -> Result<Proposal> {
    let choice = choose(demand, offers, conditions)?;
    let market = &choice.market;
    let mut purchase = optimize(market, &conditions.effort);
    if let Some(step) = conditions.commitment_step {
        // A little above what is exact in binary counts as a whole step.
        let whole = |commitment: f64| (commitment / step + 1e-6).floor() * step;
        purchase.commitments.iter_mut().for_each(|commitment| *commitment = whole(*commitment));
    }
    let settled = settle(market, &purchase.reserved, &purchase.commitments);
    purchase.cost = settled.cost().max(purchase.bound);
    let hours = demand.hours as f64;
    let mut lines = Vec::new();
    for (at, (pool, offer)) in choice.pools.iter().enumerate() {
        if let Some(offer) = offer.filter(|_| purchase.reserved[at] > 0.0) {
            let quantity = Some(purchase.reserved[at] as i128);
            let upfront = purchase.reserved[at] * offer.upfront as f64 / 1e12;
            lines.push(line(offer, Some(pool), quantity, None, &settled.reservations[at], upfront, hours));
        }
    }
    for (at, offer) in choice.plans.iter().enumerate().filter(|(at, _)| purchase.commitments[*at] > 0.0) {
        let commitment = purchase.commitments[at];
        let term_hours = HOURS_PER_MONTH as f64 * f64::from(MONTHS_PER_YEAR * offer.term_years);
        let upfront = offer.payment.upfront_share() * commitment * term_hours;
        let pool = matches!(offer.kind, OfferKind::Ec2InstanceSavingsPlan(_)).then_some(offer.pool.as_str());
        lines.push(line(offer, pool, None, Some(money(commitment)), &settled.plans[at], upfront, hours));
    }
    let saved = purchase.on_demand_cost - purchase.cost;
    Ok(Proposal {
        lines,
        hours: demand.hours,
        on_demand_cost: money(purchase.on_demand_cost),
        cost: money(purchase.cost),
        lower_bound: money(purchase.bound),
        gap: purchase.gap(),
        savings_monthly: if hours > 0.0 { money(saved / hours * HOURS_PER_MONTH as f64) } else { 0 },
        notes: choice.notes,
    })
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

fn choose<'a>(demand: &'a Demand, offers: &'a [Offer], conditions: &Conditions) -> Result<Choice<'a>> {
    let allowed: Vec<&Offer> = offers.iter().filter(|offer| conditions.allow(offer)).collect();
    let known: Vec<&&Offer> = allowed.iter().filter(|offer| demand.place(&offer.pool).is_some()).collect();
    let not_available = |reason: String| Error::NotAvailable { what: "a plan".to_owned(), reason };
    if allowed.is_empty() && !offers.is_empty() {
        let mut terms: Vec<u32> = offers.iter().map(|offer| offer.term_years).collect();
        terms.sort_unstable();
        terms.dedup();
        let terms: Vec<String> = terms.iter().map(u32::to_string).collect();
        return Err(not_available(format!(
            "none of the {} offers has an allowed kind, term and payment; there are terms of {} years: allow them with --term",
            offers.len(),
            terms.join(", ")
        )));
    }
    if known.is_empty() {
        return Err(not_available(format!(
            "no offer is for a pool of the demand (the first are {} and {}); names of pools must be the same in both",
            demand.pools.first().map_or("none", String::as_str),
            offers.first().map_or("none", |offer| offer.pool.as_str())
        )));
    }
    let mut choice = Choice { market: empty(demand), pools: Vec::new(), plans: Vec::new(), notes: Vec::new() };
    if allowed.len() < offers.len() {
        choice
            .notes
            .push(format!("{} offers of other kinds, terms or payments were left out", offers.len() - allowed.len()));
    }
    fill(&mut choice, demand, &allowed, conditions);
    choice.market = choice.market.without_dominated();
    Ok(choice)
}

fn empty(demand: &Demand) -> Market {
    Market { pools: Vec::new(), plans: Vec::new(), hours: demand.hours, usage: Vec::new() }
}

fn fill<'a>(choice: &mut Choice<'a>, demand: &'a Demand, offers: &[&'a Offer], conditions: &Conditions) {
    let mut by_pool: BTreeMap<&str, Vec<&Offer>> = BTreeMap::new();
    for &offer in offers {
        by_pool.entry(&offer.pool).or_default().push(offer);
    }
    let mut groups: BTreeMap<&OfferKind, usize> = BTreeMap::new();
    let mut plans: BTreeMap<(&OfferKind, u32, Payment), usize> = BTreeMap::new();
    let mut without = 0;
    for (place, pool) in demand.pools.iter().enumerate() {
        let Some(offers) = by_pool.get(pool.as_str()) else {
            without += 1;
            continue;
        };
        let mut rates: Vec<PlanRate> = Vec::new();
        for &offer in offers.iter().filter(|offer| offer.kind != OfferKind::Reservation) {
            let next = groups.len();
            let group = *groups.entry(&offer.kind).or_insert(next);
            let plan = *plans.entry((&offer.kind, offer.term_years, offer.payment)).or_insert_with(|| {
                choice.plans.push(offer);
                choice.market.plans.push(Plan {
                    price: offer.plan_price(conditions.capital_cost_yearly),
                    group,
                    layer: offer.kind.layer(),
                    most: conditions.commitment_most.unwrap_or(f64::INFINITY),
                });
                choice.plans.len() - 1
            });
            if !rates.iter().any(|rate| rate.plan == plan) {
                rates.push(PlanRate { plan, rate: offer.plan_rate() });
            }
        }
        let rate = |offer: &Offer| offer.reserved_rate(conditions.capital_cost_yearly);
        let reservations = offers.iter().copied().filter(|offer| offer.kind == OfferKind::Reservation);
        let cheapest = reservations.min_by(|a, b| {
            rate(a).total_cmp(&rate(b)).then(a.term_years.cmp(&b.term_years)).then(a.payment.cmp(&b.payment))
        });
        choice.pools.push((pool, cheapest));
        choice.market.pools.push(Pool {
            on_demand: offers[0].on_demand_rate as f64 / 1e12,
            reservation: cheapest.map(rate),
            plans: rates,
        });
        choice.market.usage.extend(demand.of(place).iter().map(|&quantity| quantity as f64 / 1e15));
    }
    if without > 0 {
        choice.notes.push(format!("{without} pools of the demand have no offer and are not part of any figure"));
    }
    let idle = by_pool.keys().filter(|pool| demand.place(pool).is_none()).count();
    if idle > 0 {
        choice.notes.push(format!("{idle} pools of the offers have no demand"));
    }
}
