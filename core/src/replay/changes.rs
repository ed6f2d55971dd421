//! What a small change of an hour's usage does to what plans cover of it, without covering everything anew.

use super::plans::{End, Order, Plan, Queue, spend};
use super::{Cover, CoveredBy};

/// One plan's turn: what was left when it came, and where its money ended.
struct Turn<'o> {
    plan: usize,
    queue: &'o Queue,
    usage: Vec<i128>,
    end: End,
}

/// An hour that plans have covered, turn by turn.
pub(crate) struct CoveredHour<'o> {
    turns: Vec<Turn<'o>>,
    /// What nothing covers.
    left: Vec<i128>,
}

impl<'o> CoveredHour<'o> {
    /// Covers what reservations left of an hour's usages.
    pub(crate) fn of(mut left: Vec<i128>, plans: &'o [Plan], order: &'o Order, is_sharing: bool) -> CoveredHour<'o> {
        let mut money: Vec<i128> = plans.iter().map(|plan| plan.commitment).collect();
        let turn = |(plan, queue): (usize, &'o Queue)| {
            let usage = left.clone();
            let end = spend(CoveredBy::Plan(plan), queue, 0, money[plan], &mut left, &mut |_: Cover| {});
            money[plan] = end.left;
            Turn { plan, queue, usage, end }
        };
        let turns = order.turns(plans, is_sharing).map(turn).collect();
        CoveredHour { turns, left }
    }

    /// What nothing covers of a usage.
    pub(crate) fn left_of(&self, usage: usize) -> i128 {
        self.left[usage]
    }

    /// Were quantities of some usages others when the plans came: usages of which another quantity stays uncovered, with
    /// that quantity. Every usage may be changed once.
    pub(crate) fn changed(&mut self, changes: Vec<(usize, i128)>) -> Vec<(usize, i128)> {
        let mut changes = changes;
        // Money that a plan has more in its later turns.
        let mut more: Vec<(usize, i128)> = Vec::new();
        for at in 0..self.turns.len() {
            let (turns, later) = self.turns.split_at_mut(at + 1);
            let turn = &mut turns[at];
            let own = more.iter().find(|(plan, _)| *plan == turn.plan).map_or(0, |(_, money)| *money);
            if changes.is_empty() && own == 0 {
                continue;
            }
            let after = later.first().map_or(&self.left, |next| &next.usage);
            let (now, left) = turn.again(&changes, own, after);
            changes = now;
            more.retain(|(plan, _)| *plan != turn.plan);
            more.push((turn.plan, left - turn.end.left));
        }
        changes
    }
}

impl Turn<'_> {
    /// The turn with other quantities and with more money; what differs from `after`, and the money that is left.
    fn again(&mut self, changes: &[(usize, i128)], more: i128, after: &[i128]) -> (Vec<(usize, i128)>, i128) {
        let mut money = self.end.before + more;
        let mut before: Vec<(usize, i128)> = Vec::new();
        for &(usage, quantity) in changes {
            let place = self.queue.places[usage];
            if place < self.end.place {
                money += self.queue.price(place, self.usage[usage]) - self.queue.price(place, quantity);
            }
            before.push((usage, self.usage[usage]));
            self.usage[usage] = quantity;
        }
        // Whatever stands before `from` is covered whole, as it was.
        let mut from = self.end.place;
        while money < 0 && from > 0 {
            from -= 1;
            money += self.queue.price(from, self.usage[self.queue.entries[from].0]);
        }
        let mut pieces: Vec<(usize, i128)> = Vec::new();
        let end = {
            let usage = &mut self.usage;
            let taken = &mut |cover: Cover| pieces.push((cover.usage, cover.quantity));
            spend(CoveredBy::Plan(self.plan), self.queue, from, money, usage, taken)
        };
        let passed = &self.queue.entries[from..(end.place.max(self.end.place) + 1).min(self.queue.entries.len())];
        let mut touched: Vec<usize> = changes.iter().map(|change| change.0).collect();
        touched.extend(passed.iter().map(|entry| entry.0));
        touched.sort_unstable();
        touched.dedup();
        let left = |&usage: &usize| {
            let is_covered = self.queue.places[usage] < from && self.usage[usage] > 0;
            (usage, if is_covered { 0 } else { self.usage[usage] })
        };
        let changed = touched.iter().map(left).filter(|&(usage, left)| left != after[usage]).collect();
        pieces.into_iter().for_each(|(usage, quantity)| self.usage[usage] += quantity);
        before.into_iter().for_each(|(usage, quantity)| self.usage[usage] = quantity);
        (changed, end.left)
    }
}
