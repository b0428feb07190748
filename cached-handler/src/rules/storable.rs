//! Whether a response may be stored, and for how long it is fresh (RFC 9111 §3; laws L8 and §4 of the guide).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use super::freshness;
use crate::{
    header::{
        cache_control::CacheControl,
        targeted::{self, TargetList},
        vary::Vary,
    },
    outcome::NotStored,
    rules::{credentials::Credentials, statuses::speaks_of_the_resource},
};

/// Everything that decides whether a response may be stored.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a Method,
    /// Whether its `Content-Location` names the target of the request (RFC 9110 §8.7).
    pub(crate) names_its_target: bool,
    /// Whether an argument outside the key could see `Authorization` and `Cookie`.
    pub(crate) credentials: Credentials,
    pub(crate) status: StatusCode,
    pub(crate) fields: &'a HeaderMap,
    /// Whether a request field is in the key.
    pub(crate) covered: &'a dyn Fn(&str) -> bool,
    pub(crate) vary_from_response: bool,
    /// The fields that stand in the place of `Cache-Control` (RFC 9213 §2.2).
    pub(crate) targeted_fields: TargetList,
    /// The lifetime that the policy gives to this status.
    pub(crate) by_policy: Option<Duration>,
    /// Whether the policy lets freshness be estimated.
    pub(crate) heuristic: bool,
    /// The attribute's `ttl`; absent for `from_response`.
    pub(crate) ttl: Option<Duration>,
    /// The lifetime that the handler set for this cache alone.
    pub(crate) fresh_for: Option<Duration>,
    /// The longest remaining use that the handler set for this cache alone.
    pub(crate) at_most: Option<Duration>,
    pub(crate) do_not_store: bool,
    /// Whether the handler can revalidate a stored response.
    pub(crate) may_ask: bool,
    /// Whether the response may be used while it is stale.
    pub(crate) may_be_stale: bool,
    pub(crate) now: SystemTime,
}

/// What is known of a response that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Storable {
    pub(crate) freshness_lifetime: Duration,
    pub(crate) initial_age: Duration,
    /// The age from which the response must not be used, not even as stale.
    pub(crate) ends: Option<Duration>,
    /// Its own fields permit reuse for requests with credentials (RFC 9111 §3.5).
    pub(crate) shareable: bool,
    /// The fields that `Vary` names.
    pub(crate) vary: Vec<HeaderName>,
}

const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

pub(crate) fn storable(question: &Question<'_>) -> Result<Storable, NotStored> {
    let targeted = targeted::of(question.fields, question.targeted_fields);
    let own = match CacheControl::of(question.fields, &header::CACHE_CONTROL) {
        // RFC 9213 §2.2: a targeted field replaces `Cache-Control`. If it states no freshness, a prohibition in either field
        // counts.
        _ if targeted.as_ref().is_some_and(states_freshness) => CacheControl::default(),
        own => own.map_err(|_| NotStored::MalformedCacheControl)?,
    };
    let asks = question.may_ask && (question.fields.contains_key(header::ETAG) || question.fields.contains_key(header::LAST_MODIFIED));
    nothing_forbids(question, asks, &own, targeted.as_ref())?;
    let vary = vary(question)?;
    let shareable = is_shareable(&own) || targeted.as_ref().is_some_and(is_shareable);
    if !question.credentials.may_share(shareable) {
        return Err(NotStored::Credentials);
    }
    let is_public = own.public || targeted.as_ref().is_some_and(|targeted| targeted.public);
    let (freshness_lifetime, by_its_date) = match lifetime(question, targeted.as_ref(), &own) {
        Err(NotStored::NoFreshness) if !freshness::may_be_estimated(question.status, is_public) => {
            return Err(NotStored::Status(question.status.as_u16()));
        }
        // RFC 9111 §5.2.2.4: it is revalidated before each use.
        Ok(_) | Err(NotStored::NoFreshness) if must_be_asked_for(&own, targeted.as_ref()) => (Duration::ZERO, true),
        Err(NotStored::NoFreshness) if asks => (Duration::ZERO, true),
        lifetime => lifetime?,
    };
    // A `ttl` begins when the response is complete; only a response that states its own freshness is aged by its `Date`.
    let now = if by_its_date { question.now } else { SystemTime::UNIX_EPOCH };
    let initial_age = freshness::initial_age(question.fields, now);
    let ends = question.at_most.map(|limit| initial_age.saturating_add(limit));
    let freshness_lifetime = freshness_lifetime.min(ends.unwrap_or(TEN_YEARS)).min(TEN_YEARS);
    let may_be_stale = question.may_be_stale && ends.is_none_or(|end| end > initial_age);
    if freshness_lifetime <= initial_age && !asks && !may_be_stale {
        return Err(NotStored::AlreadyStale);
    }
    Ok(Storable { freshness_lifetime, initial_age, ends, shareable, vary })
}

fn states_freshness(directives: &CacheControl) -> bool {
    directives.s_maxage.is_some() || directives.max_age.is_some()
}

