//! A ledger from its bytes: what `save` wrote, and nothing that it could not have written.

use super::archive::{Place, Reader};
use super::by_day::{ByDay, Group};
use super::columns::{Amounts, Read};
use super::keyed::Keyed;
use super::load_commitments::load_commitments;
use super::load_names::load_names;
use super::split_kept::load_split_costs;
use super::tables::{
    AllocationGroup, AuditCell, AuditKey, BillCell, BillKey, CostCell, Costs, DailyGroup, FoldedFile, ForeignCell,
    KindCell, KindKey, Ledger, MASK_WORDS, ProductCell, ProductKey, ResourceCell, ResourceKey, SeriesKey,
};
use crate::error::{Error, Result};
use crate::ingest::pages::PageCount;
use crate::normalize::Unreadable;
use crate::schema::charges::{METRICS, Metric, Text};
use crate::schema::focus::ChargeKind;
use crate::schema::values::{LineItemType, Pricing};

impl Ledger {
    /// The ledger of bytes that [`Ledger::to_bytes`] made. Ledgers of parts of a bill add up by [`Ledger::merge`].
    ///
    /// # Errors
    /// [`Error::Ledger`] for bytes that are none, not whole, damaged, or of another version's format.
    pub fn from_bytes(bytes: impl Into<bytes::Bytes>) -> Result<Ledger> {
        let load = |bytes| load(&Reader::open(Place::Bytes(bytes))?);
        load(bytes.into()).map_err(|detail| Error::Ledger { place: "these bytes".to_owned(), detail })
    }
}

/// A table's column, which must be as long as its others.
pub(super) fn column<T: super::columns::Value>(
    saved: &Reader,
    table: &str,
    name: &str,
    len: &mut Option<usize>,
) -> Read<Vec<T>> {
    let values = saved.take(&format!("{table}/{name}"))?;
    match *len {
        Some(len) if len != values.len() => Err(format!("{table}/{name} has {} rows, and {len} are due", values.len())),
        _ => {
            *len = Some(values.len());
            Ok(values)
        }
    }
}

/// A table's amounts, which must be as many as are due.
pub(super) fn amounts(saved: &Reader, table: &str, name: &str, len: usize) -> Read<Amounts> {
    let amounts = saved.take_amounts(&format!("{table}/{name}"))?;
    match amounts.len() == len {
        true => Ok(amounts),
        false => Err(format!("{table}/{name} has {} rows, and {len} are due", amounts.len())),
    }
}

/// Reads columns of one length, each into a name of its own, and their length.
macro_rules! columns {
    ($saved:expr, $table:literal, $len:ident; $($field:ident: $type:ty),* $(,)?) => {
        let mut len = None;
        $(let $field: Vec<$type> = column($saved, $table, stringify!($field), &mut len)?;)*
        let $len = len.unwrap_or(0);
    };
}

macro_rules! amount_columns {
    ($saved:expr, $table:literal, $len:expr, $($field:ident),* $(,)?) => {
        $(let $field = amounts($saved, $table, stringify!($field), $len)?;)*
    };
}

pub(super) use {amount_columns, columns};

/// Refuses an id beyond what it is a place in.
pub(super) fn within(what: &str, ids: &[u32], len: usize) -> Read<()> {
    match ids.iter().find(|&&id| id as usize >= len) {
        Some(id) => Err(format!("{what} {id} is not one of {len}")),
        None => Ok(()),
    }
}

pub(super) fn keyed<K: Copy + Eq + std::hash::Hash, V>(table: &mut Keyed<K, V>, key: K, cell: V) -> Read<()> {
    let due = table.len() as u32;
    let mut cell = Some(cell);
    let place = table.place(key, || cell.take().unwrap_or_else(|| unreachable!("it is taken once")));
    if place == due { Ok(()) } else { Err("a key is there twice".to_owned()) }
}

/// Reads every table.
///
/// # Errors
/// What `save` did not write.
pub(crate) fn load(saved: &Reader) -> Read<Ledger> {
    let mut ledger = Ledger::default();
    load_names(saved, &mut ledger.names, Text::ALL)?;
    load_bills(saved, &mut ledger)?;
    load_dimensions(saved, &mut ledger)?;
    load_account_names(saved, &mut ledger)?;
    load_daily(saved, &mut ledger)?;
    load_allocation(saved, &mut ledger)?;
    load_resources(saved, &mut ledger)?;
    load_demand(saved, &mut ledger)?;
    load_commitments(saved, &mut ledger)?;
    load_split_costs(saved, &mut ledger)?;
    load_audit(saved, &mut ledger)?;
    Ok(ledger)
}

