//! The one error of this crate.

use std::{error, fmt};

use axum::response::{IntoResponse, Response};
use http::StatusCode;

type Source = Box<dyn error::Error + Send + Sync>;

/// Something that the caller should know of: an invalidation that did not reach its backend, a cache that was built
/// wrongly. A cached handler itself never fails by it: it runs as if there were no cache.
///
/// Its text says what to do, holds nothing of a request, and is not to be relied on; ask [`is_backend`](Self::is_backend)
/// and [`is_config`](Self::is_config) instead. In a handler it may be returned with `?`, and answers 500.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    source: Option<Source>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Backend,
    Config,
}

impl Error {
    /// A failure of a backend, for implementations of [`Store`](crate::backend::Store) and
    /// [`Epochs`](crate::backend::Epochs).
    pub fn backend(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self(Box::new(Inner { kind: Kind::Backend, message: "the backend failed".to_owned(), source: Some(source.into()) }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind: Kind::Config, message: message.into(), source: None }))
    }

    /// Whether a backend could not be reached or refused; what was asked for may be tried again.
    #[must_use]
    pub fn is_backend(&self) -> bool {
        self.0.kind == Kind::Backend
    }

    /// Whether the cache, a policy or an attribute is set up wrongly; trying again does not help.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.0.kind == Kind::Config
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.0.message).field("source", &self.0.source).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn error::Error + 'static))
    }
}

impl IntoResponse for Error {
    /// 500, with no more than the status: what went wrong is for the log.
    fn into_response(self) -> Response {
        tracing::error!(target: "cached_handler", error = %self, source = self.0.source.as_ref().map(tracing::field::display), "a handler answers 500 for an error of the cache");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
