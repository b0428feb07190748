//! Groups: sets of stored responses that are invalidated together, and the response part that adds a response to some.

use std::sync::Arc;

use axum::response::{IntoResponseParts, ResponseParts};

use crate::{rules::prefix::is_prefix, util::digest::Digest};

/// The most groups of one response.
pub(crate) const MAX_GROUPS: usize = 16;
/// The longest name of a group, in bytes.
pub(crate) const MAX_GROUP_NAME: usize = 256;

/// Adds groups to this response, besides those of the attribute: for groups that are known only once the handler has run. (RFC 9875
/// has a header field for this; this part sends nothing.)
///
/// A response has at most 16 groups of 256 bytes each, including the attribute's. A response with more is not stored, as an
/// invalidation could not reach it.
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

/// The group of one typed value alone, named by the digest of its key: so each value has an epoch of its own, on every backend.
pub(crate) fn of_key(digest: &Digest) -> Box<str> {
    [OF_KEYS, digest.to_hex().get(..40).unwrap_or_default()].concat().into_boxed_str()
}

/// Whether a group is that of one value.
pub(crate) fn is_of_key(group: &str) -> bool {
    group.starts_with(OF_KEYS)
}

/// The beginning of such a group's name, which no author's group has on purpose.
const OF_KEYS: &str = "\u{0}value:";

/// Whether the number and the names of these groups are within the limits, so that an invalidation can reach all of them.
pub(crate) fn are_valid<G: AsRef<str>>(groups: &[G]) -> bool {
    let others = groups.iter().filter(|group| is_prefix(group.as_ref()) || is_of_key(group.as_ref())).count();
    groups.len() - others <= MAX_GROUPS && groups.iter().all(|group| (1..=MAX_GROUP_NAME).contains(&group.as_ref().len()))
}
