//! A question's dimensions as slots: each entry of a table, or each charge, has one id in each slot.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::request::{CostRow, CostTable, Costs, Granularity};
use crate::catalog::services::service_name;
use crate::error::{Error, Result};
use crate::schema::charges::{Dimension, Text};
use crate::schema::filter::{Condition, OTHER_TEXT, accepts_service_code};
use crate::schema::names::Names;
use crate::schema::values::{day_text, parse_day};

/// A question, parsed: which slots there are, which of them group and which filter.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    /// Dimensions by slot, each once.
    pub(super) dimensions: Vec<Dimension>,
    /// Slots that make the group: time first when it is asked for.
    pub(super) group: Vec<usize>,
    /// Conditions on slots.
    pub(super) conditions: Vec<(usize, Wants)>,
}

/// What a condition wants of a slot's value.
#[derive(Debug, Clone)]
pub(super) enum Wants {
    Value(Condition),
    Period(String),
    Days { from: i32, to: i32 },
}

impl Slots {
    pub(super) fn new(question: &Costs) -> Result<Slots> {
        let mut slots = Slots { dimensions: Vec::new(), group: Vec::new(), conditions: Vec::new() };
        match question.granularity {
            Granularity::Daily => slots.group_by(Dimension::Day),
            Granularity::Monthly => slots.group_by(Dimension::Text(Text::BillingPeriodStart)),
            Granularity::Total => {}
        }
        for dimension in question.dimensions()? {
            slots.group_by(dimension);
        }
        for condition in question.conditions()?.conditions {
            let slot = slots.slot(condition.dimension.clone());
            slots.conditions.push((slot, Wants::Value(condition)));
        }
        if let Some(period) = &question.period {
            let slot = slots.slot(Dimension::Text(Text::BillingPeriodStart));
            slots.conditions.push((slot, Wants::Period(period.clone())));
        }
        if question.from.is_some() || question.to.is_some() {
            let slot = slots.slot(Dimension::Day);
            let from = day(question.from.as_deref(), i32::MIN + 1)?;
            let to = day(question.to.as_deref(), i32::MAX)?;
            slots.conditions.push((slot, Wants::Days { from, to }));
        }
        Ok(slots)
    }

    fn slot(&mut self, dimension: Dimension) -> usize {
        if let Some(at) = self.dimensions.iter().position(|known| *known == dimension) {
            return at;
        }
        self.dimensions.push(dimension);
        self.dimensions.len() - 1
    }

    fn group_by(&mut self, dimension: Dimension) {
        let slot = self.slot(dimension);
        self.group.push(slot);
    }
}

fn day(text: Option<&str>, default: i32) -> Result<i32> {
    let Some(text) = text else { return Ok(default) };
    parse_day(text).ok_or_else(|| Error::UnknownName {
        what: "day",
        name: text.to_owned(),
        hint: "write it as 2026-10-31".to_owned(),
    })
}

/// The text of a slot's id, given the names it was made with.
pub(super) fn text_of(dimension: &Dimension, id: u32, names: &Names) -> Option<String> {
    match dimension {
        Dimension::Day => Some(day_text(id as i32)),
        Dimension::Tag(_) => names.tags.values.get(id).map(str::to_owned),
        Dimension::CostCategory(_) => names.cost_categories.values.get(id).map(str::to_owned),
        // The id of a service's name is that of its code.
        Dimension::Text(Text::ServiceName) => {
            names.get(Text::ServiceCode, id).map(|code| service_name(code).to_owned())
        }
        Dimension::Text(text) => names.get(*text, id).map(str::to_owned),
    }
}

/// Sums by group, with decisions about each id made once.
#[derive(Debug)]
pub(super) struct Grouper {
    slots: Slots,
    decisions: Vec<HashMap<u32, bool, FixedState>>,
    /// Where the day stands in a group, when there is one; a group's ids have no day.
    day: Option<usize>,
    groups: HashMap<Box<[u32]>, u32, FixedState>,
    ids: Vec<Box<[u32]>>,
    /// By group and day.
    sums: HashMap<(u32, u32), Sum, FixedState>,
    /// The group that was added to last: nearly always that of the next day.
    last: (Vec<u32>, u32),
}

/// A sum, and how many rows stated an amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) cost: i128,
    pub(super) stated: u64,
}

/// Sums by the texts of their group, each once: in order of day when there is one, then of the other texts.
pub(super) type Groups = Vec<(Vec<Option<Arc<str>>>, Sum)>;

/// The texts of one slot: each distinct one once and in order, and the rank that each id has among them.
struct Ranks {
    ids: Vec<u32>,
    ranks: Vec<u32>,
    texts: Vec<Option<Arc<str>>>,
}

