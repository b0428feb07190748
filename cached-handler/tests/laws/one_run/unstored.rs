//! Law L5 where nothing comes to be stored: nobody waits in vain for what is another's, not there, or failing.

use std::{sync::atomic::Ordering, time::Duration};

use super::{App, WORK, app, ask, crowd};
use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use tower::ServiceExt;

#[tokio::test(start_paused = true)]
async fn nobody_gets_what_was_made_for_another_and_nobody_waits_twice() {
    let (app, _, router) = app();
    let (answers, cold) = crowd(&router, "/personal", 20).await;
    let distinct: std::collections::HashSet<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!((distinct.len(), app.runs()), (20, 20));
    assert!(cold <= WORK * 21 / 10, "{cold:?} cold");
    let (_, marked) = crowd(&router, "/personal", 20).await;
    assert!(marked <= WORK * 105 / 100, "{marked:?} once marked");
    println!(
        "20 at once: {:.2} handler times cold, {:.2} once marked",
        cold.as_secs_f64() / WORK.as_secs_f64(),
        marked.as_secs_f64() / WORK.as_secs_f64()
    );
}

/// Of a key nothing is known; of its handler, that nothing it says is stored.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_new_keys_of_a_handler_until_one_of_its_answers_is_stored() {
    let (app, cache, router) = app();
    let (_, cold) = crowd(&router, "/personal/0", 20).await;
    assert!(cold >= WORK * 2, "{cold:?}: nobody could know");
    for id in 1..5 {
        let (answers, time) = crowd(&router, &format!("/personal/{id}"), 20).await;
        let distinct: std::collections::HashSet<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!((distinct.len(), time), (20, WORK), "{id}");
    }
    // One that is stored, and from then on they share runs, however long ago that is.
    ask(&router, "/personal/90").await;
    for id in 91..95 {
        let before = app.runs();
        let (answers, time) = crowd(&router, &format!("/personal/{id}"), 20).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!((app.runs() - before, time), (1, WORK), "{id}");
    }
    let (_, cold) = crowd(&router, "/personal/50", 20).await;
    assert!(cold >= WORK * 2, "a handler that may store something is collapsed");
    cache.clock().advance(secs(3600));
    cache.cache().invalidate(cached_handler::Target::all()).await.unwrap();
    for id in 51..60 {
        ask(&router, &format!("/personal/{id}")).await;
    }
    let before = app.runs();
    crowd(&router, "/personal/99", 1000).await;
    assert_eq!(app.runs() - before, 1);
}

/// A layer is many handlers, and so is a handler that forwards: what some of them never store says nothing of the others.
#[tokio::test(start_paused = true)]
async fn what_a_site_never_stores_makes_nobody_run_for_its_other_pages() {
    let stores_first: [&[u8]; 3] = [&[], &[90], &[90, 91, 92, 93, 94]];
    for stored in stores_first {
        for forwards in [false, true] {
            let (app, cache) = (App::default(), TestCache::new());
            let page = async |State(app): State<App>, Path(id): Path<u8>| {
                let run = app.work(WORK).await.to_string();
                match id {
                    90.. => ([(header::CACHE_CONTROL, "max-age=60")], run).into_response(),
                    _ => ([(header::CACHE_CONTROL, "no-store")], run).into_response(),
                }
            };
            let inner = Router::new().route("/page/{id}", get(page)).with_state(app.clone());
            let router = if forwards {
                Router::new().route("/page/{id}", get(forwarded)).with_state(inner)
            } else {
                inner.layer(CacheLayer::from_response("site"))
            };
            let router = router.layer(cache.layer());
            for id in stored {
                ask(&router, &format!("/page/{id}")).await;
            }
            cache.clock().advance(secs(3600));
            for id in 0..40 {
                ask(&router, &format!("/page/{id}")).await;
            }
            let before = app.runs();
            crowd(&router, "/page/99", 1000).await;
            assert_eq!(app.runs() - before, 1, "{stored:?} {forwards}");
        }
    }
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwarded(State(site): State<Router>, request: axum::extract::Request) -> Response {
    site.oneshot(request).await.unwrap()
}

/// Clients may ask for what is not there before anybody asks for what is.
#[tokio::test(start_paused = true)]
async fn what_is_not_there_makes_nobody_run_for_what_is() {
    let (app, _, router) = app();
    for id in 0..40 {
        ask(&router, &format!("/found/{id}")).await;
    }
    let before = app.runs();
    crowd(&router, "/found/99", 1000).await;
    assert_eq!(app.runs() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_key_is_tried_four_times_at_once_and_nobody_waits_for_ever() {
    let (app, _, router) = app();
    let (answers, time) = crowd(&router, "/failing", 40).await;
    assert_eq!(answers.into_iter().flatten().count(), 40);
    assert_eq!(app.most_at_once.load(Ordering::SeqCst), 4);
    assert!(time <= WORK * 12, "{time:?}");
    let (_, time) = crowd(&router, "/failing", 1000).await;
    assert!(time <= Duration::from_secs(5) + WORK * 2, "{time:?}: patience ends after five seconds");
}
