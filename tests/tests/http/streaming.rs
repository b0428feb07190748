//! Content that streams: it reaches the client at once, nothing is held past the limit, and nobody slows anybody.

mod endless;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Request, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler_tests::harness::{alone, resident};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::mpsc;
use tower::ServiceExt;

use cached_handler::{
    Kept, NotStored, Outcome, Policy, cached,
    testing::{TestCache, assert_hit, assert_miss},
};
#[cfg(target_os = "linux")]
#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    dropped: Arc<AtomicBool>,
}

/// Frames of this many bytes, of no declared length, each after a pause.
fn frames(app: &App, count: usize, size: usize, pause: Duration, end: End) -> Body {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let (sender, mut receiver) = mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(1);
    let alive = Dropped(Arc::clone(&app.dropped));
    tokio::spawn(async move {
        let _alive = alive;
        for at in 0..count {
            tokio::time::sleep(pause).await;
            let frame = Frame::data(Bytes::from(vec![b'a' + (at % 26) as u8; size]));
            if sender.send(Ok(frame)).await.is_err() {
                return;
            }
        }
        match end {
            End::Well => {}
            End::Broken => drop(sender.send(Err(std::io::Error::other("broken off"))).await),
            End::Trailers => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-trailer", "1".parse().unwrap());
                drop(sender.send(Ok(Frame::trailers(trailers))).await);
            }
            End::Never => std::future::pending().await,
        }
    });
    Body::new(StreamBody::new(poll_fn_stream(move |cx| receiver.poll_recv(cx))))
}

fn poll_fn_stream<T>(poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>>) -> impl futures_core::Stream<Item = T> {
    struct PollFn<F>(F);
    impl<F: Unpin + FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>>, T> futures_core::Stream for PollFn<F> {
        type Item = T;
        fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<T>> {
            (self.0)(cx)
        }
    }
    PollFn(Box::new(poll))
}

#[derive(Clone, Copy)]
enum End {
    Well,
    Broken,
    Trailers,
    Never,
}

const SMALL: Policy = Policy::new().max_body(10_000);

#[cached(ttl = 60, policy = SMALL)]
async fn streamed(State(app): State<App>, Path((count, end)): Path<(usize, String)>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    let end = match end.as_str() {
        "broken" => End::Broken,
        "trailers" => End::Trailers,
        "never" => End::Never,
        _ => End::Well,
    };
    frames(&app, count, 1000, Duration::from_millis(1), end).into_response()
}

/// Of a declared length, and it stops in the middle.
struct Stalls(Option<Bytes>);

impl http_body::Body for Stalls {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(std::task::Poll::Pending, |half| std::task::Poll::Ready(Some(Ok(Frame::data(half)))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(8)
    }
}

#[cached(ttl = 60)]
async fn stalls(State(app): State<App>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    Response::new(Body::new(Stalls(Some(Bytes::from_static(b"half")))))
}

#[cached(ttl = 60)]
async fn slow(State(app): State<App>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    frames(&app, 4, 10, Duration::from_secs(2), End::Well).into_response()
}

#[cached(ttl = 60)]
async fn events(State(app): State<App>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    ([(header::CONTENT_TYPE, "text/event-stream")], frames(&app, 3, 10, Duration::from_millis(1), End::Never)).into_response()
}

#[cached(ttl = 60)]
async fn huge(State(app): State<App>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    frames(&app, 300_000_000 / 65_536, 65_536, Duration::ZERO, End::Well).into_response()
}

#[cached(ttl = 60, policy = SMALL)]
async fn sized(Path(size): Path<usize>) -> Vec<u8> {
    vec![b'x'; size]
}

/// Two pieces that are more than a turn of work together.
#[cached(ttl = 60)]
async fn long(State(app): State<App>) -> Response {
    app.runs.fetch_add(1, Ordering::SeqCst);
    frames(&app, 2, 400_000, Duration::ZERO, End::Well).into_response()
}

#[cached(ttl = 60)]
async fn lying(Path(declared): Path<usize>) -> Response {
    ([(header::CONTENT_LENGTH, declared.to_string())], "four").into_response()
}

fn app() -> (App, TestCache, Router) {
    let (app, cache) = (App::default(), TestCache::new());
    let router = Router::new()
        .route("/streamed/{count}/{end}", get(streamed))
        .route("/events", get(events))
        .route("/stalls", get(stalls))
        .route("/slow", get(slow))
        .route("/huge", get(huge))
        .route("/sized/{size}", get(sized))
        .route("/long", get(long))
        .route("/lying/{declared}", get(lying))
        .with_state(app.clone())
        .layer(cache.layer());
    (app, cache, router)
}

async fn ask(router: &Router, uri: &str) -> Response {
    let response: Result<Response, Infallible> = router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await;
    response.unwrap()
}

/// The bytes that came, and whether they ended well.
async fn read(response: Response) -> (usize, bool) {
    let (mut body, mut bytes) = (response.into_body(), 0);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len),
            Err(_) => return (bytes, false),
        }
    }
    (bytes, true)
}

