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

/// All of the program: as many as its author has written names, so they are never freed.
static DESCRIBED: Mutex<Vec<&'static Handler>> = Mutex::new(Vec::new());

pub(super) fn described(name: &'static str, backend: &'static str, policy: Policy) -> &'static Handler {
    // Nobody sees an entity tag, and a run past its time would have neither a value nor the computation's error.
    let policy = Policy { timeout: None, ..policy.name(name).etag(ETag::Off) };
    let mut described = lock(&DESCRIBED);
    let known = described.iter().find(|set| set.policy == policy && set.attributes.backend == backend);
    if let Some(known) = known {
        return known;
    }
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
    let new: &'static Handler = Box::leak(Box::new(Handler::new(site, attributes, policy)));
    described.push(new);
    new
}
