//! Spreads sums by tag set over the tag keys, and keeps keys with very many values by month.

use super::keyed::Keyed;
use super::tables::{AllocationKey, CostCell, Ledger, SharedKey, WHOLE_PERIOD};
use crate::schema::names::{NONE, Names};

/// A key with more values than this in a billing period (a `Name` tag) is kept by period, not by day.
pub(crate) const VALUES_BY_DAY_MAX: usize = 10_000;
/// Keys that are looked up side by side.
const SPREAD_KEYS: usize = 4_096;

impl Ledger {
    /// Spreads what is waiting, with the ledger's own names.
    pub(super) fn spread_shared(&mut self) {
        let names = std::mem::take(&mut self.names);
        self.spread_shared_of(&names);
        self.names = names;
    }

    /// Spreads what is waiting, while the names are still the normalizer's.
    pub(super) fn spread_shared_of(&mut self, names: &Names) {
        let shared = std::mem::take(&mut self.shared);
        let (mut keys, mut from, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (key, _)) in shared.iter().enumerate() {
            self.see_sets(names, key);
            let all = AllocationKey {
                day: key.day,
                bill: key.bill,
                account: key.account,
                service: key.service,
                key: NONE,
                value: NONE,
                is_cost_category: false,
            };
            keys.push(all);
            for (pairs, is_cost_category) in sets(names, key) {
                keys.extend(pairs.iter().map(|&(tag, value)| {
                    let by_period = self.by_period.contains(&(key.bill, tag, is_cost_category));
                    let day = if by_period { WHOLE_PERIOD } else { key.day };
                    AllocationKey { day, key: tag, value, is_cost_category, ..all }
                }));
            }
            from.resize(keys.len(), at as u32);
            if keys.len() >= SPREAD_KEYS || at + 1 == shared.len() {
                self.allocation.places(&keys, &mut places);
                for (&place, &at) in places.iter().zip(&from) {
                    self.allocation.at_mut(place).add(shared.at(at));
                }
                keys.clear();
                from.clear();
            }
        }
        self.narrow();
    }

    /// Counts the values of sets that were not seen in this bill before.
    fn see_sets(&mut self, names: &Names, key: &SharedKey) {
        for (set, is_cost_category) in [(key.tags, false), (key.cost_categories, true)] {
            if set != NONE && self.sets_seen.insert((key.bill, set, is_cost_category)) {
                let sets = if is_cost_category { &names.cost_categories } else { &names.tags };
                for &(tag, value) in sets.get(set) {
                    self.see_value((key.bill, tag, is_cost_category), value);
                }
            }
        }
    }

    /// Counts a key's distinct values; too many and it is kept by period from here on.
    pub(super) fn see_value(&mut self, key: (u32, u32, bool), value: u32) {
        if self.values_seen.insert((key, value)) {
            let count = self.value_counts.entry(key).or_default();
            *count += 1;
            if *count > VALUES_BY_DAY_MAX && self.by_period.insert(key) {
                self.narrowing = true;
            }
        }
    }

    /// Moves keys that turned out to have too many values from days to their whole period.
    pub(super) fn narrow(&mut self) {
        if !std::mem::take(&mut self.narrowing) {
            return;
        }
        for (key, cell) in self.allocation.drain() {
            let by_period = self.by_period.contains(&(key.bill, key.key, key.is_cost_category));
            let day = if by_period { WHOLE_PERIOD } else { key.day };
            self.allocation.cell(AllocationKey { day, ..key }).add(&cell);
        }
    }
}

fn sets<'a>(names: &'a Names, key: &SharedKey) -> [(&'a [(u32, u32)], bool); 2] {
    [(names.tags.get(key.tags), false), (names.cost_categories.get(key.cost_categories), true)]
}

impl Ledger {
    /// Tags or cost categories.
    pub fn sets(&self, is_cost_category: bool) -> &crate::schema::names::TagSets {
        if is_cost_category { &self.names.cost_categories } else { &self.names.tags }
    }

    /// Whether a key is kept by period in some bill, so that it cannot be asked for by day.
    pub fn is_kept_by_period(&self, key: u32, is_cost_category: bool) -> bool {
        self.by_period.iter().any(|&(_, known, category)| known == key && category == is_cost_category)
    }

    /// The allocation of one key: its values and, from what they leave of all charges, "(none)". The sums over
    /// values and "(none)" are those of all charges.
    pub fn allocation_of(&self, key: u32, is_cost_category: bool) -> Vec<(AllocationKey, CostCell)> {
        let mut left: Keyed<AllocationKey, CostCell> = Keyed::default();
        let by_period = |bill| self.by_period.contains(&(bill, key, is_cost_category));
        let none = |at: &AllocationKey| AllocationKey {
            day: if by_period(at.bill) { WHOLE_PERIOD } else { at.day },
            key,
            value: NONE,
            is_cost_category,
            ..*at
        };
        for (at, cell) in self.allocation.iter().filter(|(at, _)| at.key == NONE) {
            left.cell(none(at)).add(cell);
        }
        let values = self
            .allocation
            .iter()
            .filter(|(at, _)| at.key == key && key != NONE && at.is_cost_category == is_cost_category);
        let mut all: Vec<(AllocationKey, CostCell)> = values.map(|(at, cell)| (*at, cell.clone())).collect();
        for (at, cell) in &all {
            left.cell(none(at)).take_away(cell);
        }
        all.extend(left.drain().filter(|(_, cell)| *cell != CostCell::default()));
        all
    }

    /// The allocation of every key.
    pub(super) fn allocation_with_none(&self) -> Vec<(AllocationKey, CostCell)> {
        let keys = [false, true].into_iter().flat_map(|is_cost_category| {
            (1..self.sets(is_cost_category).keys.len() as u32).map(move |key| (key, is_cost_category))
        });
        keys.flat_map(|(key, is_cost_category)| self.allocation_of(key, is_cost_category)).collect()
    }
}