fn reason(response: &Response) -> Option<NotStored> {
    match response.extensions().get::<Outcome>() {
        Some(Outcome::Forward { kept: Kept::Not(reason), .. }) => Some(reason.clone()),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn content_of_no_declared_length_is_stored_while_it_streams() {
    let (app, _, router) = app();
    let miss = assert_miss!(ask(&router, "/streamed/5/well").await);
    assert_eq!(read(miss).await, (5000, true));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let hit = assert_hit!(ask(&router, "/streamed/5/well").await);
    assert!(hit.headers().contains_key(header::ETAG));
    assert_eq!(hit.headers()[header::CONTENT_LENGTH], "5000");
    assert_eq!(read(hit).await, (5000, true));
    assert_eq!(app.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_who_has_read_a_stream_to_its_end_finds_it_in_memory() {
    let (app, _, router) = app();
    let miss = assert_miss!(ask(&router, "/long").await);
    assert_eq!(read(miss).await, (800_000, true));
    assert_hit!(ask(&router, "/long").await);
    assert_eq!(app.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_who_leaves_in_the_middle_does_not_keep_it_from_being_stored() {
    let (_, cache, router) = app();
    drop(ask(&router, "/streamed/5/well").await);
    assert!(cache.cache().drain(Duration::from_secs(1)).await);
    assert_hit!(ask(&router, "/streamed/5/well").await);
}

#[tokio::test(start_paused = true)]
async fn a_client_who_does_not_read_slows_nobody() {
    let (_, _, router) = app();
    let slow = ask(&router, "/streamed/5/well").await;
    let follower = tokio::time::timeout(Duration::from_millis(50), ask(&router, "/streamed/5/well")).await.unwrap();
    assert_eq!(read(follower).await, (5000, true));
    assert_eq!(read(slow).await, (5000, true));
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_after_any_number_of_frames_is_passed_on_and_not_stored() {
    for count in 0..6 {
        let (_, cache, router) = app();
        let uri = format!("/streamed/{count}/broken");
        assert_eq!(read(assert_miss!(ask(&router, &uri).await)).await, (count * 1000, false));
        cache.cache().drain(Duration::from_secs(1)).await;
        assert_miss!(ask(&router, &uri).await);
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_reach_the_client_and_keep_it_from_being_stored() {
    let (_, cache, router) = app();
    let collected = ask(&router, "/streamed/2/trailers").await.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-trailer"], "1");
    cache.cache().drain(Duration::from_secs(1)).await;
    assert_miss!(ask(&router, "/streamed/2/trailers").await);
}

#[tokio::test(start_paused = true)]
async fn past_the_limit_it_flows_through_and_is_not_stored() {
    for (count, stored) in [(9, true), (10, true), (11, false), (40, false)] {
        let (_, cache, router) = app();
        let uri = format!("/streamed/{count}/well");
        assert_eq!(read(ask(&router, &uri).await).await, (count * 1000, true));
        cache.cache().drain(Duration::from_secs(1)).await;
        assert_eq!(matches!(ask(&router, &uri).await.extensions().get(), Some(Outcome::Hit { .. })), stored, "{count}");
    }
}

#[tokio::test]
async fn known_lengths_are_judged_at_once() {
    let (_, _, router) = app();
    for (size, stored) in [(9_999, true), (10_000, true), (10_001, false)] {
        let uri = format!("/sized/{size}");
        let miss = assert_miss!(ask(&router, &uri).await);
        assert_eq!(reason(&miss), if stored { None } else { Some(NotStored::TooLarge) });
        assert_eq!(miss.headers().contains_key(header::ETAG), stored);
        assert_eq!(read(miss).await, (size, true));
        assert_eq!(matches!(ask(&router, &uri).await.extensions().get(), Some(Outcome::Hit { .. })), stored);
    }
}

#[tokio::test]
async fn a_length_that_is_not_so_keeps_it_from_being_stored() {
    let (_, _, router) = app();
    for declared in [3, 5] {
        let response = ask(&router, &format!("/lying/{declared}")).await;
        assert_eq!(reason(&response), Some(NotStored::LengthMismatch));
    }
    assert_eq!(reason(&ask(&router, "/lying/4").await), None);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stream_of_300_mb_adds_at_most_two_mebibytes() {
    if let Some(printed) = alone("streaming::a_stream_of_300_mb_adds_at_most_two_mebibytes") {
        return println!("{printed}");
    }
    let (_, _, router) = app();
    assert_eq!(read(ask(&router, "/streamed/5/well").await).await, (5000, true));
    let (before, mut most, mut bytes) = (resident().0, 0, 0);
    let mut body = ask(&router, "/huge").await.into_body();
    while let Some(frame) = body.frame().await {
        bytes += frame.unwrap().data_ref().map_or(0, Bytes::len);
        most = most.max(resident().0);
    }
    let added = most.saturating_sub(before);
    println!("- a stream of {} MB adds {:.2} MiB", bytes / 1_000_000, added as f64 / f64::from(1 << 20));
    assert!(bytes > 299_000_000);
    assert!(added <= 2 << 20, "{added} bytes");
}
