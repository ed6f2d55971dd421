//! The one order of a ledger: names sorted, keys sorted. Ledgers of the same rows have the same order, however they were
//! gathered and merged.

use super::keyed::Keyed;
use super::tables::{BillKey, KindKey, Ledger, ProductKey, SeriesKey};
use crate::schema::charges::Text;
use crate::schema::names::{NONE, TagSets};

/// The ranks of a dimension's sets: their ids in the one order.
pub(super) struct SetRanks {
    pub(super) keys: Vec<u32>,
    pub(super) values: Vec<u32>,
    /// By id.
    pub(super) sets: Vec<u32>,
    /// Sets in order, the empty one first: pairs of ranks, sorted.
    pub(super) in_order: Vec<Vec<(u32, u32)>>,
}

impl SetRanks {
    fn new(sets: &TagSets) -> SetRanks {
        let (keys, values) = (sets.keys.ranks(), sets.values.ranks());
        let pairs = |id: u32| {
            let mut pairs: Vec<(u32, u32)> =
                sets.get(id).iter().map(|&(key, value)| (keys[key as usize], values[value as usize])).collect();
            pairs.sort_unstable();
            pairs
        };
        let mut all: Vec<(Vec<(u32, u32)>, u32)> = (0..sets.len() as u32).map(|id| (pairs(id), id)).collect();
        all.sort_unstable();
        let mut ranks = vec![0; all.len()];
        for (rank, (_, id)) in all.iter().enumerate() {
            ranks[*id as usize] = rank as u32;
        }
        SetRanks { keys, values, sets: ranks, in_order: all.into_iter().map(|(pairs, _)| pairs).collect() }
    }
}

/// How the ids and places of a ledger read in the one order.
pub(super) struct Canonical {
    pools: Vec<Vec<u32>>,
    pub(super) tags: SetRanks,
    pub(super) cost_categories: SetRanks,
    pub(super) bills: Vec<u32>,
    pub(super) products: Vec<u32>,
    pub(super) kinds: Vec<u32>,
    pub(super) series: Vec<u32>,
    pub(super) files: Vec<u32>,
}

/// The place of each key when all are sorted.
fn places<K: Copy + Ord + Eq + std::hash::Hash, V>(table: &Keyed<K, V>, map: impl Fn(K) -> K) -> Vec<u32> {
    let mut keys: Vec<(K, u32)> = table.iter().enumerate().map(|(at, (key, _))| (map(*key), at as u32)).collect();
    keys.sort_unstable();
    let mut places = vec![0; keys.len()];
    for (place, (_, at)) in keys.into_iter().enumerate() {
        places[at as usize] = place as u32;
    }
    places
}

impl Canonical {
    pub(super) fn new(ledger: &Ledger) -> Canonical {
        let mut files: Vec<usize> = (0..ledger.files.len()).collect();
        files.sort_by_key(|&at| (&ledger.files[at].file, ledger.files[at].delivery));
        let mut file_places = vec![0; files.len()];
        for (place, &at) in files.iter().enumerate() {
            file_places[at] = place as u32;
        }
        let mut canonical = Canonical {
            pools: Text::ALL.iter().map(|&text| ledger.names.pool(text).ranks()).collect(),
            tags: SetRanks::new(&ledger.names.tags),
            cost_categories: SetRanks::new(&ledger.names.cost_categories),
            bills: Vec::new(),
            products: Vec::new(),
            kinds: Vec::new(),
            series: Vec::new(),
            files: file_places,
        };
        canonical.bills = places(&ledger.bills, |key| canonical.bill(key));
        canonical.products = places(&ledger.products, |key| canonical.product(key));
        canonical.kinds = places(&ledger.kinds, |key| canonical.kind(key));
        canonical.series = places(&ledger.series, |key| canonical.one_series(key));
        canonical
    }

    /// The rank of an id of a dimension.
    #[inline]
    pub(super) fn id(&self, text: Text, id: u32) -> u32 {
        self.pools[text as usize][id as usize]
    }

    pub(super) fn sets(&self, is_cost_category: bool) -> &SetRanks {
        if is_cost_category { &self.cost_categories } else { &self.tags }
    }

    pub(super) fn bill(&self, key: BillKey) -> BillKey {
        BillKey {
            payer: self.id(Text::BillingAccountId, key.payer),
            period: self.id(Text::BillingPeriodStart, key.period),
            currency: self.id(Text::BillingCurrency, key.currency),
        }
    }

    pub(super) fn product(&self, key: ProductKey) -> ProductKey {
        ProductKey {
            service: self.id(Text::ServiceCode, key.service),
            usage_type: self.id(Text::UsageType, key.usage_type),
            operation: self.id(Text::Operation, key.operation),
            region: self.id(Text::RegionId, key.region),
        }
    }

    pub(super) fn kind(&self, key: KindKey) -> KindKey {
        KindKey {
            bill: self.bills[key.bill as usize],
            line_item_type: self.id(Text::LineItemType, key.line_item_type),
            publisher: self.id(Text::PublisherName, key.publisher),
            invoice: self.id(Text::InvoiceId, key.invoice),
            ..key
        }
    }

    pub(super) fn one_series(&self, key: SeriesKey) -> SeriesKey {
        SeriesKey {
            bill: self.bills[key.bill as usize],
            account: self.id(Text::SubAccountId, key.account),
            product: self.products[key.product as usize],
            zone: self.id(Text::AvailabilityZone, key.zone),
            ..key
        }
    }

    /// A place in `bills`; rows that belong to no bill keep that.
    pub(super) fn bill_place(&self, bill: u32) -> u32 {
        self.bills.get(bill as usize).copied().unwrap_or(u32::MAX)
    }
}

/// The texts of a pool in order, the missing value left out.
pub(super) fn texts(pool: &crate::schema::names::Pool, ranks: &[u32]) -> Vec<String> {
    let mut texts = vec![String::new(); pool.len()];
    for id in 1..pool.len() as u32 {
        texts[ranks[id as usize] as usize].push_str(pool.get(id).unwrap_or_default());
    }
    debug_assert_eq!(ranks.first(), Some(&NONE), "the missing value comes first");
    texts.split_off(1)
}

impl Canonical {
    /// The texts of a dimension in order.
    pub(super) fn texts_of(&self, ledger: &Ledger, text: Text) -> Vec<String> {
        texts(ledger.names.pool(text), &self.pools[text as usize])
    }
}
