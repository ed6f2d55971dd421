//! The ledger's tables as Arrow batches and Polars frames: sorted by key, money as Decimal(38, 12).

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
    TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema};

use super::tables::{CommitmentCell, Costs, Ledger, MASK_WORDS, TABLES, WHOLE_PERIOD};
use crate::catalog::services::service_name;
use crate::error::{Error, Result};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::{MONEY_SCALE, QUANTITY_SCALE};
use crate::schema::values::{CommitmentKind, CommitmentStatus, Pricing};

/// One column of a table, before it is sorted.
enum Column {
    Text(Vec<Option<String>>),
    Day(Vec<Option<i32>>),
    Hour(Vec<i32>),
    Money(Vec<Option<i128>>),
    Quantity(Vec<i128>),
    Units(Vec<Option<i128>>),
    Instant(Vec<Option<i64>>),
    Count(Vec<u64>),
    Flag(Vec<bool>),
}

/// A table being made: columns by name, keys first.
struct Builder {
    name: &'static str,
    keys: usize,
    columns: Vec<(&'static str, Column)>,
}

impl Builder {
    fn new(name: &'static str) -> Builder {
        Builder { name, keys: 0, columns: Vec::new() }
    }

    fn text<'a>(mut self, name: &'static str, values: impl Iterator<Item = Option<&'a str>>) -> Builder {
        self.columns.push((name, Column::Text(values.map(|value| value.map(str::to_owned)).collect())));
        self
    }

    fn column(mut self, name: &'static str, column: Column) -> Builder {
        self.columns.push((name, column));
        self
    }

    fn keys_end(mut self) -> Builder {
        self.keys = self.columns.len();
        self
    }

    /// The sums of every metric, of cells with the bill that each is of.
    fn costs<'a>(self, ledger: &Ledger, cells: impl Iterator<Item = (u32, &'a Costs)> + Clone) -> Builder {
        let mut builder = self;
        for &metric in Metric::ALL {
            let sums = cells.clone().map(|(bill, cell)| ledger.cost(bill, cell, metric));
            builder = builder.column(metric.name(), Column::Money(sums.collect()));
        }
        builder
            .column("Rows", Column::Count(cells.clone().map(|(_, cell)| u64::from(cell.rows)).collect()))
            .column("ListRows", Column::Count(cells.map(|(_, cell)| u64::from(cell.list_rows)).collect()))
    }

    fn quantity(self, quantities: impl Iterator<Item = i128>) -> Builder {
        self.column("ConsumedQuantity", Column::Quantity(quantities.collect()))
    }

    fn finish(self) -> Result<RecordBatch> {
        let fail = |error: arrow::error::ArrowError| Error::Frame { table: self.name, detail: error.to_string() };
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (name, column) in self.columns {
            let (array, kind) = array(column).map_err(fail)?;
            fields.push(Field::new(name, kind, true));
            arrays.push(array);
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(fail)?;
        sorted(batch, self.keys).map_err(fail)
    }
}

fn array(column: Column) -> std::result::Result<(ArrayRef, DataType), arrow::error::ArrowError> {
    let decimal =
        |values: Decimal128Array, scale: u32| -> std::result::Result<(ArrayRef, DataType), arrow::error::ArrowError> {
            let kind = DataType::Decimal128(38, scale as i8);
            Ok((Arc::new(values.with_precision_and_scale(38, scale as i8)?), kind))
        };
    Ok(match column {
        Column::Text(values) => (Arc::new(StringArray::from(values)), DataType::Utf8),
        Column::Day(values) => (Arc::new(Date32Array::from(values)), DataType::Date32),
        Column::Hour(values) => (Arc::new(Int32Array::from(values)), DataType::Int32),
        Column::Instant(values) => {
            let instants = TimestampSecondArray::from(values).with_timezone("UTC");
            let kind = instants.data_type().clone();
            (Arc::new(instants), kind)
        }
        Column::Count(values) => (Arc::new(UInt64Array::from(values)), DataType::UInt64),
        Column::Flag(values) => (Arc::new(BooleanArray::from(values)), DataType::Boolean),
        Column::Money(values) => decimal(Decimal128Array::from(values), MONEY_SCALE)?,
        Column::Quantity(values) => decimal(Decimal128Array::from(values), QUANTITY_SCALE)?,
        Column::Units(values) => decimal(Decimal128Array::from(values), QUANTITY_SCALE)?,
    })
}

