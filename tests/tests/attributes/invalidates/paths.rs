//! Paths: however a client has written the value that the handler was given, it is invalidated; and what is none is an error.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    extract::Path,
    http::{Method, StatusCode},
    routing::get,
};
use cached_handler::{Cache, Target, cached, expire_path, invalidate_path, invalidates};
use cached_handler_tests::{
    harness::{ask, send, text},
    places::Place,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cached(ttl = 60)]
async fn show<T: DeserializeOwned + Send + Sync + 'static>(Path(_): Path<T>) -> String {
    RUNS.fetch_add(1, Ordering::SeqCst).to_string()
}

#[invalidates(path = "/one/{id}")]
async fn change<T: DeserializeOwned + fmt::Display + Send + Sync + 'static>(Path(id): Path<T>) -> StatusCode {
    let _ = id;
    StatusCode::NO_CONTENT
}

#[invalidates(path = "/two/{a}/of/{b}")]
async fn change_two(Path((a, b)): Path<(u32, u32)>) -> StatusCode {
    let _ = (a, b);
    StatusCode::NO_CONTENT
}

#[invalidates(path = "/rest/{*rest}")]
async fn change_rest(Path(rest): Path<String>) -> StatusCode {
    let _ = rest;
    StatusCode::NO_CONTENT
}

/// As the crate of this name reads and writes it.
struct Uuid(u128);

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.to_ascii_lowercase();
        let digits: String = text.trim_start_matches("urn:uuid:").chars().filter(char::is_ascii_hexdigit).collect();
        u128::from_str_radix(&digits, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        let part = |from: usize, to: usize| &digits[from..to];
        write!(f, "{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }
}

fn one<T: DeserializeOwned + fmt::Display + Send + Sync + 'static>() -> Router {
    Router::new().route("/one/{id}", get(show::<T>).put(change::<T>))
}

fn others() -> Router {
    Router::new()
        .route("/two/{a}/of/{b}", get(show::<(u32, u32)>).put(change_two))
        .route("/rest/{*rest}", get(show::<String>).put(change_rest))
}

/// Requests for one resource, in each of which the handler is given the same value.
fn spellings() -> Vec<(Router, Vec<&'static str>)> {
    vec![
        (one::<u32>(), vec!["/one/7", "/one/07", "/one/+7", "/one/%2B7", "/one/%37"]),
        (one::<i64>(), vec!["/one/-7", "/one/-007"]),
        (one::<f64>(), vec!["/one/7", "/one/7.0", "/one/7e0"]),
        (one::<std::net::IpAddr>(), vec!["/one/2001:db8::1", "/one/2001:DB8:0:0::1"]),
        (
            one::<Uuid>(),
            vec![
                "/one/6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                "/one/6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
                "/one/6ba7b8109dad11d180b400c04fd430c8",
                "/one/%7B6ba7b810-9dad-11d1-80b4-00c04fd430c8%7d",
                "/one/urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            ],
        ),
        (others(), vec!["/two/1/of/2", "/two/01/of/2", "/two/1/of/+2"]),
        (others(), vec!["/rest/a/b.txt", "/rest/a%2Fb.txt", "/rest/a%2fb%2Etxt"]),
    ]
}

async fn every_spelling_is_invalidated(place: Place) {
    let cache = place.cache().await;
    for (router, spellings) in spellings() {
        let router = router.layer(Extension(cache.clone()));
        for read in &spellings {
            for written in &spellings {
                let before = text(ask(&router, read).await).await;
                assert_eq!(text(ask(&router, read).await).await, before, "{read} is stored");
                assert_eq!(send(&router, Method::PUT, written).await.status(), StatusCode::NO_CONTENT);
                assert_ne!(text(ask(&router, read).await).await, before, "{read} after {written}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_is_invalidated_however_its_path_was_written_in_memory() {
    every_spelling_is_invalidated(Place::Memory).await;
}

#[tokio::test]
async fn a_value_is_invalidated_however_its_path_was_written_in_files() {
    every_spelling_is_invalidated(Place::files("spellings")).await;
}

#[tokio::test]
async fn an_invalidation_of_what_is_no_path_is_an_error_that_says_what_to_type() {
    let cache = Cache::builder().build().await.unwrap();
    for (path, advice) in [
        ("a/x", "type `/a/x`"),
        ("https://host/a/x", "`/a/x`"),
        (" /a/x", "type `/a/x`"),
        ("/a/*", "Target::group"),
        ("/a/{slug}", "Target::group"),
        ("/a/:slug", "Target::group"),
    ] {
        let target = Target::path(path);
        let errors =
            [cache.invalidate(target.clone()).await, cache.expire(target).await, invalidate_path(path).await, expire_path(path).await];
        for error in errors {
            let error = error.expect_err(path);
            assert!(error.is_config() && error.to_string().contains(advice), "{path}: {error}");
        }
    }
    assert!(cache.invalidate(Target::path("/a/%2A?page=1")).await.is_ok());
}

/// A tag may be called `:rust`; and who forgets the slash means the same path.
#[tokio::test]
async fn what_looks_like_no_path_is_invalidated_and_expired_as_well() {
    for at_rest in [Place::Memory, Place::files("no-paths")] {
        let cache = at_rest.cache().await;
        let router = one::<String>().layer(Extension(cache.clone()));
        for (path, named) in
            [("/one/:rust", "/one/:rust"), ("/one/*", "/one/*"), ("/one/%7Bx%7D", "/one/{x}"), ("/one/y", "one/y"), ("/one/z", " /one/z ")]
        {
            for expires in [false, true] {
                let before = text(ask(&router, path).await).await;
                assert_eq!(text(ask(&router, path).await).await, before);
                let target = Target::path(named);
                let outcome = if expires { cache.expire(target).await } else { cache.invalidate(target).await };
                assert!(outcome.is_err_and(|error| error.is_config()), "{named}");
                assert_ne!(text(ask(&router, path).await).await, before, "{named}");
            }
        }
    }
}

/// A client may write to any path that is routed.
#[tokio::test]
async fn a_request_to_a_path_that_looks_like_a_pattern_invalidates_that_path() {
    let cache = Place::Memory.cache().await;
    let router = one::<String>().layer(Extension(cache));
    for path in ["/one/*", "/one/:id", "/one/%7Bid%7D"] {
        let before = text(ask(&router, path).await).await;
        assert_eq!(text(ask(&router, path).await).await, before);
        send(&router, Method::PUT, path).await;
        assert_ne!(text(ask(&router, path).await).await, before, "{path}");
    }
}
