//! What the ledger holds: keys are small ids into its names, cells are exact integers.

use super::by_day::{ByDay, Group};
use super::by_hour::ByHour;
pub use super::cells::{BillCell, CommitmentCell, CostCell, Costs, DemandCell, IdentityCell, MASK_WORDS, or_mask};
use super::keyed::Keyed;
use super::split_costs::SplitCosts;
use crate::error::{Error, Result};
use crate::ingest::pages::PageCount;
use crate::schema::focus::ChargeKind;
use crate::schema::names::Names;
use crate::schema::values::LineItemType;

/// A payer's billing period in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BillKey {
    /// The paying account.
    pub payer: u32,
    /// First day of the period.
    pub period: u32,
    /// The currency.
    pub currency: u32,
}

/// What is used: a service's usage type and operation in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ProductKey {
    /// Service code.
    pub service: u32,
    /// Usage type.
    pub usage_type: u32,
    /// Operation.
    pub operation: u32,
    /// Region.
    pub region: u32,
}

/// What follows from a product's names, decided once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProductCell {
    /// Whether a commitment could cover it.
    pub eligible: bool,
    /// Whether the availability zone matters to a commitment (zonal reservations).
    pub zonal: bool,
}

/// How a charge came about: everything about it but what, where, who and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindKey {
    /// The bill, a place in [`Ledger::bills`].
    pub bill: u32,
    /// Line item type.
    pub line_item_type: u32,
    /// Seller of record.
    pub publisher: u32,
    /// Invoice.
    pub invoice: u32,
    /// [`crate::schema::values::Pricing`] as a number.
    pub pricing: u8,
    /// [`crate::schema::values::CommitmentKind`] as a number.
    pub commitment_kind: u8,
    /// [`crate::schema::values::CommitmentStatus`] as a number.
    pub commitment_status: u8,
    /// Category, class and frequency.
    pub charge: ChargeKind,
}

/// What follows from a kind, decided once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindCell {
    /// The line item type.
    pub line_item_type: LineItemType,
}

/// What the keys of `daily` have in common on every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DailyGroup {
    /// Account.
    pub account: u32,
    /// A place in [`Ledger::products`].
    pub product: u32,
    /// A place in [`Ledger::kinds`].
    pub kind: u32,
}

impl Group for DailyGroup {
    type Key = DailyKey;

    fn on(self, day: i32) -> DailyKey {
        DailyKey { day, account: self.account, product: self.product, kind: self.kind }
    }
}

/// Key of `daily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DailyKey {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Account.
    pub account: u32,
    /// A place in [`Ledger::products`].
    pub product: u32,
    /// A place in [`Ledger::kinds`].
    pub kind: u32,
}

/// A day that stands for the whole billing period.
pub const WHOLE_PERIOD: i32 = i32::MIN;

/// What the keys of `allocation` have in common on every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllocationGroup {
    /// A place in [`Ledger::bills`].
    pub bill: u32,
    /// Account.
    pub account: u32,
    /// Service code.
    pub service: u32,
    /// Tag or cost-category key; 0 for the group of all charges, from which "(none)" follows.
    pub key: u32,
    /// Value.
    pub value: u32,
    /// Whether the key is a cost category.
    pub is_cost_category: bool,
}

impl Group for AllocationGroup {
    type Key = AllocationKey;

    fn on(self, day: i32) -> AllocationKey {
        AllocationKey { day, group: self }
    }
}

/// Key of `allocation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AllocationKey {
    /// Days since 1970-01-01, or [`WHOLE_PERIOD`].
    pub day: i32,
    /// The rest of the key.
    pub group: AllocationGroup,
}

/// Key of `resources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// A place in [`Ledger::bills`].
    pub bill: u32,
    /// Resource id.
    pub resource: u32,
    /// Account.
    pub account: u32,
    /// A place in [`Ledger::products`].
    pub product: u32,
    /// Tag set.
    pub tags: u32,
    /// [`crate::schema::values::Pricing`] as a number.
    pub pricing: u8,
}

/// Month sums of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceCell {
    /// Sums.
    pub sums: CostCell,
    /// Hours of the period in which quantity was not zero.
    pub hours: [u64; MASK_WORDS],
}

/// A series of hourly demand that a commitment could cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// A place in [`Ledger::bills`].
    pub bill: u32,
    /// Account.
    pub account: u32,
    /// A place in [`Ledger::products`].
    pub product: u32,
    /// Availability zone, where it matters.
    pub zone: u32,
    /// The commitment's kind that covered it, as a number; 0 is on demand.
    pub covered_by: u8,
}

