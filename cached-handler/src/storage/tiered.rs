//! Two tiers: a copy in memory in front of a backend that processes share (`memory+fs`, `memory+redis`).
//!
//! The backend decides about every copy. One is used for a request if no epoch that concerns it, read after the request began,
//! is later than its stamp; so an invalidation that has returned in any process is seen by all of them (law L4).
//!
//! A copy is known as of the clock that was read **before** its epochs were. Each invalidation moves the clock on before it
//! moves an epoch. So while the backend's clock stands where it stood then, and every step up to it has reached its epoch
//! ([`settled_clock`](super::remote::Remote::settled_clock)), the epochs say what they said then, and the copy answers without
//! another look at them. Otherwise its epochs are read, without its content, and it is known as of a later clock.
//!
//! In front of Redis a lease stands in for the clock: while it runs, no invalidation returns before this process knows of it, and
//! a mirror of the epochs says what was invalidated since a copy was found valid in the same generation of the lease. Without
//! one, the epochs are read for each request.
//!
//! A copy answers only while it is fresh and current. All else (stale windows, what was expired, another variant) is looked up
//! in the backend, where another process may have stored something newer.

#[cfg_attr(feature = "redis", path = "tiered/leased.rs")]
#[cfg_attr(not(feature = "redis"), path = "tiered/unleased.rs")]
mod lease;

use std::sync::Arc;

use http::HeaderMap;

use super::{Entry, Found, KnownEpochs, Later, LookUp, RemoteStorage, memory::Memory};
use crate::{
    epoch::Stamp,
    error::Error,
    handler::Handler,
    key::primary::{KeyRef, PrimaryKey},
    outcome::{Forward, NotStored, Tier},
    stored::{
        Slot, Stored, Variants,
        near::{Before, NearCopy},
        part::Part,
    },
    util::clock::Millis,
};

/// A backend, and the memory that holds copies of what it has.
#[derive(Clone, Copy)]
pub(crate) struct TieredStorage<'a> {
    pub(crate) near: &'a Memory,
    pub(crate) far: RemoteStorage<'a>,
}

