//! Bytes that are read from front to back, and none of them believed.

use std::time::Duration;

use bytes::Bytes;

use super::Damage;

/// What of the bytes is still to be read.
pub(super) struct Reader<'a> {
    pub(super) whole: &'a Bytes,
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Damage> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Damage::Malformed)?;
        self.rest = rest;
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Damage> {
        self.array().map(|[byte]| *byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Damage> {
        self.array().map(|bytes| u16::from_le_bytes(*bytes))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damage> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Damage> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    pub(super) fn millis(&mut self) -> Result<Duration, Damage> {
        self.u64().map(Duration::from_millis)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let length = usize::try_from(self.u32()?).map_err(|_| Damage::Malformed)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Damage::Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The same, which keeps the whole alive in place of a copy.
    pub(super) fn shared(&mut self) -> Result<Bytes, Damage> {
        Ok(self.whole.slice_ref(self.bytes()?))
    }

    pub(super) fn text(&mut self) -> Result<Box<str>, Damage> {
        std::str::from_utf8(self.bytes()?).map(Into::into).map_err(|_| Damage::Malformed)
    }

    /// A count and that many elements; each takes bytes, so a count that lies runs out of them before it costs memory.
    pub(super) fn list<T>(&mut self, element: impl Fn(&mut Self) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
        let count = self.u32()?;
        // As many as most lists have.
        let mut list = Vec::with_capacity(count.min(AT_ONCE) as usize);
        for _ in 0..count {
            list.push(element(self)?);
        }
        Ok(list)
    }
}

/// For so many elements of a list there is room at once.
const AT_ONCE: u32 = 8;
