//! Looking up in a backend that holds bytes and has to be waited for.

mod parts;
mod put;

use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use bytes::Bytes;
use http::{Extensions, header};

use self::parts::{Parts, parts, read_with_parts, scopes_with_parts};
use super::{Entry, Found, KnownEpochs, Later, LookUp, remote::Remote};
use crate::{
    epoch::EpochSnapshot,
    error::Error,
    handler::writes::note_stored,
    key::storage_key::StoreKey,
    observe::{self, Observer},
    outcome::{Forward, Tier},
    rules::{client::ForClients, tag},
    stored::{
        Rare, Selecting, Slot, Stored, Tag,
        codec::{AtRest, SlotAtRest, decode, decode_in_turns},
        fields::Fields,
        form::{FormTerms, Forms},
        shared::Shared,
    },
    util::{
        clock::{Clock, millis},
        turns::TURN,
    },
};

/// A backend, with what belongs to it in its cache.
#[derive(Clone, Copy)]
pub(crate) struct RemoteStorage<'a> {
    /// Which of the backends of its cache.
    pub(crate) at: usize,
    pub(crate) backend: &'a Arc<dyn Remote>,
    /// Sets its keys apart from those of other caches.
    pub(crate) namespace: &'a str,
    pub(crate) clock: &'a Clock,
    pub(crate) shared: &'a Shared,
    pub(crate) observer: &'a Observer,
    /// Whether what is found is to be held in memory, too.
    pub(crate) is_copied: bool,
    /// What responses in that memory have in common.
    pub(crate) forms: &'a Forms,
}

