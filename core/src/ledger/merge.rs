//! Ledgers add: sums add, masks or, ranges widen, attributes settle; the order does not matter.

use super::tables::{
    AllocationGroup, AuditKey, BillKey, CommitmentKey, DailyGroup, KindKey, Ledger, NegationKey, ProductKey,
    ResourceKey, SeriesKey, TermsKey, or_mask,
};
use crate::normalize::cur::absorb_unreadable;
use crate::schema::charges::Text;
use crate::schema::names::Remap;

/// How the places of one ledger read in another.
struct Places {
    names: Remap,
    bills: Vec<u32>,
    products: Vec<u32>,
    kinds: Vec<u32>,
    series: Vec<u32>,
    files: Vec<u32>,
}

impl Ledger {
    /// Adds another ledger of other rows: months add, files add, machines add.
    pub fn merge(&mut self, mut other: Ledger) {
        if self.bills.is_empty() && self.audit.is_empty() && self.files.is_empty() {
            *self = other;
            return;
        }
        let places = self.places(&other);
        self.merge_costs(&mut other, &places);
        self.merge_commitments(&mut other, &places);
        self.lossy_amounts += other.lossy_amounts;
        self.key_collisions.append(&mut other.key_collisions);
        self.repeats.append(&mut other.repeats);
        self.without_contracted += other.without_contracted;
        self.undated += other.undated;
        for ((file, provider, currency), cell) in std::mem::take(&mut other.foreign) {
            self.add_foreign((places.files[file as usize], provider, currency), cell);
        }
        for (column, found) in &other.unreadable {
            absorb_unreadable(&mut self.unreadable, column, found);
        }
        self.narrow();
    }

    fn places(&mut self, other: &Ledger) -> Places {
        let names = self.names.absorb(&other.names);
        let bills = other.bills.iter().map(|(key, cell)| {
            let key = BillKey {
                payer: names.id(Text::BillingAccountId, key.payer),
                period: names.id(Text::BillingPeriodStart, key.period),
                currency: names.id(Text::BillingCurrency, key.currency),
            };
            let place = self.bills.place(key, Default::default);
            self.bills.at_mut(place).absorb(cell);
            place
        });
        let bills: Vec<u32> = bills.collect();
        let products = other.products.iter().map(|(key, cell)| self.products.place(product(&names, key), || *cell));
        let products: Vec<u32> = products.collect();
        let kinds = other.kinds.iter().map(|(key, cell)| {
            let key = KindKey {
                bill: bills[key.bill as usize],
                line_item_type: names.id(Text::LineItemType, key.line_item_type),
                publisher: names.id(Text::PublisherName, key.publisher),
                invoice: names.id(Text::InvoiceId, key.invoice),
                ..*key
            };
            self.kinds.place(key, || *cell)
        });
        let kinds: Vec<u32> = kinds.collect();
        let series = other.series.iter().map(|(key, rates)| {
            let key = SeriesKey {
                bill: bills[key.bill as usize],
                account: names.id(Text::SubAccountId, key.account),
                product: products[key.product as usize],
                zone: names.id(Text::AvailabilityZone, key.zone),
                ..*key
            };
            let place = self.series.place(key, || None);
            let mine = self.series.at_mut(place);
            *mine = match (*mine, *rates) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
            place
        });
        let series: Vec<u32> = series.collect();
        let files = other.files.iter().map(|file| {
            let number = self.file(&file.file, file.delivery);
            self.files[number as usize].rows_read += file.rows_read;
            self.files[number as usize].pages.add(file.pages);
            number
        });
        let files = files.collect();
        for (&account, &(day, name)) in other.account_names.iter() {
            let (account, name) = (names.id(Text::SubAccountId, account), names.id(Text::SubAccountName, name));
            self.settle_account_name(account, day, name);
        }
        Places { names, bills, products, kinds, series, files }
    }

    /// Keeps the name with the latest day, and of several on one day the greatest text.
    pub(super) fn settle_account_name(&mut self, account: u32, day: i32, name: u32) {
        let place = self.account_names.place(account, || (day, name));
        let pool = self.names.pool(Text::SubAccountName);
        let known = *self.account_names.at_mut(place);
        if (day, pool.get(name)) > (known.0, pool.get(known.1)) {
            *self.account_names.at_mut(place) = (day, name);
        }
    }

