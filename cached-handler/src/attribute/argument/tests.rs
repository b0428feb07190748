//! What arguments write to the key, for requests as tests make them.

#[cfg(feature = "axum-extra")]
mod extra;
mod refused;
mod shown;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};

use crate::{
    handler::{Attributes, Handler, Site, Ttl, policy::Policy},
    key::writer::{KeyWriter, Traits},
    request::signature::Capture,
    serve::{Seen, begin, key},
};

pub(crate) static HANDLER: Handler = Handler::new(
    Site { module: "app", name: "test", file: "app.rs", line: 1, column: 1, tokens: 0, package_version: "0.0.0" },
    Attributes::new(Ttl::For(Duration::from_secs(1))),
    Policy::new(),
);

/// A finished key.
#[derive(Debug)]
pub(crate) struct Written {
    /// The whole key, which begins with the path.
    pub(crate) bytes: Vec<u8>,
    pub(crate) traits: Traits,
}

/// The key of a request whose arguments write what `write` does.
pub(crate) fn written<B>(request: &http::Request<B>, write: impl FnOnce(&mut KeyWriter<'_>)) -> Written {
    let seen = <Seen<true> as Capture<()>>::of(&mut copy(request).into_parts().0);
    let mut key = key(&HANDLER, &seen, &|| ());
    begin(&mut key);
    write(&mut key);
    Written { bytes: key.bytes.to_vec(), traits: key.traits }
}

/// A GET without content.
pub(crate) fn get(target: &str) -> Request {
    Request::get(target).body(Body::empty()).unwrap()
}

/// The value of an extractor of axum's own, which are ready at once.
pub(crate) fn extracted<T: FromRequest<(), M>, M>(request: Request) -> Result<T, T::Rejection> {
    now(T::from_request(request, &()))
}

/// A copy of a request's head, without its content.
pub(crate) fn copy<B>(request: &http::Request<B>) -> http::Request<()> {
    let mut copy = http::Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("this future waits"),
    }
}
