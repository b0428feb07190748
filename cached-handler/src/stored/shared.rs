//! A response that several look-ups of one moment were given the very same bytes of: decoded once, for all of them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::Slot;
use crate::util::digest::Digest;

/// The one that was decoded last.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<Option<Decoded>>);

#[derive(Debug)]
struct Decoded {
    bytes: Bytes,
    key: Digest,
    slot: Arc<Slot>,
}

/// In bytes: of larger responses look-ups do not travel together, and this one is held until the next takes its place.
const LARGEST: usize = 64 << 10;

impl Shared {
    /// Whether others may be given these bytes too: to be asked before they are decoded, as what is decoded holds them.
    pub(crate) fn may_be(bytes: &Bytes) -> bool {
        bytes.len() <= LARGEST && !bytes.is_unique()
    }

    /// What the same piece of memory was decoded to under the same key. Nobody writes to it, and it is not given to
    /// anything else as long as this holds it.
    pub(crate) fn find(&self, bytes: &Bytes, key: &Digest) -> Option<Arc<Slot>> {
        let last = self.0.try_lock().ok()?;
        let is_the_same =
            |decoded: &&Decoded| decoded.bytes.as_ptr() == bytes.as_ptr() && decoded.bytes.len() == bytes.len() && decoded.key == *key;
        last.as_ref().filter(is_the_same).map(|decoded| Arc::clone(&decoded.slot))
    }

    pub(crate) fn note(&self, bytes: Bytes, key: &Digest, slot: &Arc<Slot>) {
        if let Ok(mut last) = self.0.try_lock() {
            *last = Some(Decoded { bytes, key: *key, slot: Arc::clone(slot) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::Variants;

    #[test]
    fn only_the_same_piece_of_memory_under_the_same_key_is_taken_for_the_same() {
        let (shared, key) = (Shared::default(), Digest::of(b"a"));
        let (bytes, alike) = (Bytes::from(vec![7; 100]), Bytes::from(vec![7; 100]));
        assert!(!Shared::may_be(&bytes), "nobody else has it");
        let other = bytes.clone();
        assert!(Shared::may_be(&bytes));
        let slot = Arc::new(Slot::Variants(Variants::default()));
        shared.note(bytes, &key, &slot);
        assert!(shared.find(&other, &key).is_some_and(|found| Arc::ptr_eq(&found, &slot)));
        assert!(shared.find(&alike, &key).is_none());
        assert!(shared.find(&other.slice(1..), &key).is_none());
        assert!(shared.find(&other.slice(..99), &key).is_none());
        assert!(shared.find(&other, &Digest::of(b"b")).is_none());
    }

    #[test]
    fn what_is_large_is_not_held() {
        let bytes = Bytes::from(vec![7; LARGEST + 1]);
        let _other = bytes.clone();
        assert!(!Shared::may_be(&bytes));
    }
}
