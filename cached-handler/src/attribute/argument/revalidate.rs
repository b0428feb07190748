//! `Revalidate`: the validators of a stored response, for a handler that can tell cheaply whether it is still current.

use std::{convert::Infallible, time::SystemTime};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};

use crate::{
    header::{date, entity_tag::EntityTag},
    key::writer::{CacheKey, KeyWriter},
    request::forwarding::Forwarding,
    rules::{conditional::not_modified, conditions::Conditional},
};

/// The validators of the stored response, if that may no longer be sent as it is, or else those of the client's own copy.
///
/// A handler that can tell cheaply whether its response has changed, by a version or a date, answers `StatusCode::NOT_MODIFIED` and
/// saves the work: the stored response is fresh again (RFC 9111 §4.3.4) and answers everybody. The handler has to set `ETag` or
/// `Last-Modified` itself: the tag that the cache makes from the content would require the content.
///
/// It is empty if neither the cache nor the client has a copy. It adds nothing to the key.
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
    /// Whether the copy has this entity tag, by weak comparison (RFC 9110 §13.1.2).
    #[must_use]
    pub fn has(&self, tag: &EntityTag) -> bool {
        match &self.held {
            Held::Nothing | Held::Date(_) => false,
            Held::Tag(held) => held.weak_eq(tag),
            Held::ByClient(conditional) => not_modified(&conditional.if_none_match, None, Some(tag.as_ref()), None),
        }
    }

    /// Whether the copy was last modified at this time or later, in whole seconds (RFC 9110 §13.1.3). False if the copy has an
    /// entity tag, which is more precise.
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
        // The validators of one copy only, the cache's or the client's: a 304 has to be about one of them.
        self.held = if forwarding.is_held {
            let mut by_cache = Held::Nothing;
            for (name, value) in &forwarding.validators {
                by_cache = match (by_cache, *name == header::IF_NONE_MATCH) {
                    (_, true) => EntityTag::parse(value).map_or(Held::Nothing, Held::Tag),
                    // An entity tag is more precise than a date.
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