impl RemoteStorage<'_> {
    /// As far as it goes without a wait: most often to the end, where the backend is files.
    pub(super) fn find_now(self, entry: &Entry<'_>, key: &StoreKey) -> Result<LookUp, Begun> {
        let Some((bytes, reading)) = self.backend.look_up_now(key, &entry.scopes()) else { return Err(Begun::No) };
        let found = match self.decoded_now(entry, bytes.as_ref(), key) {
            Some(Ok(slot)) if needs_more(entry, &slot) => return Err(Begun::Decoded(slot, reading)),
            Some(Ok(slot)) => judged(slot, &reading, Parts::Current),
            Some(Err(forward)) => Found::Nothing(forward),
            None => return Err(Begun::LookedUp(bytes, reading)),
        };
        Ok(looked_up(found, reading))
    }

    pub(super) async fn find(self, entry: &Entry<'_>) -> Result<LookUp, Error> {
        let key = self.key_of(entry);
        match self.find_now(entry, &key) {
            Ok(look_up) => Ok(look_up),
            Err(begun) => self.find_from(begun, entry, &key).await,
        }
    }

    /// From where [`find_now`](Self::find_now) got to.
    pub(super) async fn find_from(self, begun: Begun, entry: &Entry<'_>, key: &StoreKey) -> Result<LookUp, Error> {
        let (decoded, reading) = match begun {
            Begun::Decoded(slot, reading) => (Ok(slot), reading),
            Begun::LookedUp(bytes, reading) => (self.decoded(entry, bytes, key).await?, reading),
            Begun::No => {
                let (bytes, reading) = self.backend.look_up(key, &entry.scopes()).await?;
                (self.decoded(entry, bytes, key).await?, reading)
            }
        };
        let found = match decoded {
            Ok(slot) => self.found(entry, slot, reading).await?,
            Err(forward) => Found::Nothing(forward),
        };
        Ok(looked_up(found, reading))
    }

    async fn found(self, entry: &Entry<'_>, slot: Arc<Slot>, reading: EpochSnapshot) -> Result<Found, Error> {
        let Slot::Response(stored) = &*slot else { return Ok(Found::Nothing(Forward::UriMiss)) };
        // Groups that only the response knows of were not in the first reading, nor were its parts.
        let (reading, parts) = if entry.lacks_groups_of(stored) {
            let scopes = scopes_with_parts(entry.scopes_of(stored), stored);
            read_with_parts(&**self.backend, &scopes, stored).await?
        } else {
            (reading, parts(&**self.backend, stored).await?)
        };
        Ok(judged(slot, &reading, parts))
    }

    /// Reads all epochs that concern a response.
    pub(super) async fn read_epochs_of(self, entry: &Entry<'_>, stored: &Stored) -> Result<EpochSnapshot, Error> {
        let scopes = scopes_with_parts(entry.scopes_of(stored), stored);
        Ok(match read_with_parts(&**self.backend, &scopes, stored).await? {
            (reading, Parts::Current) => reading,
            // It is made of something outdated: whenever it was made, it is no answer.
            (reading, Parts::Expired | Parts::Invalidated) => EpochSnapshot { expired: u64::MAX, ..reading },
        })
    }

    /// The response that this request selects among what lies under its key, or why there is none.
    async fn decoded(self, entry: &Entry<'_>, bytes: Option<Bytes>, key: &StoreKey) -> Result<Result<Arc<Slot>, Forward>, Error> {
        // Values of other types may have the same name.
        let shared = bytes.as_ref().filter(|bytes| entry.opens.is_none() && Shared::may_be(bytes)).cloned();
        if let Some(slot) = shared.as_ref().and_then(|bytes| self.shared.find(bytes, key.digest())) {
            return Ok(Ok(slot));
        }
        let (at_rest, selecting) = match self.open(entry, bytes, key).await {
            Some(SlotAtRest::Variants(variants)) => {
                let values = entry.values(&variants);
                let variant = entry.variant_at_rest(key, &values);
                match self.open(entry, self.backend.get(&variant).await?, &variant).await {
                    Some(SlotAtRest::Response(response)) => (response, Some((variants, values.into()))),
                    _ => return Ok(Err(Forward::VaryMiss)),
                }
            }
            Some(SlotAtRest::Response(response)) => (response, None),
            None => return Ok(Err(Forward::UriMiss)),
        };
        let stored = self.at_hand(entry, at_rest, selecting);
        let Some(stored) = self.opened(entry, stored) else { return Ok(Err(Forward::UriMiss)) };
        let is_for_all = stored.selecting().is_none();
        let slot = Arc::new(Slot::Response(stored));
        if let Some(bytes) = shared.filter(|_| is_for_all) {
            self.shared.note(bytes, key.digest(), &slot);
        }
        Ok(Ok(slot))
    }

    /// The same where it takes no wait and nothing is odd about the bytes, and where they are not those of several look-ups.
    fn decoded_now(self, entry: &Entry<'_>, bytes: Option<&Bytes>, key: &StoreKey) -> Option<Result<Arc<Slot>, Forward>> {
        let Some(bytes) = bytes else { return Some(Err(Forward::UriMiss)) };
        if bytes.len() > TURN || Shared::may_be(bytes) {
            return None;
        }
        let SlotAtRest::Response(at_rest) = decode(bytes, key.digest(), longest(entry)).ok()? else { return None };
        let stored = self.opened(entry, self.at_hand(entry, at_rest, None));
        Some(stored.map(|stored| Arc::new(Slot::Response(stored))).ok_or(Forward::UriMiss))
    }

    /// With its value, where values are asked for.
    fn opened(self, entry: &Entry<'_>, mut stored: Stored) -> Option<Stored> {
        if let Some(opens) = entry.opens {
            let Some(value) = opens.open(&stored.content) else {
                self.observer.damaged(&entry.handler.subject, "other-type");
                return None;
            };
            stored.hold(value, self.is_copied);
        }
        Some(stored)
    }

    /// Bytes as a stored response; whatever is wrong with them is an event and a miss.
    pub(super) async fn open(self, entry: &Entry<'_>, bytes: Option<Bytes>, key: &StoreKey) -> Option<SlotAtRest> {
        match decode_in_turns(&bytes?, key.digest(), longest(entry)).await {
            Ok(slot) => Some(slot),
            Err(damage) => {
                self.observer.damaged(&entry.handler.subject, damage.word());
                None
            }
        }
    }

    pub(super) fn key_of(self, entry: &Entry<'_>) -> StoreKey {
        entry.key_at_rest(self.namespace)
    }

    /// Where a stored response that this request selects lies: under its key, or under that of its variant.
    pub(super) fn place_of(self, entry: &Entry<'_>, stored: &Stored) -> StoreKey {
        let key = self.key_of(entry);
        match stored.selecting() {
            None => key,
            Some((variants, _)) => entry.variant_at_rest(&key, &entry.values(variants)),
        }
    }

    pub(super) fn removing(self, entry: &Entry<'_>, key: StoreKey) -> Later {
        let (backend, handler) = (Arc::clone(self.backend), entry.handler);
        Box::pin(async move {
            if let Err(error) = backend.remove(&key).await {
                observe::call_failed(&handler.subject, "remove", &error);
            }
        })
    }

    /// A response at rest, in this process's time. One from the future is taken for stale, unless clocks that are read
    /// from afar explain it. What is not kept there is computed again.
    fn at_hand(self, entry: &Entry<'_>, at_rest: AtRest, selecting: Option<Selecting>) -> Stored {
        let now = self.clock.now();
        let lifetime = millis(at_rest.lifetime);
        let born = match self.backend.wall(self.clock).duration_since(at_rest.born) {
            Ok(age) => now.saturating_sub(millis(age)),
            Err(ahead) if ahead.duration() <= MOST_SKEW => now,
            Err(_) => now.saturating_sub(lifetime),
        };
        let AtRest { status, mut fields, content, windows, order, groups, parts, shareable, arrived_with_age, own, .. } = at_rest;
        let AtRest { tells_clients, made_tag, tells_length, ends, .. } = at_rest;
        note_stored(&groups);
        let of_head = entry.of_head && content.is_empty();
        if !of_head {
            // Earlier versions kept it.
            fields.remove(header::CONTENT_LENGTH);
        }
        let handler = entry.handler;
        let mut tag = if made_tag { tag::give_again(handler.policy.etag, &mut fields) } else { Tag::Own };
        let cache_control = handler.attributes.cache_control;
        let for_clients = if tells_clients { ForClients::again(cache_control, handler.forwards(), &fields) } else { ForClients::silent() };
        let rare = Rare {
            place: entry.place(Some(self.at)),
            parts: parts.into(),
            selecting,
            arrived_with_age: arrived_with_age.then_some(Duration::ZERO),
        };
        let fields = if self.is_copied {
            let terms = FormTerms { for_clients, tells_clients, targeted: handler.policy.targeted_fields, of_head };
            Fields::kept(fields, &mut tag, terms, self.forms)
        } else {
            Fields::read(fields, for_clients)
        };
        Stored {
            of_head,
            tells_length,
            status,
            fields,
            extensions: Extensions::new(),
            content,
            born,
            fresh_until: born.saturating_add(lifetime),
            windows,
            ends,
            tag,
            own,
            tells_clients,
            ended: AtomicBool::new(false),
            stamp: order.stamp,
            began: order.began,
            marks: None,
            groups: groups.into(),
            rare: rare.boxed(),
            shareable,
            value: None,
            near: OnceLock::new(),
        }
    }
}

