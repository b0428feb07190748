//! What is captured of a request before the handler's own arguments, in one pass over its fields.

mod began;
mod scan;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::extract::{FromRequestParts as _, NestedPath, OriginalUri, RawPathParams};
use http::{HeaderMap, Method, Version, request::Parts, uri::PathAndQuery};

pub(crate) use self::began::Began;
use self::scan::Scan;
pub(crate) use crate::handler::state::State;
use crate::{
    handler::policy::Policy,
    request::{
        nested::{self, CacheId, Outer},
        unsafe_target::UnsafeTarget,
    },
    rules::{
        conditions::Conditional,
        credentials::Credentials,
        request::{self, Wish},
    },
    stored::Stored,
};

/// What keys, preconditions and answers need to know of the request.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    pub(crate) began: Began,
    pub(crate) state: fn() -> State,
    /// Path and query as they arrived.
    pub(crate) original: PathAndQuery,
    /// Boxed, as the facts are moved several times during a hit and few requests have any of these.
    rare: Option<Box<Rare>>,
    verb: Verb,
    pub(crate) flags: Flags,
}

/// The method of a request. Stored responses answer the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Head,
    Other,
}

/// Facts that few requests have.
#[derive(Debug, Default)]
struct Rare {
    /// A method other than GET and HEAD.
    method: Option<Method>,
    /// Path and query that the arguments are taken from, if a nest or a rewriting service changed the original ones.
    inner: Option<PathAndQuery>,
    /// The parameters of the path, if the path in the key does not determine them.
    parameters: Option<RawPathParams>,
    conditional: Conditional,
    /// The lines of `Cache-Control` and `Pragma`, if there are any.
    directives: Option<Box<HeaderMap>>,
    /// The target of an unsafe method.
    changed: Option<Box<UnsafeTarget>>,
    /// The outer runs: those of cached handlers that made this request.
    around: Option<Box<[Outer]>>,
}

/// What the header fields and the routing say.
#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the request, and none excludes another")]
pub(crate) struct Flags {
    /// Has `Authorization`, `Proxy-Authorization` or `Cookie`.
    pub(crate) credentials: bool,
    /// Has `Authorization` or `Proxy-Authorization`.
    pub(crate) authorization: bool,
    pub(crate) upgrade: Upgrade,
    /// The client accepts a content coding, which an outer layer may apply.
    pub(crate) accepts_a_coding: bool,
    /// The request came through a router of axum, which removes the content from the answer to a HEAD.
    pub(crate) is_routed: bool,
    /// The request came to a service, to which a router passes it (`route_service`, `nest_service`, `fallback_service`) without
    /// removing the content from the answer to a HEAD.
    pub(crate) is_for_a_service: bool,
    /// That service is one of axum's own routes with its layers: most are handlers, and answer a HEAD with content.
    pub(crate) is_in_a_route: bool,
    /// The request came by HTTP/2 or a later version.
    pub(crate) is_http2: bool,
}

/// The protocol in `Upgrade`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    #[default]
    None,
    WebSocket,
    /// Another protocol, which is ignored, as it may be (RFC 9110 §7.8).
    Other,
}

impl RequestFacts {
    /// The facts of a typed value, which is computed without a request.
    pub(crate) fn of_none(began: Began) -> Self {
        Self {
            began,
            state: State::of::<()>,
            original: PathAndQuery::from_static("/"),
            rare: None,
            verb: Verb::Get,
            flags: Flags::default(),
        }
    }

    /// The facts of a request with these parts.
    pub(crate) fn of(parts: &mut Parts, began: Began, state: fn() -> State) -> Self {
        let Scan { mut rare, mut flags } = Scan::of(&parts.headers);
        flags.is_http2 = parts.version >= Version::HTTP_2;
        if let Some(around) = nested::around(Some(&parts.extensions)) {
            rare.get_or_insert_default().around = Some(around);
        }
        let inner = path_and_query(&parts.uri);
        let routed = parts.extensions.get::<OriginalUri>();
        flags.is_routed = routed.is_some();
        let original = match routed.and_then(|uri| uri.0.path_and_query()) {
            // Almost always nothing has changed the path, and both share one text in memory.
            Some(original) if !std::ptr::eq(original.as_str(), inner.as_str()) => {
                let original = original.clone();
                if !is_below_a_fixed_prefix(&original, &inner, parts.extensions.get()) {
                    rare.get_or_insert_default().parameters = parameters(parts);
                }
                if original != inner {
                    rare.get_or_insert_default().inner = Some(inner);
                }
                original
            }
            _ => inner,
        };
        let verb = match parts.method {
            Method::GET => Verb::Get,
            Method::HEAD => Verb::Head,
            _ => {
                let rare = rare.get_or_insert_default();
                (rare.method, rare.changed) = (Some(parts.method.clone()), UnsafeTarget::by(parts));
                Verb::Other
            }
        };
        Self { began, state, original, rare, verb, flags }
    }

