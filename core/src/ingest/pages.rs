//! Pages of a row group: their headers are read and held against limits before a decoder believes them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::file::BATCH_ROWS;
use super::footer::unfolds;
use super::limits::{
    DECODING_BYTES_MAX, Exceeded, NO_REPORT_IS_SO, PAGE_BYTES_MAX, PAGE_HEADER_BYTES_MAX, VALUE_BYTES_MAX,
    WRITE_SMALLER, mebibytes,
};
use super::packed;
use super::thrift::{Broken, STRUCT, Walker};
use crate::error::{Error, Result};

/// Bytes in which nearly every page header fits.
const HEADER_BYTES: u64 = 4 << 10;
/// What lengths and levels of a value take at most.
const VALUE_OVERHEAD_BYTES: u64 = 16;
/// What a value in a list or map takes once decoded: two levels and a code.
const LISTED_VALUE_BYTES: u64 = 8;
/// Longest fixed-length value: a decimal of 38 digits.
const FIXED_BYTES_MAX: i32 = 16;

/// Pages of the columns that were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageCount {
    /// Pages.
    pub pages: u64,
    /// Those that carry a checksum, which the decoder verifies.
    pub with_checksum: u64,
}

impl PageCount {
    /// Adds the pages of another part.
    pub fn add(&mut self, other: PageCount) {
        self.pages += other.pages;
        self.with_checksum += other.with_checksum;
    }
}

/// What a page says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageHeader {
    kind: i64,
    unpacked: i64,
    pub(super) packed: i64,
    has_checksum: bool,
    values: i64,
    rows: Option<i64>,
    encoding: i64,
    is_packed: bool,
}

const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;

impl PageHeader {
    fn is_data(&self) -> bool {
        self.kind == DATA || self.kind == DATA_V2
    }
}

/// A row group's columns that are going to be decoded.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a File,
    pub(super) bytes: u64,
    pub(super) metadata: &'a ParquetMetaData,
    pub(super) number: usize,
}

/// What is wrong with a column's pages.
pub(super) enum Bad {
    Io(io::Error),
    Lie(String),
    Exceeded(Exceeded),
    /// An error that names the file already.
    Error(Error),
}

impl From<Exceeded> for Bad {
    fn from(exceeded: Exceeded) -> Bad {
        Bad::Exceeded(exceeded)
    }
}

pub(super) type Looked<T> = std::result::Result<T, Bad>;

/// What the pages of a column come to.
#[derive(Default)]
struct ColumnPages {
    count: PageCount,
    unpacked: u64,
    dictionary: u64,
    /// Data pages: the rows (of a list: values) before each, and what it becomes.
    data: Vec<(u64, u64)>,
    values: u64,
    rows: u64,
    has_plain: bool,
    has_delta: bool,
}

