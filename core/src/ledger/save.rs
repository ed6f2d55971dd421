//! A ledger as bytes, in its one order: the same rows give the same bytes, however they were gathered.

use std::collections::BTreeMap;
use std::io::Write;

use super::archive::Writer;
use super::by_day::{ByDay, Group};
use super::canonical::{Canonical, texts};
use super::keyed::Keyed;
use super::split_kept::save_split_costs;
use super::tables::{
    AllocationGroup, AuditKey, BillCell, CommitmentCell, CommitmentKey, CostCell, Costs, DailyGroup, IdentityCell,
    Ledger, MASK_WORDS, NegationKey, ProductKey, ResourceCell, ResourceKey, TermsKey,
};
use crate::error::{Error, Result};
use crate::schema::charges::{Metric, Text};
use crate::schema::names::TagSets;
use crate::schema::values::LineItemType;

type Written = std::io::Result<()>;

impl Ledger {
    /// The ledger as bytes, which [`Ledger::from_bytes`] reads. Equal ledgers have equal bytes: it does not matter how the
    /// rows were split, ordered, gathered and merged.
    ///
    /// # Errors
    /// [`Error::Ledger`] when a table is beyond what the format holds.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let fail = |error: std::io::Error| Error::Ledger { place: "a ledger".to_owned(), detail: error.to_string() };
        let mut writer = Writer::new(Vec::new()).map_err(fail)?;
        save(self, &mut writer).map_err(fail)?;
        Ok(writer.finish(serde_json::Value::Null).map_err(fail)?.0)
    }
}

/// Writes every table of a ledger.
pub(crate) fn save<W: Write>(ledger: &Ledger, out: &mut Writer<W>) -> Written {
    let order = Canonical::new(ledger);
    save_names(ledger, &order, out)?;
    save_dimensions(ledger, &order, out)?;
    save_bills(ledger, &order, out)?;
    save_daily(ledger, &order, out)?;
    save_allocation(ledger, &order, out)?;
    save_resources(ledger, &order, out)?;
    save_demand(ledger, &order, out)?;
    save_commitments(ledger, &order, out)?;
    save_split_costs(ledger, &order, out)?;
    save_audit(ledger, &order, out)
}

fn save_names<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    for &text in Text::ALL {
        out.put(&format!("names/{}", text.name()), order.texts_of(ledger, text).into_iter())?;
    }
    for (name, is_cost_category) in [("tags", false), ("cost_categories", true)] {
        let (sets, ranks): (&TagSets, _) = (ledger.sets(is_cost_category), order.sets(is_cost_category));
        out.put(&format!("{name}/keys"), texts(&sets.keys, &ranks.keys).into_iter())?;
        out.put(&format!("{name}/values"), texts(&sets.values, &ranks.values).into_iter())?;
        let in_order = ranks.in_order.iter().skip(1);
        out.put(&format!("{name}/set_len"), in_order.clone().map(|pairs| pairs.len() as u32))?;
        let pairs = in_order.flatten();
        out.put(&format!("{name}/set_key"), pairs.clone().map(|pair| pair.0))?;
        out.put(&format!("{name}/set_value"), pairs.map(|pair| pair.1))?;
    }
    Ok(())
}

/// Rows of a table in order of their keys in the one order.
fn sorted<K: Copy + Ord + std::hash::Hash, V>(table: &Keyed<K, V>, map: impl Fn(K) -> K) -> Vec<(K, &V)> {
    let mut rows: Vec<(K, &V)> = table.iter().map(|(key, cell)| (map(*key), cell)).collect();
    rows.sort_unstable_by_key(|row| row.0);
    rows
}

/// Writes fields of keys: `fields!(out, "table", rows, key => a, b)`.
macro_rules! fields {
    ($out:expr, $table:literal, $rows:expr, $($field:ident),* $(,)?) => {
        $($out.put(concat!($table, "/", stringify!($field)), $rows.iter().map(|(key, _)| key.$field))?;)*
    };
}

/// Writes counts of cells.
macro_rules! counts {
    ($out:expr, $table:literal, $rows:expr, $($field:ident),* $(,)?) => {
        $($out.put(concat!($table, "/", stringify!($field)), $rows.iter().map(|(_, cell)| cell.$field))?;)*
    };
}

/// Writes amounts of cells.
macro_rules! amounts {
    ($out:expr, $table:literal, $rows:expr, $($field:ident),* $(,)?) => {
        $($out.amounts(concat!($table, "/", stringify!($field)), $rows.iter().map(|(_, cell)| cell.$field))?;)*
    };
}

