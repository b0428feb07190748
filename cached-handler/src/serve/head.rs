//! What the answer to a forwarded HEAD says of the response that GET stored (RFC 9111 §4.3.5). In memory only: elsewhere it
//! would cost every HEAD two more round trips.

use std::sync::Arc;

use http::{HeaderName, StatusCode, header, response::Parts};

use super::{
    Run,
    make::make,
    revalidate::merged,
    store::{self, Made},
};
use crate::{
    header::date,
    key::PrimaryKey,
    stored::{Slot, Stored},
};

impl Run {
    /// Freshens what GET stored, or forgets it where this answer is another representation's.
    pub(super) fn tell_what_get_stored(&self, answer: &Parts) {
        let speaks = self.is_head() && self.handler.forwards() && self.handler.in_memory && self.asks_whole() && !self.is_exposed();
        if !speaks || answer.status != StatusCode::OK {
            return;
        }
        let Some((key, slot)) = self.stored_by_get() else { return };
        let Slot::Response(stored) = &*slot else { return };
        let memory = &self.cache.inner().memory;
        if stored.marks.as_ref().is_none_or(|marks| memory.epochs.invalidated(marks) > stored.stamp.clock) {
            return;
        }
        if !is_of(answer, stored) {
            memory.remove(&key);
            return;
        }
        if let Some(freshened) = self.freshened_by_head(answer, stored) {
            memory.put(key, Arc::new(Slot::Response(freshened)));
        }
    }

    /// With its own key: that of the variant, where there are some.
    fn stored_by_get(&self) -> Option<(PrimaryKey, Arc<Slot>)> {
        let memory = &self.cache.inner().memory;
        let key = self.key.of_get()?;
        let slot = memory.get(&key.as_ref())?;
        match &*slot {
            Slot::Response(_) => Some((key, slot)),
            Slot::Variants(variants) => {
                let variant = key.as_ref().variant(&variants.values(self.fields.as_deref()));
                let slot = memory.get(&variant.as_ref())?;
                Some((variant, slot))
            }
        }
    }

    /// The content is as old as it was: so are the stamp and the epochs that it is held against (law L4).
    fn freshened_by_head(&self, answer: &Parts, stored: &Stored) -> Option<Stored> {
        let mut parts = answer.clone();
        parts.status = stored.whole.status;
        parts.headers = merged(stored, answer.headers.clone(), date::print(self.cache.inner().clock.wall()));
        let (storable, _) = store::gate(self, &parts, Made::Freshened).ok()?;
        let made = make(self, parts, stored.content.clone(), &storable, stored.groups.to_vec());
        Some(Stored { stamp: stored.stamp, marks: stored.marks.clone(), selecting: stored.selecting.clone(), ..made })
    }
}

/// Whether whatever the answer names is what is stored: its validators, and its length.
fn is_of(answer: &Parts, stored: &Stored) -> bool {
    let agrees = |name: HeaderName| answer.headers.get(&name).is_none_or(|value| stored.whole.headers.get(&name) == Some(value));
    [header::ETAG, header::LAST_MODIFIED, header::CONTENT_LENGTH].into_iter().all(agrees)
}
