//! Conditions by a time, which is whole seconds: what was made anew within one is not taken for what it replaced.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{Extension, Router, extract::State, response::Response, routing::get};
use cached_handler::{Cache, ETag, ManualClock, Policy, Target, cached};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::site::with_fields;

const NO_TAG: Policy = Policy::new().etag(ETag::Off);

#[derive(Clone)]
struct Source {
    version: Arc<AtomicU64>,
    last_modified: Option<&'static str>,
}

impl Source {
    fn page(&self) -> Response {
        let fields: Vec<(&str, &[u8])> = self.last_modified.iter().map(|date| ("last-modified", date.as_bytes())).collect();
        with_fields(fields, format!("version {}", self.version.load(Ordering::SeqCst)))
    }
}

macro_rules! pages {
    ($($name:ident: $backend:literal),*) => { $(
        #[cached(ttl = 3600, backend = $backend, policy = NO_TAG)]
        async fn $name(State(source): State<Source>) -> Response {
            source.page()
        }
    )* };
}
pages!(in_memory: "memory", in_files: "fs");

struct Place {
    cache: Cache,
    clock: ManualClock,
    router: Router,
    source: Source,
}

struct Reply {
    status: u16,
    date: String,
    text: String,
}

impl Place {
    async fn ask(&self, fields: &[(&str, &str)]) -> Reply {
        let mut request = axum::http::Request::get("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(axum::body::Body::empty()).expect("a request")).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let content = body.collect().await.expect("content").to_bytes();
        assert!(self.cache.drain(std::time::Duration::from_secs(10)).await);
        let date = parts.headers.get("date").and_then(|date| date.to_str().ok()).unwrap_or_default().to_owned();
        Reply { status: parts.status.as_u16(), date, text: String::from_utf8_lossy(&content).into_owned() }
    }

    /// What a client has, and what is stored since within the same second.
    async fn replaced(&self) -> Reply {
        let old = self.ask(&[]).await;
        self.source.version.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate(Target::path("/")).await.expect("invalidated");
        let new = self.ask(&[]).await;
        assert_eq!((&*old.date, &*new.text), (&*new.date, "version 1"), "the manual clock stands still");
        old
    }
}

/// In memory, and at rest.
async fn everywhere(name: &str, last_modified: Option<&'static str>, story: impl AsyncFn(&Place)) {
    let directory = std::env::temp_dir().join(format!("cached-handler-seconds-{name}-{}", std::process::id()));
    let clock = ManualClock::new();
    let cache = Cache::builder()
        .namespace("seconds")
        .clock(clock.clone())
        .fs(&directory)
        .limits("fs", cached_handler_tests::harness::PATIENT)
        .build()
        .await
        .expect("a cache");
    for page in [get(in_memory), get(in_files)] {
        let source = Source { version: Arc::default(), last_modified };
        let router = Router::new().route("/", page).with_state(source.clone()).layer(Extension(cache.clone()));
        story(&Place { cache: cache.clone(), clock: clock.clone(), router, source }).await;
    }
    drop(cache);
    std::fs::remove_dir_all(&directory).expect("removed");
}

#[tokio::test]
async fn what_replaced_a_response_within_its_second_is_not_taken_for_it() {
    everywhere("date", None, async |place| {
        let old = place.replaced().await;
        for later in [0, 1, 1800] {
            place.clock.advance(std::time::Duration::from_secs(later));
            let reply = place.ask(&[("if-modified-since", &old.date)]).await;
            assert_eq!((reply.status, &*reply.text), (200, "version 1"), "{later} s later");
        }
        for condition in ["if-range", "if-unmodified-since"] {
            let reply = place.ask(&[("range", "bytes=0-1"), (condition, &old.date)]).await;
            assert_eq!((reply.status, &*reply.text), (200, "version 1"), "{condition}");
        }
    })
    .await;
}

#[tokio::test]
async fn last_modified_in_the_second_of_its_response_is_no_validator_and_an_older_one_is() {
    const OLD: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    everywhere("modified", Some(OLD), async |place| {
        assert_eq!(place.ask(&[]).await.status, 200);
        assert_eq!(place.ask(&[("if-modified-since", OLD)]).await.status, 304);
        let part = place.ask(&[("range", "bytes=0-1"), ("if-unmodified-since", OLD)]).await;
        assert_eq!((part.status, &*part.text), (206, "ve"));
    })
    .await;
}