/// The rows in order of their keys: the same ledger is always the same bytes.
fn sorted(batch: RecordBatch, keys: usize) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    use arrow::compute::{SortColumn, lexsort_to_indices, take};
    if keys == 0 || batch.num_rows() < 2 {
        return Ok(batch);
    }
    let by = batch.columns()[..keys].iter().map(|column| SortColumn { values: Arc::clone(column), options: None });
    let order = lexsort_to_indices(&by.collect::<Vec<_>>(), None)?;
    let columns = batch.columns().iter().map(|column| take(column, &order, None));
    RecordBatch::try_new(batch.schema(), columns.collect::<std::result::Result<_, _>>()?)
}

impl Ledger {
    /// One of [`TABLES`] as an Arrow batch, sorted by its keys. Money columns are Decimal128(38, 12) in the bill's
    /// currency, quantities Decimal128(38, 15); a missing member of a dimension is null.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a table that there is not, [`Error::Frame`] when a sum has more than 38 digits.
    pub fn table(&self, name: &str) -> Result<RecordBatch> {
        match name {
            "daily" => self.daily_table(),
            "allocation" => self.allocation_table(),
            "resources" => self.resources_table(),
            "demand" => self.demand_table(),
            "commitments" => self.commitments_table(),
            "negation" => self.negation_table(),
            "terms" => self.terms_table(),
            "rates" => self.rates_table(),
            "identity" => self.identity_table(),
            "tag_sets" => self.tag_sets_table(),
            "audit" => self.audit_table(),
            _ => Err(Error::UnknownName {
                what: "table",
                name: name.to_owned(),
                hint: format!("use one of {}", TABLES.join(", ")),
            }),
        }
    }

    fn text(&self, text: Text, ids: impl Iterator<Item = u32>) -> Column {
        Column::Text(ids.map(|id| self.names.get(text, id).map(str::to_owned)).collect())
    }

    /// The three columns of bills: payer, period and currency.
    fn bill_columns(&self, builder: Builder, bills: impl Iterator<Item = u32> + Clone) -> Builder {
        builder
            .column(
                "BillingAccountId",
                self.text(Text::BillingAccountId, bills.clone().map(|bill| self.bills.key(bill).payer)),
            )
            .column(
                "BillingPeriodStart",
                self.text(Text::BillingPeriodStart, bills.clone().map(|bill| self.bills.key(bill).period)),
            )
            .column(
                "BillingCurrency",
                self.text(Text::BillingCurrency, bills.map(|bill| self.bills.key(bill).currency)),
            )
    }

    fn product_columns(&self, builder: Builder, products: impl Iterator<Item = u32> + Clone) -> Builder {
        let of = |text, pick: fn(super::tables::ProductKey) -> u32| {
            self.text(text, products.clone().map(move |product| pick(self.products.key(product))))
        };
        builder
            .column("x_ServiceCode", of(Text::ServiceCode, |key| key.service))
            .column("RegionId", of(Text::RegionId, |key| key.region))
            .column("x_UsageType", of(Text::UsageType, |key| key.usage_type))
            .column("x_Operation", of(Text::Operation, |key| key.operation))
    }

