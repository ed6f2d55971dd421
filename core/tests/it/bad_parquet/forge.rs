//! Parquet files taken apart into pages and put together again, with whatever lies a test wants.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use farthing_fixtures::{Config, Dialect, Scale, WriteOptions, write_bill};
use flate2::Crc;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;

/// Rows of the files that are damaged; each row group has half of them.
pub(super) const ROWS: usize = 240;

/// A few rows of a factory's bill.
pub(super) fn rows() -> RecordBatch {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { months: 1, scale: Scale::Rows(4_000), truth: false, ..Config::default() };
    let write = WriteOptions { dialect: Dialect::Cur2, parts_per_month: 1, ..WriteOptions::default() };
    let written = write_bill(folder.path(), &config, &write).expect("the factory writes");
    let file = File::open(&written.files[0]).expect("a file");
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).expect("a footer");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
    let all = concat_batches(&batches[0].schema(), &batches).expect("one schema");
    // From somewhere within, where commitments are used and nodes are split.
    all.slice(all.num_rows() / 2, ROWS)
}

/// Writes rows as a bill would be, with several pages for each column.
pub(super) fn parquet(rows: &RecordBatch, codec: Compression, version: WriterVersion) -> Vec<u8> {
    let properties = properties(codec, version).set_dictionary_page_size_limit(1_500);
    write(rows, properties.build())
}

/// Writes rows without dictionaries, texts by how much they share with the one before.
pub(super) fn deltas(rows: &RecordBatch) -> Vec<u8> {
    let properties = properties(Compression::SNAPPY, WriterVersion::PARQUET_2_0).set_dictionary_enabled(false);
    write(
        rows,
        properties
            .set_encoding(Encoding::PLAIN)
            .set_column_encoding(ColumnPath::from("line_item_operation"), Encoding::DELTA_BYTE_ARRAY)
            .build(),
    )
}

fn properties(codec: Compression, version: WriterVersion) -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_max_row_group_row_count(Some(ROWS / 2))
        .set_data_page_row_count_limit(50)
        .set_write_batch_size(50)
}

fn write(rows: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, rows.schema(), options).expect("a writer");
    writer.write(rows).expect("memory");
    writer.close().expect("memory");
    bytes
}

/// A page: its header, as far as a test changes it, and its bytes.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) kind: i64,
    pub(super) unpacked: i64,
    pub(super) packed: i64,
    pub(super) crc: Option<i64>,
    /// The field of the header's second part, which begins with the number of values.
    field: u8,
    pub(super) values: i64,
    rest: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Page {
    fn parse(bytes: &[u8]) -> (Page, usize) {
        let mut at = 0;
        let mut first = || {
            assert_eq!(bytes[at], 0x15, "an integer");
            at += 1;
            integer(bytes, &mut at)
        };
        let (kind, unpacked, packed) = (first(), first(), first());
        let field = 3 + (bytes[at] >> 4);
        assert_eq!((bytes[at] & 15, bytes[at + 1]), (12, 0x15), "a struct that begins with the number of values");
        at += 2;
        let values = integer(bytes, &mut at);
        let rest = at;
        skip_struct(bytes, &mut at);
        assert_eq!(bytes[at], 0, "the end of the header");
        at += 1;
        let end = at + packed as usize;
        let (rest, body) = (bytes[rest..at].to_vec(), bytes[at..end].to_vec());
        (Page { kind, unpacked, packed, crc: None, field, values, rest, body }, end)
    }

    pub(super) fn checksummed(&mut self) {
        let mut crc = Crc::new();
        crc.update(&self.body);
        self.crc = Some(i64::from(crc.sum() as i32));
    }

    fn write(&self, out: &mut Vec<u8>) {
        for value in [Some(self.kind), Some(self.unpacked), Some(self.packed), self.crc].into_iter().flatten() {
            out.push(0x15);
            put(value, out);
        }
        let before = if self.crc.is_some() { 4 } else { 3 };
        out.extend([(self.field - before) << 4 | 12, 0x15]);
        put(self.values, out);
        out.extend_from_slice(&self.rest);
        out.extend_from_slice(&self.body);
    }
}

fn integer(bytes: &[u8], at: &mut usize) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value >> 1) as i64 ^ -((value & 1) as i64);
        }
    }
}

