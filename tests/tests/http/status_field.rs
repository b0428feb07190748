//! `Cache-Status` (RFC 9211) of what happens to a request, each case with what it has to say. That every reason says what
//! its outcome is, `decisions.rs` sees to.

use std::sync::Arc;

use super::{
    members::{members, says},
    site::{Frames, Site},
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Policy, Target, cached, testing::TestCache};
use cached_handler_tests::harness::ask;
use tokio::sync::Semaphore;

#[cached(ttl = 60, vary = "x-case")]
async fn handler(headers: HeaderMap) -> Response {
    match headers.get("x-case").map(HeaderValue::as_bytes) {
        Some(b"cookie") => ([("set-cookie", "sid=1")], "hello").into_response(),
        Some(b"streamed") => Frames::of(&["hello"]).into_response(),
        Some(b"others") => {
            let mut response = "hello".into_response();
            response.headers_mut().append("cache-status", HeaderValue::from_static("origin; hit; ttl=5"));
            response.headers_mut().append("cache-status", HeaderValue::from_static("\"a, b\"; fwd=stale"));
            response
        }
        _ => "hello".into_response(),
    }
}

#[cached(ttl = 60, skip(_body))]
async fn with_skip(
    headers: Result<axum_extra::TypedHeader<axum_extra::headers::Origin>, axum_extra::typed_header::TypedHeaderRejection>,
    _body: Body,
) -> String {
    headers.is_ok().to_string()
}

const PROXY: Policy = Policy::new().honor_request_directives().jitter(0);

/// A server that is asked by what it said itself, and fails where its path says so once it has answered.
#[cached(ttl = from_response, vary = from_response, policy = PROXY)]
async fn forwards(request: Request) -> Response {
    let is_asked = request.headers().contains_key("if-none-match");
    let windows = match request.uri().path() {
        "/behind" => "max-age=10, stale-while-revalidate=60",
        "/failing" if is_asked => return StatusCode::BAD_GATEWAY.into_response(),
        "/failing" => "max-age=10, stale-if-error=60",
        _ => "max-age=10",
    };
    let fields = [("etag", "\"1\""), ("cache-control", windows)];
    if is_asked { (StatusCode::NOT_MODIFIED, fields).into_response() } else { (fields, "hello").into_response() }
}

/// What happens before the request that is looked at.
enum Before {
    Nothing,
    Fresh,
    /// For five seconds.
    Stale,
    /// For none: `expire(…)` was called.
    Expired,
    /// It was asked for a moment ago.
    Tried,
}

fn site() -> Site {
    Site::with(handler, |builder| builder.cache_status("site"))
}

#[tokio::test]
async fn it_is_off_by_default() {
    let site = Site::of(handler);
    for _ in 0..2 {
        assert_eq!(site.get("/").await.field("cache-status"), None);
    }
}

#[tokio::test]
async fn it_says_what_the_cache_did_and_why() {
    let site = site();
    let said = async |method: &str, fields: &[(&str, &str)]| members(&site.ask(method, "/", fields).await.fields);
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "uri-miss"), ("stored", "true")])]);
    assert_eq!(said("GET", &[]).await, [says("site", &[("hit", "true"), ("ttl", "60")])]);
    site.later(20);
    assert_eq!(said("HEAD", &[]).await, [says("site", &[("hit", "true"), ("ttl", "40")])]);
    assert_eq!(said("GET", &[("if-none-match", "*")]).await, [says("site", &[("hit", "true"), ("ttl", "40")])]);
    assert_eq!(said("GET", &[("connection", "upgrade"), ("upgrade", "h2c")]).await, [says("site", &[("hit", "true"), ("ttl", "40")])]);
    site.later(40);
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "stale"), ("stored", "true")])]);
    assert_eq!(said("POST", &[]).await, [says("site", &[("fwd", "method"), ("detail", "method")])]);
    assert_eq!(said("GET", &[("x-case", "cookie")]).await, [says("site", &[("fwd", "uri-miss"), ("detail", "set-cookie")])]);
    assert_eq!(said("GET", &[("x-case", "streamed")]).await, [says("site", &[("fwd", "uri-miss")])]);
    site.cache.cache().invalidate(Target::all()).await.expect("invalidated");
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "uri-miss"), ("stored", "true"), ("detail", "invalidated")])]);
}

#[tokio::test]
async fn it_names_each_reason_to_stand_aside() {
    let site = Site::with(with_skip, |builder| builder.cache_status("site"));
    let reply = site.ask("GET", "/", &[]).await;
    assert_eq!(members(&reply.fields), [says("site", &[("fwd", "bypass"), ("detail", "rejected-argument")])]);
}

#[tokio::test]
async fn the_member_is_appended_after_those_of_other_caches() {
    let site = site();
    let others = || vec![says("origin", &[("hit", "true"), ("ttl", "5")]), says("a, b", &[("fwd", "stale")])];
    for ours in [says("site", &[("fwd", "uri-miss"), ("stored", "true")]), says("site", &[("hit", "true"), ("ttl", "60")])] {
        let reply = site.ask("GET", "/", &[("x-case", "others")]).await;
        let mut expected = others();
        expected.push(ours);
        assert_eq!(members(&reply.fields), expected);
    }
}