impl Ranks {
    fn new(dimension: &Dimension, mut ids: Vec<u32>, names: &Names) -> Ranks {
        ids.sort_unstable();
        ids.dedup();
        let of_ids: Vec<Option<Arc<str>>> =
            ids.iter().map(|&id| text_of(dimension, id, names).map(Into::into)).collect();
        let mut texts = of_ids.clone();
        texts.sort_unstable();
        texts.dedup();
        let ranks = of_ids.iter().map(|text| texts.binary_search(text).unwrap_or(0) as u32).collect();
        Ranks { ids, ranks, texts }
    }

    fn of(&self, id: u32) -> u32 {
        self.ids.binary_search(&id).map_or(0, |at| self.ranks[at])
    }

    fn text(&self, rank: u32) -> Option<Arc<str>> {
        self.texts[rank as usize].clone()
    }
}

impl Grouper {
    pub(super) fn new(slots: Slots) -> Grouper {
        let is_day = |&slot: &usize| slots.dimensions[slot] == Dimension::Day;
        Grouper {
            decisions: vec![HashMap::default(); slots.conditions.len()],
            day: slots.group.iter().position(is_day),
            groups: HashMap::default(),
            ids: Vec::new(),
            sums: HashMap::default(),
            last: (Vec::new(), 0),
            slots,
        }
    }

    /// Whether every condition holds for these ids.
    pub(super) fn accepts(&mut self, ids: &[u32], names: &Names) -> bool {
        let slots = &self.slots;
        slots.conditions.iter().zip(&mut self.decisions).all(|((slot, wants), known)| {
            let id = ids[*slot];
            *known.entry(id).or_insert_with(|| decide(&slots.dimensions[*slot], wants, id, names))
        })
    }

    /// Adds an amount to the group of these ids.
    pub(super) fn add(&mut self, ids: &[u32], cost: i128, stated: u64) {
        let day = self.day.map_or(0, |at| ids[self.slots.group[at]]);
        let others = self.slots.group.iter().enumerate().filter(|(at, _)| Some(*at) != self.day);
        let same = !self.ids.is_empty() && others.clone().map(|(_, &slot)| ids[slot]).eq(self.last.0.iter().copied());
        if !same {
            self.last.0.clear();
            self.last.0.extend(others.map(|(_, &slot)| ids[slot]));
            self.last.1 = self.place();
        }
        let sum = self.sums.entry((self.last.1, day)).or_default();
        sum.cost += cost;
        sum.stated += stated;
    }

    /// The number of the group in `last`.
    fn place(&mut self) -> u32 {
        if let Some(&place) = self.groups.get(&self.last.0[..]) {
            return place;
        }
        let (group, place) = (self.last.0.clone().into_boxed_slice(), self.ids.len() as u32);
        self.ids.push(group.clone());
        self.groups.insert(group, place);
        place
    }

    /// Adds the groups of another grouper of the same question, whose ids are of the same names.
    pub(super) fn merge(&mut self, other: Grouper) {
        let places = other.ids.into_iter().map(|group| {
            self.last.0 = group.into_vec();
            self.last.1 = self.place();
            self.last.1
        });
        let places: Vec<u32> = places.collect();
        for ((place, day), sum) in other.sums {
            let mine = self.sums.entry((places[place as usize], day)).or_default();
            mine.cost += sum.cost;
            mine.stated += sum.stated;
        }
    }

    /// The sums by text: ids with one text are one group.
    pub(super) fn finish(self, names: &Names) -> Groups {
        let others = self.slots.group.iter().enumerate().filter(|(at, _)| Some(*at) != self.day);
        let ranks: Vec<Ranks> = others
            .enumerate()
            .map(|(at, (_, &slot))| {
                Ranks::new(&self.slots.dimensions[slot], self.ids.iter().map(|group| group[at]).collect(), names)
            })
            .collect();
        let days =
            self.day.map(|_| Ranks::new(&Dimension::Day, self.sums.keys().map(|(_, day)| *day).collect(), names));
        let ranked = self.ids.iter().map(|group| group.iter().zip(&ranks).map(|(&id, ranks)| ranks.of(id)).collect());
        let ranked: Vec<Box<[u32]>> = ranked.collect();
        let mut members: Vec<&Box<[u32]>> = ranked.iter().collect();
        members.sort_unstable();
        members.dedup();
        let places: Vec<usize> = ranked.iter().map(|group| members.binary_search(&group).unwrap_or(0)).collect();
        let sums = self
            .sums
            .into_iter()
            .map(|((place, day), sum)| ((days.as_ref().map_or(0, |days| days.of(day)), places[place as usize]), sum));
        let mut sums: Vec<((u32, usize), Sum)> = sums.collect();
        sums.sort_unstable_by_key(|(key, _)| *key);
        sums.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1.cost += later.1.cost;
                first.1.stated += later.1.stated;
            }
            same
        });
        let texts = |(day, place): (u32, usize)| {
            let mut texts = Vec::with_capacity(self.slots.group.len());
            texts.extend(members[place].iter().zip(&ranks).map(|(&rank, ranks)| ranks.text(rank)));
            if let (Some(at), Some(days)) = (self.day, &days) {
                texts.insert(at, days.text(day));
            }
            texts
        };
        sums.into_iter().map(|(key, sum)| (texts(key), sum)).collect()
    }
}

