//! Limits of what is read: files are written by anyone, and what they claim is held against these before it is believed.

use std::fmt::{self, Display};

use crate::error::Error;

/// Bytes of a parquet file's footer.
pub const FOOTER_BYTES_MAX: u64 = 64 << 20;
/// Columns of a file, of any form.
pub const COLUMNS_MAX: usize = 20_000;
/// Column chunks of a parquet file: its columns times its row groups.
pub const CHUNKS_MAX: usize = 500_000;
/// How deep a schema, or what describes it, may nest.
pub const DEPTH_MAX: usize = 32;
/// Rows for each byte of a parquet file. Bills have about 20 bytes for a row; a run of one value has many rows for one.
pub const ROWS_PER_BYTE_MAX: u64 = 16;
/// Rows that any file may have, however small it is.
pub const ROWS_MIN: u64 = 1_000_000;
/// How much larger than itself a parquet file may become. Real ones stay below 100, for what repeats is coded.
pub const PARQUET_UNFOLDING_MAX: u64 = 1_000;
/// What any parquet file may become, however small it is.
pub const PARQUET_UNFOLDED_BYTES_MIN: u64 = 1 << 30;
/// How much larger than itself a packed text may become. Reports stay below 100; a bomb is near 1,000.
pub const TEXT_UNFOLDING_MAX: u64 = 500;
/// What any packed text may become, however small it is.
pub const TEXT_UNFOLDED_BYTES_MIN: u64 = 64 << 20;
/// A page of a column. Writers aim at 1 MiB, the largest known stop at 100 MB.
pub const PAGE_BYTES_MAX: u64 = 128 << 20;
/// The description of a page, which may hold the least and the greatest of its values.
pub const PAGE_HEADER_BYTES_MAX: u64 = 1 << 20;
/// What the pages that are decoded together may take, of one row group: this bounds a thread's memory.
pub const DECODING_BYTES_MAX: u64 = 1 << 30;
/// One value of text. AWS's longest are descriptions, and maps of tags as JSON.
pub const VALUE_BYTES_MAX: usize = 64 << 10;
/// One record of text: a quotation mark that nobody closes would swallow the rest of the file.
pub const RECORD_BYTES_MAX: u64 = 16 << 20;

/// What is larger than it may be, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// What was found, with its figure: "its schema nests 40 deep".
    pub(super) found: String,
    /// The most that is read, with its unit.
    pub(super) limit: String,
    /// What to do.
    pub(super) hint: &'static str,
}

/// What to do about a file that no writer of bills would make.
pub(super) const NO_REPORT_IS_SO: &str = "no report is like this: fetch this file again from where AWS delivered it";
/// What to do about a file that another program has written in too large pieces.
pub(super) const WRITE_SMALLER: &str = "have it written again with smaller row groups and pages";

impl Exceeded {
    pub(super) fn new(found: impl Into<String>, limit: impl Display, hint: &'static str) -> Exceeded {
        Exceeded { found: found.into(), limit: limit.to_string(), hint }
    }

    /// As an error about a file.
    pub(super) fn of(self, file: &str) -> Error {
        let Exceeded { found, limit, hint } = self;
        Error::Limit { file: file.to_owned(), found, limit, hint: hint.to_owned() }
    }
}

impl Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, more than {}; {}", self.found, self.limit, self.hint)
    }
}

impl std::error::Error for Exceeded {}

/// Bytes for people.
pub(super) fn mebibytes(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes.div_ceil(1 << 10)) } else { format!("{} MiB", bytes >> 20) }
}
