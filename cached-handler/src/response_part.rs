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
parts!(FreshFor, DoNotStore);
