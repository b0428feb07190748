//! The cryptographic hash of this crate: `BLAKE2b` (RFC 7693) with 256 bits. Keys at rest and entity tags are made from it, so it is
//! the same in every process. Clients choose what is hashed, so collisions must be infeasible to find.

use std::ops::Deref;

use blake2b_simd::{Params, blake2bp};

use crate::util::turns::{TURN, in_turns};

/// The digest of some bytes, from which nothing of them can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest([u8; Self::LENGTH]);

impl Digest {
    pub(crate) const LENGTH: usize = 32;
    /// A digest that no known bytes have.
    pub(crate) const NONE: Self = Self([0; Self::LENGTH]);

    /// The digest of short bytes, such as a name.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::new(&params().hash(bytes))
    }

    /// The digest of these bytes in the scope of this digest, which is hashed before them. That is unambiguous, as its length is
    /// fixed; BLAKE2's own key parameter would cost a block of 128 bytes.
    pub(crate) fn within(&self, bytes: &[u8]) -> Self {
        Self::new(&params().to_state().update(&self.0).update(bytes).finalize())
    }

    /// The digest of these parts in order, each with its length, so that a byte cannot move from one part to the next unnoticed.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length < LONG {
            let mut state = params().to_state();
            frame(parts, |bytes| {
                state.update(bytes);
            });
            Self::new(&state.finalize())
        } else {
            let mut state = long_state();
            frame(parts, |bytes| {
                state.update(bytes);
            });
            Self::new(&state.finalize())
        }
    }

    /// As [`of_parts`](Self::of_parts), but yields to other tasks while it hashes long parts.
    pub(crate) async fn of_parts_in_turns(parts: &[&[u8]]) -> Self {
        if parts.iter().all(|part| part.len() <= TURN) {
            return Self::of_parts(parts);
        }
        let mut state = long_state();
        for part in parts {
            state.update(&length_of(part));
            in_turns(part, |piece| {
                state.update(piece);
            })
            .await;
        }
        Self::new(&state.finalize())
    }

    pub(crate) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    pub(crate) fn to_hex(self) -> Hex {
        Hex(self.0.map(hex))
    }

    fn new(hash: &blake2b_simd::Hash) -> Self {
        hash.as_bytes().first_chunk().map_or(Self::NONE, |bytes| Self(*bytes))
    }
}

/// From this length on `BLAKE2bp` is used, which hashes four strands at once: 1 MiB takes a third of the time on processors with
/// SIMD. Its digests differ from those of `BLAKE2b`.
const LONG: usize = 512;

fn params() -> Params {
    let mut params = Params::new();
    params.hash_length(Digest::LENGTH);
    params
}

fn long_state() -> blake2bp::State {
    blake2bp::Params::new().hash_length(Digest::LENGTH).to_state()
}

fn length_of(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()
}

fn frame(parts: &[&[u8]], mut update: impl FnMut(&[u8])) {
    for part in parts {
        update(&length_of(part));
        update(part);
    }
}

/// A digest in lower-case hexadecimal digits.
pub(crate) struct Hex([[u8; 2]; Digest::LENGTH]);

impl Deref for Hex {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(self.0.as_flattened()).unwrap_or_default()
    }
}

/// A byte as two hexadecimal digits.
pub(crate) fn hex(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|digit| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests by Python's `hashlib.blake2b`; the last two by a `BLAKE2bp` in Python, written from the RFC and the paper.
    #[test]
    fn digests_are_those_of_another_implementation() {
        let seven = [7; 4096];
        for (digest, expected) in [
            (Digest::of(b"abc"), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
            (Digest::of(b"abc").within(b"def"), "054cac0388d39be4f8f4e492c2149767a3fa58b5a261c60a15727356c0a2a440"),
            (Digest::of_parts(&[b"a", b"bc"]), "77bbcab7072b897c548327378f11776f4853104c71bdb95a12ded5d2783523bf"),
            (Digest::of_parts(&[&seven[..511]]), "74d7e6bf287169c4478bc8e6f3c7b948ce61989a312271aab27c44d8f94c5d4a"),
            (Digest::of_parts(&[&seven[..512]]), "df443b76fe7c261e96b3db2124b2e353d956333b27c88eaf6ad2c832f9e40089"),
            (Digest::of_parts(&[&seven[..]]), "3b5385c163d663d5bb8cbdff92b5c182a33ccc0a987c6cd3bf63af10254f87e6"),
        ] {
            assert_eq!(&*digest.to_hex(), expected);
        }
    }

    #[tokio::test]
    async fn a_digest_made_in_turns_is_the_same() {
        let long = vec![7; 3 * TURN + 100];
        for length in [0, 100, TURN, TURN + 1, 2 * TURN, long.len()] {
            let parts = [&b"head"[..], &long[..length], b"end"];
            assert_eq!(Digest::of_parts_in_turns(&parts).await, Digest::of_parts(&parts), "{length}");
        }
    }

    #[test]
    fn bytes_that_move_from_one_part_to_the_next_make_another_digest() {
        for long in [0, 2 * LONG] {
            let long = vec![0; long];
            let digests = [[&b"ab"[..], b"c", &long], [b"a", b"bc", &long], [b"abc", b"", &long], [b"", b"abc", &long]]
                .map(|parts| Digest::of_parts(&parts));
            for (at, digest) in digests.iter().enumerate() {
                assert!(digests.iter().skip(at + 1).all(|other| other != digest), "{at}");
            }
        }
    }
}
