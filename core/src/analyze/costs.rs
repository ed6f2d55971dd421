//! Costs from the ledger: the smallest table that keeps every dimension asked for.

use std::collections::BTreeSet;

use super::request::{CostTable, Costs};
use super::slots::{Grouper, Slots, added_up, table};
use crate::error::{Error, Result};
use crate::ledger::archive::Reader;
use crate::ledger::tables::{AllocationGroup, DailyGroup, Ledger, ResourceKey};
use crate::ledger::view::{Stated, View};
use crate::reconcile::certificate::Skipped;
use crate::schema::charges::{Dimension, Metric, Text};
use crate::schema::names::NONE;
use crate::schema::values::Pricing;

/// The table that can answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Table {
    Daily,
    Allocation { key: u32, is_cost_category: bool },
    Resources,
}

/// Answers from the ledger, or `None` when it does not keep these columns together.
///
/// # Errors
/// [`Error::UnknownName`], [`Error::Filter`] and [`Error::Currencies`] as the question deserves.
pub fn from_ledger(ledger: &Ledger, question: &Costs) -> Result<Option<CostTable>> {
    let slots = Slots::new(question)?;
    let Some(source) = source(ledger, &slots.dimensions) else { return Ok(None) };
    let metric = question.metric;
    let mut tally = Tally::new(ledger, question, slots);
    match source {
        Table::Daily => ledger.daily.by_group(|group, days| {
            tally.add(&Entry::Daily(group), &mut days.map(|(day, cell)| (day, Stated::of(&cell.costs, metric))));
        }),
        Table::Resources => {
            for (key, cell) in ledger.resources.iter() {
                let stated = Stated::of(&cell.sums.costs, metric);
                tally.add(&Entry::Resource(*key), &mut std::iter::once((0, stated)));
            }
        }
        Table::Allocation { key, is_cost_category } => {
            for (key, costs) in ledger.allocation_of(key, is_cost_category) {
                let stated = Stated::of(&costs, metric);
                tally.add(&Entry::Allocation(key.group), &mut std::iter::once((key.day, stated)));
            }
        }
    }
    let groups = tally.grouper.finish(&ledger.names);
    Ok(Some(finish(&[ledger], question, table(question, groups)?)?))
}

/// Answers from saved ledgers, of which only the columns that the question is about are read; `None` when that is not
/// enough, because another table is asked for, or a ledger turns out to be damaged.
///
/// # Errors
/// As [`from_ledger`].
pub(crate) fn from_saved(saved: &[&Reader], question: &Costs) -> Result<Option<CostTable>> {
    let dimensions = Slots::new(question)?.dimensions;
    let texts: Vec<Text> = dimensions.iter().filter_map(pool_of).collect();
    let Ok(views) = saved.iter().map(|saved| View::open(saved, &texts)).collect::<std::result::Result<Vec<_>, _>>()
    else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for view in &views {
        let mut tally = Tally::new(view.small(), question, Slots::new(question)?);
        let read = match source(view.small(), &dimensions) {
            Some(Table::Daily) => view.daily(question.metric, |group, days| tally.add(&Entry::Daily(group), days)),
            Some(Table::Resources) => view.resources(question.metric, |key, stated| {
                tally.add(&Entry::Resource(key), &mut std::iter::once((0, stated)));
            }),
            Some(Table::Allocation { .. }) | None => return Ok(None),
        };
        if read.is_err() {
            return Ok(None);
        }
        all.push(tally.grouper.finish(&view.small().names));
    }
    let ledgers: Vec<&Ledger> = views.iter().map(View::small).collect();
    Ok(Some(finish(&ledgers, question, table(question, added_up(all))?)?))
}

/// The dimension whose names a slot's ids are of.
fn pool_of(dimension: &Dimension) -> Option<Text> {
    match dimension {
        Dimension::Text(Text::ServiceName) => Some(Text::ServiceCode),
        Dimension::Text(text) => Some(*text),
        _ => None,
    }
}

/// Adds what every answer says: currency, periods, and what the bill does not state.
pub(super) fn finish(ledgers: &[&Ledger], question: &Costs, mut answer: CostTable) -> Result<CostTable> {
    let all = |of: fn(&Ledger) -> Vec<String>| -> Vec<String> {
        let all: BTreeSet<String> = ledgers.iter().flat_map(|ledger| of(ledger)).collect();
        all.into_iter().collect()
    };
    answer.currency = currency(&all(Ledger::currencies), question)?;
    let known = all(Ledger::periods);
    answer.periods = match &question.period {
        None => known,
        Some(period) if known.contains(period) => vec![period.clone()],
        Some(period) => {
            return Err(Error::UnknownName {
                what: "billing period",
                name: period.clone(),
                hint: format!("the bill has {}", known.join(", ")),
            });
        }
    };
    if let Some(reason) = ledgers.iter().find_map(|ledger| ledger.not_stated(question.metric)) {
        answer.skipped.push(Skipped { what: question.metric.name().to_owned(), reason: reason.to_owned() });
    }
    Ok(answer)
}

