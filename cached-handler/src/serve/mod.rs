//! The way of a request: key, look-up, run, store, answer. Read this file and `serve/*` in that order.
//!
//! The attribute writes a handler that calls [`begin`], lets each argument write what it shows, then calls [`hit`],
//! which answers at once or gives back the finished [`Key`]; with that a [`Run`] goes on to [`run_in_its_own_task`].

mod admit;
mod answer;
mod begins;
mod content;
mod fill;
mod framing;
mod head;
mod lookup;
mod make;
mod merge;
mod part;
mod paths;
mod post;
mod produce;
mod revalidate;
mod store;
mod tag;
mod unstored;
mod untouched;

use std::{
    fmt,
    ops::{Deref, DerefMut},
    pin::Pin,
};

use http::HeaderMap;

use self::begins::Begins;
pub(crate) use self::{
    answer::passed_by,
    lookup::{look, peek_fresh},
    store::put_at_once,
};
pub use self::{
    fill::{run_in_its_own_task, run_in_this_task},
    lookup::{begin, bypassed, hit, key},
    paths::begin_shared,
};
use crate::{
    cache::Cache,
    epoch::{Reading, Stamp, group, in_process::Marks, target::Target},
    handler::{Handler, Shape},
    key::{
        primary::Key,
        writer::{KeyWriter, Traits},
    },
    outcome::{Bypass, Forward},
    request::{
        facts::{Captured, Facts},
        nested::Composition,
    },
    rules::{
        client::{Terms, identifies_a_person},
        credentials::Credentials,
        path::Paths,
        stale::Windows,
    },
    storage::{Entry, EpochSnapshot, Opens, Storage, StorageId},
    stored::Stored,
    util::clock::Millis,
};

/// A handler's run, as a value.
pub(crate) type BoxRun = Pin<Box<dyn Future<Output = axum::response::Response> + Send>>;

/// A request that no stored response has answered so far.
#[derive(Debug)]
pub struct Run(Box<Inner>);

/// Boxed, so that the handler's future, which every hit allocates, stays small.
#[doc(hidden)]
pub struct Inner {
    pub(crate) handler: &'static Handler,
    pub(crate) cache: Cache,
    pub(crate) facts: Facts,
    pub(crate) fields: Option<Box<HeaderMap>>,
    pub(crate) key: Key,
    pub(crate) groups: Vec<Box<str>>,
    /// None, where it is a typed value.
    pub(crate) paths: Paths,
    /// The stale windows of a response that names none.
    pub(crate) windows: Windows,
    /// Nobody waits for it: its answer has been sent, from what was stale or as a stream.
    pub(crate) behind: bool,
    /// How many responses had been stored before a look-up that had to be waited for; see
    /// [`Flights::fills`](crate::flight::Flights::fills).
    fills_before: Option<u64>,
    epochs: Option<EpochSnapshot>,
    begins: Begins,
    /// How a backend's clock stood when what is held was found there.
    held_at: Option<Stamp>,
    /// Its handler can see which part is asked for, unless that is kept from it.
    could_send_parts: bool,
    /// For a POST whose answer may stand for GET's.
    post: Option<post::Post>,
    /// Its handler has returned an `Err`.
    is_err: bool,
    /// What other cached handlers answer during the run.
    pub(crate) composition: Composition,
    /// For a typed value: how it is read out of what rests.
    pub(crate) opens: Option<Opens>,
    /// For a typed value: what it is made of, which is part of its key at rest.
    pub(crate) shape: Option<Shape>,
}

impl Deref for Run {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("handler", &self.handler.site.name).field("forward", &self.key.forward).finish_non_exhaustive()
    }
}

impl KeyWriter<'_> {
    fn may_share(&self) -> bool {
        may_share(self.handler, self.facts, &self.traits)
    }
}

/// Not where an argument may show the method of a HEAD, or credentials, outside the key.
fn may_share(handler: &Handler, facts: &Facts, traits: &Traits) -> bool {
    let shows_method = facts.is_head() && handler.attributes.skips;
    let shows_credentials = facts.credentials(&handler.policy, traits) != Credentials::Unseen;
    !(shows_method || shows_credentials)
}

impl Run {
    /// After a miss.
    #[must_use]
    pub fn new(handler: &'static Handler, seen: Captured, key: Box<Key>) -> Self {
        let Captured { facts, fields } = seen;
        let cache = facts.cache.clone().unwrap_or_else(|| Cache::global().clone());
        let handler = handler.with(cache.inner().defaults);
        let (paths, groups) = paths::of(handler, &facts, &cache);
        let mut key = *key;
        // Whoever says it, and in whatever way: what varies by them is one person's.
        key.traits.private |= handler.fields().iter().chain(&key.traits.vary).any(|name| identifies_a_person(name));
        let composition = Composition::new(&cache, handler);
        let mut run = Self(Box::new(Inner {
            handler,
            cache,
            facts,
            fields,
            key,
            groups,
            paths,
            windows: handler.windows(),
            behind: false,
            fills_before: None,
            epochs: None,
            begins: Begins::default(),
            held_at: None,
            could_send_parts: false,
            post: None,
            is_err: false,
            composition,
            opens: None,
            shape: None,
        }));
        run.begins();
        run
    }

