//! The larger cells of the ledger: exact sums, and how they add.

use crate::schema::charges::{METRICS, Metric};

/// Hours of the longest month, as bits.
pub const MASK_WORDS: usize = 12;

/// Exact sums of several measures.
///
/// They are kept in 64 bits (nine million USD) and move to 128 bits when they outgrow them: there are millions of
/// cells, and hardly any does.
#[derive(Debug, Clone)]
pub(super) struct Sums<const N: usize> {
    narrow: [i64; N],
    wide: Option<Box<[i128; N]>>,
}

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Sums { narrow: [0; N], wide: None }
    }
}

impl<const N: usize> Sums<N> {
    fn all(&self) -> [i128; N] {
        std::array::from_fn(|at| self.at(at))
    }

    #[inline]
    fn at(&self, at: usize) -> i128 {
        i128::from(self.narrow[at]) + self.wide.as_ref().map_or(0, |wide| wide[at])
    }

    #[inline]
    fn add_narrow(&mut self, amounts: &[i64; N]) {
        let mut sums = [0; N];
        let mut overflow = false;
        for at in 0..N {
            let (sum, over) = self.narrow[at].overflowing_add(amounts[at]);
            sums[at] = sum;
            overflow |= over;
        }
        if overflow {
            self.add_wide(&amounts.map(i128::from));
        } else {
            self.narrow = sums;
        }
    }

    #[cold]
    fn add_wide(&mut self, amounts: &[i128; N]) {
        for (at, &amount) in amounts.iter().enumerate() {
            let sum = i128::from(self.narrow[at]) + amount;
            match i64::try_from(sum) {
                Ok(sum) => self.narrow[at] = sum,
                Err(_) => {
                    self.wide.get_or_insert_with(|| Box::new([0; N]))[at] += sum;
                    self.narrow[at] = 0;
                }
            }
        }
    }

    #[inline]
    fn add(&mut self, other: &Sums<N>) {
        match &other.wide {
            None => self.add_narrow(&other.narrow),
            Some(_) => self.add_wide(&other.all()),
        }
    }
}

/// Sums of costs, in units of 1e-12.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    sums: Sums<METRICS>,
    /// Rows of the bill.
    pub rows: u32,
    /// Rows whose list cost is stated.
    pub list_rows: u32,
}

impl PartialEq for Costs {
    fn eq(&self, other: &Self) -> bool {
        self.sums() == other.sums() && (self.rows, self.list_rows) == (other.rows, other.list_rows)
    }
}

impl Eq for Costs {}

impl Costs {
    /// Sums by metric, with the rows they are of.
    pub(super) fn of(sums: &[i128; METRICS], rows: u32, list_rows: u32) -> Costs {
        let mut costs = Costs { rows, list_rows, ..Costs::default() };
        costs.add_wide(sums);
        costs
    }

    /// The sums by [`Metric`].
    pub fn sums(&self) -> [i128; METRICS] {
        self.sums.all()
    }

    /// The sum of a metric, 0 where nothing is stated.
    pub fn sum(&self, metric: Metric) -> i128 {
        self.sums.at(metric as usize)
    }

    /// Something of every cache line of the cell.
    #[inline]
    pub(super) fn lines(&self) -> u32 {
        self.sums.narrow[0] as u32 ^ self.rows
    }

    /// Adds costs that fit 64 bits.
    #[inline]
    pub(super) fn add_narrow(&mut self, costs: &[i64; METRICS]) {
        self.sums.add_narrow(costs);
    }

    /// Adds costs of any size.
    pub(super) fn add_wide(&mut self, costs: &[i128; METRICS]) {
        self.sums.add_wide(costs);
    }

    /// Adds other sums.
    #[inline]
    pub fn add(&mut self, other: &Costs) {
        self.sums.add(&other.sums);
        self.rows += other.rows;
        self.list_rows += other.list_rows;
    }

    /// What is left when other rows are taken out.
    pub(super) fn take_away(&mut self, other: &Costs) {
        self.add_wide(&other.sums().map(|sum| -sum));
        self.rows = self.rows.wrapping_sub(other.rows);
        self.list_rows = self.list_rows.wrapping_sub(other.list_rows);
    }
}

/// One hour of demand.
#[derive(Debug, Clone, Default)]
pub struct DemandCell(Sums<2>);

impl DemandCell {
    /// Quantity in units of 1e-15.
    pub fn quantity(&self) -> i128 {
        self.0.at(0)
    }

    /// Value at on-demand prices, in units of 1e-12.
    pub fn on_demand(&self) -> i128 {
        self.0.at(1)
    }

    #[inline]
    pub(super) fn lines(&self) -> u32 {
        self.0.narrow[0] as u32
    }

    #[inline]
    pub(super) fn add_usage(&mut self, quantity: i128, on_demand: i128) {
        match (i64::try_from(quantity), i64::try_from(on_demand)) {
            (Ok(quantity), Ok(on_demand)) => self.0.add_narrow(&[quantity, on_demand]),
            _ => self.0.add_wide(&[quantity, on_demand]),
        }
    }

