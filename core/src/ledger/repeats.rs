//! Files that seem to hold the same line items: several versions of one delivery without a manifest to choose by.
//!
//! A heuristic. Line item ids are no keys, AWS says, so rows are compared by what they are about: account, resource,
//! product, zone, kind of charge, hour and quantity. Amounts, tags and invoices are left out, because later versions restate
//! them. Parts of one delivery share hardly any of it; of an earlier version nearly everything stands in the later one.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use super::gather::Gatherer;
use super::pass::PassFile;
use crate::normalize::ChargeBatch;
use crate::schema::charges::Text;

/// Below this size of a delivery every row is compared, above it one of [`ONE_OF`].
const BYTES_FULL: u64 = 64 << 20;
const ONE_OF: u64 = 64;
/// Files with fewer rows to compare are not judged.
const ROWS_MIN: usize = 20;

type Hashes = hashbrown::HashSet<u64, foldhash::fast::FixedState>;

/// What is compared of each file: its name and delivery, and hashes of its rows.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<(u32, String), Hashes>);

/// One of how many rows is compared in each delivery; none of those with a manifest or of one file.
pub(super) fn rates(files: &[PassFile]) -> BTreeMap<u32, u64> {
    let mut deliveries: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.has_manifest) {
        let of_delivery = deliveries.entry(file.delivery).or_default();
        *of_delivery = (of_delivery.0 + 1, of_delivery.1 + file.file.footer.bytes);
    }
    let several = deliveries.into_iter().filter(|(_, (files, _))| *files > 1);
    several.map(|(delivery, (_, bytes))| (delivery, if bytes < BYTES_FULL { 1 } else { ONE_OF })).collect()
}

impl Gatherer {
    /// Takes a sample of a batch's rows: one of so many.
    pub(super) fn sample(&mut self, batch: &ChargeBatch, file: &str, delivery: u32, one_of: u64) {
        let texts = [
            Text::SubAccountId,
            Text::ResourceId,
            Text::ServiceCode,
            Text::UsageType,
            Text::Operation,
            Text::RegionId,
            Text::AvailabilityZone,
            Text::LineItemType,
            Text::CommitmentDiscountId,
        ];
        let columns = texts.map(|text| batch.ids(text));
        let hasher = foldhash::fast::FixedState::with_seed(0x2e9e);
        let sample = self.samples.0.entry((delivery, file.to_owned())).or_default();
        for row in 0..batch.line_items {
            let ids = columns.map(|column| column[row]);
            let hash = hasher.hash_one((ids, batch.kind[row], batch.start[row], batch.quantity[row]));
            // The low bits place a hash in its set, so that the high ones choose.
            if (hash >> 32).is_multiple_of(one_of) {
                sample.insert(hash);
            }
        }
    }
}

impl Samples {
    /// What to say of files that hold the same line items.
    pub(super) fn repeats(self) -> Vec<String> {
        let files: Vec<((u32, String), Hashes)> =
            self.0.into_iter().filter(|(_, sample)| sample.len() >= ROWS_MIN).collect();
        let mut found = Vec::new();
        for (at, ((delivery, file), sample)) in files.iter().enumerate() {
            for ((_, other), others) in files[at + 1..].iter().filter(|((of, _), _)| of == delivery) {
                let shared = sample.intersection(others).count();
                let smaller = sample.len().min(others.len());
                if shared * 2 >= smaller {
                    let percent = shared * 100 / smaller;
                    found.push(format!(
                        "{file} and {other} hold the same line items ({percent} % of the smaller one's stand in both): they \
                         are two versions of one delivery, and without a manifest nobody knows which one counts"
                    ));
                }
            }
        }
        found
    }
}
