//! Handlers with `#[cached]` inside of a layer: they answer for themselves.

use cached_handler::{cached, invalidates};

use super::*;

#[cached(ttl = 60, group = "inner", cache_control = "public, max-age=60")]
async fn inner(State(runs): State<Runs>) -> String {
    runs.next().to_string()
}

#[invalidates(group = "inner")]
async fn write() {}

fn app(cache: &TestCache, runs: &Runs) -> CacheService<Router> {
    let router = Router::new().route("/inner", get(inner).put(write)).with_state(runs.clone());
    layer(cache).around(router.merge(site(runs)).layer(cache.layer()))
}

#[tokio::test]
async fn a_cached_handler_answers_from_its_own_cache() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let app = app(&cache, &runs);
    let miss = ask(&app, "/inner").await;
    assert!(matches!(outcome_of(&miss), Outcome::Forward { kept: Kept::Stored, .. }), "{}", outcome_of(&miss));
    for _ in 0..2 {
        let hit = assert_hit!(ask(&app, "/inner").await);
        assert_eq!(hit.headers().get_all(header::AGE).iter().count(), 1);
        assert_eq!(text(hit).await, "1");
    }
    assert_miss!(ask(&app, "/page/7").await);
    assert_hit!(ask(&app, "/page/7").await);
}

#[tokio::test]
async fn what_invalidates_the_handler_inside_invalidates_it_for_the_layer() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let app = app(&cache, &runs);
    for run in 1..6 {
        assert_eq!(text(ask(&app, "/inner").await).await, run.to_string());
        assert_eq!(text(ask(&app, "/inner").await).await, run.to_string());
        match run {
            1 => cache.cache().invalidate(Target::group("inner")).await.unwrap(),
            2 => cache.cache().invalidate(Target::handler(inner)).await.unwrap(),
            3 => drop(send(&app, Request::put("/inner").body(Body::empty()).unwrap()).await),
            _ => cache.clock().advance(secs(60)),
        }
    }
}

#[tokio::test]
async fn a_page_made_of_cached_fragments_is_not_kept_longer_than_they_are() {
    async fn page(State(fragments): State<Router>) -> String {
        let fragment = fragments.oneshot(Request::get("/inner").body(Body::empty()).unwrap()).await.unwrap();
        format!("page with {}", text(fragment).await)
    }
    let (cache, runs) = (TestCache::new(), Runs::default());
    let fragments = Router::new().route("/inner", get(inner)).with_state(runs.clone()).layer(cache.layer());
    let app = layer(&cache).around(Router::new().route("/", get(page)).with_state(fragments));
    assert_eq!(text(ask(&app, "/").await).await, "page with 1");
    assert_eq!(text(ask(&app, "/").await).await, "page with 1");
    cache.cache().invalidate(Target::group("inner")).await.unwrap();
    assert_eq!(text(ask(&app, "/").await).await, "page with 2");
}

#[tokio::test]
async fn a_layer_inside_of_a_layer_answers() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let app = layer(&cache).around(layer(&cache).group("inside").around(site(&runs)));
    ask(&app, "/page/1").await;
    assert_hit!(ask(&app, "/page/1").await);
    cache.cache().invalidate(Target::group("inside")).await.unwrap();
    assert_eq!(text(ask(&app, "/page/1").await).await, "page 1, run 2");
}
