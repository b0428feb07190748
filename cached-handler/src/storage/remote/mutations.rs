//! A stored response of about 2 KiB, changed by chance: for the tests of what reads it.

use bytes::Bytes;

use crate::{
    stored::codec::{Damage, SlotAtRest, decode},
    util::digest::Digest,
};

/// As a release wrote it.
pub(crate) const WHOLE: &[u8] = include_bytes!("../../stored/codec/golden/response-3.bin");

/// What a look-up makes of bytes that a backend gave.
pub(crate) fn read(bytes: &Bytes) -> Result<SlotAtRest, Damage> {
    decode(bytes, &Digest::of(b"key"), usize::MAX)
}

/// How many: a million, or a twentieth where nobody asked for all.
pub(crate) fn many() -> usize {
    let full = std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1");
    if full { 1_000_000 } else { 50_000 }
}

/// So many copies, in each of which one to eight bytes are changed.
pub(crate) fn mutations(whole: &[u8], seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut state = seed;
    let mut chance = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let mutation = move |_| {
        let mut bytes = whole.to_vec();
        for _ in 0..=chance(8) {
            let at = chance(bytes.len());
            bytes[at] ^= u8::try_from(chance(255) + 1).unwrap();
        }
        bytes
    };
    // Two changes may undo each other.
    (0..).map(mutation).filter(move |bytes| bytes != whole).take(many())
}

#[test]
fn a_response_that_nothing_changed_is_about_two_kibibytes_and_read() {
    assert!((2048..2560).contains(&WHOLE.len()));
    assert!(read(&Bytes::from_static(WHOLE)).is_ok());
}
