//! For how long a response is fresh, and how old it says it is (RFC 9111 §4.2).

use std::time::Duration;

use axum::{
    Extension,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cached_handler::{FreshFor, ManualClock, Policy, cached, secs};

use super::site::{Site, is_stored, with_fields};

#[cached(ttl = 60)]
async fn hello() -> &'static str {
    "hello"
}

#[tokio::test]
async fn age_grows_with_the_clock_and_is_absent_on_a_miss() {
    let site = Site::of(hello);
    assert_eq!(site.get("/").await.field("age"), None);
    for (later, age) in [(0, "0"), (1, "1"), (30, "31"), (28, "59")] {
        site.later(later);
        assert_eq!(site.get("/").await.field("age"), Some(age));
    }
    site.later(1);
    let again = site.get("/").await;
    assert!(!again.is_hit());
    assert_eq!(again.field("age"), None);
}

#[tokio::test]
async fn a_response_is_fresh_before_its_lifetime_has_passed_and_not_after() {
    let site = Site::of(hello);
    site.get("/").await;
    site.cache.clock().advance(Duration::from_millis(59_999));
    assert!(site.get("/").await.is_hit());
    site.cache.clock().advance(Duration::from_millis(1));
    let stale = site.get("/").await;
    assert_eq!(stale.why(), "forwarded: the stored response is stale; stored");
}

#[tokio::test]
async fn age_counts_whole_seconds() {
    let site = Site::of(hello);
    site.get("/").await;
    site.cache.clock().advance(Duration::from_millis(999));
    assert_eq!(site.get("/").await.field("age"), Some("0"));
    site.cache.clock().advance(Duration::from_millis(1));
    assert_eq!(site.get("/").await.field("age"), Some("1"));
}

#[tokio::test]
async fn date_is_that_of_the_run_and_is_kept() {
    let site = Site::of(hello);
    let first = site.get("/").await.field("date").expect("a date").to_owned();
    site.later(30);
    assert_eq!(site.get("/").await.field("date"), Some(first.as_str()));
    site.later(30);
    let second = site.get("/").await.field("date").expect("a date").to_owned();
    let seconds = |date: &str| httpdate::parse_http_date(date).expect("a date");
    assert_eq!(seconds(&second).duration_since(seconds(&first)).expect("later"), Duration::from_secs(60));
}

/// A path that says what the response says: `/200/cache-control=max-age=5/…`.
#[cached(ttl = 60)]
async fn says(Path(said): Path<String>) -> Response {
    response(&said)
}

#[cached(ttl = from_response)]
async fn has_to_say(Path(said): Path<String>) -> Response {
    response(&said)
}

fn response(said: &str) -> Response {
    let mut said = said.split('/');
    let status = said.next().and_then(|status| status.parse().ok()).unwrap_or(StatusCode::OK);
    let fields = said.filter_map(|field| field.split_once('='));
    // What HTTP/2 sends of these, its clients refuse.
    let content = if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) { "" } else { "hello" };
    let mut response = with_fields(fields.map(|(name, value)| (name, value.as_bytes())), content);
    *response.status_mut() = status;
    response
}

/// The first second at which a response is not reused.
async fn lifetime(site: &Site, target: &str) -> u64 {
    if !is_stored(site, target).await {
        return 0;
    }
    let mut passed = 0;
    while site.get(target).await.is_hit() {
        site.later(1);
        passed += 1;
        assert!(passed < 10_000, "{target} is fresh for ever");
    }
    passed
}

