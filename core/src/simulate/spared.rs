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
    let pieces = (0..state.hours).step_by(HOURS).map(|first| first..(first + HOURS).min(state.hours)).collect();
    let pieces: Vec<Added> = parallel::for_each(pieces, |hours: std::ops::Range<usize>| {
        let mut added = Added::new();
        hours.for_each(|hour| Hour::of(state, hour, &pools, &pool_of).add(changes, &mut added));
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

/// An hour as it is.
struct Hour<'s> {
    hour: usize,
    pools: &'s [&'s Pool],
    pool_of: &'s [Option<usize>],
    reserved: &'s [i128],
    /// Quantities that are used, and those that reservations leave; both are put back after each change.
    used: Vec<i128>,
    left: Vec<i128>,
    state: &'s State<'s>,
}

impl<'s> Hour<'s> {
    fn of(state: &'s State<'s>, hour: usize, pools: &'s [&'s Pool], pool_of: &'s [Option<usize>]) -> Hour<'s> {
        let slots = state.slots.len();
        let used = state.used[hour * slots..(hour + 1) * slots].to_vec();
        let mut left: Vec<i128> = used.iter().map(|&quantity| quantity.max(0)).collect();
        let reserved = state.reserved_in(hour);
        for pool in pools {
            pool.reserve(hour, reserved, &mut left);
        }
        Hour { hour, pools, pool_of, reserved, used, left, state }
    }

    /// Adds what the hour makes of each change.
    fn add(mut self, changes: &[Vec<Placed>], added: &mut Added) {
        let plans = self.state.plans_in(self.hour, self.state.plans_with(&Purchases::default()));
        let mut covered = CoveredHour::of(self.left.clone(), &plans, &self.state.order, self.state.is_sharing);
        for (at, moves) in changes.iter().enumerate() {
            let is_now = |one: &&Placed| one.hours[self.hour / 64] >> (self.hour % 64) & 1 == 1;
            let moved: Vec<(usize, i128)> = moves.iter().filter(is_now).flat_map(Placed::changes).collect();
            if moved.is_empty() {
                continue;
            }
            for (slot, left) in covered.changed(self.reserved_anew(&moved)) {
                *added.entry((at, slot)).or_insert(0) += left - covered.left_of(slot);
            }
        }
    }

    /// Slots of which reservations leave another quantity, with that quantity.
    fn reserved_anew(&mut self, moved: &[(usize, i128)]) -> Vec<(usize, i128)> {
        moved.iter().for_each(|&(slot, quantity)| self.used[slot] += quantity);
        let mut pools: Vec<usize> = moved.iter().filter_map(|&(slot, _)| self.pool_of[slot]).collect();
        pools.sort_unstable();
        pools.dedup();
        let mut slots: Vec<usize> = moved.iter().map(|&(slot, _)| slot).collect();
        slots.extend(pools.iter().flat_map(|&pool| self.pools[pool].members.iter().map(|&(slot, _)| slot)));
        slots.sort_unstable();
        slots.dedup();
        let before: Vec<i128> = slots.iter().map(|&slot| self.left[slot]).collect();
        slots.iter().for_each(|&slot| self.left[slot] = self.used[slot].max(0));
        for &pool in &pools {
            self.pools[pool].reserve(self.hour, self.reserved, &mut self.left);
        }
        let mut changed = Vec::new();
        for (&slot, before) in slots.iter().zip(before) {
            let left = std::mem::replace(&mut self.left[slot], before);
            if left != before {
                changed.push((slot, left));
            }
        }
        moved.iter().for_each(|&(slot, quantity)| self.used[slot] -= quantity);
        changed
    }
}
