//! What detectors look at: a ledger's resources, grouped once, over a look-back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::resources::{Line, Resource, Spend};
use super::usage::{Usage, without_region};
use crate::catalog::quotes::Catalog;
use crate::ingest::metrics::Metrics;
use crate::ledger::tables::{BillCell, Ledger, MASK_WORDS};
use crate::schema::charges::Text;
use crate::schema::names::NONE;
use crate::schema::values::day_text;

/// Hours of a month, by AWS's convention.
pub const HOURS_MONTHLY: i128 = 730;
/// Hours of usage that a billing period must have before anything is claimed from it: 14 days, as AWS's own advisors.
pub const LOOK_BACK_HOURS_MIN: i64 = 336;

/// What is used, with its usage type freed of the region.
#[derive(Debug, Clone, Copy)]
pub struct Product<'f> {
    /// Service code.
    pub service: &'f str,
    /// Usage type without its region prefix.
    pub usage_type: &'f str,
    /// Operation.
    pub operation: &'f str,
    /// Region.
    pub region: &'f str,
}

/// The products that a pattern means.
#[derive(Debug, Clone)]
pub struct Meter(Vec<bool>);

impl Meter {
    /// Whether a product is one of them.
    #[inline]
    pub fn has(&self, product: u32) -> bool {
        self.0[product as usize]
    }

    /// The products of either.
    pub fn or(mut self, other: &Meter) -> Meter {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, other)| *mine |= other);
        self
    }
}

/// The billing period that savings are measured in. Hours count from 1970-01-01T00.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LookBack {
    /// Its first hour.
    pub start: i64,
    /// Its hours, up to the last with usage.
    pub hours: i64,
}

impl LookBack {
    /// Its month, `2026-10`.
    pub fn label(&self) -> String {
        day_text(i32::try_from(self.start.div_euclid(24)).unwrap_or_default())[..7].to_owned()
    }

    /// Hours of the whole calendar month: what a GB-month is divided by.
    pub fn hours_of_month(&self) -> i64 {
        crate::ledger::gather::hours_in_period(self.start * 3_600)
    }
}

/// An account and a region, and what it spent on something.
#[derive(Debug, Clone)]
pub struct Place<'f> {
    /// Account.
    pub account: &'f str,
    /// Region.
    pub region: &'f str,
    /// What was spent in the look-back.
    pub spend: Spend,
    /// What was spent in the billing period before.
    pub before: Spend,
}

/// What detectors look at. Nothing in it changes, and it asks no clock.
#[derive(Debug)]
pub struct Facts<'f> {
    /// The bill.
    pub ledger: &'f Ledger,
    /// What was measured, where that is known.
    pub metrics: Option<&'f Metrics>,
    /// What is sold, for how much.
    pub catalog: &'f Catalog,
    /// The billing period that savings are measured in.
    pub look_back: LookBack,
    /// The last hour of usage.
    pub as_of: i64,
    /// The first hour of the earliest billing period.
    pub first: i64,
    /// By [`crate::ledger::tables::ResourceKey::product`].
    pub products: Vec<Product<'f>>,
    /// Lines by resource and account; those without a resource first.
    pub(super) lines: Vec<Line<'f>>,
    /// Where each resource's lines are.
    resources: Vec<(u32, u32)>,
    /// Resources by product: where in `users` they begin.
    offsets: Vec<u32>,
    users: Vec<u32>,
    /// List cost and quantity in the look-back, by product.
    sold: Vec<(i128, i128)>,
    by_name: HashMap<(&'f str, &'f str, &'f str, &'f str), u32>,
    is_hourly: bool,
    /// Hours of the look-back with usage.
    covered: i64,
    periods: usize,
}

fn last_bit(mask: &[u64; MASK_WORDS]) -> Option<i64> {
    let word = mask.iter().rposition(|&word| word != 0)?;
    Some(word as i64 * 64 + 63 - i64::from(mask[word].leading_zeros()))
}

/// A billing period: hours up to the last with usage, hours that have some, and rows that span an hour.
#[derive(Debug, Clone, Copy, Default)]
struct Period {
    hours: i64,
    covered: i64,
    hourly_rows: u64,
}

impl Period {
    fn add(&mut self, cell: &BillCell, last: i64) {
        self.hourly_rows += cell.hourly_rows;
        let count = i64::from(cell.hours.iter().map(|word| word.count_ones()).sum::<u32>());
        // A daily bill has usage in the first hour of each day.
        let is_hourly = self.hourly_rows > 0;
        self.hours = self.hours.max(if is_hourly { last + 1 } else { (last / 24 + 1) * 24 });
        self.covered = self.covered.max(if is_hourly { count } else { count * 24 });
    }
}