/// How far a look-up got without a wait.
pub(super) enum Begun {
    No,
    LookedUp(Option<Bytes>, EpochSnapshot),
    /// There are epochs still to be read.
    Decoded(Arc<Slot>, EpochSnapshot),
}

fn looked_up(found: Found, reading: EpochSnapshot) -> LookUp {
    LookUp { epochs: Some(KnownEpochs { reading, marks: None }), found }
}

/// Whether there are epochs that the look-up has not read.
fn needs_more(entry: &Entry<'_>, slot: &Slot) -> bool {
    matches!(slot, Slot::Response(stored) if !stored.parts().is_empty() || entry.lacks_groups_of(stored))
}

/// What the epochs say of what lies there.
fn judged(slot: Arc<Slot>, reading: &EpochSnapshot, parts: Parts) -> Found {
    let Slot::Response(stored) = &*slot else { return Found::Nothing(Forward::UriMiss) };
    if !reading.allows(stored.stamp) || parts == Parts::Invalidated {
        return Found::Nothing(Forward::Invalidated);
    }
    let is_expired = reading.expires(stored.stamp) || parts == Parts::Expired;
    Found::Response { slot, is_expired, own_key: None, tier: Tier::Only }
}

/// How long bytes at rest may be.
fn longest(entry: &Entry<'_>) -> usize {
    entry.handler.policy.max_body.saturating_add(MOST_BESIDE_CONTENT)
}

/// More than fields, groups, parts and variants come to within their limits.
const MOST_BESIDE_CONTENT: usize = 128 << 10;

/// How far two processes' notions of a backend's time may lie apart.
pub(super) const MOST_SKEW: Duration = Duration::from_secs(1);
