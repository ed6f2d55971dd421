//! What can be bought for a bill's pools, and at which rates: those that the bill itself shows, then those of imported price
//! lists, then the catalog's.
//!
//! A plan's rate for usage is what its covered usage took from the commitment ÷ what it would have cost on demand. A
//! reservation's is what was bought ÷ the normalized units that were reserved. Both are of commitments that were bought
//! once; AWS may sell at another rate today.

use std::collections::{BTreeMap, HashMap};

use super::eligible::{Eligible, Pool};
use super::offers::{HOURS_PER_MONTH, MONTHS_PER_YEAR, Offer, OfferKind};
use super::proposal::Conditions;
use crate::analyze::classes::class_of;
use crate::analyze::terms::{CommitmentTerms, Scope, terms};
use crate::catalog::commitments::Payment;
use crate::catalog::commitments::{FACTOR_UNIT, family_and_size, instance_factor};
use crate::catalog::discounts::{Sold, discount};
use crate::catalog::listed::{Listed, Meter};
use crate::catalog::pools::{Class, Use};
use crate::catalog::quotes::Catalog;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::tables::ProductKey;
use crate::schema::charges::Text;
use crate::schema::money::{ratio, scale_by};
use crate::schema::recommendations::PriceSource;

/// A whole unit of a quantity.
const UNIT: i128 = 1_000_000_000_000_000;
const MILLION: i128 = 1_000_000;
/// Generations of instances that a Database Savings Plan covers begin with this one.
const DATABASE_PLAN_GENERATION_MIN: u32 = 7;
/// What is seen and saves less or more than this is no rate: the bill has too little of it.
const SHARES: std::ops::RangeInclusive<f64> = 0.005..=0.9;

/// An offer for a pool, and where its rate comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Priced {
    /// The offer.
    pub(super) offer: Offer,
    /// The source of its rate.
    pub(super) source: PriceSource,
}

/// Kind of plan (`None` of reservations), term and payment option.
type Terms = (Kind, u32, Payment);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Ec2Instance,
    Compute,
    SageMaker,
    Database,
}

/// Usage type and operation, as names.
pub(crate) type Metered = (u32, u32);

/// Every offer that meets the conditions for the pools, in their order.
pub(super) fn offers(ledger: &Ledger, eligible: &Eligible, conditions: &Conditions, listed: &Listed) -> Vec<Priced> {
    let seen = Seen::of(ledger);
    let mut all = Vec::new();
    for pool in &eligible.pools {
        for kind in kinds(&pool.class).into_iter().filter(|kind| conditions.sorts.contains(&kind.sort())) {
            for &years in &conditions.terms_years {
                for &payment in &conditions.payments {
                    all.extend(seen.offer(ledger, listed, pool, &kind, (years, payment)));
                }
            }
        }
    }
    all
}

/// What is sold for usage.
pub(crate) fn kinds(class: &Class) -> Vec<OfferKind> {
    let is_latest = || class.family().is_some_and(|family| generation(family) >= DATABASE_PLAN_GENERATION_MIN);
    let ec2 = || {
        let scope = class.family().map(|family| format!("{family} {}", class.region));
        scope.map(OfferKind::Ec2InstanceSavingsPlan)
    };
    match class.sold {
        Use::Ec2 | Use::Ec2Dedicated => {
            [Some(OfferKind::Reservation), ec2(), Some(OfferKind::ComputeSavingsPlan)].into_iter().flatten().collect()
        }
        Use::Fargate | Use::Lambda => vec![OfferKind::ComputeSavingsPlan],
        Use::Rds(_) if is_latest() => vec![OfferKind::Reservation, OfferKind::DatabaseSavingsPlan],
        Use::Nodes if class.service == "AmazonElastiCache" && is_latest() => {
            vec![OfferKind::Reservation, OfferKind::DatabaseSavingsPlan]
        }
        Use::Rds(_) | Use::Nodes => vec![OfferKind::Reservation],
        Use::DynamoDb => vec![OfferKind::Reservation, OfferKind::DatabaseSavingsPlan],
        Use::DatabaseServerless => vec![OfferKind::DatabaseSavingsPlan],
        Use::DatabaseInstance if is_latest() => vec![OfferKind::DatabaseSavingsPlan],
        Use::DatabaseInstance => Vec::new(),
        Use::SageMaker => vec![OfferKind::SageMakerSavingsPlan],
    }
}

/// The first number in a family's name: 7 of `r7g`, 0 where there is none.
fn generation(family: &str) -> u32 {
    let digits = family.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap_or(0)
}

/// Rates that the bill shows.
pub(crate) struct Seen {
    /// Used commitment and on-demand value of what it covered.
    plans: HashMap<(Terms, Metered), (i128, i128)>,
    /// What was bought and the normalized units of it, in units of 1e-15 hours.
    reserved: Vec<(Scope, u32, Payment, i128, i128)>,
}