    /// Adds a group of the attribute, with its templates filled in.
    pub fn group(&mut self, name: fmt::Arguments<'_>) {
        let name = fmt::format(name).into_boxed_str();
        if !self.groups.contains(&name) {
            self.groups.push(name);
        }
    }

    /// The request fields that `vary = "…"` names.
    pub(crate) fn selecting(&self) -> &'static [&'static str] {
        self.handler.fields()
    }

    pub(crate) fn now(&self) -> Millis {
        self.cache.inner().clock.now()
    }

    /// Where its responses are stored.
    pub(crate) fn storage(&self) -> Storage<'_> {
        self.cache.storage(self.handler)
    }

    pub(crate) fn storage_id(&self) -> StorageId {
        self.cache.storage_id(self.handler)
    }

    /// What its response is stored and found by.
    pub(crate) fn entry(&self) -> Entry<'_> {
        Entry {
            handler: self.handler,
            instance: self.key.instance,
            key: &self.key.primary,
            state: (self.facts.state)(),
            paths: &self.paths,
            groups: &self.groups,
            fields: self.fields.as_deref(),
            of_head: self.is_answered_as_head(),
            shape: self.shape,
            opens: self.opens,
        }
    }

    /// For a typed value, which has no path: a group that no other key has.
    pub(crate) fn belongs_to_its_key(&mut self) {
        self.groups = vec![self.group_of_its_key()];
    }

    /// The same group as a target.
    pub(crate) fn target_of_its_key(&self) -> Target {
        Target::group(self.group_of_its_key())
    }

    fn group_of_its_key(&self) -> Box<str> {
        group::of_key(self.entry().key_at_rest(&self.cache.inner().namespace).digest())
    }

    pub(crate) fn is_head(&self) -> bool {
        self.facts.is_head()
    }

    /// Whether it is a HEAD, and its handler sees that: then what it answers has no content. Otherwise that is GET's.
    pub(crate) fn is_answered_as_head(&self) -> bool {
        self.is_head() && !self.key.traits.head_at.is_empty()
    }

    /// A keyed hash of its key.
    pub(crate) fn hash(&self) -> u64 {
        self.cache.inner().reputations.hash(&self.key.primary)
    }

    /// What of its credentials an argument outside the key can see (law L8).
    pub(crate) fn credentials(&self) -> Credentials {
        self.facts.credentials(&self.handler.policy, &self.key.traits)
    }

    pub(crate) fn is_exposed(&self) -> bool {
        self.credentials() != Credentials::Unseen
    }

    /// Whether its run may answer others, and others' runs may answer it.
    pub(crate) fn may_collapse(&self) -> bool {
        self.may_follow() && self.may_share()
    }

    /// Whether others' runs may answer it. Not with credentials: most such responses are nobody else's, and others would
    /// wait in vain. A HEAD whose handler may see the method beside the key has no run for others; but what GET has stored
    /// answers it, and so does the run of a GET.
    pub(crate) fn may_follow(&self) -> bool {
        let aside = match self.key.forward {
            // Where the store cannot be reached, at least not every request runs.
            Forward::Bypass(reason) => reason != Bypass::Backend,
            Forward::Method | Forward::Request => true,
            _ => false,
        };
        !aside && !self.is_exposed()
    }

    /// Whether what comes of its run could be stored for others.
    pub(crate) fn may_share(&self) -> bool {
        may_share(self.handler, &self.facts, &self.key.traits)
    }

    /// Whether the request asks for a stored response or none (`only-if-cached`), and is listened to.
    pub(crate) fn wants_no_run(&self) -> bool {
        self.handler.policy.honor_request_directives && self.facts.only_if_cached() && self.asks_whole()
    }

    /// Whether its preconditions and its range were kept from the handler, to be evaluated here.
    pub(crate) fn asks_whole(&self) -> bool {
        self.key.forward.asks_whole()
    }

    pub(crate) fn stand_aside(&mut self, reason: Bypass) {
        self.key.forward = Forward::Bypass(reason);
    }

    /// Reads the epochs of this process, of which it may know where they are.
    fn read_epochs_here(&mut self) {
        let known = self.epochs.take().and_then(|epochs| epochs.marks);
        let (mut reading, marks) = self.cache.inner().memory.epochs.read_now(&self.entry().scopes(), known);
        if !self.storage().holds_epochs() {
            // In place of a backend's clock that could not be read, and never to be compared with it.
            reading.incarnation = u64::MAX;
        }
        self.set_epochs(EpochSnapshot { reading, marks: Some(marks) });
    }

    /// The fields that `Vary` names on every answer: those of the attribute, and those that arguments were read from, or may have
    /// been.
    pub(crate) fn vary_names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let unsaid: &[_] = if self.key.traits.unsaid { &["cookie", "authorization"] } else { &[] };
        self.handler.fields().iter().chain(&self.key.traits.vary).chain(unsaid).copied()
    }

    /// Whether its answer is one person's: an argument says so, or a part of what it is made of.
    pub(crate) fn is_private(&self) -> bool {
        self.key.traits.private || self.composition.is_private()
    }

    /// What clients are to be told.
    pub(crate) fn client_terms(&self) -> Terms {
        Terms {
            cache_control: self.handler.attributes.cache_control,
            private: self.is_private(),
            forwards: self.handler.forwards(),
            targeted: self.handler.policy.targeted_fields,
        }
    }

    /// Whoever has waited starts later than it looked, and may be stamped so.
    pub(crate) fn read_epochs_again(&mut self) {
        if self.marks().is_some() {
            self.read_epochs_here();
        }
    }

    /// Whether nothing at all was invalidated between the run stamped so and this request: its look-up, or its beginning where
    /// that is known, which is in this process.
    pub(crate) fn began_no_later_than(&self, stamp: Stamp) -> bool {
        let Some(reading) = self.reading() else { return false };
        let began = if self.marks().is_some() { self.facts.began.here } else { reading.clock };
        reading.incarnation == stamp.incarnation && began <= stamp.clock
    }

    /// Whether the response has groups, or parts, that this request's reading did not cover.
    pub(crate) fn knows_less_groups_than(&self, stored: &Stored) -> bool {
        stored.is_composed() || self.entry().lacks_groups_of(stored)
    }

    /// Reads all epochs that concern a response, in place of what was read before, if that can be done. The handler has not
    /// run yet, so its run begins no earlier than this.
    async fn read_epochs_of(&mut self, stored: &Stored) -> bool {
        let epochs = if let (Some(marks), Some(own)) = (&stored.marks, self.marks()) {
            let epochs = &self.cache.inner().memory.epochs;
            // The clock first: what is invalidated in between is then later than the stamp.
            let clock = epochs.now();
            EpochSnapshot { reading: epochs.reading(marks, clock), marks: Some(own.clone()) }
        } else {
            let Some(reading) = self.storage().read_epochs_of(&self.entry(), stored).await else { return false };
            EpochSnapshot { reading, marks: None }
        };
        self.set_epochs(epochs);
        true
    }

    /// Notes how the epochs stand. When the request began is known by the clock of this process: what was expired after that
    /// keeps it from nothing, so that it may wait for a run that began earlier, too.
    fn set_epochs(&mut self, mut epochs: EpochSnapshot) {
        // Unless what it would be given is made of something outdated.
        let is_outdated = epochs.reading.expired == u64::MAX;
        if epochs.marks.is_some() && !is_outdated {
            epochs.reading.expired = epochs.reading.expired.min(self.facts.began.here);
        }
        self.epochs = Some(epochs);
    }

    pub(crate) fn reading(&self) -> Option<Reading> {
        self.epochs.as_ref().map(|epoch| epoch.reading)
    }

    /// When its handler starts, by the backend's clock: not after the arguments were made, where they may hold something
    /// that the key does not, or after the look-up that found what the handler may say still holds.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let stamp = self.reading()?.stamp();
        let (withholds, asks) = (self.handler.attributes.withholds, self.validators().next().is_some());
        if self.marks().is_some() {
            let clock = if withholds || asks { stamp.clock.min(self.facts.began.here) } else { stamp.clock };
            return Some(Stamp { clock, ..stamp });
        }
        let stamp = match self.held_at.filter(|_| asks) {
            Some(held_at) => stamp.no_later_than(held_at)?,
            None => stamp,
        };
        if withholds { stamp.no_later_than(self.facts.began.known(self.storage_id().remote()?)?) } else { Some(stamp) }
    }

    /// The same, where others may wait for the run: who looks now must not find it outdated from its beginning.
    pub(crate) fn stamp_to_lead(&self) -> Option<Stamp> {
        let stamp = self.stamp().filter(|_| self.may_share());
        stamp.filter(|stamp| self.reading().is_some_and(|reading| reading.may_join(*stamp)))
    }

    pub(crate) fn marks(&self) -> Option<&Marks> {
        self.epochs.as_ref().and_then(|epoch| epoch.marks.as_ref())
    }

    /// Whether its stamp is of the clock of a backend. Without one there is nothing that could be compared with that.
    pub(crate) fn has_read_its_backend(&self) -> bool {
        self.stamp().is_some() && self.marks().is_none()
    }
}
