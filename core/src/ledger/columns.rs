//! A column of a saved ledger: one Parquet file of one column, so that a question reads the columns that it is about and
//! no other.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, UInt32Type, UInt64Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

/// Why a column, or what holds it, cannot be written or read.
pub(super) type Fault = String;
/// What can be written, or read back.
pub(super) type Read<T> = std::result::Result<T, Fault>;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// Amounts as they are kept: 64 bits, and the upper 64 bits where some amount needs them.
#[derive(Debug, Clone)]
pub(super) struct Amounts {
    low: Vec<i64>,
    /// Of each amount, shifted down by 64 bits; empty when all fit 64.
    high: Vec<i64>,
}

impl Amounts {
    /// The amount of a row.
    #[inline]
    pub(super) fn at(&self, row: usize) -> i128 {
        match self.high.get(row) {
            None => i128::from(self.low[row]),
            Some(&high) => i128::from(high) << 64 | i128::from(self.low[row] as u64),
        }
    }

    /// The amounts, when all of them fit 64 bits.
    pub(super) fn narrow(&self) -> Option<&[i64]> {
        self.high.is_empty().then_some(&self.low)
    }

    pub(super) fn len(&self) -> usize {
        self.low.len()
    }

    /// The columns that hold some amounts: the second only where 64 bits are not enough.
    pub(super) fn columns(amounts: &[i128]) -> (ArrayRef, Option<ArrayRef>) {
        let fits = amounts.iter().all(|&amount| i64::try_from(amount).is_ok());
        let low: Int64Array = amounts.iter().map(|&amount| amount as i64).collect();
        let high =
            (!fits).then(|| Arc::new(amounts.iter().map(|&amount| (amount >> 64) as i64).collect::<Int64Array>()));
        (Arc::new(low), high.map(|high| high as ArrayRef))
    }

    /// Amounts from their columns.
    pub(super) fn of(low: Vec<i64>, high: Vec<i64>) -> Read<Amounts> {
        if high.is_empty() || high.len() == low.len() {
            Ok(Amounts { low, high })
        } else {
            Err(format!("{} amounts have {} upper halves", low.len(), high.len()))
        }
    }
}

/// Writes a column.
///
/// # Errors
/// Whatever the writer says.
pub(super) fn encode(array: &ArrayRef) -> Read<Vec<u8>> {
    let schema = Arc::new(Schema::new(vec![Field::new("v", array.data_type().clone(), true)]));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(array)]).map_err(|error| error.to_string())?;
    // Amounts hardly ever repeat; ids and days do.
    let is_amount = matches!(array.data_type(), DataType::Int64);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(|error| error.to_string())?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("farthing".to_owned())
        .set_max_row_group_row_count(None)
        .set_dictionary_enabled(!is_amount);
    if is_amount {
        properties = properties.set_encoding(Encoding::PLAIN);
    }
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, schema, Some(properties.build())).map_err(|error| error.to_string())?;
    writer.write(&batch).map_err(|error| error.to_string())?;
    writer.close().map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Reads a column.
///
/// # Errors
/// What is not a column that [`encode`] wrote.
pub(super) fn decode(bytes: Vec<u8>) -> Read<ArrayRef> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(|error| error.to_string())?;
    let types: Vec<DataType> = builder.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let [data_type] = &types[..] else { return Err(format!("{} columns where one is due", types.len())) };
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|error| error.to_string())?;
    let mut parts = Vec::new();
    for batch in reader {
        parts.push(Arc::clone(batch.map_err(|error| error.to_string())?.column(0)));
    }
    if parts.is_empty() {
        return Ok(arrow::array::new_empty_array(data_type));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    concat(&parts).map_err(|error| error.to_string())
}

fn other_type(array: &dyn Array) -> Fault {
    format!("a column of {} rows has the type {}", array.len(), array.data_type())
}

/// A type that a column can hold, one value for each row.
pub(super) trait Value: Sized {
    /// The column of some values.
    fn column(values: Vec<Self>) -> ArrayRef;
    /// The values of a column.
    fn values(array: &ArrayRef) -> Read<Vec<Self>>;
}

