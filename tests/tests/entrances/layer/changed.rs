//! Requests with an unsafe method through a layer: what their answers invalidate (RFC 9111 §4.4).

use std::{
    future::{pending, ready},
    sync::Mutex,
};

use axum::{
    extract::Request as AxumRequest,
    http::Method,
    middleware::{self, Next},
    routing::{any, post},
};
use cached_handler::{Cache, cached, invalidates};
use tokio::sync::Notify;

use super::*;

/// A text that PUT replaces, and what else a PUT is answered with.
#[derive(Clone, Default)]
struct Note(Arc<Mutex<String>>);

async fn show(State(note): State<Note>) -> Response {
    let text = note.0.lock().unwrap().clone();
    ([(header::CACHE_CONTROL, "max-age=60")], text).into_response()
}

async fn edit(State(note): State<Note>, text: String) -> Response {
    note.0.lock().unwrap().clone_from(&text);
    match text.split_once('=') {
        Some(("status", status)) => status.parse::<StatusCode>().unwrap().into_response(),
        Some((name, value)) => [(name, value)].into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn notes(note: &Note) -> Router {
    Router::new().route("/note", get(show).put(edit).delete(edit)).route("/other", post(edit).get(show)).with_state(note.clone())
}

fn unsafe_one(method: &str, uri: &str, content: &'static str) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(Body::from(content)).unwrap()
}

/// How often something was invalidated.
fn invalidations(cache: &TestCache) -> u64 {
    cache.cache().stats().invalidations
}

#[tokio::test]
async fn an_answer_to_an_unsafe_method_through_a_layer_invalidates_its_target() {
    for backend in BACKENDS {
        let cache = || TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend(backend));
        let by_ttl = cache();
        let from_responses = cache();
        let layers = [
            (&by_ttl, layer(&by_ttl)),
            (&from_responses, CacheLayer::from_response("stated").vary_from_response().cache(from_responses.cache().clone())),
        ];
        for (cache, layer) in layers {
            let note = Note::default();
            let app = layer.around(notes(&note));
            for (method, text) in [("PUT", "one"), ("DELETE", "two"), ("PUT", "three")] {
                ask(&app, "/note").await;
                assert_hit!(ask(&app, "/note").await);
                let before = invalidations(cache);
                let answer = send(&app, unsafe_one(method, "/note", text)).await;
                assert_eq!(why(&answer), Forward::Method);
                assert_eq!(invalidations(cache), before + 1, "once");
                assert_eq!(super::text(assert_miss!(ask(&app, "/note").await)).await, text, "{backend}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_invalidates_nothing_and_a_location_of_the_same_origin_too() {
    let (cache, note) = (TestCache::new(), Note::default());
    let app = layer(&cache).around(notes(&note));
    for (content, is_left) in [
        ("status=403", true),
        ("status=500", true),
        ("status=204", true),
        ("location=/note", false),
        ("content-location=/a/../note", false),
        ("location=http://elsewhere.example/note", true),
    ] {
        ask(&app, "/note").await;
        send(&app, unsafe_one("POST", "/other", content)).await;
        assert_eq!(matches!(outcome_of(&ask(&app, "/note").await), Outcome::Hit { .. }), is_left, "{content}");
    }
    ask(&app, "/note").await;
    send(&app, Request::options("/note").body(Body::empty()).unwrap()).await;
    assert_hit!(ask(&app, "/note").await);
}

#[cached(ttl = 60)]
async fn cached_show(State(note): State<Note>) -> String {
    note.0.lock().unwrap().clone()
}

#[cached(ttl = 60)]
async fn cached_any(State(note): State<Note>) -> String {
    note.0.lock().unwrap().push('+');
    note.0.lock().unwrap().clone()
}

#[invalidates(path = "/note")]
async fn marked_edit(State(note): State<Note>, text: String) {
    *note.0.lock().unwrap() = text;
}

#[tokio::test]
async fn a_layer_invalidates_what_handlers_inside_stored_and_the_other_way_round() {
    // A layer with a cache of its own, too.
    for has_its_own in [false, true] {
        let (cache, own, note) = (TestCache::new(), TestCache::new(), Note::default());
        let layer = || CacheLayer::new("site", secs(60)).cache(if has_its_own { own.cache() } else { cache.cache() }.clone());
        // GET is cached by the attribute, PUT goes through the layer.
        let app = Router::new().route("/note", get(cached_show).put(edit)).with_state(note.clone()).layer(layer()).layer(cache.layer());
        ask(&app, "/note").await;
        assert_hit!(ask(&app, "/note").await);
        send(&app, unsafe_one("PUT", "/note", "new")).await;
        assert_eq!(text(assert_miss!(ask(&app, "/note").await)).await, "new", "{has_its_own}");

        // GET is cached by a layer, and another layer lets PUT through; or a handler with an attribute has it.
        for put in [axum::routing::put(edit).layer(layer()), axum::routing::put(marked_edit), axum::routing::put(cached_any)] {
            let kept = get(show).layer(CacheLayer::new("pages", secs(60)));
            let app = Router::new().route("/note", kept.merge(put)).with_state(note.clone()).layer(cache.layer());
            ask(&app, "/note").await;
            assert_hit!(ask(&app, "/note").await);
            send(&app, unsafe_one("PUT", "/note", "newer")).await;
            assert_miss!(ask(&app, "/note").await);
        }
    }
}

#[tokio::test]
async fn each_cache_that_a_change_goes_through_follows_it_on_its_way_out() {
    let (cache, note) = (TestCache::new(), Note::default());
    let router = Router::new()
        .route("/marked", any(marked_edit))
        .route("/note", any(marked_edit))
        .merge(Router::new().route("/any", any(cached_any)).route("/plain", any(edit)));
    let router = router.with_state(note).layer(cache.layer());
    let app = layer(&cache).around(layer(&cache).around(router));
    for (path, targets) in [("/plain", 2), ("/any", 3), ("/note", 3), ("/marked", 4)] {
        let before = invalidations(&cache);
        send(&app, unsafe_one("PUT", path, "x")).await;
        assert_eq!(invalidations(&cache) - before, targets, "{path}");
    }
}

#[tokio::test]
async fn what_a_middleware_commits_after_the_handler_is_followed_by_an_invalidation() {
    // In the moment in which the handler ends, or later; the handler may invalidate, be a cached one, or neither.
    for waits in [false, true] {
        for put in [axum::routing::put(marked_edit), axum::routing::put(cached_any), axum::routing::put(edit)] {
            let (cache, note) = (TestCache::new(), Note::default());
            let (committed, shown) = (note.clone(), layer(&cache).around(get(show).with_state(note.clone())));
            let commits = middleware::from_fn(move |request: AxumRequest, next: Next| {
                let (note, shown) = (committed.clone(), shown.clone());
                async move {
                    let is_put = request.method() == Method::PUT;
                    let response = next.run(request).await;
                    if is_put {
                        if waits {
                            tokio::task::yield_now().await;
                        }
                        // A request between the invalidation inside and the commit reads what was, and stores it.
                        note.0.lock().unwrap().replace_range(.., "old");
                        ask(&shown, "/note").await;
                        note.0.lock().unwrap().replace_range(.., "committed");
                    }
                    response
                }
            });
            let app = get(show).merge(put).with_state(note).layer(commits);
            let app = layer(&cache).around(Router::new().route("/note", app).layer(cache.layer()));
            ask(&app, "/note").await;
            send(&app, unsafe_one("PUT", "/note", "written")).await;
            assert_eq!(text(ask(&app, "/note").await).await, "committed", "{waits}");
        }
    }
}

#[tokio::test]
async fn a_change_whose_client_leaves_or_that_has_no_answer_invalidates_all_the_same() {
    let (cache, wrote) = (TestCache::new(), Arc::new(Notify::new()));
    let has_written = Arc::clone(&wrote);
    let router = Router::new().route(
        "/note",
        get(async || "note").put(async move || {
            has_written.notify_one();
            pending::<()>().await;
        }),
    );
    let app = layer(&cache).around(router);
    ask(&app, "/note").await;
    let before = invalidations(&cache);
    let put = tokio::spawn(app.clone().oneshot(unsafe_one("PUT", "/note", "")));
    wrote.notified().await;
    assert_hit!(ask(&app, "/note").await);
    put.abort();
    _ = put.await;
    assert_eq!(invalidations(&cache), before + 1, "once");
    assert_miss!(ask(&app, "/note").await);

    let fails = tower::service_fn(|request: Request<Body>| {
        ready(if request.method() == Method::GET { Ok(Response::new(Body::from("note"))) } else { Err("gone") })
    });
    let app = layer(&cache).around(fails);
    ask(&app, "/note").await;
    assert_hit!(ask(&app, "/note").await);
    assert_eq!(app.clone().oneshot(unsafe_one("PUT", "/note", "")).await.unwrap_err(), "gone");
    assert_miss!(ask(&app, "/note").await);
}

/// The crate's own cache has it in hand: nothing of this program is invalidated by a layer with a test's cache.
#[tokio::test]
async fn a_layer_in_a_cache_of_a_test_keeps_to_itself() {
    let (cache, other) = (TestCache::new(), Cache::builder().build().await.unwrap());
    let app = layer(&cache).around(notes(&Note::default()));
    send(&app, unsafe_one("PUT", "/note", "x")).await;
    assert_eq!((invalidations(&cache), other.stats().invalidations), (1, 0));
}