/// Checks the prohibitions, which hold for any freshness lifetime.
fn nothing_forbids(question: &Question<'_>, asks: bool, own: &CacheControl, targeted: Option<&CacheControl>) -> Result<(), NotStored> {
    let says = |directive: fn(&CacheControl) -> bool| directive(own) || targeted.is_some_and(directive);
    let understood = is_understood(question.status);
    // RFC 9111 §5.2.2.3: `must-understand` overrides a `no-store` in the same field only.
    let no_store = |directives: &CacheControl| directives.no_store && !(directives.must_understand && understood);
    let prohibitions = [
        (!may_answer_get(question, own, targeted), NotStored::Method),
        (question.do_not_store, NotStored::DoNotStore),
        (question.fields.contains_key(header::SET_COOKIE), NotStored::SetCookie),
        (no_store(own) || targeted.is_some_and(no_store), NotStored::NoStore),
        (says(|directives| directives.private), NotStored::Private),
        (!asks && must_be_asked_for(own, targeted), NotStored::NoCache),
        (says(|directives| directives.must_understand) && !understood, NotStored::MustUnderstand),
        // With other statuses `Content-Range` has no meaning (RFC 9110 §14.4). From a handler with a `ttl`, which does not
        // forward, it is taken for a part with the wrong status.
        (question.ttl.is_some() && question.fields.contains_key(header::CONTENT_RANGE), NotStored::Partial),
        // 416 answers one range, not the resource.
        (matches!(question.status, StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE), NotStored::Partial),
        (question.status.is_informational() || question.status == StatusCode::NOT_MODIFIED, NotStored::Status(question.status.as_u16())),
    ];
    prohibitions.into_iter().find(|(applies, _)| *applies).map_or(Ok(()), |(_, reason)| Err(reason))
}

/// Whether the response can answer a later GET: responses to GET and HEAD can; a response to POST can if its status and
/// `Content-Location` say that it is what GET would get, and it states its own freshness (RFC 9110 §9.3.3).
fn may_answer_get(question: &Question<'_>, own: &CacheControl, targeted: Option<&CacheControl>) -> bool {
    let is_fresh = || {
        let stated = freshness::stated(question.fields, targeted, own, question.now);
        let is_ahead = |lifetime| lifetime > freshness::initial_age(question.fields, question.now);
        !must_be_asked_for(own, targeted) && stated.is_some_and(is_ahead)
    };
    match *question.method {
        Method::GET | Method::HEAD => true,
        Method::POST => question.names_its_target && question.status == StatusCode::OK && is_fresh(),
        _ => false,
    }
}

/// Whether `no-cache` requires revalidation, in the field that applies (RFC 9213 §2.2) or in either of them.
fn must_be_asked_for(own: &CacheControl, targeted: Option<&CacheControl>) -> bool {
    own.no_cache || targeted.is_some_and(|directives| directives.no_cache)
}

/// Statuses whose caching this crate knows (RFC 9110 §15).
fn is_understood(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300..=303 | 307 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// RFC 9111 §3.5.
fn is_shareable(directives: &CacheControl) -> bool {
    directives.public || directives.s_maxage.is_some() || directives.must_revalidate
}

/// Whether the response of a handler with a `ttl` is stored by its own fields, for this status: it has to describe the
/// resource. 405 does, as it holds for every GET; 402 (payment) and 424 (another request failed) do not.
fn may_say_itself_that_it_is_stored(status: StatusCode) -> bool {
    status == StatusCode::METHOD_NOT_ALLOWED || speaks_of_the_resource(status.as_u16()) && !matches!(status.as_u16(), 402 | 424)
}

fn vary(question: &Question<'_>) -> Result<Vec<HeaderName>, NotStored> {
    match Vary::of(question.fields).map_err(|_| NotStored::MalformedVary)? {
        Vary::Any => Err(NotStored::VaryAny),
        Vary::Fields(names) => match names.iter().find(|name| !question.vary_from_response && !(question.covered)(name.as_str())) {
            Some(name) => Err(NotStored::VaryUnkeyed(name.as_str().to_owned())),
            None => Ok(names),
        },
    }
}

/// The freshness lifetime: the first of the handler's own setting, what the response states, the policy's lifetime for the
/// status, the attribute's `ttl`. With it, whether it counts from the response's own `Date`.
fn lifetime(question: &Question<'_>, targeted: Option<&CacheControl>, own: &CacheControl) -> Result<(Duration, bool), NotStored> {
    let status = question.status;
    if let Some(fresh_for) = question.fresh_for {
        let allowed = question.by_policy.is_some() || speaks_of_the_resource(status.as_u16());
        return if allowed { Ok((fresh_for, false)) } else { Err(NotStored::Status(status.as_u16())) };
    }
    // With a `ttl`, a field that a layer may have set on all responses does not suffice to store a failure, or an answer that
    // concerns one request. A handler that forwards relies on the freshness that the response states, whatever the status (RFC
    // 9111 §3).
    if question.ttl.is_some() && question.by_policy.is_none() && !may_say_itself_that_it_is_stored(status) {
        return Err(NotStored::Status(status.as_u16()));
    }
    if let Some(stated) = freshness::stated(question.fields, targeted, own, question.now) {
        return Ok((stated, true));
    }
    if let Some(ttl) = question.by_policy {
        return Ok((ttl, false));
    }
    match question.ttl {
        None => {
            let is_public = own.public || targeted.is_some_and(|targeted| targeted.public);
            let guess = question.heuristic.then(|| freshness::estimated(question.fields, status, is_public, question.now));
            guess.flatten().map(|guess| (guess, true)).ok_or(NotStored::NoFreshness)
        }
        Some(ttl) if matches!(status.as_u16(), 200 | 203 | 301 | 308) => Ok((ttl, false)),
        Some(_) => Err(NotStored::Status(status.as_u16())),
    }
}

#[cfg(test)]
mod tests;