impl Seen {
    /// The rates that a ledger shows.
    pub(crate) fn of(ledger: &Ledger) -> Seen {
        let terms = terms(ledger);
        let arn = |id| ledger.names.get(Text::CommitmentDiscountId, id).unwrap_or_default();
        let mut plans: HashMap<(Terms, Metered), (i128, i128)> = HashMap::new();
        for (key, cell) in ledger.negation.iter() {
            let Some(bought) = terms.get(arn(key.arn)).and_then(plan_terms) else { continue };
            let sum = plans.entry((bought, (key.usage_type, key.operation))).or_default();
            *sum = (sum.0 + cell.used, sum.1 + cell.covered);
        }
        let mut sums: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for (key, cell) in ledger.commitments.iter().filter(|(_, cell)| cell.bought_units > 0) {
            let sum = sums.entry(arn(key.arn)).or_default();
            *sum = (sum.0 + cell.bought, sum.1 + cell.bought_units);
        }
        let reserved = sums.into_iter().filter_map(|(arn, (bought, units))| {
            let one = terms.get(arn).filter(|one| matches!(one.scope, Scope::Reserved { .. }))?;
            Some((one.scope.clone(), one.term_years?, one.payment?, bought, units))
        });
        Seen { plans, reserved: reserved.collect() }
    }

    fn offer(
        &self,
        ledger: &Ledger,
        listed: &Listed,
        pool: &Pool,
        kind: &OfferKind,
        (term_years, payment): (u32, Payment),
    ) -> Option<Priced> {
        let on_demand_rate = pool.on_demand_rate;
        let seen = match kind_of(kind) {
            Some(kind) => self.plan_rate(ledger, pool, (kind, term_years, payment)),
            None => self.reserved_rate(pool, term_years, payment),
        };
        let spread = |rate: i128| match (kind, payment) {
            (OfferKind::Reservation, Payment::AllUpfront) => (rate * hours(term_years), 0),
            (OfferKind::Reservation, Payment::PartialUpfront) => (rate * hours(term_years) / 2, rate / 2),
            _ => (0, rate),
        };
        let of_lists = || listed_rate(ledger, listed, pool, kind, (term_years, payment));
        let ((upfront, hourly), source) = match seen {
            Some(rate) => (spread(rate), PriceSource::Bill),
            None => match of_lists() {
                Some(rate) => (rate, PriceSource::PriceList),
                // The region's list leaves it out: the plan does not cover it.
                None if listed_name(kind).is_some_and(|plan| listed.has_plan(&pool.class.region, plan)) => return None,
                None => {
                    let found = discount(sold(&pool.class, kind)?, term_years, payment)?;
                    let left = MILLION - (found.share * MILLION as f64).round() as i128;
                    (spread(scale_by(on_demand_rate, left, MILLION)?), found.source)
                }
            },
        };
        let pool = pool.name.clone();
        Some(Priced {
            offer: Offer { pool, kind: kind.clone(), term_years, payment, on_demand_rate, upfront, hourly },
            source,
        })
    }

    /// What plans of a kind, term and payment option took for usage of a type and operation, and its on-demand value.
    pub(crate) fn paid(&self, kind: &OfferKind, terms: (u32, Payment), metered: Metered) -> Option<(i128, i128)> {
        let paid = self.plans.get(&((kind_of(kind)?, terms.0, terms.1), metered));
        paid.copied().filter(|&(used, covered)| ratio(used, covered).is_some_and(|paid| SHARES.contains(&(1.0 - paid))))
    }

    /// What plans of these terms took for the pool's usage, as a rate of a unit.
    fn plan_rate(&self, ledger: &Ledger, pool: &Pool, terms: Terms) -> Option<i128> {
        let metered = pool.products.iter().map(|&product| ledger.products.key(product));
        let seen = metered.filter_map(|key| self.plans.get(&(terms, (key.usage_type, key.operation))));
        let (used, covered) = seen.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let is_a_rate = ratio(used, covered).is_some_and(|paid| SHARES.contains(&(1.0 - paid)));
        scale_by(pool.on_demand_rate, used, covered).filter(|_| is_a_rate)
    }

    /// What a unit cost of reservations of these terms that fit the pool.
    fn reserved_rate(&self, pool: &Pool, term_years: u32, payment: Payment) -> Option<i128> {
        let fits = |scope: &Scope| {
            matches!(scope, Scope::Reserved { service, instance, operation, region, .. }
            if *service == pool.class.service && *region == pool.class.region && *operation == pool.class.operation
                && family_of(instance) == pool.class.family()
                && (pool.unit == *instance || pool.class.factor != FACTOR_UNIT))
        };
        let of_terms = self.reserved.iter().filter(|one| one.1 == term_years && one.2 == payment && fits(&one.0));
        let (bought, units) = of_terms.fold((0, 0), |sum, one| (sum.0 + one.3, sum.1 + one.4));
        let factor = match pool.class.factor {
            FACTOR_UNIT => instance_factor(&pool.unit)?,
            factor => factor,
        };
        let rate = scale_by(bought, UNIT, units)? * i128::from(factor) / 1_000;
        let is_a_rate = ratio(rate, pool.on_demand_rate).is_some_and(|paid| SHARES.contains(&(1.0 - paid)));
        is_a_rate.then_some(rate)
    }
}

