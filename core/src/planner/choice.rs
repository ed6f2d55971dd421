//! The market that demand and offers make under conditions, and the best purchase on it.

use std::collections::BTreeMap;

use super::demand::Demand;
use super::joint::optimize;
use super::market::{Market, Plan, PlanRate, Pool};
use super::offers::{Offer, OfferKind};
use super::proposal::Conditions;
use super::settle::{Settled, settle};
use crate::catalog::commitments::Payment;
use crate::error::{Error, Result};

/// Market and, for each of its places, the offer that stands there.
pub(super) struct Choice<'a> {
    pub(super) market: Market,
    /// By pool: its name and the cheapest reservation.
    pub(super) pools: Vec<(&'a str, Option<&'a Offer>)>,
    /// By plan: an offer of it.
    pub(super) plans: Vec<&'a Offer>,
    pub(super) notes: Vec<String>,
}

/// A purchase and what it does.
#[derive(Debug, Clone)]
pub(super) struct Bought {
    /// Reserved units by pool.
    pub(super) reserved: Vec<f64>,
    /// Hourly commitment by plan.
    pub(super) commitments: Vec<f64>,
    /// What it does over the window.
    pub(super) settled: Settled,
    /// No purchase costs less when every commitment costs `factor` times its price.
    pub(super) bound: f64,
    /// The factor.
    pub(super) factor: f64,
}

impl Bought {
    /// What is paid for commitments over the window.
    pub(super) fn spent(&self) -> f64 {
        self.settled.reservations.iter().chain(&self.settled.plans).map(|used| used.cost).sum()
    }

    /// On-demand cost that it takes the place of.
    pub(super) fn displaced(&self) -> f64 {
        self.settled.reservations.iter().chain(&self.settled.plans).map(|used| used.displaced).sum()
    }
}

impl Choice<'_> {
    /// The purchase that costs least when every commitment costs `factor` times its price: what is bought then saves at
    /// least so many times its cost at the margin. What it does is told at true prices.
    pub(super) fn buy(&self, factor: f64, conditions: &Conditions) -> Bought {
        let purchase = match factor {
            1.0 => optimize(&self.market, &conditions.effort),
            _ => optimize(&self.market.dearer(factor), &conditions.effort),
        };
        let mut commitments = purchase.commitments;
        if let Some(step) = conditions.commitment_step {
            // A little above what is exact in binary counts as a whole step.
            let whole = |commitment: f64| (commitment / step + 1e-6).floor() * step;
            commitments.iter_mut().for_each(|commitment| *commitment = whole(*commitment));
        }
        let settled = settle(&self.market, &purchase.reserved, &commitments);
        Bought { reserved: purchase.reserved, commitments, settled, bound: purchase.bound, factor }
    }
}

/// Lays out what may be bought for a demand.
///
/// # Errors
/// [`Error::NotAvailable`] when no offer meets the conditions, or none is for a pool with demand.
pub(super) fn choose<'a>(demand: &'a Demand, offers: &'a [Offer], conditions: &Conditions) -> Result<Choice<'a>> {
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
