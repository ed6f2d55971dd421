//! A hash table from small keys to cells, made for batches: keys and cells lie apart, cells in large pages that never
//! move, and each step of a look-up is a loop over the whole batch, so that the processor waits for many places of
//! memory at once. Tables of millions of cells are bound by nothing else.

use std::hash::{BuildHasher, Hash};

/// Cells of one page.
const PAGE_CELLS: usize = 1 << 14;
/// Slots of a new table.
const SLOTS_MIN: usize = 16;
/// No place.
const NOWHERE: u32 = u32::MAX;

/// Keys and their cells, in the order in which the keys were first seen.
#[derive(Debug, Clone)]
pub struct Keyed<K, V> {
    keys: Vec<K>,
    pages: Vec<Vec<V>>,
    /// Open addressing: a place and one, or 0 where the slot is free. A power of two, at most half full.
    slots: Vec<u32>,
    /// Scratch of [`Keyed::places`].
    found: Vec<u32>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Keyed { keys: Vec::new(), pages: Vec::new(), slots: vec![0; SLOTS_MIN], found: Vec::new() }
    }
}

#[inline]
fn hash<K: Hash>(key: &K) -> usize {
    foldhash::fast::FixedState::with_seed(0xfa27).hash_one(key) as usize
}

impl<K: Copy + Eq + Hash, V> Keyed<K, V> {
    /// The place of a key, which is added with `make` when it is new.
    #[inline]
    pub fn place(&mut self, key: K, make: impl FnOnce() -> V) -> u32 {
        let mut slot = hash(&key) & (self.slots.len() - 1);
        loop {
            match self.slots[slot] {
                0 => return self.add(slot, key, make()),
                taken if self.keys[taken as usize - 1] == key => return taken - 1,
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    #[cold]
    fn add(&mut self, slot: usize, key: K, value: V) -> u32 {
        self.keys.push(key);
        self.slots[slot] = self.keys.len() as u32;
        match self.pages.last_mut() {
            Some(page) if page.len() < PAGE_CELLS => page.push(value),
            Some(_) => {
                let mut page = Vec::with_capacity(PAGE_CELLS);
                page.push(value);
                self.pages.push(page);
            }
            // Small tables stay small.
            None => self.pages.push(vec![value]),
        }
        if self.keys.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.keys.len() as u32 - 1
    }

    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(count, 0);
        for (at, key) in self.keys.iter().enumerate() {
            let mut slot = hash(key) & (count - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = at as u32 + 1;
        }
    }

    /// The places of many keys, into `out`; new keys are added.
    pub fn places(&mut self, keys: &[K], out: &mut Vec<u32>)
    where
        V: Default,
    {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        found.extend(keys.iter().map(|key| self.slots[hash(key) & (self.slots.len() - 1)]));
        out.clear();
        out.extend(keys.iter().zip(&found).map(|(key, &taken)| {
            let here = taken != 0 && self.keys[(taken as usize).saturating_sub(1)] == *key;
            if here { taken - 1 } else { NOWHERE }
        }));
        for (key, place) in keys.iter().zip(out.iter_mut()) {
            if *place == NOWHERE {
                *place = self.place(*key, V::default);
            }
        }
        self.found = found;
    }

    /// The cell of a key.
    #[inline]
    pub fn cell(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.place(key, V::default);
        self.at_mut(at)
    }

    /// The key at a place.
    #[inline]
    pub fn key(&self, at: u32) -> K {
        self.keys[at as usize]
    }

    /// The cell at a place.
    #[inline]
    pub fn at(&self, at: u32) -> &V {
        &self.pages[at as usize / PAGE_CELLS][at as usize % PAGE_CELLS]
    }

    /// The cell at a place.
    #[inline]
    pub fn at_mut(&mut self, at: u32) -> &mut V {
        &mut self.pages[at as usize / PAGE_CELLS][at as usize % PAGE_CELLS]
    }

    /// The cell of a key that is known.
    pub fn get(&self, key: K) -> Option<&V> {
        let mut slot = hash(&key) & (self.slots.len() - 1);
        loop {
            match self.slots[slot] {
                0 => return None,
                taken if self.keys[taken as usize - 1] == key => return Some(self.at(taken - 1)),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Keys and cells, in the order of first sight.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> + Clone {
        (0..self.keys.len()).map(|at| (&self.keys[at], self.at(at as u32)))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        let cells: usize = self.pages.iter().map(Vec::capacity).sum();
        self.keys.capacity() * size_of::<K>() + cells * size_of::<V>() + self.slots.capacity() * size_of::<u32>()
    }

    /// Takes every entry out; pages are freed as they are walked.
    pub fn drain(&mut self) -> impl Iterator<Item = (K, V)> + use<K, V> {
        let all = std::mem::take(self);
        all.keys.into_iter().zip(all.pages.into_iter().flatten())
    }
}
