//! A request that was not an immediate hit, with everything that is known before its handler runs.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::paths;
use crate::{
    cache::Cache,
    epoch::{group, in_process::Marks, target::Target},
    handler::{Handler, Shape},
    key::writer::{KeyWriter, Traits},
    outcome::{Bypass, Forward},
    request::facts::RequestFacts,
    rules::{client::identifies_a_person, credentials::Credentials, length::is_as_long_as_declared, path::Paths, stale::Windows},
    serve::{Captured, Key},
    storage::{Entry, KnownEpochs, Opens, Storage},
    stored::{Slot, Stored, place::StorageId},
    util::clock::Millis,
};

/// A request and its key. Boxed, so that the handler's future, which every hit allocates, stays small.
pub struct Miss {
    pub(crate) handler: &'static Handler,
    pub(crate) cache: Cache,
    pub(crate) facts: RequestFacts,
    pub(crate) fields: Option<Box<HeaderMap>>,
    pub(crate) key: Key,
    pub(crate) groups: Vec<Box<str>>,
    /// The paths that the response belongs to; none for a typed value.
    pub(crate) paths: Paths,
    /// The stale windows of a response that names none.
    pub(crate) windows: Windows,
    /// The handler can see `Range`, unless the cache hides it.
    pub(crate) could_send_parts: bool,
    /// For a typed value: how it is deserialized from a stored response.
    pub(crate) opens: Option<Opens>,
    /// For a typed value: the shape of its type, which is part of its key at rest.
    pub(crate) shape: Option<Shape>,
}

impl fmt::Debug for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Miss").field("handler", &self.handler.site.name).field("forward", &self.key.forward).finish_non_exhaustive()
    }
}

impl KeyWriter<'_> {
    pub(super) fn may_share(&self) -> bool {
        may_share(self.handler, self.facts, &self.traits)
    }
}

/// Whether other requests may use this one's run: not if an argument may show the method of a HEAD, or credentials, outside the key.
fn may_share(handler: &Handler, facts: &RequestFacts, traits: &Traits) -> bool {
    let shows_method = facts.is_head() && handler.attributes.skips;
    let shows_credentials = facts.credentials(&handler.policy, traits.credentials) != Credentials::Unseen;
    !(shows_method || shows_credentials)
}

impl Miss {
    /// The miss after a peek with this key.
    #[must_use]
    pub fn new(handler: &'static Handler, seen: Captured, key: Box<Key>) -> Box<Self> {
        let Captured { facts, fields, cache } = seen;
        let cache = cache.unwrap_or_else(|| Cache::global().clone());
        let handler = handler.with(cache.inner().defaults);
        let (paths, groups) = paths::of(handler, &facts, &cache);
        let mut key = *key;
        // A response that varies by credentials belongs to one person, whether the attribute's `vary` names them or an argument does.
        key.traits.private |= handler.fields().iter().chain(&key.traits.vary).any(|name| identifies_a_person(name));
        let (windows, could_send_parts) = (handler.windows(), false);
        Box::new(Self { handler, cache, facts, fields, key, groups, paths, windows, could_send_parts, opens: None, shape: None })
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

    /// The storage of its responses.
    pub(crate) fn storage(&self) -> Storage<'_> {
        self.cache.storage(self.handler)
    }

    pub(crate) fn storage_id(&self) -> StorageId {
        self.cache.storage_id(self.handler)
    }

