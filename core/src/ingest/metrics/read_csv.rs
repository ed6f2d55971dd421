//! Metrics in long form as csv, packed by gzip or not.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{Gathering, METRIC_COLUMNS, Stopped, fail, parse_time};
use crate::error::Error;

/// Reads a file's rows.
pub(super) fn read(path: &Path, into: &mut Gathering) -> Result<(), Stopped> {
    let opened = File::open(path).map_err(|source| Error::io(path, source))?;
    let mut reader = BufReader::with_capacity(1 << 17, opened);
    let is_packed = reader.fill_buf().map_err(|source| Error::io(path, source))?.starts_with(b"\x1f\x8b");
    let text: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
    let mut lines = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let headers = lines.headers().map_err(|error| fail(path, error.to_string()))?;
    let places = places(path, &headers.iter().map(str::to_owned).collect::<Vec<_>>())?;
    let mut record = csv::StringRecord::new();
    let mut last = ([const { String::new() }; 4], 0);
    let mut is_first = true;
    while lines.read_record(&mut record).map_err(|error| fail(path, error.to_string()))? {
        let cell = |at: usize| places[at].and_then(|place| record.get(place)).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let names = [cell(0), cell(2), cell(3), cell(5)];
        if is_first || last.0.iter().zip(names).any(|(known, name)| known != name) {
            let slot = into.slot(names[0], names[1], names[2], names[3]).map_err(|error| error.at(path, line))?;
            last = (names.map(str::to_owned), slot);
            is_first = false;
        }
        let time = parse_time(cell(1)).ok_or_else(|| {
            fail(path, format!("line {line}: timestamp `{}` is no time like 2026-10-01T05:00:00Z", cell(1)))
        })?;
        into.add(last.1, time, cell(4).parse().unwrap_or(f64::NAN));
    }
    Ok(())
}

/// Where the columns of a table are; the unit may be missing.
pub(super) fn places(path: &Path, headers: &[String]) -> Result<[Option<usize>; METRIC_COLUMNS.len()], Stopped> {
    let place = |column: &str| {
        headers.iter().position(|header| header.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(column))
    };
    let found = METRIC_COLUMNS.map(place);
    match METRIC_COLUMNS[..5].iter().zip(&found).find(|(_, place)| place.is_none()) {
        None => Ok(found),
        Some((column, _)) => {
            let (expected, found) = (METRIC_COLUMNS.join(","), headers.join(","));
            Err(fail(path, format!("it has no column {column}; expected {expected}, found {found}")))
        }
    }
}
