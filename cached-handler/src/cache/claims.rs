//! Exclusive claims of this process's caches on their places in shared backends: a namespace in a directory or on a server.
//!
//! Two caches with the same place have the same keys. So a program that builds a cache for each tenant, with one namespace for all of
//! them, would send one tenant's pages to another.

use std::sync::{Arc, Mutex, Weak};

use crate::util::lock::lock;

/// The places of one cache, which are released on drop.
#[derive(Debug, Default)]
pub(crate) struct Claims(Vec<Arc<str>>);

/// The places of all caches that are alive.
static CLAIMED: Mutex<Vec<Weak<str>>> = Mutex::new(Vec::new());

impl Claims {
    /// Claims a place, unless another cache has it. With `shares`, both may have it.
    pub(super) fn take(&mut self, place: &str, shares: bool) -> Result<(), String> {
        let mut claimed = lock(&CLAIMED);
        claimed.retain(|place| place.strong_count() > 0);
        if !shares && claimed.iter().filter_map(Weak::upgrade).any(|claimed| *claimed == *place) {
            return Err(format!(
                "another cache of this process is on {place}: each would answer from what the other has stored; give each a `.namespace(\"…\")` of its own, or clone the one cache; if they are to share, type `.shares_namespace()`; one that was dropped keeps its place while a clone of it, or a run or an invalidation under way, lives: wait for `drain` before you drop it, and give parallel tests a namespace each"
            ));
        }
        let place = Arc::from(place);
        claimed.push(Arc::downgrade(&place));
        self.0.push(place);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_belongs_to_one_live_cache_unless_both_share_it_explicitly() {
        let mut first = Claims::default();
        assert_eq!(first.take("a place of this test", false), Ok(()));
        assert!(Claims::default().take("a place of this test", false).is_err_and(|error| error.contains(".shares_namespace()")));
        assert_eq!(Claims::default().take("another place of this test", false), Ok(()));
        assert_eq!(Claims::default().take("a place of this test", true), Ok(()));
        drop(first);
        assert_eq!(Claims::default().take("a place of this test", false), Ok(()));
    }
}
