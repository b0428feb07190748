//! The read-ahead budget of a cache: content that is buffered for clients who read slowly is limited in total.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;

/// The budget in bytes, and how much of it is taken.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    limit: usize,
    taken: AtomicUsize,
}

/// A part of the budget, which is given back on drop.
pub(crate) struct Portion {
    of: Arc<ReadAhead>,
    bytes: usize,
}

impl ReadAhead {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// Takes a part of the budget, if there is enough. If all that is taken belongs to one content (`own`), that content gets more in
    /// any case: its own size limit restricts it.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize, own: usize) -> Option<Portion> {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        // If it is too much, the portion is dropped, and so given back.
        let portion = Portion { of: Arc::clone(self), bytes };
        (before.saturating_add(bytes) <= self.limit || before <= own).then_some(portion)
    }

    #[cfg(test)]
    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// Content for a client, which holds these portions for as long as any of it is alive.
pub(crate) fn lend(content: Bytes, portions: Vec<Arc<Portion>>) -> Bytes {
    if portions.is_empty() { content } else { Bytes::from_owner(Lent { content, _portions: portions }) }
}

struct Lent {
    content: Bytes,
    _portions: Vec<Arc<Portion>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Drop for Portion {
    fn drop(&mut self) {
        self.of.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Portion").field(&self.bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is_but_by_one_alone_and_all_is_given_back() {
        let all = Arc::new(ReadAhead::new(100));
        let first = all.take(60, 0).unwrap();
        assert!(all.take(41, 0).is_none());
        assert_eq!(all.taken(), 60, "what was refused is not held");
        let second = all.take(40, 0).unwrap();
        assert!(all.take(1, 60).is_none());
        drop(second);
        let more = all.take(1000, 60).unwrap();
        drop((first, more));
        let content = lend(Bytes::from_static(b"content"), vec![Arc::new(all.take(10, 0).unwrap())]);
        let part = content.slice(1..2);
        drop(content);
        assert_eq!(all.taken(), 10);
        drop(part);
        assert_eq!(all.taken(), 0);
    }
}