/// Sums of several groupings of one question, each group once.
pub(super) fn added_up(mut all: Vec<Groups>) -> Groups {
    if all.len() == 1 {
        return all.pop().unwrap_or_default();
    }
    let mut sums: BTreeMap<Vec<Option<Arc<str>>>, Sum> = BTreeMap::new();
    for (keys, sum) in all.into_iter().flatten() {
        let all = sums.entry(keys).or_default();
        *all = Sum { cost: all.cost + sum.cost, stated: all.stated + sum.stated };
    }
    sums.into_iter().collect()
}

fn decide(dimension: &Dimension, wants: &Wants, id: u32, names: &Names) -> bool {
    match wants {
        Wants::Days { from, to } => (*from..*to).contains(&(id as i32)),
        Wants::Period(period) => text_of(dimension, id, names).is_some_and(|day| day.starts_with(period.as_str())),
        Wants::Value(condition) => {
            let text = text_of(dimension, id, names);
            let mut equal = text == condition.value;
            if accepts_service_code(dimension) && condition.value.is_some() {
                let code = names.get(Text::ServiceCode, id);
                let wanted = condition.value.as_deref();
                equal |= code == wanted || code.map(service_name) == wanted;
            }
            equal == condition.equal
        }
    }
}

/// Makes the table of an answer: largest groups first within a time, the rest as "(other)".
pub(super) fn table(question: &Costs, groups: Groups) -> Result<CostTable> {
    let timed = question.granularity != Granularity::Total;
    let mut months: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut rows: Vec<CostRow> = groups
        .into_iter()
        .map(|(mut keys, sum)| {
            let period = timed.then(|| keys.remove(0)).flatten();
            let period = match question.granularity {
                Granularity::Monthly => period.map(|day| {
                    Arc::clone(months.entry(Arc::clone(&day)).or_insert_with(|| day.get(..7).unwrap_or(&day).into()))
                }),
                _ => period,
            };
            CostRow { period, keys, cost: (sum.stated > 0).then_some(sum.cost) }
        })
        .collect();
    if let Some(count) = question.top {
        rows = with_other(rows, count);
    }
    rows.sort_by(|a, b| a.period.cmp(&b.period));
    for rows in rows.chunk_by_mut(|a, b| a.period == b.period) {
        rows.sort_unstable_by(|a, b| (std::cmp::Reverse(a.cost), &a.keys).cmp(&(std::cmp::Reverse(b.cost), &b.keys)));
    }
    let stated: Vec<i128> = rows.iter().filter_map(|row| row.cost).collect();
    Ok(CostTable {
        by: question.dimensions()?.iter().map(Dimension::name).collect(),
        metric: question.metric,
        granularity: question.granularity,
        currency: String::new(),
        periods: Vec::new(),
        total: (!stated.is_empty()).then(|| stated.iter().sum()),
        rows,
        answered_from: super::request::AnsweredFrom::Ledger,
        skipped: Vec::new(),
    })
}

/// Keeps the largest groups (over all times) and adds the others up, time by time.
fn with_other(rows: Vec<CostRow>, count: usize) -> Vec<CostRow> {
    let mut totals: BTreeMap<Vec<Option<Arc<str>>>, i128> = BTreeMap::new();
    for row in &rows {
        *totals.entry(row.keys.clone()).or_default() += row.cost.unwrap_or(0);
    }
    let mut ranked: Vec<(Vec<Option<Arc<str>>>, i128)> = totals.into_iter().collect();
    ranked.sort_by(|a, b| (std::cmp::Reverse(a.1), &a.0).cmp(&(std::cmp::Reverse(b.1), &b.0)));
    let kept: std::collections::BTreeSet<_> = ranked.into_iter().take(count).map(|(keys, _)| keys).collect();
    let mut others: BTreeMap<Option<Arc<str>>, CostRow> = BTreeMap::new();
    let mut all = Vec::new();
    for row in rows {
        if kept.contains(&row.keys) {
            all.push(row);
            continue;
        }
        let keys = row.keys.iter().map(|_| Some(OTHER_TEXT.into())).collect();
        let other =
            others.entry(row.period.clone()).or_insert(CostRow { period: row.period.clone(), keys, cost: None });
        other.cost = match (other.cost, row.cost) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
    all.extend(others.into_values());
    all
}
