//! Tables made for batches: cells lie apart from their keys, in pages that never move, and each step of a look-up is a
//! loop over the whole batch, so that the processor waits for many places of memory at once. Tables of millions of
//! cells are bound by nothing else.

use std::hash::{BuildHasher, Hash};

/// Bytes of a page, about: so many that the system's allocator maps each by itself and takes it back when it is freed.
const PAGE_BYTES: usize = 1 << 22;
/// Slots of a new table.
const SLOTS_MIN: usize = 16;
/// No place.
pub(super) const NOWHERE: u32 = u32::MAX;
/// Rows whose cells fit the first-level cache together.
const BLOCK: usize = 128;

/// Rows in blocks whose cells fit the first-level cache together.
pub(super) fn blocks(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |from| from..(from + BLOCK).min(rows))
}

/// Looks at every cell of a block once, so that memory brings them side by side and not one by one.
#[inline]
pub(super) fn touch(cells: impl Iterator<Item = u32>) {
    std::hint::black_box(cells.fold(0, |all, cell| all ^ cell));
}

/// Cells by place, in pages that never move: a table grows without copying what is there.
#[derive(Debug, Clone)]
pub(super) struct Cells<V>(Vec<Vec<V>>);

impl<V> Default for Cells<V> {
    fn default() -> Self {
        Cells(Vec::new())
    }
}

impl<V> Cells<V> {
    /// Cells of a page: a power of two.
    const PAGE: usize = PAGE_BYTES / size_of::<V>().next_power_of_two();

    /// Adds a cell and tells its place.
    pub(super) fn push(&mut self, value: V) -> u32 {
        match self.0.last_mut() {
            Some(page) if page.len() < Self::PAGE => page.push(value),
            Some(_) => {
                let mut page = Vec::with_capacity(Self::PAGE);
                page.push(value);
                self.0.push(page);
            }
            // Small tables stay small.
            None => self.0.push(vec![value]),
        }
        self.len() as u32 - 1
    }

    #[inline]
    pub(super) fn at(&self, place: u32) -> &V {
        &self.0[place as usize / Self::PAGE][place as usize % Self::PAGE]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, place: u32) -> &mut V {
        &mut self.0[place as usize / Self::PAGE][place as usize % Self::PAGE]
    }

    /// The cell at a place, when there is one.
    #[inline]
    pub(super) fn get(&self, place: u32) -> Option<&V> {
        self.0.get(place as usize / Self::PAGE).and_then(|page| page.get(place as usize % Self::PAGE))
    }

    /// Every cell.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |page| (self.0.len() - 1) * Self::PAGE + page.len())
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Vec::capacity).sum::<usize>() * size_of::<V>()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A hash table: keys and their cells, in the order in which the keys were first seen.
#[derive(Debug, Clone)]
pub struct Keyed<K, V> {
    keys: Cells<K>,
    cells: Cells<V>,
    /// Open addressing: a place and one, or 0 where the slot is free. A power of two, at most half full.
    slots: Vec<u32>,
    /// Scratch of [`Keyed::places`].
    hashes: Vec<usize>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Keyed { keys: Cells::default(), cells: Cells::default(), slots: vec![0; SLOTS_MIN], hashes: Vec::new() }
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
        self.place_hashed(key, hash(&key), make)
    }

    #[inline]
    fn place_hashed(&mut self, key: K, hash: usize, make: impl FnOnce() -> V) -> u32 {
        let mut slot = hash & (self.slots.len() - 1);
        loop {
            match self.slots[slot] {
                0 => return self.add(slot, key, make()),
                taken if *self.keys.at(taken - 1) == key => return taken - 1,
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    #[cold]
    fn add(&mut self, slot: usize, key: K, value: V) -> u32 {
        self.keys.push(key);
        self.slots[slot] = self.keys.len() as u32;
        self.cells.push(value);
        if self.keys.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.keys.len() as u32 - 1
    }

    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(count, 0);
        for at in 0..self.keys.len() as u32 {
            let mut slot = hash(self.keys.at(at)) & (count - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = at + 1;
        }
    }

    /// The places of many keys, into `out`; new keys are added. `lines` reads something of every cache line of a key.
    ///
    /// Each step is a short loop over a block of keys, so that the processor waits for many places of memory at once.
    pub(super) fn places(&mut self, keys: &[K], lines: impl Fn(&K) -> u32, out: &mut Vec<u32>)
    where
        V: Default,
    {
        let mut hashes = std::mem::take(&mut self.hashes);
        out.clear();
        for keys in keys.chunks(BLOCK) {
            hashes.clear();
            hashes.extend(keys.iter().map(hash));
            let from = out.len();
            let mask = self.slots.len() - 1;
            out.extend(hashes.iter().map(|&hash| self.slots[hash & mask].wrapping_sub(1)));
            touch(out[from..].iter().map(|&place| self.keys.get(place).map_or(0, &lines)));
            for ((key, &hash), place) in keys.iter().zip(&hashes).zip(&mut out[from..]) {
                if self.keys.get(*place) != Some(key) {
                    *place = self.place_hashed(*key, hash, V::default);
                }
            }
        }
        self.hashes = hashes;
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
        *self.keys.at(at)
    }

    /// The cell at a place.
    #[inline]
    pub fn at(&self, at: u32) -> &V {
        self.cells.at(at)
    }

    /// The cell at a place.
    #[inline]
    pub fn at_mut(&mut self, at: u32) -> &mut V {
        self.cells.at_mut(at)
    }

    /// The cell of a key that is known.
    pub fn get(&self, key: K) -> Option<&V> {
        let mut slot = hash(&key) & (self.slots.len() - 1);
        loop {
            match self.slots[slot] {
                0 => return None,
                taken if *self.keys.at(taken - 1) == key => return Some(self.at(taken - 1)),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Keys and cells, in the order of first sight.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> + Clone {
        (0..self.keys.len()).map(|at| (self.keys.at(at as u32), self.at(at as u32)))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.len() == 0
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.cells.bytes() + self.slots.capacity() * size_of::<u32>()
    }

    /// Takes every entry out; pages are freed as they are walked.
    pub fn drain(&mut self) -> impl Iterator<Item = (K, V)> + use<K, V> {
        let all = std::mem::take(self);
        all.keys.0.into_iter().flatten().zip(all.cells.0.into_iter().flatten())
    }
}