impl Group<'_> {
    /// Looks at every page of some columns.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for pages that are not what they say or not what the footer says, [`Error::Limit`] for
    /// what would take too much to decode.
    pub(super) fn look_at(&self, roots: &[usize]) -> Result<PageCount> {
        let schema = self.metadata.file_metadata().schema_descr();
        let (mut count, mut unpacked, mut held) = (PageCount::default(), 0_u64, 0_u64);
        for leaf in (0..schema.num_columns()).filter(|&leaf| roots.contains(&schema.get_column_root_idx(leaf))) {
            let chunk = self.metadata.row_group(self.number).column(leaf);
            let column = || chunk.column_path().string();
            let looked = self.column(leaf, chunk).map_err(|bad| match bad {
                Bad::Io(error) => self.unreadable(format!("column {}: {error}", column())),
                Bad::Lie(detail) => {
                    self.unreadable(format!("column {} of row group {}: {detail}", column(), self.number))
                }
                Bad::Exceeded(Exceeded { found, limit, hint }) => {
                    Exceeded::new(format!("column {}: {found}", column()), limit, hint).of(self.name)
                }
                Bad::Error(error) => error,
            })?;
            count.add(looked.count);
            unpacked = unpacked.saturating_add(looked.unpacked);
            held = held.saturating_add(looked.held(chunk.column_descr().max_rep_level() > 0));
        }
        unfolds(unpacked, self.bytes).map_err(|exceeded| exceeded.of(self.name))?;
        if held > DECODING_BYTES_MAX {
            let found = format!("row group {} takes {} to decode", self.number, mebibytes(held));
            return Err(Exceeded::new(found, mebibytes(DECODING_BYTES_MAX), WRITE_SMALLER).of(self.name));
        }
        Ok(count)
    }

    fn unreadable(&self, detail: String) -> Error {
        Error::Unreadable { file: self.name.to_owned(), detail }
    }

    fn column(&self, leaf: usize, chunk: &ColumnChunkMetaData) -> Looked<ColumnPages> {
        let length = chunk.column_descr().type_length();
        if chunk.column_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY && !(1..=FIXED_BYTES_MAX).contains(&length) {
            return Err(Bad::Lie(format!("its values have {length} bytes, a number has at most {FIXED_BYTES_MAX}")));
        }
        let mut pages = ColumnPages::default();
        let (start, length) = chunk.byte_range();
        let (mut at, end) = (start, start + length);
        while at < end {
            let (header, header_bytes) = self.header(at, end)?;
            at += header_bytes;
            let room = end - at;
            if header.packed < 0 || header.unpacked < 0 || header.packed as u64 > room {
                return Err(Bad::Lie(format!("the page at {at} claims {} bytes of {room}", header.packed)));
            }
            pages.add(&header, chunk)?;
            if matches!(chunk.compression(), Compression::GZIP(_)) && header.is_packed {
                packed::gzip_page(self.file, at, header.packed as u64, header.unpacked as u64)?;
            }
            at += header.packed as u64;
        }
        self.agrees(&pages, chunk)?;
        if chunk.column_type() == PhysicalType::BYTE_ARRAY && (pages.has_delta || pages.is_mixed()) {
            packed::texts(self, leaf, pages.is_mixed())?;
        }
        Ok(pages)
    }

    /// Whether a column's pages hold what the footer promises.
    fn agrees(&self, pages: &ColumnPages, chunk: &ColumnChunkMetaData) -> Looked<()> {
        let rows = self.metadata.row_group(self.number).num_rows() as u64;
        let is_flat = chunk.column_descr().max_rep_level() == 0;
        let wrong = if is_flat { pages.values != rows } else { pages.values < rows || pages.rows > rows };
        if wrong {
            return Err(Bad::Lie(format!("the footer promises {rows} rows, and its pages hold {}", pages.values)));
        }
        Ok(())
    }

    /// The header of the page that begins at `at`, and its length.
    fn header(&self, at: u64, end: u64) -> Looked<(PageHeader, u64)> {
        let mut size = HEADER_BYTES;
        loop {
            let bytes = read(self.file, at, size.min(end - at)).map_err(Bad::Io)?;
            let mut walker = Walker::new(&bytes);
            match page_header(&mut walker) {
                Ok(header) => return Ok((header, walker.position() as u64)),
                Err(Broken::Short) if size < (end - at).min(PAGE_HEADER_BYTES_MAX) => size *= 16,
                Err(Broken::Short) if size < end - at => {
                    let found = format!("the header of the page at {at} does not end");
                    return Err(Exceeded::new(found, mebibytes(PAGE_HEADER_BYTES_MAX), NO_REPORT_IS_SO).into());
                }
                Err(_) => return Err(Bad::Lie(format!("there is no page at {at}"))),
            }
        }
    }
}

