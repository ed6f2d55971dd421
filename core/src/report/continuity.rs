//! Advice month after month: what is new, what is still open and what waiting has cost, what was done and what that has
//! really saved. Earlier months are judged again from the bill itself, by the rules of today: nothing is remembered but
//! the bill.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::detector::facts::{Facts, HOURS_MONTHLY, LookBack, Product};
use crate::detector::usage::is_billed_by_month;
use crate::ledger::Ledger;
use crate::schema::charges::{Metric, Text};
use crate::schema::money::scale_by;
use crate::schema::recommendations::{Kind, Recommendation, Standing};
use crate::schema::values::Pricing;

/// Earlier billing periods that are looked at, at most.
pub const EARLIER_MAX: usize = 6;

/// What became of advice that is given no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was followed: the resource costs less.
    Done,
    /// It does not hold any more, and nothing was saved: the resource is used again, or advice is of another kind.
    Lapsed,
    /// Nobody can tell: the detector could not run on the last month.
    Unknown,
}

impl Outcome {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Lapsed => "lapsed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// Advice of an earlier month that is given no more.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The advice, as it was given last.
    pub row: Recommendation,
    /// The last month in which it was given, `2026-09`.
    pub month: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What a month of 730 hours costs less than it did then, measured on the last month; 0 unless done.
    pub realized_monthly: i128,
    /// What was saved in all months since, measured on the bill; 0 unless done.
    pub realized: i128,
    /// Whether the figures are measured. What replaces a resource has another name, so of one that is gone and was to be
    /// replaced what was promised counts.
    pub is_measured: bool,
}

impl Followed {
    /// What became of it, and whether that is measured, in words.
    pub fn status(&self) -> &'static str {
        match (self.outcome, self.is_measured) {
            (Outcome::Done, false) => "done, as promised",
            (outcome, _) => outcome.name(),
        }
    }
}

/// One month and what was advised in it.
pub(super) struct Month<'l> {
    pub(super) facts: Facts<'l>,
    /// What detectors found, before resources were counted once and exceptions applied, with its savings.
    pub(super) found: BTreeMap<Identity, i128>,
    /// What was proposed.
    pub(super) rows: Vec<Recommendation>,
    /// Detectors that did not run.
    pub(super) skipped: BTreeSet<String>,
}

