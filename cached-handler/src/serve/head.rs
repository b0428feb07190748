//! What the answer to a forwarded HEAD says of the response that GET stored (RFC 9111 §4.3.5).

use std::{mem, sync::Arc};

use http::{HeaderName, StatusCode, header, response::Parts};

use super::{
    Run,
    admit::{Made, gate},
    framing::is_as_long_as_declared,
    lookup::selected,
    merge,
};
use crate::{
    header::{date, vary::Vary},
    key::primary::PrimaryKey,
    stored::{Slot, Stored},
};

impl Run {
    /// Freshens what GET stored, or forgets it where this answer is another representation's.
    pub(super) async fn tell_what_get_stored(&mut self, answer: &Parts) {
        let speaks = self.is_head() && self.handler.forwards() && self.asks_whole() && !self.is_exposed();
        if !speaks || answer.status != StatusCode::OK {
            return;
        }
        let Some(key) = self.key.of_get() else { return };
        if self.handler.in_memory {
            self.tell_memory(answer, key);
        } else if self.stamp().is_some() && self.marks().is_none() {
            // Where the backend could not be read a moment ago, it is left alone.
            Box::pin(self.tell_backend(answer, key)).await;
        }
    }

    fn tell_memory(&self, answer: &Parts, key: PrimaryKey) {
        let Some((key, slot)) = self.stored_by_get(key) else { return };
        let Slot::Response(stored) = &*slot else { return };
        let memory = &self.cache.inner().memory;
        if stored.is_invalidated(&memory.epochs) {
            return;
        }
        match self.told_by_head(answer, stored) {
            // What was invalidated since the HEAD began is left as it is: GET may have stored it anew.
            Told::Freshened(freshened) if freshened.is_invalidated(&memory.epochs) => {}
            Told::Freshened(freshened) => drop(memory.put(key, Arc::new(Slot::Response(*freshened)))),
            Told::Another => memory.remove(&key),
            Told::Nothing => {}
        }
    }

    /// Before the answer goes out, so that who has it finds the new state: a look-up and a write more, several where there
    /// are variants. What GET stores in between stays, as its run began later than that of what this freshens.
    async fn tell_backend(&mut self, answer: &Parts, key: PrimaryKey) {
        let own = mem::replace(&mut self.key.primary, key);
        if let Some(slot) = self.left_in_backend().await
            && let Slot::Response(stored) = &*slot
        {
            match self.told_by_head(answer, stored) {
                Told::Freshened(freshened) => _ = self.put_in_backend(&freshened).await,
                Told::Another => self.remove_from_backend(stored).await,
                Told::Nothing => {}
            }
        }
        self.key.primary = own;
    }

    /// With its own key: that of the variant, where there are some.
    fn stored_by_get(&self, key: PrimaryKey) -> Option<(PrimaryKey, Arc<Slot>)> {
        let memory = &self.cache.inner().memory;
        let (slot, variant) = selected(memory.get(&key.as_ref())?, &key.as_ref(), self.fields.as_deref(), self.handler, memory)?;
        Some((variant.unwrap_or(key), slot))
    }

    fn told_by_head(&self, answer: &Parts, stored: &Stored) -> Told {
        // An answer that began before something was invalidated says nothing of what was stored after that.
        if self.stamp().and_then(|stamp| stored.stamp.no_later_than(stamp)) != Some(stored.stamp) {
            return Told::Nothing;
        }
        if !is_of(answer, stored) {
            return Told::Another;
        }
        let Some(made) = self.made_of_head(answer, stored) else { return Told::Nothing };
        // Which requests it answers was settled when it was stored. By other fields it would be kept under other keys. What
        // it is kept under says less: that is all fields that select any of its key's.
        let (now, then) = (Vary::of(&made.whole.headers), Vary::of(&stored.whole.headers));
        if !matches!((now, then), (Ok(now), Ok(then)) if now.names_the_same(&then)) {
            return Told::Another;
        }
        // What a client sent with its HEAD may be reflected in the answer. By GET nobody replaces what is fresh; nor by HEAD.
        if stored.is_fresh(self.now()) {
            return Told::Nothing;
        }
        // Its content is that of the run which made it: nothing that began later gives way to it.
        let (of_head, began, selecting) = (stored.of_head, stored.began, stored.selecting.clone());
        Told::Freshened(Box::new(Stored { of_head, began, selecting, ..made }))
    }

    fn made_of_head(&self, answer: &Parts, stored: &Stored) -> Option<Stored> {
        let mut parts = answer.clone();
        parts.status = stored.whole.status;
        parts.headers = merge::fields(stored, answer.headers.clone(), date::print(self.cache.inner().clock.wall()));
        merge::beside(stored, &mut parts.extensions);
        let (storable, groups) = gate(self, &parts, Made::Freshened).ok()?;
        merge::merge(self, stored, parts, stored.content.clone(), &storable, groups)
    }
}

/// What the answer says of what is stored.
enum Told {
    /// It is not fresh, and this is what it would be.
    Freshened(Box<Stored>),
    /// It is another representation's, or selected by other fields now.
    Another,
    Nothing,
}

/// Whether whatever the answer names is what is stored: its validators, and its length.
fn is_of(answer: &Parts, stored: &Stored) -> bool {
    let agrees = |name: &HeaderName| answer.headers.get(name).is_none_or(|value| stored.whole.headers.get(name) == Some(value));
    [header::ETAG, header::LAST_MODIFIED].iter().all(agrees) && is_as_long_as_declared(&answer.headers, &stored.content)
}
