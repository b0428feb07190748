//! Law L7 for what is a piece of something larger, or holds more than is seen of it: memory is bounded by what is held.

use std::{collections::HashMap, convert::Infallible, fmt::Write as _, net::SocketAddr};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Request},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Outcome, Values, cached, secs, testing::TestCache};
use cached_handler_tests::harness::{alone, ask, count, resident};
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::ServiceExt;

const LIMIT: u64 = 8 << 20;

fn cache() -> TestCache {
    TestCache::with(|builder| builder.memory(LIMIT))
}

/// What the process holds beyond what it held before, by each hundredth request, in shares of the limit.
struct Growth {
    before: u64,
    most: u64,
}

impl Growth {
    fn begins() -> Self {
        Self { before: resident().0, most: 0 }
    }

    fn at(&mut self, round: usize) {
        if round.is_multiple_of(100) {
            self.most = self.most.max(resident().0);
        }
    }

    fn is_bounded(self, what: &str) {
        let grown = self.most.max(resident().0).saturating_sub(self.before) as f64 / LIMIT as f64;
        println!("- {what}: the process grew by {grown:.2} x the limit");
        assert!(grown <= 1.3, "{what}: {grown:.2} x the limit");
    }
}

/// As of a head that was read in one piece: the value is a slice of it.
fn of_a_head(size: usize, value: &str) -> HeaderValue {
    let mut head = vec![b'x'; size];
    head[..value.len()].copy_from_slice(value.as_bytes());
    HeaderValue::from_maybe_shared(Bytes::from(head).slice(..value.len())).unwrap()
}

#[cached(ttl = 600, vary = "origin")]
async fn echoes(Path(_id): Path<usize>, fields: HeaderMap) -> Response {
    ([("access-control-allow-origin", fields["origin"].clone())], "hello").into_response()
}

#[tokio::test]
async fn a_value_of_a_field_that_is_echoed_keeps_no_head_alive() {
    if let Some(printed) = alone("bounds::held::a_value_of_a_field_that_is_echoed_keeps_no_head_alive") {
        return println!("{printed}");
    }
    let cache = cache();
    let router = Router::new().route("/{id}", get(echoes)).layer(cache.layer());
    drop(ask(&router, "/warm").await);
    let mut growth = Growth::begins();
    for round in 0..count(60_000) {
        let mut request = Request::get(format!("/{round}")).body(Body::empty()).unwrap();
        request.headers_mut().insert("origin", of_a_head(300 << 10, "https://example.org"));
        drop(router.clone().oneshot(request).await);
        growth.at(round);
    }
    growth.is_bounded("heads of 300 KiB, of which a value is echoed");
}

#[cached(ttl = 600)]
async fn slices(Path(_id): Path<usize>) -> Bytes {
    Bytes::from(vec![b'x'; 1 << 20]).slice(..100)
}

#[tokio::test]
async fn content_that_is_a_piece_keeps_no_whole_alive() {
    if let Some(printed) = alone("bounds::held::content_that_is_a_piece_keeps_no_whole_alive") {
        return println!("{printed}");
    }
    let cache = cache();
    let router = Router::new().route("/{id}", get(slices)).layer(cache.layer());
    let mut growth = Growth::begins();
    for round in 0..count(60_000) {
        drop(ask(&router, &format!("/{round}")).await);
        growth.at(round);
    }
    growth.is_bounded("100 bytes of a megabyte each");
}

/// Passes on what another server says, frame by frame, as it was read from the connection.
#[cached(ttl = 600)]
async fn passes(Path(id): Path<usize>, State(origin): State<SocketAddr>) -> Response {
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let uri = format!("http://{origin}/{id}").parse().unwrap();
    client.get(uri).await.unwrap().map(Body::new).into_response()
}

