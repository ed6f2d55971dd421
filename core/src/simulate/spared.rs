//! What single changes of the usage spare on demand: only what a change touches is covered anew.

use std::collections::HashMap;

use super::bought::Purchases;
use super::parallel;
use super::state::{Placed, Pool, Settled, State};
use crate::replay::CoveredHour;

/// Hours that are gone through in one piece.
const HOURS: usize = 24;

/// By change and slot: the quantity that stays on demand on top of what did.
type Added = HashMap<(usize, usize), i128>;

/// What each change spares on demand, were it all that changes.
pub(super) fn spared(state: &State<'_>, base: &Settled, changes: &[Vec<Placed>]) -> Vec<i128> {
    let pools: Vec<&Pool> = state.pools.values().collect();
    let mut pool_of = vec![None; state.slots.len()];
    for (at, pool) in pools.iter().enumerate() {
        pool.members.iter().for_each(|&(slot, _)| pool_of[slot] = Some(at));
    }
    let changes: Vec<Change<'_>> = changes.iter().map(|moves| Change::of(moves, &pools, &pool_of)).collect();
    let pieces = (0..state.hours).step_by(HOURS).map(|first| first..(first + HOURS).min(state.hours)).collect();
    let pieces: Vec<Added> = parallel::for_each(pieces, |hours: std::ops::Range<usize>| {
        let mut added = Added::new();
        hours.for_each(|hour| Hour::of(state, hour, &pools).add(&changes, &mut added));
        added
    });
    let mut sums = Added::new();
    pieces.into_iter().flatten().for_each(|(key, quantity)| *sums.entry(key).or_insert(0) += quantity);
    let mut spared = vec![0; changes.len()];
    for ((change, slot), quantity) in sums {
        spared[change] += state.cost_of(slot, base.sums[slot]) - state.cost_of(slot, base.sums[slot] + quantity);
    }
    spared
}

/// Moves, the pools that they touch, and all slots of these.
struct Change<'m> {
    moves: &'m [Placed],
    pools: Vec<&'m Pool>,
    slots: Vec<usize>,
}

impl<'m> Change<'m> {
    fn of(moves: &'m [Placed], pools: &[&'m Pool], pool_of: &[Option<usize>]) -> Change<'m> {
        let mut slots: Vec<usize> = moves.iter().flat_map(Placed::changes).map(|(slot, _)| slot).collect();
        let mut touched: Vec<usize> = slots.iter().filter_map(|&slot| pool_of[slot]).collect();
        touched.sort_unstable();
        touched.dedup();
        let pools: Vec<&Pool> = touched.into_iter().map(|pool| pools[pool]).collect();
        slots.extend(pools.iter().flat_map(|pool| &pool.members).map(|&(slot, _)| slot));
        slots.sort_unstable();
        slots.dedup();
        Change { moves, pools, slots }
    }
}

/// An hour as it is.
struct Hour<'s> {
    hour: usize,
    reserved: &'s [i128],
    /// Quantities that are used, and those that reservations leave; both are put back after each change.
    used: Vec<i128>,
    left: Vec<i128>,
    state: &'s State<'s>,
}

impl<'s> Hour<'s> {
    fn of(state: &'s State<'s>, hour: usize, pools: &[&Pool]) -> Hour<'s> {
        let slots = state.slots.len();
        let used = state.used[hour * slots..(hour + 1) * slots].to_vec();
        let mut left: Vec<i128> = used.iter().map(|&quantity| quantity.max(0)).collect();
        let reserved = state.reserved_in(hour);
        for pool in pools {
            pool.reserve(hour, reserved, &mut left);
        }
        Hour { hour, reserved, used, left, state }
    }

    /// Adds what the hour makes of each change.
    fn add(mut self, changes: &[Change<'_>], added: &mut Added) {
        let plans = self.state.plans_in(self.hour, self.state.plans_with(&Purchases::default()));
        let mut covered = CoveredHour::of(self.left.clone(), &plans, &self.state.order);
        let (mut before, mut changed) = (Vec::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            if self.reserve_anew(change, &mut before, &mut changed) {
                covered.change(&mut changed);
                for &(slot, left) in &changed {
                    *added.entry((at, slot)).or_insert(0) += left - covered.left_of(slot);
                }
            }
        }
    }

    /// Fills `changed` with slots of which reservations leave another quantity, and that quantity; whether there are some.
    fn reserve_anew(&mut self, change: &Change<'_>, before: &mut Vec<i128>, changed: &mut Vec<(usize, i128)>) -> bool {
        before.clear();
        changed.clear();
        let is_now = |one: &&Placed| one.hours[self.hour / 64] >> (self.hour % 64) & 1 == 1;
        let moved = || change.moves.iter().filter(is_now).flat_map(Placed::changes);
        if moved().next().is_none() {
            return false;
        }
        moved().for_each(|(slot, quantity)| self.used[slot] += quantity);
        for &slot in &change.slots {
            before.push(std::mem::replace(&mut self.left[slot], self.used[slot].max(0)));
        }
        for pool in &change.pools {
            pool.reserve(self.hour, self.reserved, &mut self.left);
        }
        for (&slot, &before) in change.slots.iter().zip(&*before) {
            let left = std::mem::replace(&mut self.left[slot], before);
            if left != before {
                changed.push((slot, left));
            }
        }
        moved().for_each(|(slot, quantity)| self.used[slot] -= quantity);
        !changed.is_empty()
    }
}
