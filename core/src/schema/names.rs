//! Interned text: each dimension keeps its distinct values once and rows carry small integers.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashTable;

use super::charges::Text;

/// The id of "no value": every pool has it, and it prints as `(none)`.
pub const NONE: u32 = 0;

/// Distinct strings in the order they were first seen; id 0 is the missing value.
#[derive(Debug, Clone)]
pub struct Pool {
    bytes: String,
    ends: Vec<usize>,
    table: HashTable<u32>,
}

impl Default for Pool {
    fn default() -> Self {
        Pool { bytes: String::new(), ends: vec![0], table: HashTable::new() }
    }
}

fn hash_of(value: &str) -> u64 {
    foldhash::fast::FixedState::with_seed(0x5eed).hash_one(value)
}

impl Pool {
    /// The id of `value`, which is added when it is new. Empty text is the missing value: AWS writes both.
    pub fn intern(&mut self, value: &str) -> u32 {
        if value.is_empty() {
            return NONE;
        }
        let hash = hash_of(value);
        let (bytes, ends) = (&self.bytes, &self.ends);
        if let Some(&id) = self.table.find(hash, |&id| slice(bytes, ends, id) == value) {
            return id;
        }
        let id = self.ends.len() as u32;
        self.bytes.push_str(value);
        self.ends.push(self.bytes.len());
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.table.insert_unique(hash, id, |&id| hash_of(slice(bytes, ends, id)));
        id
    }

    /// The id of `value` when it is known.
    pub fn find(&self, value: &str) -> Option<u32> {
        if value.is_empty() {
            return Some(NONE);
        }
        self.table.find(hash_of(value), |&id| slice(&self.bytes, &self.ends, id) == value).copied()
    }

    /// The text of an id; `None` for the missing value.
    pub fn get(&self, id: u32) -> Option<&str> {
        (id != NONE).then(|| slice(&self.bytes, &self.ends, id))
    }

    /// How many ids there are, the missing value included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether only the missing value is known.
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>() + self.table.capacity() * 5
    }

    /// For each id of `other` the id of the same text here.
    pub fn absorb(&mut self, other: &Pool) -> Vec<u32> {
        (0..other.len() as u32).map(|id| other.get(id).map_or(NONE, |text| self.intern(text))).collect()
    }

    /// The rank of each id when the texts are sorted; the missing value comes first.
    pub fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.get(a).cmp(&self.get(b)));
        let mut ranks = vec![0; order.len()];
        for (rank, id) in order.into_iter().enumerate() {
            ranks[id as usize] = rank as u32;
        }
        ranks
    }
}

fn slice<'a>(bytes: &'a str, ends: &[usize], id: u32) -> &'a str {
    let id = id as usize;
    &bytes[ends[id - 1]..ends[id]]
}

/// A set of tags (or cost categories): pairs of key id and value id, sorted by key id, keys unique.
pub type TagSet = Box<[(u32, u32)]>;

/// Distinct tag sets; id 0 is the empty set.
#[derive(Debug, Clone)]
pub struct TagSets {
    /// Tag keys as users know them (`team`).
    pub keys: Pool,
    /// Tag values.
    pub values: Pool,
    sets: Vec<TagSet>,
    table: HashTable<u32>,
}

impl Default for TagSets {
    fn default() -> Self {
        TagSets { keys: Pool::default(), values: Pool::default(), sets: vec![Box::new([])], table: HashTable::new() }
    }
}

fn hash_pairs(pairs: &[(u32, u32)]) -> u64 {
    foldhash::fast::FixedState::with_seed(0x7a65).hash_one(pairs)
}

impl TagSets {
    /// The id of a set of pairs, which are sorted here. Of a repeated key the last value counts
    /// (as Python's `dict` and Polars' Python side do).
    pub fn intern(&mut self, pairs: &mut Vec<(u32, u32)>) -> u32 {
        pairs.retain(|&(_, value)| value != NONE);
        pairs.sort_by_key(|&(key, _)| key);
        pairs.reverse();
        pairs.dedup_by_key(|&mut (key, _)| key);
        pairs.reverse();
        if pairs.is_empty() {
            return NONE;
        }
        let hash = hash_pairs(pairs);
        let sets = &self.sets;
        if let Some(&id) = self.table.find(hash, |&id| *sets[id as usize] == pairs[..]) {
            return id;
        }
        let id = self.sets.len() as u32;
        self.sets.push(pairs.clone().into_boxed_slice());
        let sets = &self.sets;
        self.table.insert_unique(hash, id, |&id| hash_pairs(&sets[id as usize]));
        id
    }

