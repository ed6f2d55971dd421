//! A table by day: what its keys have in common is kept once for all days, and a day's cell is found by counting.

use std::hash::Hash;

use hashbrown::HashMap;

use super::keyed::{Cells, Keyed, NOWHERE};
use super::tables::WHOLE_PERIOD;

/// Days of the longest month.
const DAYS: usize = 31;

/// What the keys of a table have in common on every day of a billing period.
pub trait Group: Copy + Eq + Hash {
    /// The key of one day.
    type Key;
    /// The key of one day.
    fn on(self, day: i32) -> Self::Key;
}

/// What a group is apart from its row of places.
#[derive(Debug, Clone, Copy)]
struct Days {
    /// The day of the first place in the group's row: days since 1970-01-01.
    first: i32,
    /// The place of [`WHOLE_PERIOD`].
    whole: u32,
}

/// Cells by group and day.
#[derive(Debug, Clone)]
pub struct ByDay<G, V> {
    groups: Keyed<G, Days>,
    /// By group: the places of its days.
    rows: Cells<[u32; DAYS]>,
    /// Places of days outside a group's row, by group and day.
    outside: HashMap<(u32, i32), u32, foldhash::fast::FixedState>,
    cells: Cells<V>,
}

impl<G, V> Default for ByDay<G, V> {
    fn default() -> Self {
        ByDay {
            groups: Keyed::default(),
            rows: Cells::default(),
            outside: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0xda15)),
            cells: Cells::default(),
        }
    }
}

impl<G: Group, V: Default> ByDay<G, V> {
    /// The number of a group, which is added when it is new; `first` is the first day of its billing period.
    #[inline]
    pub(super) fn group(&mut self, group: G, first: i32) -> u32 {
        let number = self.groups.place(group, || Days { first, whole: NOWHERE });
        if number as usize == self.rows.len() {
            self.rows.push([NOWHERE; DAYS]);
        }
        number
    }

    /// The place of a group's day when it has one, by days since the first of its billing period; else nowhere, and
    /// [`ByDay::place`] must be asked.
    #[inline]
    pub(super) fn known(&self, group: u32, day_in: u32) -> u32 {
        self.rows.at(group).get(day_in as usize).copied().unwrap_or(NOWHERE)
    }

    /// The place of a group's day, which is added when it is new.
    pub(super) fn place(&mut self, group: u32, day: i32) -> u32 {
        let days = self.groups.at_mut(group);
        let day_in = day.wrapping_sub(days.first) as usize;
        let place = if day == WHOLE_PERIOD {
            &mut days.whole
        } else if day_in < DAYS {
            &mut self.rows.at_mut(group)[day_in]
        } else {
            self.outside.entry((group, day)).or_insert(NOWHERE)
        };
        if *place == NOWHERE {
            *place = self.cells.push(V::default());
        }
        *place
    }

    /// The cell at a place.
    #[inline]
    pub(super) fn at(&self, place: u32) -> &V {
        self.cells.at(place)
    }

    /// The cell at a place.
    #[inline]
    pub(super) fn at_mut(&mut self, place: u32) -> &mut V {
        self.cells.at_mut(place)
    }

    /// The cell of a group's day.
    pub(super) fn cell(&mut self, group: u32, day: i32) -> &mut V {
        let place = self.place(group, day);
        self.cells.at_mut(place)
    }

    /// Days and cells of a group, in order of day; days outside the billing period come last.
    pub(super) fn days(&self, group: u32) -> impl Iterator<Item = (i32, &V)> + Clone {
        let days = *self.groups.at(group);
        let row = self.rows.at(group).iter().enumerate();
        let places = row.map(move |(at, &place)| (days.first + at as i32, place));
        let whole = std::iter::once((WHOLE_PERIOD, days.whole));
        places.chain(whole).filter(|&(_, place)| place != NOWHERE).map(|(day, place)| (day, self.cells.at(place)))
    }

    /// Each group with its number and its days, the days outside of its billing period left out.
    pub fn groups(&self) -> impl Iterator<Item = (u32, G, i32)> + Clone {
        self.groups.iter().enumerate().map(|(at, (&group, days))| (at as u32, group, days.first))
    }

