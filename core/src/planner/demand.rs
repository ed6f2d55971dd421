//! Usage by pool and hour, from a table of `pool,hour,quantity`.

use std::path::Path;

use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::ingest::table_file::read_rows;
use crate::schema::money::{QUANTITY_SCALE, from_text};

/// The columns of a table of demand.
pub const DEMAND_COLUMNS: [&str; 3] = ["pool", "hour", "quantity"];
/// Pool × hour cells that are laid out densely at most: two years of 6,000 pools.
const CELLS_MAX: usize = 100_000_000;

/// Usage by pool and hour of a window without gaps. Hours that are not stated are hours without usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Names of the pools, sorted.
    pub pools: Vec<String>,
    /// The first hour: hours since 1970-01-01, or the table's own number.
    pub first_hour: i64,
    /// Hours of the window, over all pools.
    pub hours: usize,
    /// Quantities by pool, then hour, in units of 1e-15.
    pub quantities: Vec<i128>,
}

impl Demand {
    /// A pool's quantities by hour.
    pub fn of(&self, pool: usize) -> &[i128] {
        &self.quantities[pool * self.hours..(pool + 1) * self.hours]
    }

    /// The place of a pool.
    pub fn place(&self, pool: &str) -> Option<usize> {
        self.pools.binary_search_by(|known| known.as_str().cmp(pool)).ok()
    }

    /// Lays out rows of pool, hour and quantity (units of 1e-15); rows of the same pool and hour add up.
    ///
    /// # Errors
    /// What is wrong, when the rows span more pools and hours than can be laid out.
    pub fn from_rows(rows: &[(u32, i64, i128)], names: &[String]) -> std::result::Result<Demand, String> {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| names[a].cmp(&names[b]));
        let mut places = vec![0; names.len()];
        order.iter().enumerate().for_each(|(place, &name)| places[name] = place);
        let first_hour = rows.iter().map(|row| row.1).min().unwrap_or(0);
        let last_hour = rows.iter().map(|row| row.1).max().unwrap_or(-1);
        let hours = usize::try_from(i128::from(last_hour) - i128::from(first_hour) + 1).unwrap_or(0);
        let hours = if rows.is_empty() { 0 } else { hours };
        let cells = hours.checked_mul(names.len()).filter(|&cells| cells <= CELLS_MAX).ok_or_else(|| {
            format!(
                "{} pools over {hours} hours are more than can be planned at once; give a shorter window",
                names.len()
            )
        })?;
        let mut quantities = vec![0; cells];
        for &(name, hour, quantity) in rows {
            quantities[places[name as usize] * hours + (hour - first_hour) as usize] += quantity;
        }
        Ok(Demand { pools: order.into_iter().map(|at| names[at].clone()).collect(), first_hour, hours, quantities })
    }

    /// Reads a csv or parquet table with the columns `pool,hour,quantity`. An hour is a number or a time (ISO 8601).
    ///
    /// # Errors
    /// [`Error::Table`] that names the line and what is wrong with it; [`Error::NotFound`], [`Error::Io`].
    pub fn read(path: &Path) -> Result<Demand> {
        let mut names: Vec<String> = Vec::new();
        let mut by_name: HashMap<String, u32> = HashMap::new();
        let mut rows = Vec::new();
        let mut last = (String::new(), 0_i64);
        read_rows(path, &DEMAND_COLUMNS, |row| {
            let (pool, hour, quantity) = (row[0], row[1], row[2]);
            if pool.is_empty() {
                return Err("the pool is empty".to_owned());
            }
            let id = match by_name.get(pool) {
                Some(&id) => id,
                None => {
                    names.push(pool.to_owned());
                    by_name.insert(pool.to_owned(), names.len() as u32 - 1);
                    names.len() as u32 - 1
                }
            };
            if last.0 != hour {
                last = (
                    hour.to_owned(),
                    parse_hour(hour).ok_or_else(|| {
                        format!(
                            "hour `{hour}` is neither a whole number nor a time like 2026-10-01T05:00:00Z on the hour"
                        )
                    })?,
                );
            }
            rows.push((id, last.1, parse_quantity(quantity)?));
            Ok(())
        })?;
        let fail = |detail| Error::Table { path: path.to_path_buf(), detail };
        if rows.is_empty() {
            return Err(fail("it has no rows; expected pool,hour,quantity".to_owned()));
        }
        Demand::from_rows(&rows, &names).map_err(fail)
    }
}

fn parse_quantity(text: &str) -> std::result::Result<i128, String> {
    match from_text(text, QUANTITY_SCALE) {
        Some(quantity) if quantity.units >= 0 => Ok(quantity.units),
        Some(_) => Err(format!("quantity `{text}` is negative")),
        None => Err(format!("quantity `{text}` is no number")),
    }
}

/// Hours since 1970-01-01 of a time on the hour, or the number itself.
fn parse_hour(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number);
    }
    if let Some(whole) = text.strip_suffix(".0")
        && let Ok(number) = whole.parse::<i64>()
    {
        return Some(number);
    }
    let seconds = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.timestamp()).ok().or_else(|| {
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        let text = text.trim_end_matches("UTC").trim_end_matches('Z').trim_end();
        let mut parsed = formats.iter().filter_map(|format| chrono::NaiveDateTime::parse_from_str(text, format).ok());
        parsed.next().map(|time| time.and_utc().timestamp())
    })?;
    (seconds % 3_600 == 0).then(|| seconds.div_euclid(3_600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_numbers_or_times() {
        assert_eq!(parse_hour("17"), Some(17));
        assert_eq!(parse_hour("17.0"), Some(17));
        for text in
            ["1970-01-02T03:00:00Z", "1970-01-02 03:00:00", "1970-01-02T04:00:00+01:00", "1970-01-02T03:00:00.000"]
        {
            assert_eq!(parse_hour(text), Some(27), "{text}");
        }
        for text in ["", "noon", "1970-01-02T03:30:00Z", "17.5"] {
            assert_eq!(parse_hour(text), None, "{text}");
        }
    }

    #[test]
    fn rows_of_one_cell_add_up_and_gaps_are_zero() {
        let names = ["b".to_owned(), "a".to_owned()];
        let demand = Demand::from_rows(&[(0, 5, 1), (0, 5, 2), (1, 7, 4)], &names).unwrap();
        assert_eq!((demand.first_hour, demand.hours), (5, 3));
        assert_eq!(demand.of(demand.place("b").unwrap()), [3, 0, 0]);
        assert_eq!(demand.of(demand.place("a").unwrap()), [0, 0, 4]);
        assert!(Demand::from_rows(&[(0, 0, 1), (0, i64::MAX, 1)], &names).is_err());
    }
}
