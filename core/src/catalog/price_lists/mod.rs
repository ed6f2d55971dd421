//! AWS's price list files: read as a stream, kept by offer and region, looked up as bills name things.

pub mod folder;
mod keep;
pub mod rates;
mod read_csv;
mod read_json;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use self::keep::Keeper;
use self::rates::Rate;
use crate::error::{Error, Result};

/// What a price list file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// The index of every offer.
    Offers,
    /// The index of an offer's versions.
    Versions,
    /// The index of an offer's or a plan's regions.
    Regions,
    /// Prices of an offer.
    Prices,
    /// Rates of Savings Plans.
    SavingsPlans,
}

impl ListKind {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            ListKind::Offers => "index of offers",
            ListKind::Versions => "index of versions",
            ListKind::Regions => "index of regions",
            ListKind::Prices => "price list",
            ListKind::SavingsPlans => "Savings Plan rates",
        }
    }
}

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub file: String,
    /// What it is.
    pub kind: ListKind,
    /// `AmazonEC2`, `AWSDatabaseSavingsPlans`; empty where the file does not say.
    pub offer: String,
    /// When AWS published it.
    pub published: String,
    /// Entries of an index, or rates that were kept.
    pub entries: u64,
    /// Regions that rates were kept for.
    pub regions: Vec<String>,
    /// Lines that state no rate in US dollars for a usage type.
    pub passed_over: u64,
}

/// What a file says of itself before its rates.
#[derive(Debug, Clone, Default)]
struct About {
    offer: String,
    published: String,
}

/// Where rates go while a file is read: `Err` says what is wrong with one.
type Sink<'a> = &'a mut dyn FnMut(&About, &Rate<'_>) -> std::result::Result<(), String>;

/// What reading came to.
struct Outcome {
    kind: ListKind,
    about: About,
    /// Entries of an index.
    entries: u64,
    passed_over: u64,
}

/// Reads price list files as AWS publishes them, and keeps their rates in a folder, which is made where there is none: a
/// file for each offer and region, which takes the place of an older one. A csv or JSON file may be packed by gzip, and of
/// any size: it is read as a stream. Indexes are read and have no rates to keep.
///
/// `progress` is called now and then with the bytes of the file that were read, and those that it has.
///
/// # Errors
/// [`Error::Table`] names the file, the line and what is wrong with it; [`Error::NotFound`], [`Error::Io`]. Nothing of a
/// file with an error is kept.
pub fn import(file: &Path, folder: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Listed> {
    let opened = File::open(file).map_err(|source| Error::io(file, source))?;
    let bytes = opened.metadata().map_err(|source| Error::io(file, source))?.len();
    let fail = |detail: String| Error::Table { path: file.to_path_buf(), detail };
    let mut keeper = Keeper::new(folder, file);
    let mut reader = BufReader::with_capacity(1 << 18, Counted { inner: opened, read: 0, bytes, progress });
    let is_packed = reader.fill_buf().map_err(|source| Error::io(file, source))?.starts_with(b"\x1f\x8b");
    let mut keep = |about: &About, rate: &Rate<'_>| keeper.add(&about.offer, &about.published, rate);
    let outcome = match is_packed {
        true => read(&mut BufReader::with_capacity(1 << 18, MultiGzDecoder::new(reader)), &mut keep),
        false => read(&mut reader, &mut keep),
    };
    let outcome = outcome.map_err(fail)?;
    let (kept, regions) = keeper.finish()?;
    let is_index = matches!(outcome.kind, ListKind::Offers | ListKind::Versions | ListKind::Regions);
    Ok(Listed {
        file: file.display().to_string(),
        kind: outcome.kind,
        offer: outcome.about.offer,
        published: outcome.about.published,
        entries: if is_index { outcome.entries } else { kept },
        regions,
        passed_over: outcome.passed_over,
    })
}

/// JSON begins with a brace; everything else is taken for csv.
fn read(reader: &mut dyn BufRead, keep: Sink<'_>) -> std::result::Result<Outcome, String> {
    let first = reader.fill_buf().map_err(|error| error.to_string())?;
    let start = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => read_json::read(reader, keep),
        Some(_) => read_csv::read(reader, keep),
        None => Err("it is empty".to_owned()),
    }
}

/// Tells how far reading has come.
struct Counted<'a, R> {
    inner: R,
    read: u64,
    bytes: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        (self.progress)(self.read, self.bytes);
        Ok(count)
    }
}
