//! A run of a handler: when it began, and the epochs before it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::{Miss, lookup::Look, post::Post};
use crate::{
    epoch::{EpochSnapshot, Stamp, in_process::Marks},
    request::{forwarding::Forwarding, nested::Composition},
    rules::client::Terms,
    storage::KnownEpochs,
    stored::Stored,
    util::clock::{Millis, span},
};

/// A request whose handler runs, or that follows another request's run.
#[derive(Debug)]
pub(crate) struct Run(Box<State>);

/// The state of a run, besides its request.
pub(crate) struct State {
    miss: Box<Miss>,
    pub(super) look: Look,
    /// Its number among all runs of this process, and when it began: of two responses for one key, the one of the later run is kept,
    /// whichever ends last.
    number: u64,
    at: Millis,
    /// Its request has been answered already, with a stale response or as a stream.
    pub(crate) behind: bool,
    /// For a POST whose response may be stored as the response to GET.
    pub(super) post: Option<Post>,
    /// Its handler has returned an `Err`.
    pub(super) is_err: bool,
    /// The responses of cached handlers inside of the run.
    pub(crate) composition: Composition,
}

static BEGUN: AtomicU64 = AtomicU64::new(0);

impl Run {
    /// After a look-up that could not answer.
    pub(crate) fn after(miss: Box<Miss>, look: Look) -> Self {
        let composition = Composition::new(miss.cache.inner().id, miss.storage_id());
        let mut run = Self(Box::new(State { miss, look, number: 0, at: 0, behind: false, post: None, is_err: false, composition }));
        run.begins();
        run
    }

    /// What its handler's arguments need to know.
    pub(super) fn forwarding(&self) -> Forwarding<'_> {
        Forwarding {
            forward: self.key.forward,
            is_untouched: self.is_untouched(),
            forwards_part: self.forwards_part(),
            selecting: self.selecting(),
            is_held: self.held().is_some(),
            validators: self.validators().collect(),
            conditional: self.facts.conditional(),
            outer: self.composition.outer(),
        }
    }

    /// Notes that its handler is about to run.
    pub(super) fn begins(&mut self) {
        (self.number, self.at) = (BEGUN.fetch_add(1, Ordering::Relaxed), self.now());
    }

    /// When its handler began, in the order of all runs that may store under its key: by its number if all of them are in this process, and
    /// otherwise by the backend's time.
    pub(crate) fn began(&self) -> u64 {
        match self.storage().orders_by() {
            None => self.number,
            Some(backend) => {
                let clock = &self.cache.inner().clock;
                let now = backend.wall(clock).duration_since(UNIX_EPOCH).unwrap_or_default();
                let ago = span(clock.now().saturating_sub(self.at));
                u64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or(u64::MAX)
            }
        }
    }

    /// Reads the epochs of this process again.
    pub(super) fn read_epochs_here(&mut self) {
        let known = self.look.epochs.take().and_then(|epochs| epochs.marks);
        self.look.epochs = Some(self.miss.read_epochs_here(known));
    }

    /// Whether its response belongs to one person, by an argument or by a part inside.
    pub(crate) fn is_private(&self) -> bool {
        self.key.traits.private || self.composition.is_private()
    }

    /// What the `Cache-Control` for clients depends on.
    pub(crate) fn client_terms(&self) -> Terms {
        Terms {
            cache_control: self.handler.attributes.cache_control,
            private: self.is_private(),
            forwards: self.handler.forwards(),
            targeted: self.handler.policy.targeted_fields,
        }
    }

    /// Reads the epochs again after the request has waited, so that its run gets a later stamp.
    pub(crate) fn read_epochs_again(&mut self) {
        if self.marks().is_some() {
            self.read_epochs_here();
        }
    }

    /// Whether nothing at all was invalidated between the run with this stamp and this request: its look-up, or, by the clock of this
    /// process, its beginning.
    pub(crate) fn began_no_later_than(&self, stamp: Stamp) -> bool {
        let Some(reading) = self.reading() else { return false };
        let began = if self.marks().is_some() { self.facts.began.here } else { reading.clock };
        reading.incarnation == stamp.incarnation && began <= stamp.clock
    }

    /// Reads all epochs that concern a response, in place of those that were read before; false if that fails. The handler has not run yet,
    /// so its run begins no earlier than this.
    pub(super) async fn read_epochs_of(&mut self, stored: &Stored) -> bool {
        let epochs = if let (Some(marks), Some(own)) = (&stored.marks, self.marks()) {
            let epochs = &self.cache.inner().memory.epochs;
            // The clock first, so that an invalidation in between is later than the stamp.
            let clock = epochs.now();
            KnownEpochs { reading: epochs.reading(marks, clock), marks: Some(own.clone()) }
        } else {
            let Some(reading) = self.storage().read_epochs_of(&self.entry(), stored).await else { return false };
            KnownEpochs { reading, marks: None }
        };
        self.look.epochs = Some(self.since_it_began(epochs));
        true
    }

    pub(crate) fn reading(&self) -> Option<EpochSnapshot> {
        self.look.epochs.as_ref().map(|epoch| epoch.reading)
    }

    /// The stamp of the run, by the backend's clock. It is no later than the extractors if an argument may hold something that the key does
    /// not, and no later than the look-up that found the response which the handler may confirm.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let stamp = self.reading()?.stamp();
        let (withholds, asks) = (self.handler.attributes.withholds, self.validators().next().is_some());
        if self.marks().is_some() {
            let clock = if withholds || asks { stamp.clock.min(self.facts.began.here) } else { stamp.clock };
            return Some(Stamp { clock, ..stamp });
        }
        let stamp = match self.look.held_at.filter(|_| asks) {
            Some(held_at) => stamp.no_later_than(held_at)?,
            None => stamp,
        };
        if withholds { stamp.no_later_than(self.facts.began.known(self.storage_id().remote()?)?) } else { Some(stamp) }
    }

    /// The stamp of a run that other requests may follow; `None` if a request that looks up now would find it outdated already.
    pub(crate) fn stamp_to_lead(&self) -> Option<Stamp> {
        let stamp = self.stamp().filter(|_| self.may_share());
        stamp.filter(|stamp| self.reading().is_some_and(|reading| reading.may_join(*stamp)))
    }

    pub(crate) fn marks(&self) -> Option<&Marks> {
        self.look.epochs.as_ref().and_then(|epoch| epoch.marks.as_ref())
    }

    /// Whether its stamp is by the clock of a remote backend. Without one, its response cannot be compared with invalidations there.
    pub(crate) fn has_read_its_backend(&self) -> bool {
        self.stamp().is_some() && self.marks().is_none()
    }
}

impl Deref for Run {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Run {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Deref for State {
    type Target = Miss;

    fn deref(&self) -> &Miss {
        &self.miss
    }
}

impl DerefMut for State {
    fn deref_mut(&mut self) -> &mut Miss {
        &mut self.miss
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.miss.fmt(f)
    }
}
