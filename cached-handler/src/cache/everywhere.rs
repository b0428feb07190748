//! Invalidations that act on every cache of the process.

use crate::{
    cache::Cache,
    epoch::{Effect, target::Target},
    error::Error,
    handler::function::CachedHandler,
    util::join::{Call, together},
};

/// Invalidates a group in every [`Cache`] of this process: once this has returned `Ok`, no later request is answered with a response
/// whose handler started before it. Runs in progress are covered.
///
/// # Errors
///
/// If a backend could not be reached. The others are invalidated nevertheless; call again for the rest.
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::invalidate_group("articles").await?;
/// # Ok(()) }
/// ```
pub async fn invalidate_group(group: impl Into<String>) -> Result<(), Error> {
    everywhere(&Target::group(group), Effect::Invalidate).await
}

/// Invalidates a path in every [`Cache`] of this process; see [`Target::path`] and [`invalidate_group`].
///
/// # Errors
///
/// As [`invalidate_group`]; and if it is no path that a client sends ([`Error::is_config`]).
pub async fn invalidate_path(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path(path), Effect::Invalidate).await
}

/// Invalidates a path and everything below it in every [`Cache`] of this process; see [`Target::path_prefix`] and
/// [`invalidate_group`].
///
/// # Errors
///
/// As [`invalidate_path`]; and if a cache lacks [`CacheBuilder::path_prefixes`](crate::CacheBuilder::path_prefixes).
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::invalidate_path_prefix("/articles").await?;
/// # Ok(()) }
/// ```
pub async fn invalidate_path_prefix(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path_prefix(path), Effect::Invalidate).await
}

/// Invalidates a handler's responses in every [`Cache`] of this process; see [`Target::handler`] and
/// [`invalidate_group`].
pub async fn invalidate_handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Result<(), Error> {
    let target = Target::handler(handler);
    everywhere(&target, Effect::Invalidate).await
}

/// Invalidates everything in every [`Cache`] of this process; see [`invalidate_group`].
pub async fn invalidate_all() -> Result<(), Error> {
    everywhere(&Target::all(), Effect::Invalidate).await
}

/// Makes a group stale in every [`Cache`] of this process: see [`Cache::expire`](crate::Cache::expire).
///
/// # Errors
///
/// If a backend could not be reached. The others are expired nevertheless; call again for the rest.
pub async fn expire_group(group: impl Into<String>) -> Result<(), Error> {
    everywhere(&Target::group(group), Effect::Expire).await
}

/// Makes a path stale in every [`Cache`] of this process; see [`Target::path`] and [`expire_group`].
///
/// # Errors
///
/// As [`expire_group`]; and if it is no path that a client sends ([`Error::is_config`]).
pub async fn expire_path(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path(path), Effect::Expire).await
}

/// Makes a path and everything below it stale in every [`Cache`] of this process; see [`Target::path_prefix`] and [`expire_group`].
///
/// # Errors
///
/// As [`invalidate_path_prefix`].
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::expire_path_prefix("/articles").await?;
/// # Ok(()) }
/// ```
pub async fn expire_path_prefix(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path_prefix(path), Effect::Expire).await
}

/// Makes a handler's responses stale in every [`Cache`] of this process; see [`Target::handler`] and [`expire_group`].
pub async fn expire_handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Result<(), Error> {
    let target = Target::handler(handler);
    everywhere(&target, Effect::Expire).await
}

/// Makes everything stale in every [`Cache`] of this process; see [`expire_group`].
pub async fn expire_all() -> Result<(), Error> {
    everywhere(&Target::all(), Effect::Expire).await
}

/// Acts on all caches concurrently. It continues after a failure, and returns the first error.
async fn everywhere(target: &Target, effect: Effect) -> Result<(), Error> {
    let caches = Cache::all();
    let calls = caches.iter().map(|cache| -> Call<'_, _> { Box::pin(cache.change(target, effect, None)) }).collect();
    together(calls).await.into_iter().fold(target.check(), Result::and)
}
