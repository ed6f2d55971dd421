//! A bill's reservations beside their replay, by hour and pool.
//!
//! A reservation has its number of instances in each second of its life; the number follows from the units that its fee
//! reserves for the month. Which member of a pool it serves is AWS's business, what of the pool is covered is not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Ids, LineType, PayerHour, Product, Row, Sharers, product};
use crate::analyze::classes::{class_of, class_of_reserved};
use crate::analyze::terms::{CommitmentTerms, terms};
use crate::catalog::commitments::{FACTOR_UNIT, instance_factor};
use crate::catalog::pools::Class;
use crate::ledger::Ledger;
use crate::ledger::gather::hours_in_period;
use crate::replay::{CoveredBy, PlanRates, QUANTITY_STEP, QUANTITY_UNIT, Reservation, Scope, Usage, replay_hour};
use crate::schema::charges::Text;
use crate::schema::money::divide_half_even;

const SECONDS_PER_HOUR: i64 = 3_600;

/// An hour of a pool in which bill and replay differ. Normalized units of 1e-18; instances where sizes share no pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolDifference {
    /// The hour's start, in seconds since 1970-01-01.
    pub hour: i64,
    /// `EC2 m5 us-east-1`.
    pub pool: String,
    /// Units that the bill says were covered.
    pub billed: i128,
    /// Units that the replay covers.
    pub replayed: i128,
}

/// The reservations of a bill beside their replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReservationsCompared {
    /// Hours in which a reservation was active.
    pub hours: usize,
    /// Hours of pools that were compared.
    pub compared: usize,
    /// Hours of pools whose covered units differ by more than the rounding at the end of each reservation.
    pub differences: Vec<PoolDifference>,
    /// Units covered, over all hours, in units of 1e-18.
    pub used: i128,
    /// ARNs of reservations that could not be replayed, with the reason; their pools were not compared.
    pub left_out: BTreeMap<String, &'static str>,
}

/// One reservation in one billing period.
struct Held {
    owner: String,
    class: Class,
    zone: String,
    /// Active from and to, in seconds since 1970-01-01, within the billing period.
    active: (i64, i64),
    instances: i128,
}

impl Held {
    /// What it has in an hour: units of 1e-18.
    fn units(&self, hour: i64) -> i128 {
        let active = self.active.1.min(hour + SECONDS_PER_HOUR) - self.active.0.max(hour);
        let factor = i128::from(self.class.factor);
        self.instances * factor * QUANTITY_UNIT * i128::from(active.max(0)) / i128::from(SECONDS_PER_HOUR)
    }
}

/// The reservations of a bill.
#[derive(Default)]
struct Portfolio {
    by_payer: BTreeMap<String, Vec<Held>>,
    left_out: BTreeMap<String, &'static str>,
    /// Pools of payers in which not every reservation is known.
    unknown: BTreeSet<(String, String)>,
}

impl Portfolio {
    fn of(ledger: &Ledger, rows: &[Row]) -> Portfolio {
        let fees = rows.iter().filter(|row| row.line_item_type == LineType::ReservationFee && !row.zone.is_empty());
        let zones: HashMap<&str, &str> = fees.map(|row| (row.arn.as_str(), row.zone.as_str())).collect();
        let mut reserved: BTreeMap<(u32, u32), i128> = BTreeMap::new();
        for (key, cell) in ledger.commitments.iter() {
            *reserved.entry((key.bill, key.arn)).or_insert(0) += cell.bought_units;
        }
        let terms = terms(ledger);
        let mut portfolio = Portfolio::default();
        for ((bill, arn), units) in reserved {
            let arn = ledger.names.get(Text::CommitmentDiscountId, arn).unwrap_or_default();
            let Some(one) = terms.get(arn).filter(|one| !one.is_plan) else { continue };
            let payer = ledger.names.get(Text::BillingAccountId, ledger.bills.key(bill).payer).unwrap_or_default();
            let Some(class) = class_of_reserved(&one.scope) else {
                portfolio.left_out.insert(arn.to_owned(), "what it reserves belongs to no pool of instances or nodes");
                continue;
            };
            let active = active(one, ledger.bills.at(bill).start);
            match instances(&class, units, active.1 - active.0) {
                Ok(instances) => {
                    let zone = zones.get(arn).copied().unwrap_or_default().to_owned();
                    let held = Held { owner: one.owner.clone(), class, zone, active, instances };
                    portfolio.by_payer.entry(payer.to_owned()).or_default().push(held);
                }
                Err(reason) => {
                    portfolio.left_out.insert(arn.to_owned(), reason);
                    portfolio.unknown.insert((payer.to_owned(), class.pool));
                }
            }
        }
        portfolio
    }
}

/// Seconds of a billing period from and to which a reservation is active.
fn active(terms: &CommitmentTerms, period: i64) -> (i64, i64) {
    let end = period + hours_in_period(period) * SECONDS_PER_HOUR;
    let from = terms.starts.map_or(period, |starts| starts.clamp(period, end));
    (from, terms.ends.map_or(end, |ends| ends.clamp(from, end)))
}

/// How many instances reserve so many units (of 1e-15) in so many seconds. Bills count normalized units, or hours.
fn instances(class: &Class, units: i128, seconds: i64) -> Result<i128, &'static str> {
    if units <= 0 || seconds <= 0 {
        return Err("the bill does not say how many units it reserves");
    }
    let normalized = match class.factor {
        FACTOR_UNIT => instance_factor(&class.instance).unwrap_or(FACTOR_UNIT),
        factor => factor,
    };
    let whole = |factor: u32| {
        let unit = i128::from(factor) * QUANTITY_UNIT / i128::from(FACTOR_UNIT) * i128::from(seconds);
        let reserved = units * i128::from(SECONDS_PER_HOUR);
        let instances = divide_half_even(reserved, unit);
        // A bill prints units with six decimals or more.
        ((reserved - instances * unit).abs() <= unit / 1_000 && instances > 0).then_some(instances)
    };
    whole(normalized).or_else(|| whole(FACTOR_UNIT)).ok_or("its reserved units do not fit its dates")
}

