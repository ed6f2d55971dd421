//! The fold: charge batches into the ledger, every row once, money as integers.

use super::covered::product_cell;
use super::keyed::{Keyed, blocks, touch};
use super::lines::{Line, LineKey};
use super::repeats::Samples;
use super::split_costs::Parents;
use super::spread::Shared;
use super::tables::{
    AuditKey, BillKey, CommitmentKey, CostCell, Costs, KindCell, KindKey, Ledger, MASK_WORDS, ProductKey,
};
use crate::ingest::pages::PageCount;
use crate::normalize::ChargeBatch;
use crate::normalize::cur::Wanted;
use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::names::{NONE, Names, SharedNames};
use crate::schema::values::{CommitmentStatus, LineItemType, Pricing};

/// Seconds of an hour.
pub const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;
/// Hours that a mask has bits for.
const MASK_HOURS: i64 = (MASK_WORDS * 64) as i64;

/// The charge columns that the ledger is made from.
pub fn wanted() -> Wanted {
    Wanted {
        text: vec![
            Text::BillingAccountId,
            Text::SubAccountId,
            Text::SubAccountName,
            Text::BillingCurrency,
            Text::InvoiceId,
            Text::PublisherName,
            Text::LineItemType,
            Text::ServiceCode,
            Text::UsageType,
            Text::Operation,
            Text::RegionId,
            Text::AvailabilityZone,
            Text::ResourceId,
        ],
        tags: true,
        cost_categories: true,
        ledger: true,
        end: true,
    }
}

/// Sums of one kind of charge over one file: the certificate's view, kept out of the hot tables.
#[derive(Debug, Clone, Default)]
struct KindSums {
    rows: u64,
    derived: u64,
    unblended: i128,
    amortized: i128,
    net: i128,
    net_rows: u64,
    discount: i128,
    outside: (u64, i128),
    hourly_rows: u64,
    hours: [u64; MASK_WORDS],
    /// What the identity table has taken of this kind already.
    with_commitment: (u64, i128, i128),
}

/// Folds batches into a ledger, one table after the other: a loop that finds the places of a batch's rows, and a loop
/// that adds to their cells, let the processor wait for many places of memory at once.
#[derive(Debug, Default)]
pub struct Gatherer {
    pub(super) ledger: Ledger,
    pub(super) lines: Keyed<LineKey, Line>,
    pub(super) shared: Shared,
    /// The bill that was asked for last: nearly always that of the next row.
    last_bill: (BillKey, u32),
    kind_sums: Vec<KindSums>,
    /// The instances whose costs are held against what is split of them.
    pub(super) parents: Parents,
    /// By account id: the latest day with a name, and the name.
    account_names: Vec<(i32, u32)>,
    rows: Rows,
    period_hours: PeriodHours,
    pub(super) samples: Samples,
}

/// Hours of the last period that was asked about.
#[derive(Debug, Default)]
struct PeriodHours(i64, i64);

impl PeriodHours {
    fn of(&mut self, start: i64) -> i64 {
        if self.0 != start || self.1 == 0 {
            *self = PeriodHours(start, hours_in_period(start));
        }
        self.1
    }
}

/// What the fold makes of each row of a batch.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) days: Vec<i32>,
    /// Days since the billing period's first.
    pub(super) days_in: Vec<u32>,
    pub(super) hours: Vec<i64>,
    pub(super) bills: Vec<u32>,
    costs: Vec<[i64; METRICS]>,
    /// Rows with a cost beyond 64 bits (nine million USD); their `costs` are zero.
    wide: Vec<usize>,
    pub(super) keys: Vec<LineKey>,
    pub(super) lines: Vec<u32>,
    pub(super) places: Vec<Line>,
    pub(super) daily: Vec<u32>,
    pub(super) shared: Vec<u32>,
    pub(super) demand: Demand,
    pub(super) used: Used,
}

/// Rows of a batch that used a commitment.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) rows: Vec<u32>,
    pub(super) keys: Vec<CommitmentKey>,
    pub(super) places: Vec<u32>,
}

/// Rows of a batch that a commitment could cover.
#[derive(Debug, Default)]
pub(super) struct Demand {
    pub(super) rows: Vec<u32>,
    pub(super) places: Vec<u32>,
}

impl Gatherer {
    /// A fold that holds the costs of these instances against what is split of them.
    pub fn following(parents: Parents) -> Gatherer {
        Gatherer { parents, ..Gatherer::default() }
    }

