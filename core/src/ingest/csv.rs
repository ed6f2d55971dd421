//! csv: a header that names the columns, then records as batches of dictionary-coded text, kept as they are written.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::csv::{ByteRecord, Reader, ReaderBuilder};
use arrow::array::{ArrayRef, RecordBatch, StringDictionaryBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};

use super::DeliveredFile;
use super::columns::{Columns, Header, dialect};
use super::container::{Container, Text};
use super::file::{BATCH_ROWS, BillFile, Form};
use super::guard::guarded;
use super::limits::{COLUMNS_MAX, Exceeded, NO_REPORT_IS_SO};
use crate::error::{Error, Result};
use crate::schema::line_items::LineItem;

/// Text that a batch may hold; rows of unusual length make smaller batches.
const BATCH_BYTES_MAX: usize = 32 << 20;
/// What is read at once.
const BUFFER_BYTES: usize = 1 << 16;
/// How a missing value is spelled where it is not left blank.
pub(crate) const NULL_WORDS: [&str; 2] = ["NULL", "null"];

/// Whether a file of this name is csv, packed or not.
pub fn is_csv(name: &str) -> bool {
    [".csv", ".csv.gz", ".csv.zip"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a csv file is a bill: anything else may lie beside one. What cannot be read counts as one, so that it is
/// not passed over in silence.
pub fn is_bill(path: &Path) -> bool {
    !matches!(open(path, path.display().to_string()), Err(Error::NotABill { .. }))
}

/// A csv file whose header was read.
#[derive(Debug, Clone)]
pub(super) struct Table {
    container: Container,
    headers: Vec<Header>,
    /// By part and column of the file: the field of the part's records.
    fields: Vec<Vec<usize>>,
    /// Columns whose text may be [`NULL_WORDS`]: a tag's value may be called so, theirs may not.
    nullable: Vec<bool>,
}

/// Reads a file's header, of every part where it has several, and gates its columns.
pub(super) fn open(path: &Path, name: String) -> Result<BillFile> {
    let bytes = std::fs::metadata(path).map_err(|source| Error::io(path, source))?.len();
    let container = Container::find(path, &name, bytes)?;
    let mut headers = Vec::new();
    let mut fields = Vec::with_capacity(container.parts());
    for part in 0..container.parts() {
        let part_name = container.part_name(&name, part);
        let own = guarded(&part_name, "csv", || Ok::<_, Error>(headers_of(&container, part, &part_name)))??;
        if part == 0 {
            headers.clone_from(&own);
        }
        fields.push(matched(&part_name, &headers, &own)?);
    }
    let dialect = dialect(&headers, true);
    let columns = Columns::find(&name, &headers, dialect)?;
    let (mut notes, key_collisions) = columns.notes(&name, &headers, dialect);
    if !container.is_packed() && !ends_with_a_line(path)? {
        notes.push(format!("{name}: its last line does not end; if it was cut off there, charges are missing"));
    }
    let mut nullable = vec![false; headers.len()];
    columns.known.iter().flatten().for_each(|&at| nullable[at] = true);
    let encoding = |item: LineItem| if columns.known[item as usize].is_some() { "text" } else { "absent" }.to_owned();
    Ok(BillFile {
        path: path.to_path_buf(),
        dialect,
        footer: DeliveredFile {
            file: name,
            bytes,
            form: container.form(),
            rows: None,
            row_groups: 1,
            written_by: None,
            columns: headers.len(),
            codec: "text".to_owned(),
            time_encoding: encoding(LineItem::UsageStart),
            money_encoding: encoding(dialect.cash()),
        },
        row_group_rows: vec![None],
        notes,
        key_collisions,
        columns,
        form: Form::Csv(Table { container, headers, fields, nullable }),
    })
}

fn ends_with_a_line(path: &Path) -> Result<bool> {
    let mut last = [0];
    let read = |mut file: File| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    };
    File::open(path).and_then(read).map_err(|source| Error::io(path, source))?;
    Ok(matches!(last[0], b'\n' | b'\r'))
}

fn reader(text: Text) -> Reader<Text> {
    ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(BUFFER_BYTES).from_reader(text)
}

fn headers_of(container: &Container, part: usize, file: &str) -> Result<Vec<Header>> {
    let unreadable = |detail: String| Error::Unreadable { file: file.to_owned(), detail };
    let text = container.text(part, 0, Arc::default())?;
    let mut record = ByteRecord::new();
    let found = reader(text).read_byte_record(&mut record).map_err(|error| failed(file, "", error))?;
    if !found {
        return Err(unreadable("it has no header".to_owned()));
    }
    if record.len() > COLUMNS_MAX {
        let found = format!("it has {} columns", record.len());
        return Err(Exceeded::new(found, COLUMNS_MAX, NO_REPORT_IS_SO).of(file));
    }
    if record.as_slice().contains(&0) || record.as_slice().starts_with(b"\xff\xfe") {
        return Err(unreadable("its header is no text in UTF-8".to_owned()));
    }
    let name = |field: &[u8]| {
        let name = std::str::from_utf8(field).map_err(|_| unreadable("its header is no text in UTF-8".to_owned()))?;
        Ok(Header::new(name.trim_start_matches('\u{feff}').trim()))
    };
    record.iter().map(name).collect()
}

/// Where the columns of a file stand in one of its parts, which has the same columns in any order.
fn matched(file: &str, columns: &[Header], own: &[Header]) -> Result<Vec<usize>> {
    if columns == own {
        return Ok((0..own.len()).collect());
    }
    let stranger = own.iter().find(|header| !columns.contains(header));
    let missing = columns.iter().find(|header| !own.contains(header));
    match (stranger, missing) {
        (None, None) if own.len() == columns.len() => {
            Ok(columns.iter().filter_map(|header| own.iter().position(|other| other == header)).collect())
        }
        (Some(header), _) => Err(unlike(file, &header.spelled, "only this part of the archive has it")),
        (_, Some(header)) => Err(unlike(file, &header.spelled, "this part of the archive does not have it")),
        _ => Err(unlike(file, "", "this part of the archive has it several times")),
    }
}

fn unlike(file: &str, column: &str, what: &str) -> Error {
    let detail = format!("{what}, so it is part of another report; unpack the archive and read its files one by one");
    Error::Column { file: file.to_owned(), column: column.to_owned(), detail }
}

/// A csv reader's error as one about the file, with where it was.
fn failed(file: &str, place: &str, error: ::csv::Error) -> Error {
    let said = match error.into_kind() {
        ::csv::ErrorKind::Io(error) => {
            if let Some(exceeded) = error.get_ref().and_then(|inner| inner.downcast_ref::<Exceeded>()) {
                let Exceeded { found, limit, hint } = exceeded.clone();
                return Exceeded { found: format!("{place}{found}"), limit, hint }.of(file);
            }
            error.to_string()
        }
        other => format!("{other:?}"),
    };
    Error::Unreadable { file: file.to_owned(), detail: format!("{place}this is no whole csv file ({said})") }
}

impl Table {
    /// The records of the file, with only these columns.
    pub(super) fn records<'a>(&'a self, bill: &'a BillFile, columns: &[usize]) -> Records<'a> {
        let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let mut fields: Vec<Field> =
            columns.iter().map(|&at| Field::new(&self.headers[at].spelled, text(), true)).collect();
        fields.push(Field::new("line", DataType::UInt64, false));
        Records {
            table: self,
            file: &bill.footer.file,
            columns: columns.to_vec(),
            schema: Arc::new(Schema::new(fields)),
            parts: 0,
            reader: None,
            header: ByteRecord::new(),
            record: ByteRecord::new(),
            unfolded: 0,
            done: Arc::default(),
        }
    }
}

/// Reads records into batches.
pub(super) struct Records<'a> {
    table: &'a Table,
    file: &'a str,
    /// The columns of the file that are read, in its order.
    columns: Vec<usize>,
    schema: SchemaRef,
    /// Parts that were opened.
    parts: usize,
    reader: Option<Reader<Text>>,
    header: ByteRecord,
    record: ByteRecord,
    unfolded: u64,
    done: Arc<AtomicU64>,
}

