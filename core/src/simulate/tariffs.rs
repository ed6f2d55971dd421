//! Rates of usage under Savings Plans: those that the bill shows for the same terms, then those of imported price lists, then
//! the catalog's.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::commitments::Payment;
use crate::catalog::discounts::discount;
use crate::catalog::listed::Listed;
use crate::catalog::pools::Class;
use crate::ledger::Ledger;
use crate::planner::offers::OfferKind;
use crate::planner::pricing::{Seen, kinds, listed_name, meter, sold};
use crate::schema::money::{ratio, scale_by};

/// Plans that cover the same usage at the same rates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tariff {
    pub(super) kind: OfferKind,
    pub(super) term_years: u32,
    pub(super) payment: Payment,
}

/// What is metered at one price: a product of the bill, or what usage of one becomes.
#[derive(Debug, Clone)]
pub(super) struct Metered {
    pub(super) product: u32,
    /// Whether it is in the bill.
    pub(super) is_billed: bool,
    pub(super) usage_type: String,
    /// What it is to commitments; none where nothing covers it.
    pub(super) class: Option<Class>,
    /// On-demand rate of a unit at public prices, in units of 1e-12.
    pub(super) public: i128,
    /// The same after discounts.
    pub(super) effective: i128,
}

/// Rates that a bill shows.
pub(super) struct Rates<'l> {
    ledger: &'l Ledger,
    seen: Seen,
    listed: Arc<Listed>,
}

/// The family of what is metered, with its platform and region.
fn family_of(one: &Metered) -> Option<(&str, &str, &str)> {
    let class = one.class.as_ref()?;
    Some((class.family()?, class.operation.as_str(), class.region.as_str()))
}

/// What the catalog says that a tariff saves on a class.
fn listed(tariff: &Tariff, class: &Class) -> Option<f64> {
    Some(discount(sold(class, &tariff.kind)?, tariff.term_years, tariff.payment)?.share)
}

/// Nobody sells at less than a tenth of on demand.
const SHARE_MOST: f64 = 0.9;
const MILLION: i128 = 1_000_000;

impl<'l> Rates<'l> {
    pub(super) fn of(ledger: &'l Ledger, listed: Arc<Listed>) -> Rates<'l> {
        Rates { ledger, seen: Seen::of(ledger), listed }
    }

    /// A tariff's rates for everything metered, in units of 1e-12; none for what it does not cover. Sizes of a family have
    /// one discount; what the catalog gives for a family that the bill never shows is scaled by what it gives for those that
    /// the bill shows.
    ///
    /// A product that the bill never shows under the tariff is no better a bargain than the poorest that it shows: AWS
    /// would have covered it first.
    pub(super) fn under(&self, tariff: &Tariff, metered: &[Metered]) -> Vec<Option<i128>> {
        let covers = |one: &Metered| {
            let is_of_kind = |class: &Class| kinds(class).contains(&tariff.kind);
            one.public > 0 && one.class.as_ref().is_some_and(is_of_kind)
        };
        let seen: Vec<Option<(i128, i128)>> =
            metered.iter().map(|one| covers(one).then(|| self.seen(tariff, one)).flatten()).collect();
        let (mut saved, mut expected) = (0.0, 0.0);
        for (one, &(used, covered)) in metered.iter().zip(&seen).filter_map(|(one, seen)| Some((one, seen.as_ref()?))) {
            if let Some(share) = one.class.as_ref().and_then(|class| listed(tariff, class)) {
                saved += (covered - used) as f64;
                expected += covered as f64 * share;
            }
        }
        let scale = if saved > 0.0 && expected > 0.0 { saved / expected } else { 1.0 };
        let paid = |&(used, covered): &(i128, i128)| ratio(used, covered);
        let mut families: HashMap<(&str, &str, &str), (i128, i128)> = HashMap::new();
        for (one, &(used, covered)) in metered.iter().zip(&seen).filter_map(|(one, seen)| Some((one, seen.as_ref()?))) {
            if let Some(family) = family_of(one) {
                let sum = families.entry(family).or_default();
                *sum = (sum.0 + used, sum.1 + covered);
            }
        }
        let poorest = seen.iter().flatten().filter_map(paid).fold(0.0, f64::max);
        let rate = |(one, seen): (&Metered, &Option<(i128, i128)>)| {
            let class = one.class.as_ref().filter(|_| covers(one))?;
            if seen.is_none() && self.is_listed(tariff, one) {
                return self.listed(tariff, one);
            }
            let of_family = || family_of(one).and_then(|family| families.get(&family).copied());
            if let Some((used, covered)) = seen.or_else(of_family) {
                return scale_by(one.public, used, covered);
            }
            let share = listed(tariff, class)? * scale;
            let left = (1.0 - share.min(SHARE_MOST)).max(if one.is_billed { poorest } else { 0.0 });
            scale_by(one.public, (left * MILLION as f64).round() as i128, MILLION)
        };
        metered.iter().zip(&seen).map(rate).collect()
    }

    /// Whether a price list says all that a tariff covers where this is.
    fn is_listed(&self, tariff: &Tariff, one: &Metered) -> bool {
        let region = one.class.as_ref().map_or("", |class| class.region.as_str());
        listed_name(&tariff.kind).is_some_and(|plan| self.listed.has_plan(region, plan))
    }

    fn listed(&self, tariff: &Tariff, one: &Metered) -> Option<i128> {
        let (region, _, operation) = meter(self.ledger, &self.ledger.products.key(one.product));
        let name = listed_name(&tariff.kind)?;
        self.listed.plan_rate((region, &one.usage_type, operation), name, tariff.term_years, tariff.payment)
    }

    fn seen(&self, tariff: &Tariff, one: &Metered) -> Option<(i128, i128)> {
        let key = self.ledger.products.key(one.product);
        let paid = self.seen.paid(&tariff.kind, (tariff.term_years, tariff.payment), (key.usage_type, key.operation));
        paid.filter(|_| one.is_billed)
    }
}
