//! A handler that forwards: its responses say how long they are fresh, and what they depend on (RFC 9111).

mod changed;
mod targeted;

use super::site::{Site, with_fields};
use axum::{
    extract::{Path, Request},
    http::{Method, StatusCode},
    response::Response,
};
use cached_handler::{Outcome, Policy, StaleUse, cached};

const SHARED: Policy = Policy::new().heuristic().honor_request_directives().cookies_by_vary();

/// Says what its path says: `/200/cache-control=max-age=5`, with `~` for a slash.
fn said(path: &str) -> Response {
    let mut parts = path.split('/');
    let status = parts.next().and_then(|status| status.parse().ok()).unwrap_or(200);
    let fields: Vec<_> = parts.filter_map(|part| part.split_once('=')).map(|(name, value)| (name, value.replace('~', "/"))).collect();
    // What HTTP/2 sends of a 204, its clients refuse.
    let content = if status == 204 { "" } else { "hello" };
    let mut response = with_fields(fields.iter().map(|(name, value)| (*name, value.as_bytes())), content);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

#[cached(ttl = from_response, vary = from_response)]
async fn plain(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}

#[cached(ttl = from_response, vary = from_response, policy = SHARED)]
async fn shared(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}

const FRESH: &str = "/200/cache-control=max-age=60";
const LONG_AGO: &str = "/200/last-modified=Sun,%2006%20Nov%201994%2008:49:37%20GMT";

#[tokio::test]
async fn freshness_is_estimated_only_where_the_policy_says_so() {
    assert!(!is_stored_as_fresh(&Site::of(plain), LONG_AGO).await);
    let site = Site::of(shared);
    assert!(is_stored_as_fresh(&site, LONG_AGO).await);
    site.later(24 * 60 * 60 - 1);
    assert!(site.get(LONG_AGO).await.is_hit());
    site.later(1);
    assert!(!site.get(LONG_AGO).await.is_hit(), "a day is the longest guess");
    for target in ["/500/last-modified=Sun,%2006%20Nov%201994%2008:49:37%20GMT", "/200/x-none=1"] {
        assert!(!is_stored_as_fresh(&site, target).await, "{target}");
    }
}

async fn is_stored_as_fresh(site: &Site, target: &str) -> bool {
    site.get(target).await;
    site.get(target).await.is_hit()
}

#[tokio::test]
async fn its_answers_are_told_nothing_that_the_server_did_not_say() {
    let site = Site::of(plain);
    for target in ["/200/expires=Fri,%2031%20Dec%202999%2023:59:59%20GMT", "/200/x-none=1", "/200/set-cookie=a=b"] {
        for _ in 0..2 {
            assert_eq!(site.get(target).await.field("cache-control"), None, "{target}");
        }
    }
}

#[tokio::test]
async fn selecting_fields_are_compared_as_they_were_sent() {
    let site = Site::of(plain);
    let target = "/200/cache-control=max-age=60/vary=accept-language,%20x-roles";
    let sent = [("accept-language", "en, de;q=0.5"), ("x-roles", "1, 2")];
    site.ask("GET", target, &sent).await;
    assert!(site.ask("GET", target, &sent).await.is_hit());
    for (language, roles) in [
        ("EN, de;q=0.5", &["1, 2"][..]),
        ("de;q=0.5, en", &["1, 2"]),
        ("en,de;q=0.5", &["1, 2"]),
        ("en, de;q=0.5,", &["1, 2"]),
        ("en, de;q=0.5", &["1,2"]),
        ("en, de;q=0.5", &["2, 1"]),
        ("en, de;q=0.5", &["1, 2,"]),
        ("en, de;q=0.5", &["1,, 2"]),
        ("en, de;q=0.5", &["1", "2"]),
        ("en, de;q=0.5", &["1, 2", ""]),
    ] {
        let fields: Vec<_> = std::iter::once(("accept-language", language)).chain(roles.iter().map(|role| ("x-roles", *role))).collect();
        assert!(!site.ask("GET", target, &fields).await.is_hit(), "{fields:?}");
    }
    assert!(!site.ask("GET", target, &sent[..1]).await.is_hit(), "absence is a value of its own");
}

#[tokio::test]
async fn cookies_matter_unless_the_policy_leaves_that_to_vary() {
    let cookie = [("cookie", "a=b")];
    let careful = Site::of(plain);
    careful.get(FRESH).await;
    assert!(!careful.ask("GET", FRESH, &cookie).await.is_hit());
    let site = Site::of(shared);
    site.get(FRESH).await;
    assert!(site.ask("GET", FRESH, &cookie).await.is_hit());
    assert!(!site.ask("GET", FRESH, &[("cookie", "a=b"), ("authorization", "x")]).await.is_hit());
    let varies = "/200/cache-control=max-age=60/vary=cookie";
    site.ask("GET", varies, &cookie).await;
    assert!(site.ask("GET", varies, &cookie).await.is_hit());
    assert!(!site.ask("GET", varies, &[("cookie", "a=c")]).await.is_hit());
}

#[tokio::test]
async fn a_requests_directives_are_followed_where_the_policy_says_so() {
    let asks = |value: &'static str| [("cache-control", value)];
    let deaf = Site::of(plain);
    deaf.get(FRESH).await;
    for value in ["no-cache", "no-store", "max-age=0", "only-if-cached"] {
        assert!(deaf.ask("GET", FRESH, &asks(value)).await.is_hit(), "{value}");
    }
    let site = Site::of(shared);
    let none = site.ask("GET", FRESH, &asks("only-if-cached")).await;
    assert_eq!((none.status, none.field("cache-control")), (StatusCode::GATEWAY_TIMEOUT, Some("no-store")));
    assert!(none.why().contains("only-if-cached"), "{}", none.why());
    assert!(!site.ask("GET", FRESH, &asks("no-store")).await.is_hit());
    assert!(!site.get(FRESH).await.is_hit(), "nothing was stored");
    site.later(10);
    for (value, hits) in [
        ("max-age=10", true),
        ("min-fresh=50", true),
        ("only-if-cached", true),
        ("max-stale", true),
        ("nothing-to-see-here", true),
        ("max-age=9", false),
    ] {
        assert_eq!(site.ask("GET", FRESH, &asks(value)).await.is_hit(), hits, "{value}");
    }
    site.later(10);
    assert!(!site.ask("GET", FRESH, &asks("min-fresh=51")).await.is_hit());
    assert!(!site.ask("GET", FRESH, &asks("no-cache")).await.is_hit());
    assert!(!site.ask("GET", FRESH, &[("pragma", "no-cache")]).await.is_hit());
    assert!(site.ask("GET", FRESH, &[("pragma", "no-cache"), ("cache-control", "x")]).await.is_hit(), "RFC 9111 §5.4");
}

#[tokio::test]
async fn a_client_may_accept_what_is_stale_but_not_what_must_be_asked_for() {
    let site = Site::of(shared);
    let kept = "/200/cache-control=max-age=5/etag=%221%22";
    let strict = "/200/cache-control=max-age=5,%20must-revalidate/etag=%221%22";
    for target in [kept, strict] {
        site.get(target).await;
    }
    site.later(15);
    let accepts = |value: &'static str| [("cache-control", value)];
    let stale = site.ask("GET", kept, &accepts("max-stale=10")).await;
    let is_accepted = |reply: &super::site::Reply| matches!(reply.outcome, Some(Outcome::Stale { why: StaleUse::Accepted, .. }));
    assert!(is_accepted(&stale), "{}", stale.why());
    assert_eq!(stale.field("age"), Some("15"));
    assert!(is_accepted(&site.ask("GET", kept, &accepts("max-stale, only-if-cached")).await));
    assert!(!is_accepted(&site.ask("GET", strict, &accepts("max-stale")).await));
    assert!(!is_accepted(&site.ask("GET", kept, &accepts("max-stale=9")).await));
}

#[tokio::test]
async fn a_304_of_something_else_is_no_answer_to_who_did_not_ask() {
    let site = Site::of(mistaken);
    let first = site.get("/").await;
    site.later(6);
    let second = site.get("/").await;
    assert_eq!((second.status, second.text()), (StatusCode::OK, first.text()));
    let third = site.get("/").await;
    assert_eq!((third.status, third.field("etag")), (StatusCode::OK, Some("\"1\"")), "it is made anew, and not asked about");
}

#[cached(ttl = from_response, vary = from_response)]
async fn mistaken(request: Request) -> Response {
    if request.headers().contains_key("if-none-match") {
        let mut response = with_fields([("etag", &b"\"2\""[..])], ());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    with_fields([("etag", &b"\"1\""[..]), ("cache-control", b"max-age=5")], "hello")
}

/// What the server says to HEAD now; GET is always told the first of it.
#[cached(ttl = from_response, vary = from_response)]
async fn headed(Path(path): Path<String>, method: Method, _request: Request) -> Response {
    if method != Method::HEAD {
        return with_fields([("etag", &b"\"1\""[..]), ("cache-control", b"max-age=5"), ("x-is", b"old")], "hello");
    }
    let mut response = said(&path);
    *response.body_mut() = axum::body::Body::empty();
    response
}

#[tokio::test]
async fn an_answer_to_head_freshens_what_get_stored_or_ends_it() {
    let new = "/200/etag=%221%22/cache-control=max-age=60/x-is=new";
    let site = Site::of(headed);
    site.get(new).await;
    site.later(6);
    assert!(!site.ask("HEAD", new, &[]).await.is_hit());
    let freshened = site.get(new).await;
    assert!(freshened.is_hit());
    assert_eq!((freshened.text(), freshened.field("x-is"), freshened.field("content-length")), ("hello", Some("new"), Some("5")));

    // Another representation's, by its tag or by its length; and what nobody may store says nothing.
    for (other, is_left) in [
        ("/200/etag=%222%22/cache-control=max-age=60", false),
        ("/200/content-length=4/cache-control=max-age=60", false),
        ("/200/etag=%221%22/cache-control=no-store", true),
        ("/404/cache-control=max-age=60", true),
    ] {
        let site = Site::of(headed);
        site.get(other).await;
        site.ask("HEAD", other, &[]).await;
        let after = site.get(other).await;
        assert_eq!((after.is_hit(), after.field("x-is")), (is_left, Some("old")), "{other}");
    }

    // An invalidation is not undone.
    let site = Site::of(headed);
    site.get(new).await;
    site.cache.cache().invalidate(cached_handler::Target::path(new)).await.unwrap();
    site.ask("HEAD", new, &[]).await;
    assert!(!site.get(new).await.is_hit());
}

#[cached(ttl = from_response, vary = from_response, group = "editions")]
async fn editions(_request: Request) -> impl axum::response::IntoResponse {
    ([("vary", "accept"), ("cache-control", "max-age=86400")], "an edition")
}

#[tokio::test]
async fn variants_that_were_invalidated_take_no_place_of_those_that_come_after_them() {
    let site = Site::of(editions);
    let ask = async |edition: usize| site.ask("GET", "/", &[("accept", &format!("a{edition}"))]).await;
    for edition in 0..65 {
        ask(edition).await;
    }
    assert!(ask(63).await.is_hit() && !ask(64).await.is_hit(), "64 of a key are stored");
    site.cache.cache().invalidate(cached_handler::Target::group("editions")).await.unwrap();
    for edition in 64..128 {
        assert!(!ask(edition).await.is_hit());
        assert!(ask(edition).await.is_hit(), "{edition}");
    }
    assert!(!ask(0).await.is_hit(), "it was invalidated");
    assert!(!ask(128).await.is_hit() && !ask(128).await.is_hit(), "64 of a key are stored");
    for edition in 64..128 {
        assert!(ask(edition).await.is_hit(), "{edition}");
    }
}