#[tokio::test]
async fn a_responses_own_freshness_counts_before_the_ttl() {
    for (said, expected) in [
        ("200/x-none=1", 60),
        ("200/cache-control=max-age=5", 5),
        ("200/cache-control=max-age=90", 90),
        ("200/cache-control=max-age=5,%20s-maxage=90", 90),
        ("200/cache-control=s-maxage=5,%20max-age=90", 5),
        ("200/cache-control=public", 60),
        ("200/cache-control=max-age=5/cdn-cache-control=max-age=90", 90),
        ("200/cache-control=s-maxage=90/cdn-cache-control=max-age=5", 5),
        ("200/cache-control=max-age=90/cdn-cache-control=s-maxage=5,%20max-age=30", 5),
        // It counts alone where it is there, and says nothing of freshness.
        ("200/cache-control=max-age=5/cdn-cache-control=x", 60),
        // What is no dictionary is not there.
        ("200/cache-control=max-age=5/cdn-cache-control=max-age=%22", 5),
        ("200/expires=Sun,%2006%20Nov%201994%2008:49:47%20GMT/date=Sun,%2006%20Nov%201994%2008:49:37%20GMT", 0),
        ("200/cache-control=max-age=60/age=50", 10),
        ("200/cache-control=max-age=60/age=60", 0),
        ("200/cache-control=max-age=0", 0),
        ("200/cache-control=max-age=5,%20max-age=5", 5),
        ("200/cache-control=max-age=5,%20max-age=9", 0),
        ("200/cache-control=max-age=%225%22", 5),
        ("200/expires=0", 0),
    ] {
        assert_eq!(lifetime(&Site::of(says), &format!("/{said}")).await, expected, "{said}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the response's date is the present")]
async fn expires_counts_from_the_responses_date() {
    let site = Site::of(says);
    let now = std::time::SystemTime::now();
    let at = |secs| httpdate::fmt_http_date(now + Duration::from_secs(secs)).replace(' ', "%20");
    let (date, expires) = (at(0), at(25));
    let found = lifetime(&site, &format!("/200/date={date}/expires={expires}")).await;
    // The clock may be a second ahead of the date.
    assert!((23..=25).contains(&found), "{found}");
}

#[tokio::test]
async fn age_begins_with_what_the_handler_said() {
    let site = Site::of(says);
    let said = "/200/cache-control=max-age=60/age=50";
    assert_eq!(site.get(said).await.field("age"), Some("50"));
    site.later(3);
    let hit = site.get(said).await;
    assert!(hit.is_hit());
    assert_eq!(hit.field("age"), Some("53"));
}

#[tokio::test]
async fn without_a_ttl_a_response_has_to_say_it_itself() {
    let site = Site::of(has_to_say);
    let silent = site.get("/200").await;
    assert!(silent.why().contains("it states no freshness"), "{}", silent.why());
    assert!(!site.get("/200").await.is_hit());
    assert_eq!(lifetime(&site, "/200/cache-control=max-age=5").await, 5);
    assert_eq!(lifetime(&site, "/404/cache-control=max-age=5").await, 5);
}

#[cached(ttl = 60)]
async fn fresh_for(Path(secs): Path<u64>) -> impl IntoResponse {
    (FreshFor(Duration::from_secs(secs)), [("cache-control", "max-age=7")], "hello")
}

#[tokio::test]
async fn fresh_for_counts_before_everything_and_is_not_seen_by_clients() {
    let site = Site::of(fresh_for);
    let first = site.get("/90").await;
    assert_eq!(first.field("cache-control"), Some("max-age=7"));
    assert!(first.fields.keys().all(|name| !name.as_str().contains("fresh")), "{:?}", first.fields);
    assert_eq!(lifetime(&Site::of(fresh_for), "/90").await, 90);
    assert_eq!(lifetime(&site, "/3").await, 3);
    assert_eq!(lifetime(&site, "/0").await, 0);
}

#[tokio::test]
async fn with_a_ttl_alone_200_203_301_and_308_are_stored() {
    let site = Site::of(says);
    let mut stored = Vec::new();
    for status in 200..=599 {
        if is_stored(&site, &format!("/{status}")).await {
            stored.push(status);
        }
    }
    assert_eq!(stored, [200, 203, 301, 308]);
}

#[tokio::test]
async fn explicit_freshness_stores_a_response_whose_status_describes_the_resource() {
    let site = Site::of(says);
    for status in [200, 201, 204, 302, 303, 307, 404, 405, 410] {
        assert!(is_stored(&site, &format!("/{status}/cache-control=max-age=60")).await, "{status}");
    }
    for status in [206, 304, 400, 401, 403, 407, 413, 414, 416, 422, 429, 451, 500, 501, 502, 503, 504] {
        for stated in ["cache-control=max-age=60", "cache-control=public,%20s-maxage=60", "cdn-cache-control=max-age=60"] {
            assert!(!is_stored(&site, &format!("/{status}/{stated}")).await, "{status} {stated}");
        }
    }
}

#[cached(ttl = from_response)]
async fn says_all(Path(said): Path<String>) -> Response {
    response(&said)
}

#[tokio::test]
async fn from_responses_any_final_status_but_206_304_and_416_is_stored_by_its_freshness() {
    let site = Site::of(says_all);
    for status in [200, 404, 403, 414, 429, 500, 501, 503] {
        assert!(is_stored(&site, &format!("/{status}/cache-control=max-age=60")).await, "{status}");
    }
    for status in [206, 304, 416] {
        assert!(!is_stored(&site, &format!("/{status}/cache-control=max-age=60")).await, "{status}");
    }
}

const NAMED: Policy = Policy::new().status(404, secs(5)).status(410, secs(90)).status(302, secs(5)).status(200, secs(7));

#[cached(ttl = 60, policy = NAMED)]
async fn named(Path(said): Path<String>) -> Response {
    response(&said)
}

#[tokio::test]
async fn a_policy_stores_the_statuses_that_it_names_for_as_long_as_it_says() {
    for (said, expected) in
        [("404", 5), ("410", 90), ("302", 5), ("200", 7), ("301", 60), ("403", 0), ("500", 0), ("404/cache-control=max-age=9", 9)]
    {
        assert_eq!(lifetime(&Site::of(named), &format!("/{said}")).await, expected, "{said}");
    }
}

#[tokio::test]
async fn a_stored_redirect_leads_to_where_it_led() {
    let site = Site::of(says);
    for status in ["301", "308"] {
        let target = format!("/{status}/location=new");
        let (first, second) = (site.get(&target).await, site.get(&target).await);
        assert!(second.is_hit());
        assert_eq!(second.status, first.status);
        assert_eq!(second.field("location"), Some("new"));
    }
}

#[derive(Clone)]
struct Slow(ManualClock);

/// Takes longer than its answer is fresh.
#[cached(ttl = 60, skip(slow))]
async fn slower_than_its_ttl(Extension(slow): Extension<Slow>) -> &'static str {
    slow.0.advance(Duration::from_secs(100));
    "hello"
}

#[tokio::test]
async fn a_lifetime_begins_when_the_response_is_there() {
    let mut site = Site::of(slower_than_its_ttl);
    site.router = site.router.layer(Extension(Slow(site.cache.clock().clone())));
    assert!(!site.get("/").await.is_hit());
    let hit = site.get("/").await;
    assert!(hit.is_hit(), "{}", hit.why());
    assert_eq!(hit.field("age"), Some("0"));
}
