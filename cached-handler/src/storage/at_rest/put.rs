//! Storing in a backend that holds bytes and has to be waited for.

use std::time::{Duration, UNIX_EPOCH};

use super::{
    super::Entry,
    MOST_SKEW, RemoteStorage,
    parts::{Parts, read_with_parts, scopes_with_parts},
};
use crate::{
    epoch::{Order, Scopes},
    error::Error,
    key::storage_key::StoreKey,
    observe,
    outcome::NotStored,
    storage::remote::Put,
    stored::{
        Stored, Tag, Variants,
        codec::{AtRest, SlotAtRest, encode_in_turns},
    },
    util::{
        clock::{Millis, millis, span},
        digest::Digest,
    },
};

impl RemoteStorage<'_> {
    /// Stores, or says why not. Gives the clock of the reading by which it was stored, unless that says that it is stale.
    pub(in crate::storage) async fn put(self, entry: &Entry<'_>, stored: &Stored, now: Millis) -> Result<Option<u64>, NotStored> {
        self.try_put(entry, stored, now).await.unwrap_or_else(|error| {
            observe::call_failed(&entry.handler.subject, "store", &error);
            Err(NotStored::Backend)
        })
    }

    async fn try_put(self, entry: &Entry<'_>, stored: &Stored, now: Millis) -> Result<Result<Option<u64>, NotStored>, Error> {
        let scopes = scopes_with_parts(entry.scopes_of(stored), stored);
        let (reading, parts) = read_with_parts(&**self.backend, &scopes, stored).await?;
        if !reading.allows(stored.stamp) || parts == Parts::Invalidated {
            return Ok(Err(NotStored::Invalidated));
        }
        let clock = (parts == Parts::Current && !reading.expires(stored.stamp)).then_some(reading.clock);
        let key = self.key_of(entry);
        let keep_for = span(stored.useful_until().saturating_sub(now));
        let at_rest = SlotAtRest::Response(self.to_rest(stored));
        let Some((variants, _)) = stored.selecting() else {
            let outcome = self.put_unless_overtaken(entry, &key, &at_rest, keep_for, &scopes).await?;
            return Ok(outcome.map(|()| clock));
        };
        let known = match self.open(entry, self.backend.get(&key).await?, &key).await {
            Some(SlotAtRest::Variants(known)) => Some(known),
            _ => None,
        };
        let wall = millis(self.backend.wall(self.clock).duration_since(UNIX_EPOCH).unwrap_or_default());
        let hash = Digest::of(&entry.values(variants));
        let hash = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let until = wall.saturating_add(stored.answers_until().saturating_sub(now));
        let Some(mut record) = Variants::with_one_more(known.as_ref(), variants, (hash, until), wall) else {
            return Ok(Err(NotStored::TooManyVariants));
        };
        record.take(stored.order());
        let longest = record.known.iter().map(|(_, until)| span(until.saturating_sub(wall))).fold(keep_for, Duration::max);
        let variant = entry.variant_at_rest(&key, &entry.values(&record));
        let outcome = match self.put_unless_overtaken(entry, &variant, &at_rest, keep_for, &scopes).await? {
            Ok(()) => self.put_unless_overtaken(entry, &key, &SlotAtRest::Variants(record), longest, &scopes).await?,
            Err(reason) => Err(reason),
        };
        Ok(outcome.map(|()| clock))
    }

    /// What lies there and says that it is newer has to be whole, and of no time that is still to come: then it stays.
    async fn put_unless_overtaken(
        self,
        entry: &Entry<'_>,
        key: &StoreKey,
        slot: &SlotAtRest,
        keep_for: Duration,
        scopes: &[Scopes<'_>],
    ) -> Result<Result<(), NotStored>, Error> {
        let order = slot.order();
        let bytes = encode_in_turns(slot, key.digest()).await;
        if self.backend.put(key, bytes.clone(), keep_for, scopes, Some(order)).await? == Put::Stored {
            return Ok(Ok(()));
        }
        let found = self.open(entry, self.backend.get(key).await?, key).await;
        if found.is_some_and(|found| found.order().is_after(&order) && self.is_of_the_past(&found.order())) {
            return Ok(Err(NotStored::Overtaken));
        }
        self.backend.put(key, bytes, keep_for, scopes, None).await?;
        Ok(Ok(()))
    }

    /// A clock that was set back leaves runs behind that began later than now.
    fn is_of_the_past(self, order: &Order) -> bool {
        let now = self.backend.wall(self.clock).duration_since(UNIX_EPOCH).unwrap_or_default();
        self.backend.has_clock_here() || u128::from(order.began) <= (now + MOST_SKEW).as_millis()
    }

    fn to_rest(self, stored: &Stored) -> AtRest {
        let clock = self.clock;
        let age = stored.age(clock.now());
        AtRest {
            status: stored.status,
            fields: stored.fields.map().into_owned(),
            content: stored.content.clone(),
            born: self.backend.wall(clock).checked_sub(age).unwrap_or(UNIX_EPOCH),
            lifetime: span(stored.fresh_until.saturating_sub(stored.born)),
            windows: stored.windows,
            order: stored.order(),
            groups: stored.groups.to_vec(),
            parts: stored.parts().to_vec(),
            shareable: stored.shareable,
            arrived_with_age: stored.arrived_with_age().is_some(),
            own: stored.own,
            tells_clients: stored.tells_clients,
            made_tag: stored.tag != Tag::Own,
            tells_length: stored.tells_length,
            ends: stored.ends,
        }
    }
}
