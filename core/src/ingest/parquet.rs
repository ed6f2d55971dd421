//! Parquet: footers first, one schema for every file, then row groups as batches with dictionary codes kept.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::DeliveredFile;
use super::columns::{Columns, Header, dialect};
use super::file::{BATCH_ROWS, BillFile, Form};
use super::footer;
use super::guard::guarded;
use super::pages::{Group, PageCount};
use crate::error::{Error, Result};
use crate::schema::line_items::{Kind, LineItem};

/// The form's name in messages.
const FORM: &str = "parquet";

/// Reads a file's footer and gates its schema.
///
/// # Errors
/// [`Error::Unreadable`] when it is no parquet file or truncated, [`Error::Limit`], [`Error::NotABill`] when it has none of a
/// bill's columns, [`Error::Column`] when a column has a type that is not known or is there twice.
pub(super) fn open(path: &Path, name: String) -> Result<BillFile> {
    let mut file = File::open(path).map_err(|source| Error::io(path, source))?;
    let bytes = file.metadata().map_err(|source| Error::io(path, source))?.len();
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = Arc::new(footer::read(path, &mut file, &name, bytes)?);
    let footer = guarded(&name, FORM, || ArrowReaderMetadata::try_new(metadata, options.clone()))?;
    let headers: Vec<Header> = footer.schema().fields().iter().map(|field| Header::new(field.name())).collect();
    let dialect = dialect(&headers, false);
    let columns = Columns::find(&name, &headers, dialect)?;
    let wanted = wanted_schema(&name, &footer, &columns)?;
    let metadata = guarded(&name, FORM, || {
        ArrowReaderMetadata::try_new(
            Arc::clone(footer.metadata()),
            options.clone().with_schema(Arc::new(wanted.clone())),
        )
    })?;
    let parquet = footer.metadata();
    let row_group_rows: Vec<Option<u64>> =
        parquet.row_groups().iter().map(|group| Some(u64::try_from(group.num_rows()).unwrap_or(0))).collect();
    let (notes, key_collisions) = columns.notes(&name, &headers, dialect);
    Ok(BillFile {
        path: path.to_path_buf(),
        dialect,
        footer: DeliveredFile {
            file: name,
            bytes,
            form: FORM.to_owned(),
            rows: Some(u64::try_from(parquet.file_metadata().num_rows()).unwrap_or(0)),
            row_groups: row_group_rows.len(),
            written_by: parquet.file_metadata().created_by().map(str::to_owned),
            columns: footer.schema().fields().len(),
            codec: codec(parquet),
            time_encoding: encoding(&footer, &columns, LineItem::UsageStart),
            money_encoding: encoding(&footer, &columns, dialect.cash()),
        },
        row_group_rows,
        notes,
        key_collisions,
        columns,
        form: Form::Parquet(metadata),
    })
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
        (Kind::Map, Map(entries, sorted)) if is_of_texts(entries) => Ok(Map(keyed_by_codes(entries), *sorted)),
        (Kind::Map, List(entries)) if is_of_texts(entries) => Ok(List(keyed_by_codes(entries))),
        (kind, _) => {
            Err(format!("its type {found} is not one that AWS delivers for {kind:?}; export the report again"))
        }
    }
}

/// Whether a map's entries are pairs of texts.
fn is_of_texts(entries: &FieldRef) -> bool {
    let is_text = |field: &FieldRef| matches!(field.data_type(), DataType::Utf8 | DataType::Binary);
    matches!(entries.data_type(), DataType::Struct(fields) if fields.len() == 2 && fields.iter().all(is_text))
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

/// What a file's pages are packed with.
fn codec(metadata: &ParquetMetaData) -> String {
    let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let name = |chunk: &ColumnChunkMetaData| match chunk.compression() {
        Compression::UNCOMPRESSED => "none".to_owned(),
        packed => packed.to_string().split('(').next().unwrap_or_default().to_ascii_lowercase(),
    };
    let names: BTreeSet<String> = chunks.map(name).collect();
    if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
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

/// Opens a row group, with only these top-level columns decoded, after a look at their pages.
pub(super) fn row_group(
    bill: &BillFile,
    metadata: &ArrowReaderMetadata,
    group: usize,
    roots: &[usize],
) -> Result<(ParquetRecordBatchReader, PageCount)> {
    let file = File::open(&bill.path).map_err(|source| Error::io(&bill.path, source))?;
    let (name, bytes) = (bill.footer.file.as_str(), bill.footer.bytes);
    let pages = Group { name, file: &file, bytes, metadata: metadata.metadata(), number: group };
    let count = guarded(name, FORM, || Ok::<_, Error>(pages.look_at(roots)))??;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
    let reader = guarded(name, FORM, || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata_of(bill, metadata, group, roots)?)
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
    })?;
    Ok((reader, count))
}

/// Whether a text column has no dictionary worth keeping: its writer gave it up, so that some pages hold the values
/// themselves, or there are no values at all.
fn is_without_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    let gave_up = chunk.page_encoding_stats_mask().is_some_and(|encodings| encodings.is_set(Encoding::PLAIN));
    let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
    gave_up || nulls.is_some_and(|nulls| u64::try_from(chunk.num_values()) == Ok(nulls))
}

/// How a row group is read: text without a dictionary (resource ids, columns that say nothing) comes as views of the pages,
/// which spares making a dictionary for every batch.
fn metadata_of(
    file: &BillFile,
    metadata: &ArrowReaderMetadata,
    group: usize,
    roots: &[usize],
) -> parquet::errors::Result<ArrowReaderMetadata> {
    let schema = metadata.schema();
    let chunks = metadata.metadata().row_group(group).columns();
    let parquet = metadata.parquet_schema();
    let is_plain = |root: usize| {
        let leaf = (0..parquet.num_columns()).find(|&leaf| parquet.get_column_root_idx(leaf) == root);
        leaf.is_some_and(|leaf| is_without_dictionary(&chunks[leaf]))
    };
    let is_text = |root: usize| file.columns.text.contains(&root) && *schema.field(root).data_type() == text_type();
    let plain: Vec<usize> = roots.iter().copied().filter(|&root| is_text(root) && is_plain(root)).collect();
    if plain.is_empty() {
        return Ok(metadata.clone());
    }
    let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
    for root in plain {
        fields[root] = Arc::new(fields[root].as_ref().clone().with_data_type(DataType::Utf8View));
    }
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    #[test]
    fn columns_without_a_dictionary_are_told() {
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..9_000).map(|at| format!("i-{at:017x}"))));
        let services: ArrayRef = Arc::new(StringArray::from_iter_values((0..9_000).map(|at| ["EC2", "S3"][at % 2])));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("line_item_resource_id", ids, true),
            ("service", services, true),
            ("nothing", Arc::new(StringArray::new_null(9_000)) as ArrayRef, true),
        ])
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bill.parquet");
        let properties = WriterProperties::builder().set_dictionary_page_size_limit(4_096).build();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
        (0..9).for_each(|part| writer.write(&batch.slice(part * 1_000, 1_000)).unwrap());
        writer.close().unwrap();
        let bytes = path.metadata().unwrap().len();
        let metadata = footer::read(&path, &mut File::open(&path).unwrap(), "bill.parquet", bytes).unwrap();
        let columns = metadata.row_group(0).columns();
        assert_eq!(columns.iter().map(is_without_dictionary).collect::<Vec<_>>(), [true, false, true]);
    }
}