macro_rules! primitive {
    ($rust:ty, $array:ty, $arrow:ty) => {
        impl Value for $rust {
            fn column(values: Vec<$rust>) -> ArrayRef {
                Arc::new(<$array>::from(values))
            }

            fn values(array: &ArrayRef) -> Read<Vec<$rust>> {
                let values = array.as_primitive_opt::<$arrow>().filter(|values| values.null_count() == 0);
                Ok(values.ok_or_else(|| other_type(array))?.values().to_vec())
            }
        }
    };
}

primitive!(u32, UInt32Array, UInt32Type);
primitive!(i32, Int32Array, Int32Type);
primitive!(u64, UInt64Array, UInt64Type);
primitive!(i64, Int64Array, Int64Type);

macro_rules! small {
    ($rust:ty) => {
        impl Value for $rust {
            fn column(values: Vec<$rust>) -> ArrayRef {
                Arc::new(values.into_iter().map(u32::from).collect::<UInt32Array>())
            }

            fn values(array: &ArrayRef) -> Read<Vec<$rust>> {
                let narrow = |value: u32| {
                    u8::try_from(value).ok().and_then(Self::of_byte).ok_or_else(|| format!("{value} is out of range"))
                };
                u32::values(array)?.into_iter().map(narrow).collect()
            }
        }
    };
}

/// A type of few values, each of them a byte.
trait OfByte: Sized {
    fn of_byte(byte: u8) -> Option<Self>;
}

impl OfByte for u8 {
    fn of_byte(byte: u8) -> Option<u8> {
        Some(byte)
    }
}

impl OfByte for bool {
    fn of_byte(byte: u8) -> Option<bool> {
        (byte <= 1).then_some(byte == 1)
    }
}

small!(u8);
small!(bool);

impl Value for String {
    fn column(values: Vec<String>) -> ArrayRef {
        Arc::new(StringArray::from(values))
    }

    fn values(array: &ArrayRef) -> Read<Vec<String>> {
        let texts = array.as_string_opt::<i32>().filter(|texts| texts.null_count() == 0);
        let texts = texts.ok_or_else(|| other_type(array))?;
        Ok(texts.iter().flatten().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<T: Value>(values: Vec<T>) -> Vec<T> {
        T::values(&decode(encode(&T::column(values)).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn columns_come_back_as_they_were() {
        assert_eq!(there_and_back(vec![u32::MAX, 0, 7]), [u32::MAX, 0, 7]);
        assert_eq!(there_and_back(vec![i32::MIN, 5]), [i32::MIN, 5]);
        assert_eq!(there_and_back(vec![u64::MAX]), [u64::MAX]);
        assert_eq!(there_and_back((0..200_000_i64).collect()), (0..200_000_i64).collect::<Vec<_>>());
        assert_eq!(there_and_back(vec![true, false]), [true, false]);
        assert_eq!(there_and_back(vec!["é".to_owned(), String::new()]), ["é", ""]);
        assert_eq!(there_and_back(Vec::<u8>::new()), [0; 0]);
        assert!(u32::values(&i64::column(vec![1])).is_err(), "another type is no number of this one");
        assert!(decode(b"PAR1 is not enough".to_vec()).is_err());
    }

    #[test]
    fn amounts_of_any_size_come_back() {
        for amounts in
            [vec![], vec![1, -1, i128::from(i64::MIN)], vec![i128::MAX, i128::MIN, -1, 0, 1 << 64, -(1 << 64)]]
        {
            let (low, high) = Amounts::columns(&amounts);
            assert_eq!(high.is_some(), amounts.contains(&i128::MAX));
            let high = high.map_or(Vec::new(), |high| i64::values(&high).unwrap());
            let back = Amounts::of(i64::values(&low).unwrap(), high).unwrap();
            assert_eq!((0..back.len()).map(|row| back.at(row)).collect::<Vec<_>>(), amounts);
        }
        assert!(Amounts::of(vec![1, 2], vec![0]).is_err());
    }
}