    pub(crate) fn method(&self) -> &Method {
        match self.verb {
            Verb::Head => &Method::HEAD,
            Verb::Get => &Method::GET,
            // `rare` always has the method here. CONNECT, as a fallback, is never stored.
            Verb::Other => self.rare.as_ref().and_then(|rare| rare.method.as_ref()).unwrap_or(&Method::CONNECT),
        }
    }

    #[inline]
    pub(crate) fn is_head(&self) -> bool {
        self.verb == Verb::Head
    }

    /// The query that the arguments were taken from.
    pub(crate) fn query(&self) -> Option<&str> {
        self.inner().unwrap_or(&self.original).query()
    }

    /// Path and query that the arguments are taken from, if they differ from the original ones.
    pub(crate) fn inner(&self) -> Option<&PathAndQuery> {
        self.rare.as_ref()?.inner.as_ref()
    }

    /// Keeps the parameters of the path, if there are any.
    pub(crate) fn keep_parameters(&mut self, parts: &mut Parts) {
        if let Some(parameters) = parameters(parts).filter(|parameters| parameters.iter().next().is_some()) {
            self.rare.get_or_insert_default().parameters = Some(parameters);
        }
    }

    /// The parameters of the path, if neither the original path nor the one that the arguments are taken from determines them: a
    /// service between two routers may have changed the path, and a nest may have removed the changed part. Also if the key holds no
    /// path.
    pub(crate) fn parameters(&self) -> Option<&RawPathParams> {
        self.rare.as_ref()?.parameters.as_ref()
    }

    pub(crate) fn conditional(&self) -> Option<&Conditional> {
        Some(&self.rare.as_ref()?.conditional).filter(|conditional| !conditional.is_empty())
    }

    /// The lines of `Cache-Control` and `Pragma`, if there are any.
    pub(crate) fn directives(&self) -> Option<&HeaderMap> {
        self.rare.as_ref()?.directives.as_deref()
    }

    /// Whether the request's own directives accept a stored response of this age and remaining freshness.
    pub(crate) fn wish(&self, age: Duration, remaining: Duration) -> Wish {
        self.directives().map_or(Wish::Use, |fields| request::wish(fields, age, remaining))
    }

    pub(crate) fn accepts_stale(&self, staleness: Duration) -> bool {
        self.directives().is_some_and(|fields| request::accepts_stale(fields, staleness))
    }

    pub(crate) fn only_if_cached(&self) -> bool {
        self.directives().is_some_and(request::only_if_cached)
    }

    /// Takes the target of an unsafe method, for the one run that the request begins.
    pub(crate) fn take_changed(&mut self) -> Option<Box<UnsafeTarget>> {
        self.rare.as_mut()?.changed.take()
    }

    /// The outer runs: those of cached handlers that made this request.
    pub(crate) fn around(&self) -> &[Outer] {
        self.rare.as_ref().and_then(|rare| rare.around.as_deref()).unwrap_or_default()
    }

    /// Notes in the outer runs that `stored` answers this request.
    #[inline]
    pub(crate) fn tell_around(&self, stored: &Stored, cache: CacheId) {
        if self.rare.is_some() {
            self.around().iter().for_each(|outer| outer.note(stored, cache));
        }
    }

    pub(crate) fn forbids_storing(&self) -> bool {
        self.directives().is_some_and(request::forbids_storing)
    }

    /// Whether arguments see credentials of this request, as far as they matter under the policy.
    pub(crate) fn credentials(&self, policy: &Policy, shown: Credentials) -> Credentials {
        let is_left_to_vary = policy.cookies_by_vary && !self.flags.authorization && shown == Credentials::Forwarded;
        match shown {
            // `Withheld` is only set for a request that has credentials, or whose person is known by other means.
            Credentials::Withheld => Credentials::Withheld,
            shown if self.flags.credentials && !is_left_to_vary => shown,
            _ => Credentials::Unseen,
        }
    }

    /// Whether the method is GET or HEAD, which stored responses may answer.
    pub(crate) fn is_safe(&self) -> bool {
        self.verb != Verb::Other
    }
}

/// Whether the only change to a path is that nests removed a prefix without parameters: the rest then has all parameters.
fn is_below_a_fixed_prefix(original: &PathAndQuery, inner: &PathAndQuery, nested: Option<&NestedPath>) -> bool {
    let Some(prefix) = nested.map(|nested| nested.as_str().trim_end_matches('/')).filter(|prefix| !prefix.contains('{')) else {
        return false;
    };
    let below = original.path().strip_prefix(prefix).map(|below| if below.is_empty() { "/" } else { below });
    below == Some(inner.path())
}

/// The parameters that a router has found in the path.
fn parameters(parts: &mut Parts) -> Option<RawPathParams> {
    let found = pin!(RawPathParams::from_request_parts(parts, &()));
    match found.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(parameters)) => Some(parameters),
        _ => None,
    }
}

/// Path and query of a target; `*` and the authority form of CONNECT have none.
fn path_and_query(uri: &http::Uri) -> PathAndQuery {
    uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))
}
