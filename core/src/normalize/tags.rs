//! Tags and cost categories as ids of sets, whether a report has a map or one column for each key.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use serde_json::{Map, Value};

use super::arrays::{DictionaryIds, Place, dictionary, text_ids};
use crate::error::Result;
use crate::ingest::csv::NULL_WORDS;
use crate::schema::line_items::tag_key;
use crate::schema::names::{NONE, Pool, TagSets};

/// How the sets of one column read, remembered from batch to batch.
#[derive(Debug, Default)]
pub(super) struct SetReader {
    keys: ReportedKeys,
    values: DictionaryIds,
    columns: Vec<DictionaryIds>,
    json: hashbrown::HashMap<String, u32>,
    /// Keys that differ in the report and are one key for users: reported text by key id.
    pub(super) spellings: std::collections::BTreeMap<u32, std::collections::BTreeSet<String>>,
}

/// Keys as the report spells them, with the ids of what users call them.
#[derive(Debug, Default)]
struct ReportedKeys {
    values: Option<ArrayRef>,
    ids: Vec<u32>,
}

impl SetReader {
    /// Fills `out` with the set ids of a map column.
    pub(super) fn map(
        &mut self,
        array: &ArrayRef,
        sets: &mut TagSets,
        out: &mut Vec<u32>,
        place: &Place<'_>,
    ) -> Result<()> {
        out.clear();
        if array.null_count() == array.len() {
            out.resize(array.len(), 0);
            return Ok(());
        }
        if let Some(map) = array.as_map_opt() {
            return self.entries(map.offsets(), map.entries(), array, sets, out, place);
        }
        if let Some(list) = array.as_list_opt::<i32>()
            && let Some(entries) = list.values().as_struct_opt()
        {
            return self.entries(list.offsets(), entries, array, sets, out, place);
        }
        self.json_text(array, sets, out, place)
    }

    fn entries(
        &mut self,
        offsets: &[i32],
        entries: &StructArray,
        rows: &ArrayRef,
        sets: &mut TagSets,
        out: &mut Vec<u32>,
        place: &Place<'_>,
    ) -> Result<()> {
        let keys = dictionary(entries.column(0), place)?;
        let values = dictionary(entries.column(1), place)?;
        self.read_keys(keys.values(), &mut sets.keys);
        let value_ids =
            self.values.of(values.values(), &mut sets.values).map_err(|error| place.error(error.to_string()))?.to_vec();
        let (key_codes, value_codes) = (keys.keys().values(), values.keys().values());
        let value_nulls = values.keys().nulls();
        let value = |at: usize| {
            if value_nulls.is_some_and(|nulls| nulls.is_null(at)) { NONE } else { value_ids[value_codes[at] as usize] }
        };
        let pairs = |row: usize, pairs: &mut Vec<(u32, u32)>| {
            if !rows.is_null(row) {
                let span = offsets[row] as usize..offsets[row + 1] as usize;
                pairs.extend(span.map(|at| (self.keys.ids[key_codes[at] as usize], value(at))));
            }
        };
        sets.intern_all(rows.len(), pairs, out);
        Ok(())
    }

    fn read_keys(&mut self, values: &ArrayRef, pool: &mut Pool) {
        if self.keys.values.as_ref().is_some_and(|known| same_dictionary(known, values)) {
            return;
        }
        let text = values.as_string::<i32>();
        self.keys.ids.clear();
        for value in text.iter() {
            let reported = value.unwrap_or_default();
            let id = pool.intern(&tag_key(reported));
            self.spellings.entry(id).or_default().insert(reported.to_owned());
            self.keys.ids.push(id);
        }
        self.keys.values = Some(Arc::clone(values));
    }

    /// Maps written as JSON text.
    fn json_text(&mut self, array: &ArrayRef, sets: &mut TagSets, out: &mut Vec<u32>, place: &Place<'_>) -> Result<()> {
        let coded = dictionary(array, place)?;
        let text = coded.values().as_string::<i32>();
        for row in 0..array.len() {
            if coded.is_null(row) {
                out.push(0);
                continue;
            }
            let text = text.value(coded.keys().value(row) as usize);
            if let Some(&id) = self.json.get(text) {
                out.push(id);
                continue;
            }
            let map = json_map(text).ok_or_else(|| place.error(format!("`{text}` is no map of text to text")))?;
            let mut pairs = Vec::with_capacity(map.len());
            for (reported, value) in map {
                let value = match value {
                    Value::String(value) => sets.values.intern(&value),
                    Value::Null => NONE,
                    _ => return Err(place.error(format!("`{text}` is no map of text to text"))),
                };
                let key = sets.keys.intern(&tag_key(&reported));
                pairs.push((key, value));
                self.spellings.entry(key).or_default().insert(reported);
            }
            let id = sets.intern(&mut pairs);
            self.json.insert(text.to_owned(), id);
            out.push(id);
        }
        Ok(())
    }

    /// Fills `out` with the set ids of columns that hold one key each.
    pub(super) fn columns(
        &mut self,
        columns: &[(&ArrayRef, &str)],
        rows: usize,
        sets: &mut TagSets,
        out: &mut Vec<u32>,
        file: &str,
    ) -> Result<()> {
        out.clear();
        self.columns.resize_with(columns.len().max(self.columns.len()), DictionaryIds::default);
        let mut ids = vec![Vec::new(); columns.len()];
        let mut keys = Vec::with_capacity(columns.len());
        for ((array, key), (known, ids)) in columns.iter().zip(self.columns.iter_mut().zip(&mut ids)) {
            text_ids(array, known, &mut sets.values, ids, &Place { file, column: key })?;
            keys.push(sets.keys.intern(key));
        }
        let pairs = |row: usize, pairs: &mut Vec<(u32, u32)>| {
            pairs.extend(ids.iter().zip(&keys).filter(|(ids, _)| ids[row] != NONE).map(|(ids, &key)| (key, ids[row])));
        };
        sets.intern_all(rows, pairs, out);
        Ok(())
    }
}

fn same_dictionary(a: &ArrayRef, b: &ArrayRef) -> bool {
    let (Some(a), Some(b)) = (a.as_string_opt::<i32>(), b.as_string_opt::<i32>()) else { return false };
    a.len() == b.len()
        && a.value_data().as_ptr() == b.value_data().as_ptr()
        && a.value_offsets().as_ptr() == b.value_offsets().as_ptr()
}

/// A map in JSON.
fn json_map(text: &str) -> Option<Map<String, Value>> {
    match text.trim() {
        "" => Some(Map::new()),
        text if NULL_WORDS.contains(&text) => Some(Map::new()),
        text => serde_json::from_str(text).ok(),
    }
}
