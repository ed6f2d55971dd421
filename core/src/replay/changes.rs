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
    scratch: Scratch,
}

/// Lists that are filled again and again.
#[derive(Default)]
struct Scratch {
    /// Money that a plan has more in its later turns.
    more: Vec<(usize, i128)>,
    before: Vec<(usize, i128)>,
    pieces: Vec<(usize, i128)>,
    touched: Vec<usize>,
}

impl<'o> CoveredHour<'o> {
    /// Covers what reservations left of an hour's usages.
    pub(crate) fn of(mut left: Vec<i128>, plans: &'o [Plan], order: &'o Order) -> CoveredHour<'o> {
        let mut money: Vec<i128> = plans.iter().map(|plan| plan.commitment).collect();
        let turn = |(plan, queue): (usize, &'o Queue)| {
            let usage = left.clone();
            let end = spend(CoveredBy::Plan(plan), queue, 0, money[plan], &mut left, &mut |_: Cover| {});
            money[plan] = end.left;
            Turn { plan, queue, usage, end }
        };
        let turns = order.turns(plans).map(turn).collect();
        CoveredHour { turns, left, scratch: Scratch::default() }
    }

    /// What nothing covers of a usage.
    pub(crate) fn left_of(&self, usage: usize) -> i128 {
        self.left[usage]
    }

    /// Given usages with other quantities when the plans came, leaves those of which another quantity stays uncovered, with
    /// that quantity. Every usage may be changed once.
    pub(crate) fn change(&mut self, changes: &mut Vec<(usize, i128)>) {
        self.scratch.more.clear();
        for at in 0..self.turns.len() {
            let (turns, later) = self.turns.split_at_mut(at + 1);
            let turn = &mut turns[at];
            let own = self.scratch.more.iter().position(|(plan, _)| *plan == turn.plan);
            let own = own.map_or(0, |at| self.scratch.more.swap_remove(at).1);
            if changes.is_empty() && own == 0 {
                continue;
            }
            let after = later.first().map_or(&self.left, |next| &next.usage);
            let left = turn.again(changes, own, after, &mut self.scratch);
            self.scratch.more.push((turn.plan, left - turn.end.left));
        }
    }
}

impl Turn<'_> {
    /// The turn with other quantities and with more money: `changes` become what differs from `after`; the money that is
    /// left.
    fn again(&mut self, changes: &mut Vec<(usize, i128)>, more: i128, after: &[i128], scratch: &mut Scratch) -> i128 {
        let Scratch { before, pieces, touched, .. } = scratch;
        before.clear();
        pieces.clear();
        touched.clear();
        let mut money = self.end.before + more;
        for &(usage, quantity) in &*changes {
            let place = self.queue.places[usage];
            if place < self.end.place {
                money += self.queue.price(place, self.usage[usage]) - self.queue.price(place, quantity);
            }
            before.push((usage, self.usage[usage]));
            touched.push(usage);
            self.usage[usage] = quantity;
        }
        // Whatever stands before `from` is covered whole, as it was.
        let mut from = self.end.place;
        while money < 0 && from > 0 {
            from -= 1;
            money += self.queue.price(from, self.usage[self.queue.entries[from].0]);
        }
        let taken = &mut |cover: Cover| pieces.push((cover.usage, cover.quantity));
        let end = spend(CoveredBy::Plan(self.plan), self.queue, from, money, &mut self.usage, taken);
        let passed = from..(end.place.max(self.end.place) + 1).min(self.queue.entries.len());
        touched.extend(self.queue.entries[passed].iter().map(|entry| entry.0));
        touched.sort_unstable();
        touched.dedup();
        changes.clear();
        for &usage in &*touched {
            let is_covered = self.queue.places[usage] < from && self.usage[usage] > 0;
            let left = if is_covered { 0 } else { self.usage[usage] };
            if left != after[usage] {
                changes.push((usage, left));
            }
        }
        pieces.iter().for_each(|&(usage, quantity)| self.usage[usage] += quantity);
        before.iter().for_each(|&(usage, quantity)| self.usage[usage] = quantity);
        end.left
    }
}
