//! Parquet: footers first, one schema for every file, then row groups as batches with dictionary codes kept.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Encoding, Type as PhysicalType};

use super::DeliveredFile;
use crate::error::{Error, Result};
use crate::schema::line_items::{
    COST_CATEGORY_COLUMN_PREFIX, Dialect, Kind, LineItem, REQUIRED, TAG_COLUMN_PREFIX, tag_key,
};

/// Rows of one batch: its money columns stay in a core's second-level cache.
const BATCH_ROWS: usize = 4096;

/// A bill file whose footer was read and whose columns are known.
#[derive(Debug, Clone)]
pub struct BillFile {
    /// Its path.
    pub path: PathBuf,
    /// What its footer tells.
    pub footer: DeliveredFile,
    /// Its dialect.
    pub dialect: Dialect,
    /// Rows of each row group.
    pub row_group_rows: Vec<u64>,
    /// Notes about columns: two spellings of one tag key, and the like.
    pub notes: Vec<String>,
    /// How many keys of tags were made one because they differ only in what the report normalizes.
    pub key_collisions: u32,
    metadata: ArrowReaderMetadata,
    columns: Columns,
}

/// Where each known column stands in a file.
#[derive(Debug, Clone, Default)]
struct Columns {
    /// By [`LineItem`]: the top-level column.
    known: Vec<Option<usize>>,
    /// One column for each tag (legacy).
    tags: Vec<(usize, String)>,
    /// One column for each cost category (legacy).
    cost_categories: Vec<(usize, String)>,
    /// Columns of plain text.
    text: Vec<usize>,
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
#[derive(Debug)]
pub struct LineItemBatch<'a> {
    /// The file, for messages.
    pub file: &'a str,
    /// The rows.
    pub batch: &'a RecordBatch,
    layout: &'a Layout,
}

/// Where the projected columns stand in a batch.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    known: Vec<Option<usize>>,
    /// Columns of one tag each, with the tag's key.
    pub tags: Vec<(usize, String)>,
    /// Columns of one cost category each, with its key.
    pub cost_categories: Vec<(usize, String)>,
}

impl<'a> LineItemBatch<'a> {
    /// The column, when the file has it.
    pub fn column(&self, item: LineItem) -> Option<&'a arrow::array::ArrayRef> {
        self.layout.known[item as usize].map(|at| self.batch.column(at))
    }

    /// The same columns over other rows.
    pub fn with_batch<'b>(&'b self, batch: &'b RecordBatch) -> LineItemBatch<'b> {
        LineItemBatch { file: self.file, batch, layout: self.layout }
    }

    /// The layout of tag and cost-category columns.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }
}

/// Reads a file's footer and gates its schema.
///
/// # Errors
/// [`Error::Unreadable`] when it is no parquet file or truncated, [`Error::NotABill`] when it has none of a
/// bill's columns, [`Error::Column`] when a column has a type that is not known or is there twice.
pub fn open(path: &Path) -> Result<BillFile> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let bytes = file.metadata().map_err(|source| Error::io(path, source))?.len();
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let footer = guarded(&name, || ArrowReaderMetadata::load(&file, options.clone()))?;
    let columns = Columns::find(&name, footer.schema())?;
    let wanted = wanted_schema(&name, &footer, &columns)?;
    let metadata = guarded(&name, || {
        ArrowReaderMetadata::try_new(
            Arc::clone(footer.metadata()),
            options.clone().with_schema(Arc::new(wanted.clone())),
        )
    })?;
    let parquet = footer.metadata();
    let row_group_rows: Vec<u64> =
        parquet.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).collect();
    let (notes, key_collisions) = columns.collisions(&name);
    Ok(BillFile {
        path: path.to_path_buf(),
        dialect: dialect(footer.schema()),
        footer: DeliveredFile {
            file: name,
            bytes,
            rows: u64::try_from(parquet.file_metadata().num_rows()).unwrap_or(0),
            row_groups: row_group_rows.len(),
            written_by: parquet.file_metadata().created_by().map(str::to_owned),
            columns: footer.schema().fields().len(),
            time_encoding: encoding(&footer, &columns, LineItem::UsageStart),
            money_encoding: encoding(&footer, &columns, LineItem::UnblendedCost),
        },
        row_group_rows,
        notes,
        key_collisions,
        metadata,
        columns,
    })
}

