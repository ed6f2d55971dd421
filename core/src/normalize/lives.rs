//! From when to when commitments last, of the few rows that are their fees.

use arrow::array::types::Int32Type;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampSecondType};

use super::ChargeBatch;
use super::arrays::{Unreadable, instant};
use super::cur::{Normalizer, absorb_unreadable};
use crate::ingest::file::LineItemBatch;
use crate::schema::line_items::LineItem;
use crate::schema::values::LineItemType;

impl Normalizer {
    /// Reads start and end of the commitments whose fees a batch holds. No total rests on them: what is no instant is
    /// counted and read as missing.
    pub(super) fn lives(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) {
        if !self.wanted.ledger {
            return;
        }
        for terms in &mut out.terms {
            let (start, end) = match out.line_item_type[terms.row] {
                LineItemType::RIFee => (LineItem::ReservationStart, LineItem::ReservationEnd),
                LineItemType::SavingsPlanRecurringFee => (LineItem::SavingsPlanStart, LineItem::SavingsPlanEnd),
                _ => continue,
            };
            let mut at = |item| match instant_of(items.column(item)?, terms.row) {
                Ok(instant) => instant,
                Err(text) => {
                    absorb_unreadable(&mut self.unreadable, items.spelled(item), &Unreadable { rows: 1, text });
                    None
                }
            };
            (terms.starts, terms.ends) = (at(start), at(end));
        }
    }
}

/// The instant of one row, none where it is missing.
///
/// # Errors
/// Text that is no instant.
fn instant_of(array: &ArrayRef, row: usize) -> Result<Option<i64>, String> {
    if array.is_null(row) {
        return Ok(None);
    }
    if let Some(coded) = array.as_dictionary_opt::<Int32Type>()
        && let Some(values) = coded.values().as_string_opt::<i32>()
    {
        return read(values.value(coded.keys().value(row) as usize));
    }
    let one = array.slice(row, 1);
    if matches!(one.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let text = cast(&one, &DataType::Utf8).map_err(|error| error.to_string())?;
        return read(text.as_string::<i32>().value(0));
    }
    let seconds =
        cast(&one, &DataType::Timestamp(TimeUnit::Second, None)).map_err(|_| format!("{}", one.data_type()))?;
    let seconds = seconds.as_primitive::<TimestampSecondType>();
    Ok(seconds.is_valid(0).then(|| seconds.value(0)))
}

fn read(text: &str) -> Result<Option<i64>, String> {
    match text.trim() {
        "" | "NULL" => Ok(None),
        text => instant(text).map(Some).ok_or_else(|| text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, StringArray, StringViewArray, TimestampMillisecondArray};

    use super::*;

    #[test]
    fn an_instant_is_read_whatever_the_writer_chose() {
        let texts = [Some("2026-10-01T00:00:00.000Z"), None, Some(""), Some("soon")];
        let coded: DictionaryArray<Int32Type> = texts.into_iter().collect();
        let millis = TimestampMillisecondArray::from(vec![Some(1_790_812_800_000), None]);
        let arrays: [ArrayRef; 4] = [
            Arc::new(coded),
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(StringViewArray::from(texts.to_vec())),
            Arc::new(millis),
        ];
        for array in &arrays {
            assert_eq!(instant_of(array, 0), Ok(Some(1_790_812_800)), "{}", array.data_type());
            assert_eq!(instant_of(array, 1), Ok(None), "{}", array.data_type());
        }
        for array in &arrays[..3] {
            assert_eq!(instant_of(array, 2), Ok(None));
            assert_eq!(instant_of(array, 3), Err("soon".to_owned()));
        }
    }
}
