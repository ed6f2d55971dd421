//! Thrift's compact protocol, in which parquet describes itself: walked over, without believing a size it claims.

use super::limits::DEPTH_MAX;

/// A field's type on the wire.
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;

/// Why a description could not be walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// It goes on after the bytes that there are.
    Short,
    /// It is no description in this protocol.
    Malformed,
    /// It nests deeper than [`DEPTH_MAX`].
    Deep,
}

type Walked<T> = std::result::Result<T, Broken>;

/// Walks over one description.
pub(super) struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Walker<'a> {
        Walker { bytes, at: 0, depth: 0 }
    }

    /// Bytes walked over.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Walks over a struct. `field` is told each field's number and type and says whether it has taken its value.
    pub(super) fn structure(&mut self, field: &mut dyn FnMut(&mut Self, i16, u8) -> Walked<bool>) -> Walked<()> {
        self.descend(|walker| {
            let mut number = 0_i16;
            loop {
                let head = walker.byte()?;
                if head == 0 {
                    return Ok(());
                }
                let kind = head & 0x0f;
                number = match head >> 4 {
                    0 => i16::try_from(walker.integer()?).map_err(|_| Broken::Malformed)?,
                    step => number.checked_add(i16::from(step)).ok_or(Broken::Malformed)?,
                };
                if !field(walker, number, kind)? {
                    walker.skip(kind)?;
                }
            }
        })
    }

    /// Walks over a list of structs: `size` is told how many, then `each` walks over one after the other.
    pub(super) fn structures(
        &mut self,
        size: &mut dyn FnMut(usize) -> Walked<()>,
        each: &mut dyn FnMut(&mut Self) -> Walked<()>,
    ) -> Walked<()> {
        let (kind, count) = self.list()?;
        if count > 0 && kind != STRUCT {
            return Err(Broken::Malformed);
        }
        size(count)?;
        (0..count).try_for_each(|_| each(self))
    }

    /// A signed integer.
    pub(super) fn integer(&mut self) -> Walked<i64> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Walks over a value.
    pub(super) fn skip(&mut self, kind: u8) -> Walked<()> {
        match kind {
            1 | 2 => Ok(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => {
                let length = self.varint()?;
                self.advance(usize::try_from(length).map_err(|_| Broken::Short)?)
            }
            LIST | SET => self.descend(|walker| {
                let (kind, count) = walker.list()?;
                (0..count).try_for_each(|_| walker.element(kind))
            }),
            MAP => self.descend(Walker::map),
            STRUCT => self.structure(&mut |_, _, _| Ok(false)),
            13 => self.advance(16),
            _ => Err(Broken::Malformed),
        }
    }

    fn descend<T>(&mut self, walk: impl FnOnce(&mut Self) -> Walked<T>) -> Walked<T> {
        if self.depth == DEPTH_MAX {
            return Err(Broken::Deep);
        }
        self.depth += 1;
        let walked = walk(self);
        self.depth -= 1;
        walked
    }

    /// What a list holds, and how many: each takes at least a byte.
    fn list(&mut self) -> Walked<(u8, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| Broken::Short)?,
            few => usize::from(few),
        };
        if count > self.bytes.len() - self.at { Err(Broken::Short) } else { Ok((head & 0x0f, count)) }
    }

    fn map(&mut self) -> Walked<()> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(Broken::Short);
        }
        (0..count).try_for_each(|_| {
            self.element(kinds >> 4)?;
            self.element(kinds & 0x0f)
        })
    }

    /// A value in a list or a map, where a truth takes a byte.
    fn element(&mut self, kind: u8) -> Walked<()> {
        if kind == 1 || kind == 2 { self.advance(1) } else { self.skip(kind) }
    }

    fn byte(&mut self) -> Walked<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Broken::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Walked<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken::Malformed)
    }

    fn advance(&mut self, count: usize) -> Walked<()> {
        if count > self.bytes.len() - self.at {
            return Err(Broken::Short);
        }
        self.at += count;
        Ok(())
    }
}
