//! Paths that share one response (`path = […]`): in every place, and in every form of an answer.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Request,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use cached_handler::{Policy, Target, cached};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{
    answers::{ASKS, Copy},
    site::{Inside, Place, Site, Way},
    source::{Mood, Source},
};

const SHARED: Policy = Policy::new().jitter(0).name("shared");
const FRAMED: Policy = Policy::new().jitter(0).name("framed");

#[cached(ttl = 60, path = ["/one/{id}", "/other/{id}/"], group = "pages", stale_while_revalidate = 60, policy = SHARED)]
async fn shared(State(source): State<Arc<Source>>, Path(_): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = "wholes", policy = FRAMED)]
async fn framed(axum::Extension(inside): axum::Extension<Inside>, State(source): State<Arc<Source>>) -> Response {
    let part = inside.0.oneshot(Request::get("/one/a").body(Body::empty()).unwrap()).await.unwrap();
    let part = part.into_body().collect().await.unwrap().to_bytes();
    let own = source.run().await.unwrap();
    format!("{own} of {}", String::from_utf8_lossy(&part)).into_response()
}

pub fn routes() -> Router<Arc<Source>> {
    Router::new()
        .route("/one/{id}", any(shared))
        .route("/other/{id}/", any(shared))
        .route("/third/{id}", get(shared))
        .route("/framed", get(framed))
}

everywhere! { attribute:
    l1_paths_that_share_have_one_response_for_each_parameter,
    l3_every_form_of_an_answer_is_the_same_for_every_path,
    l4_an_invalidation_of_one_path_reaches_the_response_of_all,
    l4_an_expiry_of_one_path_makes_the_response_of_all_stale,
    l4_a_run_for_one_path_is_overtaken_by_an_invalidation_of_another,
    l4_an_invalidation_of_one_path_reaches_a_page_made_of_the_response,
    l4_an_unsafe_method_on_one_path_reaches_the_response_of_all,
    l5_requests_for_all_of_the_paths_share_a_run,
}

const PATHS: [&str; 2] = ["/one/a", "/other/a/"];

async fn get_of(site: &Site, path: &str) -> String {
    site.send(Request::get(path)).await.1
}

async fn l1_paths_that_share_have_one_response_for_each_parameter(site: Site) {
    let other = site.another().await;
    for _ in 0..2 {
        for reader in [&site, &other] {
            for (path, run) in
                [("/one/a", "1"), ("/other/a/", "1"), ("/one/b", "2"), ("/other/b/", "2"), ("/third/a", "3"), ("/one/%61", "4")]
            {
                assert_eq!(get_of(reader, path).await, run, "{path}");
            }
        }
    }
}

async fn l3_every_form_of_an_answer_is_the_same_for_every_path(site: Site) {
    let copy = Copy::of(&site, "/other/a/").await;
    for path in PATHS {
        for ask in ASKS {
            let (parts, _) = site.send(ask.of(path, &copy.tag)).await;
            assert_eq!((parts.status, copy.run_of(&parts)), (ask.status(), copy.run.clone()), "{ask:?} {path}");
        }
    }
    assert_eq!(site.source.runs(), 1);
}

async fn l4_an_invalidation_of_one_path_reaches_the_response_of_all(site: Site) {
    let other = site.another().await;
    let targets = || {
        let paths = ["/one/a", "/other/a/", "/other/%61/", "/ONE/a"].map(Target::path);
        paths.into_iter().chain([Target::group("pages"), Target::group("said"), Target::named("shared"), Target::all()])
    };
    for by in [&site, &other] {
        for reader in [&site, &other] {
            for (target, asked) in targets().flat_map(|target| PATHS.map(|path| (target.clone(), path))) {
                for ask in ASKS {
                    let (copy, beside) = (Copy::of(&site, "/one/a").await, Copy::of(&site, "/one/b").await);
                    by.cache.invalidate(target.clone()).await.unwrap();
                    let (parts, _) = reader.send(ask.of(asked, &copy.tag)).await;
                    assert_ne!(copy.run_of(&parts), copy.run, "{ask:?} {asked} after {target:?}");
                    let is_beside = site.tells_names_apart() && format!("{target:?}").contains("Path");
                    assert!(!is_beside || Copy::of(&site, "/other/b/").await.run == beside.run, "{target:?}: nothing else");
                }
            }
        }
    }
}

/// RFC 9111 §4.4.
async fn l4_an_unsafe_method_on_one_path_reaches_the_response_of_all(site: Site) {
    for written in PATHS {
        for asked in PATHS {
            let before = get_of(&site, asked).await;
            // The handler itself takes it, and runs.
            site.send(Request::delete(written)).await;
            let runs = site.source.runs();
            assert_ne!(get_of(&site, asked).await, before, "{asked} after DELETE {written}");
            assert_eq!(site.source.runs(), runs + 1, "{asked} after DELETE {written}");
        }
    }
}

async fn l4_an_expiry_of_one_path_makes_the_response_of_all_stale(site: Site) {
    for (expired, asked) in [("/one/a", "/other/a/"), ("/other/a/", "/one/a"), ("/other/a/", "/other/a/")] {
        let before = get_of(&site, asked).await;
        let runs = site.source.runs();
        site.cache.expire(Target::path(expired)).await.unwrap();
        assert_eq!(get_of(&site, asked).await, before, "once more, while it is made anew");
        for path in PATHS {
            assert_eq!(get_of(&site, path).await, (runs + 1).to_string(), "{path} after {expired}");
        }
    }
}

async fn l4_a_run_for_one_path_is_overtaken_by_an_invalidation_of_another(site: Site) {
    let other = site.another().await;
    for by in [&site, &other] {
        for (invalidated, asked) in [("/one/a", "/other/a/"), ("/other/a/", "/one/a")] {
            site.cache.invalidate(Target::all()).await.unwrap();
            let runs = site.source.runs();
            site.source.is(Mood::Waits);
            let before = site.sends(Request::get(asked));
            site.source.has_begun(runs + 1).await;
            by.cache.invalidate(Target::path(invalidated)).await.unwrap();
            let after = site.sends(Request::get(asked));
            site.source.has_begun(runs + 2).await;
            site.source.lets_go(2);
            assert_eq!((before.await.unwrap().1, after.await.unwrap().1), ((runs + 1).to_string(), (runs + 2).to_string()));
            site.settled().await;
            site.source.is(Mood::Well);
            for path in PATHS {
                assert_ne!(get_of(&other, path).await, (runs + 1).to_string(), "{path}");
            }
            site.source.forgets_permits();
        }
    }
}

async fn l4_an_invalidation_of_one_path_reaches_a_page_made_of_the_response(site: Site) {
    let other = site.another().await;
    for by in [&site, &other] {
        for path in PATHS {
            let made = get_of(&site, "/framed").await;
            let runs = site.source.runs();
            assert_eq!((get_of(&site, "/framed").await, get_of(&other, "/framed").await), (made.clone(), made), "it is stored");
            by.cache.invalidate(Target::path(path)).await.unwrap();
            assert_eq!(get_of(&other, "/framed").await, format!("{} of {}", runs + 2, runs + 1), "{path}");
        }
    }
}

async fn l5_requests_for_all_of_the_paths_share_a_run(site: Site) {
    site.source.is(Mood::Waits);
    let asked: Vec<_> = (0..20).flat_map(|_| PATHS).map(|path| site.sends(Request::get(path))).collect();
    site.source.has_begun(1).await;
    site.source.lets_go(40);
    for answer in asked {
        assert_eq!(answer.await.unwrap().1, "1");
    }
    assert_eq!(site.source.runs(), 1);
}
