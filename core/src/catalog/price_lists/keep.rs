//! Rates on their way into a folder: a parquet file for each offer and region, written beside its place and then renamed.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Decimal128Builder, RecordBatch, StringDictionaryBuilder, UInt8Builder};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::rates::{Rate, Terms};
use crate::catalog::commitments::Payment;
use crate::error::{Error, Result};
use crate::schema::money::MONEY_SCALE;

/// Rates of a region that are held before they are written.
const HELD: usize = 1 << 13;
/// The ending of a file that is not whole yet.
const UNFINISHED: &str = "part";

/// Text columns, in the order of [`Part::texts`].
pub(super) const TEXTS: [&str; 6] = ["service", "usage_type", "operation", "unit", "begins", "plan"];
/// Small numbers: terms (0 on demand, 1 reserved, 2 Savings Plan), years, payment.
pub(super) const NUMBERS: [&str; 3] = ["terms", "years", "payment"];
/// Flags.
pub(super) const FLAGS: [&str; 2] = ["is_convertible", "is_upfront"];
pub(super) const PRICE: &str = "price";

/// What a kept file says of itself.
pub(super) const PUBLISHED: &str = "published";
pub(super) const ORIGIN: &str = "origin";

/// Payment options by number.
pub(super) const PAYMENTS: [Payment; 3] = [Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront];

fn schema(published: &str, origin: &str) -> SchemaRef {
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let texts = TEXTS.iter().map(|name| Field::new(*name, text.clone(), false));
    let numbers = NUMBERS.iter().map(|name| Field::new(*name, DataType::UInt8, false));
    let flags = FLAGS.iter().map(|name| Field::new(*name, DataType::Boolean, false));
    let price = Field::new(PRICE, DataType::Decimal128(38, MONEY_SCALE as i8), false);
    let fields: Vec<Field> = texts.chain(numbers).chain(flags).chain([price]).collect();
    let about = [(PUBLISHED, published), (ORIGIN, origin)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    Arc::new(Schema::new_with_metadata(fields, HashMap::from(about)))
}

/// The rates of an offer in a region that are being written.
struct Part {
    target: PathBuf,
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    held: usize,
    texts: [StringDictionaryBuilder<Int32Type>; TEXTS.len()],
    numbers: [UInt8Builder; NUMBERS.len()],
    flags: [BooleanBuilder; FLAGS.len()],
    prices: Decimal128Builder,
}

/// Keeps the rates of one file.
pub(super) struct Keeper {
    folder: PathBuf,
    origin: String,
    parts: BTreeMap<(String, String), Part>,
    rates: u64,
}

impl Keeper {
    pub(super) fn new(folder: &Path, origin: &Path) -> Keeper {
        let origin = origin.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Keeper { folder: folder.to_path_buf(), origin, parts: BTreeMap::new(), rates: 0 }
    }

    /// Adds a rate of an offer.
    pub(super) fn add(&mut self, offer: &str, published: &str, rate: &Rate<'_>) -> std::result::Result<(), String> {
        let region = if rate.region.is_empty() { super::folder::EVERYWHERE } else { rate.region };
        let key = (offer.to_owned(), region.to_owned());
        let part = match self.parts.entry(key) {
            std::collections::btree_map::Entry::Occupied(part) => part.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                let target = super::folder::place(&self.folder, offer, region)?;
                free.insert(Part::create(target, schema(published, &self.origin)).map_err(|error| error.to_string())?)
            }
        };
        self.rates += 1;
        part.add(rate).map_err(|error| error.to_string())
    }

    /// Puts every file in its place; the rates that were kept, and the regions.
    pub(super) fn finish(self) -> Result<(u64, Vec<String>)> {
        let mut regions = Vec::new();
        for ((_, region), part) in self.parts {
            part.finish()?;
            regions.push(region);
        }
        regions.sort_unstable();
        regions.dedup();
        Ok((self.rates, regions))
    }
}

impl Part {
    fn create(target: PathBuf, schema: SchemaRef) -> Result<Part> {
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|source| Error::io(folder, source))?;
        let place = unfinished(&target);
        let file = File::create(&place).map_err(|source| Error::io(&place, source))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
            .set_max_row_group_row_count(Some(HELD * 4))
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(|error| at(&place, error))?;
        Ok(Part {
            target,
            writer,
            schema,
            held: 0,
            texts: std::array::from_fn(|_| StringDictionaryBuilder::new()),
            numbers: std::array::from_fn(|_| UInt8Builder::new()),
            flags: std::array::from_fn(|_| BooleanBuilder::new()),
            prices: Decimal128Builder::new(),
        })
    }

    fn add(&mut self, rate: &Rate<'_>) -> Result<()> {
        let number = |payment: &Payment| PAYMENTS.iter().position(|known| known == payment).unwrap_or(0) as u8;
        let (numbers, flags, plan) = match &rate.terms {
            Terms::OnDemand => ([0, 0, 0], [false, false], ""),
            Terms::Reserved { years, is_convertible, payment, is_upfront } => {
                ([1, *years, number(payment)], [*is_convertible, *is_upfront], "")
            }
            Terms::SavingsPlan { plan, years, payment } => {
                ([2, *years, number(payment)], [false, false], plan.as_str())
            }
        };
        let texts = [rate.service, rate.usage_type, rate.operation, rate.unit, rate.begins, plan];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.append_value(number));
        self.flags.iter_mut().zip(flags).for_each(|(column, flag)| column.append_value(flag));
        self.prices.append_value(rate.price);
        self.held += 1;
        if self.held == HELD { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let place = unfinished(&self.target);
        let texts = self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let numbers = self.numbers.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let flags = self.flags.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let prices = self.prices.finish().with_data_type(DataType::Decimal128(38, MONEY_SCALE as i8));
        let columns = texts.chain(numbers).chain(flags).chain([Arc::new(prices) as ArrayRef]).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| at(&place, error))?;
        self.held = 0;
        self.writer.write(&batch).map_err(|error| at(&place, error))
    }

    fn finish(mut self) -> Result<()> {
        if self.held > 0 {
            self.write()?;
        }
        let place = unfinished(&self.target);
        self.writer.finish().map_err(|error| at(&place, error))?;
        fs::rename(&place, &self.target).map_err(|source| Error::io(&place, source))
    }
}

impl Drop for Part {
    /// What was not finished leaves nothing behind; what was finished is no longer there.
    fn drop(&mut self) {
        let _ = fs::remove_file(unfinished(&self.target));
    }
}

fn unfinished(target: &Path) -> PathBuf {
    target.with_extension(format!("{}.{UNFINISHED}", std::process::id()))
}

fn at(place: &Path, error: impl std::fmt::Display) -> Error {
    Error::Table { path: place.to_path_buf(), detail: format!("it cannot be written ({error})") }
}