#[tokio::test]
async fn it_names_the_cache_whatever_its_name() {
    for name in
        ["site", "my cache", "a\"b", "back\\slash", "1st", "*", "*star", "a/b:c", "", "caf\u{e9}", "tab\tbed", "a,b;c=d", "\u{1F600}"]
    {
        let site = Site::with(handler, |builder| builder.cache_status(name));
        for _ in 0..2 {
            let found = members(&site.get("/").await.fields);
            let [member] = &found[..] else { panic!("{name:?}: {found:?}") };
            let printable: String = name.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
            assert_eq!(member.cache, printable, "{name:?}");
        }
    }
}

#[tokio::test]
async fn it_says_of_each_use_of_what_is_stale_that_it_was_stale_and_why() {
    let fresh = [("ttl", "10")];
    let said = |hit: &[(&'static str, &'static str)], rest: &[(&'static str, &'static str)]| [hit, rest].concat();
    let (hit, went) = ([("hit", "true")], [("fwd", "stale")]);
    let freshened = said(&went, &[("fwd-status", "304"), ("stored", "true")]);
    let stale = |ttl, why| vec![("ttl", ttl), ("detail", why)];
    for (before, method, target, directive, expected) in [
        (Before::Fresh, "GET", "/", "", said(&hit, &fresh)),
        (Before::Fresh, "HEAD", "/", "", vec![("fwd", "uri-miss"), ("stored", "true")]),
        (Before::Fresh, "GET", "/", "only-if-cached", said(&hit, &fresh)),
        (Before::Fresh, "GET", "/", "no-cache", vec![("fwd", "request"), ("fwd-status", "304"), ("stored", "true")]),
        (Before::Fresh, "GET", "/", "no-store", vec![("fwd", "request"), ("detail", "request-no-store")]),
        (Before::Stale, "GET", "/", "", freshened.clone()),
        (Before::Expired, "GET", "/", "", freshened),
        (Before::Stale, "GET", "/", "max-stale=5", said(&hit, &stale("-5", "stale-accepted"))),
        (Before::Stale, "GET", "/behind", "", said(&hit, &stale("-5", "stale-while-revalidate"))),
        (Before::Expired, "GET", "/behind", "", said(&hit, &stale("0", "stale-while-revalidate"))),
        (Before::Stale, "GET", "/failing", "", said(&went, &stale("-5", "stale-if-error"))),
        (Before::Expired, "GET", "/failing", "", said(&went, &stale("0", "stale-if-error"))),
        (Before::Tried, "GET", "/failing", "", said(&hit, &stale("-5", "stale-after-error"))),
        (Before::Nothing, "GET", "/", "only-if-cached", vec![("fwd", "request"), ("detail", "only-if-cached")]),
        (Before::Stale, "GET", "/", "only-if-cached", vec![("fwd", "request"), ("detail", "only-if-cached")]),
    ] {
        let site = Site::with(forwards, |builder| builder.cache_status("site"));
        if !matches!(before, Before::Nothing) {
            site.get(target).await;
        }
        match before {
            Before::Nothing | Before::Fresh => {}
            Before::Stale | Before::Tried => site.later(15),
            Before::Expired => site.cache.cache().expire(Target::all()).await.expect("expired"),
        }
        if matches!(before, Before::Tried) {
            site.get(target).await;
        }
        let fields: &[_] = if directive.is_empty() { &[] } else { &[("cache-control", directive)] };
        let reply = site.ask(method, target, fields).await;
        assert_eq!(members(&reply.fields), [says("site", &expected)], "{method} {target} {directive}: {}", reply.why());
    }
}

/// Answers once both have asked.
#[cached(ttl = 60)]
async fn both(State(gate): State<Arc<Semaphore>>) -> &'static str {
    drop(gate.acquire().await);
    "hello"
}

#[tokio::test]
async fn it_says_that_another_requests_run_gave_the_answer() {
    let cache = TestCache::with(|builder| builder.cache_status("site"));
    let gate = Arc::new(Semaphore::new(0));
    let router = Router::new().route("/", get(both)).layer(cache.layer()).with_state(Arc::clone(&gate));
    let open = async {
        // Polled after the two of them, which are waiting by then.
        tokio::task::yield_now().await;
        gate.add_permits(1);
    };
    let (first, second, ()) = tokio::join!(ask(&router, "/"), ask(&router, "/"), open);
    assert_eq!(members(first.headers()), [says("site", &[("fwd", "uri-miss"), ("stored", "true")])]);
    let collapsed = [("fwd", "uri-miss"), ("collapsed", "true"), ("stored", "true")];
    assert_eq!(members(second.headers()), [says("site", &collapsed)]);
}