/// Bytes of a file from `at` on.
pub(super) fn read(mut file: &File, at: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn page_header(walker: &mut Walker<'_>) -> std::result::Result<PageHeader, Broken> {
    let mut header = PageHeader { kind: -1, unpacked: -1, packed: -1, is_packed: true, ..PageHeader::default() };
    walker.structure(&mut |walker, field, kind| {
        match (field, kind) {
            (1, 5) => header.kind = walker.integer()?,
            (2, 5) => header.unpacked = walker.integer()?,
            (3, 5) => header.packed = walker.integer()?,
            (4, 5) => {
                walker.integer()?;
                header.has_checksum = true;
            }
            (5 | 7, STRUCT) => of_values(walker, &mut header, false)?,
            (8, STRUCT) => of_values(walker, &mut header, true)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let has_own = header.kind == INDEX || header.encoding >= 0 && header.values >= 0;
    let known = [DATA, INDEX, DICTIONARY, DATA_V2].contains(&header.kind);
    if known && has_own { Ok(header) } else { Err(Broken::Malformed) }
}

/// The part of a page's header that is about its values.
fn of_values(walker: &mut Walker<'_>, header: &mut PageHeader, is_v2: bool) -> std::result::Result<(), Broken> {
    let encoding = if is_v2 { 4 } else { 2 };
    walker.structure(&mut |walker, field, kind| {
        match (field, kind) {
            (1, 5) => header.values = walker.integer()?,
            (3, 5) if is_v2 => header.rows = Some(walker.integer()?),
            (field, 5) if field == encoding => header.encoding = walker.integer()?,
            (7, 1 | 2) if is_v2 => header.is_packed = kind == 1,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

impl ColumnPages {
    fn add(&mut self, header: &PageHeader, chunk: &ColumnChunkMetaData) -> Looked<()> {
        let unpacked = header.unpacked as u64;
        self.count.pages += 1;
        self.count.with_checksum += u64::from(header.has_checksum);
        self.unpacked = self.unpacked.saturating_add(unpacked);
        if unpacked > PAGE_BYTES_MAX {
            let found = format!("a page becomes {}", mebibytes(unpacked));
            return Err(Exceeded::new(found, mebibytes(PAGE_BYTES_MAX), WRITE_SMALLER).into());
        }
        let is_packed = header.is_packed && chunk.compression() != Compression::UNCOMPRESSED;
        if !is_packed && header.packed != header.unpacked {
            return Err(Bad::Lie(format!(
                "a page that is not packed has {} bytes and claims {unpacked}",
                header.packed
            )));
        }
        if header.kind == INDEX {
            return Ok(());
        }
        let values = header.values as u64;
        if chunk.column_type() == PhysicalType::BYTE_ARRAY {
            let most = values.saturating_add(1).saturating_mul(VALUE_BYTES_MAX as u64 + VALUE_OVERHEAD_BYTES);
            if unpacked > most {
                let found = format!("{values} values take {}", mebibytes(unpacked));
                let limit = format!("{} a value", mebibytes(VALUE_BYTES_MAX as u64));
                return Err(Exceeded::new(found, limit, NO_REPORT_IS_SO).into());
            }
        }
        if header.kind == DICTIONARY {
            return self.dictionary(values, unpacked, chunk);
        }
        if header.is_data() {
            self.data.push((self.values, unpacked));
            self.values = self.values.saturating_add(values);
            self.rows = self.rows.saturating_add(header.rows.map_or(0, i64::unsigned_abs));
            self.has_plain |= header.encoding == Encoding::PLAIN as i64;
            let deltas = [Encoding::DELTA_LENGTH_BYTE_ARRAY as i64, Encoding::DELTA_BYTE_ARRAY as i64];
            self.has_delta |= deltas.contains(&header.encoding);
        }
        Ok(())
    }

    fn dictionary(&mut self, values: u64, unpacked: u64, chunk: &ColumnChunkMetaData) -> Looked<()> {
        let width = match chunk.column_type() {
            PhysicalType::BOOLEAN => 1,
            PhysicalType::INT32 | PhysicalType::FLOAT | PhysicalType::BYTE_ARRAY => 4,
            PhysicalType::INT64 | PhysicalType::DOUBLE => 8,
            PhysicalType::INT96 => 12,
            PhysicalType::FIXED_LEN_BYTE_ARRAY => chunk.column_descr().type_length().unsigned_abs().into(),
        };
        if self.count.pages > 1 {
            return Err(Bad::Lie("its dictionary is not its first page".to_owned()));
        }
        if values.saturating_mul(width) > unpacked {
            return Err(Bad::Lie(format!("its dictionary claims {values} values in {unpacked} bytes")));
        }
        self.dictionary = unpacked;
        Ok(())
    }

    /// Whether its writer gave up the dictionary on the way.
    fn is_mixed(&self) -> bool {
        self.dictionary > 0 && (self.has_plain || self.has_delta)
    }

    /// What the largest batch of it takes while it is decoded: its dictionary, and the pages that the batch lies in.
    fn held(&self, is_listed: bool) -> u64 {
        let batch = BATCH_ROWS as u64;
        if is_listed {
            // Which rows a page holds is not said, so a batch may hold all of it.
            return self.unpacked.saturating_add(self.values.saturating_mul(LISTED_VALUE_BYTES));
        }
        let (mut first, mut sum, mut most) = (0, 0_u64, 0);
        for (number, &(begin, bytes)) in self.data.iter().enumerate() {
            sum += bytes;
            let end = |page: usize| self.data.get(page + 1).map_or(self.values, |next| next.0);
            while first < number && end(first).saturating_add(batch) <= begin {
                sum -= self.data[first].1;
                first += 1;
            }
            most = most.max(sum);
        }
        self.dictionary.saturating_add(most)
    }
}