    fn daily_table(&self) -> Result<RecordBatch> {
        let keys = self.daily.iter().map(|(key, _)| key);
        let kinds = keys.clone().map(|key| self.kinds.key(key.kind));
        let builder = Builder::new("daily")
            .column("ChargePeriodStart", Column::Day(keys.clone().map(|key| Some(key.day)).collect()));
        let builder = self.bill_columns(builder, kinds.clone().map(|kind| kind.bill));
        let builder =
            builder.column("SubAccountId", self.text(Text::SubAccountId, keys.clone().map(|key| key.account)));
        let builder = self.product_columns(builder, keys.map(|key| key.product));
        builder
            .column("x_LineItemType", self.text(Text::LineItemType, kinds.clone().map(|kind| kind.line_item_type)))
            .text("ChargeCategory", kinds.clone().map(|kind| Some(kind.charge.category().name())))
            .text("ChargeClass", kinds.clone().map(|kind| present(kind.charge.class())))
            .text("ChargeFrequency", kinds.clone().map(|kind| present(kind.charge.frequency())))
            .text("PricingCategory", kinds.clone().map(|kind| present(Pricing::ALL[kind.pricing as usize].name())))
            .text(
                "CommitmentDiscountCategory",
                kinds.clone().map(|kind| present(commitment_kind(kind.commitment_kind).category())),
            )
            .text(
                "CommitmentDiscountStatus",
                kinds.clone().map(|kind| present(commitment_status(kind.commitment_status).name())),
            )
            .column("PublisherName", self.text(Text::PublisherName, kinds.clone().map(|kind| kind.publisher)))
            .column("InvoiceId", self.text(Text::InvoiceId, kinds.map(|kind| kind.invoice)))
            .keys_end()
            .costs(self, self.daily.iter().map(|(key, cell)| (self.kinds.key(key.kind).bill, &cell.costs)))
            .quantity(self.daily.iter().map(|(_, cell)| cell.quantity))
            .service_names()
            .finish()
    }

    fn allocation_table(&self) -> Result<RecordBatch> {
        let entries = self.allocation_with_none();
        let groups = entries.iter().map(|(key, _)| key.group);
        let days = entries.iter().map(|(key, _)| (key.day != WHOLE_PERIOD).then_some(key.day));
        let builder = Builder::new("allocation")
            .column("IsCostCategory", Column::Flag(groups.clone().map(|group| group.is_cost_category).collect()))
            .text("Key", groups.clone().map(|group| self.sets(group.is_cost_category).keys.get(group.key)))
            .text("Value", groups.clone().map(|group| self.sets(group.is_cost_category).values.get(group.value)))
            .column("ChargePeriodStart", Column::Day(days.collect()));
        self.bill_columns(builder, groups.clone().map(|group| group.bill))
            .column("SubAccountId", self.text(Text::SubAccountId, groups.clone().map(|group| group.account)))
            .column("x_ServiceCode", self.text(Text::ServiceCode, groups.map(|group| group.service)))
            .keys_end()
            .costs(self, entries.iter().map(|(key, costs)| (key.group.bill, costs)))
            .finish()
    }

    fn resources_table(&self) -> Result<RecordBatch> {
        let keys = self.resources.iter().map(|(key, _)| *key);
        let builder = self
            .bill_columns(Builder::new("resources"), keys.clone().map(|key| key.bill))
            .column("ResourceId", self.text(Text::ResourceId, keys.clone().map(|key| key.resource)))
            .column("SubAccountId", self.text(Text::SubAccountId, keys.clone().map(|key| key.account)));
        let ids = self.tag_set_ids();
        let edges: Vec<_> = self.resources.iter().map(|(_, cell)| edges(&cell.hours)).collect();
        self.product_columns(builder, keys.clone().map(|key| key.product))
            .text("PricingCategory", keys.clone().map(|key| present(Pricing::ALL[key.pricing as usize].name())))
            .column("TagSet", Column::Text(keys.map(|key| ids[key.tags as usize].clone()).collect()))
            .keys_end()
            .costs(self, self.resources.iter().map(|(key, cell)| (key.bill, &cell.sums.costs)))
            .quantity(self.resources.iter().map(|(_, cell)| cell.sums.quantity))
            .column("HoursUsed", Column::Count(edges.iter().map(|edge| edge.0).collect()))
            .column("HourFirst", Column::Hour(edges.iter().map(|edge| edge.1).collect()))
            .column("HourLast", Column::Hour(edges.iter().map(|edge| edge.2).collect()))
            .column(
                "HourMask",
                Column::Text(self.resources.iter().map(|(_, cell)| Some(mask_text(&cell.hours))).collect()),
            )
            .finish()
    }