impl Records<'_> {
    /// The next rows, or `None` at the end of the last part.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let mut builders: Vec<StringDictionaryBuilder<Int32Type>> =
            self.columns.iter().map(|_| StringDictionaryBuilder::new()).collect();
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < BATCH_ROWS && bytes < BATCH_BYTES_MAX {
            if self.reader.is_none() && !self.next_part()? {
                break;
            }
            if !self.next_record()? {
                continue;
            }
            lines.push(self.line());
            bytes += self.record.as_slice().len();
            self.add_record(&mut builders)?;
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let mut arrays: Vec<ArrayRef> =
            builders.into_iter().map(|mut builder| Arc::new(builder.finish()) as ArrayRef).collect();
        arrays.push(Arc::new(UInt64Array::from(lines)));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        batch.map(Some).map_err(|error| self.unreadable(error.to_string()))
    }

    /// Bytes of the file that were read.
    pub(super) fn bytes_done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn unreadable(&self, detail: String) -> Error {
        Error::Unreadable { file: self.part_name(), detail }
    }

    /// How messages name the part that is being read.
    fn part_name(&self) -> String {
        self.table.container.part_name(self.file, self.parts.saturating_sub(1))
    }

    /// The line that the last record begins on.
    fn line(&self) -> u64 {
        self.record.position().map_or(0, ::csv::Position::line)
    }

    /// Opens the next part and reads its header; false when there is none.
    fn next_part(&mut self) -> Result<bool> {
        if self.parts == self.table.container.parts() {
            return Ok(false);
        }
        self.parts += 1;
        let mut reader = reader(self.table.container.text(self.parts - 1, self.unfolded, Arc::clone(&self.done))?);
        let found = reader.read_byte_record(&mut self.header).map_err(|error| failed(&self.part_name(), "", error))?;
        reader.get_mut().record_ended();
        if !found || self.header.len() != self.table.headers.len() {
            return Err(self.unreadable("it changed while it was read".to_owned()));
        }
        self.reader = Some(reader);
        Ok(true)
    }

    /// Reads the next record; false at the end of a part, and for a header that stands among the records because
    /// files were put together.
    fn next_record(&mut self) -> Result<bool> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let before = reader.position().line();
        let found = reader.read_byte_record(&mut self.record);
        reader.get_mut().record_ended();
        match found {
            Ok(true) => {}
            Ok(false) => {
                self.unfolded = reader.get_ref().unfolded();
                self.reader = None;
                return Ok(false);
            }
            Err(error) => return Err(failed(&self.part_name(), &format!("after line {before}: "), error)),
        }
        let due = self.table.headers.len();
        if self.record.len() != due {
            let (line, found) = (self.line(), self.record.len());
            return Err(self.unreadable(format!("line {line} has {found} fields where the header has {due}")));
        }
        if self.record.as_slice().contains(&0) {
            return Err(self.unreadable(format!("line {} holds a zero byte, so it is no text", self.line())));
        }
        Ok(self.record.get(0) != self.header.get(0) || self.record != self.header)
    }

    fn add_record(&self, builders: &mut [StringDictionaryBuilder<Int32Type>]) -> Result<()> {
        let fields = &self.table.fields[self.parts - 1];
        for (&column, builder) in self.columns.iter().zip(builders) {
            let field = self.record.get(fields[column]).unwrap_or_default();
            let text = std::str::from_utf8(field).map_err(|_| Error::Column {
                file: self.table.container.part_name(self.file, self.parts - 1),
                column: self.table.headers[column].spelled.clone(),
                detail: format!("line {}: it is no text in UTF-8; fetch this file again", self.line()),
            })?;
            if text.is_empty() || (self.table.nullable[column] && NULL_WORDS.contains(&text)) {
                builder.append_null();
            } else {
                builder.append_value(text);
            }
        }
        Ok(())
    }
}
