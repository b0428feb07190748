//! A handler is asked whether what is stale still holds (RFC 9111 §4.3).

use super::{Does, sites};
use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};
use cached_handler::{
    EntityTag, Kept, Outcome, Target,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::harness::text;
use tower::ServiceExt;

#[tokio::test]
async fn a_handler_says_without_its_work_that_what_is_stored_still_holds() {
    for site in sites().await {
        let first = assert_miss!(site.get("/by-tag").await);
        let (tag, content) = (first.headers()[header::ETAG].clone(), text(first).await);
        site.advance(61);
        let again = site.get("/by-tag").await;
        assert!(
            matches!(again.extensions().get(), Some(Outcome::Forward { kept: Kept::Freshened, .. })),
            "{:?}",
            again.extensions().get::<Outcome>()
        );
        assert_eq!(again.headers()["cache-status"], "t; fwd=stale; fwd-status=304; stored");
        assert_eq!((again.status(), &again.headers()[header::ETAG], again.headers().get(header::AGE)), (StatusCode::OK, &tag, None));
        assert_eq!(again.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(text(again).await, content);
        site.advance(59);
        assert_eq!(assert_hit!(site.get("/by-tag").await).headers()[header::AGE], "59");
        site.advance(2);
        site.script.set(Does::Status(0));
        let changed = assert_miss!(site.get("/by-tag").await);
        assert_ne!(changed.headers()[header::ETAG], tag);
        assert_eq!(text(changed).await, "version 2");
        assert_eq!(site.script.runs(), 3);
    }
}

#[tokio::test]
async fn a_client_whose_copy_still_holds_is_told_so_without_the_work() {
    for site in sites().await {
        let tag = EntityTag::of(&[1]).to_header_value();
        let request = || Request::get("/by-tag").header(header::IF_NONE_MATCH, &tag).body(Body::empty()).unwrap();
        let response = site.router.clone().oneshot(request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        // Nothing of it is stored, and nobody else is concerned.
        assert_eq!(text(assert_miss!(site.get("/by-tag").await)).await, "version 1");
        assert_hit!(site.get("/by-tag").await);
        assert_hit!(site.router.clone().oneshot(request()).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_forwarded_is_asked_for_by_the_stored_validator_and_not_by_the_clients() {
    for site in sites().await {
        let ask_with = |tag: &'static str| {
            let request = Request::get("/forwards").header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
            site.router.clone().oneshot(request)
        };
        let first = assert_miss!(ask_with("\"other\"").await.unwrap());
        assert_eq!(first.headers()["x-asked"], "no", "the client's own tag is the cache's matter");
        let again = assert_miss!(ask_with("\"other\"").await.unwrap());
        assert_eq!((again.status(), &again.headers()["x-asked"]), (StatusCode::OK, &"yes".parse().unwrap()), "freshened, field by field");
        assert_eq!(text(again).await, "page");
        let not_modified = ask_with("\"one\"").await.unwrap();
        assert_eq!(not_modified.status(), StatusCode::NOT_MODIFIED, "what the client has is what the freshened response is");
        site.script.set(Does::Status(0));
        assert_eq!(ask_with("\"other\"").await.unwrap().headers()["x-asked"], "in vain");
        assert_eq!(site.script.runs(), 4);
    }
}

#[tokio::test]
async fn what_still_holds_still_belongs_to_its_groups() {
    for site in sites().await {
        assert_miss!(site.get("/says").await);
        site.advance(100);
        let freshened = site.get("/says").await;
        assert!(matches!(freshened.extensions().get(), Some(Outcome::Forward { kept: Kept::Freshened, .. })));
        assert_eq!(text(freshened).await, "run 1");
        assert_hit!(site.get("/says").await);
        site.cache.cache().invalidate(Target::group("said")).await.unwrap();
        assert_eq!(text(assert_miss!(site.get("/says").await)).await, "run 3");
    }
}

#[tokio::test]
async fn a_304_of_another_tag_answers_once_and_then_the_whole_is_asked_for() {
    for site in sites().await {
        let page = "page in ";
        assert_eq!(text(assert_miss!(site.get("/speaks").await)).await, page);
        site.advance(11);
        for word in ["; detail=status", "; stored"] {
            let response = site.get("/speaks").await;
            let said = response.headers()["cache-status"].to_str().unwrap();
            assert!(said.starts_with("t; fwd=") && said.ends_with(word), "{said}");
            assert_eq!((response.status(), text(response).await.as_str()), (StatusCode::OK, page));
            // What is taken out of a backend goes behind the answer.
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 3);
        assert_hit!(site.get("/speaks").await);
    }
}