    fn demand_table(&self) -> Result<RecordBatch> {
        let series = self.demand.iter().map(|((series, _), _)| self.series.key(series));
        let builder = self
            .bill_columns(Builder::new("demand"), series.clone().map(|key| key.bill))
            .column("SubAccountId", self.text(Text::SubAccountId, series.clone().map(|key| key.account)));
        self.product_columns(builder, series.clone().map(|key| key.product))
            .column("AvailabilityZone", self.text(Text::AvailabilityZone, series.clone().map(|key| key.zone)))
            .text("CommitmentDiscountCategory", series.map(|key| present(commitment_kind(key.covered_by).category())))
            .column("Hour", Column::Hour(self.demand.iter().map(|((_, hour), _)| hour).collect()))
            .keys_end()
            .column("ConsumedQuantity", Column::Quantity(self.demand.iter().map(|(_, cell)| cell.quantity()).collect()))
            .column(
                "x_OnDemandCost",
                Column::Money(self.demand.iter().map(|(_, cell)| Some(cell.on_demand())).collect()),
            )
            .finish()
    }

    fn commitments_table(&self) -> Result<RecordBatch> {
        let keys = self.commitments.iter().map(|(key, _)| *key);
        let cells = self.commitments.iter().map(|(_, cell)| cell);
        // FOCUS does not say how many normalized units there are.
        let units = |pick: fn(&CommitmentCell) -> i128| {
            let all = self.commitments.iter();
            Column::Units(all.map(|(key, cell)| (!self.is_focus(key.bill)).then(|| pick(cell))).collect())
        };
        self.bill_columns(Builder::new("commitments"), keys.clone().map(|key| key.bill))
            .column("CommitmentDiscountId", self.text(Text::CommitmentDiscountId, keys.clone().map(|key| key.arn)))
            .column("Hour", Column::Hour(keys.clone().map(|key| key.hour).collect()))
            .column("SubAccountId", self.text(Text::SubAccountId, keys.map(|key| key.account)))
            .keys_end()
            .column("Bought", Column::Money(cells.clone().map(|cell| Some(cell.bought)).collect()))
            .column("Used", Column::Money(cells.clone().map(|cell| Some(cell.used)).collect()))
            .column("Unused", Column::Money(cells.clone().map(|cell| Some(cell.unused)).collect()))
            .column("x_CoveredOnDemandCost", Column::Money(cells.map(|cell| Some(cell.covered_on_demand)).collect()))
            .column("BoughtUnits", units(|cell| cell.bought_units))
            .column("UsedUnits", units(|cell| cell.used_units))
            .column("UnusedUnits", units(|cell| cell.unused_units))
            .finish()
    }

    fn negation_table(&self) -> Result<RecordBatch> {
        let keys = self.negation.iter().map(|(key, _)| *key);
        let cells = self.negation.iter().map(|(_, cell)| cell);
        self.bill_columns(Builder::new("negation"), keys.clone().map(|key| key.bill))
            .column("CommitmentDiscountId", self.text(Text::CommitmentDiscountId, keys.clone().map(|key| key.arn)))
            .column("x_Operation", self.text(Text::Operation, keys.clone().map(|key| key.operation)))
            .column("x_UsageType", self.text(Text::UsageType, keys.clone().map(|key| key.usage_type)))
            .column("AvailabilityZone", self.text(Text::AvailabilityZone, keys.clone().map(|key| key.zone)))
            .column("ChargePeriodStart", Column::Day(keys.map(|key| Some(key.day)).collect()))
            .keys_end()
            .column("Covered", Column::Money(cells.clone().map(|cell| Some(cell.covered)).collect()))
            .column("Negated", Column::Money(cells.clone().map(|cell| Some(cell.negated)).collect()))
            .column("Used", Column::Money(cells.clone().map(|cell| Some(cell.used)).collect()))
            .column("Rows", Column::Count(cells.map(|cell| cell.rows).collect()))
            .finish()
    }

