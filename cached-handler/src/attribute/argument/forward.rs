//! The whole request as an argument: for handlers that forward it, with `vary = from_response`.

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

/// Nobody implements it: it is there for what rustc says then.
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
        head(&self.method, &self.uri, &self.headers, &self.extensions, key);
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
        head(self.method(), self.uri(), self.headers(), self.extensions(), key);
        // A GET with content: what it does is up to the server, which sees it, and the key does not hold it. Of a POST it
        // is the answer that says what it stands for.
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

fn head(method: &Method, target: &Uri, fields: &HeaderMap, extensions: &Extensions, key: &mut KeyWriter<'_>) {
    key.traits.shows(Credentials::Forwarded);
    key.traits.can_ask = true;
    uri::method(method, key);
    if *method == Method::POST && !is_in_the_key(extensions) {
        // What its handler sees no key holds: no place that could be found.
        key.traits.head_at.push(usize::MAX);
    }
    uri::write(target, key);
    routed::<OriginalUri>(extensions, key);
    routed::<MatchedPath>(extensions, key);
    routed::<NestedPath>(extensions, key);
    key.hosts(target.authority().map(http::uri::Authority::as_str), fields);
}

/// What routers have left beside the request.
fn routed<T: CacheKey + Send + Sync + 'static>(extensions: &Extensions, key: &mut KeyWriter<'_>) {
    match extensions.get::<T>() {
        None => key.tag(Tag::None),
        Some(value) => {
            key.tag(Tag::Some);
            value.cache_key(key);
        }
    }
}

/// Leaves what the key holds and what belongs to the process: anything else, such as a user whom a middleware put there,
/// is no field that a response could name in `Vary`.
fn drop_unkeyed(extensions: &mut Extensions) {
    let all = mem::take(extensions);
    keep::<OriginalUri>(&all, extensions);
    keep::<MatchedPath>(&all, extensions);
    keep::<NestedPath>(&all, extensions);
    keep::<Cache>(&all, extensions);
}

/// Whether the key holds all of them, for requests that keep theirs.
fn is_in_the_key(extensions: &Extensions) -> bool {
    let known = [
        has_parameters(extensions),
        extensions.get::<OriginalUri>().is_some(),
        extensions.get::<MatchedPath>().is_some(),
        extensions.get::<NestedPath>().is_some(),
        extensions.get::<Cache>().is_some(),
        // Of this crate's own, which say nothing of the request.
        extensions.get::<Outer>().is_some(),
    ];
    extensions.len() <= known.into_iter().filter(|is_there| *is_there).count()
}

/// Whether a router has left the parameters of the path, which are of a type of its own.
fn has_parameters(extensions: &Extensions) -> bool {
    let mut parts = http::Request::new(()).into_parts().0;
    parts.extensions.clone_from(extensions);
    let found = pin!(RawPathParams::from_request_parts(&mut parts, &()));
    matches!(found.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
}

fn keep<T: Clone + Send + Sync + 'static>(all: &Extensions, kept: &mut Extensions) {
    if let Some(value) = all.get::<T>() {
        kept.insert(value.clone());
    }
}