impl TieredStorage<'_> {
    /// A copy under a key that may answer, or what tells of its variants.
    pub(super) fn peek(self, key: &KeyRef<'_>) -> Option<Arc<Slot>> {
        let slot = self.near.get(&key.in_front_of(self.far.at))?;
        match &*slot {
            Slot::Response(stored) if !self.is_valid(stored) => None,
            _ => Some(slot),
        }
    }

    /// What a request selects of what a peek has shown.
    pub(super) fn selected(self, slot: Arc<Slot>, key: &KeyRef<'_>, handler: &Handler, fields: Option<&HeaderMap>) -> Found {
        let nothing = Found::Nothing(Forward::VaryMiss);
        let Some((slot, own_key)) = self.near.selected(slot, &key.in_front_of(self.far.at), handler, fields) else { return nothing };
        match &*slot {
            // What lies under the key itself was seen to be valid by the peek.
            Slot::Response(stored) if own_key.is_none() || self.is_valid(stored) => {
                Found::Response { slot, is_expired: false, own_key, tier: Tier::Near }
            }
            _ => nothing,
        }
    }

    /// Whether a copy may answer, as far as that is known without waiting.
    fn is_valid(self, stored: &Stored) -> bool {
        #[cfg(test)]
        if tests::is_unchecked() {
            return true;
        }
        let Some(copy) = stored.near.get().filter(|copy| copy.is_valid_here(&self.near.epochs)) else { return false };
        let is_valid_by_the_clock = || self.far.backend.settled_clock().is_some_and(|clock| copy.is_valid_at(stored.stamp, clock));
        self.is_valid_under_a_lease(copy).unwrap_or_else(is_valid_by_the_clock)
    }

    pub(super) async fn find(self, entry: &Entry<'_>) -> Result<LookUp, Error> {
        let before = self.before();
        if let Some((slot, own_key)) = self.kept(entry)
            && let Slot::Response(stored) = &*slot
            && stored.is_fresh(self.now())
        {
            let reading = self.far.read_epochs_of(entry, stored).await?;
            if reading.allows(stored.stamp) && !reading.expires(stored.stamp) {
                if let Some(copy) = stored.near.get() {
                    self.was_valid(copy, stored.stamp, before, reading.clock);
                }
                let epochs = Some(KnownEpochs { reading, marks: None });
                return Ok(LookUp { epochs, found: Found::Response { slot, is_expired: false, own_key, tier: Tier::Near } });
            }
        }
        let before = self.before();
        let LookUp { epochs, found } = self.far.find(entry).await?;
        let found = match found {
            Found::Response { slot, is_expired, .. } => {
                let clock = epochs.as_ref().filter(|_| !is_expired).map(|epochs| epochs.reading.clock);
                let own_key = clock.and_then(|clock| self.keep(entry, &slot, before, clock));
                Found::Response { slot, is_expired, own_key, tier: Tier::Far }
            }
            nothing @ Found::Nothing(_) => nothing,
        };
        Ok(LookUp { epochs, found })
    }

    /// Stores in the backend, and then a copy.
    pub(super) async fn put(self, entry: &Entry<'_>, slot: &Arc<Slot>, now: Millis) -> Result<(), NotStored> {
        let Slot::Response(stored) = &**slot else { return Err(NotStored::Backend) };
        let before = self.before();
        if let Some(clock) = self.far.put(entry, stored, now).await? {
            match stored.value_alone() {
                None => self.keep(entry, slot, before, clock),
                Some(value) => self.keep(entry, &Arc::new(Slot::Response(value)), before, clock),
            };
        }
        Ok(())
    }

    pub(super) async fn remove(self, entry: &Entry<'_>) {
        self.near.remove(&entry.key.in_front_of(self.far.at));
        self.far.removing(entry, self.far.key_of(entry)).await;
    }

    /// Forgets a response and its copy; the latter at once.
    pub(super) fn removing(self, entry: &Entry<'_>, stored: &Stored) -> Later {
        self.near.remove(&self.place_of(entry, stored));
        self.far.removing(entry, self.far.place_of(entry, stored))
    }

    /// To be asked before the epochs are read: what is invalidated in between is then later.
    fn before(self) -> Before {
        Before {
            here: self.near.epochs.now(),
            far: self.far.backend.settled_clock(),
            #[cfg(feature = "redis")]
            generation: self.generation(),
        }
    }

    /// A reading of this clock, made after `before`, has found a copy valid.
    fn was_valid(self, copy: &NearCopy, stamp: Stamp, before: Before, clock: u64) {
        copy.was_valid(stamp, before);
        self.was_valid_under_a_lease(copy, before, clock);
    }

    fn now(self) -> Millis {
        self.far.clock.now()
    }

    /// The copy that a request selects, valid or not.
    fn kept(self, entry: &Entry<'_>) -> Option<(Arc<Slot>, Option<PrimaryKey>)> {
        let key = entry.key.in_front_of(self.far.at);
        self.near.selected(self.near.get(&key.as_ref())?, &key.as_ref(), entry.handler, entry.fields)
    }

    /// Where the copy of a response lies.
    fn place_of(self, entry: &Entry<'_>, stored: &Stored) -> PrimaryKey {
        let key = entry.key.in_front_of(self.far.at);
        match stored.selecting() {
            None => key,
            Some((variants, _)) => key.as_ref().variant(&entry.values(&self.variants(&key, variants))),
        }
    }

    /// Holds a copy of what rests in the backend and is current by a reading of this clock, made after `before`. Gives the key of a
    /// variant.
    fn keep(self, entry: &Entry<'_>, slot: &Arc<Slot>, before: Before, clock: u64) -> Option<PrimaryKey> {
        let Slot::Response(stored) = &**slot else { return None };
        if !stored.is_fresh(self.now()) {
            return None;
        }
        let copy = stored.near.get_or_init(|| Box::new(self.copy(entry, stored)));
        self.was_valid(copy, stored.stamp, before, clock);
        let key = entry.key.in_front_of(self.far.at);
        let Some((variants, _)) = stored.selecting() else {
            // One that is larger than the memory rests in the backend alone.
            _ = self.near.put(key, Arc::clone(slot));
            return None;
        };
        let variants = self.variants(&key, variants);
        let own_key = key.as_ref().variant(&entry.values(&variants));
        let record = Variants { latest: stored.order(), ..variants };
        if self.near.put(key, Arc::new(Slot::Variants(record))).is_ok() {
            _ = self.near.put(own_key.clone(), Arc::clone(slot));
        }
        Some(own_key)
    }

    /// The fields that select among the copies under a key: all that ever did (RFC 9111 §4.1).
    fn variants(self, key: &PrimaryKey, new: &Variants) -> Variants {
        let mut fields = new.fields.clone();
        if let Some(Slot::Variants(known)) = self.near.get(&key.as_ref()).as_deref() {
            fields.extend(known.fields.iter().cloned());
            fields.sort_unstable();
            fields.dedup();
        }
        Variants { fields, ..Variants::default() }
    }

    /// What a copy knows of itself: the epochs of this process that concern it, and those of what it is made of.
    fn copy(self, entry: &Entry<'_>, stored: &Stored) -> NearCopy {
        let scopes: Vec<_> = std::iter::once(entry.scopes_of(stored)).chain(stored.parts().iter().map(Part::scopes)).collect();
        let marks = scopes.iter().map(|scopes| self.near.epochs.marks(scopes.handler(), scopes.paths(), scopes.groups()));
        self.under_a_lease(NearCopy::new(marks.collect()), &scopes, stored.stamp.incarnation)
    }
}

#[cfg(test)]
mod tests;
