//! `Invalidation`: what the body of a handler with `#[invalidates]` finds out that it changes.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use axum::extract::FromRequestParts;
use http::{StatusCode, request::Parts};

use crate::{epoch::target::Target, util::lock::lock};

/// An argument of a handler with `#[invalidates]`, by which its body names what only it finds out: the name in an upload, the
/// old name of what is renamed.
///
/// **Name it before the write.** It is then invalidated after the body, before the answer is sent, however the body ends: with an
/// answer of any status, in a panic, or after its client has left; where the client leaves, the body goes on to its end
/// (RFC 9110 §9.2.2 leaves it to the server what becomes of a request whose connection breaks). What the attribute
/// names beside it is spared by an answer of 4xx, and this is not.
///
/// After its client has left, the body goes on in a task of its own. Task-locals that a middleware has set around it
/// (`tokio::task_local!`) are not there any more, and reading one by `LocalKey::with` panics: take what the body needs of them before
/// its first await. A panic after the client has left is an error in the log. As many bodies go on as
/// [`CacheBuilder::max_detached_runs`](crate::CacheBuilder::max_detached_runs) allows; a further one ends with its client.
///
/// If it can be known only from what was written, the response may say it: [`CacheGroups`](crate::CacheGroups) in the response of
/// such a handler is invalidated, too, unless the answer is a 4xx.
///
/// Not in a handler without the attribute: the extractor answers 500, as nobody would carry it out. A handler with `#[cached]` takes
/// a [`Cache`](crate::Cache).
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
    /// Adds a group; nothing, where the name is empty or longer than 256 bytes, as no response has such a one.
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

    /// What has been named.
    pub(crate) fn so_far(&self) -> Vec<Target> {
        lock(&self.0).clone()
    }
}

impl<S: Sync> FromRequestParts<S> for Invalidation {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!(target: "cached_handler", "a handler takes `Invalidation` and has no `#[invalidates]`: type the attribute above it");
            (StatusCode::INTERNAL_SERVER_ERROR, "the handler cannot say what it changes")
        })
    }
}

impl fmt::Debug for Invalidation {
    /// Names no target: a group may hold what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidation").field("targets", &lock(&self.0).len()).finish()
    }
}
