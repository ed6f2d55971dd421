//! What pages hold once they are unpacked, where their headers do not bound it: gzip without end, and texts in codings
//! that repeat.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedPageReader;

use super::guard::guarded;
use super::limits::{DECODING_BYTES_MAX, Exceeded, NO_REPORT_IS_SO, VALUE_BYTES_MAX, WRITE_SMALLER, mebibytes};
use super::pages::{Bad, Group, Looked};

/// A page in gzip that is smaller cannot become more than 64 MiB, for gzip packs no tighter than 1,032 times.
const GZIP_BYTES_MIN: u64 = 64 << 10;

/// Unpacks a page in gzip to see whether it becomes what it claims: the decoder would take all that comes.
pub(super) fn gzip_page(mut file: &File, at: u64, packed: u64, claimed: u64) -> Looked<()> {
    if packed < GZIP_BYTES_MIN {
        return Ok(());
    }
    file.seek(SeekFrom::Start(at)).map_err(Bad::Io)?;
    let unpacking = MultiGzDecoder::new(io::BufReader::new(file).take(packed));
    let unpacked = io::copy(&mut unpacking.take(claimed + 1), &mut io::sink());
    match unpacked {
        Ok(bytes) if bytes == claimed => Ok(()),
        Ok(_) => Err(Bad::Lie(format!("the page at {at} does not become the {claimed} bytes that it claims"))),
        Err(error) => Err(Bad::Lie(format!("the page at {at} cannot be unpacked ({error})"))),
    }
}

/// Looks at the texts of a column whose coding lets a few bytes stand for many: those that share beginnings, and those
/// of a dictionary that is given up on the way, which the decoder writes out.
pub(super) fn texts(group: &Group<'_>, leaf: usize, is_mixed: bool) -> Looked<()> {
    let mut longest = Longest::default();
    guarded(group.name, "parquet", || look(group, leaf, is_mixed, &mut longest)).map_err(Bad::Error)?;
    if longest.value > VALUE_BYTES_MAX as u64 {
        return Err(too_long(longest.value).into());
    }
    if longest.page > DECODING_BYTES_MAX {
        let found = format!("the texts of a page take {}", mebibytes(longest.page));
        return Err(Exceeded::new(found, mebibytes(DECODING_BYTES_MAX), WRITE_SMALLER).into());
    }
    Ok(())
}

/// A text that is longer than any of AWS's.
pub(super) fn too_long(bytes: u64) -> Exceeded {
    Exceeded::new(format!("a value has {bytes} bytes"), mebibytes(VALUE_BYTES_MAX as u64), NO_REPORT_IS_SO)
}

/// The longest value, and the most that a page's values take.
#[derive(Default)]
struct Longest {
    value: u64,
    page: u64,
}

fn look(group: &Group<'_>, leaf: usize, is_mixed: bool, longest: &mut Longest) -> Result<(), ParquetError> {
    let row_group = group.metadata.row_group(group.number);
    let rows = usize::try_from(row_group.num_rows())?;
    let file = Arc::new(group.file.try_clone()?);
    let mut pages = SerializedPageReader::new(file, row_group.column(leaf), rows, None)?;
    let descriptor = row_group.column(leaf).column_descr_ptr();
    while let Some(page) = pages.get_next_page()? {
        match (&page, page.encoding()) {
            (Page::DictionaryPage { buf, num_values, .. }, _) if is_mixed => dictionary(buf, *num_values, longest),
            (Page::DictionaryPage { .. }, _) => {}
            (page, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) => {
                let values = page.num_values() as usize;
                let body = values_of(page, descriptor.max_def_level(), descriptor.max_rep_level())
                    .ok_or_else(|| ParquetError::General("the levels of a page do not fit it".to_owned()))?;
                shared(body, values, page.encoding() == Encoding::DELTA_BYTE_ARRAY, longest)
                    .ok_or_else(|| ParquetError::General("the lengths of a page's texts make no sense".to_owned()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn dictionary(mut bytes: &[u8], values: u32, longest: &mut Longest) {
    for _ in 0..values {
        let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return };
        let length = u32::from_le_bytes(*length);
        longest.value = longest.value.max(length.into());
        bytes = rest.get(length as usize..).unwrap_or_default();
    }
}

/// The values of a page, after its levels.
fn values_of(page: &Page, def_level_max: i16, rep_level_max: i16) -> Option<&[u8]> {
    match page {
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize..)?.get(*rep_levels_byte_len as usize..)
        }
        page => {
            let mut bytes: &[u8] = page.buffer();
            for _ in [def_level_max, rep_level_max].iter().filter(|&&level| level > 0) {
                let (length, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest.get(u32::from_le_bytes(*length) as usize..)?;
            }
            Some(bytes)
        }
    }
}

/// The lengths of a page's texts, of which there are at most so many; where they share beginnings, those come first.
fn shared(bytes: &[u8], values: usize, has_prefixes: bool, longest: &mut Longest) -> Option<()> {
    let mut bits = Bits { bytes, at: 0 };
    let first = bits.deltas(values)?;
    let second = if has_prefixes { bits.deltas(values)? } else { Vec::new() };
    let mut sum = 0_u64;
    for (at, &length) in first.iter().enumerate() {
        let length = length + second.get(at).copied().unwrap_or(0);
        longest.value = longest.value.max(length);
        sum = sum.saturating_add(length);
    }
    longest.page = longest.page.max(sum);
    Some(())
}

/// Reads DELTA_BINARY_PACKED as parquet-format's Encodings.md defines it.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// A run of lengths, none of them negative; `None` when there are more than `most`, or they make no sense.
    fn deltas(&mut self, most: usize) -> Option<Vec<u64>> {
        let (block, blocks) = (self.varint()?, self.varint()?);
        let count = usize::try_from(self.varint()?).ok().filter(|&count| count <= most)?;
        let mut last = self.signed()?;
        let per_block = block.checked_div(blocks).filter(|&values| values > 0 && values % 32 == 0)?;
        let blocks = usize::try_from(blocks).ok().filter(|&blocks| blocks <= self.bytes.len())?;
        let per_block = usize::try_from(per_block).ok().filter(|&values| values <= self.bytes.len().max(32) * 64)?;
        let mut lengths = Vec::with_capacity(count);
        if count > 0 {
            lengths.push(u64::try_from(last).ok()?);
        }
        while lengths.len() < count {
            let least = self.signed()?;
            let widths = self.bytes.get(self.at..self.at + blocks)?.to_vec();
            self.at += blocks;
            for width in widths {
                if lengths.len() >= count {
                    break;
                }
                let start = self.at;
                self.at += per_block / 8 * usize::from(width);
                for value in 0..per_block.min(count - lengths.len()) {
                    last = last.wrapping_add(least).wrapping_add(self.bits(start, value, width)? as i64);
                    lengths.push(u64::try_from(last).ok().filter(|&length| length <= u32::MAX.into())?);
                }
            }
        }
        Some(lengths)
    }

    /// The value with this number in a run of values of so many bits.
    fn bits(&self, start: usize, value: usize, width: u8) -> Option<u64> {
        if width > 64 {
            return None;
        }
        (0..usize::from(width)).try_fold(0, |bits, bit| {
            let at = value * usize::from(width) + bit;
            let byte = *self.bytes.get(start + at / 8)?;
            Some(bits | u64::from(byte >> (at % 8) & 1) << bit)
        })
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }
}