/// Rates seen in a series: least and greatest, in units of 1e-12.
pub type Rates = Option<(i128, i128)>;

/// Key of `commitments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitmentKey {
    /// A place in [`Ledger::bills`].
    pub bill: u32,
    /// ARN.
    pub arn: u32,
    /// Hours since the period's start.
    pub hour: i32,
    /// The account that used it (or that owns it, on rows of what was bought).
    pub account: u32,
}

/// Key of `negation`: the grouping in which AWS negates covered usage, by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NegationKey {
    /// A place in [`Ledger::bills`].
    pub bill: u32,
    /// ARN.
    pub arn: u32,
    /// Operation.
    pub operation: u32,
    /// Usage type.
    pub usage_type: u32,
    /// Availability zone.
    pub zone: u32,
    /// Days since 1970-01-01.
    pub day: i32,
}

/// Covered and negated sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NegationCell {
    /// Unblended cost of covered usage.
    pub covered: i128,
    /// Unblended cost of its negation.
    pub negated: i128,
    /// What the covered usage took from the commitment: its amortized cost.
    pub used: i128,
    /// Rows of both.
    pub rows: u64,
}

/// Key of `terms`: a commitment and what its fees say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermsKey {
    /// ARN.
    pub arn: u32,
    /// The account that owns it.
    pub account: u32,
    /// Service, usage type, operation and region of its fees.
    pub product: ProductKey,
}

/// From when to when a commitment lasts, in seconds since 1970-01-01 UTC; none where the bill does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TermsCell {
    /// The earliest start.
    pub starts: Option<i64>,
    /// The latest end.
    pub ends: Option<i64>,
}

impl TermsCell {
    pub(super) fn absorb(&mut self, other: &TermsCell) {
        self.starts = [self.starts, other.starts].into_iter().flatten().min();
        self.ends = self.ends.max(other.ends);
    }
}

/// Key of `audit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditKey {
    /// A place in [`Ledger::files`].
    pub file: u32,
    /// A place in [`Ledger::bills`]; [`u32::MAX`] for split-cost rows, which belong to no sum.
    pub bill: u32,
    /// Invoice.
    pub invoice: u32,
    /// Line item type.
    pub line_item_type: u32,
}

/// Rows and cash of one file, invoice and line item type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditCell {
    /// Rows.
    pub rows: u64,
    /// Charges derived from them.
    pub derived: u64,
    /// Cash: unblended cost, of FOCUS billed cost.
    pub unblended: i128,
}

/// Whose rows are kept out of every sum: a place in [`Ledger::files`], provider and currency.
pub type ForeignKey = (u32, String, String);

/// Rows of another provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForeignCell {
    /// Rows.
    pub rows: u64,
    /// Billed cost.
    pub billed: i128,
}

/// A file that was folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedFile {
    /// Its path.
    pub file: String,
    /// Its delivery's number in the inventory.
    pub delivery: u32,
    /// Rows that came out of its decoder.
    pub rows_read: u64,
    /// Pages that were read, of parquet.
    pub pages: PageCount,
}

