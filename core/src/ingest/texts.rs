//! Texts as they come out of a decoder: none may be longer than any of AWS's.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type};

use super::limits::VALUE_BYTES_MAX;
use super::packed::too_long;
use crate::error::{Error, Result};

/// Remembers which dictionaries were looked at: batches of a row group share them.
#[derive(Default)]
pub(super) struct Texts {
    /// The dictionaries of the last batch, in order.
    seen: Vec<ArrayRef>,
}

impl Texts {
    /// Refuses a batch with a text that is too long.
    pub(super) fn look_at(&mut self, batch: &RecordBatch, file: &str) -> Result<()> {
        let mut number = 0;
        for (column, field) in batch.columns().iter().zip(batch.schema_ref().fields()) {
            let longest = self.longest(column, &mut number);
            if longest > VALUE_BYTES_MAX {
                return Err(match too_long(longest as u64).of(file) {
                    Error::Limit { file, found, limit, hint } => {
                        Error::Limit { file, found: format!("column {}: {found}", field.name()), limit, hint }
                    }
                    other => other,
                });
            }
        }
        Ok(())
    }

    /// The longest text of an array, 0 for one that was looked at before.
    fn longest(&mut self, array: &ArrayRef, number: &mut usize) -> usize {
        match array.data_type() {
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let values = array.as_dictionary::<Int32Type>().values();
                let at = *number;
                *number += 1;
                match self.seen.get_mut(at) {
                    Some(seen) if is_same(seen, values) => return 0,
                    Some(seen) => *seen = Arc::clone(values),
                    None => self.seen.push(Arc::clone(values)),
                }
                longest_of(values)
            }
            DataType::Map(..) => {
                let entries = array.as_map().entries();
                entries.columns().iter().map(|column| self.longest(column, number)).max().unwrap_or(0)
            }
            DataType::List(_) => self.longest(array.as_list::<i32>().values(), number),
            DataType::Struct(_) => {
                let columns = array.as_struct().columns();
                columns.iter().map(|column| self.longest(column, number)).max().unwrap_or(0)
            }
            _ => longest_of(array),
        }
    }
}

/// Whether two dictionaries are one in memory; the one that is kept holds its place.
fn is_same(one: &ArrayRef, other: &ArrayRef) -> bool {
    let bytes = |array: &ArrayRef| array.as_string_opt::<i32>().map(|texts| texts.value_data().as_ptr_range());
    one.len() == other.len() && bytes(one).is_some() && bytes(one) == bytes(other)
}

fn longest_of(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            if texts.value_data().len() <= VALUE_BYTES_MAX {
                return 0;
            }
            texts.offsets().lengths().max().unwrap_or(0)
        }
        DataType::Utf8View => {
            // The length is the low half of a view.
            array.as_string_view().views().iter().map(|view| *view as u32 as usize).max().unwrap_or(0)
        }
        _ => 0,
    }
}
