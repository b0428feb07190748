//! What is remembered of handlers whose responses are never stored: requests for a key that nobody has asked for yet do not
//! wait for one another, as they would wait in vain.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    clock::Millis,
    handler::{Handler, Instance},
    outcome::NotStored,
    sync::lock,
};

/// Handlers by their description and instance. A program has some hundred, of which few are in here.
#[derive(Debug, Default)]
pub(super) struct Handlers {
    known: Mutex<HashMap<(usize, TypeId, u64), Record>>,
    /// Whether there is any, so that most programs take no lock.
    any: AtomicBool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Record {
    /// What the answers that were not stored say, since the last one that was.
    evidence: u32,
    noted: Millis,
    stored: Option<Millis>,
}

/// From here on nobody waits.
const ENOUGH: u32 = 16;
/// An answer that says how the handler is: four of them are enough.
const OF_THE_HANDLER: u32 = 4;
/// How long both count: that none was stored, and that one was.
const LASTS: Millis = 10 * 60_000;
/// Most handlers; what does not fit is collapsed as ever.
const MOST: usize = 4096;

impl Handlers {
    pub(super) fn not_stored(&self, handler: &'static Handler, instance: Instance, reason: &NotStored, now: Millis) {
        if !reason.lasts() || *reason == NotStored::Credentials {
            return;
        }
        let mut known = lock(&self.known);
        if known.len() >= MOST && !known.contains_key(&id(handler, instance)) {
            known.retain(|_, record| now.saturating_sub(record.noted) < LASTS);
            if known.len() >= MOST {
                return;
            }
        }
        let record = known.entry(id(handler, instance)).or_default();
        if now.saturating_sub(record.noted) >= LASTS {
            record.evidence = 0;
        }
        record.noted = now;
        // What is not there, or too large, tells of one resource, and clients may ask for many such. So that is evidence
        // only of a handler that has stored nothing, ever.
        let weight = match reason {
            NotStored::Status(_) | NotStored::TooLarge | NotStored::FieldsTooLarge | NotStored::TooManyVariants | NotStored::Groups => {
                u32::from(record.stored.is_none())
            }
            _ => OF_THE_HANDLER,
        };
        record.evidence = record.evidence.saturating_add(weight);
        self.any.store(true, Ordering::Relaxed);
    }

    /// One was stored: from now on requests wait again.
    pub(super) fn stored(&self, handler: &'static Handler, instance: Instance, now: Millis) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        if let Some(record) = lock(&self.known).get_mut(&id(handler, instance)) {
            *record = Record { evidence: 0, noted: now, stored: Some(now) };
        }
    }

    pub(super) fn is_never_stored(&self, handler: &'static Handler, instance: Instance, now: Millis) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        lock(&self.known).get(&id(handler, instance)).is_some_and(|record| {
            let was_stored_lately = record.stored.is_some_and(|stored| now.saturating_sub(stored) < LASTS);
            record.evidence >= ENOUGH && now.saturating_sub(record.noted) < LASTS && !was_stored_lately
        })
    }
}

fn id(handler: &'static Handler, instance: Instance) -> (usize, TypeId, u64) {
    (std::ptr::from_ref(handler).addr(), instance.id, instance.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        handler::{Attributes, Site, Ttl, VaryOn},
        policy::Policy,
    };

    static HANDLER: Handler = Handler::new(
        Site { module: "", name: "h", file: "", line: 0, column: 0, tokens: 0, package_version: "" },
        Attributes {
            ttl: Ttl::FromResponse,
            backend: None,
            vary: VaryOn::Nothing,
            cache_control: None,
            stale_while_revalidate: std::time::Duration::ZERO,
            stale_if_error: std::time::Duration::ZERO,
            skips: false,
            withholds: false,
        },
        Policy::new(),
    );

    fn instance() -> Instance {
        Instance { id: TypeId::of::<()>(), name: "", number: 0 }
    }

    fn after(handlers: &Handlers, reason: &NotStored, times: usize, now: Millis) -> bool {
        (0..times).for_each(|_| handlers.not_stored(&HANDLER, instance(), reason, now));
        handlers.is_never_stored(&HANDLER, instance(), now)
    }

    #[test]
    fn four_answers_that_are_nobody_elses_are_enough_until_one_is_stored() {
        let handlers = Handlers::default();
        assert!(!after(&handlers, &NotStored::SetCookie, 3, 0));
        assert!(after(&handlers, &NotStored::SetCookie, 1, 0));
        handlers.stored(&HANDLER, instance(), 1);
        assert!(!after(&handlers, &NotStored::SetCookie, 100, 1), "it may store another");
        assert!(after(&handlers, &NotStored::SetCookie, 4, 1 + LASTS), "that is long ago");
        assert!(!handlers.is_never_stored(&HANDLER, instance(), 2 * LASTS + 1), "so is this");
    }

    #[test]
    fn what_is_not_there_says_little_of_the_handler() {
        let handlers = Handlers::default();
        assert!(!after(&handlers, &NotStored::Status(404), 15, 0));
        assert!(after(&handlers, &NotStored::Status(404), 1, 0));
        handlers.stored(&HANDLER, instance(), 1);
        assert!(!after(&handlers, &NotStored::Status(404), 1000, LASTS + 1), "once it has stored something, nothing");
        assert!(!after(&handlers, &NotStored::Status(500), 1000, LASTS + 1), "a failure is no such answer");
        assert!(!after(&handlers, &NotStored::Credentials, 1000, LASTS + 1), "it is of the request");
    }
}
