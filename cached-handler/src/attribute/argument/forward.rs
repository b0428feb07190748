//! The whole request (or its `Parts`) as an argument: for handlers that forward it to a server, with `vary = from_response`.

use std::{
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::extract::{FromRequestParts as _, MatchedPath, NestedPath, OriginalUri, RawPathParams, Request};
use http::{Extensions, HeaderMap, Method, Uri, request::Parts};
use http_body::Body as _;

use super::{FromResponse, HandlerThatIsCached, Keyed, content, uri};
use crate::{
    cache::Cache,
    key::writer::{CacheKey, KeyWriter, Tag},
    request::{forwarding::Forwarding, nested::Outer, peek::peek},
    rules::credentials::Credentials,
};

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "a cached handler that takes `{T}` sees all of the request",
    label = "the key does not hold the whole request",
    note = "take only what the handler reads: `Path`, `Query`, `Method`, `Uri`, or a `HeaderMap` with `#[cached(…, vary = \"accept-language\")]`",
    note = "if the handler forwards the request to a server: `#[cached(…, vary = from_response)]`; its responses then have to name in `Vary` the fields that they depend on",
    note = "if it does not affect the response: `#[cached(…, skip(request))]`"
)]
pub trait MaySeeAllOf<T> {}

macro_rules! without_vary {
    ($($type:ty),*) => { $(
        #[doc(hidden)]
        impl CacheKey for $type
        where
            for<'a> HandlerThatIsCached<'a>: MaySeeAllOf<Self>,
        {
            fn cache_key(&self, _: &mut KeyWriter<'_>) {}
        }
    )* };
}
without_vary!(Parts, Request);

#[diagnostic::do_not_recommend]
impl Keyed<FromResponse> for Parts {
    fn write(&self, key: &mut KeyWriter<'_>) {
        write_head(&self.method, &self.uri, &self.headers, &self.extensions, key);
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        forwarding.amend(&mut self.headers);
        if forwarding.asks_whole() {
            drop_unkeyed(&mut self.extensions);
        }
        self.extensions.insert(forwarding.outer.clone());
    }
}

#[diagnostic::do_not_recommend]
impl Keyed<FromResponse> for Request {
    #[inline]
    fn peek(&mut self) {
        if !self.body().is_end_stream() {
            let (method, fields) = (self.method().clone(), mem::take(self.headers_mut()));
            peek(&method, &fields, self.body_mut());
            *self.headers_mut() = fields;
        }
    }

    fn write(&self, key: &mut KeyWriter<'_>) {
        write_head(self.method(), self.uri(), self.headers(), self.extensions(), key);
        // The server may act on the content of a GET, which the key does not hold. The content of a POST needs no key: its
        // answer is stored only if the answer says itself for which GET it stands (RFC 9110 §9.3.3).
        if matches!(*self.method(), Method::GET | Method::HEAD) && !self.body().is_end_stream() {
            key.bypass(content::UNKEYED);
        }
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        forwarding.amend(self.headers_mut());
        if forwarding.asks_whole() {
            drop_unkeyed(self.extensions_mut());
        }
        self.extensions_mut().insert(forwarding.outer.clone());
    }
}

/// Writes what does not change between requests that a response's `Vary` may tell apart: method, target, host, and what routers
/// found. The header fields are left to `Vary`.
fn write_head(method: &Method, target: &Uri, fields: &HeaderMap, extensions: &Extensions, key: &mut KeyWriter<'_>) {
    key.traits.shows(Credentials::Forwarded);
    key.traits.can_ask = true;
    uri::method(method, key);
    if *method == Method::POST && !has_only_keyed(extensions) {
        // The handler sees extensions that no key holds, so the answer cannot stand for a GET either: with an offset outside
        // of the key, there is no key of a GET.
        key.traits.method_at.push(usize::MAX);
    }
    uri::write(target, key);
    write_extension::<OriginalUri>(extensions, key);
    write_extension::<MatchedPath>(extensions, key);
    write_extension::<NestedPath>(extensions, key);
    key.hosts(target.authority().map(http::uri::Authority::as_str), fields);
}

/// Writes a value that a router has put into the extensions, or its absence.
fn write_extension<T: CacheKey + Send + Sync + 'static>(extensions: &Extensions, key: &mut KeyWriter<'_>) {
    match extensions.get::<T>() {
        None => key.tag(Tag::None),
        Some(value) => {
            key.tag(Tag::Some);
            value.cache_key(key);
        }
    }
}

/// Removes all extensions but those that the key holds or that belong to the process. Anything else, such as a user whom a
/// middleware put there, could change the response, and no `Vary` can name it.
fn drop_unkeyed(extensions: &mut Extensions) {
    let all = mem::take(extensions);
    copy::<OriginalUri>(&all, extensions);
    copy::<MatchedPath>(&all, extensions);
    copy::<NestedPath>(&all, extensions);
    copy::<Cache>(&all, extensions);
}

/// Whether there are no extensions but those that the key holds or that belong to the process. Asked for a POST, which keeps its
/// extensions.
fn has_only_keyed(extensions: &Extensions) -> bool {
    let known = [
        has_parameters(extensions),
        extensions.get::<OriginalUri>().is_some(),
        extensions.get::<MatchedPath>().is_some(),
        extensions.get::<NestedPath>().is_some(),
        extensions.get::<Cache>().is_some(),
        // This crate's own extension, which shows nothing of the request.
        extensions.get::<Outer>().is_some(),
    ];
    extensions.len() <= known.into_iter().filter(|is_there| *is_there).count()
}

/// Whether a router has put the parameters of the path into the extensions. Their type is private to axum, so an extractor has
/// to look.
fn has_parameters(extensions: &Extensions) -> bool {
    let mut parts = http::Request::new(()).into_parts().0;
    parts.extensions.clone_from(extensions);
    let found = pin!(RawPathParams::from_request_parts(&mut parts, &()));
    matches!(found.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
}

fn copy<T: Clone + Send + Sync + 'static>(from: &Extensions, to: &mut Extensions) {
    if let Some(value) = from.get::<T>() {
        to.insert(value.clone());
    }
}
