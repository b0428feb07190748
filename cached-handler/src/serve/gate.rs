//! The gate of the cache: whether a response may be stored, by its own fields (law L8; RFC 9111 §3).

use http::{HeaderMap, response::Parts};

use super::Run;
use crate::{
    epoch::group::{CacheGroups, are_valid},
    outcome::{Bypass, Forward, NotStored},
    request::nested::CachedInside,
    rules::{
        stale::windows,
        storable::{Question, Storable, storable},
    },
    serve::nested::are_current,
    stored::response_part::{DoNotStore, FreshFor, FreshForAtMost},
};

/// Where a response comes from: the handler, a stored response that the handler confirmed, or a POST.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    New,
    Freshened,
    /// The response to a POST, to be stored as the response to GET.
    ForGet,
}

/// Whether the response of this run may be stored, how long it is fresh, and its groups (law L8; RFC 9111 §3).
pub(super) fn gate(run: &Run, parts: &Parts, made: Made) -> Result<(Storable, Vec<Box<str>>), NotStored> {
    match run.key.forward {
        Forward::Method if made != Made::ForGet => return Err(NotStored::Method),
        // Credentials alone do not prevent it: a response may say that it is shareable. Nor does a failed backend: the response is
        // still shared with followers.
        Forward::Bypass(reason) if !matches!(reason, Bypass::Credentials | Bypass::Backend) => return Err(NotStored::Bypass),
        _ => {}
    }
    may_be_stored(run, parts, made)
}

/// As [`gate`], for a request that did not bypass the cache.
pub(super) fn may_be_stored(run: &Run, parts: &Parts, made: Made) -> Result<(Storable, Vec<Box<str>>), NotStored> {
    if run.is_head() && run.handler.attributes.skips {
        return Err(NotStored::Head);
    }
    let made_of = run.composition.parts();
    if parts.extensions.get::<CachedInside>().is_some() || made_of.as_ref().is_some_and(|made_of| made_of.is_foreign) {
        return Err(NotStored::CachedInside);
    }
    if made_of.as_ref().is_some_and(|made_of| !are_current(made_of, run)) {
        return Err(NotStored::Invalidated);
    }
    if run.handler.policy.honor_request_directives && run.facts.forbids_storing() {
        return Err(NotStored::Request);
    }
    let covered = |name: &str| run.selecting().contains(&name) || run.key.traits.vary.contains(&name);
    let mut verdict = storable(&Question {
        method: run.facts.method(),
        names_its_target: made == Made::ForGet,
        credentials: run.credentials(),
        status: parts.status,
        fields: &parts.headers,
        covered: &covered,
        vary_from_response: run.handler.varies_from_response(),
        targeted_fields: run.handler.policy.targeted_fields,
        by_policy: run.handler.policy.ttl_of(parts.status),
        heuristic: run.handler.policy.heuristic,
        ttl: run.handler.ttl(),
        fresh_for: parts.extensions.get::<FreshFor>().map(|fresh| fresh.0),
        at_most: parts.extensions.get::<FreshForAtMost>().map(|limit| limit.0),
        do_not_store: parts.extensions.get::<DoNotStore>().is_some(),
        may_ask: run.key.traits.can_ask,
        may_be_stale: windows(&parts.headers, run.handler.policy.targeted_fields, run.windows).any(),
        now: run.cache.inner().clock.wall(),
    })?;
    // After the rules of HTTP, so that their reasons take precedence.
    if run.is_err && made != Made::Freshened && run.handler.policy.only_ok {
        return Err(NotStored::Err);
    }
    if let Some(made_of) = made_of {
        made_of.bound(&mut verdict, run.now())?;
    }
    if !fits(&parts.headers) {
        return Err(NotStored::FieldsTooLarge);
    }
    let mut groups = run.groups.clone();
    // A confirmed response keeps its groups.
    let held = if made == Made::Freshened { run.held().map(|held| &held.groups[..]) } else { None };
    let said = parts.extensions.get::<CacheGroups>().map(|groups| &groups.0[..]);
    for named in [held, said] {
        for group in named.unwrap_or_default() {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
    }
    if are_valid(&groups) { Ok((verdict, groups)) } else { Err(NotStored::Groups) }
}

/// Whether the fields are within the limits: at most 256 lines, and 64 KiB of names and values.
fn fits(fields: &HeaderMap) -> bool {
    let bytes: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    fields.len() <= 256 && bytes <= 64 << 10
}