fn masks(saved: &Reader, table: &str, len: usize) -> Read<Vec<[u64; MASK_WORDS]>> {
    let mut masks = vec![[0; MASK_WORDS]; len];
    for word in 0..MASK_WORDS {
        let words = column::<u64>(saved, table, &format!("hours_{word}"), &mut Some(len))?;
        masks.iter_mut().zip(words).for_each(|(mask, bits)| mask[word] = bits);
    }
    Ok(masks)
}

/// Reads the bills.
pub(super) fn load_bills(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "bills", rows_len; payer: u32, period: u32, currency: u32, start: i64, rows: u64, focus_rows: u64,
        invoiced_rows: u64, net_rows: u64, hourly_rows: u64, outside_rows: u64,
    );
    amount_columns!(saved, "bills", rows_len, discount, outside_unblended, gross, gross_discounts, net, net_discounts,);
    let hours = masks(saved, "bills", rows_len)?;
    within("payer", &payer, ledger.names.pool(Text::BillingAccountId).len())?;
    within("period", &period, ledger.names.pool(Text::BillingPeriodStart).len())?;
    within("currency", &currency, ledger.names.pool(Text::BillingCurrency).len())?;
    for at in 0..rows_len {
        let key = BillKey { payer: payer[at], period: period[at], currency: currency[at] };
        let cell = BillCell {
            start: start[at],
            rows: rows[at],
            focus_rows: focus_rows[at],
            invoiced_rows: invoiced_rows[at],
            outside: (outside_rows[at], outside_unblended.at(at)),
            net_rows: net_rows[at],
            gross: (gross.at(at), gross_discounts.at(at)),
            net: (net.at(at), net_discounts.at(at)),
            discount: discount.at(at),
            hourly_rows: hourly_rows[at],
            hours: hours[at],
        };
        keyed(&mut ledger.bills, key, cell)?;
    }
    Ok(())
}

/// Reads products and kinds.
pub(super) fn load_dimensions(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "products", rows_len; service: u32, usage_type: u32, operation: u32, region: u32, eligible: bool, zonal: bool,
    );
    for at in 0..rows_len {
        let key = ProductKey {
            service: service[at],
            usage_type: usage_type[at],
            operation: operation[at],
            region: region[at],
        };
        keyed(&mut ledger.products, key, ProductCell { eligible: eligible[at], zonal: zonal[at] })?;
    }
    columns!(
        saved, "kinds", rows_len; bill: u32, line_item_type: u32, publisher: u32, invoice: u32, pricing: u8, commitment_kind: u8,
        commitment_status: u8, charge: u8, cell: u32,
    );
    within("bill", &bill, ledger.bills.len())?;
    for at in 0..rows_len {
        let charge = ChargeKind::of_byte(charge[at]).ok_or_else(|| format!("{} is no kind of charge", charge[at]))?;
        let kind = LineItemType::ALL.get(cell[at] as usize);
        let line_item_kind = *kind.ok_or_else(|| format!("{} is no line item type", cell[at]))?;
        if usize::from(pricing[at]) >= Pricing::ALL.len() || commitment_kind[at] > 2 || commitment_status[at] > 2 {
            return Err("a kind of charge is beyond what there is".to_owned());
        }
        let key = KindKey {
            bill: bill[at],
            line_item_type: line_item_type[at],
            publisher: publisher[at],
            invoice: invoice[at],
            pricing: pricing[at],
            commitment_kind: commitment_kind[at],
            commitment_status: commitment_status[at],
            charge,
        };
        keyed(&mut ledger.kinds, key, KindCell { line_item_type: line_item_kind })?;
    }
    Ok(())
}

fn load_account_names(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(saved, "account_names", rows_len; account: u32, day: i32, name: u32);
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("account name", &name, ledger.names.pool(Text::SubAccountName).len())?;
    (0..rows_len).try_for_each(|at| keyed(&mut ledger.account_names, account[at], (day[at], name[at])))
}

/// Columns of costs.
pub(super) struct CostColumns {
    sums: Vec<Amounts>,
    rows: Vec<u32>,
    list_rows: Vec<u32>,
}

impl CostColumns {
    fn load(saved: &Reader, table: &str, len: usize) -> Read<CostColumns> {
        let sums = Metric::ALL.iter().map(|metric| amounts(saved, table, metric.name(), len));
        Ok(CostColumns {
            sums: sums.collect::<Read<Vec<Amounts>>>()?,
            rows: column(saved, table, "rows", &mut Some(len))?,
            list_rows: column(saved, table, "list_rows", &mut Some(len))?,
        })
    }

    fn at(&self, row: usize) -> Costs {
        let sums: [i128; METRICS] = std::array::from_fn(|metric| self.sums[metric].at(row));
        Costs::of(&sums, self.rows[row], self.list_rows[row])
    }
}