/// Appends an integer as thrift's compact protocol does.
pub(super) fn put(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Walks to the end of a struct, whose first field was read.
fn skip_struct(bytes: &[u8], at: &mut usize) {
    loop {
        let head = bytes[*at];
        *at += 1;
        match head & 15 {
            0 => return,
            1 | 2 => {}
            5 | 6 => drop(integer(bytes, at)),
            8 => {
                let length = integer(bytes, at);
                // A length is no signed integer.
                let length = ((length << 1) ^ (length >> 63)) as usize;
                *at += length;
            }
            12 => skip_struct(bytes, at),
            other => panic!("no page header holds a field of type {other}"),
        }
    }
}

/// A file in pieces.
#[derive(Clone)]
pub(super) struct Forged {
    metadata: ParquetMetaData,
    /// By row group and column.
    pub(super) chunks: Vec<Vec<Vec<Page>>>,
}

impl Forged {
    pub(super) fn of(bytes: &[u8]) -> Forged {
        let (rest, _) = bytes.split_at(bytes.len() - 8);
        let length = u32::from_le_bytes(bytes[rest.len()..][..4].try_into().expect("four bytes")) as usize;
        let metadata = ParquetMetaDataReader::decode_metadata(&rest[rest.len() - length..]).expect("a footer");
        let pages = |chunk: &ColumnChunkMetaData| {
            let (start, length) = chunk.byte_range();
            let (mut at, end) = (start as usize, (start + length) as usize);
            let mut pages = Vec::new();
            while at < end {
                let (page, length) = Page::parse(&bytes[at..end]);
                at += length;
                pages.push(page);
            }
            pages
        };
        let groups = metadata.row_groups().iter();
        let chunks = groups.map(|group| group.columns().iter().map(pages).collect()).collect();
        Forged { metadata, chunks }
    }

    /// With a checksum on every page.
    pub(super) fn checksummed(mut self) -> Forged {
        self.chunks.iter_mut().flatten().flatten().for_each(Page::checksummed);
        self
    }

    /// The number of a column.
    pub(super) fn column(&self, path: &str) -> usize {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        columns.iter().position(|column| column.path().string() == path).expect("a column")
    }

    /// The file, and where its pages begin and the last of them ends.
    pub(super) fn write(&self) -> (Vec<u8>, Vec<usize>) {
        self.write_with(|chunk, _, _| chunk, |group| group)
    }

    /// As [`Forged::write`], with lies about columns (by row group and column) and row groups in the footer.
    pub(super) fn write_with(
        &self,
        lie: impl Fn(ColumnChunkMetaData, usize, usize) -> ColumnChunkMetaData,
        lie_of_group: impl Fn(RowGroupMetaData) -> RowGroupMetaData,
    ) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = b"PAR1".to_vec();
        let mut borders = Vec::new();
        let mut groups = Vec::new();
        for (number, (group, chunks)) in self.metadata.row_groups().iter().zip(&self.chunks).enumerate() {
            let mut columns = Vec::new();
            for (column, (chunk, pages)) in group.columns().iter().zip(chunks).enumerate() {
                let start = bytes.len();
                let mut data = None;
                for page in pages {
                    borders.push(bytes.len());
                    if page.kind != 2 && data.is_none() {
                        data = Some(bytes.len());
                    }
                    page.write(&mut bytes);
                }
                let has_dictionary = pages[0].kind == 2;
                let chunk = chunk.clone().into_builder();
                let chunk = chunk
                    .set_dictionary_page_offset(has_dictionary.then_some(start as i64))
                    .set_data_page_offset(data.unwrap_or(start) as i64)
                    .set_total_compressed_size((bytes.len() - start) as i64)
                    .set_offset_index_offset(None)
                    .set_offset_index_length(None)
                    .set_column_index_offset(None)
                    .set_column_index_length(None);
                columns.push(lie(chunk.build().expect("a chunk"), number, column));
            }
            let group = group.clone().into_builder().set_column_metadata(columns).build().expect("a row group");
            groups.push(lie_of_group(group));
        }
        borders.push(bytes.len());
        let metadata = ParquetMetaData::new(self.metadata.file_metadata().clone(), groups);
        ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().expect("memory");
        (bytes, borders)
    }
}

/// A footer of these bytes, in a file of nothing else.
pub(super) fn only_footer(footer: &[u8]) -> Vec<u8> {
    [b"PAR1", footer, &(footer.len() as u32).to_le_bytes()[..], b"PAR1"].concat()
}

/// Writes bytes where a bill may be.
pub(super) fn place(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// Numbers without a pattern that are the same at every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
