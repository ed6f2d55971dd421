//! What csv files are packed into: nothing, gzip with any number of members, or a zip archive of csv files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::guard::guarded;
use super::limits::{
    Exceeded, NO_REPORT_IS_SO, RECORD_BYTES_MAX, TEXT_UNFOLDED_BYTES_MIN, TEXT_UNFOLDING_MAX, mebibytes,
};
use crate::error::{Error, Result};

/// A csv file with what it is packed into.
#[derive(Debug, Clone)]
pub(super) struct Container {
    path: PathBuf,
    /// Bytes of text that may come out of it.
    limit: u64,
    packing: Packing,
}

#[derive(Debug, Clone)]
enum Packing {
    Plain,
    Gzip,
    Zip(Vec<Entry>),
}

/// A file in an archive.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    start: u64,
    packed: u64,
    bytes: u64,
    crc: u32,
    is_deflated: bool,
}

impl Container {
    /// Finds out what a file of so many bytes is packed into, by its first bytes; its name must not say otherwise.
    pub(super) fn find(path: &Path, file: &str, bytes: u64) -> Result<Container> {
        let unreadable = |detail: String| Error::Unreadable { file: file.to_owned(), detail };
        let mut first = Vec::new();
        let opened = File::open(path).map_err(|source| Error::io(path, source))?;
        (&opened).take(4).read_to_end(&mut first).map_err(|source| Error::io(path, source))?;
        let (is_gzip, is_zip) = (first.starts_with(b"\x1f\x8b"), first.starts_with(b"PK"));
        let said = if file.ends_with(".gz") { "gzip" } else { "zip" };
        let named = (file.ends_with(".gz"), file.ends_with(".zip"));
        if bytes == 0 {
            return Err(unreadable("it is empty".to_owned()));
        }
        if (named.0 && !is_gzip) || (named.1 && !is_zip) {
            return Err(unreadable(format!("by its name it is a {said} file, and it does not begin as one")));
        }
        let limit = TEXT_UNFOLDED_BYTES_MIN.max(bytes.saturating_mul(TEXT_UNFOLDING_MAX));
        let packing = match (is_gzip, is_zip) {
            (true, _) => Packing::Gzip,
            (_, true) => Packing::Zip(guarded(file, "zip", || entries(opened))?),
            _ => Packing::Plain,
        };
        if let Packing::Zip(entries) = &packing {
            if entries.is_empty() {
                return Err(unreadable("there is no file in this archive".to_owned()));
            }
            let bytes = entries.iter().map(|entry| entry.bytes).fold(0, u64::saturating_add);
            if bytes > limit {
                return Err(too_large(limit).of(file));
            }
        }
        Ok(Container { path: path.to_path_buf(), limit, packing })
    }

    /// How it is packed, for people.
    pub(super) fn form(&self) -> String {
        match &self.packing {
            Packing::Plain => "csv".to_owned(),
            Packing::Gzip => "csv, gzip".to_owned(),
            Packing::Zip(entries) if entries.len() == 1 => "csv, zip".to_owned(),
            Packing::Zip(entries) => format!("csv, zip of {} files", entries.len()),
        }
    }

    /// Files of text in it.
    pub(super) fn parts(&self) -> usize {
        if let Packing::Zip(entries) = &self.packing { entries.len() } else { 1 }
    }

    /// How messages name a part.
    pub(super) fn part_name(&self, file: &str, part: usize) -> String {
        match &self.packing {
            Packing::Zip(entries) => format!("{file} ({})", entries[part].name),
            _ => file.to_owned(),
        }
    }

    /// Whether the text is packed, so that a part that was cut off is noticed.
    pub(super) fn is_packed(&self) -> bool {
        !matches!(self.packing, Packing::Plain)
    }

    /// The text of a part. Bytes that are read from the file are added to `done`; `unfolded` bytes came out of other
    /// parts before.
    pub(super) fn text(&self, part: usize, unfolded: u64, done: Arc<AtomicU64>) -> Result<Text> {
        let io = |source: io::Error| Error::io(&self.path, source);
        let mut file = File::open(&self.path).map_err(io)?;
        let reader: Box<dyn Read + Send> = match &self.packing {
            Packing::Plain => Box::new(Counted { file, done }),
            Packing::Gzip => Box::new(MultiGzDecoder::new(Counted { file, done })),
            Packing::Zip(entries) => {
                let entry = &entries[part];
                file.seek(SeekFrom::Start(entry.start)).map_err(io)?;
                let packed = Counted { file, done }.take(entry.packed);
                let text: Box<dyn Read + Send> =
                    if entry.is_deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
                Box::new(Checked { text, crc: Crc::new(), bytes: 0, due: (entry.crc, entry.bytes) })
            }
        };
        Ok(Text { reader, unfolded, limit: self.limit, since_record: 0 })
    }
}

fn too_large(limit: u64) -> Exceeded {
    let limit = format!("{} of text, which is {TEXT_UNFOLDING_MAX} times its size", mebibytes(limit));
    Exceeded::new("it is packed too tightly: it becomes more than a report would", limit, NO_REPORT_IS_SO)
}

/// The files of an archive, in its order.
fn entries(file: File) -> std::result::Result<Vec<Entry>, String> {
    let mut archive = ZipArchive::new(io::BufReader::new(file)).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        // Archives made on a Mac carry a shadow of each file.
        if entry.is_dir() || name.starts_with("__MACOSX/") {
            continue;
        }
        let is_deflated = match entry.compression() {
            CompressionMethod::Deflated => true,
            CompressionMethod::Stored => false,
            other => return Err(format!("{name} in it is packed by {other}, AWS's are deflated")),
        };
        if entry.encrypted() {
            return Err(format!("{name} in it is encrypted"));
        }
        let start = entry.data_start().ok_or_else(|| format!("{name} in it is nowhere"))?;
        entries.push(Entry {
            start,
            packed: entry.compressed_size(),
            bytes: entry.size(),
            crc: entry.crc32(),
            is_deflated,
            name,
        });
    }
    Ok(entries)
}

/// Text as it comes out of its container, within limits.
pub(super) struct Text {
    reader: Box<dyn Read + Send>,
    /// Bytes that came out.
    unfolded: u64,
    limit: u64,
    since_record: u64,
}

impl Text {
    /// Tells that a record ended near what was read last.
    pub(super) fn record_ended(&mut self) {
        self.since_record = 0;
    }

    /// Bytes that came out, of this part and those before it.
    pub(super) fn unfolded(&self) -> u64 {
        self.unfolded
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.unfolded += count as u64;
        self.since_record += count as u64;
        if self.unfolded > self.limit {
            return Err(io::Error::other(too_large(self.limit)));
        }
        if self.since_record > RECORD_BYTES_MAX {
            let found = "a record does not end where it should: a quotation mark may be open";
            let limit = mebibytes(RECORD_BYTES_MAX);
            return Err(io::Error::other(Exceeded::new(found, limit, NO_REPORT_IS_SO)));
        }
        Ok(count)
    }
}

/// A file that counts what was read of it.
struct Counted {
    file: File,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file of an archive, whose length and checksum must be what the archive says.
struct Checked {
    text: Box<dyn Read + Send>,
    crc: Crc,
    bytes: u64,
    due: (u32, u64),
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.crc.update(&buffer[..count]);
        self.bytes += count as u64;
        if count == 0 && !buffer.is_empty() && (self.crc.sum(), self.bytes) != self.due {
            return Err(io::Error::other("its length or checksum is not what the archive says"));
        }
        Ok(count)
    }
}
