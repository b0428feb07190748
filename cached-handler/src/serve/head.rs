//! What the answer to a forwarded HEAD says of the response that GET stored (RFC 9111 §4.3.5).

use http::{HeaderName, StatusCode, header, response::Parts};

use super::{
    Run,
    gate::{Made, gate},
    merge,
};
use crate::{
    header::{date, vary::Vary},
    rules::length::is_as_long_as_declared,
    storage::Entry,
    stored::{Slot, Stored},
};

impl Run {
    /// Freshens what GET stored, or forgets it where this answer is another representation's.
    pub(super) async fn tell_what_get_stored(&self, answer: &Parts) {
        let speaks = self.handler.forwards() && self.asks_whole() && !self.is_exposed();
        if !speaks || answer.status != StatusCode::OK {
            return;
        }
        let Some(key) = self.key.of_get() else { return };
        let storage = self.storage();
        // If the backend could not be read a moment ago, it is left alone.
        if !storage.holds_epochs() && !self.has_read_its_backend() {
            return;
        }
        // Before the answer goes out, so that whoever has it finds the new state. What GET stores in between stays, as its run
        // began later than that of what this freshens.
        let entry = Entry { key: &key, ..self.entry() };
        let Some(left) = storage.left(&entry).await else { return };
        let Slot::Response(stored) = &*left.slot else { return };
        match self.told_by_head(answer, stored) {
            Told::Freshened(freshened) => storage.replace(&entry, left, *freshened, self.now()).await,
            Told::Another => storage.remove_left(&entry, &left).await,
            Told::Nothing => {}
        }
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
