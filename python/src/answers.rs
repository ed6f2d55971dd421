//! Answers as record batches: money as Decimal128(38, 12), days as dates, everything else as text.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use farthing::money::MONEY_SCALE;
use farthing::render::period_column;
use farthing::{Certificate, CostTable, Granularity, Severity};

/// The most digits that a decimal of 128 bits has.
const DECIMAL_DIGITS: u8 = 38;

/// Named columns as one batch; every one may hold nulls.
pub(crate) fn batch(columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch, ArrowError> {
    let field = |(name, array): &(String, ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect())
}

/// Integers of this scale as decimals.
pub(crate) fn decimals(scale: u32, units: impl Iterator<Item = Option<i128>>) -> Result<ArrayRef, ArrowError> {
    let decimals = Decimal128Array::from_iter(units).with_precision_and_scale(DECIMAL_DIGITS, scale as i8)?;
    Ok(Arc::new(decimals))
}

/// A cost answer: when, the members of each dimension, and the metric.
pub(crate) fn costs(table: &CostTable) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    if let Some(name) = period_column(table) {
        let periods = StringArray::from_iter(table.rows.iter().map(|row| row.period.as_deref()));
        let periods: ArrayRef = match table.granularity {
            Granularity::Daily => cast(&periods, &DataType::Date32)?,
            Granularity::Monthly | Granularity::Total => Arc::new(periods),
        };
        columns.push((name.to_owned(), periods));
    }
    for (at, name) in table.by.iter().enumerate() {
        let members = table.rows.iter().map(|row| row.keys.get(at).and_then(Option::as_deref));
        columns.push((name.clone(), Arc::new(StringArray::from_iter(members))));
    }
    let costs = decimals(MONEY_SCALE, table.rows.iter().map(|row| row.cost))?;
    columns.push((table.metric.name().to_owned(), costs));
    batch(columns)
}

/// The checks of a certificate.
pub(crate) fn checks(certificate: &Certificate) -> Result<RecordBatch, ArrowError> {
    let checks = || certificate.checks.iter();
    let text = |name: &str, texts: StringArray| -> (String, ArrayRef) { (name.to_owned(), Arc::new(texts)) };
    batch(vec![
        text("id", StringArray::from_iter_values(checks().map(|check| &check.id))),
        text("title", StringArray::from_iter_values(checks().map(|check| &check.title))),
        text("severity", StringArray::from_iter_values(checks().map(|check| severity(check.severity)))),
        text("verdict", StringArray::from_iter_values(checks().map(|check| check.verdict.name()))),
        text("figure", StringArray::from_iter(checks().map(|check| check.figure.as_deref()))),
        text("detail", StringArray::from_iter_values(checks().map(|check| check.detail.as_str()))),
    ])
}

/// The word for a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
