//! Arrow batches as Polars frames, without copying, through the Arrow C data interface.

use arrow::array::{Array, RecordBatch};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use polars::prelude::{DataFrame, PlSmallStr, Series};
use polars_arrow::ffi;

use crate::error::{Error, Result};

/// A Polars frame of a batch. Names and types stay as they are; Decimal128 becomes Polars' Decimal.
///
/// # Errors
/// [`Error::Frame`] when Polars has no type for a column.
pub fn frame(table: &'static str, batch: &RecordBatch) -> Result<DataFrame> {
    let fail = |detail: String| Error::Frame { table, detail };
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        columns.push(series(field.name(), array.as_ref()).map_err(&fail)?.into());
    }
    DataFrame::new(batch.num_rows(), columns).map_err(|error| fail(error.to_string()))
}

fn series(name: &str, array: &dyn Array) -> std::result::Result<Series, String> {
    let data = array.to_data();
    let (exported, schema) = arrow::ffi::to_ffi(&data).map_err(|error| error.to_string())?;
    // SAFETY: both crates define these structs by the Arrow C data interface (`#[repr(C)]`, the same fields in
    // the same order). Each value is moved across exactly once, so exactly one side releases it.
    let (exported, schema) = unsafe {
        (
            std::mem::transmute::<FFI_ArrowArray, ffi::ArrowArray>(exported),
            std::mem::transmute::<FFI_ArrowSchema, ffi::ArrowSchema>(schema),
        )
    };
    // SAFETY: the schema was exported by arrow one line above and describes the array exported with it.
    let imported = unsafe {
        let field = ffi::import_field_from_c(&schema).map_err(|error| error.to_string())?;
        ffi::import_array_from_c(exported, field.dtype).map_err(|error| error.to_string())?
    };
    Series::try_from((PlSmallStr::from_str(name), imported)).map_err(|error| error.to_string())
}

impl super::Ledger {
    /// One of the ledger's tables as a Polars frame; see [`super::Ledger::table`] for its shape.
    ///
    /// # Errors
    /// As [`super::Ledger::table`], and [`Error::Frame`].
    pub fn frame(&self, name: &str) -> Result<DataFrame> {
        let table = super::tables::TABLES.iter().find(|table| **table == name).copied().unwrap_or("ledger");
        frame(table, &self.table(name)?)
    }
}
