//! The bytes of a key that is being written: on the stack while it is short, as almost all keys are.

use std::ops::Deref;

/// Bytes in an array; further ones, once it is full, in a vector.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// How much of `short` is in use.
    length: usize,
    short: [u8; SHORT],
    long: Vec<u8>,
}

/// A position in a buffer, to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    length: usize,
    long: usize,
}

const SHORT: usize = 232;
/// The longest key, in bytes. A request with a longer one bypasses the cache.
pub(crate) const MAX_KEY: usize = 8 << 10;

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self { length: 0, short: [0; SHORT], long: Vec::new() }
    }

    /// The current end.
    pub(crate) fn mark(&self) -> Mark {
        Mark { length: self.length, long: self.long.len() }
    }

    /// Removes all that was appended since `mark`.
    pub(crate) fn reset(&mut self, mark: Mark) {
        self.length = mark.length;
        self.long.truncate(mark.long);
    }

    /// Appends a byte; false if the limit is reached.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        match self.short.get_mut(self.length) {
            Some(place) => {
                *place = byte;
                self.length += 1;
                true
            }
            None => self.spill(&[byte]),
        }
    }

    /// Appends the length and the bytes; false if the limit is reached.
    #[inline]
    pub(crate) fn framed(&mut self, bytes: &[u8]) -> bool {
        if let Ok(frame @ ..0x80) = u8::try_from(bytes.len())
            && let Some([first, room @ ..]) = self.short.get_mut(self.length..)
            && let Some(place) = room.get_mut(..bytes.len())
        {
            *first = frame;
            place.copy_from_slice(bytes);
            self.length += bytes.len() + 1;
            return true;
        }
        self.framed_long(bytes)
    }

    /// Appends a byte, and then the length and the bytes; false if the limit is reached.
    #[inline]
    pub(crate) fn tagged(&mut self, tag: u8, bytes: &[u8]) -> bool {
        if let Ok(frame @ ..0x80) = u8::try_from(bytes.len())
            && let Some([first, second, room @ ..]) = self.short.get_mut(self.length..)
            && let Some(place) = room.get_mut(..bytes.len())
        {
            (*first, *second) = (tag, frame);
            place.copy_from_slice(bytes);
            self.length += bytes.len() + 2;
            return true;
        }
        self.push(tag) && self.framed_long(bytes)
    }

    /// Appends a length, as an unsigned LEB128 number.
    pub(crate) fn length_of(&mut self, mut length: usize) -> bool {
        loop {
            let [low, ..] = (length & 0x7f).to_le_bytes();
            length >>= 7;
            if length == 0 {
                return self.push(low);
            }
            if !self.push(low | 0x80) {
                return false;
            }
        }
    }

    #[cold]
    fn framed_long(&mut self, bytes: &[u8]) -> bool {
        self.length_of(bytes.len()) && self.spill(bytes)
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) -> bool {
        if self.len() + bytes.len() > MAX_KEY {
            return false;
        }
        if self.long.is_empty() {
            self.long.extend_from_slice(self.short.get(..self.length).unwrap_or_default());
            // The array counts as full from here on, so that all further bytes go into the vector.
            self.length = SHORT;
        }
        self.long.extend_from_slice(bytes);
        true
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        if self.long.is_empty() { self.short.get(..self.length).unwrap_or_default() } else { &self.long }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_of_any_length_keeps_its_bytes_in_order() {
        for piece in [0, 1, 7, 127, 128, 231, 232, 233, 600] {
            let (mut buffer, mut model) = (Buffer::new(), Vec::new());
            for at in 0..12_u8 {
                let bytes = vec![at; piece];
                assert!(if at % 2 == 0 { buffer.push(at) && buffer.framed(&bytes) } else { buffer.tagged(at, &bytes) });
                model.push(at);
                let [low, high] = [piece % 128, piece / 128].map(|part| u8::try_from(part).unwrap());
                model.extend(if high == 0 { vec![low] } else { vec![low | 128, high] });
                model.extend(vec![at; piece]);
                assert_eq!(*buffer, *model, "pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_buffer_ends_at_the_limit() {
        let mut buffer = Buffer::new();
        assert!(buffer.framed(&vec![1; MAX_KEY - 2]));
        assert!(!buffer.push(1));
        assert_eq!(buffer.len(), MAX_KEY);
        assert!(!Buffer::new().framed(&vec![1; MAX_KEY]));
    }
}