/// What groups have in common, and their days: the start of each group's days is at its number.
pub(super) struct DayColumns {
    pub(super) first: Vec<i32>,
    pub(super) days: Vec<u32>,
    pub(super) day: Vec<i32>,
}

impl DayColumns {
    pub(super) fn load(saved: &Reader, table: &str, groups: usize) -> Read<DayColumns> {
        let first = column(saved, table, "first", &mut Some(groups))?;
        let days: Vec<u32> = column(saved, table, "days", &mut Some(groups))?;
        let day: Vec<i32> = saved.take(&format!("{table}/day"))?;
        let due: u64 = days.iter().map(|&days| u64::from(days)).sum();
        match due == day.len() as u64 {
            true => Ok(DayColumns { first, days, day }),
            false => Err(format!("{table}: {due} days are due, and {} are there", day.len())),
        }
    }

    fn fill<G: Group, V: Default>(
        &self,
        table: &mut ByDay<G, V>,
        group: impl Fn(usize) -> G,
        cell: impl Fn(usize) -> V,
    ) -> Read<()> {
        let mut row = 0;
        for (at, (&first, &days)) in self.first.iter().zip(&self.days).enumerate() {
            let number = table.group(group(at), first);
            if number as usize != at {
                return Err("a group is there twice".to_owned());
            }
            for _ in 0..days {
                *table.cell(number, self.day[row]) = cell(row);
                row += 1;
            }
        }
        if table.len() == row { Ok(()) } else { Err("a day is there twice".to_owned()) }
    }
}

fn load_daily(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(saved, "daily", rows_len; account: u32, product: u32, kind: u32);
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("product", &product, ledger.products.len())?;
    within("kind", &kind, ledger.kinds.len())?;
    let days = DayColumns::load(saved, "daily", rows_len)?;
    let costs = CostColumns::load(saved, "daily", days.day.len())?;
    let quantity = amounts(saved, "daily", "quantity", days.day.len())?;
    days.fill(
        &mut ledger.daily,
        |at| DailyGroup { account: account[at], product: product[at], kind: kind[at] },
        |row| CostCell { costs: costs.at(row), quantity: quantity.at(row) },
    )
}

fn load_allocation(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "allocation", rows_len; bill: u32, account: u32, service: u32, key: u32, value: u32, is_cost_category: bool,
    );
    within("bill", &bill, ledger.bills.len())?;
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("service", &service, ledger.names.pool(Text::ServiceCode).len())?;
    for at in 0..rows_len {
        let sets = ledger.sets(is_cost_category[at]);
        within("tag key", &key[at..=at], sets.keys.len())?;
        within("tag value", &value[at..=at], sets.values.len())?;
    }
    let days = DayColumns::load(saved, "allocation", rows_len)?;
    let costs = CostColumns::load(saved, "allocation", days.day.len())?;
    let group = |at: usize| AllocationGroup {
        bill: bill[at],
        account: account[at],
        service: service[at],
        key: key[at],
        value: value[at],
        is_cost_category: is_cost_category[at],
    };
    days.fill(&mut ledger.allocation, group, |row| costs.at(row))?;
    for at in (0..rows_len).filter(|&at| key[at] != crate::schema::names::NONE) {
        ledger.see_value((bill[at], key[at], is_cost_category[at]), value[at]);
    }
    // What has too many values was kept by period when it was saved.
    ledger.narrowing = false;
    Ok(())
}

fn load_resources(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "resources", rows_len; bill: u32, resource: u32, account: u32, product: u32, tags: u32, pricing: u8,
    );
    within("bill", &bill, ledger.bills.len())?;
    within("resource", &resource, ledger.names.pool(Text::ResourceId).len())?;
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("product", &product, ledger.products.len())?;
    within("tag set", &tags, ledger.names.tags.len())?;
    if pricing.iter().any(|&pricing| usize::from(pricing) >= Pricing::ALL.len()) {
        return Err("a pricing category is beyond what there is".to_owned());
    }
    let costs = CostColumns::load(saved, "resources", rows_len)?;
    let quantity = amounts(saved, "resources", "quantity", rows_len)?;
    let hours = masks(saved, "resources", rows_len)?;
    for at in 0..rows_len {
        let key = ResourceKey {
            bill: bill[at],
            resource: resource[at],
            account: account[at],
            product: product[at],
            tags: tags[at],
            pricing: pricing[at],
        };
        let sums = CostCell { costs: costs.at(at), quantity: quantity.at(at) };
        keyed(&mut ledger.resources, key, ResourceCell { sums, hours: hours[at] })?;
    }
    Ok(())
}

