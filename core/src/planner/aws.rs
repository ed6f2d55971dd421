//! AWS's own way of recommending, so that answers can be laid beside the console: each offer by itself, on what ran on
//! demand, the quantity with the largest saving, no forecast.
//!
//! For `n` reserved units at price `U` upfront and `r` an hour, on-demand rate `p` and a window of `T` hours:
//! `used(n) = Σ_t min(x_t, n)`, utilization `used ÷ nT`, on-demand cost displaced a month `used ÷ T × 730 × p`, monthly
//! savings `displaced − n(U ÷ months + 730 r)` and break-even `nU ÷ (displaced − 730 n r)` months, with the months of the
//! term (12 for a year). They reproduce the figures that AWS prints. Money in units of 1e-12, quantities of 1e-15.

use super::demand::Demand;
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR, Offer, OfferKind};
use super::single::{Item, best_commitment};
use crate::catalog::commitments::Payment;
use crate::schema::money::{divide_half_even, ratio, scale_by};

/// The console's look-back.
pub const LOOK_BACK_DAYS: u32 = 30;

/// A whole unit of a quantity.
const UNIT: i128 = 1_000_000_000_000_000;

/// What AWS would recommend for one offer. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// The pool; absent for a Savings Plan over several pools.
    pub pool: Option<String>,
    /// What is bought.
    pub kind: OfferKind,
    /// Its term.
    pub term_years: u32,
    /// How it is paid.
    pub payment: Payment,
    /// Reserved units, or none for a Savings Plan.
    pub quantity: Option<i128>,
    /// Hourly commitment of a Savings Plan.
    pub hourly_commitment: Option<i128>,
    /// Used ÷ bought; none when nothing is bought.
    pub utilization: Option<f64>,
    /// On-demand cost that it would take the place of in a month.
    pub on_demand_displaced_monthly: i128,
    /// What it costs a month, upfront spread over the term.
    pub cost_monthly: i128,
    /// Displaced less cost.
    pub savings_monthly: i128,
    /// Months until the upfront payment has come back; none when it never does.
    pub break_even_months: Option<f64>,
}

/// Every offer's recommendation: reservations by pool, then Savings Plans over their pools.
pub fn recommend(demand: &Demand, offers: &[Offer]) -> Vec<Recommendation> {
    let reservations = offers.iter().filter(|offer| offer.kind == OfferKind::Reservation);
    let mut all: Vec<Recommendation> = reservations
        .map(|offer| reserve(offer, demand.place(&offer.pool).map_or(&[], |pool| demand.of(pool)), demand.hours))
        .collect();
    let mut plans: std::collections::BTreeMap<(&OfferKind, u32, Payment), Vec<&Offer>> = Default::default();
    for offer in offers.iter().filter(|offer| offer.kind != OfferKind::Reservation) {
        plans.entry((&offer.kind, offer.term_years, offer.payment)).or_default().push(offer);
    }
    all.extend(plans.into_values().map(|offers| commit(&offers, demand)));
    all
}

/// The quantity of reserved units with the largest saving, the smallest of several.
fn reserve(offer: &Offer, usage: &[i128], hours: usize) -> Recommendation {
    let quantity = best_quantity(offer, usage, hours);
    let used: i128 = usage.iter().map(|&used| used.min(quantity * UNIT)).sum();
    let displaced = displaced_monthly(used, offer.on_demand_rate, hours);
    let months = i128::from(MONTHS_PER_YEAR * offer.term_years);
    let recurring = quantity * HOURS_PER_MONTH * offer.hourly;
    let cost = divide_half_even(quantity * offer.upfront, months) + recurring;
    Recommendation {
        pool: Some(offer.pool.clone()),
        kind: offer.kind.clone(),
        term_years: offer.term_years,
        payment: offer.payment,
        quantity: Some(quantity),
        hourly_commitment: None,
        utilization: ratio(used, quantity * UNIT * hours as i128),
        on_demand_displaced_monthly: displaced,
        cost_monthly: cost,
        savings_monthly: displaced - cost,
        break_even_months: ratio(quantity * offer.upfront, displaced - recurring).filter(|_| displaced > recurring),
    }
}

