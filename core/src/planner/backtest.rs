//! Had the plan been followed: what the months that came after would have cost, against other ways of buying.
//!
//! Each origin is the beginning of a billing period. A strategy sees the hours before it and no other; what it buys is
//! held from then to the end of the bill and priced on the usage that came. Prices of offers are the same on both sides.

use super::aws::{self, Recommendation};
use super::choice::{Choice, choose};
use super::demand::Demand;
use super::eligible::Eligible;
use super::offers::Offer;
use super::outlook::ahead;
use super::proposal::Conditions;
use super::settle::settle;
use crate::error::Result;

/// Hours that a strategy must have seen, two weeks of a bill that has every hour.
const HOURS_SEEN_MIN: usize = 14 * 24;
/// The rule of thumb.
const COVERAGE: f64 = 0.8;

/// A way of buying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// The joint plan on usage as it was in the look-back.
    Plan,
    /// The joint plan on usage as its trend carries it on.
    Outlook,
    /// As the console recommends: the Compute plan with the largest saving over the last 30 days, and reservations of what
    /// it does not cover, each by itself.
    Aws,
    /// A Compute plan for 80 % of the mean of what it could cover, and reservations likewise of the rest.
    Coverage,
    /// Nothing.
    Nothing,
    /// The best purchase for the usage that came: nobody can know it.
    Hindsight,
}

impl Strategy {
    /// Every strategy, in order.
    pub const ALL: [Strategy; 6] =
        [Strategy::Plan, Strategy::Outlook, Strategy::Aws, Strategy::Coverage, Strategy::Nothing, Strategy::Hindsight];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Plan => "plan, usage as it was",
            Strategy::Outlook => "plan, along the trend",
            Strategy::Aws => "as AWS recommends",
            Strategy::Coverage => "80 % of the mean",
            Strategy::Nothing => "nothing",
            Strategy::Hindsight => "in hindsight",
        }
    }
}

/// What a strategy would have cost from an origin to the end of the bill, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The first hour that the strategy had not seen, since 1970-01-01.
    pub origin: i64,
    /// The strategy.
    pub strategy: Strategy,
    /// Commitments and what they left on demand.
    pub cost: f64,
    /// Cost beyond hindsight's.
    pub regret: f64,
}

/// Hours of a demand from one place to another.
fn part(demand: &Demand, hours: std::ops::Range<usize>) -> Demand {
    let rows = (0..demand.pools.len()).flat_map(|pool| demand.of(pool)[hours.clone()].iter().copied());
    Demand { pools: demand.pools.clone(), first_hour: 0, hours: hours.len(), quantities: rows.collect() }
}

/// Reserved units by pool and commitments by plan.
type Purchase = (Vec<f64>, Vec<f64>);

/// Every strategy from every origin that lies in the usage; none where no origin has two weeks before it. The plan looks back
/// so many days, over all that was seen where none are given.
///
/// # Errors
/// As [`super::proposal::propose`].
pub(super) fn backtest(
    usage: &Eligible,
    origins: &[i64],
    offers: &[Offer],
    conditions: &Conditions,
    look_back_days: Option<u32>,
) -> Result<Vec<Outcome>> {
    let mut all = Vec::new();
    for &origin in origins {
        let seen = usage.hours.partition_point(|&hour| hour < origin);
        if seen < HOURS_SEEN_MIN || seen == usage.hours.len() {
            continue;
        }
        let before = part(&usage.demand, 0..seen);
        let after = part(&usage.demand, seen..usage.hours.len());
        let recent = |days: u32| {
            let from = usage.hours.partition_point(|&hour| hour < origin - 24 * i64::from(days));
            part(&usage.demand, from..seen)
        };
        let looked_at = look_back_days.map_or_else(|| before.clone(), recent);
        let known = choose(&looked_at, offers, conditions)?;
        let came = choose(&after, offers, conditions)?;
        let mut costs = Vec::new();
        for strategy in Strategy::ALL {
            let (reserved, commitments) = match strategy {
                Strategy::Plan => of_best(&known, conditions),
                Strategy::Outlook => {
                    let ahead = ahead(&before, after.hours as f64 / 168.0);
                    of_best(&choose(&ahead, offers, conditions)?, conditions)
                }
                Strategy::Aws => {
                    as_aws(&came, &aws::recommend(&recent(aws::LOOK_BACK_DAYS), &allowed(offers, conditions)))
                }
                Strategy::Coverage => covering(&known),
                Strategy::Nothing => nothing(&known),
                Strategy::Hindsight => of_best(&came, conditions),
            };
            costs.push(settle(&came.market, &reserved, &commitments).cost());
        }
        let hindsight = costs[Strategy::ALL.len() - 1];
        let outcomes = Strategy::ALL.into_iter().zip(costs);
        all.extend(outcomes.map(|(strategy, cost)| Outcome { origin, strategy, cost, regret: cost - hindsight }));
    }
    Ok(all)
}