/// Runs a decoder; its error or panic becomes an [`Error::Unreadable`] that names the file.
fn guarded<T>(file: &str, decode: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T> {
    let unreadable = |detail: String| Error::Unreadable { file: file.to_owned(), detail };
    DECODING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(unreadable(format!("this is no whole parquet file ({error})"))),
        Err(panic) => Err(unreadable(format!("the parquet decoder gave up ({})", panic_text(panic.as_ref())))),
    }
}

thread_local! {
    static DECODING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether this thread is inside a decoder, whose panic becomes an [`Error::Unreadable`]: a program's panic hook
/// can keep quiet about it.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

/// CUR 2.0 keeps tags, cost categories and product attributes in maps; the legacy report has a column for each.
fn dialect(schema: &Schema) -> Dialect {
    let names = ["resource_tags", "cost_category", "product", "discount", "line_item_usage_account_name"];
    let cur2 = schema.fields().iter().any(|field| names.contains(&field.name().to_ascii_lowercase().as_str()));
    if cur2 { Dialect::Cur2 } else { Dialect::LegacyCur }
}

impl Columns {
    fn find(file: &str, schema: &Schema) -> Result<Columns> {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for (at, field) in schema.fields().iter().enumerate() {
            if let Some(other) = by_name.insert(field.name().to_ascii_lowercase(), at) {
                return Err(Error::Column {
                    file: file.to_owned(),
                    column: field.name().clone(),
                    detail: format!(
                        "it differs from {} only in case, so its money could be lost; rename one of them",
                        schema.field(other).name()
                    ),
                });
            }
        }
        let find = |item: LineItem| {
            let column = item.column();
            std::iter::once(&column.name).chain(column.aliases).find_map(|name| by_name.get(*name).copied())
        };
        let known: Vec<Option<usize>> = LineItem::ALL.iter().map(|&item| find(item)).collect();
        let missing: Vec<&str> =
            REQUIRED.iter().filter(|&&item| known[item as usize].is_none()).map(|item| item.name()).collect();
        if missing.len() == REQUIRED.len() {
            return Err(Error::NotABill { file: file.to_owned(), missing: missing.join(", ") });
        }
        if let Some(column) = missing.first() {
            return Err(Error::Column {
                file: file.to_owned(),
                column: (*column).to_owned(),
                detail: "it is missing, and a bill cannot be read without it; export the report with this column"
                    .to_owned(),
            });
        }
        let keyed = |prefix: &str| {
            let columns = by_name.iter().filter_map(|(name, &at)| Some((at, tag_key(name.strip_prefix(prefix)?))));
            columns.collect::<Vec<_>>()
        };
        let is_text = |item: &&LineItem| item.column().kind == Kind::Text;
        let text = LineItem::ALL.iter().filter(is_text).filter_map(|&item| known[item as usize]).collect();
        let (tags, cost_categories) = (keyed(TAG_COLUMN_PREFIX), keyed(COST_CATEGORY_COLUMN_PREFIX));
        Ok(Columns { known, tags, cost_categories, text })
    }

    /// Two columns of one key: both are read, the later one counts.
    fn collisions(&self, file: &str) -> (Vec<String>, u32) {
        let mut notes = Vec::new();
        for (what, columns) in [("tag", &self.tags), ("cost category", &self.cost_categories)] {
            let mut keys: Vec<&String> = columns.iter().map(|(_, key)| key).collect();
            keys.sort();
            for pair in keys.windows(2).filter(|pair| pair[0] == pair[1]) {
                notes.push(format!("{file}: two columns hold the {what} `{}`", pair[0]));
            }
        }
        let count = notes.len() as u32;
        (notes, count)
    }
}

/// The types we ask the decoder for: dictionaries for text, microseconds for INT96 (whose nanoseconds overflow
/// outside 1678–2262), everything else as it is written.
fn wanted_schema(file: &str, footer: &ArrowReaderMetadata, columns: &Columns) -> Result<Schema> {
    let schema = footer.schema();
    let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
    for &item in LineItem::ALL {
        let Some(at) = columns.known[item as usize] else { continue };
        let field = &fields[at];
        let wanted = wanted_type(item, field, is_int96(footer, at)).map_err(|detail| Error::Column {
            file: file.to_owned(),
            column: field.name().clone(),
            detail,
        })?;
        fields[at] = Arc::new(field.as_ref().clone().with_data_type(wanted));
    }
    for &(at, _) in columns.tags.iter().chain(&columns.cost_categories) {
        if let DataType::Utf8 | DataType::Binary = fields[at].data_type() {
            fields[at] = Arc::new(fields[at].as_ref().clone().with_data_type(text_type()));
        }
    }
    Ok(Schema::new(fields))
}

fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn is_int96(footer: &ArrowReaderMetadata, root: usize) -> bool {
    let parquet = footer.parquet_schema();
    (0..parquet.num_columns()).any(|leaf| {
        parquet.get_column_root_idx(leaf) == root && parquet.column(leaf).physical_type() == PhysicalType::INT96
    })
}

fn wanted_type(item: LineItem, field: &Field, int96: bool) -> std::result::Result<DataType, String> {
    use DataType::{
        Binary, Date32, Date64, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, List, Map, Null, Timestamp,
        UInt32, UInt64, Utf8,
    };
    let found = field.data_type();
    match (item.column().kind, found) {
        (_, Null) => Ok(Null),
        (Kind::Text | Kind::Number | Kind::Time | Kind::Map, Utf8 | Binary) => Ok(text_type()),
        (Kind::Text, Int32 | Int64) => Err(format!(
            "it holds numbers where text is due ({found}), so leading zeros may be lost; export it as text"
        )),
        (Kind::Time, Timestamp(_, zone)) if int96 => Ok(Timestamp(TimeUnit::Microsecond, zone.clone())),
        (Kind::Time, Timestamp(..) | Date32 | Date64) => Ok(found.clone()),
        (Kind::Number, Float64 | Float32 | Decimal128(..) | Int8 | Int16 | Int32 | Int64 | UInt32 | UInt64) => {
            Ok(found.clone())
        }
        (Kind::Map, Map(entries, sorted)) => Ok(Map(keyed_by_codes(entries), *sorted)),
        (Kind::Map, List(entries)) => Ok(List(keyed_by_codes(entries))),
        (kind, _) => {
            Err(format!("its type {found} is not one that AWS delivers for {kind:?}; export the report again"))
        }
    }
}

/// A map's entries with dictionary-coded keys and values.
fn keyed_by_codes(entries: &FieldRef) -> FieldRef {
    let DataType::Struct(fields) = entries.data_type() else { return Arc::clone(entries) };
    let coded: Fields = fields
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 | DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(text_type())),
            _ => Arc::clone(field),
        })
        .collect();
    Arc::new(entries.as_ref().clone().with_data_type(DataType::Struct(coded)))
}

