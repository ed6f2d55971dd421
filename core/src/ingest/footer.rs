//! A parquet file's footer: held against limits, against the file and against itself before any page is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};

use super::guard::guarded;
use super::limits::{
    CHUNKS_MAX, COLUMNS_MAX, DEPTH_MAX, Exceeded, FOOTER_BYTES_MAX, NO_REPORT_IS_SO, PARQUET_UNFOLDED_BYTES_MIN,
    PARQUET_UNFOLDING_MAX, ROWS_MIN, ROWS_PER_BYTE_MAX, mebibytes,
};
use super::thrift::{Broken, LIST, STRUCT, Walker};
use crate::error::{Error, Result};

/// Bytes at the end of the file: the footer's length, and the mark.
const TAIL_BYTES: u64 = 8;
/// Bytes before the first page: the mark.
const HEAD_BYTES: u64 = 4;

/// Reads and checks the footer of a file of so many bytes.
///
/// # Errors
/// [`Error::Unreadable`] and [`Error::Limit`].
pub(super) fn read(path: &Path, file: &mut File, name: &str, bytes: u64) -> Result<ParquetMetaData> {
    let footer = footer_bytes(file, name, bytes).map_err(|error| match error {
        Trouble::Io(source) => Error::io(path, source),
        Trouble::Bad(error) => error,
    })?;
    look_over(&footer).map_err(|trouble| match trouble {
        Refused::Exceeded(exceeded) => exceeded.of(name),
        Refused::Broken(Broken::Deep) => too_deep().of(name),
        Refused::Broken(broken) => {
            let what = if broken == Broken::Short { "is cut off or lies about a length" } else { "makes no sense" };
            unreadable(name, format!("its footer {what}"))
        }
    })?;
    let metadata = guarded(name, "parquet", || ParquetMetaDataReader::decode_metadata(&footer))?;
    check(&metadata, bytes, bytes - TAIL_BYTES - footer.len() as u64).map_err(|wrong| match wrong {
        Wrong::Lie(detail) => unreadable(name, detail),
        Wrong::Exceeded(exceeded) => exceeded.of(name),
    })?;
    Ok(metadata)
}

fn unreadable(file: &str, detail: String) -> Error {
    Error::Unreadable { file: file.to_owned(), detail }
}

enum Trouble {
    Io(io::Error),
    Bad(Error),
}

impl From<io::Error> for Trouble {
    fn from(source: io::Error) -> Trouble {
        Trouble::Io(source)
    }
}

fn footer_bytes(file: &mut File, name: &str, bytes: u64) -> std::result::Result<Vec<u8>, Trouble> {
    let bad = |detail: String| Trouble::Bad(unreadable(name, format!("this is no whole parquet file ({detail})")));
    if bytes < HEAD_BYTES + TAIL_BYTES {
        return Err(bad(format!("it has {bytes} bytes, which is too few")));
    }
    let mut head = [0; HEAD_BYTES as usize];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut head)?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.seek(SeekFrom::Start(bytes - TAIL_BYTES))?;
    file.read_exact(&mut tail)?;
    let (length, mark) = tail.split_at(4);
    if mark == b"PARE" || &head == b"PARE" {
        return Err(bad("its footer is encrypted; AWS's are not".to_owned()));
    }
    if mark != b"PAR1" || &head != b"PAR1" {
        return Err(bad("it does not begin and end with PAR1, so a part of it is missing or damaged".to_owned()));
    }
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
    if length > FOOTER_BYTES_MAX {
        let found = format!("its footer takes {}", mebibytes(length));
        return Err(Trouble::Bad(Exceeded::new(found, mebibytes(FOOTER_BYTES_MAX), NO_REPORT_IS_SO).of(name)));
    }
    if length > bytes - HEAD_BYTES - TAIL_BYTES {
        return Err(bad(format!("its footer would take {length} bytes, and it has {bytes}")));
    }
    let mut footer = vec![0; length as usize];
    file.seek(SeekFrom::Start(bytes - TAIL_BYTES - length))?;
    file.read_exact(&mut footer)?;
    Ok(footer)
}

