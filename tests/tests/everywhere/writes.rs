//! Law L4 for each way to invalidate: by the attribute, by what an answer to an unsafe method names, in a handler, by hand,
//! once more after a while; and what is put into a set of values, or taken out.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderName, Request, StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use cached_handler::{Cache, Error, Target, ValueOptions, invalidates, secs};

use super::{
    answers::{ASKS, Copy},
    site::{Kind::Plain, Place, Site, Way},
    source::{Mood, Source},
};

#[invalidates(group = "page:{id}")]
async fn by_group(Path(id): Path<String>) -> String {
    id
}

#[invalidates(path = "/plain/{id}")]
async fn by_path(Path(id): Path<String>) -> String {
    id
}

fn named(name: HeaderName, id: &str) -> impl IntoResponse + use<> {
    (StatusCode::CREATED, [(name, format!("/plain/{id}"))])
}

#[invalidates(group = "nobody's")]
async fn located(Path(id): Path<String>) -> impl IntoResponse {
    named(header::LOCATION, &id)
}

#[invalidates(group = "nobody's")]
async fn contained(Path(id): Path<String>) -> impl IntoResponse {
    named(header::CONTENT_LOCATION, &id)
}

async fn in_a_handler(cache: Cache, Path(id): Path<String>) -> Result<(), Error> {
    cache.invalidate(Target::group(format!("page:{id}"))).await
}

#[invalidates(group = "page:{id}")]
async fn that_panics(Path(id): Path<String>) -> String {
    panic!("{id}, on purpose")
}

const WRITES: [&str; 6] = ["group", "path", "located", "contained", "in-a-handler", "that-panics"];

pub fn routes() -> Router<Arc<Source>> {
    Router::new()
        .route("/write/group/{id}", post(by_group))
        .route("/write/path/{id}", post(by_path))
        .route("/write/located/{id}", post(located))
        .route("/write/contained/{id}", post(contained))
        .route("/write/in-a-handler/{id}", post(in_a_handler))
        .route("/write/that-panics/{id}", post(that_panics))
}

everywhere! { requests:
    l4_no_form_of_an_answer_is_older_than_a_write_of_any_kind,
}

everywhere! { sick:
    l4_what_a_lagging_source_gave_after_an_invalidation_is_invalidated_once_more,
}

everywhere! { values:
    l4_what_is_put_in_is_there_what_is_removed_is_not_and_no_run_from_before_wins,
}

async fn l4_no_form_of_an_answer_is_older_than_a_write_of_any_kind(site: Site) {
    let other = site.another().await;
    // `#[invalidates]` reaches every cache of the process, hence those of other tests.
    let (page, bystander) = (Site::unique("page"), Site::unique("bystander"));
    let (uri, uri_of_bystander) = (format!("/plain/{page}"), format!("/plain/{bystander}"));
    for write in WRITES {
        for ask in ASKS {
            let copy = Copy::of(&site, &uri).await;
            let (bystander, runs) = (Copy::of(&site, &uri_of_bystander).await, site.source.runs());
            let written = other.sends(Request::post(format!("/write/{write}/{page}"))).await;
            assert_eq!(written.is_err(), write == "that-panics", "{write}");
            assert!(written.is_err() || written.unwrap().0.status.is_success(), "{write}");
            other.settled().await;
            let (parts, _) = site.send(ask.of(&uri, &copy.tag)).await;
            assert_ne!(copy.run_of(&parts), copy.run, "{ask:?} after {write}");
            assert_eq!(site.source.runs(), runs + 1, "{ask:?} after {write}");
            let is_there = Copy::of(&site, &uri_of_bystander).await.run == bystander.run;
            assert!(is_there || !site.tells_names_apart(), "{ask:?} after {write}: nothing else");
            site.cache.invalidate(Target::all()).await.unwrap();
        }
    }
}

/// By tokio's time, so where nobody else's has a part in it.
async fn l4_what_a_lagging_source_gave_after_an_invalidation_is_invalidated_once_more(way: Way) {
    for place in [Place::Memory, Place::Own, Place::Shared] {
        let site = Site::new(way, place).await.that_settles(secs(5)).await;
        // Everything was invalidated when it was set up.
        tokio::time::sleep(secs(6)).await;
        for target in [Target::group("page:a"), Target::named("plain"), Target::all()] {
            let before = site.asks(Plain, "a").await.unwrap();
            site.cache.invalidate(target.clone()).await.unwrap();
            // Its source lags behind.
            let lagging = site.asks(Plain, "a").await.unwrap();
            assert_ne!(lagging, before, "{place:?} {target:?}");
            // `settle` shows that it is not made before its time.
            tokio::time::sleep(secs(6)).await;
            // It is being made by now, by a task of its own.
            site.settled().await;
            let after = site.asks(Plain, "a").await.unwrap();
            assert_ne!(after, lagging, "{place:?} {target:?}");
            tokio::time::sleep(secs(10)).await;
            assert_eq!(site.asks(Plain, "a").await.unwrap(), after, "{place:?} {target:?}: once more, and not for ever");
        }
    }
}

async fn l4_what_is_put_in_is_there_what_is_removed_is_not_and_no_run_from_before_wins(site: Site) {
    let other = site.another().await;
    let options = || ValueOptions::new(secs(60)).group("pages").group("page:a");
    for reader in [&site, &other] {
        for by in [&site, &other] {
            let values = by.cache.values::<String>(Plain.name()).jitter(0);
            for is_removed in [false, true] {
                let runs = site.source.runs();
                // A run from before it is not kept.
                site.source.is(Mood::Waits);
                let before = reader.asks(Plain, "a");
                site.source.has_begun(runs + 1).await;
                if is_removed {
                    values.remove("a").await.unwrap();
                } else {
                    values.insert("a", "put in".to_owned(), options()).await.unwrap();
                }
                site.source.lets_go(1);
                assert_eq!(before.await.unwrap(), (runs + 1).to_string());
                site.settled().await;
                other.settled().await;
                site.source.is(Mood::Well);
                site.source.forgets_permits();
                let found = reader.get(Plain, "a").await;
                assert_eq!(found, if is_removed { (runs + 2).to_string() } else { "put in".to_owned() });
                by.cache.invalidate(Target::group("page:a")).await.unwrap();
                assert_ne!(reader.get(Plain, "a").await, found, "it belongs to its groups");
                by.cache.invalidate(Target::all()).await.unwrap();
            }
        }
    }
}
