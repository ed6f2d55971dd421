//! The fold: charge batches into the ledger, every row once, money as integers.

use super::tables::{
    AuditKey, BillKey, CommitmentCell, CommitmentKey, DailyKey, KindCell, KindKey, Ledger, MASK_WORDS, NegationKey,
    ProductCell, ProductKey, ResourceKey, SeriesKey, SharedKey,
};
use crate::normalize::ChargeBatch;
use crate::normalize::cur::Wanted;
use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::names::{NONE, Names};
use crate::schema::values::{CommitmentStatus, LineItemType, Pricing};

const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;
/// Sums by tag set are spread over tag keys when so many are there: it bounds memory, whatever the tag sets.
const SHARED_ENTRIES_MAX: usize = 1 << 17;

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

/// Folds batches of one normalizer into a ledger.
#[derive(Debug, Default)]
pub struct Gatherer {
    ledger: Ledger,
    kind_sums: Vec<KindSums>,
    /// By account id: the latest day with a name, and the name.
    account_names: Vec<(i32, u32)>,
}

impl Gatherer {
    /// Folds a batch whose ids are of `names`.
    pub fn fold(&mut self, batch: &ChargeBatch, names: &Names) {
        for row in 0..batch.len {
            self.fold_row(batch, row, names);
        }
        self.fold_terms(batch, names);
        if self.ledger.shared.len() >= SHARED_ENTRIES_MAX {
            self.ledger.spread_shared_of(names);
        }
    }