fn currency(currencies: &[String], question: &Costs) -> Result<String> {
    let chosen = question.conditions()?.conditions.into_iter().find_map(|condition| {
        let currency = condition.equal && condition.dimension == Dimension::Text(Text::BillingCurrency);
        currency.then_some(condition.value).flatten()
    });
    match (chosen, currencies) {
        (Some(currency), _) => Ok(currency),
        (None, [currency]) => Ok(currency.clone()),
        (None, []) => Ok(String::new()),
        (None, _) => Err(Error::Currencies { currencies: currencies.join(", ") }),
    }
}

fn source(ledger: &Ledger, dimensions: &[Dimension]) -> Option<Table> {
    if dimensions.iter().all(in_daily) {
        return Some(Table::Daily);
    }
    let keys: Vec<&Dimension> = dimensions
        .iter()
        .filter(|dimension| matches!(dimension, Dimension::Tag(_) | Dimension::CostCategory(_)))
        .collect();
    if let [key] = keys[..] {
        let others = dimensions.iter().filter(|dimension| *dimension != key);
        if let Some(table) = allocation(ledger, key, dimensions.contains(&Dimension::Day))
            && others.into_iter().all(in_allocation)
        {
            return Some(table);
        }
    }
    dimensions.iter().all(in_resources).then_some(Table::Resources)
}

fn allocation(ledger: &Ledger, key: &Dimension, by_day: bool) -> Option<Table> {
    let (text, is_cost_category) = match key {
        Dimension::Tag(text) => (text, false),
        Dimension::CostCategory(text) => (text, true),
        _ => return None,
    };
    // A key that the bill does not have is all "(none)": id 0 has no values.
    let key = ledger.sets(is_cost_category).keys.find(text).unwrap_or(NONE);
    let by_period = ledger.is_kept_by_period(key, is_cost_category);
    (!by_day || !by_period).then_some(Table::Allocation { key, is_cost_category })
}

fn in_daily(dimension: &Dimension) -> bool {
    use Text::{
        BillingAccountId, BillingCurrency, BillingPeriodStart, ChargeCategory, ChargeClass, ChargeFrequency,
        CommitmentDiscountCategory, CommitmentDiscountStatus, InvoiceId, LineItemType, Operation, PricingCategory,
        ProviderName, PublisherName, RegionId, ServiceCode, ServiceName, SubAccountId, UsageType,
    };
    match dimension {
        Dimension::Day => true,
        Dimension::Text(text) => matches!(
            text,
            BillingAccountId
                | BillingCurrency
                | BillingPeriodStart
                | ChargeCategory
                | ChargeClass
                | ChargeFrequency
                | CommitmentDiscountCategory
                | CommitmentDiscountStatus
                | InvoiceId
                | LineItemType
                | Operation
                | PricingCategory
                | ProviderName
                | PublisherName
                | RegionId
                | ServiceCode
                | ServiceName
                | SubAccountId
                | UsageType
        ),
        Dimension::Tag(_) | Dimension::CostCategory(_) => false,
    }
}

fn in_allocation(dimension: &Dimension) -> bool {
    use Text::{BillingAccountId, BillingCurrency, BillingPeriodStart, ServiceCode, ServiceName, SubAccountId};
    match dimension {
        Dimension::Day => true,
        Dimension::Text(text) => {
            matches!(
                text,
                BillingAccountId | BillingCurrency | BillingPeriodStart | ServiceCode | ServiceName | SubAccountId
            )
        }
        Dimension::Tag(_) | Dimension::CostCategory(_) => false,
    }
}

fn in_resources(dimension: &Dimension) -> bool {
    use Text::{
        BillingAccountId, BillingCurrency, BillingPeriodStart, Operation, PricingCategory, RegionId, ResourceId,
        ServiceCode, ServiceName, SubAccountId, UsageType,
    };
    match dimension {
        Dimension::Day | Dimension::CostCategory(_) => false,
        Dimension::Tag(_) => true,
        Dimension::Text(text) => matches!(
            text,
            BillingAccountId
                | BillingCurrency
                | BillingPeriodStart
                | Operation
                | PricingCategory
                | RegionId
                | ResourceId
                | ServiceCode
                | ServiceName
                | SubAccountId
                | UsageType
        ),
    }
}

/// An entry of one of the tables: what its days have in common.
enum Entry {
    Daily(DailyGroup),
    Allocation(AllocationGroup),
    Resource(ResourceKey),
}

impl Entry {
    /// The bill that it is of.
    fn bill(&self, ledger: &Ledger) -> u32 {
        match self {
            Entry::Daily(group) => ledger.kinds.key(group.kind).bill,
            Entry::Allocation(group) => group.bill,
            Entry::Resource(key) => key.bill,
        }
    }
}

struct Tally<'a> {
    ledger: &'a Ledger,
    metric: Metric,
    dimensions: Vec<Dimension>,
    /// The slot of the day, when a question is about days.
    day: Option<usize>,
    grouper: Grouper,
    ids: Vec<u32>,
}

