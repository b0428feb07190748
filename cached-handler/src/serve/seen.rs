//! What is captured of a request before the handler's own extractors run, with the cache that it uses.

use std::fmt;

use http::{HeaderMap, request::Parts};

use crate::{
    cache::Cache,
    handler::{function::First, state::State},
    request::{
        facts::RequestFacts,
        signature::{Capture, PassedByAxum, PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow},
    },
};

/// What every cached handler needs of its request; the attribute adds it to the first argument. With `FIELDS` it has all header fields, for
/// attributes and arguments that name some. With `PARAMETERS` it has those of the path, for keys that do not hold the path.
pub struct Seen<const FIELDS: bool, const PARAMETERS: bool = false>(pub(crate) Captured);

/// The captured request, without the type parameters.
#[derive(Debug)]
pub struct Captured {
    pub(crate) facts: RequestFacts,
    pub(crate) fields: Option<Box<HeaderMap>>,
    /// The cache of its router, if that has one of its own.
    pub(crate) cache: Option<Cache>,
}

impl Captured {
    /// The cache of its router, or else of the process.
    #[inline]
    pub(crate) fn cache(&self) -> &Cache {
        self.cache.as_ref().unwrap_or_else(|| Cache::global())
    }

    /// The cache, when the request is not needed any more.
    pub(crate) fn into_cache(self) -> Cache {
        self.cache.unwrap_or_else(|| Cache::global().clone())
    }
}

/// Drops the type parameters of [`Seen`].
#[must_use]
pub fn seen<const FIELDS: bool, const PARAMETERS: bool>(seen: Seen<FIELDS, PARAMETERS>) -> Captured {
    seen.0
}

impl<S: 'static, const FIELDS: bool, const PARAMETERS: bool> Capture<S> for Seen<FIELDS, PARAMETERS> {
    fn of(parts: &mut Parts) -> Self {
        let cache = Cache::of(parts);
        Self::in_cache::<S>(parts, cache)
    }
}

impl<const FIELDS: bool, const PARAMETERS: bool, E> First for PassedByAxum<Seen<FIELDS, PARAMETERS>, E> {}
impl<const FIELDS: bool, const PARAMETERS: bool> First
    for PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<Seen<FIELDS, PARAMETERS>>
{
}

impl<const FIELDS: bool, const PARAMETERS: bool> Seen<FIELDS, PARAMETERS> {
    /// Captures a request for the given cache.
    pub(crate) fn in_cache<S: 'static>(parts: &mut Parts, cache: Option<Cache>) -> Self {
        let began = cache.as_ref().unwrap_or_else(|| Cache::global()).clocks();
        let mut facts = RequestFacts::of(parts, began, State::of::<S>);
        if PARAMETERS {
            facts.keep_parameters(parts);
        }
        Self(Captured { facts, fields: FIELDS.then(|| Box::new(parts.headers.clone())), cache })
    }
}

impl<const FIELDS: bool, const PARAMETERS: bool> fmt::Debug for Seen<FIELDS, PARAMETERS> {
    /// Shows no value, as keys and fields may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("fields", &FIELDS).finish_non_exhaustive()
    }
}