    /// Closes a file (or a row group of it): hands its sums to the tables that the certificate reads.
    pub fn close(&mut self, file: &str, delivery: u32) {
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
    fn fold_row(&mut self, batch: &ChargeBatch, row: usize, names: &Names) {
        let day = batch.start[row].div_euclid(SECONDS_PER_DAY) as i32;
        let hour = (batch.start[row] - batch.period_start[row]).div_euclid(SECONDS_PER_HOUR);
        let bill = self.bill(batch, row);
        let kind = self.kind(batch, row, bill, names);
        let product = self.product(batch, row, names);
        let account = batch.ids(Text::SubAccountId)[row];
        let costs: [i128; METRICS] = std::array::from_fn(|metric| batch.costs[metric][row]);
        let is_line_item = row < batch.line_items;
        let add = |cell: &mut super::tables::CostCell| {
            for (sum, cost) in cell.costs.iter_mut().zip(&costs) {
                *sum += cost;
            }
            cell.quantity += batch.quantity[row];
            cell.rows += u64::from(is_line_item);
            cell.list_rows += u64::from(batch.has_list_cost[row]);
        };
        let ledger = &mut self.ledger;
        add(ledger.daily.cell(DailyKey { day, account, product, kind }));
        add(ledger.shared.cell(SharedKey {
            day,
            bill,
            account,
            service: batch.ids(Text::ServiceCode)[row],
            tags: batch.tags[row],
            cost_categories: batch.cost_categories[row],
        }));
        let resource = ledger.resources.cell(ResourceKey {
            bill,
            resource: batch.ids(Text::ResourceId)[row],
            account,
            product,
            tags: batch.tags[row],
            pricing: batch.pricing[row],
        });
        add(&mut resource.sums);
        let in_period = (0..(MASK_WORDS * 64) as i64).contains(&hour);
        if in_period && batch.quantity[row] != 0 {
            resource.hours[(hour / 64) as usize] |= 1 << (hour % 64);
        }
        self.sum_kind(batch, row, kind, hour);
        self.fold_demand(batch, row, (bill, account, product), hour as i32);
        if batch.ids(Text::CommitmentDiscountId)[row] != NONE {
            self.fold_commitment(batch, row, bill, kind, hour as i32, day);
        }
        if is_line_item {
            self.see_account_name(batch, row, day, names);
        }
    }

    #[inline]
    fn bill(&mut self, batch: &ChargeBatch, row: usize) -> u32 {
        let key = BillKey {
            payer: batch.ids(Text::BillingAccountId)[row],
            period: batch.ids(Text::BillingPeriodStart)[row],
            currency: batch.ids(Text::BillingCurrency)[row],
        };
        let start = batch.period_start[row];
        self.ledger.bills.place(key, || super::tables::BillCell { start, ..Default::default() })
    }

    #[inline]
    fn kind(&mut self, batch: &ChargeBatch, row: usize, bill: u32, _names: &Names) -> u32 {
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
    fn product(&mut self, batch: &ChargeBatch, row: usize, names: &Names) -> u32 {
        let key = ProductKey {
            service: batch.ids(Text::ServiceCode)[row],
            usage_type: batch.ids(Text::UsageType)[row],
            operation: batch.ids(Text::Operation)[row],
            region: batch.ids(Text::RegionId)[row],
        };
        self.ledger.products.place(key, || product_cell(key, names))
    }

    #[inline]
    fn sum_kind(&mut self, batch: &ChargeBatch, row: usize, kind: u32, hour: i64) {
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
            let in_period =
                (0..(MASK_WORDS * 64) as i64).contains(&hour) && hour < hours_in_period(batch.period_start[row]);
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

    #[inline]
    fn fold_demand(&mut self, batch: &ChargeBatch, row: usize, (bill, account, product): (u32, u32, u32), hour: i32) {
        let kind = batch.line_item_type[row];
        let cell = *self.ledger.products.at_mut(product);
        if !cell.eligible
            || !kind.counts_usage()
            || batch.pricing[row] == Pricing::Dynamic as u8
            || row >= batch.line_items
        {
            return;
        }
        let zone = if cell.zonal { batch.ids(Text::AvailabilityZone)[row] } else { NONE };
        let key = SeriesKey { bill, account, product, zone, covered_by: batch.commitment_kind[row] };
        let series = self.ledger.series.place(key, || None);
        if let Some(rate) = batch.rate[row].or_else(|| reserved_rate(batch, row)) {
            let rates = self.ledger.series.at_mut(series);
            *rates = Some(rates.map_or((rate, rate), |(least, greatest)| (least.min(rate), greatest.max(rate))));
        }
        let on_demand = match kind {
            LineItemType::DiscountedUsage => batch.cost(Metric::ListCost)[row],
            _ => batch.cost(Metric::UnblendedCost)[row],
        };
        let hour = self.ledger.demand.cell((series, hour));
        hour.quantity += batch.quantity[row];
        hour.on_demand += on_demand;
    }

    fn fold_commitment(&mut self, batch: &ChargeBatch, row: usize, bill: u32, _kind: u32, hour: i32, day: i32) {
        let arn = batch.ids(Text::CommitmentDiscountId)[row];
        let kind = batch.line_item_type[row];
        let unblended = batch.cost(Metric::UnblendedCost)[row];
        let amortized = batch.cost(Metric::AmortizedCost)[row];
        let identity = self.ledger.identity.cell((bill, arn));
        identity.unblended += unblended;
        identity.amortized += amortized;
        identity.rows += u64::from(row < batch.line_items);
        if batch.commitment_status[row] == CommitmentStatus::Used as u8 {
            let account = batch.ids(Text::SubAccountId)[row];
            let used = CommitmentCell {
                used: amortized,
                used_units: if kind == LineItemType::DiscountedUsage { batch.units[row] } else { 0 },
                covered_on_demand: match kind {
                    LineItemType::DiscountedUsage => batch.cost(Metric::ListCost)[row],
                    _ => unblended,
                },
                ..CommitmentCell::default()
            };
            self.ledger.commitments.cell(CommitmentKey { bill, arn, hour, account }).absorb(&used);
        }
        if matches!(kind, LineItemType::SavingsPlanCoveredUsage | LineItemType::SavingsPlanNegation) {
            let cell = self.ledger.negation.cell(NegationKey {
                bill,
                arn,
                operation: batch.ids(Text::Operation)[row],
                usage_type: batch.ids(Text::UsageType)[row],
                zone: batch.ids(Text::AvailabilityZone)[row],
                day,
            });
            cell.rows += 1;
            match kind {
                LineItemType::SavingsPlanNegation => cell.negated += unblended,
                _ => cell.covered += unblended,
            }
        }
    }

    /// Fee rows: what was bought and unused, and the terms of the identity.
    fn fold_terms(&mut self, batch: &ChargeBatch, _names: &Names) {
        for terms in &batch.terms {
            let row = terms.row;
            let bill = self.bill(batch, row);
            let arn = batch.ids(Text::CommitmentDiscountId)[row];
            let identity = self.ledger.identity.cell((bill, arn));
            identity.amortized_upfront += terms.amortized_upfront;
            identity.upfront_fees += terms.upfront_fee;
            identity.refunds += terms.refund;
            if terms.bought == 0 && terms.unused == 0 && terms.bought_units == 0 {
                continue;
            }
            let hour = (batch.start[row] - batch.period_start[row]).div_euclid(SECONDS_PER_HOUR) as i32;
            let account = batch.ids(Text::SubAccountId)[row];
            let bought = CommitmentCell {
                bought: terms.bought,
                unused: terms.unused,
                bought_units: terms.bought_units,
                unused_units: terms.unused_units,
                ..CommitmentCell::default()
            };
            self.ledger.commitments.cell(CommitmentKey { bill, arn, hour, account }).absorb(&bought);
        }
    }

    /// Remembers an account's name on the latest day; of several on one day the greatest text.
    fn see_account_name(&mut self, batch: &ChargeBatch, row: usize, day: i32, names: &Names) {
        let name = batch.ids(Text::SubAccountName)[row];
        if name == NONE {
            return;
        }
        let account = batch.ids(Text::SubAccountId)[row] as usize;
        if account >= self.account_names.len() {
            self.account_names.resize(account + 1, (i32::MIN, NONE));
        }
        let seen = &mut self.account_names[account];
        let text = |name| names.get(Text::SubAccountName, name);
        if day > seen.0 || (day == seen.0 && name != seen.1 && text(name) > text(seen.1)) {
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

/// What a reserved hour cost, from its effective cost; rounded half to even.
fn reserved_rate(batch: &ChargeBatch, row: usize) -> Option<i128> {
    let reserved = batch.line_item_type[row] == LineItemType::DiscountedUsage && batch.quantity[row] != 0;
    let cost = batch.cost(Metric::AmortizedCost)[row];
    reserved.then(|| crate::schema::money::scale_by(cost, 1_000_000_000_000_000, batch.quantity[row])).flatten()
}

/// Hours of the month that starts at this instant.
pub fn hours_in_period(start: i64) -> i64 {
    use chrono::{Datelike, Months};
    let Some(first) = chrono::DateTime::from_timestamp(start, 0) else { return 744 };
    let date = first.date_naive().with_day(1).unwrap_or_default();
    let next = date.checked_add_months(Months::new(1)).unwrap_or(date);
    next.signed_duration_since(date).num_hours()
}

/// Whether reservations or Savings Plans could cover a product: by the services they are sold for and the usage
/// types that their price lists name. Data transfer and Spot are never covered.
fn product_cell(key: ProductKey, names: &Names) -> ProductCell {
    let service = names.get(Text::ServiceCode, key.service).unwrap_or_default();
    let usage_type = names.get(Text::UsageType, key.usage_type).unwrap_or_default();
    let operation = names.get(Text::Operation, key.operation).unwrap_or_default();
    let has = |parts: &[&str]| parts.iter().any(|part| usage_type.contains(part));
    let instance = has(&["BoxUsage", "DedicatedUsage", "HostBoxUsage", "UnusedBox", "UnusedDed"]);
    let eligible = match service {
        "AmazonEC2" => instance && operation.starts_with("RunInstances"),
        "AWSLambda" => has(&["Lambda-GB-Second", "Lambda-Provisioned", "Request"]),
        "AmazonECS" | "AmazonEKS" => has(&["Fargate"]),
        "AmazonRDS" | "AmazonDocDB" | "AmazonNeptune" => {
            has(&["InstanceUsage", "Multi-AZUsage", "Multi-AZClusterUsage", "ServerlessUsage"])
        }
        "AmazonElastiCache" | "AmazonMemoryDB" => has(&["NodeUsage"]),
        "AmazonES" => has(&["ESInstance"]),
        "AmazonRedshift" => has(&["Node:"]),
        "AmazonDynamoDB" => has(&["ReadCapacityUnit", "WriteCapacityUnit"]),
        "AmazonSageMaker" => has(&["ml."]),
        _ => false,
    };
    ProductCell { eligible, zonal: service == "AmazonEC2" }
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