/// A bill's exact sums. Ledgers add: [`Ledger::merge`].
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Texts by id.
    pub names: Names,
    /// Payers' billing periods.
    pub bills: Keyed<BillKey, BillCell>,
    /// What is used.
    pub products: Keyed<ProductKey, ProductCell>,
    /// How charges came about.
    pub kinds: Keyed<KindKey, KindCell>,
    /// Costs by day.
    pub daily: ByDay<DailyGroup, CostCell>,
    /// Costs by tag and cost category.
    pub allocation: ByDay<AllocationGroup, Costs>,
    /// Costs by resource.
    pub resources: Keyed<ResourceKey, ResourceCell>,
    /// Series of demand, with the rates seen.
    pub series: Keyed<SeriesKey, Rates>,
    /// Demand by series and hour.
    pub demand: ByHour<DemandCell>,
    /// Commitments by hour.
    pub commitments: Keyed<CommitmentKey, CommitmentCell>,
    /// Covered usage and its negation.
    pub negation: Keyed<NegationKey, NegationCell>,
    /// What fees say about commitments. FOCUS states none.
    pub terms: Keyed<TermsKey, TermsCell>,
    /// Terms of the identity by bill and ARN.
    pub identity: Keyed<(u32, u32), IdentityCell>,
    /// Instances whose costs are split among pods and tasks.
    pub split_costs: SplitCosts,
    /// Rows by file.
    pub audit: Keyed<AuditKey, AuditCell>,
    /// The files.
    pub files: Vec<FoldedFile>,
    /// Account names by account: the latest usage day, then the greatest text, settles.
    pub account_names: Keyed<u32, (i32, u32)>,
    /// Amounts that had more decimals than units of 1e-12 hold.
    pub lossy_amounts: u64,
    /// Rows without a usage start, which are counted on the first day of their billing period.
    pub undated: u64,
    /// Rows in FOCUS that do not state a contracted cost.
    pub without_contracted: u64,
    /// Rows of other providers than AWS, which belong to no sum.
    pub foreign: std::collections::BTreeMap<ForeignKey, ForeignCell>,
    /// Text that is no number in columns that no total rests on, by column.
    pub unreadable: std::collections::BTreeMap<String, crate::normalize::Unreadable>,
    /// Keys of tags that are spelled in several ways.
    pub key_collisions: std::collections::BTreeSet<String>,
    /// Files that seem to hold the same line items.
    pub repeats: std::collections::BTreeSet<String>,
    /// Tag keys kept by period because they have too many values: bill, key, is a cost category.
    pub(super) by_period: hashbrown::HashSet<(u32, u32, bool)>,
    /// Values seen of each key, and how many.
    pub(super) values_seen: hashbrown::HashSet<((u32, u32, bool), u32)>,
    pub(super) value_counts: hashbrown::HashMap<(u32, u32, bool), usize>,
    /// Whether a key became one of those kept by period since they were last moved.
    pub(super) narrowing: bool,
}

/// The names of the tables that [`Ledger::table`] hands out.
pub const TABLES: &[&str] = &[
    "daily",
    "allocation",
    "resources",
    "demand",
    "commitments",
    "negation",
    "terms",
    "rates",
    "identity",
    "tag_sets",
    "audit",
];

impl Ledger {
    /// The number of a file, which is added when it is new.
    pub(super) fn file(&mut self, file: &str, delivery: u32) -> u32 {
        if let Some(at) = self.files.iter().position(|known| known.file == file && known.delivery == delivery) {
            return at as u32;
        }
        self.files.push(FoldedFile { file: file.to_owned(), delivery, rows_read: 0, pages: PageCount::default() });
        self.files.len() as u32 - 1
    }

    /// Bytes each part holds in memory, about.
    pub fn bytes_by_table(&self) -> Vec<(&'static str, usize, usize)> {
        vec![
            ("names", 0, self.names.bytes()),
            ("daily", self.daily.len(), self.daily.bytes()),
            ("allocation", self.allocation.len(), self.allocation.bytes()),
            ("resources", self.resources.len(), self.resources.bytes()),
            ("demand", self.demand.len(), self.demand.bytes() + self.series.bytes()),
            ("commitments", self.commitments.len(), self.commitments.bytes()),
            ("negation", self.negation.len(), self.negation.bytes()),
            ("terms", self.terms.len(), self.terms.bytes()),
            ("identity", self.identity.len(), self.identity.bytes()),
            ("split_costs", self.split_costs.hours.len(), self.split_costs.bytes()),
            ("tag_sets", self.names.tags.len(), self.names.tags.bytes()),
            ("audit", self.audit.len(), self.audit.bytes()),
        ]
    }

    /// The currency of every bill.
    ///
    /// # Errors
    /// [`Error::Currencies`] when there are several, or none.
    pub fn currency(&self) -> Result<String> {
        let mut all = self.currencies();
        match all.len() {
            1 => Ok(all.remove(0)),
            _ => Err(Error::Currencies { currencies: all.join(", ") }),
        }
    }

    /// The currencies of the bills, sorted.
    pub fn currencies(&self) -> Vec<String> {
        let text = crate::schema::charges::Text::BillingCurrency;
        let mut all: Vec<String> = self
            .bills
            .iter()
            .map(|(bill, _)| self.names.get(text, bill.currency).unwrap_or(crate::schema::filter::NONE_TEXT).to_owned())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The billing periods, `2026-10`, sorted.
    pub fn periods(&self) -> Vec<String> {
        let mut all: Vec<String> = self.bills.iter().map(|(bill, _)| self.period(bill.period)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// A period's name, `2026-10`, from the id of its first day.
    pub fn period(&self, id: u32) -> String {
        let day = self.names.get(crate::schema::charges::Text::BillingPeriodStart, id).unwrap_or_default();
        day.get(..7).unwrap_or(day).to_owned()
    }
}