    fn merge_costs(&mut self, other: &mut Ledger, places: &Places) {
        let names = &places.names;
        let (mut daily, mut allocation) = (Vec::new(), Vec::new());
        for (number, group, first) in other.daily.groups() {
            let group = DailyGroup {
                account: names.id(Text::SubAccountId, group.account),
                product: places.products[group.product as usize],
                kind: places.kinds[group.kind as usize],
            };
            let mine = self.daily.group(group, first);
            for (day, cell) in other.daily.days(number) {
                self.daily.cell(mine, day).add(cell);
            }
            daily.push(mine);
        }
        for (number, day, cell) in other.daily.outside() {
            self.daily.cell(daily[number as usize], day).add(cell);
        }
        let keys = [
            self.names.tags.keys.absorb(&other.names.tags.keys),
            self.names.cost_categories.keys.absorb(&other.names.cost_categories.keys),
        ];
        let values = [
            self.names.tags.values.absorb(&other.names.tags.values),
            self.names.cost_categories.values.absorb(&other.names.cost_categories.values),
        ];
        for ((bill, key, is_cost_category), value) in other.values_seen.drain() {
            let which = usize::from(is_cost_category);
            let key = (places.bills[bill as usize], keys[which][key as usize], is_cost_category);
            self.see_value(key, values[which][value as usize]);
        }
        self.narrowing |= !self.by_period.is_empty();
        for (number, group, first) in other.allocation.groups() {
            let which = usize::from(group.is_cost_category);
            let group = AllocationGroup {
                bill: places.bills[group.bill as usize],
                account: names.id(Text::SubAccountId, group.account),
                service: names.id(Text::ServiceCode, group.service),
                key: keys[which][group.key as usize],
                value: values[which][group.value as usize],
                ..group
            };
            let mine = self.allocation.group(group, first);
            for (day, costs) in other.allocation.days(number) {
                self.allocation.cell(mine, day).add(costs);
            }
            allocation.push(mine);
        }
        for (number, day, costs) in other.allocation.outside() {
            self.allocation.cell(allocation[number as usize], day).add(costs);
        }
        for (key, cell) in other.resources.drain() {
            let key = ResourceKey {
                bill: places.bills[key.bill as usize],
                resource: names.id(Text::ResourceId, key.resource),
                account: names.id(Text::SubAccountId, key.account),
                product: places.products[key.product as usize],
                tags: names.tags[key.tags as usize],
                ..key
            };
            let mine = self.resources.cell(key);
            mine.sums.add(&cell.sums);
            or_mask(&mut mine.hours, &cell.hours);
        }
        for (key, cell) in other.audit.drain() {
            let key = AuditKey {
                file: places.files[key.file as usize],
                bill: places.bills.get(key.bill as usize).copied().unwrap_or(u32::MAX),
                invoice: names.id(Text::InvoiceId, key.invoice),
                line_item_type: names.id(Text::LineItemType, key.line_item_type),
            };
            let mine = self.audit.cell(key);
            mine.rows += cell.rows;
            mine.derived += cell.derived;
            mine.unblended += cell.unblended;
        }
    }

    fn merge_commitments(&mut self, other: &mut Ledger, places: &Places) {
        let names = &places.names;
        let arn = |id| names.id(Text::CommitmentDiscountId, id);
        for ((series, hour), cell) in other.demand.iter() {
            self.demand.cell(places.series[series as usize], hour).add(cell);
        }
        for (key, cell) in other.commitments.drain() {
            let key = CommitmentKey {
                bill: places.bills[key.bill as usize],
                arn: arn(key.arn),
                account: names.id(Text::SubAccountId, key.account),
                ..key
            };
            self.commitments.cell(key).absorb(&cell);
        }
        for (key, cell) in other.negation.drain() {
            let key = NegationKey {
                bill: places.bills[key.bill as usize],
                arn: arn(key.arn),
                operation: names.id(Text::Operation, key.operation),
                usage_type: names.id(Text::UsageType, key.usage_type),
                zone: names.id(Text::AvailabilityZone, key.zone),
                ..key
            };
            let mine = self.negation.cell(key);
            mine.covered += cell.covered;
            mine.negated += cell.negated;
            mine.used += cell.used;
            mine.rows += cell.rows;
        }
        for (key, cell) in other.terms.drain() {
            let key = TermsKey {
                arn: arn(key.arn),
                account: names.id(Text::SubAccountId, key.account),
                product: product(names, &key.product),
            };
            self.terms.cell(key).absorb(&cell);
        }
        let parent = |(bill, id): (u32, u32)| (places.bills[bill as usize], names.id(Text::ResourceId, id));
        self.split_costs.absorb(&std::mem::take(&mut other.split_costs), parent);
        for ((bill, id), cell) in other.identity.drain() {
            self.identity.cell((places.bills[bill as usize], arn(id))).absorb(&cell);
        }
    }
}

fn product(names: &Remap, key: &ProductKey) -> ProductKey {
    ProductKey {
        service: names.id(Text::ServiceCode, key.service),
        usage_type: names.id(Text::UsageType, key.usage_type),
        operation: names.id(Text::Operation, key.operation),
        region: names.id(Text::RegionId, key.region),
    }
}