fn save_dimensions<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let products = sorted(&ledger.products, |key| order.product(key));
    fields!(out, "products", products, service, usage_type, operation, region);
    counts!(out, "products", products, eligible, zonal);
    let kinds = sorted(&ledger.kinds, |key| order.kind(key));
    fields!(out, "kinds", kinds, bill, line_item_type, publisher, invoice, pricing, commitment_kind, commitment_status,);
    out.put("kinds/charge", kinds.iter().map(|(key, _)| key.charge.byte()))?;
    let number = |kind: LineItemType| LineItemType::ALL.iter().position(|&known| known == kind).unwrap_or(0) as u32;
    out.put("kinds/cell", kinds.iter().map(|(_, cell)| number(cell.line_item_type)))?;
    let mut names: Vec<(u32, i32, u32)> = ledger
        .account_names
        .iter()
        .map(|(&account, &(day, name))| {
            (order.id(Text::SubAccountId, account), day, order.id(Text::SubAccountName, name))
        })
        .collect();
    names.sort_unstable();
    out.put("account_names/account", names.iter().map(|row| row.0))?;
    out.put("account_names/day", names.iter().map(|row| row.1))?;
    out.put("account_names/name", names.iter().map(|row| row.2))
}

fn save_mask<'a, W: Write>(
    out: &mut Writer<W>,
    table: &str,
    masks: impl Iterator<Item = &'a [u64; MASK_WORDS]> + Clone,
) -> Written {
    (0..MASK_WORDS).try_for_each(|word| out.put(&format!("{table}/hours_{word}"), masks.clone().map(|mask| mask[word])))
}

fn save_bills<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let bills = sorted(&ledger.bills, |key| order.bill(key));
    fields!(out, "bills", bills, payer, period, currency);
    counts!(out, "bills", bills, start, rows, focus_rows, invoiced_rows, net_rows, hourly_rows);
    amounts!(out, "bills", bills, discount);
    let cells = || bills.iter().map(|(_, cell)| *cell);
    out.put("bills/outside_rows", cells().map(|cell: &BillCell| cell.outside.0))?;
    out.amounts("bills/outside_unblended", cells().map(|cell| cell.outside.1))?;
    out.amounts("bills/gross", cells().map(|cell| cell.gross.0))?;
    out.amounts("bills/gross_discounts", cells().map(|cell| cell.gross.1))?;
    out.amounts("bills/net", cells().map(|cell| cell.net.0))?;
    out.amounts("bills/net_discounts", cells().map(|cell| cell.net.1))?;
    save_mask(out, "bills", cells().map(|cell| &cell.hours))
}

/// The groups of a table by day in order, each with its days in order.
type Days<'a, G, V> = Vec<(G, i32, Vec<(i32, &'a V)>)>;

fn days_in_order<G: Group + Ord, V: Default>(table: &ByDay<G, V>, map: impl Fn(G) -> G) -> Days<'_, G, V> {
    let mut outside: BTreeMap<u32, Vec<(i32, &V)>> = BTreeMap::new();
    table.outside().for_each(|(number, day, cell)| outside.entry(number).or_default().push((day, cell)));
    let mut groups: Days<'_, G, V> = table
        .groups()
        .map(|(number, group, first)| {
            let mut days: Vec<(i32, &V)> = table.days(number).collect();
            days.extend(outside.remove(&number).unwrap_or_default());
            days.sort_unstable_by_key(|day| day.0);
            (map(group), first, days)
        })
        .filter(|(_, _, days)| !days.is_empty())
        .collect();
    groups.sort_unstable_by_key(|group| group.0);
    groups
}

/// Writes what groups have in common apart from their keys, and their days.
fn save_days<G, V, W: Write>(out: &mut Writer<W>, table: &str, groups: &Days<'_, G, V>) -> Written {
    out.put(&format!("{table}/first"), groups.iter().map(|group| group.1))?;
    out.put(&format!("{table}/days"), groups.iter().map(|group| group.2.len() as u32))?;
    out.put(&format!("{table}/day"), groups.iter().flat_map(|group| &group.2).map(|day| day.0))
}

fn save_costs<'a, W: Write>(
    out: &mut Writer<W>,
    table: &str,
    cells: impl Iterator<Item = &'a Costs> + Clone,
) -> Written {
    for &metric in Metric::ALL {
        out.amounts(&format!("{table}/{}", metric.name()), cells.clone().map(|cell| cell.sum(metric)))?;
    }
    out.put(&format!("{table}/rows"), cells.clone().map(|cell| cell.rows))?;
    out.put(&format!("{table}/list_rows"), cells.map(|cell| cell.list_rows))
}