    /// The entry under which its response is stored and found.
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
            opens: self.opens.as_ref(),
        }
    }

    /// Sets the group that belongs to this key alone, for a typed value, which has no path.
    pub(crate) fn belongs_to_its_key(&mut self) {
        self.groups = vec![self.group_of_its_key()];
    }

    /// That group as a target.
    pub(crate) fn target_of_its_key(&self) -> Target {
        Target::group(self.group_of_its_key())
    }

    fn group_of_its_key(&self) -> Box<str> {
        group::of_key(self.entry().key_at_rest(&self.cache.inner().namespace).digest())
    }

    pub(crate) fn is_head(&self) -> bool {
        self.facts.is_head()
    }

    /// Whether it is a HEAD whose handler sees the method, so that the response has no content. Otherwise it has GET's content.
    pub(crate) fn is_answered_as_head(&self) -> bool {
        self.is_head() && !self.key.traits.method_at.is_empty()
    }

    /// Whether `Content-Length` is right. In the answer to a HEAD it is not checked, as it is that of GET's content.
    pub(super) fn is_of_its_length(&self, fields: &HeaderMap, content: &[u8]) -> bool {
        self.is_answered_as_head() || is_as_long_as_declared(fields, content)
    }

    /// The hash of its key, with the secret seed.
    pub(crate) fn hash(&self) -> u64 {
        self.cache.inner().hit_for_miss.hash(&self.key.primary)
    }

    /// Whether an argument outside the key can see its credentials (law L8).
    pub(crate) fn credentials(&self) -> Credentials {
        self.facts.credentials(&self.handler.policy, self.key.traits.credentials)
    }

    pub(crate) fn is_exposed(&self) -> bool {
        self.credentials() != Credentials::Unseen
    }

    /// Whether its run may answer other requests, and their runs may answer it.
    pub(crate) fn may_collapse(&self) -> bool {
        self.may_follow() && self.may_share()
    }

    /// Whether other requests' runs may answer it. Not with credentials: most such responses cannot be shared, and followers would wait in
    /// vain. A HEAD whose handler may see the method outside the key does not run for others, but the stored response to GET answers
    /// it, and so does the run of a GET.
    pub(crate) fn may_follow(&self) -> bool {
        let aside = match self.key.forward {
            // While the backend cannot be reached, requests at least share runs.
            Forward::Bypass(reason) => reason != Bypass::Backend,
            Forward::Method | Forward::Request => true,
            _ => false,
        };
        !aside && !self.is_exposed()
    }

    /// Whether the response of its run could be stored for other requests.
    pub(crate) fn may_share(&self) -> bool {
        may_share(self.handler, &self.facts, &self.key.traits)
    }

    /// Whether the request says `only-if-cached`, and the policy honors it.
    pub(crate) fn wants_no_run(&self) -> bool {
        self.handler.policy.honor_request_directives && self.facts.only_if_cached() && self.asks_whole()
    }

    /// Whether the cache evaluates its preconditions and range, and hides them from the handler.
    pub(crate) fn asks_whole(&self) -> bool {
        self.key.forward.asks_whole()
    }

    pub(crate) fn stand_aside(&mut self, reason: Bypass) {
        self.key.forward = Forward::Bypass(reason);
    }

    /// The fields that `Vary` names in every answer: those of the attribute, and those that arguments were, or may have been, read from.
    pub(crate) fn vary_names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let unsaid: &[_] = if self.key.traits.unsaid { &["cookie", "authorization"] } else { &[] };
        self.handler.fields().iter().chain(&self.key.traits.vary).chain(unsaid).copied()
    }

    /// Whether the response has groups or parts whose epochs this request has not read.
    pub(crate) fn knows_less_groups_than(&self, stored: &Stored) -> bool {
        stored.is_composed() || self.entry().lacks_groups_of(stored)
    }

    /// Reads the epochs of this process; `known`: references to them, if it has them already.
    pub(super) fn read_epochs_here(&self, known: Option<Marks>) -> KnownEpochs {
        let (mut reading, marks) = self.cache.inner().memory.epochs.read_now(&self.entry().scopes(), known);
        if !self.storage().holds_epochs() {
            // Stands in for a backend's clock that could not be read, and must never be equal to it.
            reading.incarnation = u64::MAX;
        }
        self.since_it_began(KnownEpochs { reading, marks: Some(marks) })
    }

    /// Limits `expired` to the beginning of the request, which is known by the clock of this process: an expiration after that does not
    /// keep the request from following an earlier run.
    pub(super) fn since_it_began(&self, mut epochs: KnownEpochs) -> KnownEpochs {
        // Not if the response would be composed of an outdated part.
        let is_outdated = epochs.reading.expired == u64::MAX;
        if epochs.marks.is_some() && !is_outdated {
            epochs.reading.expired = epochs.reading.expired.min(self.facts.began.here);
        }
        epochs
    }

    /// The stored response that could not answer.
    pub(crate) fn held(&self) -> Option<&Stored> {
        match self.key.held.as_deref() {
            Some(Slot::Response(stored)) => Some(stored),
            _ => None,
        }
    }

    /// The conditional fields by which the handler can revalidate the stored response (RFC 9111 §4.3.1): with a validator that it set
    /// itself, if an argument can pass it on.
    pub(crate) fn validators(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        let held = self.held().filter(|held| self.key.traits.can_ask && !held.has_ended());
        held.into_iter().flat_map(|held| {
            let tag = held.fields.get(&header::ETAG).filter(|_| held.own.tag);
            let date = held.fields.get(&header::LAST_MODIFIED).filter(|_| held.own.date);
            let tag = tag.map(|tag| (header::IF_NONE_MATCH, tag.clone()));
            tag.into_iter().chain(date.map(|date| (header::IF_MODIFIED_SINCE, date.clone())))
        })
    }
}
