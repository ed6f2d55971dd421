//! Small tables that a user gives: csv or parquet, read row by row as text.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::guard::guarded;
use crate::error::{Error, Result};

/// Hands every row's values of these columns, in this order, to `row`; a null is empty text. Names of columns are
/// compared without case, and further columns are passed over.
///
/// # Errors
/// [`Error::Table`] for a column that is missing, a file that is damaged, and what `row` says is wrong, with the line;
/// [`Error::NotFound`] and [`Error::Io`].
pub fn read_rows(
    path: &Path,
    columns: &[&str],
    row: impl FnMut(&[&str]) -> std::result::Result<(), String>,
) -> Result<()> {
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    if is_parquet(path) { read_parquet(path, file, columns, row) } else { read_csv(path, file, columns, row) }
}

/// The names of a table's columns, without blanks around them.
///
/// # Errors
/// [`Error::Table`] and [`Error::Unreadable`] for a file that is damaged; [`Error::NotFound`] and [`Error::Io`].
pub fn headers(path: &Path) -> Result<Vec<String>> {
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let names: Vec<String> = if is_parquet(path) {
        let builder =
            guarded(&path.display().to_string(), "parquet", || ParquetRecordBatchReaderBuilder::try_new(file));
        builder?.schema().fields().iter().map(|field| field.name().clone()).collect()
    } else {
        let mut reader = csv::Reader::from_reader(std::io::BufReader::new(file));
        let headers = reader.headers().map_err(|error| fail(path, error.to_string()))?;
        headers.iter().map(str::to_owned).collect()
    };
    Ok(names.iter().map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect())
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

fn fail(path: &Path, detail: String) -> Error {
    Error::Table { path: path.to_path_buf(), detail }
}

/// The places of the columns among a table's headers.
fn places(path: &Path, headers: &[String], columns: &[&str]) -> Result<Vec<usize>> {
    let place = |column: &&str| {
        let found =
            headers.iter().position(|header| header.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(column));
        found.ok_or_else(|| {
            let expected = columns.join(",");
            fail(path, format!("it has no column {column}; expected {expected}, found {}", headers.join(",")))
        })
    };
    columns.iter().map(place).collect()
}

fn read_csv(
    path: &Path,
    file: File,
    columns: &[&str],
    mut row: impl FnMut(&[&str]) -> std::result::Result<(), String>,
) -> Result<()> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(std::io::BufReader::new(file));
    let headers = reader.headers().map_err(|error| fail(path, error.to_string()))?;
    let headers: Vec<String> = headers.iter().map(str::to_owned).collect();
    let places = places(path, &headers, columns)?;
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|error| fail(path, error.to_string()))?;
        if !more {
            return Ok(());
        }
        let mut values = [""; MOST_COLUMNS];
        for (value, &place) in values.iter_mut().zip(&places) {
            *value = record.get(place).unwrap_or_default();
        }
        let line = record.position().map_or(0, csv::Position::line);
        row(&values[..places.len()]).map_err(|detail| fail(path, format!("line {line}: {detail}")))?;
    }
}

/// The widest table that is read.
const MOST_COLUMNS: usize = 16;

fn read_parquet(
    path: &Path,
    file: File,
    columns: &[&str],
    mut row: impl FnMut(&[&str]) -> std::result::Result<(), String>,
) -> Result<()> {
    let name = path.display().to_string();
    let damaged = |error: String| fail(path, format!("it cannot be read as parquet: {error}"));
    let reader = guarded(&name, "parquet", || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let headers: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        builder.build().map(|reader| (reader, headers))
    });
    let (mut reader, headers) = reader?;
    let places = places(path, &headers, columns)?;
    let mut line = 0;
    loop {
        let batch =
            guarded(&name, "parquet", || reader.next().transpose().map_err(parquet::errors::ParquetError::from));
        let Some(batch) = batch? else { return Ok(()) };
        let texts = places.iter().map(|&place| cast(batch.column(place), &DataType::Utf8));
        let texts = texts.collect::<std::result::Result<Vec<_>, _>>().map_err(|error| damaged(error.to_string()))?;
        let texts: Vec<&StringArray> = texts.iter().map(|text| text.as_string::<i32>()).collect();
        for at in 0..batch.num_rows() {
            line += 1;
            let mut values = [""; MOST_COLUMNS];
            for (value, text) in values.iter_mut().zip(&texts) {
                *value = if text.is_null(at) { "" } else { text.value(at) };
            }
            row(&values[..places.len()]).map_err(|detail| fail(path, format!("row {line}: {detail}")))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        let mut rows = Vec::new();
        read_rows(&path, &["pool", "hour"], |row| {
            rows.push(row.join("|"));
            if row[1] == "x" { Err("hour is x".to_owned()) } else { Ok(()) }
        })?;
        Ok(rows)
    }

    #[test]
    fn columns_are_found_by_name_and_lines_are_named() {
        assert_eq!(rows("Hour,note,POOL\n1,a,m5\n2,\"b,c\",r5\n").unwrap(), ["m5|1", "r5|2"]);
        let missing = rows("pool,when\nm5,1\n").unwrap_err().to_string();
        assert!(missing.contains("no column hour") && missing.contains("found pool,when"), "{missing}");
        let bad = rows("pool,hour\nm5,1\nm5,x\n").unwrap_err().to_string();
        assert!(bad.contains("line 3: hour is x"), "{bad}");
    }
}