    /// Folds a batch whose ids are of `names`.
    pub fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, file: &str, delivery: u32) {
        let mut rows = std::mem::take(&mut self.rows);
        self.look_at(batch, &mut rows);
        self.find_places(batch, names, &mut rows);
        self.fold_daily(batch, &rows);
        self.fold_shared(batch, &rows);
        self.fold_resources(batch, &rows);
        self.fold_demand(batch, &mut rows);
        for row in 0..batch.len {
            self.sum_kind(batch, row, rows.places[row].kind, rows.hours[row]);
        }
        for row in 0..batch.line_items {
            self.see_account_name(batch, row, rows.days[row], names);
        }
        self.fold_commitments(batch, &mut rows);
        self.fold_parents(batch, &rows);
        self.rows = rows;
        self.fold_terms(batch);
        self.close(file, delivery);
        if self.shared.is_full() {
            self.shared.spread(&mut self.ledger);
        }
    }

    /// Days, hours and bills of a batch's rows, and costs as 64 bits where they fit.
    fn look_at(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        rows.days.clear();
        rows.days_in.clear();
        rows.hours.clear();
        rows.bills.clear();
        rows.costs.clear();
        rows.wide.clear();
        for row in 0..batch.len {
            let day = batch.start[row].div_euclid(SECONDS_PER_DAY) as i32;
            rows.days.push(day);
            rows.days_in.push((day - batch.period_start[row].div_euclid(SECONDS_PER_DAY) as i32) as u32);
            rows.hours.push((batch.start[row] - batch.period_start[row]).div_euclid(SECONDS_PER_HOUR));
            let bill = self.bill(batch, row);
            rows.bills.push(bill);
            let costs: [i128; METRICS] = std::array::from_fn(|metric| batch.costs[metric][row]);
            let narrow = costs.map(|cost| cost as i64);
            if (0..METRICS).all(|metric| i128::from(narrow[metric]) == costs[metric]) {
                rows.costs.push(narrow);
            } else {
                rows.costs.push([0; METRICS]);
                rows.wide.push(row);
            }
        }
    }

    fn fold_daily(&mut self, batch: &ChargeBatch, rows: &Rows) {
        let table = &mut self.ledger.daily;
        for block in blocks(batch.len) {
            touch(rows.daily[block.clone()].iter().map(|&place| table.at(place).lines()));
            for row in block {
                add(table.at_mut(rows.daily[row]), batch, rows, row);
            }
        }
        for &row in &rows.wide {
            add_wide(&mut table.at_mut(rows.daily[row]).costs, batch, row);
        }
    }

    fn fold_shared(&mut self, batch: &ChargeBatch, rows: &Rows) {
        let table = &mut self.shared.table;
        for block in blocks(batch.len) {
            touch(rows.shared[block.clone()].iter().map(|&place| table.at(place).lines()));
            for row in block {
                add_costs(table.at_mut(rows.shared[row]), batch, rows, row);
            }
        }
        for &row in &rows.wide {
            add_wide(table.at_mut(rows.shared[row]), batch, row);
        }
    }

    fn fold_resources(&mut self, batch: &ChargeBatch, rows: &Rows) {
        let table = &mut self.ledger.resources;
        for block in blocks(batch.len) {
            let hour_words = block.clone().map(|row| (rows.hours[row] / 64) as usize % MASK_WORDS);
            let cells = rows.places[block.clone()].iter().map(|line| table.at(line.resource));
            touch(cells.zip(hour_words).map(|(cell, word)| cell.sums.lines() ^ cell.hours[word] as u32));
            for row in block {
                let cell = table.at_mut(rows.places[row].resource);
                add(&mut cell.sums, batch, rows, row);
                let hour = rows.hours[row];
                if (0..MASK_HOURS).contains(&hour) && batch.quantity[row] != 0 {
                    cell.hours[(hour / 64) as usize] |= 1 << (hour % 64);
                }
            }
        }
        for &row in &rows.wide {
            add_wide(&mut table.at_mut(rows.places[row].resource).sums.costs, batch, row);
        }
    }

    /// Hands a batch's sums to the tables that the certificate reads.
    fn close(&mut self, file: &str, delivery: u32) {
        let file = self.ledger.file(file, delivery);
        for (kind, sums) in self.kind_sums.iter_mut().enumerate() {
            let sums = std::mem::take(sums);
            if sums.rows + sums.derived > 0 {
                close_kind(&mut self.ledger, file, kind as u32, &sums);
            }
        }
    }

    /// Counts split-cost rows of a batch, which belong to no sum, and holds them against what they split.
    pub fn split(&mut self, batch: &ChargeBatch, file: &str, delivery: u32) {
        if batch.split.is_empty() {
            return;
        }
        self.fold_split(batch);
        let file = self.ledger.file(file, delivery);
        for row in &batch.split {
            let key = AuditKey { file, bill: u32::MAX, invoice: row.invoice, line_item_type: row.line_item_type };
            let cell = self.ledger.audit.cell(key);
            cell.rows += 1;
            cell.unblended += row.unblended;
        }
    }

    /// Counts rows as they came out of a file's decoder, and the pages they lay in.
    pub fn rows_read(&mut self, file: &str, delivery: u32, rows: u64, pages: PageCount) {
        let file = self.ledger.file(file, delivery);
        self.ledger.files[file as usize].rows_read += rows;
        self.ledger.files[file as usize].pages.add(pages);
    }

    /// The ledger, with the names its ids are of.
    pub fn finish(mut self, names: Names, lossy_amounts: u64, key_collisions: Vec<String>) -> Ledger {
        // What is not needed any more makes room for what comes last.
        (self.lines, self.rows) = Default::default();
        self.shared.spread(&mut self.ledger);
        self.shared = Shared::default();
        self.ledger.daily.compact();
        self.ledger.names = names;
        intern_words(&mut self.ledger.names);
        for (account, (day, name)) in self.account_names.into_iter().enumerate().filter(|(_, seen)| seen.1 != NONE) {
            self.ledger.settle_account_name(account as u32, day, name);
        }
        self.ledger.repeats = self.samples.repeats().into_iter().collect();
        self.ledger.lossy_amounts = lossy_amounts;
        self.ledger.key_collisions = key_collisions.into_iter().collect();
        self.ledger
    }

    #[inline]
    pub(super) fn bill(&mut self, batch: &ChargeBatch, row: usize) -> u32 {
        let key = BillKey {
            payer: batch.ids(Text::BillingAccountId)[row],
            period: batch.ids(Text::BillingPeriodStart)[row],
            currency: batch.ids(Text::BillingCurrency)[row],
        };
        if self.last_bill.0 != key || self.ledger.bills.is_empty() {
            let start = batch.period_start[row];
            let bill = self.ledger.bills.place(key, || super::tables::BillCell { start, ..Default::default() });
            self.last_bill = (key, bill);
        }
        self.last_bill.1
    }

    pub(super) fn kind(&mut self, key: KindKey, line_item_type: LineItemType) -> u32 {
        let kind = self.ledger.kinds.place(key, || KindCell { line_item_type });
        if kind as usize >= self.kind_sums.len() {
            self.kind_sums.push(KindSums::default());
        }
        kind
    }

    pub(super) fn product(&mut self, key: ProductKey, names: &SharedNames) -> u32 {
        self.ledger.products.place(key, || names.with(|names| product_cell(key, names)))
    }

    #[inline]
    fn sum_kind(&mut self, batch: &ChargeBatch, row: usize, kind: u32, hour: i64) {
        let period_hours = self.period_hours.of(batch.period_start[row]);
        let sums = &mut self.kind_sums[kind as usize];
        let unblended = batch.cost(Metric::UnblendedCost)[row];
        let amortized = batch.cost(Metric::AmortizedCost)[row];
        sums.unblended += unblended;
        sums.amortized += amortized;
        if row >= batch.line_items {
            sums.derived += 1;
        } else {
            sums.rows += 1;
            sums.net += batch.net_unblended[row];
            sums.net_rows += u64::from(batch.has_net[row]);
            sums.discount += batch.discount[row];
            let in_period = (0..period_hours).contains(&hour);
            if !in_period {
                sums.outside.0 += 1;
                sums.outside.1 += unblended;
            } else if batch.kind[row].counts_usage() {
                sums.hours[(hour / 64) as usize] |= 1 << (hour % 64);
                sums.hourly_rows += u64::from(batch.end[row] - batch.start[row] == SECONDS_PER_HOUR);
            }
        }
        if batch.ids(Text::CommitmentDiscountId)[row] != NONE {
            sums.with_commitment.0 += u64::from(row < batch.line_items);
            sums.with_commitment.1 += unblended;
            sums.with_commitment.2 += amortized;
        }
    }

    /// Remembers an account's name on the latest day; of several on one day the greatest text.
    fn see_account_name(&mut self, batch: &ChargeBatch, row: usize, day: i32, names: &SharedNames) {
        let name = batch.ids(Text::SubAccountName)[row];
        if name == NONE {
            return;
        }
        let account = batch.ids(Text::SubAccountId)[row] as usize;
        if account >= self.account_names.len() {
            self.account_names.resize(account + 1, (i32::MIN, NONE));
        }
        let seen = &mut self.account_names[account];
        let later =
            |known| names.with(|names| names.get(Text::SubAccountName, name) > names.get(Text::SubAccountName, known));
        if day > seen.0 || (day == seen.0 && name != seen.1 && later(seen.1)) {
            *seen = (day, name);
        }
    }
}