impl<'a> Tally<'a> {
    fn new(ledger: &'a Ledger, question: &Costs, slots: Slots) -> Tally<'a> {
        Tally {
            ledger,
            metric: question.metric,
            dimensions: slots.dimensions.clone(),
            day: slots.dimensions.iter().position(|dimension| *dimension == Dimension::Day),
            grouper: Grouper::new(slots),
            ids: Vec::new(),
        }
    }

    /// Adds an entry: day by day when the question is about days, else all at once.
    fn add(&mut self, entry: &Entry, days: &mut dyn Iterator<Item = (i32, Stated)>) {
        self.ids.clear();
        for dimension in &self.dimensions {
            let id = id(self.ledger, dimension, entry);
            self.ids.push(id);
        }
        let states = self.ledger.states(entry.bill(self.ledger), self.metric);
        let metric = self.metric;
        let sum = |costs: Stated| if states { costs.cost } else { 0 };
        let stated = |costs: Stated| match metric {
            _ if !states => 0,
            Metric::ListCost => u64::from(costs.list_rows),
            // A derived charge is no row, and states its cost all the same.
            _ => u64::from(costs.rows).max(1),
        };
        let Some(slot) = self.day else {
            if self.grouper.accepts(&self.ids, &self.ledger.names) {
                let sums = days.map(|(_, costs)| (sum(costs), stated(costs)));
                let (cost, stated) = sums.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
                self.grouper.add(&self.ids, cost, stated);
            }
            return;
        };
        for (day, costs) in days {
            self.ids[slot] = day as u32;
            if self.grouper.accepts(&self.ids, &self.ledger.names) {
                self.grouper.add(&self.ids, sum(costs), stated(costs));
            }
        }
    }
}

/// The id of an entry in a slot. Columns that follow from others get the id of their text; days are filled in later.
fn id(ledger: &Ledger, dimension: &Dimension, entry: &Entry) -> u32 {
    match (dimension, entry) {
        (Dimension::Tag(_) | Dimension::CostCategory(_), Entry::Allocation(group)) => group.value,
        (Dimension::Tag(text), Entry::Resource(key)) => {
            let tags = &ledger.names.tags;
            tags.keys.find(text).map_or(NONE, |tag| tags.value(key.tags, tag))
        }
        (Dimension::Text(text), Entry::Daily(group)) => match daily_only(ledger, *text, group) {
            Some(id) => id,
            None => common(ledger, *text, ledger.kinds.key(group.kind).bill, group.account, Some(group.product), NONE),
        },
        (Dimension::Text(text), Entry::Allocation(group)) => {
            common(ledger, *text, group.bill, group.account, None, group.service)
        }
        (Dimension::Text(Text::ResourceId), Entry::Resource(key)) => key.resource,
        (Dimension::Text(Text::PricingCategory), Entry::Resource(key)) => pricing_id(ledger, key.pricing),
        (Dimension::Text(text), Entry::Resource(key)) => {
            common(ledger, *text, key.bill, key.account, Some(key.product), NONE)
        }
        _ => NONE,
    }
}

fn common(ledger: &Ledger, text: Text, bill: u32, account: u32, product: Option<u32>, service: u32) -> u32 {
    let product = product.map(|product| ledger.products.key(product));
    match text {
        Text::BillingAccountId => ledger.bills.key(bill).payer,
        Text::BillingPeriodStart => ledger.bills.key(bill).period,
        Text::BillingCurrency => ledger.bills.key(bill).currency,
        Text::SubAccountId => account,
        Text::ServiceCode | Text::ServiceName => product.map_or(service, |product| product.service),
        Text::UsageType => product.map_or(NONE, |product| product.usage_type),
        Text::Operation => product.map_or(NONE, |product| product.operation),
        Text::RegionId => product.map_or(NONE, |product| product.region),
        _ => NONE,
    }
}

fn daily_only(ledger: &Ledger, text: Text, key: &DailyGroup) -> Option<u32> {
    let kind = ledger.kinds.key(key.kind);
    let of = |value: &str| ledger.names.pool(text).find(value).unwrap_or(NONE);
    Some(match text {
        Text::LineItemType => kind.line_item_type,
        Text::PublisherName => kind.publisher,
        Text::InvoiceId => kind.invoice,
        Text::PricingCategory => pricing_id(ledger, kind.pricing),
        Text::CommitmentDiscountCategory => of(crate::ledger::frames::commitment_kind(kind.commitment_kind).category()),
        Text::CommitmentDiscountStatus => of(crate::ledger::frames::commitment_status(kind.commitment_status).name()),
        Text::ChargeCategory => of(kind.charge.category().name()),
        Text::ChargeClass => of(kind.charge.class()),
        Text::ChargeFrequency => of(kind.charge.frequency()),
        Text::ProviderName => of("AWS"),
        _ => return None,
    })
}

fn pricing_id(ledger: &Ledger, pricing: u8) -> u32 {
    ledger.names.pool(Text::PricingCategory).find(Pricing::ALL[pricing as usize].name()).unwrap_or(NONE)
}
