//! A hash table from small keys to cells, kept in one vector so that it can be walked, merged and sorted.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

/// Keys and their cells, in the order in which the keys were first seen.
#[derive(Debug, Clone)]
pub struct Keyed<K, V> {
    entries: Vec<(K, V)>,
    index: HashTable<u32>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Keyed { entries: Vec::new(), index: HashTable::new() }
    }
}

#[inline]
fn hash<K: Hash>(key: &K) -> u64 {
    foldhash::fast::FixedState::with_seed(0xfa27).hash_one(key)
}

impl<K: Copy + Eq + Hash, V> Keyed<K, V> {
    /// The place of a key, which is added with `make` when it is new.
    #[inline]
    pub fn place(&mut self, key: K, make: impl FnOnce() -> V) -> u32 {
        let hash = hash(&key);
        let entries = &self.entries;
        if let Some(&at) = self.index.find(hash, |&at| entries[at as usize].0 == key) {
            return at;
        }
        self.add(hash, key, make())
    }

    #[cold]
    fn add(&mut self, hashed: u64, key: K, value: V) -> u32 {
        let at = self.entries.len() as u32;
        self.entries.push((key, value));
        let entries = &self.entries;
        self.index.insert_unique(hashed, at, |&at| hash(&entries[at as usize].0));
        at
    }

    /// The cell of a key.
    #[inline]
    pub fn cell(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.place(key, V::default);
        &mut self.entries[at as usize].1
    }

    /// The key at a place.
    #[inline]
    pub fn key(&self, at: u32) -> K {
        self.entries[at as usize].0
    }

    /// The cell at a place.
    #[inline]
    pub fn at_mut(&mut self, at: u32) -> &mut V {
        &mut self.entries[at as usize].1
    }

    /// The cell of a key that is known.
    pub fn get(&self, key: K) -> Option<&V> {
        let found = self.index.find(hash(&key), |&at| self.entries[at as usize].0 == key)?;
        Some(&self.entries[*found as usize].1)
    }

    /// Keys and cells, in the order of first sight.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(K, V)> + Clone {
        self.entries.iter()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(K, V)>() + self.index.capacity() * 5
    }

    /// Takes every entry out.
    pub fn drain(&mut self) -> Vec<(K, V)> {
        self.index.clear();
        std::mem::take(&mut self.entries)
    }
}
