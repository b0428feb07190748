//! The name of a set of stored responses that are invalidated together, and the response part that adds some.

use std::sync::Arc;

use axum::response::{IntoResponseParts, ResponseParts};

use crate::{rules::prefix::is_prefix, util::digest::Digest};

/// Most groups of one response.
pub(crate) const MAX_GROUPS: usize = 16;
/// Longest name of a group, in bytes.
pub(crate) const MAX_GROUP_NAME: usize = 256;

/// Adds groups to this one response, besides those of the attribute: for what is known only once the handler has run
/// (RFC 9875 has the idea as a header field; this part sends nothing).
///
/// At most 16 groups a response, 256 bytes each, counted with the attribute's; a response with more is not stored, as
/// an invalidation could not reach it.
///
/// ```
/// use cached_handler::{CacheGroups, cached};
/// use axum::{Json, extract::Path};
///
/// #[cached(ttl = 60, group = "orders")]
/// async fn order(Path(id): Path<u64>) -> (CacheGroups, Json<u64>) {
///     let customer = id % 7;
///     (CacheGroups::of([format!("customer:{customer}")]), Json(id))
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct CacheGroups(pub(crate) Arc<[Box<str>]>);

impl CacheGroups {
    /// The given groups.
    pub fn of<G: Into<String>>(groups: impl IntoIterator<Item = G>) -> Self {
        Self(groups.into_iter().map(|group| group.into().into_boxed_str()).collect())
    }
}

impl IntoResponseParts for CacheGroups {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// The group of one typed value alone, under its key's digest: so its epoch is its own, on every backend.
pub(crate) fn of_key(digest: &Digest) -> Box<str> {
    [OF_KEYS, digest.to_hex().get(..40).unwrap_or_default()].concat().into_boxed_str()
}

/// Whether it is such a group.
pub(crate) fn is_of_key(group: &str) -> bool {
    group.starts_with(OF_KEYS)
}

/// What no author's group begins with on purpose.
const OF_KEYS: &str = "\u{0}value:";

/// Whether an invalidation could reach all of these.
pub(crate) fn are_valid<G: AsRef<str>>(groups: &[G]) -> bool {
    let others = groups.iter().filter(|group| is_prefix(group.as_ref()) || is_of_key(group.as_ref())).count();
    groups.len() - others <= MAX_GROUPS && groups.iter().all(|group| (1..=MAX_GROUP_NAME).contains(&group.as_ref().len()))
}
