//! What a handler says to the cache about one response, unseen by clients.

use std::{convert::Infallible, time::Duration};

use axum::response::{IntoResponseParts, ResponseParts};

/// This response is fresh for the given time in this cache, whatever the attribute's `ttl` says. Clients see nothing of it.
///
/// It does not overrule what forbids storing (`no-store`, `private`, `Set-Cookie`, …). Zero means: do not reuse.
///
/// ```
/// use std::time::Duration;
/// use cached_handler::{FreshFor, cached};
///
/// #[cached(ttl = 60)]
/// async fn weather() -> (FreshFor, &'static str) {
///     (FreshFor(Duration::from_secs(600)), "fair")
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshFor(pub Duration);

impl FreshFor {
    /// This response is fresh for as long as it would be without this (by the attribute's `ttl`, by what it states, or by a
    /// [`FreshFor`] beside it), but for no longer than `limit`: for what has an end of its own, such as an offer, a
    /// token or a match. Clients see nothing of it. Zero means: do not reuse.
    ///
    /// ```
    /// use std::time::Duration;
    /// use axum::response::IntoResponse;
    /// use cached_handler::{FreshFor, cached};
    ///
    /// /// Of the days that the offer has left, the cache makes a minute.
    /// #[cached(ttl = 60)]
    /// async fn offer() -> impl IntoResponse {
    ///     let left: Duration = time_left().await;
    ///     (FreshFor::at_most(left), "half the price")
    /// }
    /// # async fn time_left() -> Duration { Duration::from_secs(3) }
    /// ```
    pub const fn at_most(limit: Duration) -> FreshForAtMost {
        FreshForAtMost(limit)
    }
}

/// A bound of a response's freshness; from [`FreshFor::at_most`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it does nothing until it is part of a response"]
pub struct FreshForAtMost(pub(crate) Duration);

/// This response is not stored. Clients see nothing of it.
///
/// ```
/// use cached_handler::{DoNotStore, cached};
///
/// #[cached(ttl = 60)]
/// async fn draft() -> (DoNotStore, &'static str) {
///     (DoNotStore, "not ready")
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoNotStore;

/// A handler with `#[cached]` has returned an `Err`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsErr;

macro_rules! parts {
    ($($part:ty),*) => { $(
        impl IntoResponseParts for $part {
            type Error = Infallible;

            fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
                parts.extensions_mut().insert(self);
                Ok(parts)
            }
        }
    )* };
}
parts!(FreshFor, FreshForAtMost, DoNotStore);
