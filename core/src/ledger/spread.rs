//! Sums by tag set, which are spread over the tag keys; keys with very many values are kept by month.

use hashbrown::HashMap;

use super::by_day::{ByDay, Group};
use super::tables::{AllocationGroup, AllocationKey, Costs, Ledger, WHOLE_PERIOD};
use crate::schema::names::{NONE, Names, SharedNames, TagSets};

/// A key with more values than this in a billing period (a `Name` tag) is kept by period, not by day.
pub(crate) const VALUES_BY_DAY_MAX: usize = 10_000;
/// Sums by tag set are spread when so many are there (128 MB): it bounds memory, whatever the tag sets.
const CELLS_MAX: usize = 1 << 21;

/// What charges have in common whose tags and cost categories are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SharedGroup {
    pub(super) bill: u32,
    pub(super) account: u32,
    pub(super) service: u32,
    pub(super) tags: u32,
    pub(super) cost_categories: u32,
}

impl Group for SharedGroup {
    type Key = (i32, SharedGroup);

    fn on(self, day: i32) -> Self::Key {
        (day, self)
    }
}

/// Sums by tag set that wait to be spread: a row adds to one of them instead of one for each of its tags.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) table: ByDay<SharedGroup, Costs>,
    /// For each group the groups of `allocation` that its costs belong to: a span of `targets`.
    spans: Vec<std::ops::Range<u32>>,
    targets: Vec<u32>,
    /// Sets whose values were counted: bill, set, is a cost category.
    sets_seen: hashbrown::HashSet<(u32, u32, bool)>,
}

impl Shared {
    /// The number of a group; of a new one the tags are looked up.
    pub(super) fn group(&mut self, group: SharedGroup, first: i32, ledger: &mut Ledger, names: &SharedNames) -> u32 {
        let number = self.table.group(group, first);
        if number as usize == self.spans.len() {
            let from = self.targets.len() as u32;
            names.with(|names| self.add_targets(group, first, ledger, names));
            self.spans.push(from..self.targets.len() as u32);
        }
        number
    }

    fn add_targets(&mut self, group: SharedGroup, first: i32, ledger: &mut Ledger, names: &Names) {
        let SharedGroup { bill, account, service, .. } = group;
        let all = AllocationGroup { bill, account, service, key: NONE, value: NONE, is_cost_category: false };
        self.targets.push(ledger.allocation.group(all, first));
        let sets = [(&names.tags, group.tags, false), (&names.cost_categories, group.cost_categories, true)];
        for (sets, set, is_cost_category) in sets {
            let is_new = set != NONE && self.sets_seen.insert((bill, set, is_cost_category));
            for &(key, value) in sets.get(set) {
                let target = AllocationGroup { key, value, is_cost_category, ..all };
                self.targets.push(ledger.allocation.group(target, first));
                if is_new {
                    ledger.see_value((bill, key, is_cost_category), value);
                }
            }
        }
    }

    /// Whether so much waits that it must be spread.
    pub(super) fn is_full(&self) -> bool {
        self.table.len() >= CELLS_MAX
    }

    /// Adds what waits to the allocation of every tag key.
    pub(super) fn spread(&mut self, ledger: &mut Ledger) {
        ledger.narrow();
        let Ledger { allocation, by_period, .. } = ledger;
        let mut days: Vec<(i32, &Costs)> = Vec::new();
        for number in 0..self.table.groups_len() as u32 {
            days.clear();
            days.extend(self.table.days(number));
            let span = &self.spans[number as usize];
            if days.is_empty() {
                continue;
            }
            for &target in &self.targets[span.start as usize..span.end as usize] {
                if is_by_period(by_period, allocation.group_at(target)) {
                    let whole = allocation.cell(target, WHOLE_PERIOD);
                    days.iter().for_each(|(_, costs)| whole.add(costs));
                } else {
                    days.iter().for_each(|&(day, costs)| allocation.cell(target, day).add(costs));
                }
            }
        }
        for (number, day, costs) in self.table.outside() {
            let span = &self.spans[number as usize];
            for &target in &self.targets[span.start as usize..span.end as usize] {
                let by_period = is_by_period(by_period, allocation.group_at(target));
                allocation.cell(target, if by_period { WHOLE_PERIOD } else { day }).add(costs);
            }
        }
        self.table.clear();
    }
}

type KeptByPeriod = hashbrown::HashSet<(u32, u32, bool)>;

fn is_by_period(by_period: &KeptByPeriod, group: AllocationGroup) -> bool {
    !by_period.is_empty() && by_period.contains(&(group.bill, group.key, group.is_cost_category))
}

impl Ledger {
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

    /// Moves keys that turned out to have too many values from days to their whole period. Groups keep their numbers.
    pub(super) fn narrow(&mut self) {
        if !std::mem::take(&mut self.narrowing) {
            return;
        }
        let old = std::mem::take(&mut self.allocation);
        for (number, group, first) in old.groups() {
            let mine = self.allocation.group(group, first);
            let by_period = is_by_period(&self.by_period, group);
            for (day, costs) in old.days(number) {
                self.allocation.cell(mine, if by_period { WHOLE_PERIOD } else { day }).add(costs);
            }
        }
        for (number, day, costs) in old.outside() {
            let by_period = is_by_period(&self.by_period, old.group_at(number));
            self.allocation.cell(number, if by_period { WHOLE_PERIOD } else { day }).add(costs);
        }
    }

    /// Tags or cost categories.
    pub fn sets(&self, is_cost_category: bool) -> &TagSets {
        if is_cost_category { &self.names.cost_categories } else { &self.names.tags }
    }

    /// Whether a key is kept by period in some bill, so that it cannot be asked for by day.
    pub fn is_kept_by_period(&self, key: u32, is_cost_category: bool) -> bool {
        self.by_period.iter().any(|&(_, known, category)| known == key && category == is_cost_category)
    }

    /// The allocation of one key: its values and, from what they leave of all charges, "(none)". The sums over
    /// values and "(none)" are those of all charges.
    pub fn allocation_of(&self, key: u32, is_cost_category: bool) -> Vec<(AllocationKey, Costs)> {
        let mut left: HashMap<AllocationKey, Costs, foldhash::fast::FixedState> = HashMap::default();
        let none_on = |group: AllocationGroup, day: i32| {
            let none = AllocationGroup { key, value: NONE, is_cost_category, ..group };
            none.on(if is_by_period(&self.by_period, none) { WHOLE_PERIOD } else { day })
        };
        self.allocation.by_group(|group, days| {
            if group.key == NONE {
                days.for_each(|(day, costs)| left.entry(none_on(group, day)).or_default().add(costs));
            }
        });
        let mut all: Vec<(AllocationKey, Costs)> = Vec::new();
        self.allocation.by_group(|group, days| {
            if group.key == key && key != NONE && group.is_cost_category == is_cost_category {
                for (day, costs) in days {
                    left.entry(none_on(group, day)).or_default().take_away(costs);
                    all.push((group.on(day), costs.clone()));
                }
            }
        });
        all.extend(left.into_iter().filter(|(_, costs)| *costs != Costs::default()));
        all
    }

    /// The allocation of every key.
    pub(super) fn allocation_with_none(&self) -> Vec<(AllocationKey, Costs)> {
        let keys = [false, true].into_iter().flat_map(|is_cost_category| {
            (1..self.sets(is_cost_category).keys.len() as u32).map(move |key| (key, is_cost_category))
        });
        keys.flat_map(|(key, is_cost_category)| self.allocation_of(key, is_cost_category)).collect()
    }
}
