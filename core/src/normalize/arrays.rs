//! Arrow columns as ids, integers and instants, whatever type the writer chose.

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};

use crate::error::{Error, Result};
use crate::ingest::csv::NULL_WORDS;
use crate::ingest::file::LineItemBatch;
use crate::schema::line_items::LineItem;
use crate::schema::money::{Scaled, from_f64, from_text};
use crate::schema::names::Pool;

/// Builds the [`Error::Column`] of a file and column.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) column: &'a str,
}

impl Place<'_> {
    pub(super) fn error(&self, detail: String) -> Error {
        Error::Column { file: self.file.to_owned(), column: self.column.to_owned(), detail }
    }
}

/// A value that cannot be read: its row in the batch, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) row: usize,
    pub(super) detail: String,
}

impl Bad {
    /// The error of a column of these line items; of text it says the line.
    pub(super) fn error(self, items: &LineItemBatch<'_>, item: LineItem) -> Error {
        let line = items.line(self.row).map(|line| format!("line {line}: ")).unwrap_or_default();
        Place { file: items.file, column: items.spelled(item) }.error(line + &self.detail)
    }
}

/// Values of a column that no total rests on and that are no numbers: how many rows, and one of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Rows.
    pub rows: u64,
    /// The text of one of them, the first in alphabetical order.
    pub text: String,
}

impl Unreadable {
    pub(crate) fn absorb(&mut self, other: &Unreadable) {
        self.rows += other.rows;
        if other.text < self.text {
            self.text.clone_from(&other.text);
        }
    }
}

/// Remembers how the last dictionary of a column reads in its pool: the decoder hands out the same dictionary
/// for every batch of a column chunk.
#[derive(Debug, Default)]
pub(super) struct DictionaryIds {
    values: Option<ArrayRef>,
    ids: Vec<u32>,
}

impl DictionaryIds {
    /// For each code of the dictionary its id in the pool.
    pub(super) fn of(
        &mut self,
        values: &ArrayRef,
        pool: &mut Pool,
    ) -> std::result::Result<&[u32], arrow::error::ArrowError> {
        let same = self.values.as_ref().is_some_and(|known| same_text(known, values));
        if !same {
            let text = values.as_string_opt::<i32>().ok_or_else(|| {
                arrow::error::ArrowError::CastError(format!(
                    "its values are {}, not text; export the report again",
                    values.data_type()
                ))
            })?;
            self.ids.clear();
            self.ids.extend(text.iter().map(|value| value.map_or(0, |value| pool.intern(value))));
            self.values = Some(Arc::clone(values));
        }
        Ok(&self.ids)
    }
}

fn same_text(a: &ArrayRef, b: &ArrayRef) -> bool {
    match (a.as_string_opt::<i32>(), b.as_string_opt::<i32>()) {
        (Some(a), Some(b)) => {
            a.len() == b.len()
                && a.value_offsets().as_ptr() == b.value_offsets().as_ptr()
                && a.value_data().as_ptr() == b.value_data().as_ptr()
        }
        _ => false,
    }
}

/// Fills `out` with the ids of a text column.
pub(super) fn text_ids(
    array: &ArrayRef,
    known: &mut DictionaryIds,
    pool: &mut Pool,
    out: &mut Vec<u32>,
    place: &Place<'_>,
) -> Result<()> {
    out.clear();
    if array.null_count() == array.len() {
        out.resize(array.len(), 0);
        return Ok(());
    }
    if let Some(views) = array.as_string_view_opt() {
        pool.intern_all(views.len(), |row| if views.is_null(row) { "" } else { views.value(row) }, out);
        return Ok(());
    }
    let coded = dictionary(array, place)?;
    let ids = known.of(coded.values(), pool).map_err(|error| place.error(error.to_string()))?;
    let keys = coded.keys();
    match keys.nulls() {
        None => out.extend(keys.values().iter().map(|&key| ids[key as usize])),
        // A row without a value has any key.
        Some(nulls) if nulls.null_count() * 2 < keys.len() => {
            out.extend(keys.values().iter().map(|&key| ids.get(key as usize).copied().unwrap_or_default()));
            (!nulls.inner()).set_indices().for_each(|row| out[row] = 0);
        }
        Some(nulls) => {
            out.resize(keys.len(), 0);
            nulls.valid_indices().for_each(|row| out[row] = ids[keys.values()[row] as usize]);
        }
    }
    Ok(())
}

/// The column as dictionary-coded text.
pub(super) fn dictionary(array: &ArrayRef, place: &Place<'_>) -> Result<DictionaryArray<Int32Type>> {
    if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
        return Ok(coded.clone());
    }
    let coded = coded(array).map_err(|error| place.error(error.to_string()))?;
    Ok(coded.as_dictionary::<Int32Type>().clone())
}