    fn terms_table(&self) -> Result<RecordBatch> {
        let keys = self.terms.iter().map(|(key, _)| *key);
        let of = |text, pick: fn(super::tables::ProductKey) -> u32| {
            self.text(text, keys.clone().map(move |key| pick(key.product)))
        };
        let instants = |pick: fn(&super::tables::TermsCell) -> Option<i64>| {
            Column::Instant(self.terms.iter().map(|(_, cell)| pick(cell)).collect())
        };
        Builder::new("terms")
            .column("CommitmentDiscountId", self.text(Text::CommitmentDiscountId, keys.clone().map(|key| key.arn)))
            .column("SubAccountId", self.text(Text::SubAccountId, keys.clone().map(|key| key.account)))
            .column("x_ServiceCode", of(Text::ServiceCode, |key| key.service))
            .column("RegionId", of(Text::RegionId, |key| key.region))
            .column("x_UsageType", of(Text::UsageType, |key| key.usage_type))
            .column("x_Operation", of(Text::Operation, |key| key.operation))
            .keys_end()
            .column("Start", instants(|cell| cell.starts))
            .column("End", instants(|cell| cell.ends))
            .finish()
    }

    fn rates_table(&self) -> Result<RecordBatch> {
        // Zones share rates: the table has one row for each account, product and way of paying.
        let mut rates = std::collections::BTreeMap::new();
        for (key, seen) in self.series.iter() {
            let Some((least, greatest)) = *seen else { continue };
            let entry = rates.entry((key.bill, key.account, key.product, key.covered_by)).or_insert((least, greatest));
            *entry = (entry.0.min(least), entry.1.max(greatest));
        }
        let keys = rates.keys().copied();
        let builder = self
            .bill_columns(Builder::new("rates"), keys.clone().map(|key| key.0))
            .column("SubAccountId", self.text(Text::SubAccountId, keys.clone().map(|key| key.1)));
        self.product_columns(builder, keys.clone().map(|key| key.2))
            .text("Offer", keys.map(|key| Some(["OnDemand", "SavingsPlan", "Reserved"][key.3 as usize])))
            .keys_end()
            .column("RateMin", Column::Money(rates.values().map(|rate| Some(rate.0)).collect()))
            .column("RateMax", Column::Money(rates.values().map(|rate| Some(rate.1)).collect()))
            .finish()
    }

    fn identity_table(&self) -> Result<RecordBatch> {
        // FOCUS does not state the terms.
        let stated = self.identity.iter().filter(|(key, _)| !self.is_focus(key.0));
        let keys = stated.clone().map(|(key, _)| *key);
        let cells = stated.map(|(_, cell)| cell);
        self.bill_columns(Builder::new("identity"), keys.clone().map(|key| key.0))
            .column("CommitmentDiscountId", self.text(Text::CommitmentDiscountId, keys.map(|key| key.1)))
            .keys_end()
            .column("x_UnblendedCost", Column::Money(cells.clone().map(|cell| Some(cell.unblended)).collect()))
            .column("x_AmortizedCost", Column::Money(cells.clone().map(|cell| Some(cell.amortized)).collect()))
            .column("AmortizedUpfront", Column::Money(cells.clone().map(|cell| Some(cell.amortized_upfront)).collect()))
            .column("UpfrontFees", Column::Money(cells.clone().map(|cell| Some(cell.upfront_fees)).collect()))
            .column("Refunds", Column::Money(cells.clone().map(|cell| Some(cell.refunds)).collect()))
            .column("Difference", Column::Money(cells.clone().map(|cell| Some(cell.difference())).collect()))
            .column("Rows", Column::Count(cells.map(|cell| cell.rows).collect()))
            .finish()
    }

    fn tag_sets_table(&self) -> Result<RecordBatch> {
        let ids = self.tag_set_ids();
        let tags = &self.names.tags;
        let rows: Vec<(u32, (u32, u32))> =
            (1..tags.len() as u32).flat_map(|set| tags.get(set).iter().map(move |&pair| (set, pair))).collect();
        Builder::new("tag_sets")
            .column("TagSet", Column::Text(rows.iter().map(|(set, _)| ids[*set as usize].clone()).collect()))
            .text("Key", rows.iter().map(|(_, pair)| tags.keys.get(pair.0)))
            .text("Value", rows.iter().map(|(_, pair)| tags.values.get(pair.1)))
            .keys_end()
            .finish()
    }