/// What products are, those that a commitment could cover.
fn classes(ledger: &Ledger) -> HashMap<Product, Class> {
    let eligible = ledger.products.iter().filter(|(_, cell)| cell.eligible);
    eligible.filter_map(|(key, _)| class_of(ledger, key).map(|class| (product(ledger, key), class))).collect()
}

/// Replays reservations on all usage. Also names the accounts that what others own served, in hours that differ.
pub(super) fn compare(
    ledger: &Ledger,
    rows: &[Row],
    by_hour: &BTreeMap<PayerHour<'_>, Vec<&Row>>,
    sharers: &Sharers<'_>,
) -> (ReservationsCompared, BTreeSet<String>) {
    let held = Portfolio::of(ledger, rows);
    let classes = classes(ledger);
    let mut found = ReservationsCompared { left_out: held.left_out, ..ReservationsCompared::default() };
    let mut served = BTreeSet::new();
    for (payer, all) in &held.by_payer {
        let is_unknown = |pool: &str| held.unknown.contains(&(payer.clone(), pool.to_owned()));
        for (&(_, hour), rows) in by_hour.range((payer.as_str(), i64::MIN)..=(payer.as_str(), i64::MAX)) {
            let active: Vec<&Held> =
                all.iter().filter(|one| one.units(hour) > 0 && !is_unknown(&one.class.pool)).collect();
            if active.is_empty() {
                continue;
            }
            found.hours += 1;
            let usage = HourOfPools { rows, classes: &classes, active: &active, hour };
            let (totals, others) = usage.totals(sharers);
            for (pool, (billed, replayed)) in totals {
                found.compared += 1;
                found.used += billed;
                if (billed - replayed).abs() > usage.rounding(pool) {
                    found.differences.push(PoolDifference { hour, pool: pool.to_owned(), billed, replayed });
                    served.extend(others.iter().map(|account| (*account).to_owned()));
                }
            }
        }
    }
    (found, served)
}

/// An hour's usage, and the reservations that are active in it.
struct HourOfPools<'a> {
    rows: &'a [&'a Row],
    classes: &'a HashMap<Product, Class>,
    active: &'a [&'a Held],
    hour: i64,
}

impl<'a> HourOfPools<'a> {
    /// Covered units by pool of the active reservations, as billed and as replayed; and accounts that the replay serves with
    /// what others own.
    fn totals(&self, sharers: &Sharers<'_>) -> (BTreeMap<&'a str, (i128, i128)>, BTreeSet<&'a str>) {
        let mut totals: BTreeMap<&str, (i128, i128)> =
            self.active.iter().map(|held| (held.class.pool.as_str(), (0, 0))).collect();
        let mut pieces: BTreeMap<(&'a str, &str, &Product), (i128, &Class)> = BTreeMap::new();
        for row in self.rows {
            let Some(class) = self.classes.get(&row.product) else { continue };
            let Some(total) = totals.get_mut(class.pool.as_str()) else { continue };
            if row.line_item_type == LineType::Reserved {
                total.0 += row.quantity * i128::from(class.factor);
            }
            pieces.entry((&row.account, &row.zone, &row.product)).or_insert((0, class)).0 += row.quantity;
        }
        let mut ids = Ids::default();
        let usages = pieces.iter().map(|(&(account, zone, _), &(quantity, class))| Usage {
            account: ids.of(account),
            exact: Some(ids.of(&exact(class))),
            flexible: Some(ids.of(&class.pool)),
            zone: Some(ids.of(zone)),
            factor: class.factor,
            plans: PlanRates::new(),
            on_demand_rate: 0,
            quantity,
        });
        let usages: Vec<Usage> = usages.collect();
        let reservations = self.active.iter().map(|held| Reservation {
            account: ids.of(&held.owner),
            scope: match held.zone.as_str() {
                "" => Scope::Flexible { pool: ids.of(&held.class.pool) },
                zone => Scope::Zonal { exact: ids.of(&exact(&held.class)), zone: ids.of(zone) },
            },
            units: held.units(self.hour),
        });
        let reservations: Vec<Reservation> = reservations.collect();
        let applied = replay_hour(&usages, &reservations, &[], &sharers.sharing(&mut ids));
        let of_usages: Vec<(&str, &str)> =
            pieces.iter().map(|(&(account, ..), (_, class))| (account, class.pool.as_str())).collect();
        let mut served = BTreeSet::new();
        for cover in &applied.covers {
            let ((account, pool), CoveredBy::Reservation(by)) = (of_usages[cover.usage], cover.by) else { continue };
            if let Some(total) = totals.get_mut(pool) {
                total.1 += cover.spent;
            }
            if usages[cover.usage].account != reservations[by].account {
                served.insert(account);
            }
        }
        (totals, served)
    }

    /// What the ends of a pool's reservations may leave: each the smallest quantity that a bill shows, of the largest size.
    fn rounding(&self, pool: &str) -> i128 {
        let sizes =
            self.rows.iter().filter_map(|row| self.classes.get(&row.product)).filter(|class| class.pool == pool);
        let members = self.active.iter().filter(|held| held.class.pool == pool).count() as i128;
        members * QUANTITY_STEP * i128::from(sizes.map(|class| class.factor).max().unwrap_or(0))
    }
}

/// What a zonal reservation names within its pool.
fn exact(class: &Class) -> String {
    format!("{} {} {:?}", class.pool, class.instance, class.sold)
}
