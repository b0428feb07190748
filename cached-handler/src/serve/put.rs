//! Putting a stored response where its handler's backend keeps it, and what is known of a key's variants.

use std::sync::Arc;

use super::Run;
use crate::{
    cache::collapse::Landed,
    outcome::{Kept, NotStored},
    stored::{MAX_SELECTING, MAX_VARIANTS, Slot, Variants},
    util::clock::Millis,
};

/// Puts it where the handler's backend keeps its responses.
pub(super) async fn put(run: &Run, slot: &Arc<Slot>) -> Kept {
    let Slot::Response(stored) = &**slot else { return Kept::Not(NotStored::Backend) };
    let inner = run.cache.inner();
    let is_fresh = stored.is_fresh(run.now());
    if !run.handler.in_memory {
        let kept = run.put_in_backend(stored).await;
        // In this order: who is told of either finds it there.
        if kept == Kept::Stored {
            inner.flights.filled(run.hash());
        }
        match kept {
            Kept::Not(NotStored::Invalidated) => inner.reputations.outdated(&run.key.primary, run.handler, run.key.instance, run.now()),
            _ if is_fresh => inner.reputations.stored(&run.key.primary, run.handler, run.key.instance, run.now()),
            _ => {}
        }
        return kept;
    }
    if is_fresh {
        inner.reputations.stored(&run.key.primary, run.handler, run.key.instance, run.now());
    }
    let memory = &inner.memory;
    if stored.is_invalidated(&memory.epochs) {
        return Kept::Not(NotStored::Invalidated);
    }
    let primary = &run.key.primary;
    let key = match &stored.selecting {
        None => primary.clone(),
        Some((variants, values)) => {
            let known = memory.get(&primary.as_ref());
            let known = match known.as_deref() {
                Some(Slot::Variants(known)) => Some(known),
                _ => None,
            };
            // Where all that is known was invalidated, by what they have in common, it takes no place any more.
            let invalidated = run.marks().map_or(0, |marks| memory.epochs.invalidated(marks));
            let known = known.filter(|known| known.known.len() < MAX_VARIANTS || invalidated <= known.latest.stamp.clock);
            let hash = inner.reputations.hash_bytes(values);
            let Some(mut record) = record(known, variants, (hash, stored.answers_until()), run.now()) else {
                return Kept::Not(NotStored::TooManyVariants);
            };
            record.take(stored.order());
            let values = run.selecting_values(&record);
            if let Err(reason) = memory.put(primary.clone(), Arc::new(Slot::Variants(record))) {
                return Kept::Not(reason);
            }
            primary.as_ref().variant(&values)
        }
    };
    memory.put(key, Arc::clone(slot)).map_or_else(Kept::Not, |()| Kept::Stored)
}

/// What lies under the key of a response with variants, with one more: the union of all fields that ever selected, so
/// that none is forgotten (RFC 9111 §4.1).
pub(super) fn record(known: Option<&Variants>, new: &Variants, (hash, until): (u64, Millis), now: Millis) -> Option<Variants> {
    let mut record = known.cloned().unwrap_or_default();
    for field in &new.fields {
        if let Err(at) = record.fields.binary_search(field) {
            record.fields.insert(at, field.clone());
            // Those stored before were selected by fewer fields, and are not found any more.
            record.known.clear();
        }
    }
    record.known.retain(|(known, until)| *known != hash && now < *until);
    // Servers choose the fields' names.
    if record.known.len() >= MAX_VARIANTS || record.fields.len() > MAX_SELECTING {
        return None;
    }
    record.known.push((hash, until));
    Some(record)
}

/// What followers are told of a new response. What has to be asked for each time answers nobody but who ran for it.
pub(super) fn landed(run: &Run, slot: &Arc<Slot>) -> Landed {
    match &**slot {
        Slot::Response(stored) if !stored.is_fresh(run.now()) => {
            run.cache.inner().reputations.not_stored(&run.key.primary, &NotStored::AlreadyStale, run.now());
            Landed::NotShared(NotStored::AlreadyStale)
        }
        _ => Landed::Stored(Arc::clone(slot)),
    }
}
