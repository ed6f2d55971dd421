//! A table by hour: series of cells for the hours of a billing period, found by counting days, then hours.

use hashbrown::HashMap;

use super::keyed::{Cells, NOWHERE};

const DAYS: usize = 31;
const HOURS_PER_DAY: usize = 24;

/// Cells by series and hour of the billing period. A day of a series takes room when it has a cell.
#[derive(Debug, Clone)]
pub struct ByHour<V> {
    /// By series and day: a row of `hours`, or nowhere.
    days: Vec<[u32; DAYS]>,
    /// Places of a day's cells.
    hours: Cells<[u32; HOURS_PER_DAY]>,
    /// Places of hours outside the billing period, by series and hour.
    outside: HashMap<(u32, i32), u32, foldhash::fast::FixedState>,
    cells: Cells<V>,
}

impl<V> Default for ByHour<V> {
    fn default() -> Self {
        let outside = HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0x0452));
        ByHour { days: Vec::new(), hours: Cells::default(), outside, cells: Cells::default() }
    }
}

/// Day and hour of the day, when an hour is within the longest month.
#[inline]
fn split(hour: i32) -> Option<(usize, usize)> {
    let hour = hour as usize;
    (hour < DAYS * HOURS_PER_DAY).then_some((hour / HOURS_PER_DAY, hour % HOURS_PER_DAY))
}

impl<V: Default> ByHour<V> {
    /// The place of a series' hour, which is added when it is new.
    #[inline]
    pub(super) fn place(&mut self, series: u32, hour: i32) -> u32 {
        if let (Some((day, hour)), Some(days)) = (split(hour), self.days.get(series as usize))
            && days[day] != NOWHERE
        {
            let place = self.hours.at(days[day])[hour];
            if place != NOWHERE {
                return place;
            }
        }
        self.add(series, hour)
    }

    /// The row of an hour's day: read ahead of [`ByHour::place`].
    #[inline]
    pub(super) fn day(&self, series: u32, hour: i32) -> u32 {
        let day = split(hour).map_or(0, |(day, _)| day);
        self.days.get(series as usize).map_or(NOWHERE, |days| days[day])
    }

    #[cold]
    #[inline(never)]
    fn add(&mut self, series: u32, hour: i32) -> u32 {
        let place = match split(hour) {
            None => self.outside.entry((series, hour)).or_insert(NOWHERE),
            Some((day, hour)) => {
                if self.days.len() <= series as usize {
                    self.days.resize(series as usize + 1, [NOWHERE; DAYS]);
                }
                let row = &mut self.days[series as usize][day];
                if *row == NOWHERE {
                    *row = self.hours.push([NOWHERE; HOURS_PER_DAY]);
                }
                &mut self.hours.at_mut(*row)[hour]
            }
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

    /// The cell of a series' hour.
    pub(super) fn cell(&mut self, series: u32, hour: i32) -> &mut V {
        let place = self.place(series, hour);
        self.cells.at_mut(place)
    }

    /// Series, hours and cells; hours outside the billing period come last.
    pub fn iter(&self) -> impl Iterator<Item = ((u32, i32), &V)> + Clone {
        let days = self.days.iter().enumerate().flat_map(|(series, days)| {
            let rows = days.iter().enumerate().filter(|(_, row)| **row != NOWHERE);
            rows.map(move |(day, &row)| (series as u32, day * HOURS_PER_DAY, row))
        });
        let inside = days.flat_map(|(series, first, row)| {
            let places = self.hours.at(row).iter().enumerate().filter(|(_, place)| **place != NOWHERE);
            places.map(move |(hour, &place)| ((series, (first + hour) as i32), place))
        });
        let outside = self.outside.iter().map(|(&key, &place)| (key, place));
        inside.chain(outside).map(|(key, place)| (key, self.cells.at(place)))
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        let places = self.days.capacity() * DAYS * 4 + self.hours.bytes();
        places + self.outside.capacity() * 17 + self.cells.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_inside_and_outside_the_period_are_kept_apart() {
        let mut table: ByHour<u64> = ByHour::default();
        for (series, hour, amount) in
            [(3, 0, 1), (0, 743, 2), (3, 744, 4), (3, -1, 8), (3, 0, 16), (0, 25, 32), (3, i32::MIN, 64)]
        {
            *table.cell(series, hour) += amount;
        }
        let mut all: Vec<_> = table.iter().map(|(key, &sum)| (key, sum)).collect();
        all.sort();
        let expected = [((0, 25), 32), ((0, 743), 2), ((3, i32::MIN), 64), ((3, -1), 8), ((3, 0), 17), ((3, 744), 4)];
        assert_eq!(all, expected);
        assert_eq!((table.len(), table.is_empty()), (6, false));
    }
}