fn coded(array: &ArrayRef) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    cast(array, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
}

/// A column of amounts at one decimal scale.
pub(super) enum Numbers {
    Absent,
    Double(arrow::array::Float64Array),
    Decimal(arrow::array::Decimal128Array, i8),
    /// Decimal text: each distinct value parsed once.
    Text(DictionaryArray<Int32Type>, Arc<[Option<Scaled>]>),
}

/// Remembers what the last dictionary of a column's decimal text reads as.
#[derive(Debug, Default)]
pub(super) struct ParsedTexts(Option<(ArrayRef, Arc<[Option<Scaled>]>)>);

impl ParsedTexts {
    fn of(
        &mut self,
        coded: &DictionaryArray<Int32Type>,
        scale: u32,
        lenient: bool,
    ) -> std::result::Result<Arc<[Option<Scaled>]>, Bad> {
        let values = coded.values();
        if let Some((_, parsed)) = self.0.as_ref().filter(|(known, _)| same_text(known, values)) {
            return Ok(Arc::clone(parsed));
        }
        let bad = |code: usize, detail: String| Bad { row: row_of(coded, code), detail };
        let texts = values.as_string::<i32>().iter().enumerate();
        let parsed: Arc<[Option<Scaled>]> = texts
            .map(|(code, text)| parse(text, scale, lenient).map_err(|detail| bad(code, detail)))
            .collect::<std::result::Result<_, Bad>>()?;
        self.0 = Some((Arc::clone(values), Arc::clone(&parsed)));
        Ok(parsed)
    }
}

impl Numbers {
    /// Reads a column. Text that is no number is an error, or missing when `lenient`.
    pub(super) fn read(
        array: Option<&ArrayRef>,
        scale: u32,
        lenient: bool,
        known: &mut ParsedTexts,
    ) -> std::result::Result<Numbers, Bad> {
        let whole = |detail: String| Bad { row: 0, detail };
        let Some(array) = array else { return Ok(Numbers::Absent) };
        if array.null_count() == array.len() {
            return Ok(Numbers::Absent);
        }
        let coded = match array.data_type() {
            DataType::Utf8View => coded(array).map_err(|error| whole(error.to_string()))?,
            _ => Arc::clone(array),
        };
        let array = &coded;
        match array.data_type() {
            DataType::Null => Ok(Numbers::Absent),
            DataType::Float64 => Ok(Numbers::Double(array.as_primitive().clone())),
            DataType::Decimal128(_, decimals) => Ok(Numbers::Decimal(array.as_primitive().clone(), *decimals)),
            DataType::Dictionary(..) => {
                let coded = array.as_dictionary::<Int32Type>().clone();
                let values = known.of(&coded, scale, lenient)?;
                Ok(Numbers::Text(coded, values))
            }
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt32
            | DataType::UInt64 => {
                let wide = cast(array, &DataType::Decimal128(38, 0)).map_err(|error| whole(error.to_string()))?;
                Ok(Numbers::Decimal(wide.as_primitive().clone(), 0))
            }
            _ => {
                let wide = cast(array, &DataType::Float64).map_err(|error| whole(error.to_string()))?;
                Ok(Numbers::Double(wide.as_primitive().clone()))
            }
        }
    }

    /// Text that is no number, where there is any.
    pub(super) fn unreadable(&self) -> Option<Unreadable> {
        let Numbers::Text(coded, values) = self else { return None };
        let texts = coded.values().as_string::<i32>();
        let is_unreadable =
            |code: usize| values[code].is_none() && texts.is_valid(code) && !is_missing(texts.value(code).trim());
        if !(0..texts.len()).any(is_unreadable) {
            return None;
        }
        let codes = coded.keys().iter().flatten().map(|code| code as usize).filter(|&code| is_unreadable(code));
        let text = codes.clone().map(|code| texts.value(code)).min()?.to_owned();
        Some(Unreadable { rows: codes.count() as u64, text })
    }

    /// The amount of a row; `None` when it has none.
    #[inline]
    pub(super) fn get(&self, row: usize, scale: u32) -> std::result::Result<Option<Scaled>, Bad> {
        match self {
            Numbers::Absent => Ok(None),
            Numbers::Double(values) => {
                if values.is_null(row) {
                    return Ok(None);
                }
                let value = values.value(row);
                from_f64(value, scale).map(Some).ok_or_else(|| Bad { row, detail: not_a_number(&value.to_string()) })
            }
            Numbers::Decimal(values, decimals) => {
                if values.is_null(row) {
                    return Ok(None);
                }
                let value = values.value(row);
                rescale(value, i32::from(*decimals), scale)
                    .map(Some)
                    .ok_or_else(|| Bad { row, detail: format!("{value} does not fit") })
            }
            Numbers::Text(coded, values) => {
                Ok(if coded.is_null(row) { None } else { values[coded.keys().value(row) as usize] })
            }
        }
    }
}

