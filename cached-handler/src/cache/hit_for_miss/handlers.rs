//! Remembers handlers whose responses are never stored, so that requests for a new key of theirs do not follow a run in vain.

use std::{
    any::TypeId,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    handler::{Handler, Instance},
    outcome::NotStored,
    util::{
        clock::Millis,
        expiring_map::{Expires, ExpiringMap},
        lock::lock,
    },
};

/// Records of handlers, by description and instance. A program has some hundred.
#[derive(Debug, Default)]
pub(super) struct Handlers {
    known: Mutex<ExpiringMap<Id, Record, MOST>>,
    /// Whether there is evidence against any handler; most programs have none, and never take the lock.
    any: AtomicBool,
    /// A handler that has stored a response found no room in the map. From then on requests follow runs for all handlers.
    is_full: AtomicBool,
}

type Id = (usize, TypeId, u64);

#[derive(Debug, Clone, Default)]
struct Record {
    /// The number of recent responses that were not storable by their own fields.
    evidence: u32,
    noted: Millis,
    /// A response of the handler was stored, here or by another process. Then requests follow runs, whatever the evidence (law L5).
    has_stored: bool,
    /// Limits the runs that do not wait, for keys that were never asked for.
    places: Option<Arc<Semaphore>>,
}

/// From this many responses on, requests do not wait.
const ENOUGH: u32 = 4;
/// How long the evidence counts.
const LASTS: Millis = 10 * 60_000;
/// The most handlers; requests for further ones are collapsed as usual.
const MOST: usize = 4096;
/// How many requests run at a time without waiting. If the next response turns out to be storable, this many have run for it.
const AT_ONCE: usize = 64;

impl Handlers {
    /// Counts a response as evidence about its handler. A reason that concerns one resource, such as a status or a length, does not
    /// count, as clients may ask for many such resources. Nor does a layer or a proxy, which stands for a whole site.
    pub(super) fn not_stored(&self, handler: &'static Handler, instance: Instance, reason: &NotStored, now: Millis) {
        let is_of_one_request = matches!(
            reason,
            NotStored::Credentials
                | NotStored::Status(_)
                | NotStored::TooLarge
                | NotStored::FieldsTooLarge
                | NotStored::TooManyVariants
                | NotStored::Groups
        );
        if !reason.lasts() || is_of_one_request || is_of_a_site(handler) {
            return;
        }
        let mut known = lock(&self.known);
        let Some(record) = known.get_or_default(id(handler, instance), now) else { return };
        if now.saturating_sub(record.noted) >= LASTS {
            record.evidence = 0;
        }
        record.noted = now;
        record.evidence = record.evidence.saturating_add(1);
        self.any.store(true, Ordering::Relaxed);
    }

    /// Notes that a response was stored, or found in a backend: from now on requests follow runs.
    pub(super) fn stored(&self, handler: &'static Handler, instance: Instance, now: Millis) {
        if is_of_a_site(handler) {
            return;
        }
        match lock(&self.known).get_or_default(id(handler, instance), now) {
            Some(record) => *record = Record { noted: now, has_stored: true, ..Record::default() },
            None => self.is_full.store(true, Ordering::Relaxed),
        }
    }