/// The billing periods by first hour.
fn periods(ledger: &Ledger, as_of_day: Option<i32>) -> BTreeMap<i64, Period> {
    let mut periods: BTreeMap<i64, Period> = BTreeMap::new();
    for (_, cell) in ledger.bills.iter() {
        let Some(last) = last_bit(&cell.hours) else { continue };
        periods.entry(cell.start.div_euclid(3_600)).or_default().add(cell, last);
    }
    // A month that ends after the day that was asked for is left out: its sums hold more than was known then.
    let known = |start: i64, hours: i64| as_of_day.is_none_or(|day| start + hours <= (i64::from(day) + 1) * 24);
    periods.retain(|&start, period| known(start, period.hours));
    periods
}

/// List cost ÷ quantity, in units of 1e-12.
fn price((cost, quantity): (i128, i128)) -> Option<i128> {
    let one = 10_i128.pow(crate::schema::money::QUANTITY_SCALE);
    crate::schema::money::scale_by(cost, one, quantity).filter(|&price| price > 0 && quantity > 0)
}

impl<'f> Facts<'f> {
    /// Groups a ledger's resources. With a day (since 1970-01-01) only billing periods whose usage ends by it count.
    pub fn of(ledger: &'f Ledger, as_of_day: Option<i32>) -> Facts<'f> {
        let periods = periods(ledger, as_of_day);
        let long = periods.iter().rev().find(|(_, period)| period.covered >= LOOK_BACK_HOURS_MIN);
        let (start, period) = long.or(periods.last_key_value()).map_or((0, Period::default()), |(&at, &one)| (at, one));
        let as_of = periods.iter().map(|(start, period)| start + period.hours - 1).max().unwrap_or(0);
        let first = periods.first_key_value().map_or(0, |(&start, _)| start);
        let starts: Vec<i64> = ledger.bills.iter().map(|(_, cell)| cell.start.div_euclid(3_600)).collect();
        let counted: Vec<bool> = starts.iter().map(|start| periods.contains_key(start)).collect();
        let lines = ledger.resources.iter().filter(|(key, _)| counted[key.bill as usize]);
        let mut lines: Vec<Line<'f>> = lines
            .map(|(key, cell)| {
                let begins = starts[key.bill as usize];
                Line { key, cell, start: begins, is_current: begins == start }
            })
            .collect();
        lines.sort_unstable_by_key(|line| (line.key.resource, line.key.account));
        let names = &ledger.names;
        let text = |text, id| names.get(text, id).unwrap_or_default();
        let products = ledger.products.iter().map(|(key, _)| Product {
            service: text(Text::ServiceCode, key.service),
            usage_type: without_region(text(Text::UsageType, key.usage_type)),
            operation: text(Text::Operation, key.operation),
            region: text(Text::RegionId, key.region),
        });
        let mut facts = Facts {
            ledger,
            metrics: None,
            catalog: Catalog::shared(),
            look_back: LookBack { start, hours: period.hours },
            covered: period.covered,
            as_of,
            first,
            products: products.collect(),
            lines,
            resources: Vec::new(),
            offsets: Vec::new(),
            users: Vec::new(),
            sold: Vec::new(),
            by_name: HashMap::new(),
            is_hourly: period.hourly_rows > 0,
            periods: periods.len(),
        };
        facts.index();
        facts
    }

    /// With what was measured and what is sold.
    pub fn with(self, metrics: Option<&'f Metrics>, catalog: &'f Catalog) -> Facts<'f> {
        Facts { metrics, catalog, ..self }
    }

    /// Finds where each resource's lines are, which resources use a product, and what each product sold for.
    fn index(&mut self) {
        let mut uses: Vec<(u32, u32)> = Vec::with_capacity(self.lines.len());
        let mut at = self.lines.partition_point(|line| line.key.resource == NONE);
        while at < self.lines.len() {
            let (resource, account) = (self.lines[at].key.resource, self.lines[at].key.account);
            let begin = at;
            while at < self.lines.len()
                && (self.lines[at].key.resource, self.lines[at].key.account) == (resource, account)
            {
                if self.lines[at].is_current {
                    uses.push((self.lines[at].key.product, self.resources.len() as u32));
                }
                at += 1;
            }
            self.resources.push((begin as u32, at as u32));
        }
        uses.sort_unstable();
        uses.dedup();
        let count = self.products.len();
        self.offsets = vec![0; count + 1];
        uses.iter().for_each(|(product, _)| self.offsets[*product as usize + 1] += 1);
        (0..count).for_each(|product| self.offsets[product + 1] += self.offsets[product]);
        self.users = uses.into_iter().map(|(_, resource)| resource).collect();
        self.sold = vec![(0, 0); count];
        for line in self.lines.iter().filter(|line| line.is_current && line.cell.sums.costs.list_rows > 0) {
            let sold = &mut self.sold[line.key.product as usize];
            *sold = (sold.0 + line.list(), sold.1 + line.cell.sums.quantity);
        }
        let named = self.products.iter().enumerate();
        self.by_name = named
            .map(|(at, product)| ((product.service, product.region, product.usage_type, product.operation), at as u32))
            .collect();
    }