/// Savings are concave in the quantity: the last unit that saves something is found by halving.
fn best_quantity(offer: &Offer, usage: &[i128], hours: usize) -> i128 {
    let months = i128::from(MONTHS_PER_YEAR * offer.term_years);
    let unit_cost = (offer.upfront + HOURS_PER_MONTH * months * offer.hourly) * hours as i128;
    let saves = |quantity: i128| {
        let used: i128 = usage.iter().map(|&used| (used - (quantity - 1) * UNIT).clamp(0, UNIT)).sum();
        let displaced = offer.on_demand_rate * HOURS_PER_MONTH * months;
        // Both sides times the unit of quantities; whole hours first, so that nothing overflows.
        let (whole, part) = (used / UNIT, used % UNIT);
        let left = unit_cost - whole * displaced;
        left < 0 || (left < displaced && scale_by(displaced, part, UNIT).is_some_and(|displaced| displaced > left))
    };
    let (mut low, mut high) = (0, usage.iter().max().map_or(0, |&most| (most + UNIT - 1) / UNIT));
    while low < high {
        let middle = (low + high + 1) / 2;
        if saves(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// `used ÷ hours × 730 × rate`, rounded once.
fn displaced_monthly(used: i128, rate: i128, hours: usize) -> i128 {
    let window = UNIT * hours as i128;
    if window == 0 {
        return 0;
    }
    scale_by(used, rate * HOURS_PER_MONTH, window).unwrap_or_else(|| {
        // Beyond 128 bits: whole units first.
        let (whole, part) = (used / window, used % window);
        whole * rate * HOURS_PER_MONTH + (part as f64 / window as f64 * (rate * HOURS_PER_MONTH) as f64).round() as i128
    })
}

/// The commitment with the largest saving over the pools of one plan.
fn commit(offers: &[&Offer], demand: &Demand) -> Recommendation {
    let first = offers[0];
    let mut items = Vec::new();
    for offer in offers {
        let usage = demand.place(&offer.pool).map_or(&[][..], |pool| demand.of(pool));
        let on_demand = offer.on_demand_rate as f64 / 1e12;
        items.extend(usage.iter().enumerate().filter(|(_, used)| **used > 0).map(|(hour, &used)| {
            let units = used as f64 / 1e15;
            Item { hour, is_owners: true, on_demand: units * on_demand, at_plan: units * offer.plan_rate() }
        }));
    }
    let best = best_commitment(demand.hours, 1.0, &items);
    let hours = demand.hours as f64;
    let on_demand: f64 = items.iter().map(|item| item.on_demand).sum();
    let committed = best.commitment * hours;
    let displaced = on_demand - (best.cost - committed);
    let spent = spent(demand.hours, &items, best.commitment);
    let monthly = |amount: f64| money(amount / hours * HOURS_PER_MONTH as f64);
    let (share, month) = (first.payment.upfront_share(), HOURS_PER_MONTH as f64);
    let upfront = share * best.commitment * month * f64::from(MONTHS_PER_YEAR * first.term_years);
    let comes_back = displaced / hours * month - (1.0 - share) * best.commitment * month;
    Recommendation {
        pool: (offers.len() == 1).then(|| first.pool.clone()),
        kind: first.kind.clone(),
        term_years: first.term_years,
        payment: first.payment,
        quantity: None,
        hourly_commitment: Some(money(best.commitment)),
        utilization: (committed > 0.0).then(|| spent / committed),
        on_demand_displaced_monthly: monthly(displaced),
        cost_monthly: monthly(committed),
        savings_monthly: monthly(displaced) - monthly(committed),
        break_even_months: (comes_back > 0.0).then(|| upfront / comes_back),
    }
}

/// Commitment that is used over all hours.
fn spent(hours: usize, items: &[Item], commitment: f64) -> f64 {
    let mut by_hour = vec![0.0; hours];
    items.iter().for_each(|item| by_hour[item.hour] += item.at_plan);
    by_hour.into_iter().map(|spent: f64| spent.min(commitment)).sum()
}

/// Dollars as money in units of 1e-12, rounded to the ten decimals that AWS prints.
pub(super) fn money(dollars: f64) -> i128 {
    (dollars * 1e10).round() as i128 * 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(units: &str) -> i128 {
        crate::schema::money::from_text(units, 12).unwrap().units
    }

    fn offer(upfront: &str, hourly: &str) -> Offer {
        Offer {
            pool: "m5".to_owned(),
            kind: OfferKind::Reservation,
            term_years: 1,
            payment: Payment::PartialUpfront,
            on_demand_rate: dollars("0.096"),
            upfront: dollars(upfront),
            hourly: dollars(hourly),
        }
    }

    #[test]
    fn the_printed_formulas_on_a_case_by_hand() {
        // Ten hours: 3 units in six of them, 1 in the rest. The third unit is used 6 of 10 hours.
        let usage: Vec<i128> = [3, 3, 3, 3, 3, 3, 1, 1, 1, 1].map(|units| units * UNIT).to_vec();
        // 252 ÷ 12 + 730 × 0.0288 = 42.024 a month against 70.08 on demand: worth it from 59.97 % of the hours.
        let found = reserve(&offer("252", "0.0288"), &usage, 10);
        assert_eq!(found.quantity, Some(3));
        assert_eq!(found.utilization, Some(22.0 / 30.0));
        assert_eq!(found.on_demand_displaced_monthly, dollars("154.176"));
        assert_eq!(found.savings_monthly, dollars("28.104"));
        let break_even = 756.0 / (154.176 - 63.072);
        assert!((found.break_even_months.unwrap() - break_even).abs() < 1e-12);
        // A little dearer, and the third unit's six hours no longer pay for it.
        let found = reserve(&offer("253", "0.0288"), &usage, 10);
        assert_eq!((found.quantity, found.utilization), (Some(1), Some(1.0)));
    }

    #[test]
    fn nothing_is_bought_where_nothing_is_saved() {
        let found = reserve(&offer("900", "0.01"), &[UNIT; 24], 24);
        assert_eq!((found.quantity, found.utilization, found.savings_monthly), (Some(0), None, 0));
        assert_eq!(found.break_even_months, None);
    }

    #[test]
    fn fractional_usage_counts() {
        // 2.5 units in every hour: the half is worth a unit when a unit costs less than half.
        let usage = [5 * UNIT / 2; 8];
        assert_eq!(reserve(&offer("0", "0.05"), &usage, 8).quantity, Some(2));
        assert_eq!(reserve(&offer("0", "0.04"), &usage, 8).quantity, Some(3));
    }
}
