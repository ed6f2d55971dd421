//! Metrics in long form as parquet: names stay codes, so that a row costs a comparison and a push.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::read_csv::places;
use super::{Gathering, METRIC_COLUMNS, Stopped, fail, parse_time, whole_seconds};
use crate::error::Error;
use crate::ingest::guard::guarded;

const FORM: &str = "parquet";
/// Rows that are decoded at a time.
const BATCH: usize = 1 << 15;
/// The columns of names: resource, metric, statistic, unit.
const NAMES: [usize; 4] = [0, 2, 3, 5];

/// Reads a file's rows.
pub(super) fn read(path: &Path, into: &mut Gathering) -> Result<(), Stopped> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let plain = guarded(&name, FORM, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
    let schema = plain.schema().clone();
    let headers: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let places = places(path, &headers)?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(with_codes(&schema, &places)));
    let metadata = guarded(&name, FORM, || ArrowReaderMetadata::try_new(plain.metadata().clone(), options))?;
    let mut reader = guarded(&name, FORM, || {
        let roots = places.iter().flatten().copied();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH)
            .build()
    })?;
    let mut row = 0;
    loop {
        let batch = guarded(&name, FORM, || reader.next().transpose().map_err(ParquetError::from))?;
        let Some(batch) = batch else { return Ok(()) };
        add(path, &batch, row, into)?;
        row += batch.num_rows() as u64;
    }
}

/// The schema with names as dictionaries.
fn with_codes(schema: &Schema, places: &[Option<usize>]) -> Schema {
    let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let fields = schema.fields().iter().enumerate().map(|(at, field)| {
        let is_name = NAMES.iter().any(|&name| places[name] == Some(at));
        match is_name && is_text(field.data_type()) {
            true => Field::new(field.name(), codes.clone(), field.is_nullable()),
            false => field.as_ref().clone(),
        }
    });
    Schema::new(fields.collect::<Vec<Field>>())
}

/// The columns of a batch.
struct Columns {
    names: [Option<DictionaryArray<Int32Type>>; NAMES.len()],
    times: Int64Array,
    values: Float64Array,
}

impl Columns {
    fn of(path: &Path, batch: &RecordBatch) -> Result<Columns, Stopped> {
        let column = |at: usize| {
            let name = METRIC_COLUMNS[at];
            let schema = batch.schema();
            let place = schema.fields().iter().position(|field| field.name().trim().eq_ignore_ascii_case(name));
            place.map(|place| batch.column(place).clone())
        };
        let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let mut names = [const { None }; NAMES.len()];
        for (name, &at) in names.iter_mut().zip(&NAMES) {
            let Some(found) = column(at) else { continue };
            let wrong = |detail: String| fail(path, format!("column {}: {detail}", METRIC_COLUMNS[at]));
            let texts = cast(&found, &codes).map_err(|error| wrong(error.to_string()))?;
            *name = Some(texts.as_dictionary::<Int32Type>().clone());
        }
        let missing = |at: usize| fail(path, format!("it has no column {}", METRIC_COLUMNS[at]));
        let times = seconds(path, &column(1).ok_or_else(|| missing(1))?)?;
        let values = column(4).ok_or_else(|| missing(4))?;
        let values = cast(&values, &DataType::Float64)
            .map_err(|error| fail(path, format!("column {}: {error}", METRIC_COLUMNS[4])))?;
        Ok(Columns { names, times, values: values.as_primitive::<Float64Type>().clone() })
    }

    /// The codes of a row's names; -1 for one that is missing.
    #[inline]
    fn codes(&self, at: usize) -> [i32; NAMES.len()] {
        let code = |column: &Option<DictionaryArray<Int32Type>>| match column {
            Some(column) if column.keys().is_valid(at) => column.keys().value(at),
            _ => -1,
        };
        [code(&self.names[0]), code(&self.names[1]), code(&self.names[2]), code(&self.names[3])]
    }

    fn name(&self, column: usize, code: i32) -> &str {
        match &self.names[column] {
            Some(column) if code >= 0 => column.values().as_string::<i32>().value(code.unsigned_abs() as usize),
            _ => "",
        }
    }
}

/// Times as seconds since 1970.
fn seconds(path: &Path, column: &ArrayRef) -> Result<Int64Array, Stopped> {
    let wrong = |detail: String| fail(path, format!("column {}: {detail}", METRIC_COLUMNS[1]));
    let converted = match column.data_type() {
        DataType::Timestamp(..) => {
            let whole = DataType::Timestamp(TimeUnit::Second, None);
            let plain = cast(column, &whole).and_then(|times| cast(&times, &DataType::Int64));
            plain.map_err(|error| wrong(error.to_string()))?
        }
        kind if kind.is_integer() => {
            let numbers = cast(column, &DataType::Int64).map_err(|error| wrong(error.to_string()))?;
            return Ok(numbers.as_primitive::<Int64Type>().unary(whole_seconds));
        }
        _ => {
            let texts = cast(column, &DataType::Utf8).map_err(|error| wrong(error.to_string()))?;
            let texts = texts.as_string::<i32>();
            let times: Option<Vec<i64>> = texts.iter().map(|text| parse_time(text.unwrap_or_default())).collect();
            let times =
                times.ok_or_else(|| wrong("there is no time like 2026-10-01T05:00:00Z in every row".to_owned()))?;
            return Ok(Int64Array::from(times));
        }
    };
    Ok(converted.as_primitive::<Int64Type>().clone())
}

fn add(path: &Path, batch: &RecordBatch, row: u64, into: &mut Gathering) -> Result<(), Stopped> {
    let columns = Columns::of(path, batch)?;
    let mut last = ([-2; NAMES.len()], 0);
    for at in 0..batch.num_rows() {
        let codes = columns.codes(at);
        if codes != last.0 {
            let [resource, metric, statistic, unit] = [0, 1, 2, 3].map(|column| columns.name(column, codes[column]));
            let slot = into.slot(resource, metric, statistic, unit);
            last = (codes, slot.map_err(|error| error.at(path, row + at as u64 + 1))?);
        }
        if columns.times.is_null(at) {
            return Err(fail(path, format!("row {}: the timestamp is missing", row + at as u64 + 1)));
        }
        let value = if columns.values.is_null(at) { f64::NAN } else { columns.values.value(at) };
        into.add(last.1, columns.times.value(at), value);
    }
    Ok(())
}