fn load_demand(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "series", rows_len; bill: u32, account: u32, product: u32, zone: u32, covered_by: u8, has_rate: bool,
    );
    within("bill", &bill, ledger.bills.len())?;
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("product", &product, ledger.products.len())?;
    within("zone", &zone, ledger.names.pool(Text::AvailabilityZone).len())?;
    if covered_by.iter().any(|&kind| kind > 2) {
        return Err("a kind of commitment is beyond what there is".to_owned());
    }
    amount_columns!(saved, "series", rows_len, rate_least, rate_most);
    for at in 0..rows_len {
        let key = SeriesKey {
            bill: bill[at],
            account: account[at],
            product: product[at],
            zone: zone[at],
            covered_by: covered_by[at],
        };
        keyed(&mut ledger.series, key, has_rate[at].then(|| (rate_least.at(at), rate_most.at(at))))?;
    }
    let hours: Vec<u32> = column(saved, "demand", "hours", &mut Some(rows_len))?;
    let hour: Vec<i32> = saved.take("demand/hour")?;
    let due: u64 = hours.iter().map(|&hours| u64::from(hours)).sum();
    if due != hour.len() as u64 {
        return Err(format!("demand: {due} hours are due, and {} are there", hour.len()));
    }
    amount_columns!(saved, "demand", hour.len(), quantity, on_demand);
    let mut row = 0;
    for (series, &hours) in hours.iter().enumerate() {
        for _ in 0..hours {
            ledger.demand.cell(series as u32, hour[row]).add_usage(quantity.at(row), on_demand.at(row));
            row += 1;
        }
    }
    if ledger.demand.len() == row { Ok(()) } else { Err("an hour of demand is there twice".to_owned()) }
}

/// Reads what the certificate rests on.
pub(super) fn load_audit(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    let mut len = None;
    let file: Vec<String> = column(saved, "files", "file", &mut len)?;
    let delivery: Vec<u32> = column(saved, "files", "delivery", &mut len)?;
    let rows_read: Vec<u64> = column(saved, "files", "rows_read", &mut len)?;
    let pages: Vec<u64> = column(saved, "files", "pages", &mut len)?;
    let with_checksum: Vec<u64> = column(saved, "files", "pages_with_checksum", &mut len)?;
    let pages = pages.into_iter().zip(with_checksum).map(|(pages, with_checksum)| PageCount { pages, with_checksum });
    let files = file.into_iter().zip(delivery).zip(rows_read).zip(pages);
    let file = |(((file, delivery), rows_read), pages)| FoldedFile { file, delivery, rows_read, pages };
    ledger.files = files.map(file).collect();
    columns!(
        saved, "audit", rows_len; file: u32, bill: u32, invoice: u32, line_item_type: u32, rows: u64, derived: u64,
    );
    within("file", &file, ledger.files.len())?;
    amount_columns!(saved, "audit", rows_len, unblended);
    for at in 0..rows_len {
        let key = AuditKey { file: file[at], bill: bill[at], invoice: invoice[at], line_item_type: line_item_type[at] };
        if key.bill != u32::MAX {
            within("bill", &bill[at..=at], ledger.bills.len())?;
        }
        let cell = AuditCell { rows: rows[at], derived: derived[at], unblended: unblended.at(at) };
        keyed(&mut ledger.audit, key, cell)?;
    }
    columns!(saved, "foreign", rows_len; file: u32, provider: String, currency: String, rows: u64);
    within("file", &file, ledger.files.len())?;
    amount_columns!(saved, "foreign", rows_len, billed);
    for (at, (provider, currency)) in provider.into_iter().zip(currency).enumerate() {
        let cell = ForeignCell { rows: rows[at], billed: billed.at(at) };
        ledger.foreign.insert((file[at], provider, currency), cell);
    }
    let mut len = None;
    let columns: Vec<String> = column(saved, "unreadable", "column", &mut len)?;
    let rows: Vec<u64> = column(saved, "unreadable", "rows", &mut len)?;
    let texts: Vec<String> = column(saved, "unreadable", "text", &mut len)?;
    let found = rows.into_iter().zip(texts).map(|(rows, text)| Unreadable { rows, text });
    ledger.unreadable = columns.into_iter().zip(found).collect();
    ledger.key_collisions = saved.take::<String>("notes/key_collision")?.into_iter().collect();
    ledger.repeats = saved.take::<String>("notes/repeat")?.into_iter().collect();
    let one = |name: &str| saved.take::<u64>(name)?.first().copied().ok_or_else(|| format!("{name} is empty"));
    ledger.lossy_amounts = one("notes/lossy_amounts")?;
    ledger.undated = one("notes/undated")?;
    ledger.without_contracted = one("notes/without_contracted")?;
    Ok(())
}