    /// The pairs of a set.
    pub fn get(&self, id: u32) -> &[(u32, u32)] {
        &self.sets[id as usize]
    }

    /// The value id that a set gives to a key id.
    pub fn value(&self, id: u32, key: u32) -> u32 {
        self.get(id).iter().find(|pair| pair.0 == key).map_or(NONE, |pair| pair.1)
    }

    /// How many sets there are, the empty one included.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether only the empty set is known.
    pub fn is_empty(&self) -> bool {
        self.sets.len() == 1
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        let pairs: usize = self.sets.iter().map(|set| set.len() * 8 + 16).sum();
        self.keys.bytes() + self.values.bytes() + pairs + self.table.capacity() * 5
    }

    /// For each set of `other` the id of the same set here.
    pub fn absorb(&mut self, other: &TagSets) -> Vec<u32> {
        let keys = self.keys.absorb(&other.keys);
        let values = self.values.absorb(&other.values);
        let mut pairs = Vec::new();
        (0..other.len() as u32)
            .map(|id| {
                pairs.clear();
                pairs.extend(other.get(id).iter().map(|&(k, v)| (keys[k as usize], values[v as usize])));
                self.intern(&mut pairs)
            })
            .collect()
    }
}

/// Every dimension's texts, and the tag and cost-category sets.
#[derive(Debug, Clone)]
pub struct Names {
    pools: Vec<Pool>,
    /// Resource tags.
    pub tags: TagSets,
    /// Cost categories.
    pub cost_categories: TagSets,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            pools: vec![Pool::default(); Text::ALL.len()],
            tags: TagSets::default(),
            cost_categories: TagSets::default(),
        }
    }
}

/// Names that the threads of one pass add to, so that an id means the same to all of them.
#[derive(Debug, Clone, Default)]
pub struct SharedNames(Arc<Mutex<Names>>);

impl SharedNames {
    /// Looks at the names, or adds to them, while no other thread does.
    pub fn with<T>(&self, look: impl FnOnce(&mut Names) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names themselves, when the pass is over.
    pub fn take(&self) -> Names {
        self.with(std::mem::take)
    }
}

/// How the ids of one [`Names`] read in another.
#[derive(Debug)]
pub struct Remap {
    pools: Vec<Vec<u32>>,
    /// By tag-set id.
    pub tags: Vec<u32>,
    /// By cost-category-set id.
    pub cost_categories: Vec<u32>,
}

impl Remap {
    /// The id here of another's id in a dimension.
    pub fn id(&self, text: Text, id: u32) -> u32 {
        self.pools[text as usize][id as usize]
    }
}

impl Names {
    /// The pool of a dimension.
    pub fn pool(&self, text: Text) -> &Pool {
        &self.pools[text as usize]
    }

    /// The pool of a dimension, to add to.
    pub fn pool_mut(&mut self, text: Text) -> &mut Pool {
        &mut self.pools[text as usize]
    }

    /// The text of an id of a dimension.
    pub fn get(&self, text: Text, id: u32) -> Option<&str> {
        self.pool(text).get(id)
    }

    /// Takes in the names of another and says how its ids read here.
    pub fn absorb(&mut self, other: &Names) -> Remap {
        Remap {
            pools: self.pools.iter_mut().zip(&other.pools).map(|(mine, theirs)| mine.absorb(theirs)).collect(),
            tags: self.tags.absorb(&other.tags),
            cost_categories: self.cost_categories.absorb(&other.cost_categories),
        }
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        self.pools.iter().map(Pool::bytes).sum::<usize>() + self.tags.bytes() + self.cost_categories.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_empty_text_is_missing() {
        let mut pool = Pool::default();
        let a = pool.intern("AmazonEC2");
        assert_eq!(pool.intern("AmazonEC2"), a);
        assert_eq!(pool.intern(""), NONE);
        assert_eq!((pool.get(a), pool.get(NONE)), (Some("AmazonEC2"), None));
        let mut other = Pool::default();
        other.intern("AmazonS3");
        other.intern("AmazonEC2");
        assert_eq!(pool.absorb(&other), vec![NONE, 2, a]);
    }

    #[test]
    fn a_repeated_tag_key_keeps_its_last_value() {
        let mut sets = TagSets::default();
        let first = sets.intern(&mut vec![(2, 1), (1, 7), (2, 9)]);
        assert_eq!(sets.get(first), &[(1, 7), (2, 9)]);
        assert_eq!(sets.intern(&mut vec![(1, 7), (2, 9)]), first);
        assert_eq!(sets.intern(&mut vec![(3, NONE)]), NONE);
    }
}
