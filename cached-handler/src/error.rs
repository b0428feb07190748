//! The one error of this crate.

use std::{borrow::Cow, error, fmt};

use axum::response::{IntoResponse, Response};
use http::StatusCode;

type Source = Box<dyn error::Error + Send + Sync>;

/// A failure that the caller should know of: an invalidation did not reach its backend, or a cache is set up wrongly. A cached handler
/// itself never fails with it: it runs as if there were no cache.
///
/// Its text says what to do, shows nothing of a request, and may change; use [`is_backend`](Self::is_backend) and
/// [`is_config`](Self::is_config) to tell failures apart. In a handler it may be returned with `?`, and answers 500.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    fault: Fault,
    message: Cow<'static, str>,
    source: Option<Source>,
}

/// What a failure means for the backend's health; each has a word for events and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The backend did not answer, or too late, or with nonsense, or answered that it cannot serve at all.
    Sick(&'static str),
    /// The backend answered, and refused this call only.
    Refused(&'static str),
    /// The backend was not called.
    Spared(&'static str),
}

impl Fault {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sick(word) | Self::Refused(word) | Self::Spared(word) => word,
        }
    }
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
        let (kind, fault) = (Kind::Backend, Fault::Sick("failed"));
        Self(Box::new(Inner { kind, fault, message: "the backend failed".into(), source: Some(source.into()) }))
    }

    /// A failure of a backend with this fault.
    pub(crate) fn fault(fault: Fault, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind: Kind::Backend, fault, message: message.into(), source: None }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        let (kind, fault) = (Kind::Config, Fault::Refused("config"));
        Self(Box::new(Inner { kind, fault, message: message.into().into(), source: None }))
    }

    /// A copy for another caller that waited for the same call; without the source, which cannot be cloned.
    #[cfg(feature = "redis")]
    pub(crate) fn for_another(&self) -> Self {
        let Inner { kind, fault, message, .. } = &*self.0;
        Self(Box::new(Inner { kind: *kind, fault: *fault, message: message.clone(), source: None }))
    }

    /// The word of the fault and its message, if that is a text of this crate; text of a server is not passed on.
    #[cfg(feature = "redis")]
    pub(crate) fn into_words(self) -> (&'static str, &'static str) {
        match self.0.message {
            Cow::Borrowed(message) => (self.0.fault.word(), message),
            Cow::Owned(_) => (self.0.fault.word(), "the backend failed"),
        }
    }

    pub(crate) fn as_fault(&self) -> Fault {
        self.0.fault
    }

    /// Whether a backend could not be reached, or refused; the call may be tried again.
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
    /// An answer of 500 without content; the error itself is logged.
    fn into_response(self) -> Response {
        tracing::error!(target: "cached_handler", error = %self, source = self.0.source.as_ref().map(tracing::field::display), "a handler answers 500 for an error of the cache");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