fn save_daily<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let groups = days_in_order(&ledger.daily, |group| DailyGroup {
        account: order.id(Text::SubAccountId, group.account),
        product: order.products[group.product as usize],
        kind: order.kinds[group.kind as usize],
    });
    out.put("daily/account", groups.iter().map(|group| group.0.account))?;
    out.put("daily/product", groups.iter().map(|group| group.0.product))?;
    out.put("daily/kind", groups.iter().map(|group| group.0.kind))?;
    save_days(out, "daily", &groups)?;
    let cells = || groups.iter().flat_map(|group| &group.2).map(|day| day.1);
    save_costs(out, "daily", cells().map(|cell: &CostCell| &cell.costs))?;
    out.amounts("daily/quantity", cells().map(|cell| cell.quantity))
}

fn save_allocation<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let groups = days_in_order(&ledger.allocation, |group| {
        let sets = order.sets(group.is_cost_category);
        AllocationGroup {
            bill: order.bills[group.bill as usize],
            account: order.id(Text::SubAccountId, group.account),
            service: order.id(Text::ServiceCode, group.service),
            key: sets.keys[group.key as usize],
            value: sets.values[group.value as usize],
            ..group
        }
    });
    out.put("allocation/bill", groups.iter().map(|group| group.0.bill))?;
    out.put("allocation/account", groups.iter().map(|group| group.0.account))?;
    out.put("allocation/service", groups.iter().map(|group| group.0.service))?;
    out.put("allocation/key", groups.iter().map(|group| group.0.key))?;
    out.put("allocation/value", groups.iter().map(|group| group.0.value))?;
    out.put("allocation/is_cost_category", groups.iter().map(|group| group.0.is_cost_category))?;
    save_days(out, "allocation", &groups)?;
    save_costs(out, "allocation", groups.iter().flat_map(|group| &group.2).map(|day| day.1))
}

fn save_resources<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let rows = sorted(&ledger.resources, |key| ResourceKey {
        bill: order.bills[key.bill as usize],
        resource: order.id(Text::ResourceId, key.resource),
        account: order.id(Text::SubAccountId, key.account),
        product: order.products[key.product as usize],
        tags: order.tags.sets[key.tags as usize],
        ..key
    });
    fields!(out, "resources", rows, bill, resource, account, product, tags, pricing);
    let cells = || rows.iter().map(|(_, cell): &(ResourceKey, &ResourceCell)| *cell);
    save_costs(out, "resources", cells().map(|cell| &cell.sums.costs))?;
    out.amounts("resources/quantity", cells().map(|cell| cell.sums.quantity))?;
    save_mask(out, "resources", cells().map(|cell| &cell.hours))
}

fn save_demand<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let series = sorted(&ledger.series, |key| order.one_series(key));
    fields!(out, "series", series, bill, account, product, zone, covered_by);
    let least = |rates: &Option<(i128, i128)>| rates.map_or(0, |rates| rates.0);
    let most = |rates: &Option<(i128, i128)>| rates.map_or(0, |rates| rates.1);
    out.put("series/has_rate", series.iter().map(|(_, rates)| rates.is_some()))?;
    out.amounts("series/rate_least", series.iter().map(|(_, rates)| least(rates)))?;
    out.amounts("series/rate_most", series.iter().map(|(_, rates)| most(rates)))?;
    let mut cells: Vec<(u32, i32, &super::tables::DemandCell)> =
        ledger.demand.iter().map(|((series, hour), cell)| (order.series[series as usize], hour, cell)).collect();
    cells.sort_unstable_by_key(|cell| (cell.0, cell.1));
    let mut lens = vec![0_u32; series.len()];
    cells.iter().for_each(|cell| lens[cell.0 as usize] += 1);
    out.put("demand/hours", lens.into_iter())?;
    out.put("demand/hour", cells.iter().map(|cell| cell.1))?;
    out.amounts("demand/quantity", cells.iter().map(|cell| cell.2.quantity()))?;
    out.amounts("demand/on_demand", cells.iter().map(|cell| cell.2.on_demand()))
}

