//! What is captured of a request before the handler's own arguments, in one pass over its fields.

use std::{any::TypeId, convert::Infallible, fmt, future::Ready};

use axum::extract::{FromRequestParts, OriginalUri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts, uri::PathAndQuery};
use smallvec::SmallVec;

use crate::cache::Cache;

/// What every cached handler needs of its request; the attribute puts it beside the first argument. With `FIELDS`, all
/// header fields too, for attributes and arguments that name some.
pub struct Seen<const FIELDS: bool> {
    pub(crate) facts: Facts,
    pub(crate) fields: Option<HeaderMap>,
}

/// Stands alone where a handler has no argument to share a tuple with. Its name is what rustc shows where
/// `#[debug_handler]` stands above such a handler.
#[derive(Debug)]
pub struct PutDebugHandlerBelowCached<const FIELDS: bool>(pub Seen<FIELDS>);

/// The request, as far as keys, preconditions and answers are concerned.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) cache: Option<Cache>,
    pub(crate) state: (TypeId, &'static str),
    pub(crate) method: Method,
    /// Path and query as they arrived, and as they were when the arguments were taken, where a nest or a rewriting
    /// service changed them.
    pub(crate) original: PathAndQuery,
    pub(crate) inner: Option<PathAndQuery>,
    pub(crate) conditional: Conditional,
    pub(crate) flags: Flags,
}

/// The preconditions that this cache evaluates, as sent (RFC 9110 §13.1).
#[derive(Debug, Default)]
pub(crate) struct Conditional {
    pub(crate) if_none_match: SmallVec<[HeaderValue; 1]>,
    pub(crate) if_modified_since: Option<HeaderValue>,
}

/// Which fields that matter are present.
#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
pub(crate) struct Flags {
    pub(crate) credentials: bool,
    pub(crate) upgrade: bool,
    pub(crate) cache_control: bool,
    pub(crate) hosts: bool,
}

impl Facts {
    /// The query that the arguments were taken from.
    pub(crate) fn query(&self) -> Option<&str> {
        self.inner.as_ref().unwrap_or(&self.original).query()
    }

    /// GET or HEAD: the methods that may be answered from the store.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

impl<S: Send + Sync + 'static, const FIELDS: bool> FromRequestParts<S> for Seen<FIELDS> {
    type Rejection = Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Infallible>> + Send {
        std::future::ready(Ok(Self::of::<S>(parts)))
    }
}

impl<S: Send + Sync + 'static, const FIELDS: bool> FromRequestParts<S> for PutDebugHandlerBelowCached<FIELDS> {
    type Rejection = Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Infallible>> + Send {
        std::future::ready(Ok(Self(Seen::of::<S>(parts))))
    }
}

impl<const FIELDS: bool> Seen<FIELDS> {
    fn of<S: 'static>(parts: &Parts) -> Self {
        let inner = path_and_query(&parts.uri);
        let original = parts.extensions.get::<OriginalUri>().map_or(&inner, |uri| path_and_query_ref(&uri.0, &inner)).clone();
        let (conditional, flags) = scan(&parts.headers, parts.uri.authority().map(|a| a.as_str()));
        Self {
            facts: Facts {
                cache: parts.extensions.get::<Cache>().cloned(),
                state: (TypeId::of::<S>(), std::any::type_name::<S>()),
                method: parts.method.clone(),
                inner: (inner != original).then_some(inner),
                original,
                conditional,
                flags,
            },
            fields: FIELDS.then(|| parts.headers.clone()),
        }
    }
}