/// The first row with a code of the dictionary.
fn row_of(coded: &DictionaryArray<Int32Type>, code: usize) -> usize {
    coded.keys().iter().position(|key| key == Some(code as i32)).unwrap_or(0)
}

fn is_missing(text: &str) -> bool {
    text.is_empty() || NULL_WORDS.contains(&text)
}

fn parse(text: Option<&str>, scale: u32, lenient: bool) -> std::result::Result<Option<Scaled>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !is_missing(text)) else { return Ok(None) };
    match from_text(text, scale) {
        None if !lenient => Err(not_a_number(text)),
        parsed => Ok(parsed),
    }
}

pub(super) fn not_a_number(text: &str) -> String {
    format!("`{text}` is no amount; export the report again, or leave this file out")
}

fn rescale(value: i128, decimals: i32, scale: u32) -> Option<Scaled> {
    let shift = scale as i32 - decimals;
    if shift >= 0 {
        let units = value.checked_mul(10_i128.checked_pow(shift as u32)?)?;
        return Some(Scaled { units, lossy: false });
    }
    let divisor = 10_i128.checked_pow(shift.unsigned_abs())?;
    Some(Scaled { units: crate::schema::money::divide_half_even(value, divisor), lossy: value % divisor != 0 })
}

/// Fills `out` with instants in seconds since 1970-01-01 UTC; a missing one is an error.
pub(super) fn instants(array: &ArrayRef, out: &mut Vec<i64>) -> std::result::Result<(), Bad> {
    instants_or(array, None, out).map(|_| ())
}

/// As [`instants`], with others by row in place of those that are missing, and how many are.
pub(super) fn instants_or(
    array: &ArrayRef,
    others: Option<&[i64]>,
    out: &mut Vec<i64>,
) -> std::result::Result<u64, Bad> {
    out.clear();
    if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
        let text = coded.values().as_string::<i32>();
        let values = parsed_instants(text);
        let mut missing = 0;
        for row in 0..array.len() {
            let is_missing = coded.is_null(row) || text.value(coded.keys().value(row) as usize).trim().is_empty();
            let value = match others {
                Some(others) if is_missing => {
                    missing += 1;
                    Some(others[row])
                }
                _ if is_missing => None,
                _ => values[coded.keys().value(row) as usize],
            };
            out.push(value.ok_or_else(|| missing_instant(coded, row))?);
        }
        return Ok(missing);
    }
    let seconds = cast(array, &DataType::Timestamp(TimeUnit::Second, None))
        .map_err(|error| Bad { row: 0, detail: error.to_string() })?;
    let seconds = seconds.as_primitive::<arrow::datatypes::TimestampSecondType>();
    if let (Some(others), 1..) = (others, seconds.null_count()) {
        out.extend((0..seconds.len()).map(|row| if seconds.is_null(row) { others[row] } else { seconds.value(row) }));
        return Ok(seconds.null_count() as u64);
    }
    if seconds.null_count() > 0 {
        let detail = "some rows have no instant, so they belong to no day; export the report again".to_owned();
        return Err(Bad { row: 0, detail });
    }
    out.extend_from_slice(seconds.values());
    Ok(0)
}

fn missing_instant(coded: &DictionaryArray<Int32Type>, row: usize) -> Bad {
    let text =
        if coded.is_null(row) { "" } else { coded.values().as_string::<i32>().value(coded.keys().value(row) as usize) };
    Bad { row, detail: format!("`{text}` is no instant such as 2026-10-01T00:00:00Z") }
}

fn parsed_instants(text: &StringArray) -> Vec<Option<i64>> {
    text.iter().map(|value| instant(value?)).collect()
}

/// ISO 8601 text, or a date, in seconds since 1970-01-01 UTC.
pub(super) fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp());
    }
    let plain = text.trim_end_matches('Z').replace('T', " ");
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(instant) = chrono::NaiveDateTime::parse_from_str(&plain, format) {
            return Some(instant.and_utc().timestamp());
        }
    }
    let date = chrono::NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_every_spelling() {
        for text in [
            "2026-10-01T00:00:00Z",
            "2026-10-01T00:00:00.000Z",
            "2026-10-01 00:00:00",
            "2026-10-01",
            "2026-10-01 00:00:00+00:00",
        ] {
            assert_eq!(instant(text), Some(1_790_812_800), "{text}");
        }
        assert_eq!(instant("October"), None);
    }
}