/// Gives ids to the words that follow from kinds of charges, so that questions can be asked in them.
fn intern_words(names: &mut Names) {
    use crate::schema::values::CommitmentKind;
    for kind in LineItemType::ALL {
        names.pool_mut(Text::ChargeCategory).intern(kind.category().name());
        names.pool_mut(Text::ChargeClass).intern(kind.class());
        names.pool_mut(Text::ChargeFrequency).intern(kind.frequency());
    }
    for pricing in Pricing::ALL {
        names.pool_mut(Text::PricingCategory).intern(pricing.name());
    }
    for kind in [CommitmentKind::SavingsPlan, CommitmentKind::Reservation] {
        names.pool_mut(Text::CommitmentDiscountCategory).intern(kind.category());
    }
    for status in [CommitmentStatus::Used, CommitmentStatus::Unused] {
        names.pool_mut(Text::CommitmentDiscountStatus).intern(status.name());
    }
    names.pool_mut(Text::ProviderName).intern("AWS");
}

#[inline]
fn add(cell: &mut CostCell, batch: &ChargeBatch, rows: &Rows, row: usize) {
    add_costs(&mut cell.costs, batch, rows, row);
    cell.quantity += batch.quantity[row];
}

#[inline]
fn add_costs(costs: &mut Costs, batch: &ChargeBatch, rows: &Rows, row: usize) {
    costs.add_narrow(&rows.costs[row]);
    costs.rows += u32::from(row < batch.line_items);
    costs.list_rows += u32::from(batch.has_list_cost[row]);
}