fn allowed(offers: &[Offer], conditions: &Conditions) -> Vec<Offer> {
    offers.iter().filter(|offer| conditions.allow(offer)).cloned().collect()
}

fn nothing(choice: &Choice<'_>) -> Purchase {
    (vec![0.0; choice.market.pools.len()], vec![0.0; choice.market.plans.len()])
}

fn of_best(choice: &Choice<'_>, conditions: &Conditions) -> Purchase {
    let bought = super::caps::within_caps(choice, conditions).0;
    (bought.reserved, bought.commitments)
}

/// Whether a Savings Plan of any kind that covers several pools is sold for a pool.
fn has_wide_plan(choice: &Choice<'_>, pool: usize) -> bool {
    choice.market.pools[pool].plans.iter().any(|rate| choice.market.plans[rate.plan].layer > 0)
}

/// The recommendations with the largest saving: one for each kind of wide plan, and for each pool that has none a reservation.
fn as_aws(choice: &Choice<'_>, recommended: &[Recommendation]) -> Purchase {
    let (mut reserved, mut commitments) = nothing(choice);
    for (at, (pool, offer)) in choice.pools.iter().enumerate() {
        if let Some(offer) = offer.filter(|_| !has_wide_plan(choice, at)) {
            let is_it = |line: &&Recommendation| {
                line.pool.as_deref() == Some(pool)
                    && (&line.kind, line.term_years, line.payment) == (&offer.kind, offer.term_years, offer.payment)
            };
            reserved[at] = recommended.iter().find(is_it).and_then(|line| line.quantity).unwrap_or(0) as f64;
        }
    }
    let mut best: std::collections::BTreeMap<usize, (i128, usize, f64)> = std::collections::BTreeMap::new();
    for (at, offer) in choice.plans.iter().enumerate().filter(|(at, _)| choice.market.plans[*at].layer > 0) {
        let is_it = |line: &&Recommendation| {
            (&line.kind, line.term_years, line.payment) == (&offer.kind, offer.term_years, offer.payment)
        };
        if let Some(line) = recommended.iter().find(is_it) {
            let commitment = line.hourly_commitment.unwrap_or(0) as f64 / 1e12;
            let found = (line.savings_monthly, at, commitment);
            let known = best.entry(choice.market.plans[at].group).or_insert(found);
            if found.0 > known.0 {
                *known = found;
            }
        }
    }
    best.into_values().filter(|(saved, ..)| *saved > 0).for_each(|(_, at, commitment)| commitments[at] = commitment);
    (reserved, commitments)
}

/// The cheapest of each kind of wide plan for 80 % of the mean of what it could cover, and reservations likewise, rounded
/// down.
fn covering(choice: &Choice<'_>) -> Purchase {
    let market = &choice.market;
    let (mut reserved, mut commitments) = nothing(choice);
    let mean = |pool: usize| market.usage_of(pool).iter().sum::<f64>() / market.hours.max(1) as f64;
    let mut cheapest: std::collections::BTreeMap<usize, (f64, usize, f64)> = std::collections::BTreeMap::new();
    for (at, plan) in market.plans.iter().enumerate().filter(|(_, plan)| plan.layer > 0) {
        let spent: f64 = market.members(at).iter().map(|&(pool, rate)| mean(pool) * rate).sum();
        if spent > 0.0 {
            let found = (plan.price * spent, at, COVERAGE * spent);
            let known = cheapest.entry(plan.group).or_insert(found);
            if found.0 < known.0 {
                *known = found;
            }
        }
    }
    cheapest.into_values().for_each(|(_, at, commitment)| commitments[at] = commitment);
    for pool in (0..market.pools.len()).filter(|&pool| !has_wide_plan(choice, pool)) {
        if market.pools[pool].reservation.is_some() {
            reserved[pool] = (COVERAGE * mean(pool)).floor();
        }
    }
    (reserved, commitments)
}