fn save_commitments<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let arn = |id| order.id(Text::CommitmentDiscountId, id);
    let rows: Vec<(CommitmentKey, &CommitmentCell)> = sorted(&ledger.commitments, |key| CommitmentKey {
        bill: order.bills[key.bill as usize],
        arn: arn(key.arn),
        account: order.id(Text::SubAccountId, key.account),
        ..key
    });
    fields!(out, "commitments", rows, bill, arn, hour, account);
    amounts!(out, "commitments", rows, bought, used, unused, covered_on_demand, bought_units, used_units, unused_units,);
    let rows = sorted(&ledger.negation, |key| NegationKey {
        bill: order.bills[key.bill as usize],
        arn: arn(key.arn),
        operation: order.id(Text::Operation, key.operation),
        usage_type: order.id(Text::UsageType, key.usage_type),
        zone: order.id(Text::AvailabilityZone, key.zone),
        ..key
    });
    fields!(out, "negation", rows, bill, arn, operation, usage_type, zone, day);
    amounts!(out, "negation", rows, covered, negated, used);
    counts!(out, "negation", rows, rows);
    let rows = sorted(&ledger.terms, |key| TermsKey {
        arn: arn(key.arn),
        account: order.id(Text::SubAccountId, key.account),
        product: order.product(key.product),
    });
    fields!(out, "terms", rows, arn, account);
    let products = || rows.iter().map(|(key, _)| key.product);
    out.put("terms/service", products().map(|key: ProductKey| key.service))?;
    out.put("terms/usage_type", products().map(|key| key.usage_type))?;
    out.put("terms/operation", products().map(|key| key.operation))?;
    out.put("terms/region", products().map(|key| key.region))?;
    out.put("terms/starts", rows.iter().map(|(_, cell)| cell.starts.unwrap_or(i64::MIN)))?;
    out.put("terms/ends", rows.iter().map(|(_, cell)| cell.ends.unwrap_or(i64::MIN)))?;
    let rows: Vec<((u32, u32), &IdentityCell)> =
        sorted(&ledger.identity, |(bill, id)| (order.bills[bill as usize], arn(id)));
    out.put("identity/bill", rows.iter().map(|(key, _)| key.0))?;
    out.put("identity/arn", rows.iter().map(|(key, _)| key.1))?;
    amounts!(out, "identity", rows, unblended, amortized, amortized_upfront, upfront_fees, refunds);
    counts!(out, "identity", rows, rows);
    Ok(())
}

fn save_audit<W: Write>(ledger: &Ledger, order: &Canonical, out: &mut Writer<W>) -> Written {
    let mut files: Vec<_> = ledger.files.iter().collect();
    files.sort_by_key(|file| (&file.file, file.delivery));
    out.put("files/file", files.iter().map(|file| file.file.clone()))?;
    out.put("files/delivery", files.iter().map(|file| file.delivery))?;
    out.put("files/rows_read", files.iter().map(|file| file.rows_read))?;
    out.put("files/pages", files.iter().map(|file| file.pages.pages))?;
    out.put("files/pages_with_checksum", files.iter().map(|file| file.pages.with_checksum))?;
    let rows = sorted(&ledger.audit, |key| AuditKey {
        file: order.files[key.file as usize],
        bill: order.bill_place(key.bill),
        invoice: order.id(Text::InvoiceId, key.invoice),
        line_item_type: order.id(Text::LineItemType, key.line_item_type),
    });
    fields!(out, "audit", rows, file, bill, invoice, line_item_type);
    counts!(out, "audit", rows, rows, derived);
    amounts!(out, "audit", rows, unblended);
    let mut foreign: Vec<_> = ledger
        .foreign
        .iter()
        .map(|((file, provider, currency), cell)| ((order.files[*file as usize], provider, currency), cell))
        .collect();
    foreign.sort_by_key(|row| row.0);
    out.put("foreign/file", foreign.iter().map(|(key, _)| key.0))?;
    out.put("foreign/provider", foreign.iter().map(|(key, _)| key.1.clone()))?;
    out.put("foreign/currency", foreign.iter().map(|(key, _)| key.2.clone()))?;
    counts!(out, "foreign", foreign, rows);
    amounts!(out, "foreign", foreign, billed);
    let unreadable: Vec<_> = ledger.unreadable.iter().collect();
    out.put("unreadable/column", unreadable.iter().map(|(column, _)| (*column).clone()))?;
    out.put("unreadable/rows", unreadable.iter().map(|(_, found)| found.rows))?;
    out.put("unreadable/text", unreadable.iter().map(|(_, found)| found.text.clone()))?;
    out.put("notes/key_collision", ledger.key_collisions.iter().cloned())?;
    out.put("notes/repeat", ledger.repeats.iter().cloned())?;
    out.put("notes/lossy_amounts", std::iter::once(ledger.lossy_amounts))?;
    out.put("notes/undated", std::iter::once(ledger.undated))?;
    out.put("notes/without_contracted", std::iter::once(ledger.without_contracted))
}