/// Detector, account, region and resource.
pub(super) type Identity = (&'static str, String, String, Option<String>);

pub(super) fn identity(row: &Recommendation) -> Identity {
    (row.detector, row.sub_account_id.clone(), row.region_id.clone(), row.resource_id.clone())
}

/// The days up to which earlier months are known, the latest first, for a bill whose last month is this.
pub(super) fn earlier(ledger: &Ledger, now: &Facts<'_>) -> Vec<i32> {
    let starts: BTreeSet<i64> = ledger.bills.iter().map(|(_, cell)| cell.start.div_euclid(86_400)).collect();
    let first = now.look_back.start.div_euclid(24);
    let ends = starts.range(..=first).rev().take(EARLIER_MAX + 1).skip(1).zip(starts.range(..=first).rev());
    ends.map(|(_, &next)| i32::try_from(next - 1).unwrap_or_default()).collect()
}

/// Says of each row since when it is open and what waiting has cost; `months` are earlier ones, the latest first.
pub(super) fn stand(rows: &mut [Recommendation], now: &LookBack, months: &[Month<'_>]) {
    if months.is_empty() {
        return;
    }
    for row in rows {
        // What could not be looked for then is not new now.
        if months[0].skipped.contains(row.detector) {
            continue;
        }
        let identity = identity(row);
        let (mut since, mut waited, mut later) = (*now, 0, (*now, row.savings_monthly));
        for month in months {
            let Some(&savings) = month.found.get(&identity) else { break };
            waited += scale_by(later.1, i128::from(later.0.hours), HOURS_MONTHLY).unwrap_or(0);
            since = month.facts.look_back;
            later = (since, savings);
        }
        row.standing = Some(Standing { since: since.label(), is_new: since == *now, waited });
    }
}

/// What a resource cost that no commitment covered, by first hour of the month and product.
type Costs = BTreeMap<i64, BTreeMap<u32, i128>>;

/// What resources cost, and what everybody paid of list prices.
struct Paid<'l> {
    facts: &'l Facts<'l>,
    costs: HashMap<(String, String), Costs>,
    /// Effective and list cost on demand, by first hour of the month and product.
    rates: HashMap<(i64, u32), (i128, i128)>,
    /// The same by service.
    services: HashMap<(i64, &'l str), (i128, i128)>,
}

impl<'l> Paid<'l> {
    fn of(facts: &'l Facts<'l>, ids: &BTreeSet<&str>) -> Paid<'l> {
        let ledger = facts.ledger;
        let pool = ledger.names.pool(Text::ResourceId);
        let wanted: BTreeSet<u32> = ids.iter().filter_map(|id| pool.find(id)).collect();
        let name = |text, id| ledger.names.get(text, id).unwrap_or_default().to_owned();
        let mut paid = Paid { facts, costs: HashMap::new(), rates: HashMap::new(), services: HashMap::new() };
        for (key, cell) in ledger.resources.iter() {
            let pricing = Pricing::ALL[usize::from(key.pricing)];
            if pricing == Pricing::Committed {
                continue;
            }
            let start = ledger.bills.at(key.bill).start.div_euclid(3_600);
            let cost = cell.sums.costs.sum(Metric::EffectiveCost);
            let list = cell.sums.costs.sum(Metric::ListCost);
            // Credits and fees have no quantity.
            if list > 0 && cell.sums.quantity > 0 && pricing != Pricing::Dynamic {
                let rate = paid.rates.entry((start, key.product)).or_default();
                *rate = (rate.0 + cost, rate.1 + list);
                let service = paid.services.entry((start, facts.products[key.product as usize].service)).or_default();
                *service = (service.0 + cost, service.1 + list);
            }
            if wanted.contains(&key.resource) {
                let resource = (name(Text::SubAccountId, key.account), name(Text::ResourceId, key.resource));
                *paid.costs.entry(resource).or_default().entry(start).or_default().entry(key.product).or_default() +=
                    cost;
            }
        }
        paid
    }

    /// What a cost of one month would be in another, had nothing changed but prices: what is billed by the hour follows
    /// the hours, what is billed by the month the part of the month, and both what the product's list price comes to
    /// after discounts, or that of its service where nobody buys the product any more.
    fn unchanged(&self, product: u32, cost: i128, then: &LookBack, now: &LookBack) -> i128 {
        let Product { service, usage_type, .. } = self.facts.products[product as usize];
        let cost = lasting(cost, is_billed_by_month(usage_type), then, now);
        let is_known = |rate: &(i128, i128)| rate.0 > 0 && rate.1 > 0;
        let of_product = |period: &LookBack| self.rates.get(&(period.start, product)).copied().filter(is_known);
        let of_service = |period: &LookBack| self.services.get(&(period.start, service)).copied().filter(is_known);
        let both = of_product(then).zip(of_product(now)).or_else(|| of_service(then).zip(of_service(now)));
        let Some((then, now)) = both else { return cost };
        let at_list = scale_by(cost, then.1, then.0);
        at_list.and_then(|list| scale_by(list, now.0, now.1)).unwrap_or(cost)
    }
}

fn lasting(cost: i128, by_month: bool, then: &LookBack, now: &LookBack) -> i128 {
    let hours = |period: &LookBack| i128::from(period.hours);
    let of_month = |period: &LookBack| i128::from(period.hours_of_month());
    let (part, whole) = match by_month {
        true => (hours(now) * of_month(then), hours(then) * of_month(now)),
        false => (hours(now), hours(then)),
    };
    scale_by(cost, part, whole).unwrap_or(0)
}

/// What became of earlier advice that is given no more; `months` are earlier ones, the latest first.
pub(super) fn followed(now: &Month<'_>, months: &[Month<'_>]) -> Vec<Followed> {
    let mut given: BTreeMap<Identity, (usize, &Recommendation)> = BTreeMap::new();
    // Other advice on the same resource, given later, says what became of it.
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (at, month) in months.iter().enumerate() {
        for row in month.rows.iter().filter(|row| row.grade.is_in_total() && row.savings_monthly > 0) {
            let Some(resource) = &row.resource_id else { continue };
            if !now.found.contains_key(&identity(row)) && seen.insert((&row.sub_account_id, resource)) {
                given.insert(identity(row), (at, row));
            }
        }
    }
    let ids: BTreeSet<&str> = given.values().filter_map(|(_, row)| row.resource_id.as_deref()).collect();
    let paid = Paid::of(&now.facts, &ids);
    let mut all: Vec<Followed> = given.into_values().map(|(at, row)| outcome(row, at, now, months, &paid)).collect();
    all.sort_by(|a, b| {
        let place = |one: &Followed| identity(&one.row);
        (a.outcome, b.realized_monthly).cmp(&(b.outcome, a.realized_monthly)).then_with(|| place(a).cmp(&place(b)))
    });
    all
}

