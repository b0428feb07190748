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
        unsafe_target::Changed,
    },
    rules::{
        conditions::Conditional,
        credentials::Credentials,
        request::{self, Wish},
    },
    stored::Stored,
};

/// The request, as far as keys, preconditions and answers are concerned.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    pub(crate) began: Began,
    pub(crate) state: fn() -> State,
    /// Path and query as they arrived.
    pub(crate) original: PathAndQuery,
    /// Boxed: the facts move several times on the way of a hit, and few requests have any of these.
    rare: Option<Box<Rare>>,
    verb: Verb,
    pub(crate) flags: Flags,
}

/// Its method; the store answers the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Head,
    Other,
}

/// What few requests have.
#[derive(Debug, Default)]
struct Rare {
    /// Neither GET nor HEAD.
    method: Option<Method>,
    /// Path and query as they were when the arguments were taken, where a nest or a rewriting service changed them.
    inner: Option<PathAndQuery>,
    /// The parameters of the path, where the key holds no path, or one that they may not have been taken from.
    parameters: Option<RawPathParams>,
    conditional: Conditional,
    /// The lines of `Cache-Control` and `Pragma`, where there are any.
    directives: Option<Box<HeaderMap>>,
    /// What it changes, where its method is unsafe.
    changed: Option<Box<Changed>>,
    /// The runs that it is inside of.
    around: Option<Box<[Outer]>>,
}

/// Which fields that matter are present.
#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the request, and none excludes another")]
pub(crate) struct Flags {
    /// `Authorization`, `Proxy-Authorization`, `Cookie`.
    pub(crate) credentials: bool,
    /// The same without `Cookie`.
    pub(crate) authorization: bool,
    pub(crate) upgrade: Upgrade,
    /// The client takes content in some coding, which a layer outside may put it into.
    pub(crate) accepts_a_coding: bool,
    /// It came through a router of axum, which takes the content away from the answer to a HEAD.
    pub(crate) is_routed: bool,
    /// It came to a service. A router hands on to one (`route_service`, `nest_service`, `fallback_service`) without taking the
    /// content away from the answer to a HEAD.
    pub(crate) is_for_a_service: bool,
    /// That service is one of axum's own routes, with their layers: most are handlers, and answer a HEAD with content.
    pub(crate) is_in_a_route: bool,
    /// It came by HTTP/2 or a later version.
    pub(crate) is_http2: bool,
}

/// Which protocol it asks for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    #[default]
    None,
    WebSocket,
    /// It may be ignored (RFC 9110 §7.8), and is.
    Other,
}

impl RequestFacts {
    /// Of what is asked for without a request.
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

    /// As `parts` say.
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
            // Where nothing has changed it, which is almost always, it is the same text in the same place.
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
                (rare.method, rare.changed) = (Some(parts.method.clone()), Changed::by(parts));
                Verb::Other
            }
        };
        Self { began, state, original, rare, verb, flags }
    }

    pub(crate) fn method(&self) -> &Method {
        match self.verb {
            Verb::Head => &Method::HEAD,
            Verb::Get => &Method::GET,
            // It is there; were it not, nothing would be stored under a method that nobody stores.
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

    /// Path and query as they were when the arguments were taken, where they are others than those that arrived.
    pub(crate) fn inner(&self) -> Option<&PathAndQuery> {
        self.rare.as_ref()?.inner.as_ref()
    }

    /// Keeps the parameters of the path, if there are any.
    pub(crate) fn keep_parameters(&mut self, parts: &mut Parts) {
        if let Some(parameters) = parameters(parts).filter(|parameters| parameters.iter().next().is_some()) {
            self.rare.get_or_insert_default().parameters = Some(parameters);
        }
    }

    /// The parameters of the path, where neither the path as it arrived nor that which the arguments were taken from need hold
    /// them: a service between two routers may have changed it, and a nest taken the changed part away. Also where the key holds
    /// no path.
    pub(crate) fn parameters(&self) -> Option<&RawPathParams> {
        self.rare.as_ref()?.parameters.as_ref()
    }

    pub(crate) fn conditional(&self) -> Option<&Conditional> {
        Some(&self.rare.as_ref()?.conditional).filter(|conditional| !conditional.is_empty())
    }

    /// The lines of `Cache-Control` and `Pragma`, where there are any.
    pub(crate) fn directives(&self) -> Option<&HeaderMap> {
        self.rare.as_ref()?.directives.as_deref()
    }

    /// What the request's own directives say to a stored response of this age.
    pub(crate) fn wish(&self, age: Duration, remaining: Duration) -> Wish {
        self.directives().map_or(Wish::Use, |fields| request::wish(fields, age, remaining))
    }

    pub(crate) fn accepts_stale(&self, staleness: Duration) -> bool {
        self.directives().is_some_and(|fields| request::accepts_stale(fields, staleness))
    }

    pub(crate) fn only_if_cached(&self) -> bool {
        self.directives().is_some_and(request::only_if_cached)
    }

    /// What it changes, for the one run that it begins.
    pub(crate) fn take_changed(&mut self) -> Option<Box<Changed>> {
        self.rare.as_mut()?.changed.take()
    }

    /// The runs that it is inside of.
    pub(crate) fn around(&self) -> &[Outer] {
        self.rare.as_ref().and_then(|rare| rare.around.as_deref()).unwrap_or_default()
    }

    /// Tells the runs that it is inside of what answers it.
    #[inline]
    pub(crate) fn tell_around(&self, stored: &Stored, cache: CacheId) {
        if self.rare.is_some() {
            self.around().iter().for_each(|outer| outer.note(stored, cache));
        }
    }

    pub(crate) fn forbids_storing(&self) -> bool {
        self.directives().is_some_and(request::forbids_storing)
    }

    /// What of its credentials the arguments show, as far as the policy has it matter.
    pub(crate) fn credentials(&self, policy: &Policy, shown: Credentials) -> Credentials {
        let is_left_to_vary = policy.cookies_by_vary && !self.flags.authorization && shown == Credentials::Forwarded;
        match shown {
            // Noted only where there are some, or a person that is known otherwise.
            Credentials::Withheld => Credentials::Withheld,
            shown if self.flags.credentials && !is_left_to_vary => shown,
            _ => Credentials::Unseen,
        }
    }

    /// GET or HEAD: the methods that may be answered from the store.
    pub(crate) fn is_safe(&self) -> bool {
        self.verb != Verb::Other
    }
}

/// Whether all that has happened to a path is that nests took a prefix without parameters away: what is left has them all.
fn is_below_a_fixed_prefix(original: &PathAndQuery, inner: &PathAndQuery, nested: Option<&NestedPath>) -> bool {
    let Some(prefix) = nested.map(|nested| nested.as_str().trim_end_matches('/')).filter(|prefix| !prefix.contains('{')) else {
        return false;
    };
    let below = original.path().strip_prefix(prefix).map(|below| if below.is_empty() { "/" } else { below });
    below == Some(inner.path())
}

/// What a router has found in the path.
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
