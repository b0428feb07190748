//! `Revalidate`: what is held of an earlier response, for a handler that can tell cheaply whether it still holds.

use std::{convert::Infallible, time::SystemTime};

use axum::extract::FromRequestParts;
use http::{HeaderValue, header, request::Parts};

use crate::{
    cache_key::{CacheKey, KeyWriter},
    header::{date, entity_tag::EntityTag},
    rules::conditional::not_modified,
    seen::Conditional,
    serve::Run,
};

/// The validators of what the cache holds and may not send any more, or else of what the client says that it holds.
///
/// A handler that knows cheaply whether its answer has changed, by a version or a date, says so with
/// `StatusCode::NOT_MODIFIED` and spares the work: what is stored is fresh again (RFC 9111 §4.3.4), and everybody is
/// answered from it. The handler has to send `ETag` or `Last-Modified` of its own; one that is made of the content would
/// need the content.
///
/// It shows nothing where nothing is held; then there is nothing to spare. It adds nothing to the key.
///
/// ```
/// use axum::{extract::Path, http::{StatusCode, header}, response::{IntoResponse, Response}};
/// use cached_handler::{EntityTag, Revalidate, cached};
///
/// #[cached(ttl = 10)]
/// async fn report(Path(id): Path<u64>, held: Revalidate) -> Response {
///     let tag = EntityTag::of(&version_of(id).to_le_bytes());
///     if held.has(&tag) {
///         return StatusCode::NOT_MODIFIED.into_response();
///     }
///     ([(header::ETAG, tag.to_header_value())], render(id)).into_response()
/// }
/// # fn version_of(id: u64) -> u64 { id }
/// # fn render(id: u64) -> String { format!("a long report on {id}") }
/// ```
#[derive(Debug, Default)]
pub struct Revalidate {
    held: Held,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    ByCache {
        tag: Option<EntityTag>,
        date: Option<SystemTime>,
    },
    ByClient(Conditional),
}

impl Revalidate {
    /// Whether what is held has this entity tag, by weak comparison (RFC 9110 §13.1.2).
    #[must_use]
    pub fn has(&self, tag: &EntityTag) -> bool {
        match &self.held {
            Held::Nothing => false,
            Held::ByCache { tag: held, .. } => held.as_ref().is_some_and(|held| held.weak_eq(tag)),
            Held::ByClient(conditional) => not_modified(&conditional.if_none_match, None, Some(tag), None),
        }
    }

    /// Whether what is held was last modified then or later, in whole seconds (RFC 9110 §13.1.3). An entity tag says more:
    /// where the client shows one, this is false.
    #[must_use]
    pub fn is_since(&self, modified: SystemTime) -> bool {
        let modified = date::print(modified);
        match &self.held {
            Held::Nothing => false,
            Held::ByCache { date, .. } => date::parse(&modified).zip(*date).is_some_and(|(modified, held)| modified <= held),
            Held::ByClient(conditional) => {
                conditional.if_none_match.is_empty() && not_modified(&[], conditional.if_modified_since(), None, Some(&modified))
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Revalidate {
    type Rejection = Infallible;

    fn from_request_parts(_: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Infallible>> + Send {
        std::future::ready(Ok(Self::default()))
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for Revalidate {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.traits.can_ask = true;
    }

    fn fill(&mut self, run: &Run) {
        // Of one of the two alone: a 304 has to say which it speaks of.
        self.held = if let Some(held) = run.held() {
            if !held.own_validator {
                return;
            }
            let value = |name| held.fields.get(name);
            Held::ByCache {
                tag: value(header::ETAG).and_then(EntityTag::parse),
                date: value(header::LAST_MODIFIED).and_then(|value: &HeaderValue| date::parse(value)),
            }
        } else {
            run.facts.conditional.as_deref().map_or(Held::Nothing, |conditional| Held::ByClient(conditional.clone()))
        };
    }
}
