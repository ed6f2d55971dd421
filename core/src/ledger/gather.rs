//! The fold: charge batches into the ledger, every row once, money as integers.

use super::covered::product_cell;
use super::tables::{
    AuditKey, BillKey, CostCell, DailyKey, KindCell, KindKey, Ledger, MASK_WORDS, ProductKey, ResourceKey, SharedKey,
};
use crate::normalize::ChargeBatch;
use crate::normalize::cur::Wanted;
use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::names::{NONE, Names, SharedNames};
use crate::schema::values::{CommitmentStatus, LineItemType, Pricing};

pub(super) const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;
/// Hours that a mask has bits for.
const MASK_HOURS: i64 = (MASK_WORDS * 64) as i64;
/// Sums by tag set are spread over tag keys when so many are there: it bounds memory, whatever the tag sets.
const SHARED_ENTRIES_MAX: usize = 1 << 18;

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

/// Folds batches into a ledger, one table after the other: a loop that finds the places of a batch's keys, and a loop
/// that adds to their cells, let the processor wait for many places of memory at once.
#[derive(Debug, Default)]
pub struct Gatherer {
    pub(super) ledger: Ledger,
    kind_sums: Vec<KindSums>,
    /// By account id: the latest day with a name, and the name.
    account_names: Vec<(i32, u32)>,
    rows: Rows,
    period_hours: PeriodHours,
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
struct Rows {
    days: Vec<i32>,
    hours: Vec<i64>,
    bills: Vec<u32>,
    kinds: Vec<u32>,
    products: Vec<u32>,
    costs: Vec<[i64; METRICS]>,
    /// Rows with a cost beyond 64 bits (nine million USD); their `costs` are zero.
    wide: Vec<usize>,
    places: Vec<u32>,
    daily_keys: Vec<DailyKey>,
    shared_keys: Vec<SharedKey>,
    resource_keys: Vec<ResourceKey>,
}

impl Gatherer {
    /// Folds a batch whose ids are of `names`.
    pub fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, file: &str, delivery: u32) {
        let mut rows = std::mem::take(&mut self.rows);
        self.look_at(batch, names, &mut rows);
        self.fold_daily(batch, &mut rows);
        self.fold_shared(batch, &mut rows);
        self.fold_resources(batch, &mut rows);
        for row in 0..batch.len {
            self.sum_kind(batch, row, rows.kinds[row], rows.hours[row]);
        }
        for row in 0..batch.line_items {
            let at = (rows.bills[row], batch.ids(Text::SubAccountId)[row], rows.products[row]);
            self.fold_demand(batch, row, at, rows.hours[row] as i32);
            self.see_account_name(batch, row, rows.days[row], names);
        }
        for row in (0..batch.len).filter(|&row| batch.ids(Text::CommitmentDiscountId)[row] != NONE) {
            self.fold_commitment(batch, row, rows.bills[row], rows.hours[row] as i32, rows.days[row]);
        }
        self.rows = rows;
        self.fold_terms(batch);
        self.close(file, delivery);
        if self.ledger.shared.len() >= SHARED_ENTRIES_MAX {
            names.with(|names| self.ledger.spread_shared_of(names));
        }
    }