#[tokio::test]
async fn frames_of_a_client_keep_no_buffers_alive() {
    if let Some(printed) = alone("bounds::held::frames_of_a_client_keep_no_buffers_alive") {
        return println!("{printed}");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = listener.local_addr().unwrap();
    let sized = async |Path(id): Path<usize>| "x".repeat(100 + id % 3000);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/{id}", get(sized))).await });
    let cache = cache();
    let router = Router::new().route("/{id}", get(passes)).with_state(origin).layer(cache.layer());
    for warm in 0..100 {
        drop(ask(&router, &format!("/{warm}")).await);
    }
    let mut growth = Growth::begins();
    for round in 0..count(60_000) {
        ask(&router, &format!("/{round}")).await.into_body().collect().await.unwrap();
        growth.at(round);
    }
    growth.is_bounded("what another server said, passed on");
}

#[cached(ttl = from_response, vary = from_response)]
async fn selected(_request: axum::extract::Request) -> Response {
    ([("vary", "x-long"), ("cache-control", "max-age=600")], "hello").into_response()
}

#[tokio::test]
async fn long_fields_that_select_are_not_kept() {
    if let Some(printed) = alone("bounds::held::long_fields_that_select_are_not_kept") {
        return println!("{printed}");
    }
    let cache = cache();
    let router = Router::new().fallback(selected).layer(cache.layer());
    let long = |round: usize| {
        let mut request = Request::get(format!("/{}", round / 16)).body(Body::empty()).unwrap();
        let mut value = vec![b'x'; 100 << 10];
        value[..8].copy_from_slice(format!("{round:8}").as_bytes());
        request.headers_mut().insert(HeaderName::from_static("x-long"), HeaderValue::from_maybe_shared(Bytes::from(value)).unwrap());
        request
    };
    drop(router.clone().oneshot(long(0)).await);
    let mut growth = Growth::begins();
    for round in 0..count(60_000) {
        drop(router.clone().oneshot(long(round)).await);
        growth.at(round);
    }
    // Which of them are kept, the frequencies decide: some are.
    let mut hits = 0;
    for round in 0..count(60_000) {
        let again = router.clone().oneshot(long(round)).await.unwrap();
        hits += usize::from(matches!(again.extensions().get(), Some(Outcome::Hit { .. })));
    }
    assert!(hits > 0, "nothing is kept");
    growth.is_bounded("selecting fields of 100 KiB");
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Skipping {
    id: usize,
    #[serde(skip)]
    more: Vec<u8>,
    texts: Vec<String>,
    by_number: HashMap<u64, Option<u64>>,
}

impl Skipping {
    fn new(id: usize) -> Self {
        let mut text = String::with_capacity(64 << 10);
        write!(text, "{id}").unwrap();
        Self { id, more: vec![7; 256 << 10], texts: vec![text], by_number: (0..20).map(|at| (at, None)).collect() }
    }
}

#[tokio::test]
async fn a_value_with_more_than_its_json_shows_is_weighed_by_what_is_kept() {
    if let Some(printed) = alone("bounds::held::a_value_with_more_than_its_json_shows_is_weighed_by_what_is_kept") {
        return println!("{printed}");
    }
    let cache = cache();
    let values: Values<Skipping> = cache.cache().values("skipping");
    let weighed: Values<Skipping> = cache.cache().values("weighed").weigh(|value| value.more.len() + (70 << 10));
    let mut growth = Growth::begins();
    for round in 0..count(60_000) {
        if round % 2 == 0 {
            values.insert(&round, Skipping::new(round), secs(600)).await.unwrap();
        } else {
            let compute = async move || Ok::<_, Infallible>(Skipping::new(round));
            assert_eq!(values.get_or_insert_with(&round, secs(600), compute).await.unwrap().id, round);
        }
        weighed.insert(&round, Skipping::new(round), secs(600)).await.unwrap();
        growth.at(round);
    }
    let last = count(60_000) - 1;
    weighed.insert(&last, Skipping::new(last), secs(600)).await.unwrap();
    let kept = weighed.get(&last).await.map(|value| value.more.len());
    assert!(kept.is_none_or(|kept| kept == 256 << 10), "as it is, or driven out");
    growth.is_bounded("values with a field that serde skips");
}
