//! A file of a bill, whatever its form: parquet or csv.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;

use super::columns::Columns;
use super::guard::guarded;
use super::pages::PageCount;
use super::texts::Texts;
use super::{DeliveredFile, csv, parquet};
use crate::error::{Error, Result};
use crate::schema::line_items::{Dialect, LineItem};

/// Rows of one batch: its money columns stay in a core's second-level cache.
pub(super) const BATCH_ROWS: usize = 4096;

/// A bill file whose columns are known; no row has been read.
#[derive(Debug, Clone)]
pub struct BillFile {
    /// Where it lies; [`DeliveredFile::file`] is its name.
    pub path: PathBuf,
    /// What its footer or header tells.
    pub footer: DeliveredFile,
    /// Its dialect.
    pub dialect: Dialect,
    /// Rows of each row group; text does not say, and is one group.
    pub row_group_rows: Vec<Option<u64>>,
    /// Notes about columns: two spellings of one tag key, and the like.
    pub notes: Vec<String>,
    /// How many keys of tags were made one because they differ only in what the report normalizes.
    pub key_collisions: u32,
    pub(super) columns: Columns,
    pub(super) form: Form,
}

/// What reading a file takes, by its form.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Parquet(ArrowReaderMetadata),
    Csv(csv::Table),
}

/// Which columns a pass needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// Known columns.
    pub line_items: Vec<LineItem>,
    /// Whether tags are needed.
    pub tags: bool,
    /// Whether cost categories are needed.
    pub cost_categories: bool,
}

/// One batch of line items: the columns that were asked for and that the file has.
#[derive(Debug, Clone, Copy)]
pub struct LineItemBatch<'a> {
    /// The file, for messages.
    pub file: &'a str,
    /// The rows.
    pub batch: &'a RecordBatch,
    /// The file's dialect.
    pub dialect: Dialect,
    layout: &'a Layout,
}

/// Where the projected columns stand in a batch.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub(super) known: Vec<Option<usize>>,
    /// Columns of one tag each, with the tag's key.
    pub tags: Vec<(usize, String)>,
    /// Columns of one cost category each, with its key.
    pub cost_categories: Vec<(usize, String)>,
    /// The column of line numbers, in text.
    pub(super) lines: Option<usize>,
}

impl<'a> LineItemBatch<'a> {
    /// The column, when the file has it.
    pub fn column(&self, item: LineItem) -> Option<&'a arrow::array::ArrayRef> {
        self.layout.known[item as usize].map(|at| self.batch.column(at))
    }

    /// The column's name as the file spells it.
    pub fn spelled(&self, item: LineItem) -> &'a str {
        self.layout.known[item as usize].map_or(item.name(), |at| self.batch.schema_ref().field(at).name())
    }

    /// The line of the file that a row begins on, in text.
    pub fn line(&self, row: usize) -> Option<u64> {
        let lines = self.batch.column(self.layout.lines?).as_primitive_opt::<UInt64Type>()?;
        (row < lines.len()).then(|| lines.value(row))
    }

    /// The same columns over other rows.
    pub fn with_batch<'b>(&'b self, batch: &'b RecordBatch) -> LineItemBatch<'b> {
        LineItemBatch { batch, ..*self }
    }

    /// The layout of tag and cost-category columns.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }
}

/// Reads what a file tells about itself, a footer or a header, and gates its columns.
///
/// # Errors
/// [`Error::Unreadable`] when it is truncated or damaged, [`Error::NotABill`] when it has none of a bill's columns,
/// [`Error::Column`] when a column has a type that is not known or is there twice.
pub fn open(path: &Path) -> Result<BillFile> {
    open_as(path, path.display().to_string())
}

/// As [`open`], of a file that is called by another name than its path.
///
/// # Errors
/// As [`open`].
pub fn open_as(path: &Path, name: String) -> Result<BillFile> {
    let is_parquet = match name.as_str() {
        _ if name.ends_with(".parquet") => true,
        _ if csv::is_csv(&name) => false,
        _ => begins_as_parquet(path)?,
    };
    if is_parquet { parquet::open(path, name) } else { csv::open(path, name) }
}

fn begins_as_parquet(path: &Path) -> Result<bool> {
    let mut first = Vec::new();
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    file.take(4).read_to_end(&mut first).map_err(|source| Error::io(path, source))?;
    Ok(first == b"PAR1")
}

impl BillFile {
    /// Whether the file has the column.
    pub fn has(&self, item: LineItem) -> bool {
        self.columns.has(item)
    }

    /// How the file spells a column that it has; of tags and cost categories, where each is a column, the first.
    pub fn spelled(&self, item: LineItem) -> Option<&str> {
        self.columns.spelled(item)
    }

    /// The batches of one row group, with only the projected columns decoded.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Unreadable`] when the file cannot be opened or decoded.
    pub fn row_group(&self, group: usize, projection: &Projection) -> Result<RowGroup<'_>> {
        let roots = self.columns.roots(projection);
        let mut layout = self.columns.layout(&roots, projection);
        let mut pages = PageCount::default();
        let reader = match &self.form {
            Form::Parquet(metadata) => {
                let (reader, count) = parquet::row_group(self, metadata, group, &roots)?;
                pages = count;
                Reader::Parquet(reader)
            }
            Form::Csv(table) => {
                layout.lines = Some(roots.len());
                Reader::Csv(Box::new(table.records(self, &roots)))
            }
        };
        Ok(RowGroup { file: self, layout, reader, rows: 0, pages, texts: Texts::default() })
    }
}

/// The batches of one row group.
pub struct RowGroup<'a> {
    file: &'a BillFile,
    layout: Layout,
    reader: Reader<'a>,
    rows: u64,
    pages: PageCount,
    texts: Texts,
}

enum Reader<'a> {
    Parquet(ParquetRecordBatchReader),
    Csv(Box<csv::Records<'a>>),
}

impl RowGroup<'_> {
    /// The next batch of rows, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the decoder fails or panics, [`Error::Limit`] for a text that is too long.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let file = &self.file.footer.file;
        let batch = match &mut self.reader {
            Reader::Parquet(reader) => guarded(file, "parquet", || reader.next().transpose())?,
            Reader::Csv(records) => guarded(file, "csv", || Ok::<_, Error>(records.next_batch()))??,
        };
        if let Some(batch) = &batch {
            self.texts.look_at(batch, file)?;
            self.rows += batch.num_rows() as u64;
        }
        Ok(batch)
    }

    /// The pages of it that are read, and how many carry a checksum; text has none.
    pub fn pages(&self) -> PageCount {
        self.pages
    }

    /// Bytes of the file that the batches so far stand for, about.
    pub fn bytes_done(&self) -> u64 {
        match &self.reader {
            Reader::Csv(records) => records.bytes_done(),
            Reader::Parquet(_) => {
                let (bytes, all) = (u128::from(self.file.footer.bytes), self.file.footer.rows.unwrap_or(0));
                u64::try_from(bytes * u128::from(self.rows) / u128::from(all.max(1))).unwrap_or(0)
            }
        }
    }

    /// A batch of this row group with names to its columns.
    pub fn line_items<'b>(&'b self, batch: &'b RecordBatch) -> LineItemBatch<'b> {
        LineItemBatch { file: &self.file.footer.file, batch, dialect: self.file.dialect, layout: &self.layout }
    }
}
