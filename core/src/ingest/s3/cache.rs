//! Objects by the hash of their content, and references that lead from what was listed to that hash.
//!
//! `objects/<sha256>` holds bytes; `refs/<sha256 of endpoint, bucket, key, ETag and size>` says which. Any number of
//! processes may share a cache: a name appears at once and whole, and whoever is second replaces like by like.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::body::CheckedBy;
use crate::error::s3::{Result, S3Error};
use crate::ingest::digest::{is_sha256, sha256_of_fields};
use crate::ingest::dirs::{self, Folder};

const REFERENCE_BYTES_MAX: u64 = 1024;
const VERSION: &str = "farthing-reference-1";

/// A cache that was opened.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    objects: Folder,
    references: Folder,
}

/// What a reference says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) sha256: String,
    pub(super) bytes: u64,
    pub(super) checked_by: CheckedBy,
}

/// An object that is being written.
#[derive(Debug)]
pub(super) struct Temporary(dirs::Temporary);

impl Temporary {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(at(&self.0.path()))
    }
}

impl Cache {
    /// The cache in a folder, which is made when it is not there.
    pub(super) fn open(path: &Path) -> Result<Cache> {
        let folder = Folder::at(path).map_err(at(path))?;
        let inner = |name: &str| {
            let inner = folder.inner(name).map_err(at(&path.join(name)))?;
            inner.sweep().map_err(at(&path.join(name)))?;
            Ok(inner)
        };
        Ok(Cache { objects: inner("objects")?, references: inner("refs")? })
    }

    pub(super) fn object_path(&self, sha256: &str) -> PathBuf {
        self.objects.path_of(sha256)
    }

    /// What a reference leads to, if all of it is there. A reference that is damaged is as good as none.
    pub(super) fn find(&self, reference: &str, bytes: u64) -> Result<Option<Entry>> {
        let read = self.references.read(reference, REFERENCE_BYTES_MAX);
        let read = read.map_err(at(&self.references.path_of(reference)))?;
        let entry = read.and_then(|read| Entry::parse(&read, reference)).filter(|entry| entry.bytes == bytes);
        let Some(entry) = entry else { return Ok(None) };
        let size = self.objects.size(&entry.sha256).map_err(at(&self.object_path(&entry.sha256)))?;
        Ok((size == Some(entry.bytes)).then_some(entry))
    }

    /// A place for bytes whose hash is not known yet.
    pub(super) fn begin(&self) -> Result<Temporary> {
        self.objects.temporary().map(Temporary).map_err(at(&self.objects.path_of("")))
    }

    /// Gives bytes their name, and the reference to them its own: in this order, so that none leads nowhere.
    pub(super) fn store(&self, object: Temporary, reference: &str, entry: &Entry) -> Result<()> {
        object.0.rename(&entry.sha256).map_err(at(&self.object_path(&entry.sha256)))?;
        let write = || {
            let mut file = self.references.temporary()?;
            file.write_all(entry.line(reference).as_bytes())?;
            file.rename(reference)
        };
        write().map_err(at(&self.references.path_of(reference)))
    }

    /// Removes a reference, and the object if it is given.
    pub(super) fn remove(&self, reference: &str, object: Option<&str>) -> Result<()> {
        self.references.remove(reference).map_err(at(&self.references.path_of(reference)))?;
        match object {
            Some(object) => self.objects.remove(object).map_err(at(&self.object_path(object))),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// One line that ends in its own hash; it names its reference, so that two that are exchanged are both worthless.
    fn line(&self, reference: &str) -> String {
        let bytes = self.bytes.to_string();
        let check = self.checked_by.to_string();
        let seal = sha256_of_fields(&[VERSION, reference, &self.sha256, &bytes, &check]);
        format!("{VERSION}\t{reference}\t{}\t{bytes}\t{check}\t{seal}\n", self.sha256)
    }

    fn parse(line: &[u8], reference: &str) -> Option<Entry> {
        let text = std::str::from_utf8(line).ok()?;
        let mut fields = text.split('\t').skip(2);
        let entry = Entry {
            sha256: fields.next().filter(|hash| is_sha256(hash))?.to_owned(),
            bytes: fields.next()?.parse().ok()?,
            checked_by: fields.next()?.parse().ok()?,
        };
        (entry.line(reference) == text).then_some(entry)
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> S3Error {
    move |source| S3Error::Cache { path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry { sha256: "ab".repeat(32), bytes: 1234, checked_by: CheckedBy::Crc64Nvme }
    }

    #[test]
    fn any_flipped_bit_of_a_reference_is_seen() {
        let reference = "cd".repeat(32);
        let line = entry().line(&reference).into_bytes();
        assert_eq!(Entry::parse(&line, &reference), Some(entry()));
        assert_eq!(Entry::parse(&line, &"ce".repeat(32)), None, "another one's");
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut damaged = line.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(Entry::parse(&damaged, &reference), None, "byte {at}, bit {bit}");
            }
            assert_eq!(Entry::parse(&line[..at], &reference), None, "cut at {at}");
        }
    }

    #[test]
    fn nothing_is_found_unless_all_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        let reference = "cd".repeat(32);
        let entry = Entry { bytes: 5, ..entry() };
        let mut file = cache.begin().unwrap();
        file.write(b"12345").unwrap();
        cache.store(file, &reference, &entry).unwrap();
        assert_eq!(cache.find(&reference, 5).unwrap(), Some(entry.clone()));
        assert_eq!(cache.find(&reference, 6).unwrap(), None, "another size was listed");
        std::fs::write(cache.object_path(&entry.sha256), "1234").unwrap();
        assert_eq!(cache.find(&reference, 5).unwrap(), None, "the object is short");
        cache.remove(&reference, Some(&entry.sha256)).unwrap();
        cache.remove(&reference, Some(&entry.sha256)).unwrap();
        assert_eq!(cache.find(&reference, 5).unwrap(), None);
    }
}