fn add_wide(costs: &mut Costs, batch: &ChargeBatch, row: usize) {
    costs.add_wide(&std::array::from_fn(|metric| batch.costs[metric][row]));
}

/// Hours of the month that starts at this instant.
pub fn hours_in_period(start: i64) -> i64 {
    use chrono::{Datelike, Months};
    let Some(first) = chrono::DateTime::from_timestamp(start, 0) else { return 744 };
    let date = first.date_naive().with_day(1).unwrap_or_default();
    let next = date.checked_add_months(Months::new(1)).unwrap_or(date);
    next.signed_duration_since(date).num_hours()
}

fn close_kind(ledger: &mut Ledger, file: u32, kind: u32, sums: &KindSums) {
    let (key, line_item_type) = (ledger.kinds.key(kind), ledger.kinds.at_mut(kind).line_item_type);
    let audit =
        ledger.audit.cell(AuditKey { file, bill: key.bill, invoice: key.invoice, line_item_type: key.line_item_type });
    audit.rows += sums.rows;
    audit.derived += sums.derived;
    audit.unblended += sums.unblended;
    let bill = ledger.bills.at_mut(key.bill);
    bill.rows += sums.rows;
    bill.focus_rows += if key.charge.is_focus() { sums.rows } else { 0 };
    bill.invoiced_rows += if key.invoice == NONE { 0 } else { sums.rows };
    bill.outside = (bill.outside.0 + sums.outside.0, bill.outside.1 + sums.outside.1);
    bill.net_rows += sums.net_rows;
    bill.discount += sums.discount;
    bill.hourly_rows += sums.hourly_rows;
    super::tables::or_mask(&mut bill.hours, &sums.hours);
    if line_item_type.is_discount() {
        bill.gross.1 += sums.unblended;
        bill.net.1 += sums.net;
    } else {
        bill.gross.0 += sums.unblended;
        bill.net.0 += sums.net;
    }
    let identity = ledger.identity.cell((key.bill, NONE));
    identity.rows += sums.rows - sums.with_commitment.0;
    identity.unblended += sums.unblended - sums.with_commitment.1;
    identity.amortized += sums.amortized - sums.with_commitment.2;
}
