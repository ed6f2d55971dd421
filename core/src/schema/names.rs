//! Interned text: each dimension keeps its distinct values once and rows carry small integers.

use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::charges::Text;

/// The id of "no value": every pool has it, and it prints as `(none)`.
pub const NONE: u32 = 0;

/// Values that are looked up together: what they touch fits the first-level cache.
const BLOCK: usize = 128;

/// Distinct strings in the order they were first seen; id 0 is the missing value.
#[derive(Debug, Clone)]
pub struct Pool {
    bytes: String,
    ends: Vec<usize>,
    /// Open addressing: half of a text's hash and its id, or id 0 where the slot is free. A power of two, at most half
    /// full.
    slots: Vec<(u32, u32)>,
    /// Scratch of [`Pool::intern_all`]: hashes, then the ids found.
    hashes: Vec<u64>,
}

impl Default for Pool {
    fn default() -> Self {
        Pool { bytes: String::new(), ends: vec![0], slots: vec![(0, NONE); 8], hashes: Vec::new() }
    }
}

fn hash_of(value: &str) -> u64 {
    foldhash::fast::FixedState::with_seed(0x5eed).hash_one(value)
}

impl Pool {
    /// The id of `value`, which is added when it is new. Empty text is the missing value: AWS writes both.
    pub fn intern(&mut self, value: &str) -> u32 {
        if value.is_empty() { NONE } else { self.intern_hashed(value, hash_of(value)) }
    }

    fn intern_hashed(&mut self, value: &str, hash: u64) -> u32 {
        match self.look_up(value, hash) {
            Ok(id) => id,
            Err(slot) => self.add(value, hash, slot),
        }
    }

    /// The id of `value`, or the free slot where it belongs.
    #[inline]
    fn look_up(&self, value: &str, hash: u64) -> std::result::Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                (_, NONE) => return Err(slot),
                (half, id) if half == (hash >> 32) as u32 && slice(&self.bytes, &self.ends, id) == value => {
                    return Ok(id);
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    #[cold]
    fn add(&mut self, value: &str, hash: u64, slot: usize) -> u32 {
        let id = self.ends.len() as u32;
        self.bytes.push_str(value);
        self.ends.push(self.bytes.len());
        self.slots[slot] = ((hash >> 32) as u32, id);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        id
    }

    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(count, (0, NONE));
        for id in 1..self.ends.len() as u32 {
            let hash = hash_of(slice(&self.bytes, &self.ends, id));
            let mut slot = hash as usize & (count - 1);
            while self.slots[slot].1 != NONE {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = ((hash >> 32) as u32, id);
        }
    }

    /// Appends the ids of many values to `out`; new ones are added. Each step is a loop over all of them, so that the
    /// processor waits for many places of memory at once.
    pub fn intern_all<'a>(&mut self, count: usize, value: impl Fn(usize) -> &'a str, out: &mut Vec<u32>) {
        let mut hashes = std::mem::take(&mut self.hashes);
        for block in (0..count).step_by(BLOCK).map(|from| from..(from + BLOCK).min(count)) {
            hashes.clear();
            hashes.extend(block.clone().map(|at| hash_of(value(at))));
            let from = out.len();
            let mask = self.slots.len() - 1;
            out.extend(hashes.iter().map(|&hash| {
                let (half, id) = self.slots[hash as usize & mask];
                if half == (hash >> 32) as u32 { id } else { NONE }
            }));
            // Brings the texts near, before they are compared.
            let bytes = self.bytes.as_bytes();
            let first = |&id: &u32| if id == NONE { 0 } else { bytes[self.ends[id as usize - 1]] };
            std::hint::black_box(out[from..].iter().map(first).fold(0, |all, byte| all ^ byte));
            for ((at, id), &hash) in block.zip(&mut out[from..]).zip(&hashes) {
                let value = value(at);
                if value.is_empty() {
                    *id = NONE;
                } else if *id == NONE || slice(&self.bytes, &self.ends, *id) != value {
                    *id = self.intern_hashed(value, hash);
                }
            }
        }
        self.hashes = hashes;
    }

