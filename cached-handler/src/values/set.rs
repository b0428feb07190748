//! The `Handler` that describes a set of values to the rest of the cache: one for each name, backend and policy.

use std::{
    panic::Location,
    sync::{LazyLock, Mutex, Once},
};

use crate::{
    cache::Cache,
    handler::{
        Attributes, Handler, Site, Ttl,
        others::{self, Kind},
        policy::{ETag, Policy},
    },
    request::facts::{Began, RequestFacts},
    util::lock::lock,
};

/// The request facts with which the key of a value is written, as there is no request.
pub(super) static NO_REQUEST: LazyLock<RequestFacts> = LazyLock::new(|| RequestFacts::of_none(Began::default()));

/// A set of values in one cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    /// The description by its author.
    described: &'static Described,
    /// The description with the defaults of the cache.
    pub(super) handler: &'static Handler,
    /// Part of every key, but not of the description, which is never freed: a program may compute the version.
    pub(super) version: u32,
}

#[derive(Debug)]
struct Described {
    handler: Handler,
    /// Identifies the set in the keys of this process.
    number: u64,
    used: Once,
}

/// All descriptions of the program. They are never freed: a program has few.
static SETS: Mutex<Vec<&'static Described>> = Mutex::new(Vec::new());

impl Set {
    pub(super) fn named(name: &'static str, place: &'static Location<'static>, cache: &Cache) -> Self {
        Self::described(
            Site { name, file: place.file(), line: place.line(), column: place.column(), ..NOWHERE },
            None,
            &Policy::new(),
            0,
            cache,
        )
    }

    pub(super) fn backend(self, backend: &'static str, cache: &Cache) -> Self {
        let Handler { site, policy, .. } = self.described.handler;
        let set = Self::described(site, Some(backend), &policy, self.version, cache);
        cache.complain(set.handler);
        set
    }

    pub(super) fn versioned(self, version: u32) -> Self {
        Self { version, ..self }
    }

    pub(super) fn policy(self, change: impl FnOnce(Policy) -> Policy, cache: &Cache) -> Self {
        let Handler { site, attributes, policy, .. } = self.described.handler;
        Self::described(site, attributes.backend, &change(policy), self.version, cache)
    }

    pub(super) fn number(self) -> u64 {
        self.described.number
    }

    /// Registers the set at its first use. A set from which another was only derived, by `backend` and the like, is not registered.
    pub(super) fn is_used(self) {
        self.described.used.call_once(|| others::note(&self.described.handler, Kind::Values));
    }

    fn described(site: Site, backend: Option<&'static str>, policy: &Policy, version: u32, cache: &Cache) -> Self {
        // A value needs no entity tag.
        let policy = policy.name(site.name).etag(ETag::Off);
        let mut sets = lock(&SETS);
        let is_same = |set: &&&Described| set.handler.policy == policy && set.handler.attributes.backend == backend;
        // The number is limited, in case a program computes settings: then the last description is used again.
        let is_much_described = sets.iter().filter(|set| set.handler.site.name == site.name).count() >= MOST_OF_A_NAME;
        let is_near = |set: &&&Described| set.handler.site.name == site.name && set.handler.attributes.backend == backend;
        let near = || if is_much_described { sets.iter().rfind(is_near) } else { None };
        let known = sets.iter().find(is_same).or_else(near).copied();
        let described = known.unwrap_or_else(|| {
            let has_its_keys = |set: &&&Described| set.handler.site.name == site.name;
            let namesake = sets.iter().find(has_its_keys).map(|set| set.number);
            let number = namesake.unwrap_or_else(|| u64::try_from(sets.len()).unwrap_or(u64::MAX).saturating_add(1));
            let handler = Handler::new(site, attributes(backend), policy).of_values();
            let new: &Described = Box::leak(Box::new(Described { handler, number, used: Once::new() }));
            sets.push(new);
            new
        });
        Self { described, handler: described.handler.with(cache.inner().defaults), version }
    }
}

/// The most descriptions with one name, as they are never freed.
const MOST_OF_A_NAME: usize = 64;

const NOWHERE: Site = Site { module: "", name: "", file: "", line: 0, column: 0, tokens: 0, package_version: "" };

/// The attributes of a set: each value has its own lifetime.
fn attributes(backend: Option<&'static str>) -> Attributes {
    let attributes = Attributes::new(Ttl::FromResponse);
    backend.map_or(attributes, |name| attributes.backend(name))
}
