//! What names a stored ledger: where the delivery lies, and what its files are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::ingest::digest::{hex, sha256_of_fields};
use crate::ingest::file::BillFile;
use crate::ingest::{DeliveredFile, Delivery, Inventory};
use crate::ledger::archive::FORMAT;

/// Bytes at the end of a file that are hashed where no footer says how long it is.
const TAIL_BYTES: u64 = 1 << 16;
/// Beyond this a footer is hashed in part.
const FOOTER_BYTES_MAX: u64 = 64 << 20;

/// A file, as far as it can be told from another without reading it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileKey {
    /// Its path without links, or its address on S3.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Of a local file when it was written, in nanoseconds, and the SHA-256 of its footer; of an object its ETag.
    pub mark: String,
}

impl FileKey {
    /// The key of a local file.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::NotFound`].
    pub(crate) fn local(path: &Path) -> Result<FileKey> {
        let fail = |error| Error::io(path, error);
        let mut file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        let bytes = metadata.len();
        let written = metadata.modified().map_err(fail)?;
        let written = written.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let footer = footer_bytes(&mut file, bytes).map_err(fail)?;
        file.seek(SeekFrom::Start(bytes - footer)).map_err(fail)?;
        let mut hasher = Sha256::new();
        std::io::copy(&mut file.take(footer), &mut Hashing(&mut hasher)).map_err(fail)?;
        let real = path.canonicalize().map_err(fail)?;
        let mark = format!("{written}-{}", hex(&hasher.finalize()));
        Ok(FileKey { file: real.to_string_lossy().into_owned(), bytes, mark })
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many bytes the footer of a Parquet file has, its length and magic included; of another file, those of its end.
fn footer_bytes(file: &mut File, bytes: u64) -> std::io::Result<u64> {
    if bytes < 12 {
        return Ok(bytes);
    }
    let mut end = [0; 8];
    file.seek(SeekFrom::Start(bytes - 8))?;
    file.read_exact(&mut end)?;
    let len = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]])) + 8;
    Ok(if end[4..] == *b"PAR1" { len.min(FOOTER_BYTES_MAX) } else { TAIL_BYTES }.min(bytes))
}

/// What names a ledger in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// SHA-256 of where the delivery lies: its manifest, or its files where it has none.
    pub place: String,
    /// SHA-256 of what its files are, and of the versions of this program and of the format.
    pub content: String,
}

impl Key {
    /// The name of the ledger's file.
    pub(super) fn file_name(&self) -> String {
        format!("{}{}.ledger", self.prefix(), &self.content[..32])
    }

    /// How the names of all ledgers begin that were made of deliveries in this place.
    pub(super) fn prefix(&self) -> String {
        format!("v{FORMAT}-{}-", &self.place[..24])
    }
}

/// The files of a delivery as keys, in its order.
///
/// # Errors
/// As [`FileKey::local`].
pub(crate) fn file_keys(files: &[&BillFile], inventory: &Inventory) -> Result<Vec<FileKey>> {
    let key = |file: &&BillFile| match fetched_key(&file.footer, inventory) {
        Some(key) => Ok(key),
        None => FileKey::local(&file.path),
    };
    files.iter().map(key).collect()
}

/// As [`file_keys`], of a delivery all of whose files were fetched.
pub(crate) fn fetched_keys(delivery: &Delivery, inventory: &Inventory) -> Option<Vec<FileKey>> {
    delivery.files.iter().map(|file| fetched_key(file, inventory)).collect()
}

fn fetched_key(file: &DeliveredFile, inventory: &Inventory) -> Option<FileKey> {
    let object = inventory.fetched.get(&file.file)?;
    Some(FileKey { file: file.file.clone(), bytes: file.bytes, mark: object.etag.clone() })
}

/// The key of a delivery.
pub(crate) fn key(delivery: &Delivery, files: &[FileKey]) -> Key {
    let dialect = delivery.dialect.name();
    let manifest = delivery.manifest.as_ref().map(|path| {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        real.to_string_lossy().into_owned()
    });
    let mut place: Vec<&str> = vec![dialect];
    match &manifest {
        // A new version of a delivery has its manifest in a folder of its own, below that of the period.
        Some(manifest) => place.push(crate::ingest::source::place_of_versions(manifest)),
        None => place.extend(files.iter().map(|file| file.file.as_str())),
    }
    let mut content = vec![env!("CARGO_PKG_VERSION").to_owned(), FORMAT.to_string(), dialect.to_owned()];
    // Without a period the manifest's word is not what R10 compares with.
    content.push(delivery.period.clone().unwrap_or_default());
    content.extend(files.iter().flat_map(|file| [file.file.clone(), file.bytes.to_string(), file.mark.clone()]));
    let content: Vec<&str> = content.iter().map(String::as_str).collect();
    Key { place: sha256_of_fields(&place), content: sha256_of_fields(&content) }
}
