//! Where bills lie, as discovery sees it: paths, when they were written, and the bytes of manifests. On disk here; on
//! S3 in `bucket`.

use std::path::{Path, PathBuf};

use super::csv;
use super::manifest::Manifest;
use crate::error::{Error, Result};

/// A file of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path, or its `s3://` address.
    pub(super) path: PathBuf,
    /// When it was written, in seconds, where that tells versions apart: copies on disk carry the time of copying.
    pub(super) written: Option<i64>,
    /// Whether it was named itself, and not found in a folder.
    pub(super) named: bool,
}

/// A disk or a bucket.
pub(super) trait Place {
    /// Every file below a folder, in order, or the one file of this name. Hidden ones are left out.
    fn entries(&mut self, source: &Path) -> Result<Vec<Entry>>;

    /// The bytes of manifests.
    fn read(&mut self, manifests: &[PathBuf]) -> Result<Vec<Vec<u8>>>;

    /// The path of each file that a manifest lists; a file that is not there is an error.
    fn resolve(&mut self, manifest: &Manifest, notes: &mut Vec<String>) -> Result<Vec<PathBuf>>;

    /// Whether a csv file without a manifest is a bill, where that can be seen before it is fetched.
    fn is_bill(&self, path: &Path) -> bool;

    /// The one name of a file, however it is reached.
    fn real(&self, path: &Path) -> PathBuf;
}

/// The local disk.
pub(super) struct Disk;

impl Place for Disk {
    fn entries(&mut self, source: &Path) -> Result<Vec<Entry>> {
        let kind = std::fs::metadata(source).map_err(|error| Error::io(source, error))?;
        if !kind.is_dir() {
            return Ok(vec![Entry { path: source.to_path_buf(), written: None, named: true }]);
        }
        let mut entries = Vec::new();
        walk(source, &mut entries)?;
        Ok(entries)
    }

    fn read(&mut self, manifests: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
        manifests.iter().map(|path| std::fs::read(path).map_err(|error| Error::io(path, error))).collect()
    }

    fn resolve(&mut self, manifest: &Manifest, _notes: &mut Vec<String>) -> Result<Vec<PathBuf>> {
        manifest.resolve()
    }

    fn is_bill(&self, path: &Path) -> bool {
        csv::is_bill(path)
    }

    fn real(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }
}

fn walk(folder: &Path, found: &mut Vec<Entry>) -> Result<()> {
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>())
        .map_err(|error| Error::io(folder, error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = std::fs::metadata(&path).map_err(|error| Error::io(&path, error))?;
        if kind.is_dir() {
            walk(&path, found)?;
        } else {
            found.push(Entry { path, written: None, named: false });
        }
    }
    Ok(())
}
