//! The whole request as an argument: for handlers that forward it, with `vary = from_response`.

use axum::extract::Request;
use http::{HeaderMap, Uri, header, request::Parts};
use http_body::Body as _;

use super::{FromResponse, Keyed, content, uri};
use crate::{
    cache_key::{KeyWriter, Tag},
    outcome::Bypass,
    serve::Run,
};

/// What the attribute has to declare before a handler may take `T`, which shows every field.
#[diagnostic::on_unimplemented(
    message = "a cached handler that takes `{T}` sees all of the request",
    label = "the key does not hold the whole request",
    note = "take what it reads: `Path`, `Query`, `Method`, `Uri`, or a `HeaderMap` with `#[cached(…, vary = \"accept-language\")]`",
    note = "a handler that forwards to a server: `vary = from_response`; then its responses name in `Vary` what they depend on",
    note = "a request that changes no response: `skip(request)`"
)]
pub trait VariesFromResponse<T> {}

impl<T> VariesFromResponse<T> for FromResponse {}

impl<M: VariesFromResponse<Self>> Keyed<M> for Parts {
    fn write(&self, key: &mut KeyWriter<'_>) {
        head(&self.method, &self.uri, &self.headers, key);
    }

    fn amend(&mut self, _: &Run) {
        unconditional(&mut self.headers);
    }
}

impl<M: VariesFromResponse<Self>> Keyed<M> for Request {
    fn write(&self, key: &mut KeyWriter<'_>) {
        head(self.method(), self.uri(), self.headers(), key);
        // A GET with content: what it does is up to the server, which sees it, and the key does not hold it.
        if !self.body().is_end_stream() {
            key.bypass(content::UNKEYED);
        }
    }

    fn amend(&mut self, _: &Run) {
        unconditional(self.headers_mut());
    }
}

fn head(method: &http::Method, target: &Uri, fields: &HeaderMap, key: &mut KeyWriter<'_>) {
    key.traits.sees_credentials = true;
    uri::method(method, key);
    uri::write(target, key);
    hosts(target.authority().map(http::uri::Authority::as_str), fields, key);
}

/// Every `Host` line. A request that names two authorities is understood in two ways along its path, so it is neither
/// answered from the store nor stored.
pub(super) fn hosts(authority: Option<&str>, fields: &HeaderMap, key: &mut KeyWriter<'_>) {
    // Deprecated user information is no part of what `Host` says (RFC 9112 §3.2).
    let mut first = authority.map(|authority| authority.rsplit('@').next().unwrap_or_default().as_bytes());
    key.tag(Tag::Authority);
    for line in fields.get_all(header::HOST) {
        key.tag(Tag::Some);
        key.raw(line.as_bytes());
        if !first.get_or_insert(line.as_bytes()).eq_ignore_ascii_case(line.as_bytes()) {
            key.bypass(Bypass::AmbiguousAuthority);
        }
    }
    key.tag(Tag::End);
}

/// Takes the preconditions and ranges away, which the cache evaluates itself: what it stores is whole.
pub(super) fn unconditional(fields: &mut HeaderMap) {
    for name in
        [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::IF_RANGE, header::RANGE]
    {
        fields.remove(name);
    }
}
