//! Runs in flight: who leads, who follows, and what the followers are told (law L5).

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::{
    epoch::{Reading, Stamp},
    key::primary::PrimaryKey,
    outcome::NotStored,
    stored::Slot,
    util::{clock::Millis, lock::lock},
};

/// All runs in flight of one cache, by key.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    by_key: Mutex<HashMap<PrimaryKey, Arc<Flight>>>,
    fills: Fills,
}

/// One run that others may wait for.
pub(crate) struct Flight {
    stamp: Stamp,
    began: Millis,
    landed: watch::Sender<Option<Landed>>,
}

/// How a run ended, for those who waited for it.
#[derive(Debug, Clone)]
pub(crate) enum Landed {
    /// With this response, which passed the gate of the store.
    Stored(Arc<Slot>),
    /// With a response that is nobody else's.
    NotShared(NotStored),
    /// With none: it was dropped with the request that it lived in.
    Lost,
}

/// What a request is to a key.
#[derive(Debug)]
pub(crate) enum Join {
    /// It runs the handler, and others may wait for it.
    Lead(Lease),
    /// It waits.
    Follow(Follower),
    /// There is no run that it could wait for, and nobody could wait for its own: it is older than that.
    Late,
}

/// The right to run for a key. Dropped without having landed, the run counts as lost.
pub(crate) struct Lease {
    flights: Arc<Flights>,
    key: PrimaryKey,
    flight: Arc<Flight>,
}

/// A place among those who wait.
pub(crate) struct Follower {
    landed: watch::Receiver<Option<Landed>>,
}

/// Counts by the hash of a key, in a table of fixed size.
#[derive(Debug)]
struct Fills(Box<[AtomicU64]>);

impl Default for Fills {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(1024).collect())
    }
}

impl Fills {
    fn place(&self, hash: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(hash % 1024).unwrap_or(0))
    }
}

/// A run older than this gives up its key.
pub(crate) const MAX_RUN: Millis = 30_000;

impl Flights {
    /// Joins the run for `key`, or begins one, stamped `stamp`, which is absent where nobody could join that. A run that
    /// started before an invalidation which `reading` has seen is not joined but replaced, and so is one that is too old.
    pub(crate) fn join(self: &Arc<Self>, key: &PrimaryKey, reading: &Reading, stamp: Option<Stamp>, now: Millis) -> Join {
        let mut flights = lock(&self.by_key);
        if let Some(flight) = flights.get(key)
            && reading.may_join(flight.stamp)
            && now.saturating_sub(flight.began) < MAX_RUN
        {
            // However many: whoever waits here costs no more than one who runs, and most often much less.
            return Join::Follow(Follower { landed: flight.landed.subscribe() });
        }
        let Some(stamp) = stamp else { return Join::Late };
        let flight = Arc::new(Flight { stamp, began: now, landed: watch::Sender::new(None) });
        flights.insert(key.clone(), Arc::clone(&flight));
        Join::Lead(Lease { flights: Arc::clone(self), key: key.clone(), flight })
    }

    /// How many responses have come to rest so far, for this key, whose hash it is, or one of the same place in the table:
    /// where it is more than before a look-up, what that did not find may be there by now.
    pub(crate) fn fills(&self, hash: u64) -> u64 {
        self.fills.place(hash).map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Counts one.
    pub(crate) fn filled(&self, hash: u64) {
        if let Some(count) = self.fills.place(hash) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How many runs are in flight that others may wait for.
    pub(crate) fn len(&self) -> usize {
        lock(&self.by_key).len()
    }
}

impl Lease {
    /// Tells the followers, and whoever joins until the key is free.
    pub(crate) fn announce(&self, landed: Landed) {
        self.flight.landed.send_replace(Some(landed));
    }

    /// Tells the followers, and frees the key.
    pub(crate) fn land(self, landed: Landed) {
        self.announce(landed);
        // Dropped here: what follows is the same for a run that is lost.
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights.by_key);
        // By identity: a later run may hold the key by now.
        if flights.get(&self.key).is_some_and(|held| Arc::ptr_eq(held, &self.flight)) {
            flights.remove(&self.key);
        }
        drop(flights);
        self.flight.landed.send_if_modified(|landed| {
            let lost = landed.is_none();
            if lost {
                // Dropped by an unwinding run, or with the request that it lived in.
                *landed = Some(if std::thread::panicking() { Landed::NotShared(NotStored::Panicked) } else { Landed::Lost });
            }
            lost
        });
    }
}

impl Follower {
    /// Waits for the end of the run.
    pub(crate) async fn landed(&mut self) -> Landed {
        match self.landed.wait_for(Option::is_some).await {
            Ok(landed) => landed.clone().unwrap_or(Landed::Lost),
            Err(_) => Landed::Lost,
        }
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("began", &self.began).field("followers", &self.landed.receiver_count()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.flight).finish()
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
