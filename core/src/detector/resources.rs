//! One resource of a bill: its hours, sums, tags and names, by meter.

use std::collections::BTreeSet;

use super::facts::{Facts, Meter};
use crate::ledger::tables::{MASK_WORDS, ResourceCell, ResourceKey, or_mask};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::{QUANTITY_SCALE, scale_by};
use crate::schema::values::Pricing;

/// Hours after which something that is not seen any more counts as gone. Meters that come once a day fit in.
pub const GONE_AFTER_HOURS: i64 = 48;

/// One cell of the ledger's resources, and the billing period that it is of.
#[derive(Debug, Clone, Copy)]
pub struct Line<'f> {
    pub(super) key: &'f ResourceKey,
    pub(super) cell: &'f ResourceCell,
    /// First hour of its billing period.
    pub(super) start: i64,
    /// Whether that is the look-back's.
    pub(super) is_current: bool,
}

impl Line<'_> {
    pub(super) fn list(&self) -> i128 {
        self.cell.sums.costs.sum(Metric::ListCost)
    }
}

/// What was spent in the look-back: money in units of 1e-12, quantity in units of 1e-15.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// Quantity.
    pub quantity: i128,
    /// Effective cost that no commitment covers: what is not used is not billed.
    pub free: i128,
    /// Effective cost of what reservations and Savings Plans cover: it only frees them.
    pub committed: i128,
    /// Cost at public on-demand prices, of both; effective cost where no list cost is stated.
    pub list: i128,
}

impl Spend {
    pub(super) fn add(&mut self, line: &Line<'_>) {
        let effective = line.cell.sums.costs.sum(Metric::EffectiveCost);
        self.quantity += line.cell.sums.quantity;
        match Pricing::ALL[usize::from(line.key.pricing)] {
            Pricing::Committed => self.committed += effective,
            _ => self.free += effective,
        }
        self.list += if line.cell.sums.costs.list_rows == 0 { effective } else { line.list() };
    }

    /// A part of it, `numerator ÷ denominator`, 0 for parts below nothing.
    pub fn part(&self, numerator: i128, denominator: i128) -> Spend {
        let part = |sum| scale_by(sum, numerator.max(0), denominator).unwrap_or(0);
        Spend {
            quantity: part(self.quantity),
            free: part(self.free),
            committed: part(self.committed),
            list: part(self.list),
        }
    }

    /// The sum of two.
    pub fn plus(self, other: Spend) -> Spend {
        Spend {
            quantity: self.quantity + other.quantity,
            free: self.free + other.free,
            committed: self.committed + other.committed,
            list: self.list + other.list,
        }
    }

    /// What is left of it.
    pub fn less(self, other: Spend) -> Spend {
        Spend {
            quantity: self.quantity - other.quantity,
            free: self.free - other.free,
            committed: self.committed - other.committed,
            list: self.list - other.list,
        }
    }

    /// The quantity as a number.
    pub fn amount(&self) -> f64 {
        self.quantity as f64 / 10_f64.powi(QUANTITY_SCALE as i32)
    }
}

/// Hours of the look-back in which something was used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hours([u64; MASK_WORDS]);

impl Hours {
    /// How many.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// On how many days.
    pub fn days(&self) -> u32 {
        let day = |day: usize| (day * 24..day * 24 + 24).any(|hour| self.0[hour / 64] >> (hour % 64) & 1 == 1);
        (0..31).map(|at| u32::from(day(at))).sum()
    }

    /// The hours for which something existed: those seen, or whole days where it is metered once a day.
    pub fn alive(&self) -> u32 {
        let (hours, days) = (self.count(), self.days());
        if hours <= days { days * 24 } else { hours }
    }
}

/// One resource in one account.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'f> {
    pub(super) facts: &'f Facts<'f>,
    pub(super) lines: &'f [Line<'f>],
}

