//! The resources that a request with an unsafe method may change (RFC 9111 §4.4).

use axum::extract::OriginalUri;
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::{
    epoch::target::Target,
    rules::reference::{leads_back, path_at_same_origin},
};

/// The target of a request with an unsafe method.
#[derive(Debug, Clone)]
pub(crate) struct UnsafeTarget {
    path: Box<str>,
    query: Option<Box<str>>,
    authority: Option<Box<str>>,
}

impl UnsafeTarget {
    /// The target of a request; `None` if its method is safe. An unknown method counts as unsafe.
    pub(crate) fn by(parts: &Parts) -> Option<Box<Self>> {
        if parts.method.is_safe() {
            return None;
        }
        let target = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let mut hosts = parts.headers.get_all(header::HOST).iter();
        let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|host| host.to_str().ok());
        let authority = target.authority().map(http::uri::Authority::as_str).or(host);
        let (path, query) = (target.path().into(), target.query().map(Into::into));
        Some(Box::new(Self { path, query, authority: authority.map(Into::into) }))
    }

    /// The target itself.
    pub(crate) fn target(&self) -> Target {
        Target::sent_path(&self.path)
    }

    /// The target and the resources that `Location` and `Content-Location` of the answer name; none if the answer is an error.
    pub(crate) fn by_answer<B>(&self, answer: &http::Response<B>) -> Vec<Target> {
        if !answer.status().is_success() && !answer.status().is_redirection() {
            return Vec::new();
        }
        let mut targets = vec![self.target()];
        for name in &[header::LOCATION, header::CONTENT_LOCATION] {
            if let Some(target) = answer.headers().get(name).and_then(|line| self.named(line))
                && !targets.contains(&target)
            {
                targets.push(target);
            }
        }
        targets
    }

    /// Whether the answer's content is a representation of the target, by its only `Content-Location` (RFC 9110 §8.7).
    pub(crate) fn is_represented_by(&self, answer: &HeaderMap) -> bool {
        let mut lines = answer.get_all(header::CONTENT_LOCATION).iter();
        let named = lines.next().filter(|_| lines.next().is_none()).and_then(|line| line.to_str().ok());
        let target = self.query.as_ref().map_or_else(|| self.path.to_string(), |query| format!("{}?{query}", self.path));
        named.is_some_and(|named| leads_back(named, &target, self.authority.as_deref()))
    }

    fn named(&self, reference: &HeaderValue) -> Option<Target> {
        path_at_same_origin(reference.to_str().ok()?, &self.path, self.authority.as_deref()).map(|path| Target::sent_path(&path))
    }
}
