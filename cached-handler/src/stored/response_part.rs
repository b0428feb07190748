//! What a handler says to the cache about one response, unseen by clients.

use std::{convert::Infallible, time::Duration};

use axum::response::{IntoResponseParts, ResponseParts};

/// This response is fresh for the given time in this cache, whatever the attribute's `ttl` says. Clients see nothing of it.
///
/// It does not overrule what forbids storing (`no-store`, `private`, `Set-Cookie`, …). Zero means: stale from the beginning, as
/// `max-age=0` is (RFC 9111 §4.2). Then it is stored where a stale window (`stale_while_revalidate`, `stale_if_error`) or
/// [`Revalidate`](crate::Revalidate) has a use for it, and answers within that window; otherwise it is not stored. What must
/// never answer again says [`DoNotStore`], or [`FreshFor::at_most`] zero.
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
    /// token or a match. Clients see nothing of it.
    ///
    /// After `limit` the response answers nobody any more: stale windows (`stale_while_revalidate`, `stale_if_error`) end with
    /// it, and a request's `max-stale` is not heeded. A page that is made of it ends no later than its freshness does. Zero means: it
    /// has ended, and is never sent again; it is not stored, unless its handler can be asked whether it still holds
    /// ([`Revalidate`](crate::Revalidate)), whose answer says anew until when.
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

/// The end of a response's use; from [`FreshFor::at_most`].
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