impl<'f> Resource<'f> {
    /// Its id, as the bill spells it.
    pub fn id(&self) -> &'f str {
        self.facts.name(Text::ResourceId, self.lines[0].key.resource)
    }

    /// Its account.
    pub fn account(&self) -> &'f str {
        self.facts.name(Text::SubAccountId, self.lines[0].key.account)
    }

    /// Its region; empty when no line has one.
    pub fn region(&self) -> &'f str {
        let regions = self.current().map(|line| self.facts.products[line.key.product as usize].region);
        regions.filter(|region| !region.is_empty()).min().unwrap_or_default()
    }

    fn current(&self) -> impl Iterator<Item = &'f Line<'f>> + use<'f> {
        self.lines.iter().filter(|line| line.is_current)
    }

    fn metered<'m>(&self, meter: &'m Meter) -> impl Iterator<Item = &'f Line<'f>> + use<'f, 'm> {
        self.current().filter(|line| meter.has(line.key.product))
    }

    /// What a meter charged in the look-back.
    pub fn spend(&self, meter: &Meter) -> Spend {
        let mut spend = Spend::default();
        self.metered(meter).for_each(|line| spend.add(line));
        spend
    }

    /// What everything about it charged in the look-back.
    pub fn spend_in_all(&self) -> Spend {
        let mut spend = Spend::default();
        self.current().for_each(|line| spend.add(line));
        spend
    }

    /// The hours of the look-back in which a meter counted.
    pub fn hours(&self, meter: &Meter) -> Hours {
        let mut hours = Hours::default();
        self.metered(meter).for_each(|line| or_mask(&mut hours.0, &line.cell.hours));
        hours
    }

    /// The first and the last hour of the whole bill in which a meter counted.
    pub fn seen(&self, meter: &Meter) -> Option<(i64, i64)> {
        let lines = self.lines.iter().filter(|line| meter.has(line.key.product));
        let edges = lines.filter_map(|line| edges(&line.cell.hours).map(|(a, b)| (line.start + a, line.start + b)));
        edges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Whether a meter still counted at the bill's end, by [`GONE_AFTER_HOURS`].
    pub fn is_alive(&self, meter: &Meter) -> bool {
        self.seen(meter).is_some_and(|(_, last)| last + GONE_AFTER_HOURS > self.facts.as_of)
    }

    /// How much of something that is billed by the month (GB-months, IOPS-months) there was while it was there.
    pub fn size(&self, meter: &Meter) -> f64 {
        let alive = f64::from(self.hours(meter).alive().max(1));
        self.spend(meter).amount() * self.facts.look_back.hours_of_month() as f64 / alive
    }

    /// The products of a meter that it was billed for in the look-back.
    pub fn products(&self, meter: &Meter) -> BTreeSet<u32> {
        self.metered(meter).map(|line| line.key.product).collect()
    }

    /// The product of a meter that cost most in the look-back at list; of equals the first by name.
    pub fn main_product(&self, meter: &Meter) -> Option<u32> {
        let name = |product: u32| {
            let product = &self.facts.products[product as usize];
            (product.usage_type, product.operation, product.region)
        };
        let lines = self.metered(meter).map(|line| (line.list(), line.key.product));
        lines.max_by(|a, b| a.0.cmp(&b.0).then_with(|| name(b.1).cmp(&name(a.1)))).map(|(_, product)| product)
    }

    /// The value of the first of these tag keys that it has, whatever their case, on its latest line with tags.
    pub fn tag(&self, keys: &[&str]) -> Option<&'f str> {
        let tags = &self.facts.ledger.names.tags;
        let pairs = tags.get(self.tag_set());
        keys.iter().find_map(|wanted| {
            let found =
                pairs.iter().find(|(key, _)| tags.keys.get(*key).is_some_and(|key| key.eq_ignore_ascii_case(wanted)));
            found.and_then(|(_, value)| tags.values.get(*value))
        })
    }

    /// The id of its latest tag set, 0 for none; of equally late ones the greater text.
    pub fn tag_set(&self) -> u32 {
        let tags = &self.facts.ledger.names.tags;
        let text = |set: u32| -> Vec<(Option<&str>, Option<&str>)> {
            let mut pairs: Vec<_> =
                tags.get(set).iter().map(|&(key, value)| (tags.keys.get(key), tags.values.get(value))).collect();
            pairs.sort_unstable();
            pairs
        };
        let last = |line: &Line<'_>| edges(&line.cell.hours).map_or(i64::MIN, |(_, last)| line.start + last);
        let tagged = self.lines.iter().filter(|line| line.key.tags != 0);
        let latest = tagged.max_by(|a, b| last(a).cmp(&last(b)).then_with(|| text(a.key.tags).cmp(&text(b.key.tags))));
        latest.map_or(0, |line| line.key.tags)
    }
}

/// The first and the last hour of a mask.
fn edges(mask: &[u64; MASK_WORDS]) -> Option<(i64, i64)> {
    let first = mask.iter().position(|&word| word != 0)?;
    let last = mask.iter().rposition(|&word| word != 0)?;
    let first = first as i64 * 64 + i64::from(mask[first].trailing_zeros());
    Some((first, last as i64 * 64 + 63 - i64::from(mask[last].leading_zeros())))
}
