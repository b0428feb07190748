//! Tells what was written here from what was not: half of a write, a block of zeros, another place's bytes.
//!
//! A check against accidents; what is served is compared with its key and a checksum of all its bytes besides.

/// A sum over words. Another value in any one of them gives another sum.
pub(super) fn sum(words: &[u64]) -> u64 {
    // Each step is a bijection of what went before.
    words.iter().fold(0x6361_6368_6564_6673, |sum, word| mix(sum ^ *word))
}

/// The finisher of splitmix64.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The words of a place on disk, little-endian; short where the bytes are.
pub(super) fn words<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let mut words = [0; N];
    let (chunks, _) = bytes.as_chunks::<8>();
    if chunks.len() < N {
        return None;
    }
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u64::from_le_bytes(*chunk);
    }
    Some(words)
}

/// The other way round; what is left of `place` stays zero.
pub(super) fn bytes<const B: usize>(words: &[u64]) -> [u8; B] {
    let mut place = [0; B];
    for (chunk, word) in place.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
    place
}
