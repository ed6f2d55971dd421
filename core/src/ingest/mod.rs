//! Finds the delivery, verifies and reads it: the only floor that touches bills.

#[cfg(feature = "s3")]
mod bucket;
pub mod capabilities;
#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
mod columns;
mod container;
pub mod csv;
pub(crate) mod digest;
pub(crate) mod dirs;
pub mod file;
mod footer;
pub mod guard;
pub mod limits;
pub mod manifest;
pub mod metrics;
#[cfg(feature = "s3")]
pub(crate) mod objects;
#[cfg(not(feature = "s3"))]
#[path = "no_objects.rs"]
pub(crate) mod objects;
pub(crate) mod opening;
mod packed;
pub mod pages;
mod parquet;
mod place;
#[cfg(feature = "s3")]
pub mod prices;
#[cfg(feature = "s3")]
pub mod s3;
pub mod source;
pub mod table_file;
mod texts;
mod thrift;
pub mod verify;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::schema::line_items::Dialect;

/// What there is to read, from file names, manifests, footers and headers; no row has been read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// Deliveries in order of export and period.
    pub deliveries: Vec<Delivery>,
    /// What can be computed from these columns, and what cannot.
    pub capabilities: Vec<Capability>,
    /// Files that were seen and left alone, and why; column names that collide; and the like.
    pub notes: Vec<String>,
    /// How files on S3 came down, by their addresses.
    pub fetched: BTreeMap<String, FetchedObject>,
}

/// An object of S3 that was fetched whole, at the ETag that was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedObject {
    /// Its ETag.
    pub etag: String,
    /// SHA-256 of its bytes as they came down.
    pub sha256: String,
    /// What they were held against: `CRC64NVME of the object`, …, `size only`.
    pub checked_by: String,
}

impl Inventory {
    /// Rows in all footers; `None` where a file has none: rows of text are counted while they are read.
    pub fn rows(&self) -> Option<u64> {
        self.files().map(|file| file.rows).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files().map(|file| file.bytes).sum()
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &DeliveredFile> {
        self.deliveries.iter().flat_map(|delivery| &delivery.files)
    }
}

/// One delivery: the files of one export for one billing period.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// The export's (or report's) name, or the folder's without a manifest.
    pub export: String,
    /// The manifest that lists its files; its address on S3 has the form of a path here.
    pub manifest: Option<PathBuf>,
    /// `2026-10`, where the manifest says so.
    pub period: Option<String>,
    /// The dialect of its files.
    pub dialect: Dialect,
    /// Its files.
    pub files: Vec<DeliveredFile>,
}

/// One file of a delivery, as its footer or header tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveredFile {
    /// Its path, or its address on S3.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What it is: `parquet`, `csv`, `csv, gzip`, `csv, zip of 3 files`.
    pub form: String,
    /// Its rows, as its footer says; text has none, and its rows are counted while they are read.
    pub rows: Option<u64>,
    /// Its row groups; text is one.
    pub row_groups: usize,
    /// The writer's name for itself.
    pub written_by: Option<String>,
    /// How many columns it has.
    pub columns: usize,
    /// What its pages are packed with: `snappy`, `zstd`, `none`; `text` has no pages.
    pub codec: String,
    /// How instants are stored: `Timestamp(ms)`, `INT96`, `text`.
    pub time_encoding: String,
    /// How money is stored: `Float64`, `Decimal128(38, 10)`, `text`.
    pub money_encoding: String,
}

/// Something that can, or cannot, be computed from the columns there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// What it is.
    pub name: Cow<'static, str>,
    /// Whether it can be computed.
    pub available: bool,
    /// The columns it rests on, or what is missing and how to get it.
    pub reason: String,
}
