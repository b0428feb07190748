//! `Revalidate`: what is held of an earlier response, for a handler that can tell cheaply whether it still holds.

use std::{convert::Infallible, time::SystemTime};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};

use crate::{
    header::{date, entity_tag::EntityTag},
    key::writer::{CacheKey, KeyWriter},
    request::forwarding::Forwarding,
    rules::{conditional::not_modified, conditions::Conditional},
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
    Tag(EntityTag),
    Date(SystemTime),
    ByClient(Box<Conditional>),
}

impl Revalidate {
    /// Whether what is held has this entity tag, by weak comparison (RFC 9110 §13.1.2).
    #[must_use]
    pub fn has(&self, tag: &EntityTag) -> bool {
        match &self.held {
            Held::Nothing | Held::Date(_) => false,
            Held::Tag(held) => held.weak_eq(tag),
            Held::ByClient(conditional) => not_modified(&conditional.if_none_match, None, Some(tag), None),
        }
    }

    /// Whether what is held was last modified then or later, in whole seconds (RFC 9110 §13.1.3). An entity tag says more:
    /// where what is held has one, this is false.
    #[must_use]
    pub fn is_since(&self, modified: SystemTime) -> bool {
        let modified = date::print(modified);
        match &self.held {
            Held::Nothing | Held::Tag(_) => false,
            Held::Date(held) => date::parse(&modified).is_some_and(|modified| modified <= *held),
            Held::ByClient(conditional) => {
                conditional.if_none_match.is_empty() && not_modified(&[], conditional.if_modified_since.get(), None, Some(&modified))
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

    fn fill(&mut self, forwarding: &Forwarding<'_>) {
        if forwarding.is_untouched {
            return;
        }
        // Of one of the two alone: a 304 has to say which it speaks of.
        self.held = if forwarding.is_held {
            let mut by_cache = Held::Nothing;
            for (name, value) in &forwarding.validators {
                by_cache = match (by_cache, *name == header::IF_NONE_MATCH) {
                    (_, true) => EntityTag::parse(value).map_or(Held::Nothing, Held::Tag),
                    // An entity tag says more than a date.
                    (tag @ Held::Tag(_), false) => tag,
                    (_, false) => date::parse(value).map_or(Held::Nothing, Held::Date),
                };
            }
            by_cache
        } else {
            forwarding.conditional.map_or(Held::Nothing, |conditional| Held::ByClient(Box::new(conditional.clone())))
        };
    }
}
