//! A folder of kept rates: a folder for each offer with a file for each region, looked up as bills name things.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, Decimal128Array, DictionaryArray, RecordBatch, UInt8Array};
use arrow::datatypes::{Decimal128Type, Int32Type, UInt8Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::keep::{FLAGS, NUMBERS, ORIGIN, PAYMENTS, PRICE, PUBLISHED, TEXTS};
use super::rates::Terms;
use crate::catalog::usage_types::without_region;
use crate::error::{Error, Result};

/// Rates that are read at a time.
const BATCH: usize = 1 << 14;
/// The region of what is sold everywhere.
pub(super) const EVERYWHERE: &str = "global";
const ENDING: &str = "parquet";

/// A rate that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `AmazonRDS`.
    pub service: String,
    /// As bills have it.
    pub usage_type: String,
    /// As bills have it.
    pub operation: String,
    /// On which terms.
    pub terms: Terms,
    /// `Hrs`, …; `Quantity` for what is paid at once.
    pub unit: String,
    /// The quantity from which it holds.
    pub begins: String,
    /// US dollars in units of 1e-12.
    pub price: i128,
    /// The file that it was read from.
    pub origin: Arc<str>,
    /// When AWS published it.
    pub published: Arc<str>,
}

/// A kept list: what a folder holds of an offer in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `AmazonEC2`.
    pub offer: String,
    /// `eu-west-1`.
    pub region: String,
    /// Rates.
    pub rates: u64,
    /// The file that they were read from.
    pub origin: String,
    /// When AWS published it.
    pub published: String,
}

/// A folder of kept rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLists {
    folder: PathBuf,
}

/// Where rates of an offer in a region are kept.
pub(super) fn place(folder: &Path, offer: &str, region: &str) -> std::result::Result<PathBuf, String> {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_plain(offer) {
        return Err(format!("the offer code `{offer}` is no name of an offer"));
    }
    let region: String = region.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
    Ok(folder.join(offer).join(format!("{region}.{ENDING}")))
}

impl PriceLists {
    /// The rates that `import` kept in a folder; none where it does not exist.
    pub fn of(folder: &Path) -> PriceLists {
        PriceLists { folder: folder.to_path_buf() }
    }

    /// What is kept, by offer and region.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Table`] for a file that is damaged.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for offer in folders(&self.folder)? {
            for file in files(&offer)? {
                let builder = open(&file)?;
                let about = |name: &str| builder.schema().metadata().get(name).cloned().unwrap_or_default();
                let name =
                    |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                all.push(Kept {
                    offer: name(&offer),
                    region: name(&file),
                    rates: builder.metadata().file_metadata().num_rows().unsigned_abs(),
                    origin: about(ORIGIN),
                    published: about(PUBLISHED),
                });
            }
        }
        Ok(all)
    }

    /// Every rate of a usage type (with or without its region) and operation in a region: on demand first, then reserved,
    /// then under Savings Plans.
    ///
    /// # Errors
    /// As [`PriceLists::kept`].
    pub fn find(&self, region: &str, usage_type: &str, operation: &str) -> Result<Vec<Found>> {
        let own = without_region(usage_type);
        self.matching(region, &|usage_type| usage_type == own, &|other| other == operation)
    }

    /// Every rate in a region whose usage type, without its region, and operation are meant. Each file is read once, and
    /// each distinct name decided once for some thousand rates.
    ///
    /// # Errors
    /// As [`PriceLists::kept`].
    pub fn matching(&self, region: &str, usage_type: Meant<'_>, operation: Meant<'_>) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for offer in folders(&self.folder)? {
            let offer = offer.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            for region in [region, EVERYWHERE] {
                let Ok(file) = place(&self.folder, &offer, region) else { continue };
                if file.is_file() {
                    load(&file, usage_type, operation, &mut found)?;
                }
            }
        }
        found.sort_by(|a, b| {
            let key = |one: &Found| (one.usage_type.clone(), one.operation.clone(), one.terms.clone());
            key(a).cmp(&key(b)).then_with(|| (&a.service, &a.begins).cmp(&(&b.service, &b.begins)))
        });
        Ok(found)
    }
}

/// Whether a name is meant.
pub type Meant<'a> = &'a dyn Fn(&str) -> bool;

/// The folders in a folder, in order; none where it does not exist.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_kept = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
    Ok(entries(folder)?.into_iter().filter(is_kept).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder, error)),
    };
    let paths = listed.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = paths.map_err(|error| Error::io(folder, error))?;
    paths.sort_unstable();
    Ok(paths)
}