fn encoding(footer: &ArrowReaderMetadata, columns: &Columns, item: LineItem) -> String {
    let Some(at) = columns.known[item as usize] else { return "absent".to_owned() };
    if is_int96(footer, at) {
        return "INT96".to_owned();
    }
    match footer.schema().field(at).data_type() {
        DataType::Utf8 | DataType::Binary => "text".to_owned(),
        other => other.to_string(),
    }
}

impl BillFile {
    /// Whether the file has the column.
    pub fn has(&self, item: LineItem) -> bool {
        match item {
            LineItem::ResourceTags if !self.columns.tags.is_empty() => true,
            LineItem::CostCategory if !self.columns.cost_categories.is_empty() => true,
            _ => self.columns.known[item as usize].is_some(),
        }
    }

    /// The batches of one row group, with only the projected columns decoded.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Unreadable`] when the file cannot be opened or decoded.
    pub fn row_group(&self, group: usize, projection: &Projection) -> Result<RowGroup<'_>> {
        let roots = self.roots(projection);
        let file = File::open(&self.path).map_err(|source| Error::io(&self.path, source))?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots.iter().copied());
        let reader = guarded(&self.footer.file, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata_of(group, &roots)?)
                .with_projection(mask)
                .with_row_groups(vec![group])
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        Ok(RowGroup { file: &self.footer.file, layout: self.layout(&roots, projection), reader })
    }

    /// How a row group is read: text whose writer gave up its dictionary (resource ids) comes as views of the pages,
    /// which spares making a dictionary for every batch.
    fn metadata_of(&self, group: usize, roots: &[usize]) -> parquet::errors::Result<ArrowReaderMetadata> {
        let schema = self.metadata.schema();
        let chunks = self.metadata.metadata().row_group(group).columns();
        let parquet = self.metadata.parquet_schema();
        let gave_up = |root: usize| {
            let leaf = (0..parquet.num_columns()).find(|&leaf| parquet.get_column_root_idx(leaf) == root);
            let encodings = leaf.and_then(|leaf| chunks[leaf].page_encoding_stats_mask());
            encodings.is_some_and(|encodings| encodings.is_set(Encoding::PLAIN))
        };
        let is_text = |root: usize| self.columns.text.contains(&root) && *schema.field(root).data_type() == text_type();
        let plain: Vec<usize> = roots.iter().copied().filter(|&root| is_text(root) && gave_up(root)).collect();
        if plain.is_empty() {
            return Ok(self.metadata.clone());
        }
        let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
        for root in plain {
            fields[root] = Arc::new(fields[root].as_ref().clone().with_data_type(DataType::Utf8View));
        }
        let options =
            ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(Arc::new(Schema::new(fields)));
        ArrowReaderMetadata::try_new(Arc::clone(self.metadata.metadata()), options)
    }

    /// The top-level columns of a projection, in file order.
    fn roots(&self, projection: &Projection) -> Vec<usize> {
        let known = projection.line_items.iter().filter_map(|&item| self.columns.known[item as usize]);
        let mut roots: Vec<usize> = known.collect();
        if projection.tags {
            roots.extend(self.columns.tags.iter().map(|tag| tag.0));
            roots.extend(self.columns.known[LineItem::ResourceTags as usize]);
        }
        if projection.cost_categories {
            roots.extend(self.columns.cost_categories.iter().map(|category| category.0));
            roots.extend(self.columns.known[LineItem::CostCategory as usize]);
        }
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    fn layout(&self, roots: &[usize], projection: &Projection) -> Layout {
        let place = |root: usize| roots.binary_search(&root).ok();
        let keyed = |wanted: bool, columns: &[(usize, String)]| {
            let placed = columns.iter().filter_map(|(root, key)| Some((place(*root)?, key.clone())));
            if wanted { placed.collect() } else { Vec::new() }
        };
        Layout {
            known: self.columns.known.iter().map(|root| root.and_then(place)).collect(),
            tags: keyed(projection.tags, &self.columns.tags),
            cost_categories: keyed(projection.cost_categories, &self.columns.cost_categories),
        }
    }
}

/// The batches of one row group.
pub struct RowGroup<'a> {
    file: &'a str,
    layout: Layout,
    reader: ParquetRecordBatchReader,
}

impl RowGroup<'_> {
    /// The next batch of rows, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the decoder fails or panics.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let reader = &mut self.reader;
        guarded(self.file, || reader.next().transpose().map_err(Into::into))
    }

    /// A batch of this row group with names to its columns.
    pub fn line_items<'b>(&'b self, batch: &'b RecordBatch) -> LineItemBatch<'b> {
        LineItemBatch { file: self.file, batch, layout: &self.layout }
    }
}
