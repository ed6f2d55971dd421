//! Lines: rows that differ in time and amounts only go to the same places, which are found once for all of them.

use std::hash::{Hash, Hasher};

use super::gather::{Gatherer, Rows};
use super::keyed::{NOWHERE, blocks};
use super::spread::SharedGroup;
use super::tables::{DailyGroup, KindKey, ProductKey, ResourceKey, SeriesKey};
use crate::normalize::ChargeBatch;
use crate::schema::charges::Text;
use crate::schema::focus::ChargeKind;
use crate::schema::names::{NONE, SharedNames};
use crate::schema::values::{LineItemType, Pricing};

/// What the rows of a line have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineKey {
    bill: u32,
    account: u32,
    resource: u32,
    service: u32,
    usage_type: u32,
    operation: u32,
    region: u32,
    zone: u32,
    tags: u32,
    cost_categories: u32,
    line_item_type: u32,
    publisher: u32,
    invoice: u32,
    pricing: u8,
    commitment_kind: u8,
    commitment_status: u8,
    charge: ChargeKind,
}

/// Two by two: a row is hashed in half the steps.
impl Hash for LineKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let pairs = [
            (self.bill, self.account),
            (self.resource, self.service),
            (self.usage_type, self.operation),
            (self.region, self.zone),
            (self.tags, self.cost_categories),
            (self.line_item_type, self.publisher),
            (self.invoice, u32::from_le_bytes([self.pricing, self.commitment_kind, self.commitment_status, 0])),
        ];
        pairs.iter().for_each(|&(one, other)| state.write_u64(u64::from(one) << 32 | u64::from(other)));
        self.charge.hash(state);
    }
}

/// Where the rows of a line go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) kind: u32,
    /// A place in `resources`.
    pub(super) resource: u32,
    /// A group of `daily`.
    pub(super) daily: u32,
    /// A group of the sums that wait to be spread over tag keys.
    pub(super) shared: u32,
    /// A place in the series of demand, or nowhere when no commitment could cover the line.
    pub(super) series: u32,
    /// A place among the instances whose cost may be split, or nowhere.
    pub(super) parent: u32,
}

impl Default for Line {
    fn default() -> Self {
        Line { kind: NOWHERE, resource: NOWHERE, daily: NOWHERE, shared: NOWHERE, series: NOWHERE, parent: NOWHERE }
    }
}

fn line_keys<'a>(batch: &'a ChargeBatch, bills: &'a [u32]) -> impl Iterator<Item = LineKey> + 'a {
    let (accounts, resources) = (batch.ids(Text::SubAccountId), batch.ids(Text::ResourceId));
    let (services, usage_types) = (batch.ids(Text::ServiceCode), batch.ids(Text::UsageType));
    let (operations, regions) = (batch.ids(Text::Operation), batch.ids(Text::RegionId));
    let (zones, types) = (batch.ids(Text::AvailabilityZone), batch.ids(Text::LineItemType));
    let (publishers, invoices) = (batch.ids(Text::PublisherName), batch.ids(Text::InvoiceId));
    (0..batch.len).map(move |row| LineKey {
        bill: bills[row],
        account: accounts[row],
        resource: resources[row],
        service: services[row],
        usage_type: usage_types[row],
        operation: operations[row],
        region: regions[row],
        zone: zones[row],
        tags: batch.tags[row],
        cost_categories: batch.cost_categories[row],
        line_item_type: types[row],
        publisher: publishers[row],
        invoice: invoices[row],
        pricing: batch.pricing[row],
        commitment_kind: batch.commitment_kind[row],
        commitment_status: batch.commitment_status[row],
        charge: batch.kind[row],
    })
}

impl Gatherer {
    /// Finds the line of each row, and the cells of its day.
    pub(super) fn find_places(&mut self, batch: &ChargeBatch, names: &SharedNames, rows: &mut Rows) {
        rows.keys.clear();
        rows.keys.extend(line_keys(batch, &rows.bills));
        let known = self.lines.len() as u32;
        self.lines.places(&rows.keys, |key| key.bill ^ key.invoice, &mut rows.lines);
        for place in known..self.lines.len() as u32 {
            let line = self.line(self.lines.key(place), names);
            *self.lines.at_mut(place) = line;
        }
        rows.places.clear();
        rows.daily.clear();
        rows.shared.clear();
        for block in blocks(batch.len) {
            rows.places.extend(rows.lines[block.clone()].iter().map(|&line| *self.lines.at(line)));
            let days = || rows.places[block.clone()].iter().zip(&rows.days_in[block.clone()]);
            let (daily, shared) = (&mut self.ledger.daily, &mut self.shared.table);
            let from = rows.daily.len();
            rows.daily.extend(days().map(|(line, &day)| daily.known(line.daily, day)));
            rows.shared.extend(days().map(|(line, &day)| shared.known(line.shared, day)));
            for row in from..rows.daily.len() {
                let line = &rows.places[row];
                if rows.daily[row] == NOWHERE {
                    rows.daily[row] = daily.place(line.daily, rows.days[row]);
                }
                if rows.shared[row] == NOWHERE {
                    rows.shared[row] = shared.place(line.shared, rows.days[row]);
                }
            }
        }
    }

    /// Where the rows of a line go that is seen for the first time.
    fn line(&mut self, key: LineKey, names: &SharedNames) -> Line {
        let LineKey { bill, account, resource, service, tags, cost_categories, pricing, .. } = key;
        let kind_key = KindKey {
            bill,
            line_item_type: key.line_item_type,
            publisher: key.publisher,
            invoice: key.invoice,
            pricing,
            commitment_kind: key.commitment_kind,
            commitment_status: key.commitment_status,
            charge: key.charge,
        };
        let product_key =
            ProductKey { service, usage_type: key.usage_type, operation: key.operation, region: key.region };
        let line_item_type = names.with(|names| {
            LineItemType::from_name(names.get(Text::LineItemType, key.line_item_type).unwrap_or_default())
        });
        let kind = self.kind(kind_key, line_item_type);
        let product = self.product(product_key, names);
        let product_cell = *self.ledger.products.at(product);
        let first = self.ledger.bills.at(bill).first_day();
        let daily = DailyGroup { account, product, kind };
        let shared = SharedGroup { bill, account, service, tags, cost_categories };
        let could_be_covered = product_cell.eligible && key.charge.counts_usage() && pricing != Pricing::Dynamic as u8;
        let zone = if product_cell.zonal { key.zone } else { NONE };
        let series = SeriesKey { bill, account, product, zone, covered_by: key.commitment_kind };
        let may_be_split = key.charge.counts_usage() && self.follows(resource, product_key, names);
        let parents = &mut self.ledger.split_costs.parents;
        let parent = if may_be_split { parents.place((bill, resource), || 0) } else { NOWHERE };
        let resource = ResourceKey { bill, resource, account, product, tags, pricing };
        Line {
            kind,
            resource: self.ledger.resources.place(resource, Default::default),
            daily: self.ledger.daily.group(daily, first),
            shared: self.shared.group(shared, first, &mut self.ledger, names),
            series: if could_be_covered { self.ledger.series.place(series, || None) } else { NOWHERE },
            parent,
        }
    }
}
