//! What a request with an unsafe method changes, by what its method means (RFC 9111 §4.4).

use axum::extract::OriginalUri;
use http::{HeaderValue, header, request::Parts};

use crate::{invalidate::Target, rules::reference::path_at_same_origin};

/// The resource that such a request is sent to.
#[derive(Debug)]
pub(crate) struct Changed {
    path: Box<str>,
    authority: Option<Box<str>>,
}

impl Changed {
    /// Nothing, for a safe method; a method that nobody knows is unsafe.
    pub(crate) fn by(parts: &Parts) -> Option<Box<Self>> {
        if parts.method.is_safe() {
            return None;
        }
        let target = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| host.to_str().ok());
        let authority = target.authority().map(http::uri::Authority::as_str).or(host);
        Some(Box::new(Self { path: target.path().into(), authority: authority.map(Into::into) }))
    }

    /// The target itself.
    pub(crate) fn target(&self) -> Target {
        Target::path(&self.path)
    }

    /// The target, and what the answer says was changed beside it; nothing, where the answer says that nothing was.
    pub(crate) fn by_answer<B>(&self, answer: &http::Response<B>) -> Vec<Target> {
        if !answer.status().is_success() && !answer.status().is_redirection() {
            return Vec::new();
        }
        let named = [header::LOCATION, header::CONTENT_LOCATION].map(|name| answer.headers().get(name).and_then(|line| self.named(line)));
        std::iter::once(self.target()).chain(named.into_iter().flatten()).collect()
    }

    fn named(&self, reference: &HeaderValue) -> Option<Target> {
        path_at_same_origin(reference.to_str().ok()?, &self.path, self.authority.as_deref()).map(Target::path)
    }
}
