//! With request directives off, which is the default, no field of a client's makes a handler run that has an answer stored
//! for it; and the few that do say so in their documentation.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
};
use cached_handler::{Bypass, Forward, Outcome, cached};

use super::site::{Reply, Site};

/// How often each handler ran: each is of one test.
static PLAIN: AtomicUsize = AtomicUsize::new(0);
static VARYING: AtomicUsize = AtomicUsize::new(0);
static FORWARDING: AtomicUsize = AtomicUsize::new(0);
static UPGRADED: AtomicUsize = AtomicUsize::new(0);

fn answer(runs: &AtomicUsize) -> Response {
    runs.fetch_add(1, Ordering::SeqCst);
    let fields = [
        ("etag", "\"1\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("cache-control", "max-age=60"),
        ("vary", "accept-language"),
    ];
    (fields, "hello").into_response()
}

#[cached(ttl = 60, vary = "accept-language")]
async fn plain() -> Response {
    answer(&PLAIN)
}

#[cached(ttl = 60, vary = "accept-language")]
async fn varying(fields: HeaderMap) -> Response {
    assert!(fields.keys().all(|name| name == "accept-language"), "{fields:?}");
    answer(&VARYING)
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwarding(_request: Request) -> Response {
    answer(&FORWARDING)
}

#[cached(ttl = 60, vary = "accept-language", skip(_upgrade))]
async fn upgraded(_upgrade: Upgrading) -> Response {
    answer(&UPGRADED)
}

/// What a handler that upgrades takes its connection from.
struct Upgrading;

impl<S: Sync> FromRequestParts<S> for Upgrading {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

const LATER: &str = "Sun, 06 Nov 2044 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

/// Whatever might make a cache ask again, and the status that it is answered with, from the store.
const FIELDS: &[(&[(&str, &str)], u16)] = &[
    // RFC 9110 §7.8: a server may ignore it.
    (&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA")], 200),
    (&[("connection", "upgrade"), ("upgrade", "TLS/1.2")], 200),
    (&[("connection", "upgrade"), ("upgrade", "x, websockets")], 200),
    // RFC 9111 §5.2.1, §5.4; what only responses may say; and what nobody can read.
    (&[("cache-control", "no-cache")], 200),
    (&[("cache-control", "no-store")], 200),
    (&[("cache-control", "max-age=0")], 200),
    (&[("cache-control", "min-fresh=3600")], 200),
    (&[("cache-control", "max-stale=0")], 200),
    (&[("cache-control", "only-if-cached")], 200),
    (&[("cache-control", "no-transform")], 200),
    (&[("cache-control", "private, must-revalidate, proxy-revalidate, s-maxage=0")], 200),
    (&[("cache-control", "stale-if-error=0")], 200),
    (&[("cache-control", "no-cache=\"")], 200),
    (&[("cache-control", "x"), ("cache-control", "No-Cache, No-Store")], 200),
    (&[("pragma", "no-cache")], 200),
    (&[("cdn-cache-control", "no-store"), ("surrogate-control", "no-store")], 200),
    (&[("surrogate-capability", "me=\"Surrogate/1.0\"")], 200),
    // RFC 9110 §13 and §14: the cache answers by what it has.
    (&[("if-none-match", "\"1\"")], 304),
    (&[("if-none-match", "*")], 304),
    (&[("if-none-match", "\"2\"")], 200),
    (&[("if-none-match", "junk")], 200),
    (&[("if-modified-since", LATER)], 304),
    (&[("if-modified-since", BEFORE)], 200),
    (&[("if-modified-since", "junk")], 200),
    (&[("if-match", "\"1\"")], 200),
    (&[("if-match", "\"2\"")], 412),
    (&[("if-match", "*")], 200),
    (&[("if-unmodified-since", LATER)], 200),
    (&[("if-unmodified-since", BEFORE)], 412),
    (&[("range", "bytes=0-1")], 206),
    (&[("range", "bytes=-2")], 206),
    (&[("range", "bytes=99-")], 416),
    (&[("range", "bytes=0-1, 3-4")], 200),
    (&[("range", "lines=0-1")], 200),
    (&[("range", "bytes=0-1"), ("if-range", "\"2\"")], 200),
    (&[("if-range", "\"2\"")], 200),
    // Of the connection, and of the way of the message.
    (&[("connection", "close, cache-control, if-none-match, accept-language")], 200),
    (&[("te", "trailers, gzip")], 200),
    (&[("trailer", "x")], 200),
    (&[("transfer-encoding", "chunked")], 200),
    (&[("keep-alive", "timeout=1")], 200),
    (&[("proxy-connection", "keep-alive")], 200),
    (&[("expect", "100-continue")], 200),
    (&[("max-forwards", "0")], 200),
    (&[("via", "1.1 a")], 200),
    (&[("forwarded", "for=192.0.2.1;host=b.example;proto=https")], 200),
    (&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-host", "b.example"), ("x-forwarded-proto", "https")], 200),
    (&[("early-data", "1")], 200),
    (&[("priority", "u=0")], 200),
    // Other methods and other targets, by other means.
    (&[("x-http-method-override", "DELETE"), ("x-http-method", "DELETE"), ("x-method-override", "DELETE")], 200),
    (&[("x-original-url", "/other"), ("x-rewrite-url", "/other")], 200),
    (&[("x-invalidate-cache", "1"), ("x-cache-bypass", "1"), ("x-no-cache", "1"), ("x-refresh", "1")], 200),
    (&[("prefer", "respond-async")], 200),
    (&[("access-control-request-method", "DELETE"), ("origin", "https://b.example")], 200),
    // What the handler does not depend on.
    (&[("accept", "text/*"), ("accept-encoding", "gzip"), ("accept-charset", "x")], 200),
    (&[("user-agent", "x"), ("referer", "/x"), ("from", "a@b.example"), ("dnt", "1"), ("sec-fetch-dest", "document")], 200),
    (&[("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("sec-websocket-version", "13")], 200),
    (&[("content-type", "text/plain"), ("content-encoding", "gzip"), ("content-language", "de")], 200),
    // What only responses have.
    (&[("age", "99999"), ("date", BEFORE), ("expires", "0"), ("vary", "*"), ("etag", "\"9\""), ("set-cookie", "a=b")], 200),
    (&[("cache-status", "t; fwd=miss"), ("warning", "110 - \"x\"")], 200),
];

/// No argument shows them but `Request`.
const CREDENTIALS: &[(&[(&str, &str)], u16)] =
    &[(&[("authorization", "Bearer x")], 200), (&[("proxy-authorization", "Basic x")], 200), (&[("cookie", "session=1")], 200)];

async fn fill(site: &Site) {
    assert!(!site.get("/").await.is_hit());
    assert!(site.get("/").await.is_hit());
}

/// Each alone, and all that go together in one request.
async fn cannot_force(site: &Site, runs: &AtomicUsize, tables: &[&[(&[(&str, &str)], u16)]]) {
    fill(site).await;
    for (fields, status) in tables.iter().copied().flatten() {
        let reply = site.ask("GET", "/", fields).await;
        assert_eq!((reply.status.as_u16(), reply.is_hit()), (*status, true), "{fields:?}: {}", reply.why());
        assert_eq!(runs.load(Ordering::SeqCst), 1, "{fields:?}");
    }
    let all: Vec<_> =
        tables.iter().copied().flatten().filter(|(_, status)| *status == 200).flat_map(|(fields, _)| *fields).copied().collect();
    let reply = site.ask("GET", "/", &all).await;
    assert!(reply.is_hit() && runs.load(Ordering::SeqCst) == 1, "all of them: {}", reply.why());
    assert!(site.get("/").await.is_hit(), "nothing is gone");
}

#[tokio::test]
async fn no_field_of_a_client_makes_a_handler_run_that_sees_none() {
    cannot_force(&Site::of(plain), &PLAIN, &[FIELDS, CREDENTIALS]).await;
}

#[tokio::test]
async fn nor_one_that_sees_those_in_its_key() {
    cannot_force(&Site::of(varying), &VARYING, &[FIELDS, CREDENTIALS]).await;
}

/// It is the authors' own word that `Authorization` and `Cookie` matter to who sees them (law L8).
#[tokio::test]
async fn nor_one_that_forwards_but_for_credentials() {
    let site = Site::of(forwarding);
    cannot_force(&site, &FORWARDING, &[FIELDS]).await;
    for (fields, _) in CREDENTIALS {
        let reply = site.ask("GET", "/", fields).await;
        assert_eq!(forwarded(&reply), Some(Forward::Bypass(Bypass::Credentials)), "{fields:?}");
        assert!(site.get("/").await.is_hit(), "what is stored is left: {fields:?}");
    }
}

/// A WebSocket is no stored response; so a handler that may give one runs, each time.
#[tokio::test]
async fn a_websocket_makes_it_run_where_it_could_be_one_and_changes_nothing_stored() {
    let site = Site::of(upgraded);
    fill(&site).await;
    for (run, (connection, protocol)) in [("upgrade", "websocket"), ("keep-alive, Upgrade", "h2c, WebSocket/13")].into_iter().enumerate() {
        let reply = site.ask("GET", "/", &[("connection", connection), ("upgrade", protocol)]).await;
        assert_eq!(forwarded(&reply), Some(Forward::Bypass(Bypass::Upgrade)), "{protocol}");
        assert_eq!(UPGRADED.load(Ordering::SeqCst), 2 + run);
        assert!(site.get("/").await.is_hit(), "{protocol}");
    }
    // Without its connection's word it is not meant for this server (RFC 9110 §7.8).
    assert!(site.ask("GET", "/", &[("upgrade", "websocket")]).await.is_hit());
}

fn forwarded(reply: &Reply) -> Option<Forward> {
    match reply.outcome {
        Some(Outcome::Forward { why, .. }) => Some(why),
        _ => None,
    }
}