fn outcome(row: &Recommendation, at: usize, now: &Month<'_>, months: &[Month<'_>], paid: &Paid<'_>) -> Followed {
    let then = &months[at];
    let mut followed = Followed {
        row: row.clone(),
        month: then.facts.look_back.label(),
        outcome: Outcome::Unknown,
        realized_monthly: 0,
        realized: 0,
        is_measured: true,
    };
    let Some(resource) = &row.resource_id else { return followed };
    if now.skipped.contains(row.detector) {
        return followed;
    }
    let known = paid.costs.get(&(row.sub_account_id.clone(), resource.clone()));
    let spent = |period: &LookBack| known.and_then(|known| known.get(&period.start));
    let saved = |period: &LookBack| -> i128 {
        let due = spent(&then.facts.look_back).into_iter().flatten();
        let due = due.map(|(&product, &cost)| paid.unchanged(product, cost, &then.facts.look_back, period));
        due.sum::<i128>() - spent(period).into_iter().flatten().map(|(_, cost)| cost).sum::<i128>()
    };
    let last = &now.facts.look_back;
    let monthly =
        |saved: i128, period: &LookBack| scale_by(saved, HOURS_MONTHLY, i128::from(period.hours)).unwrap_or(0);
    let since: Vec<&LookBack> = months[..at].iter().map(|month| &month.facts.look_back).chain([last]).collect();
    let is_gone = spent(last).is_none();
    if is_gone && matches!(row.kind, Kind::Modernize | Kind::Rightsize) {
        followed.is_measured = false;
        followed.realized_monthly = row.savings_monthly;
        let hours: i64 = since.iter().map(|period| period.hours).sum();
        followed.realized = scale_by(row.savings_monthly, i128::from(hours), HOURS_MONTHLY).unwrap_or(0);
    } else {
        followed.realized_monthly = monthly(saved(last), last);
        followed.realized = since.iter().map(|period| saved(period)).sum();
    }
    // A tenth of what was promised is no noise of use any more.
    followed.outcome = match followed.realized_monthly * 10 >= row.savings_monthly {
        true => Outcome::Done,
        false => Outcome::Lapsed,
    };
    if followed.outcome == Outcome::Lapsed {
        (followed.realized_monthly, followed.realized) = (0, 0);
    }
    followed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_any_length_cost_the_same_by_the_month_and_more_by_more_hours() {
        let september = LookBack { start: 496_728, hours: 720 };
        let october = LookBack { start: 497_448, hours: 744 };
        assert_eq!((september.hours_of_month(), october.hours_of_month()), (720, 744));
        assert_eq!(lasting(720, false, &september, &october), 744);
        assert_eq!(lasting(100, true, &september, &october), 100);
        assert_eq!(lasting(744, false, &october, &september), 720);
        let half = LookBack { start: 497_448, hours: 372 };
        assert_eq!((lasting(720, false, &september, &half), lasting(100, true, &september, &half)), (372, 50));
    }
}