    /// The products that a pattern means.
    pub fn meter(&self, usage: &Usage) -> Meter {
        let matches = |product: &Product<'_>| usage.matches(product.service, product.usage_type, product.operation);
        Meter(self.products.iter().map(matches).collect())
    }

    /// The resources that a meter counted in the look-back.
    pub fn resources_with(&'f self, meter: &Meter) -> impl Iterator<Item = Resource<'f>> {
        let products = (0..self.products.len()).filter(|&product| meter.has(product as u32));
        let users = products.flat_map(|at| &self.users[self.offsets[at] as usize..self.offsets[at + 1] as usize]);
        let mut users: Vec<u32> = users.copied().collect();
        users.sort_unstable();
        users.dedup();
        users.into_iter().map(|at| self.resource(at))
    }

    /// The resources that a meter ever counted, in any billing period.
    pub fn resources_ever(&'f self, meter: &Meter) -> impl Iterator<Item = Resource<'f>> {
        let all = (0..self.resources.len() as u32).map(|at| self.resource(at));
        all.filter(|resource| resource.lines.iter().any(|line| meter.has(line.key.product)))
    }

    fn resource(&'f self, at: u32) -> Resource<'f> {
        let (begin, end) = self.resources[at as usize];
        Resource { facts: self, lines: &self.lines[begin as usize..end as usize] }
    }

    /// What each account and region spent on a meter in the look-back and in the period before, resources or none.
    pub fn by_place(&'f self, meter: &Meter) -> Vec<Place<'f>> {
        let before = self.lines.iter().map(|line| line.start).filter(|&start| start < self.look_back.start).max();
        let mut places: BTreeMap<(&str, &str), (Spend, Spend)> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| meter.has(line.key.product)) {
            let account = self.name(Text::SubAccountId, line.key.account);
            let place = places.entry((account, self.products[line.key.product as usize].region)).or_default();
            if line.is_current {
                place.0.add(line);
            } else if Some(line.start) == before {
                place.1.add(line);
            }
        }
        let place = |((account, region), (spend, before))| Place { account, region, spend, before };
        places.into_iter().map(place).collect()
    }

    /// The list price of a unit of exactly this usage, in units of 1e-12, when the bill states it.
    pub fn price(&self, service: &str, region: &str, usage_type: &str, operation: &str) -> Option<i128> {
        let product = *self.by_name.get(&(service, region, usage_type, operation))?;
        price(self.sold[product as usize])
    }

    /// The list price of a unit in a region of all that a meter means, in units of 1e-12, when the bill states it.
    pub fn price_in(&self, region: &str, meter: &Meter) -> Option<i128> {
        let products =
            (0..self.products.len()).filter(|&at| meter.has(at as u32) && self.products[at].region == region);
        price(products.map(|at| self.sold[at]).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)))
    }

    /// Whether a bill, a place in the ledger's, is of the look-back.
    pub fn is_in_look_back(&self, bill: u32) -> bool {
        self.ledger.bills.at(bill).start.div_euclid(3_600) == self.look_back.start
    }

    /// The account that pays the look-back's bill, as one of those that use; none where several pay, or it uses nothing.
    pub fn payer(&self) -> Option<u32> {
        let bills = self.ledger.bills.iter().filter(|&(_, cell)| cell.start.div_euclid(3_600) == self.look_back.start);
        let mut payers: Vec<u32> = bills.map(|(key, _)| key.payer).collect();
        payers.dedup();
        let [payer] = payers[..] else { return None };
        let name = self.ledger.names.get(Text::BillingAccountId, payer)?;
        self.ledger.names.pool(Text::SubAccountId).find(name)
    }

    /// The usage types that a meter means, without their region.
    pub fn usage_types(&self, meter: &Meter) -> Vec<String> {
        let meant = (0..self.products.len()).filter(|&at| meter.has(at as u32));
        let names: BTreeSet<&str> = meant.map(|at| self.products[at].usage_type).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// The meter of one product alone.
    pub fn only(&self, product: u32) -> Meter {
        Meter((0..self.products.len()).map(|at| at == product as usize).collect())
    }

    /// What a sum over the look-back is in a month of 730 hours.
    pub fn monthly(&self, sum: i128) -> i128 {
        crate::schema::money::scale_by(sum, HOURS_MONTHLY, i128::from(self.look_back.hours)).unwrap_or(0)
    }

    /// The sum of a metric over the look-back.
    pub fn cost(&self, metric: crate::schema::charges::Metric) -> i128 {
        let current = self.lines.iter().filter(|line| line.is_current);
        current.map(|line| line.cell.sums.costs.sum(metric)).sum()
    }

    /// Effective and list cost in the look-back of these resources, by account and resource id.
    pub fn cost_by_resource<'r>(
        &self,
        ids: impl Iterator<Item = &'r str>,
    ) -> HashMap<(&'f str, &'f str), (i128, i128)> {
        let pool = self.ledger.names.pool(Text::ResourceId);
        let wanted: std::collections::HashSet<u32> = ids.filter_map(|id| pool.find(id)).collect();
        let one = |&(begin, end): &(u32, u32)| {
            let lines = &self.lines[begin as usize..end as usize];
            let mut spend = Spend::default();
            lines.iter().filter(|line| line.is_current).for_each(|line| spend.add(line));
            let key = lines[0].key;
            let names = (self.name(Text::SubAccountId, key.account), self.name(Text::ResourceId, key.resource));
            (names, (spend.free + spend.committed, spend.list))
        };
        let is_wanted = |range: &&(u32, u32)| wanted.contains(&self.lines[range.0 as usize].key.resource);
        self.resources.iter().filter(is_wanted).map(one).collect()
    }

    /// The resources of these ids, by account and id.
    pub fn resources_named<'r>(
        &'f self,
        ids: impl Iterator<Item = &'r str>,
    ) -> HashMap<(&'f str, &'f str), Resource<'f>> {
        let pool = self.ledger.names.pool(Text::ResourceId);
        let wanted: std::collections::HashSet<u32> = ids.filter_map(|id| pool.find(id)).collect();
        let all = (0..self.resources.len() as u32).map(|at| self.resource(at));
        let named = all.filter(|resource| wanted.contains(&resource.lines[0].key.resource));
        named.map(|resource| ((resource.account(), resource.id()), resource)).collect()
    }

    pub(super) fn name(&self, text: Text, id: u32) -> &'f str {
        self.ledger.names.get(text, id).unwrap_or_default()
    }

    /// Why resources cannot be told apart.
    pub(super) fn lacks_resource_ids(&self) -> Option<String> {
        let lacks = self.resources.is_empty();
        lacks.then(|| "the bill has no resource ids: switch on INCLUDE_RESOURCES in the export".to_owned())
    }

    pub(super) fn lacks_usage_types(&self) -> Option<String> {
        let lacks = !self.products.iter().any(|product| !product.usage_type.is_empty());
        lacks.then(|| "the bill has no usage types, as FOCUS 1.2: use CUR 2.0 or FOCUS 1.0 with AWS columns".to_owned())
    }

    pub(super) fn lacks_hours(&self) -> Option<String> {
        let reason = "the bill is daily: hours cannot be told from days; use an export with hourly granularity";
        (!self.is_hourly).then(|| reason.to_owned())
    }

    pub(super) fn lacks_look_back(&self) -> Option<String> {
        let hours = self.covered;
        (hours < LOOK_BACK_HOURS_MIN).then(|| {
            format!("no billing period has {LOOK_BACK_HOURS_MIN} hours of usage (the longest look-back has {hours}): wait, or read the month before too")
        })
    }

    pub(super) fn lacks_two_periods(&self) -> Option<String> {
        let known = self.periods;
        (known < 2).then(|| format!("growth and age need two billing periods or more; the bill has {known}"))
    }

    pub(super) fn lacks_tags(&self) -> Option<String> {
        let lacks = self.ledger.names.tags.is_empty();
        lacks.then(|| "the bill has no tags: activate cost allocation tags".to_owned())
    }

    pub(super) fn lacks_commitments(&self) -> Option<String> {
        let lacks = self.ledger.commitments.is_empty();
        lacks.then(|| "the bill has no reservations or Savings Plans".to_owned())
    }

    pub(super) fn lacks_metrics(&self) -> Option<String> {
        let lacks = self.metrics.is_none_or(Metrics::is_empty);
        lacks.then(|| super::NO_METRICS.to_owned())
    }

    /// An hour as `2026-10-03T14`.
    pub fn hour_text(&self, hour: i64) -> String {
        let day = i32::try_from(hour.div_euclid(24)).unwrap_or_default();
        format!("{}T{:02}", day_text(day), hour.rem_euclid(24))
    }
}
