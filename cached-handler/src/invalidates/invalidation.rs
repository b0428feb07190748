//! `Invalidation`: targets that only the body of a handler with `#[invalidates]` can name.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use axum::extract::FromRequestParts;
use http::{StatusCode, request::Parts};

use crate::{epoch::target::Target, util::lock::lock};

/// An argument of a handler with `#[invalidates]`, with which its body names targets that only the body can know: a name in an upload,
/// the old name of a renamed resource.
///
/// **Name a target before the write.** It is then invalidated after the body and before the answer is sent, however the body ends: with
/// an answer of any status, in a panic, or after its client has disconnected. In the last case the body runs to its end (RFC 9110
/// §9.2.2 leaves it to the server what becomes of a request whose connection breaks). An answer of 4xx prevents the invalidation of
/// the attribute's own targets, but not of these.
///
/// After its client has disconnected, the body continues in a task of its own. Task-locals of a middleware (`tokio::task_local!`) are
/// not set there, and reading one by `LocalKey::with` panics: read what the body needs of them before its first await. A panic after
/// the client has disconnected is logged as an error. The number of such bodies is limited by
/// [`CacheBuilder::max_detached_runs`](crate::CacheBuilder::max_detached_runs); a further one ends with its client.
///
/// A target that is known only from the result of the write may be named in the response: the groups of
/// [`CacheGroups`](crate::CacheGroups) in the response of such a handler are invalidated, too, unless the answer is a 4xx.
///
/// In a handler without the attribute the extractor answers 500, as nothing would invalidate the targets. A handler with `#[cached]`
/// takes a [`Cache`](crate::Cache) instead.
///
/// ```
/// use axum::{body::Bytes, http::StatusCode};
/// use cached_handler::{Invalidation, invalidates};
///
/// #[invalidates(group = "crates")]
/// async fn publish(changed: Invalidation, upload: Bytes) -> Result<StatusCode, StatusCode> {
///     let name = name_in(&upload).ok_or(StatusCode::BAD_REQUEST)?;
///     changed.group(format!("crate:{name}"));
///     store(&upload).await?;
///     Ok(StatusCode::CREATED)
/// }
/// # fn name_in(upload: &[u8]) -> Option<&str> { std::str::from_utf8(upload).ok() }
/// # async fn store(_: &[u8]) -> Result<(), StatusCode> { Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Invalidation(Arc<Mutex<Vec<Target>>>);

impl Invalidation {
    /// Adds a group. A name that is empty or longer than 256 bytes is ignored, as no response has such a group.
    pub fn group(&self, group: impl Into<String>) {
        let group = Target::group(group);
        if group.may_be_named() {
            self.target(group);
        }
    }

    /// Adds any other target.
    pub fn target(&self, target: Target) {
        let mut targets = lock(&self.0);
        if !targets.contains(&target) {
            targets.push(target);
        }
    }

    /// The targets that were named so far.
    pub(crate) fn so_far(&self) -> Vec<Target> {
        lock(&self.0).clone()
    }
}

impl<S: Sync> FromRequestParts<S> for Invalidation {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!(target: "cached_handler", "a handler takes `Invalidation` and has no `#[invalidates]`: type the attribute above it");
            (StatusCode::INTERNAL_SERVER_ERROR, "the handler cannot invalidate what it changes")
        })
    }
}

impl fmt::Debug for Invalidation {
    /// Shows no target, as a group may contain data of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidation").field("targets", &lock(&self.0).len()).finish()
    }
}