    /// A permit to run without waiting; `None` if the request should wait, or all permits are taken.
    pub(super) fn place(&self, handler: &'static Handler, instance: Instance, now: Millis) -> Option<OwnedSemaphorePermit> {
        if !self.any.load(Ordering::Relaxed) || self.is_full.load(Ordering::Relaxed) {
            return None;
        }
        let mut known = lock(&self.known);
        let is_never_stored = |record: &&mut Record| record.evidence >= ENOUGH && !record.has_stored && !record.has_expired(now);
        let record = known.get_mut(&id(handler, instance)).filter(is_never_stored)?;
        let places = record.places.get_or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

impl Expires for Record {
    fn has_expired(&self, now: Millis) -> bool {
        !self.has_stored && now.saturating_sub(self.noted) >= LASTS
    }
}

fn is_of_a_site(handler: &Handler) -> bool {
    handler.varies_from_response() || handler.is_of_layer
}

fn id(handler: &'static Handler, instance: Instance) -> Id {
    (std::ptr::from_ref(handler).addr(), instance.id, instance.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::{Attributes, Site, Ttl, policy::Policy};

    static HANDLER: Handler = Handler::new(
        Site { module: "", name: "h", file: "", line: 0, column: 0, tokens: 0, package_version: "" },
        Attributes::new(Ttl::FromResponse),
        Policy::new(),
    );

    fn instance() -> Instance {
        Instance { id: TypeId::of::<()>(), name: "", number: 0 }
    }

    fn after(handlers: &Handlers, reason: &NotStored, times: usize, now: Millis) -> bool {
        (0..times).for_each(|_| handlers.not_stored(&HANDLER, instance(), reason, now));
        handlers.place(&HANDLER, instance(), now).is_some()
    }

    #[test]
    fn four_unstorable_answers_are_enough_until_one_is_stored() {
        let handlers = Handlers::default();
        assert!(!after(&handlers, &NotStored::SetCookie, 3, 0));
        assert!(after(&handlers, &NotStored::SetCookie, 1, 0));
        assert!(!after(&handlers, &NotStored::SetCookie, 0, LASTS), "that is long ago");
        handlers.stored(&HANDLER, instance(), 1);
        for now in [1, LASTS, 100 * LASTS] {
            assert!(!after(&handlers, &NotStored::SetCookie, 100, now), "it may store another");
        }
    }

    #[test]
    fn a_stored_response_before_any_evidence_counts_as_well() {
        let handlers = Handlers::default();
        handlers.stored(&HANDLER, instance(), 0);
        assert!(!after(&handlers, &NotStored::SetCookie, 100, 1));
    }

    #[test]
    fn reasons_of_one_resource_or_request_are_no_evidence() {
        let handlers = Handlers::default();
        for reason in [NotStored::Status(404), NotStored::Status(500), NotStored::TooLarge, NotStored::Credentials] {
            assert!(!after(&handlers, &reason, 1000, 0), "{reason:?}");
        }
    }

    #[test]
    fn a_layer_is_no_one_handler() {
        static LAYER: Handler = Handler::new(HANDLER.site, Attributes::new(Ttl::FromResponse), Policy::new()).of_layer();
        let handlers = Handlers::default();
        (0..1000).for_each(|_| handlers.not_stored(&LAYER, instance(), &NotStored::SetCookie, 0));
        assert!(handlers.place(&LAYER, instance(), 0).is_none());
    }

    #[test]
    fn the_runs_without_waiting_are_limited() {
        let handlers = Handlers::default();
        after(&handlers, &NotStored::SetCookie, 4, 0);
        let places: Vec<_> = (0..1000).map_while(|_| handlers.place(&HANDLER, instance(), 0)).collect();
        assert_eq!(places.len(), AT_ONCE);
        drop(places);
        assert!(handlers.place(&HANDLER, instance(), 0).is_some());
    }

    #[test]
    fn if_a_storing_handler_finds_no_room_all_requests_wait() {
        let handlers = Handlers::default();
        let numbered = |number| Instance { number, ..instance() };
        (0..MOST as u64).for_each(|number| handlers.stored(&HANDLER, numbered(number), 0));
        assert!(!after(&handlers, &NotStored::SetCookie, 10, LASTS), "there is no room for it");
        let handlers = Handlers::default();
        assert!(after(&handlers, &NotStored::SetCookie, 10, 0));
        (1..=MOST as u64).for_each(|number| handlers.stored(&HANDLER, numbered(number), 0));
        assert!(!after(&handlers, &NotStored::SetCookie, 10, 0));
    }
}
