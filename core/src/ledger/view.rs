//! A look at a saved ledger: its small tables, and of a large one the columns that a question is about.

use super::archive::Reader;
use super::columns::{Amounts, Read};
use super::load::{DayColumns, amounts, column, load_bills, load_dimensions, within};
use super::load_names::load_names;
use super::tables::{Costs, DailyGroup, Ledger, ResourceKey};
use crate::schema::charges::{Metric, Text};

/// The sum of one metric, and the rows that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stated {
    /// The sum, in units of 1e-12.
    pub(crate) cost: i128,
    /// Rows of the bill.
    pub(crate) rows: u32,
    /// Rows whose list cost is stated.
    pub(crate) list_rows: u32,
}

impl Stated {
    /// What costs state of a metric.
    pub(crate) fn of(costs: &Costs, metric: Metric) -> Stated {
        Stated { cost: costs.sum(metric), rows: costs.rows, list_rows: costs.list_rows }
    }
}

/// One metric's columns of a table.
struct Column {
    costs: Amounts,
    rows: Vec<u32>,
    list_rows: Vec<u32>,
}

impl Column {
    fn load(saved: &Reader, table: &str, metric: Metric, len: usize) -> Read<Column> {
        Ok(Column {
            costs: amounts(saved, table, metric.name(), len)?,
            rows: column(saved, table, "rows", &mut Some(len))?,
            list_rows: column(saved, table, "list_rows", &mut Some(len))?,
        })
    }

    fn at(&self, row: usize) -> Stated {
        Stated { cost: self.costs.at(row), rows: self.rows[row], list_rows: self.list_rows[row] }
    }
}

/// A saved ledger that is looked at.
pub(crate) struct View<'a> {
    saved: &'a Reader,
    small: Ledger,
    texts: Vec<Text>,
}

impl<'a> View<'a> {
    /// Reads bills, products and kinds, and the names of some dimensions.
    ///
    /// # Errors
    /// What `save` did not write.
    pub(crate) fn open(saved: &'a Reader, texts: &[Text]) -> Read<View<'a>> {
        let mut texts = texts.to_vec();
        texts.extend([Text::BillingAccountId, Text::BillingPeriodStart, Text::BillingCurrency]);
        texts.sort_by_key(|&text| text as usize);
        texts.dedup();
        let mut small = Ledger::default();
        load_names(saved, &mut small.names, &texts)?;
        load_bills(saved, &mut small)?;
        load_dimensions(saved, &mut small)?;
        small.without_contracted = saved.take::<u64>("notes/without_contracted")?.first().copied().unwrap_or(0);
        Ok(View { saved, small, texts })
    }

    /// The ledger without its large tables. Names of dimensions that were not asked for are not in it.
    pub(crate) fn small(&self) -> &Ledger {
        &self.small
    }

    /// Refuses ids beyond the names of a dimension, if those are here.
    fn named(&self, text: Text, ids: &[u32]) -> Read<()> {
        if self.texts.contains(&text) { within(text.name(), ids, self.small.names.pool(text).len()) } else { Ok(()) }
    }

    /// Visits each group of `daily` with its days.
    pub(crate) fn daily(
        &self,
        metric: Metric,
        mut visit: impl FnMut(DailyGroup, &mut dyn Iterator<Item = (i32, Stated)>),
    ) -> Read<()> {
        let mut len = None;
        let account: Vec<u32> = column(self.saved, "daily", "account", &mut len)?;
        let product: Vec<u32> = column(self.saved, "daily", "product", &mut len)?;
        let kind: Vec<u32> = column(self.saved, "daily", "kind", &mut len)?;
        self.named(Text::SubAccountId, &account)?;
        within("product", &product, self.small.products.len())?;
        within("kind", &kind, self.small.kinds.len())?;
        let days = DayColumns::load(self.saved, "daily", account.len())?;
        let costs = Column::load(self.saved, "daily", metric, days.day.len())?;
        let mut row = 0;
        for (at, &count) in days.days.iter().enumerate() {
            let group = DailyGroup { account: account[at], product: product[at], kind: kind[at] };
            let rows = row..row + count as usize;
            row = rows.end;
            visit(group, &mut rows.map(|row| (days.day[row], costs.at(row))));
        }
        Ok(())
    }

    /// Visits each resource.
    pub(crate) fn resources(&self, metric: Metric, mut visit: impl FnMut(ResourceKey, Stated)) -> Read<()> {
        let mut len = None;
        let mut ids = |name: &str| column::<u32>(self.saved, "resources", name, &mut len);
        let (bill, resource, account) = (ids("bill")?, ids("resource")?, ids("account")?);
        let (product, tags, pricing) = (ids("product")?, ids("tags")?, ids("pricing")?);
        self.named(Text::ResourceId, &resource)?;
        self.named(Text::SubAccountId, &account)?;
        within("bill", &bill, self.small.bills.len())?;
        within("product", &product, self.small.products.len())?;
        within("tag set", &tags, self.small.names.tags.len())?;
        within("pricing category", &pricing, crate::schema::values::Pricing::ALL.len())?;
        let costs = Column::load(self.saved, "resources", metric, bill.len())?;
        for at in 0..bill.len() {
            let key = ResourceKey {
                bill: bill[at],
                resource: resource[at],
                account: account[at],
                product: product[at],
                tags: tags[at],
                pricing: pricing[at] as u8,
            };
            visit(key, costs.at(at));
        }
        Ok(())
    }
}