    /// Days, hours, bills, kinds and products of a batch's rows, and costs as 64 bits where they fit.
    fn look_at(&mut self, batch: &ChargeBatch, names: &SharedNames, rows: &mut Rows) {
        rows.days.clear();
        rows.hours.clear();
        rows.bills.clear();
        rows.kinds.clear();
        rows.products.clear();
        rows.costs.clear();
        rows.wide.clear();
        for row in 0..batch.len {
            rows.days.push(batch.start[row].div_euclid(SECONDS_PER_DAY) as i32);
            rows.hours.push((batch.start[row] - batch.period_start[row]).div_euclid(SECONDS_PER_HOUR));
            let bill = self.bill(batch, row);
            rows.bills.push(bill);
            rows.kinds.push(self.kind(batch, row, bill));
            rows.products.push(self.product(batch, row, names));
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

    fn fold_daily(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        let accounts = batch.ids(Text::SubAccountId);
        let table = &mut self.ledger.daily;
        rows.daily_keys.clear();
        rows.daily_keys.extend((0..batch.len).map(|row| DailyKey {
            day: rows.days[row],
            account: accounts[row],
            product: rows.products[row],
            kind: rows.kinds[row],
        }));
        table.places(&rows.daily_keys, &mut rows.places);
        touch(rows.places.iter().map(|&place| table.at(place).rows));
        for row in 0..batch.len {
            add(table.at_mut(rows.places[row]), batch, rows, row);
        }
        for &row in &rows.wide {
            add_wide(table.at_mut(rows.places[row]), batch, row);
        }
    }

    fn fold_shared(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        let (accounts, services) = (batch.ids(Text::SubAccountId), batch.ids(Text::ServiceCode));
        let table = &mut self.ledger.shared;
        rows.shared_keys.clear();
        rows.shared_keys.extend((0..batch.len).map(|row| SharedKey {
            day: rows.days[row],
            bill: rows.bills[row],
            account: accounts[row],
            service: services[row],
            tags: batch.tags[row],
            cost_categories: batch.cost_categories[row],
        }));
        table.places(&rows.shared_keys, &mut rows.places);
        touch(rows.places.iter().map(|&place| table.at(place).rows));
        for row in 0..batch.len {
            add(table.at_mut(rows.places[row]), batch, rows, row);
        }
        for &row in &rows.wide {
            add_wide(table.at_mut(rows.places[row]), batch, row);
        }
    }

    fn fold_resources(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        let (accounts, resources) = (batch.ids(Text::SubAccountId), batch.ids(Text::ResourceId));
        let table = &mut self.ledger.resources;
        rows.resource_keys.clear();
        rows.resource_keys.extend((0..batch.len).map(|row| ResourceKey {
            bill: rows.bills[row],
            resource: resources[row],
            account: accounts[row],
            product: rows.products[row],
            tags: batch.tags[row],
            pricing: batch.pricing[row],
        }));
        table.places(&rows.resource_keys, &mut rows.places);
        touch(rows.places.iter().map(|&place| table.at(place).sums.rows));
        for row in 0..batch.len {
            let cell = table.at_mut(rows.places[row]);
            add(&mut cell.sums, batch, rows, row);
            let hour = rows.hours[row];
            if (0..MASK_HOURS).contains(&hour) && batch.quantity[row] != 0 {
                cell.hours[(hour / 64) as usize] |= 1 << (hour % 64);
            }
        }
        for &row in &rows.wide {
            add_wide(&mut table.at_mut(rows.places[row]).sums, batch, row);
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

    /// Counts split-cost rows of a batch, which belong to no sum.
    pub fn split(&mut self, batch: &ChargeBatch, file: &str, delivery: u32) {
        if batch.split.is_empty() {
            return;
        }
        let file = self.ledger.file(file, delivery);
        for row in &batch.split {
            let key = AuditKey { file, bill: u32::MAX, invoice: row.invoice, line_item_type: row.line_item_type };
            let cell = self.ledger.audit.cell(key);
            cell.rows += 1;
            cell.unblended += row.unblended;
        }
    }

    /// The ledger, with the names its ids are of.
    pub fn finish(mut self, names: Names, lossy_amounts: u64, key_collisions: Vec<String>) -> Ledger {
        self.ledger.spread_shared_of(&names);
        self.ledger.names = names;
        intern_words(&mut self.ledger.names);
        for (account, (day, name)) in self.account_names.into_iter().enumerate().filter(|(_, seen)| seen.1 != NONE) {
            self.ledger.settle_account_name(account as u32, day, name);
        }
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
        let start = batch.period_start[row];
        self.ledger.bills.place(key, || super::tables::BillCell { start, ..Default::default() })
    }

    #[inline]
    fn kind(&mut self, batch: &ChargeBatch, row: usize, bill: u32) -> u32 {
        let line_item_type = batch.line_item_type[row];
        let key = KindKey {
            bill,
            line_item_type: batch.ids(Text::LineItemType)[row],
            publisher: batch.ids(Text::PublisherName)[row],
            invoice: batch.ids(Text::InvoiceId)[row],
            pricing: batch.pricing[row],
            commitment_kind: batch.commitment_kind[row],
            commitment_status: batch.commitment_status[row],
        };
        let kind = self.ledger.kinds.place(key, || KindCell { line_item_type });
        if kind as usize >= self.kind_sums.len() {
            self.kind_sums.push(KindSums::default());
        }
        kind
    }

    #[inline]
    fn product(&mut self, batch: &ChargeBatch, row: usize, names: &SharedNames) -> u32 {
        let key = ProductKey {
            service: batch.ids(Text::ServiceCode)[row],
            usage_type: batch.ids(Text::UsageType)[row],
            operation: batch.ids(Text::Operation)[row],
            region: batch.ids(Text::RegionId)[row],
        };
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
            } else if batch.line_item_type[row].counts_usage() {
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

/// Looks at every cell of a batch once, so that memory brings them side by side and not one by one.
fn touch(cells: impl Iterator<Item = u32>) {
    std::hint::black_box(cells.fold(0, |all, rows| all ^ rows));
}

#[inline]
fn add(cell: &mut CostCell, batch: &ChargeBatch, rows: &Rows, row: usize) {
    cell.add_narrow(&rows.costs[row]);
    cell.quantity += batch.quantity[row];
    cell.rows += u32::from(row < batch.line_items);
    cell.list_rows += u32::from(batch.has_list_cost[row]);
}

fn add_wide(cell: &mut CostCell, batch: &ChargeBatch, row: usize) {
    cell.add_wide(&std::array::from_fn(|metric| batch.costs[metric][row]));
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
