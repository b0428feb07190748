//! `OnMiss<E>`: an argument whose extractor runs only if the handler runs.

use std::{fmt, pin::Pin, sync::Mutex};

use axum::{
    extract::{FromRequestParts, Path, Query, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use serde::de::DeserializeOwned;

use super::{not_of_this_request, query, uri};
use crate::{
    key::writer::{CacheKey, KeyWriter, Tag},
    stored::response_part::DoNotStore,
};

/// An extractor that is put off until the handler runs: for pooled connections and whatever else is expensive to acquire.
///
/// **On a hit the extractor does not run at all**, neither its work nor its checks. So it is not for authentication.
///
/// The key has to be known before the extractor runs, and of an extractor of yours nothing is known by then. Hence
/// `skip_credentials(db)`: you vouch that it shows nothing of the person who asks, as a connection does not. With `skip(db)` requests
/// that have a `Cookie` or `Authorization` bypass the cache. The request's header fields are copied for the extractor, on a hit too
/// (under half a microsecond).
///
/// ```
/// use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
/// use cached_handler::{OnMiss, cached};
///
/// struct Connection;
///
/// impl<S: Sync> FromRequestParts<S> for Connection {
///     type Rejection = StatusCode;
///
///     async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
///         Ok(Self)
///     }
/// }
///
/// #[cached(ttl = 60, skip_credentials(db))]
/// async fn count(db: OnMiss<Connection>) -> Result<String, cached_handler::Rejected> {
///     let _db = db.extract().await?;
///     Ok("3".to_owned())
/// }
/// ```
#[must_use = "its extractor runs only by `.extract().await`"]
pub struct OnMiss<E> {
    extraction: Pin<Box<dyn Future<Output = Result<E, Rejected>> + Send>>,
}

impl<E> OnMiss<E> {
    /// Runs the extractor.
    pub async fn extract(self) -> Result<E, Rejected> {
        self.extraction.await
    }
}

impl<S, E> FromRequestParts<S> for OnMiss<E>
where
    S: Clone + Send + Sync + 'static,
    E: FromRequestParts<S> + 'static,
{
    type Rejection = std::convert::Infallible;

    fn from_request_parts(parts: &mut Parts, state: &S) -> impl Future<Output = Result<Self, Self::Rejection>> + Send {
        let (mut parts, state) = (parts.clone(), state.clone());
        let extraction = Box::pin(async move { E::from_request_parts(&mut parts, &state).await.map_err(Rejected::new) });
        std::future::ready(Ok(Self { extraction }))
    }
}

impl<E> fmt::Debug for OnMiss<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnMiss").finish_non_exhaustive()
    }
}

/// The rejection of an extractor that [`OnMiss::extract`] ran. It is never stored.
///
/// `?` converts it into `Rejected` itself, a [`Response`] and [`axum::response::Result`], which send the extractor's answer. It is
/// an [`Error`](std::error::Error), so `?` also converts it into error types that are made from any error; a tuple has to be made by
/// hand. The result of such a conversion is an answer of the handler: with a status that is stored (404, 410), it is stored.
///
/// ```
/// use axum::http::StatusCode;
/// use cached_handler::{OnMiss, cached};
/// # use axum::{extract::FromRequestParts, http::request::Parts};
/// # struct Connection;
/// # impl<S: Sync> FromRequestParts<S> for Connection {
/// #     type Rejection = StatusCode;
/// #     async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> { Ok(Self) }
/// # }
///
/// #[cached(ttl = 60, skip_credentials(db))]
/// async fn count(db: OnMiss<Connection>) -> Result<String, (StatusCode, String)> {
///     let _db = db.extract().await.map_err(|rejected| (rejected.status(), rejected.to_string()))?;
///     Ok("3".to_owned())
/// }
/// ```
pub struct Rejected {
    status: StatusCode,
    /// The lock is never contended: it makes the response `Sync`, as error types require.
    response: Mutex<Response>,
}

impl Rejected {
    fn new(rejection: impl IntoResponse) -> Self {
        let response = rejection.into_response();
        Self { status: response.status(), response: Mutex::new(response) }
    }

    /// The status of its response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let response = self.response.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        (DoNotStore, response).into_response()
    }
}

impl From<Rejected> for Response {
    fn from(rejected: Rejected) -> Self {
        rejected.into_response()
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("status", &self.status).finish_non_exhaustive()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the extractor answered {}", self.status)
    }
}

impl std::error::Error for Rejected {}

impl<E: KeyedUnseen> CacheKey for OnMiss<E> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        E::write_unseen(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

/// An extractor whose value, and whose rejection, follow from the request alone.
#[diagnostic::on_unimplemented(
    message = "`OnMiss<{Self}>` cannot add to the key: its extractor runs after the key is made",
    label = "not known when the key is made",
    note = "type `#[cached(…, skip_credentials(arg))]`, with this argument's name, if it shows nothing of the request or of a person, as with a pooled connection",
    note = "else take `{Self}` without `OnMiss`"
)]
pub trait KeyedUnseen {
    #[doc(hidden)]
    fn write_unseen(key: &mut KeyWriter<'_>);
}

macro_rules! unseen {
    ($($type:ty $(, $generic:ident $(: $bound:path)?)?; |$key:ident| $write:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl $(<$generic $(: $bound)?>)? KeyedUnseen for $type {
            fn write_unseen($key: &mut KeyWriter<'_>) {
                $write
            }
        }
    )* };
}
unseen! {
    (); |_key| {};
    crate::cache::Cache; |_key| {};
    State<T>, T; |_key| {};
    Path<T>, T; |key| key.path_parameters();
    // The handler may see the rejection, which shows more than the parameters that `T` reads.
    Query<T>, T: DeserializeOwned; |key| raw_query(key);
    RawQuery; |key| raw_query(key);
    Method; |key| {
        let facts = key.facts;
        uri::method(facts.method(), key);
    };
}

/// Writes the query of the request, absent or as sent.
pub(super) fn raw_query(key: &mut KeyWriter<'_>) {
    let facts = key.facts;
    match facts.query() {
        None => key.tag(Tag::None),
        Some(sent) => query::raw(sent, key),
    }
}

macro_rules! tuples {
    ($($($argument:ident)*;)*) => { $(
        impl<$($argument: KeyedUnseen),*> KeyedUnseen for ($($argument,)*) {
            fn write_unseen(key: &mut KeyWriter<'_>) {
                $($argument::write_unseen(key);)*
            }
        }
    )* };
}
tuples! { A; A B; A B C; A B C D; }
