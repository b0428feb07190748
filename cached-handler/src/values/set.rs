//! The description of a set, by which the way of a request goes: one for each name, backend and policy.

use std::{
    sync::{LazyLock, Mutex},
    time::Duration,
};

use crate::{
    handler::{Attributes, Handler, Site, Ttl, VaryOn},
    policy::{ETag, Policy},
    seen::Facts,
    sync::lock,
};

/// What a key is written with where there is no request.
pub(super) static NO_REQUEST: LazyLock<Facts> = LazyLock::new(|| Facts::of_none(None));

/// What a set goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub(super) handler: &'static Handler,
    /// Stands for the name in the keys of this process.
    pub(super) number: u32,
}

/// All of the program: as many as its author has written names, so they are never freed.
static SETS: Mutex<Vec<Set>> = Mutex::new(Vec::new());

impl Set {
    pub(super) fn named(name: &'static str, backend: &'static str, policy: Policy) -> Self {
        // Nobody sees an entity tag, and a run past its time would have neither a value nor the computation's error.
        let policy = Policy { timeout: None, ..policy.name(name).etag(ETag::Off) };
        let mut sets = lock(&SETS);
        let is_same = |set: &&Self| set.handler.policy == policy && set.handler.attributes.backend == backend;
        if let Some(known) = sets.iter().find(is_same) {
            return *known;
        }
        let namesake = sets.iter().find(|set| set.handler.site.name == name).map(|set| set.number);
        let number = namesake.unwrap_or_else(|| u32::try_from(sets.len()).unwrap_or(u32::MAX));
        let new = Self { handler: Box::leak(Box::new(described(name, backend, policy))), number };
        sets.push(new);
        new
    }
}

fn described(name: &'static str, backend: &'static str, policy: Policy) -> Handler {
    let site = Site { module: "", name, file: "", line: 0, column: 0, tokens: 0, package_version: "" };
    let attributes = Attributes {
        // Each value says its own.
        ttl: Ttl::FromResponse,
        backend,
        vary: VaryOn::Nothing,
        cache_control: None,
        stale_while_revalidate: Duration::ZERO,
        stale_if_error: Duration::ZERO,
        skips: false,
        withholds: false,
    };
    Handler::new(site, attributes, policy)
}