/// Why a footer is not given to the decoder.
enum Refused {
    Broken(Broken),
    Exceeded(Exceeded),
}

fn too_deep() -> Exceeded {
    Exceeded::new("its schema nests too deep", format!("{DEPTH_MAX} levels"), NO_REPORT_IS_SO)
}

/// Walks over the footer as bytes: what it nests, how many columns and row groups it has.
fn look_over(footer: &[u8]) -> std::result::Result<(), Refused> {
    const SCHEMA: i16 = 2;
    const ROW_GROUPS: i16 = 4;
    let mut exceeded = None;
    let mut schema = SchemaShape::default();
    let mut row_groups = 0;
    let walked = Walker::new(footer).structure(&mut |walker, field, kind| match (field, kind) {
        (SCHEMA, LIST) => {
            // Each column may stand in groups of its own: a map of texts takes four elements.
            let limit = |count: usize| if count > 4 * COLUMNS_MAX { Err(Broken::Malformed) } else { Ok(()) };
            let mut found = 0;
            let walked = walker.structures(
                &mut |count| {
                    found = count;
                    limit(count)
                },
                &mut |walker| schema.element(walker),
            );
            if found > 4 * COLUMNS_MAX || schema.columns > COLUMNS_MAX {
                exceeded = Some(columns(if found > 4 * COLUMNS_MAX { found } else { schema.columns }));
            }
            walked.map(|()| true)
        }
        (ROW_GROUPS, LIST) => {
            walker.structures(
                &mut |count| {
                    row_groups = count;
                    Ok(())
                },
                &mut |walker| walker.skip(STRUCT),
            )?;
            Ok(true)
        }
        _ => Ok(false),
    });
    if let Some(exceeded) = exceeded {
        return Err(Refused::Exceeded(exceeded));
    }
    walked.map_err(Refused::Broken)?;
    let chunks = row_groups.saturating_mul(schema.columns);
    if chunks > CHUNKS_MAX {
        let found = format!("it has {row_groups} row groups of {} columns", schema.columns);
        return Err(Refused::Exceeded(Exceeded::new(found, format!("{CHUNKS_MAX} in all"), NO_REPORT_IS_SO)));
    }
    Ok(())
}

fn columns(count: usize) -> Exceeded {
    Exceeded::new(format!("it has {count} columns"), COLUMNS_MAX, NO_REPORT_IS_SO)
}

/// What the elements of a schema, in their order, make of it.
#[derive(Default)]
struct SchemaShape {
    /// Children that are still due, by level.
    due: Vec<i64>,
    columns: usize,
}

impl SchemaShape {
    fn element(&mut self, walker: &mut Walker<'_>) -> std::result::Result<(), Broken> {
        const CHILDREN: i16 = 5;
        let mut children = 0;
        walker.structure(&mut |walker, field, _| {
            if field == CHILDREN {
                children = walker.integer()?;
            }
            Ok(field == CHILDREN)
        })?;
        while self.due.last() == Some(&0) {
            self.due.pop();
        }
        if let Some(due) = self.due.last_mut() {
            *due -= 1;
        }
        if children < 0 {
            return Err(Broken::Malformed);
        }
        if children == 0 {
            self.columns += 1;
        } else {
            self.due.push(children);
        }
        if self.due.len() > DEPTH_MAX { Err(Broken::Deep) } else { Ok(()) }
    }
}

/// What a footer says that cannot be, or must not be.
enum Wrong {
    Lie(String),
    Exceeded(Exceeded),
}

