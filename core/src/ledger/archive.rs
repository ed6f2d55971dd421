//! A saved ledger as bytes: sections one after the other, a table of them, and a trailer without which nothing is believed.
//!
//! ```text
//! FARTHING │ section … section │ table of sections, JSON │ trailer, 64 bytes
//! trailer = place and length of the table, its CRC-32, the format's number, SHA-256 of all before, FARTHING
//! ```
//! Each section has a CRC-32 in the table, so that what is read is checked and what is not read costs nothing.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::columns::{Amounts, Read, Value, decode, encode};
use crate::ingest::digest::hex;

/// The number of the format; other numbers are not read. It changes when a table, or the meaning of one, changes.
pub(crate) const FORMAT: u32 = 2;

const MAGIC: &[u8; 8] = b"FARTHING";
const TRAILER: u64 = 64;
/// The table of a ledger's sections is some kilobytes.
const TABLE_BYTES_MAX: u64 = 16 << 20;

/// Where a section lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Section(String, u64, u64, u32);

/// What stands after the sections.
#[derive(Debug, Serialize, Deserialize)]
struct Table {
    header: serde_json::Value,
    sections: Vec<Section>,
}

/// Writes sections.
pub(crate) struct Writer<W> {
    out: W,
    at: u64,
    hasher: Sha256,
    sections: Vec<Section>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> std::io::Result<Writer<W>> {
        let mut writer = Writer { out, at: 0, hasher: Sha256::new(), sections: Vec::new() };
        writer.write(MAGIC)?;
        Ok(writer)
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn section(&mut self, name: String, bytes: &[u8]) -> std::io::Result<()> {
        self.sections.push(Section(name, self.at, bytes.len() as u64, crc32fast::hash(bytes)));
        self.write(bytes)
    }

    /// Writes a column.
    pub(super) fn put<T: Value>(&mut self, name: &str, values: impl Iterator<Item = T>) -> std::io::Result<()> {
        let bytes = encode(&T::column(values.collect())).map_err(std::io::Error::other)?;
        self.section(name.to_owned(), &bytes)
    }

    /// Writes amounts, as one column or two.
    pub(super) fn amounts(&mut self, name: &str, amounts: impl Iterator<Item = i128>) -> std::io::Result<()> {
        let amounts: Vec<i128> = amounts.collect();
        let (low, high) = Amounts::columns(&amounts);
        self.section(name.to_owned(), &encode(&low).map_err(std::io::Error::other)?)?;
        match high {
            Some(high) => self.section(format!("{name}{HIGH}"), &encode(&high).map_err(std::io::Error::other)?),
            None => Ok(()),
        }
    }

    /// Writes the table and the trailer; what is returned is the SHA-256 of all before it.
    pub(crate) fn finish(mut self, header: serde_json::Value) -> std::io::Result<(W, String)> {
        let table = serde_json::to_vec(&Table { header, sections: std::mem::take(&mut self.sections) })?;
        let at = self.at;
        self.write(&table)?;
        self.write(&at.to_le_bytes())?;
        self.write(&(table.len() as u64).to_le_bytes())?;
        self.write(&crc32fast::hash(&table).to_le_bytes())?;
        self.write(&FORMAT.to_le_bytes())?;
        let hash = self.hasher.finalize_reset();
        self.out.write_all(&hash)?;
        self.out.write_all(MAGIC)?;
        Ok((self.out, hex(&hash)))
    }
}

/// The ending of the upper halves of amounts.
const HIGH: &str = "^64";

/// Where a saved ledger is read from.
#[derive(Debug)]
pub(crate) enum Place {
    /// A file, of which only what is asked for is read.
    File(File),
    /// Bytes.
    Bytes(Bytes),
}

impl Place {
    fn len(&self) -> Read<u64> {
        match self {
            Place::File(file) => file.metadata().map(|file| file.len()).map_err(|error| error.to_string()),
            Place::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    fn read(&self, at: u64, len: u64) -> Read<Vec<u8>> {
        match self {
            Place::File(file) => {
                let mut bytes = vec![0; len as usize];
                file.read_exact_at(&mut bytes, at).map_err(|error| error.to_string())?;
                Ok(bytes)
            }
            Place::Bytes(bytes) => Ok(bytes.slice(at as usize..(at + len) as usize).to_vec()),
        }
    }
}

/// A saved ledger whose table of sections was read.
#[derive(Debug)]
pub(crate) struct Reader {
    place: Place,
    len: u64,
    header: serde_json::Value,
    sections: std::collections::HashMap<String, Section>,
    sha256: String,
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

impl Reader {
    /// Reads the table of sections.
    ///
    /// # Errors
    /// What is no saved ledger, or not whole, or of another format.
    pub(crate) fn open(place: Place) -> Read<Reader> {
        let len = place.len()?;
        if len < TRAILER + MAGIC.len() as u64 {
            return Err(format!("{len} bytes are too few"));
        }
        let trailer = place.read(len - TRAILER, TRAILER)?;
        if trailer[56..] != *MAGIC || place.read(0, 8)? != *MAGIC {
            return Err("it does not begin and end as a saved ledger does".to_owned());
        }
        let format = number(&trailer, 16) >> 32;
        if format != u64::from(FORMAT) {
            return Err(format!("it is of format {format}, and this farthing reads format {FORMAT}"));
        }
        let (at, bytes) = (number(&trailer, 0), number(&trailer, 8));
        if bytes > TABLE_BYTES_MAX || at.checked_add(bytes) != Some(len - TRAILER) {
            return Err("its table of sections is not where it should be".to_owned());
        }
        let table = place.read(at, bytes)?;
        if crc32fast::hash(&table) != number(&trailer, 16) as u32 {
            return Err("its table of sections is damaged".to_owned());
        }
        let table: Table = serde_json::from_slice(&table).map_err(|error| error.to_string())?;
        let inside = |section: &Section| section.1.checked_add(section.2).is_some_and(|end| end <= at);
        if !table.sections.iter().all(inside) {
            return Err("a section lies outside of it".to_owned());
        }
        let sections = table.sections.into_iter().map(|section| (section.0.clone(), section)).collect();
        Ok(Reader { place, len, header: table.header, sections, sha256: hex(&trailer[24..56]) })
    }

    /// What was written beside the sections.
    pub(crate) fn header(&self) -> &serde_json::Value {
        &self.header
    }

    /// Hashes everything.
    ///
    /// # Errors
    /// Bytes that are not those that were written.
    pub(crate) fn verify(&self) -> Read<()> {
        const BLOCK: u64 = 1 << 20;
        let hashed = self.len - TRAILER + 24;
        let mut hasher = Sha256::new();
        let mut at = 0;
        while at < hashed {
            let block = BLOCK.min(hashed - at);
            hasher.update(self.place.read(at, block)?);
            at += block;
        }
        if hex(&hasher.finalize()) == self.sha256 {
            Ok(())
        } else {
            Err("its bytes are not those that were written".to_owned())
        }
    }

    fn section(&self, name: &str) -> Read<Option<Vec<u8>>> {
        let Some(Section(_, at, bytes, crc)) = self.sections.get(name) else { return Ok(None) };
        let bytes = self.place.read(*at, *bytes)?;
        if crc32fast::hash(&bytes) == *crc { Ok(Some(bytes)) } else { Err(format!("its section {name} is damaged")) }
    }

    /// A column.
    pub(super) fn take<T: Value>(&self, name: &str) -> Read<Vec<T>> {
        let bytes = self.section(name)?.ok_or_else(|| format!("it has no section {name}"))?;
        T::values(&decode(bytes)?).map_err(|fault| format!("section {name}: {fault}"))
    }

    /// Amounts.
    pub(super) fn take_amounts(&self, name: &str) -> Read<Amounts> {
        let high = self.section(&format!("{name}{HIGH}"))?.map(|high| i64::values(&decode(high)?)).transpose()?;
        Amounts::of(self.take(name)?, high.unwrap_or_default()).map_err(|fault| format!("section {name}: {fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.put("a/id", [3_u32, 1, 2].into_iter()).unwrap();
        writer.amounts("a/sum", [1, i128::MAX, -5].into_iter()).unwrap();
        writer.finish(serde_json::json!({"payer": "000000000001"})).unwrap().0
    }

    fn read(bytes: Vec<u8>) -> Read<(Vec<u32>, Vec<i128>, serde_json::Value)> {
        let reader = Reader::open(Place::Bytes(bytes.into()))?;
        let sums = reader.take_amounts("a/sum")?;
        let ids = reader.take("a/id")?;
        Ok((ids, (0..sums.len()).map(|row| sums.at(row)).collect(), reader.header().clone()))
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_seen() {
        let bytes = saved();
        let whole = read(bytes.clone()).unwrap();
        assert_eq!((whole.0.as_slice(), whole.1.as_slice()), (&[3, 1, 2][..], &[1, i128::MAX, -5][..]));
        let verify = |bytes: Vec<u8>| Reader::open(Place::Bytes(bytes.into())).and_then(|reader| reader.verify());
        verify(bytes.clone()).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                // The hash of everything is what `verify` compares, and nothing else reads.
                let is_hash = (bytes.len() - 40..bytes.len() - 8).contains(&at);
                assert!(is_hash || read(damaged.clone()).is_err(), "byte {at}, bit {bit}");
                assert!(verify(damaged).is_err(), "byte {at}, bit {bit}");
            }
            assert!(read(bytes[..at].to_vec()).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_format_is_told_from_damage() {
        let mut bytes = saved();
        let at = bytes.len() - 64 + 20;
        bytes[at] += 1;
        assert_eq!(read(bytes).unwrap_err(), "it is of format 3, and this farthing reads format 2");
    }
}
