//! Which stored responses were used lately: noted in their files once a minute at most, and never by a request.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use super::entry::FileName;

/// What has been noted: a table of fixed size, where a name may push another out. That one is noted again then.
#[derive(Debug)]
pub(super) struct Recency(Box<[AtomicU64]>);

const PLACES: usize = 1 << 14;
const MINUTE_BITS: u32 = 16;

impl Recency {
    pub(super) fn new() -> Self {
        Self(std::iter::repeat_with(|| AtomicU64::new(0)).take(PLACES).collect())
    }

    /// Whether this use of a file is worth a note: none was taken within this minute.
    pub(super) fn is_news(&self, name: &FileName, now: SystemTime) -> bool {
        let bits = name.bits();
        let minute = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        let mark = (bits & (u64::MAX << MINUTE_BITS)) | (minute & (u64::MAX >> (64 - MINUTE_BITS)));
        let at = usize::try_from(bits % PLACES as u64).unwrap_or(0);
        self.0.get(at).is_some_and(|place| place.load(Ordering::Relaxed) != mark && place.swap(mark, Ordering::Relaxed) != mark)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::key::storage_key::StoreKey;

    #[test]
    fn a_use_is_news_once_a_minute() {
        let (recency, name) = (Recency::new(), FileName::of(&StoreKey::for_tests("a")));
        let at = |secs| UNIX_EPOCH + Duration::from_secs(secs);
        let news = [60, 61, 119, 120, 121].map(|secs| recency.is_news(&name, at(secs)));
        assert_eq!(news, [true, false, false, true, false]);
        assert!(recency.is_news(&FileName::of(&StoreKey::for_tests("b")), at(121)), "of each name");
    }
}
