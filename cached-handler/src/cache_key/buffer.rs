//! Where a key grows: on the stack as long as it is short, as almost all are.

use std::ops::Deref;

/// Bytes in an array; those that do not fit go on in a vector.
#[derive(Debug)]
pub(crate) struct Buffer {
    length: usize,
    short: [u8; SHORT],
    long: Vec<u8>,
}

const SHORT: usize = 232;

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self { length: 0, short: [0; SHORT], long: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        match self.short.get_mut(self.length) {
            Some(place) if self.long.is_empty() => {
                *place = byte;
                self.length += 1;
            }
            _ => self.spill(&[byte]),
        }
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        match self.short.get_mut(self.length..self.length + bytes.len()) {
            Some(place) if self.long.is_empty() => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            _ => self.spill(bytes),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(self.short.get(..self.length).unwrap_or_default());
        }
        self.long.extend_from_slice(bytes);
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
    fn what_was_pushed_is_there_in_order_however_long() {
        for piece in [1, 7, 231, 232, 233, 1000] {
            let (mut buffer, mut model) = (Buffer::new(), Vec::new());
            for at in 0..12_u8 {
                buffer.push(at);
                model.push(at);
                buffer.extend(&vec![at; piece]);
                model.extend(vec![at; piece]);
                assert_eq!(*buffer, *model, "pieces of {piece}");
            }
        }
    }
}
