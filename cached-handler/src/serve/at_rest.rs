//! Storing where the backend holds bytes and has to be waited for.

use std::time::{Duration, UNIX_EPOCH};

use super::{
    Run,
    parts::{Parts, read_with_parts, scopes_with_parts},
    put,
    remote::MOST_SKEW,
};
use crate::{
    epoch::{Order, Scopes},
    error::Error,
    key::storage_key::StoreKey,
    observe,
    outcome::{Kept, NotStored},
    storage::remote::{Backend, Put},
    stored::{
        Stored, Tag,
        codec::{AtRest, SlotAtRest, encode_in_turns},
    },
    util::{
        clock::{millis, span},
        digest::Digest,
    },
};

impl Run {
    /// Stores, and says what came of it.
    pub(super) async fn put_in_backend(&self, stored: &Stored) -> Kept {
        let Some(backend) = self.cache.backend(self.handler) else { return Kept::Not(NotStored::Bypass) };
        match self.try_put(&**backend, stored).await {
            Ok(kept) => kept,
            Err(error) => {
                observe::call_failed(&self.handler.subject, "store", &error);
                Kept::Not(NotStored::Backend)
            }
        }
    }

    async fn try_put(&self, backend: &dyn Backend, stored: &Stored) -> Result<Kept, Error> {
        if !self.has_read_its_backend() {
            return Ok(Kept::Not(NotStored::Backend));
        }
        let scopes = scopes_with_parts(self.scopes_of(stored), stored);
        let (reading, parts) = read_with_parts(backend, &scopes, stored).await?;
        if !reading.allows(stored.stamp) || parts == Parts::Invalidated {
            return Ok(Kept::Not(NotStored::Invalidated));
        }
        let key = self.key_at_rest();
        let keep_for = span(stored.useful_until().saturating_sub(self.now()));
        let at_rest = SlotAtRest::Response(self.to_rest(backend, stored));
        let Some((variants, _)) = &stored.selecting else {
            return self.put_unless_overtaken(backend, &key, &at_rest, keep_for, &scopes).await;
        };
        let known = match self.open(backend.get(&key).await?, &key).await {
            Some(SlotAtRest::Variants(known)) => Some(known),
            _ => None,
        };
        let wall = millis(backend.wall(&self.cache.inner().clock).duration_since(UNIX_EPOCH).unwrap_or_default());
        let hash = Digest::of(&self.selecting_values(variants));
        let hash = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let until = wall.saturating_add(stored.answers_until().saturating_sub(self.now()));
        let Some(mut record) = put::record(known.as_ref(), variants, (hash, until), wall) else {
            return Ok(Kept::Not(NotStored::TooManyVariants));
        };
        record.take(stored.order());
        let longest = record.known.iter().map(|(_, until)| span(until.saturating_sub(wall))).fold(keep_for, Duration::max);
        let variant = self.variant_at_rest(&key, &self.selecting_values(&record));
        match self.put_unless_overtaken(backend, &variant, &at_rest, keep_for, &scopes).await? {
            Kept::Stored => self.put_unless_overtaken(backend, &key, &SlotAtRest::Variants(record), longest, &scopes).await,
            kept => Ok(kept),
        }
    }

    /// What lies there and says that it is newer has to be whole, and of no time that is still to come: then it stays.
    async fn put_unless_overtaken(
        &self,
        backend: &dyn Backend,
        key: &StoreKey,
        slot: &SlotAtRest,
        keep_for: Duration,
        scopes: &[Scopes<'_>],
    ) -> Result<Kept, Error> {
        let order = slot.order();
        let bytes = encode_in_turns(slot, key.digest()).await;
        if backend.put(key, bytes.clone(), keep_for, scopes, Some(order)).await? == Put::Stored {
            return Ok(Kept::Stored);
        }
        let found = self.open(backend.get(key).await?, key).await;
        if found.is_some_and(|found| found.order().is_after(&order) && self.is_of_the_past(backend, &found.order())) {
            return Ok(Kept::Not(NotStored::Overtaken));
        }
        backend.put(key, bytes, keep_for, scopes, None).await?;
        Ok(Kept::Stored)
    }

    /// A clock that was set back leaves runs behind that began later than now.
    fn is_of_the_past(&self, backend: &dyn Backend, order: &Order) -> bool {
        let now = backend.wall(&self.cache.inner().clock).duration_since(UNIX_EPOCH).unwrap_or_default();
        backend.has_clock_here() || u128::from(order.began) <= (now + MOST_SKEW).as_millis()
    }

    fn to_rest(&self, backend: &dyn Backend, stored: &Stored) -> AtRest {
        let clock = &self.cache.inner().clock;
        let age = stored.age(clock.now());
        AtRest {
            status: stored.whole.status,
            fields: stored.whole.headers.clone(),
            content: stored.content.clone(),
            born: backend.wall(clock).checked_sub(age).unwrap_or(UNIX_EPOCH),
            lifetime: span(stored.fresh_until.saturating_sub(stored.born)),
            windows: stored.windows,
            order: stored.order(),
            groups: stored.groups.to_vec(),
            parts: stored.parts.to_vec(),
            shareable: stored.shareable,
            arrived_with_age: stored.arrived_with_age,
            own: stored.own,
            tells_clients: stored.tells_clients,
            made_tag: stored.tag != Tag::Own,
            tells_length: stored.tells_length,
            ends: stored.ends,
        }
    }
}