/// Holds a footer against its file of so many bytes, whose pages end where the footer begins.
fn check(metadata: &ParquetMetaData, bytes: u64, pages_end: u64) -> std::result::Result<(), Wrong> {
    let lie = |detail: String| Err(Wrong::Lie(detail));
    let (mut rows, mut unfolded) = (0_i64, 0_u64);
    let mut ranges = Vec::new();
    for (number, group) in metadata.row_groups().iter().enumerate() {
        if group.num_rows() < 0 {
            return lie(format!("its footer promises {} rows in row group {number}", group.num_rows()));
        }
        rows = rows.saturating_add(group.num_rows());
        unfolded = unfolded.saturating_add(check_chunks(group, number, pages_end, &mut ranges).map_err(Wrong::Lie)?);
    }
    let promised = metadata.file_metadata().num_rows();
    if promised != rows {
        return lie(format!("its footer promises {promised} rows, and its row groups have {rows}"));
    }
    ranges.sort_unstable();
    if let Some(pair) = ranges.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        return lie(format!("two of its columns claim the bytes from {} on", pair[1].0));
    }
    let rows_max = ROWS_MIN.max(bytes.saturating_mul(ROWS_PER_BYTE_MAX));
    if rows.unsigned_abs() > rows_max {
        let found = format!("it claims {rows} rows in {bytes} bytes");
        let limit = format!("{ROWS_PER_BYTE_MAX} rows a byte");
        return Err(Wrong::Exceeded(Exceeded::new(found, limit, NO_REPORT_IS_SO)));
    }
    unfolds(unfolded, bytes).map_err(Wrong::Exceeded)
}

/// Refuses a file of so many bytes that becomes so much larger.
pub(super) fn unfolds(unfolded: u64, bytes: u64) -> std::result::Result<(), Exceeded> {
    let limit = PARQUET_UNFOLDED_BYTES_MIN.max(bytes.saturating_mul(PARQUET_UNFOLDING_MAX));
    if unfolded <= limit {
        return Ok(());
    }
    let found = format!("it becomes {} when it is decoded", mebibytes(unfolded));
    let limit = format!("{}, which is {PARQUET_UNFOLDING_MAX} times its size", mebibytes(limit));
    Err(Exceeded::new(found, limit, NO_REPORT_IS_SO))
}

/// Checks where the columns of a row group lie, and returns what they become.
fn check_chunks(
    group: &RowGroupMetaData,
    number: usize,
    pages_end: u64,
    ranges: &mut Vec<(u64, u64)>,
) -> std::result::Result<u64, String> {
    let mut unfolded = 0_u64;
    for chunk in group.columns() {
        let at = || format!("column {} of row group {number}", chunk.column_path().string());
        if chunk.file_path().is_some_and(|path| !path.is_empty()) {
            return Err(format!("its footer says that {} lies in another file", at()));
        }
        let offsets = [Some(chunk.data_page_offset()), chunk.dictionary_page_offset()];
        let sizes = [chunk.compressed_size(), chunk.uncompressed_size(), chunk.num_values()];
        if offsets.iter().flatten().chain(&sizes).any(|&figure| figure < 0) {
            return Err(format!("its footer has a negative offset or size for {}", at()));
        }
        let (start, length) = chunk.byte_range();
        let end = start.saturating_add(length);
        let data_start = chunk.data_page_offset() as u64;
        if start < HEAD_BYTES || end > pages_end || (length > 0 && !(start..end).contains(&data_start)) {
            return Err(format!("its footer says that {} lies at {start}, outside its pages", at()));
        }
        if chunk.column_descr().max_rep_level() == 0 && chunk.num_values() != group.num_rows() {
            return Err(format!(
                "its footer promises {} rows in row group {number}, and {} values of {}",
                group.num_rows(),
                chunk.num_values(),
                chunk.column_path().string()
            ));
        }
        if length > 0 {
            ranges.push((start, end));
        }
        unfolded = unfolded.saturating_add(chunk.uncompressed_size() as u64);
    }
    Ok(unfolded)
}