    /// Days outside their group's billing period: group, day, cell.
    pub(super) fn outside(&self) -> impl Iterator<Item = (u32, i32, &V)> + Clone {
        self.outside.iter().map(|(&(group, day), &place)| (group, day, self.cells.at(place)))
    }

    /// Visits each group with its days and cells; a group may come again with days outside its billing period.
    pub fn by_group<'a>(&'a self, mut visit: impl FnMut(G, &mut dyn Iterator<Item = (i32, &'a V)>)) {
        for (number, group, _) in self.groups() {
            visit(group, &mut self.days(number));
        }
        for (number, day, cell) in self.outside() {
            visit(self.groups.key(number), &mut std::iter::once((day, cell)));
        }
    }

    /// Keys and cells.
    pub fn iter(&self) -> impl Iterator<Item = (G::Key, &V)> + Clone {
        let inside = self
            .groups()
            .flat_map(|(number, group, _)| self.days(number).map(move |(day, cell)| (group.on(day), cell)));
        let outside = self.outside().map(|(number, day, cell)| (self.groups.key(number).on(day), cell));
        inside.chain(outside)
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many groups there are.
    pub(super) fn groups_len(&self) -> usize {
        self.groups.len()
    }

    /// The group of a number.
    pub(super) fn group_at(&self, number: u32) -> G {
        self.groups.key(number)
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        let rows = self.rows.bytes();
        self.groups.bytes() + rows + self.outside.capacity() * 17 + self.cells.bytes()
    }

    /// Lays the cells out in the order of their groups and days, in which questions read them.
    pub(super) fn compact(&mut self) {
        let mut old = std::mem::take(&mut self.cells);
        let ByDay { groups, rows, outside, cells } = self;
        let mut lay = |place: &mut u32| {
            if *place != NOWHERE {
                *place = cells.push(std::mem::take(old.at_mut(*place)));
            }
        };
        for (number, row) in rows.iter_mut().enumerate() {
            row.iter_mut().for_each(&mut lay);
            lay(&mut groups.at_mut(number as u32).whole);
        }
        outside.values_mut().for_each(lay);
    }

    /// Drops the cells; groups keep their numbers.
    pub(super) fn clear(&mut self) {
        for (number, row) in self.rows.iter_mut().enumerate() {
            self.groups.at_mut(number as u32).whole = NOWHERE;
            *row = [NOWHERE; DAYS];
        }
        self.outside.clear();
        self.cells.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    struct Letter(char);

    impl Group for Letter {
        type Key = (char, i32);
        fn on(self, day: i32) -> (char, i32) {
            (self.0, day)
        }
    }

    #[test]
    fn days_inside_and_outside_the_period_are_kept_apart() {
        let mut table: ByDay<Letter, u64> = ByDay::default();
        let (a, b) = (table.group(Letter('a'), 100), table.group(Letter('b'), 131));
        assert_eq!(table.group(Letter('a'), 100), a);
        for (group, day, amount) in
            [(a, 100, 1), (a, 130, 2), (a, 131, 4), (a, 99, 8), (b, 131, 16), (a, 100, 32), (b, WHOLE_PERIOD, 64)]
        {
            *table.cell(group, day) += amount;
        }
        let mut all: Vec<_> = table.iter().map(|(key, &sum)| (key, sum)).collect();
        all.sort();
        let expected = [
            (('a', 99), 8),
            (('a', 100), 33),
            (('a', 130), 2),
            (('a', 131), 4),
            (('b', WHOLE_PERIOD), 64),
            (('b', 131), 16),
        ];
        assert_eq!(all, expected);
        table.compact();
        let mut compacted: Vec<_> = table.iter().map(|(key, &sum)| (key, sum)).collect();
        compacted.sort();
        assert_eq!(compacted, expected);
        let mut visited = 0;
        table.by_group(|_, days| visited += days.map(|(_, sum)| sum).sum::<u64>());
        assert_eq!((visited, table.len()), (127, 6));
        table.clear();
        *table.cell(b, 140) += 5;
        assert_eq!(table.iter().collect::<Vec<_>>(), [(('b', 140), &5)]);
    }
}