    /// An id for each tag set that depends on nothing but its tags: their JSON text. The empty set has none.
    fn tag_set_ids(&self) -> Vec<Option<String>> {
        let tags = &self.names.tags;
        let id = |set: u32| {
            let pairs: std::collections::BTreeMap<_, _> =
                tags.get(set).iter().map(|&(key, value)| (tags.keys.get(key), tags.values.get(value))).collect();
            let text =
                pairs.iter().map(|(key, value)| format!("{}={}", key.unwrap_or_default(), value.unwrap_or_default()));
            (set != 0).then(|| text.collect::<Vec<_>>().join("\u{1f}"))
        };
        (0..tags.len() as u32).map(id).collect()
    }

    fn audit_table(&self) -> Result<RecordBatch> {
        let keys = self.audit.iter().map(|(key, _)| *key);
        let cells = self.audit.iter().map(|(_, cell)| cell);
        let period = |bill: u32| (bill != u32::MAX).then(|| self.bills.key(bill).period);
        let is_gross = |bill: u32| bill == u32::MAX || !self.is_focus(bill);
        let unblended = self.audit.iter().map(|(key, cell)| is_gross(key.bill).then_some(cell.unblended));
        Builder::new("audit")
            .text("File", keys.clone().map(|key| Some(self.files[key.file as usize].file.as_str())))
            .column(
                "BillingPeriodStart",
                self.text(Text::BillingPeriodStart, keys.clone().map(|key| period(key.bill).unwrap_or(0))),
            )
            .column("InvoiceId", self.text(Text::InvoiceId, keys.clone().map(|key| key.invoice)))
            .column("x_LineItemType", self.text(Text::LineItemType, keys.clone().map(|key| key.line_item_type)))
            .column("IsSplitCost", Column::Flag(keys.map(|key| key.bill == u32::MAX).collect()))
            .keys_end()
            .column("Rows", Column::Count(cells.clone().map(|cell| cell.rows).collect()))
            .column("DerivedCharges", Column::Count(cells.map(|cell| cell.derived).collect()))
            .column("x_UnblendedCost", Column::Money(unblended.collect()))
            .finish()
    }
}

impl Builder {
    /// Adds readable service names beside the codes.
    fn service_names(mut self) -> Builder {
        let codes = self.columns.iter().find_map(|(name, column)| match column {
            Column::Text(codes) if *name == "x_ServiceCode" => Some(codes),
            _ => None,
        });
        if let Some(codes) = codes {
            let names = codes.iter().map(|code| code.as_deref().map(|code| service_name(code).to_owned())).collect();
            self.columns.push(("ServiceName", Column::Text(names)));
        }
        self
    }
}

fn present(text: &'static str) -> Option<&'static str> {
    (!text.is_empty()).then_some(text)
}

/// The commitment kind of a number.
pub fn commitment_kind(number: u8) -> CommitmentKind {
    [CommitmentKind::None, CommitmentKind::SavingsPlan, CommitmentKind::Reservation][number as usize]
}

/// The commitment status of a number.
pub fn commitment_status(number: u8) -> CommitmentStatus {
    [CommitmentStatus::None, CommitmentStatus::Used, CommitmentStatus::Unused][number as usize]
}

/// How many hours of a mask are set, the first and the last; −1 where there is none.
fn edges(mask: &[u64; MASK_WORDS]) -> (u64, i32, i32) {
    let count = mask.iter().map(|word| u64::from(word.count_ones())).sum();
    let first =
        mask.iter().position(|&word| word != 0).map_or(-1, |at| (at * 64) as i32 + mask[at].trailing_zeros() as i32);
    let last = mask
        .iter()
        .rposition(|&word| word != 0)
        .map_or(-1, |at| (at * 64 + 63) as i32 - mask[at].leading_zeros() as i32);
    (count, first, last)
}

/// The mask in hexadecimal, first hour in the last digit's lowest bit of the first word.
fn mask_text(mask: &[u64; MASK_WORDS]) -> String {
    mask.iter().map(|word| format!("{word:016x}")).collect()
}