    /// Adds another cell.
    pub fn add(&mut self, other: &DemandCell) {
        self.0.add(&other.0);
    }
}

/// Sums of costs and of the quantity that they were charged for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CostCell {
    /// Costs.
    pub costs: Costs,
    /// Quantity in units of 1e-15.
    pub quantity: i128,
}

impl CostCell {
    /// Something of every cache line of the cell.
    #[inline]
    pub(super) fn lines(&self) -> u32 {
        self.costs.lines() ^ self.quantity as u32
    }

    /// Adds another cell.
    pub fn add(&mut self, other: &CostCell) {
        self.costs.add(&other.costs);
        self.quantity += other.quantity;
    }
}

/// What the certificate needs of a bill as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillCell {
    /// Start of the period in seconds.
    pub start: i64,
    /// Rows, split-cost rows left out.
    pub rows: u64,
    /// Rows in FOCUS.
    pub focus_rows: u64,
    /// Rows that carry an invoice id.
    pub invoiced_rows: u64,
    /// Rows whose usage starts outside the period, and their unblended cost.
    pub outside: (u64, i128),
    /// Rows that state a net cost.
    pub net_rows: u64,
    /// Unblended cost of rows that are no discount, and of discount rows.
    pub gross: (i128, i128),
    /// Net unblended cost (unblended where there is no net) of the same two.
    pub net: (i128, i128),
    /// Discounts stated on rows of their own column.
    pub discount: i128,
    /// Usage rows that span one hour.
    pub hourly_rows: u64,
    /// Hours of the period in which usage rows start.
    pub hours: [u64; MASK_WORDS],
}

impl BillCell {
    /// First day of the period: days since 1970-01-01.
    pub(super) fn first_day(&self) -> i32 {
        self.start.div_euclid(86_400) as i32
    }

    pub(super) fn absorb(&mut self, other: &BillCell) {
        self.start = other.start;
        self.rows += other.rows;
        self.focus_rows += other.focus_rows;
        self.invoiced_rows += other.invoiced_rows;
        self.outside = (self.outside.0 + other.outside.0, self.outside.1 + other.outside.1);
        self.net_rows += other.net_rows;
        self.gross = (self.gross.0 + other.gross.0, self.gross.1 + other.gross.1);
        self.net = (self.net.0 + other.net.0, self.net.1 + other.net.1);
        self.discount += other.discount;
        self.hourly_rows += other.hourly_rows;
        or_mask(&mut self.hours, &other.hours);
    }
}

/// Ors the hours of one mask into another.
pub fn or_mask(mask: &mut [u64; MASK_WORDS], other: &[u64; MASK_WORDS]) {
    for (word, other) in mask.iter_mut().zip(other) {
        *word |= other;
    }
}

/// What was bought, used and unused of a commitment: money in units of 1e-12, normalized units of 1e-15.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitmentCell {
    /// Committed.
    pub bought: i128,
    /// Used.
    pub used: i128,
    /// Unused.
    pub unused: i128,
    /// On-demand value of what was covered.
    pub covered_on_demand: i128,
    /// Reserved units.
    pub bought_units: i128,
    /// Used units.
    pub used_units: i128,
    /// Unused units.
    pub unused_units: i128,
}

impl CommitmentCell {
    /// Adds another cell of the same commitment.
    pub fn add(&mut self, other: &CommitmentCell) {
        self.absorb(other);
    }

    pub(super) fn absorb(&mut self, other: &CommitmentCell) {
        self.bought += other.bought;
        self.used += other.used;
        self.unused += other.unused;
        self.covered_on_demand += other.covered_on_demand;
        self.bought_units += other.bought_units;
        self.used_units += other.used_units;
        self.unused_units += other.unused_units;
    }
}

/// Terms of the cash ↔ amortized identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityCell {
    /// Cash.
    pub unblended: i128,
    /// Amortized cost, unused commitment included.
    pub amortized: i128,
    /// Upfront fees' share of the period.
    pub amortized_upfront: i128,
    /// Upfront fees paid.
    pub upfront_fees: i128,
    /// Refunds of returned plans.
    pub refunds: i128,
    /// Rows.
    pub rows: u64,
}

impl IdentityCell {
    pub(super) fn absorb(&mut self, other: &IdentityCell) {
        self.unblended += other.unblended;
        self.amortized += other.amortized;
        self.amortized_upfront += other.amortized_upfront;
        self.upfront_fees += other.upfront_fees;
        self.refunds += other.refunds;
        self.rows += other.rows;
    }

    /// Cash less what the identity says it must be; 0 when it closes.
    pub fn difference(&self) -> i128 {
        self.unblended - (self.amortized - self.amortized_upfront + self.upfront_fees + self.refunds)
    }
}
