//! Freshens or removes the stored response to GET by the answer to a forwarded HEAD (RFC 9111 §4.3.5).

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
    stored::{Rare, Slot, Stored},
};

impl Run {
    /// Freshens the stored response to GET, or removes it if this answer belongs to another representation.
    pub(super) async fn tell_what_get_stored(&self, answer: &Parts) {
        let speaks = self.handler.forwards() && self.asks_whole() && !self.is_exposed();
        if !speaks || answer.status != StatusCode::OK {
            return;
        }
        let Some(key) = self.key.of_get() else { return };
        let storage = self.storage();
        // A backend that could not be read a moment ago is not called again.
        if !storage.holds_epochs() && !self.has_read_its_backend() {
            return;
        }
        // Before the answer is sent, so that its client finds the new state. A response that a GET stores in between stays, as its run
        // began later.
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
        // An answer from before an invalidation says nothing about a response that was stored after it.
        if self.stamp().and_then(|stamp| stored.stamp.no_later_than(stamp)) != Some(stored.stamp) {
            return Told::Nothing;
        }
        if !is_of(answer, stored) {
            return Told::Another;
        }
        let Some(mut made) = self.made_of_head(answer, stored) else { return Told::Nothing };
        // The selecting fields were fixed when the response was stored; with others it would have another variant's key. They are
        // compared by `Vary` itself, as the variant's key holds the selecting fields of all variants.
        let (now, then) = (Vary::of(&made.fields.map()), Vary::of(&stored.fields.map()));
        if !matches!((now, then), (Ok(now), Ok(then)) if now.names_the_same(&then)) {
            return Told::Another;
        }
        // The answer may reflect what the client sent with its HEAD. A client cannot replace a fresh response by GET, and so neither by
        // HEAD.
        if stored.is_fresh(self.now()) {
            return Told::Nothing;
        }
        // The content is still that of the original run, so the order among runs stays as it was.
        let (of_head, began) = (stored.of_head, stored.began);
        let rare = Rare { selecting: stored.selecting().cloned(), ..made.rare.take().map_or_else(Rare::default, |rare| *rare) };
        Told::Freshened(Box::new(Stored { of_head, began, rare: rare.boxed(), ..made }))
    }

    fn made_of_head(&self, answer: &Parts, stored: &Stored) -> Option<Stored> {
        let mut parts = answer.clone();
        parts.status = stored.status;
        parts.headers = merge::fields(
            stored,
            answer.headers.clone(),
            self.handler.policy.targeted_fields,
            date::print(self.cache.inner().clock.wall()),
        );
        merge::beside(stored, &mut parts.extensions);
        let (storable, groups) = gate(self, &parts, Made::Freshened).ok()?;
        merge::merge(self, stored, parts, stored.content.clone(), &storable, groups)
    }
}

/// What the answer to HEAD means for the stored response.
enum Told {
    /// The stored response is not fresh, and this is its freshened form.
    Freshened(Box<Stored>),
    /// The answer belongs to another representation, or its `Vary` has changed: the stored response is removed.
    Another,
    /// The stored response stays as it is.
    Nothing,
}

/// Whether the answer belongs to the stored representation, by the validators and the length that it has.
fn is_of(answer: &Parts, stored: &Stored) -> bool {
    let agrees = |name: &HeaderName| answer.headers.get(name).is_none_or(|value| stored.fields.get(name) == Some(value));
    [header::ETAG, header::LAST_MODIFIED].iter().all(agrees) && is_as_long_as_declared(&answer.headers, &stored.content)
}