    /// The id of `value` when it is known.
    pub fn find(&self, value: &str) -> Option<u32> {
        if value.is_empty() { Some(NONE) } else { self.look_up(value, hash_of(value)).ok() }
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
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>() + self.slots.capacity() * 8
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

/// Distinct sets of tags (or of cost categories): pairs of key id and value id, sorted by key id, keys unique. Id 0 is
/// the empty set.
#[derive(Debug, Clone)]
pub struct TagSets {
    /// Tag keys as users know them (`team`).
    pub keys: Pool,
    /// Tag values.
    pub values: Pool,
    pairs: Vec<(u32, u32)>,
    ends: Vec<usize>,
    /// As in [`Pool`].
    slots: Vec<(u32, u32)>,
    /// Scratch of [`TagSets::intern_all`].
    made: Made,
}

impl Default for TagSets {
    fn default() -> Self {
        let (keys, values) = (Pool::default(), Pool::default());
        TagSets { keys, values, pairs: Vec::new(), ends: vec![0], slots: vec![(0, NONE); 8], made: Made::default() }
    }
}

fn hash_pairs(pairs: &[(u32, u32)]) -> u64 {
    let mut hasher = foldhash::fast::FixedState::with_seed(0x7a65).build_hasher();
    pairs.iter().for_each(|&(key, value)| hasher.write_u64(u64::from(key) << 32 | u64::from(value)));
    hasher.finish()
}

/// Whether pairs are a set already: no value is missing, keys rise.
fn is_set(pairs: &[(u32, u32)]) -> bool {
    pairs.windows(2).all(|two| two[0].0 < two[1].0) && pairs.iter().all(|pair| pair.1 != NONE)
}

/// Makes a set of the pairs from a place on. They are few, and mostly in order.
fn into_set(pairs: &mut Vec<(u32, u32)>, begin: usize) {
    if is_set(&pairs[begin..]) {
        return;
    }
    let mut kept = begin;
    for at in begin..pairs.len() {
        let (key, value) = pairs[at];
        if value == NONE {
            continue;
        }
        let place = begin + pairs[begin..kept].partition_point(|pair| pair.0 < key);
        if place < kept && pairs[place].0 == key {
            pairs[place].1 = value;
        } else {
            pairs[place..=kept].rotate_right(1);
            pairs[place] = (key, value);
            kept += 1;
        }
    }
    pairs.truncate(kept);
}

/// Sets that are looked up together.
#[derive(Debug, Clone, Default)]
struct Made {
    pairs: Vec<(u32, u32)>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

impl Made {
    fn clear(&mut self) {
        self.pairs.clear();
        self.ends.clear();
        self.hashes.clear();
    }

    fn add(&mut self, make: impl FnOnce(&mut Vec<(u32, u32)>)) {
        let begin = self.pairs.len();
        make(&mut self.pairs);
        into_set(&mut self.pairs, begin);
        self.ends.push(self.pairs.len());
        self.hashes.push(hash_pairs(&self.pairs[begin..]));
    }

    fn get(&self, at: usize) -> &[(u32, u32)] {
        &self.pairs[at.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[at]]
    }
}

impl TagSets {
    /// The id of a set of pairs, which are sorted here. Of a repeated key the last value counts
    /// (as Python's `dict` and Polars' Python side do).
    pub fn intern(&mut self, pairs: &mut Vec<(u32, u32)>) -> u32 {
        into_set(pairs, 0);
        if pairs.is_empty() { NONE } else { self.intern_hashed(pairs, hash_pairs(pairs)) }
    }

    fn intern_hashed(&mut self, pairs: &[(u32, u32)], hash: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                (_, NONE) => break,
                (half, id) if half == (hash >> 32) as u32 && self.get(id) == pairs => return id,
                _ => slot = (slot + 1) & mask,
            }
        }
        let id = self.ends.len() as u32;
        self.pairs.extend_from_slice(pairs);
        self.ends.push(self.pairs.len());
        self.slots[slot] = ((hash >> 32) as u32, id);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        id
    }

    /// Appends the ids of many sets to `out`. Their pairs, made by `make` one set after the other, need not be sorted.
    /// As in [`Pool::intern_all`], each step is a loop over all of them.
    pub fn intern_all(&mut self, count: usize, make: impl Fn(usize, &mut Vec<(u32, u32)>), out: &mut Vec<u32>) {
        let mut all = std::mem::take(&mut self.made);
        for block in (0..count).step_by(BLOCK).map(|from| from..(from + BLOCK).min(count)) {
            all.clear();
            block.for_each(|at| all.add(|pairs| make(at, pairs)));
            let from = out.len();
            let mask = self.slots.len() - 1;
            out.extend(all.hashes.iter().map(|&hash| {
                let (half, id) = self.slots[hash as usize & mask];
                if half == (hash >> 32) as u32 { id } else { NONE }
            }));
            let first = |&id: &u32| self.get(id).first().map_or(0, |pair| pair.1);
            std::hint::black_box(out[from..].iter().map(first).fold(0, |sum, value| sum ^ value));
            for (at, id) in out[from..].iter_mut().enumerate() {
                let pairs = all.get(at);
                if pairs.is_empty() {
                    *id = NONE;
                } else if self.get(*id) != pairs {
                    *id = self.intern_hashed(pairs, all.hashes[at]);
                }
            }
        }
        self.made = all;
    }

    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(count, (0, NONE));
        for id in 1..self.ends.len() as u32 {
            let hash = hash_pairs(self.get(id));
            let mut slot = hash as usize & (count - 1);
            while self.slots[slot].1 != NONE {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = ((hash >> 32) as u32, id);
        }
    }

    /// The pairs of a set.
    pub fn get(&self, id: u32) -> &[(u32, u32)] {
        match id {
            NONE => &[],
            id => &self.pairs[self.ends[id as usize - 1]..self.ends[id as usize]],
        }
    }

    /// The value id that a set gives to a key id.
    pub fn value(&self, id: u32, key: u32) -> u32 {
        self.get(id).iter().find(|pair| pair.0 == key).map_or(NONE, |pair| pair.1)
    }

    /// How many sets there are, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether only the empty set is known.
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// Bytes held in memory, about.
    pub fn bytes(&self) -> usize {
        let sets = self.pairs.capacity() * 8 + self.ends.capacity() * 8 + self.slots.capacity() * 8;
        self.keys.bytes() + self.values.bytes() + sets
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
    fn many_values_get_the_ids_that_each_would_get() {
        let values: Vec<String> =
            (0..5_000).map(|at| if at % 7 == 0 { String::new() } else { format!("i-{}", at * at % 1_999) }).collect();
        let (mut together, mut one_by_one) = (Pool::default(), Pool::default());
        let mut ids = vec![9];
        for half in values.chunks(2_500) {
            together.intern_all(half.len(), |at| &half[at], &mut ids);
        }
        let expected: Vec<u32> = values.iter().map(|value| one_by_one.intern(value)).collect();
        assert_eq!((ids[0], &ids[1..]), (9, &expected[..]));
        assert!(values.iter().all(|value| together.find(value) == one_by_one.find(value)));
        assert_eq!((together.find("i-"), together.len()), (None, one_by_one.len()));
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
