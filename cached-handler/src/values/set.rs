//! The description of a set, by which the way of a request goes: one for each name, backend and policy.

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

/// What a key is written with where there is no request.
pub(super) static NO_REQUEST: LazyLock<RequestFacts> = LazyLock::new(|| RequestFacts::of_none(Began::default()));

/// What a set goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    /// As its author has described it.
    described: &'static Described,
    /// The same in its cache.
    pub(super) handler: &'static Handler,
    /// Part of every key, and of no description: it may be a number that the program computes.
    pub(super) version: u32,
}

#[derive(Debug)]
struct Described {
    handler: Handler,
    /// Stands for the name in the keys of this process.
    number: u64,
    used: Once,
}

/// All of the program: as many as its author has written names, so they are never freed.
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

    /// Notes that the program has it: what only led to another by `backend` and the like is none.
    pub(super) fn is_used(self) {
        self.described.used.call_once(|| others::note(&self.described.handler, Kind::Values));
    }

    fn described(site: Site, backend: Option<&'static str>, policy: &Policy, version: u32, cache: &Cache) -> Self {
        // Nobody sees an entity tag.
        let policy = policy.name(site.name).etag(ETag::Off);
        let mut sets = lock(&SETS);
        let is_same = |set: &&&Described| set.handler.policy == policy && set.handler.attributes.backend == backend;
        // Where a program computes settings, there is an end to it: further ones are not taken.
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

/// Most descriptions of one name that are kept: each is for ever.
const MOST_OF_A_NAME: usize = 64;

const NOWHERE: Site = Site { module: "", name: "", file: "", line: 0, column: 0, tokens: 0, package_version: "" };

/// Each value says its own lifetime.
fn attributes(backend: Option<&'static str>) -> Attributes {
    let attributes = Attributes::new(Ttl::FromResponse);
    backend.map_or(attributes, |name| attributes.backend(name))
}