fn damaged(file: &Path, error: impl std::fmt::Display) -> Error {
    let detail =
        format!("these are no kept rates ({error}); import the price list again with `farthing catalog import`");
    Error::Table { path: file.to_path_buf(), detail }
}

fn open(file: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let opened = File::open(file).map_err(|source| Error::io(file, source))?;
    ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| damaged(file, error))
}

fn load(file: &Path, usage_type: Meant<'_>, operation: Meant<'_>, found: &mut Vec<Found>) -> Result<()> {
    let builder = open(file)?;
    let about = |name: &str| Arc::from(builder.schema().metadata().get(name).map_or("", String::as_str));
    let (origin, published): (Arc<str>, Arc<str>) = (about(ORIGIN), about(PUBLISHED));
    for batch in builder.with_batch_size(BATCH).build().map_err(|error| damaged(file, error))? {
        let batch = batch.map_err(|error| damaged(file, error))?;
        let rates = Rates::of(&batch).map_err(|error| damaged(file, error))?;
        let (usage_types, operations) =
            (rates.meant(1, &|name| usage_type(without_region(name))), rates.meant(2, operation));
        for at in 0..batch.num_rows() {
            if usage_types[rates.code(1, at)] && operations[rates.code(2, at)] {
                found.push(rates.found(at, &origin, &published));
            }
        }
    }
    Ok(())
}

/// The columns of a batch.
struct Rates<'a> {
    texts: [&'a DictionaryArray<Int32Type>; TEXTS.len()],
    numbers: [&'a UInt8Array; NUMBERS.len()],
    flags: [&'a BooleanArray; FLAGS.len()],
    prices: &'a Decimal128Array,
}

impl<'a> Rates<'a> {
    fn of(batch: &'a RecordBatch) -> std::result::Result<Rates<'a>, String> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("there is no column {name}"));
        let wrong = |name: &str| format!("column {name} has another type");
        let text = |name: &str| column(name)?.as_dictionary_opt::<Int32Type>().ok_or_else(|| wrong(name));
        let number = |name: &str| column(name)?.as_primitive_opt::<UInt8Type>().ok_or_else(|| wrong(name));
        let flag = |name: &str| column(name)?.as_boolean_opt().ok_or_else(|| wrong(name));
        let [service, usage_type, operation, unit, begins, plan] = TEXTS.map(text);
        let [terms, years, payment] = NUMBERS.map(number);
        let [is_convertible, is_upfront] = FLAGS.map(flag);
        let prices = column(PRICE)?.as_primitive_opt::<Decimal128Type>().ok_or_else(|| wrong(PRICE))?;
        Ok(Rates {
            texts: [service?, usage_type?, operation?, unit?, begins?, plan?],
            numbers: [terms?, years?, payment?],
            flags: [is_convertible?, is_upfront?],
            prices,
        })
    }

    /// Of a text column's distinct names, which are meant.
    fn meant(&self, column: usize, is_meant: Meant<'_>) -> Vec<bool> {
        let names = self.texts[column].values().as_string::<i32>();
        (0..names.len()).map(|at| is_meant(names.value(at))).collect()
    }

    fn code(&self, column: usize, at: usize) -> usize {
        self.texts[column].keys().value(at).unsigned_abs() as usize
    }

    fn text(&self, column: usize, at: usize) -> String {
        self.texts[column].values().as_string::<i32>().value(self.code(column, at)).to_owned()
    }

    fn found(&self, at: usize, origin: &Arc<str>, published: &Arc<str>) -> Found {
        let [terms, years, payment] = self.numbers.map(|column| column.value(at));
        let [is_convertible, is_upfront] = self.flags.map(|column| column.value(at));
        let payment = PAYMENTS[usize::from(payment).min(PAYMENTS.len() - 1)];
        let terms = match terms {
            0 => Terms::OnDemand,
            1 => Terms::Reserved { years, is_convertible, payment, is_upfront },
            _ => Terms::SavingsPlan { plan: self.text(5, at), years, payment },
        };
        Found {
            service: self.text(0, at),
            usage_type: self.text(1, at),
            operation: self.text(2, at),
            terms,
            unit: self.text(3, at),
            begins: self.text(4, at),
            price: self.prices.value(at),
            origin: origin.clone(),
            published: published.clone(),
        }
    }
}