/// What price lists state for a unit of a pool: what is paid at once, and for an hour.
fn listed_rate(
    ledger: &Ledger,
    listed: &Listed,
    pool: &Pool,
    kind: &OfferKind,
    (term_years, payment): (u32, Payment),
) -> Option<(i128, i128)> {
    let is_a_unit = |usage_type: &str| pool.unit.is_empty() || usage_type.ends_with(&format!(":{}", pool.unit));
    let meters = pool.products.iter().map(|&product| meter(ledger, &ledger.products.key(product)));
    let mut units = meters.filter(|meter| is_a_unit(meter.1));
    match listed_name(kind) {
        Some(name) => units.find_map(|meter| Some((0, listed.plan_rate(meter, name, term_years, payment)?))),
        // Capacity of DynamoDB is reserved in blocks, and listed by the unit.
        None if pool.class.sold == Use::DynamoDb => None,
        None => units.find_map(|meter| listed.reserved_rate(meter, term_years, payment)),
    }
}

/// How price lists call a kind of plan.
pub(crate) const fn listed_name(kind: &OfferKind) -> Option<&'static str> {
    match kind {
        OfferKind::Reservation => None,
        OfferKind::Ec2InstanceSavingsPlan(_) => Some("EC2Instance"),
        OfferKind::ComputeSavingsPlan => Some("Compute"),
        OfferKind::SageMakerSavingsPlan => Some("SageMaker"),
        OfferKind::DatabaseSavingsPlan => Some("Database"),
    }
}

/// A product as price lists name it.
pub(crate) fn meter<'l>(ledger: &'l Ledger, key: &ProductKey) -> Meter<'l> {
    let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
    (text(Text::RegionId, key.region), text(Text::UsageType, key.usage_type), text(Text::Operation, key.operation))
}

/// What price lists state of commitments on a bill's products, and on usage types that some of them become.
///
/// # Errors
/// As [`Catalog::commitments_on`].
pub(crate) fn listed<'l>(
    ledger: &'l Ledger,
    catalog: &Catalog,
    becoming: impl IntoIterator<Item = (u32, &'l str)>,
) -> Result<Listed> {
    let products = ledger.products.iter().map(|(key, _)| key);
    let covered = products.filter(|key| class_of(ledger, key).is_some()).map(|key| meter(ledger, key));
    let becoming = becoming.into_iter().map(|(product, usage_type)| {
        let (region, _, operation) = meter(ledger, &ledger.products.key(product));
        (region, usage_type, operation)
    });
    catalog.commitments_on(covered.chain(becoming))
}

fn family_of(instance: &str) -> Option<&str> {
    let instance = instance.trim_end_matches(".search").trim_end_matches(".elasticsearch");
    family_and_size(instance).map(|(family, _)| family)
}

fn hours(term_years: u32) -> i128 {
    HOURS_PER_MONTH * i128::from(MONTHS_PER_YEAR * term_years)
}

fn kind_of(kind: &OfferKind) -> Option<Kind> {
    match kind {
        OfferKind::Reservation => None,
        OfferKind::Ec2InstanceSavingsPlan(_) => Some(Kind::Ec2Instance),
        OfferKind::ComputeSavingsPlan => Some(Kind::Compute),
        OfferKind::SageMakerSavingsPlan => Some(Kind::SageMaker),
        OfferKind::DatabaseSavingsPlan => Some(Kind::Database),
    }
}

fn plan_terms(terms: &CommitmentTerms) -> Option<Terms> {
    let kind = match terms.scope {
        Scope::Ec2Family { .. } => Kind::Ec2Instance,
        Scope::Compute => Kind::Compute,
        Scope::SageMaker => Kind::SageMaker,
        Scope::Database => Kind::Database,
        Scope::Reserved { .. } => return None,
    };
    Some((kind, terms.term_years?, terms.payment?))
}

/// The catalog's word for usage under a kind of offer.
pub(crate) fn sold<'a>(class: &'a Class, kind: &OfferKind) -> Option<Sold<'a>> {
    let family = class.family().unwrap_or_default();
    let operation = class.operation.as_str();
    Some(match (class.sold, kind) {
        (Use::Ec2 | Use::Ec2Dedicated, OfferKind::ComputeSavingsPlan) => Sold::Ec2UnderCompute { family, operation },
        (Use::Ec2 | Use::Ec2Dedicated, _) => Sold::Ec2 { family, operation },
        (Use::Fargate, _) => Sold::Fargate,
        (Use::Lambda, _) => Sold::Lambda,
        (Use::SageMaker, _) => Sold::SageMaker,
        (Use::DynamoDb, OfferKind::DatabaseSavingsPlan) => Sold::DynamoDbUnderDatabase,
        (Use::DatabaseServerless, _) => Sold::DatabaseServerless,
        (_, OfferKind::DatabaseSavingsPlan) => Sold::DatabaseInstance,
        _ => Sold::Nodes { service: &class.service, family },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_read_from_families() {
        let read = ["r7g", "m8gd", "t4g", "x2iedn", "ra3", "u-6tb1"].map(generation);
        assert_eq!(read, [7, 8, 4, 2, 3, 6]);
    }
}
