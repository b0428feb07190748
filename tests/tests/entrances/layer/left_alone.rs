//! Cached pages made of what a cache has left alone: nobody has asked which groups that belongs to.

use std::convert::Infallible;

use axum::Extension;
use cached_handler::{Cache, ValueOptions, cached};

use super::*;

/// Those are asked that a page is made of.
#[derive(Clone, Default)]
struct Inside {
    router: Router,
    runs: Runs,
}

#[cached(ttl = 60, group = "left", bypass(of == "bypassed"))]
async fn fragment(State(runs): State<Runs>, Path(of): Path<String>) -> String {
    format!("{of} {}", runs.next())
}

async fn plain(State(runs): State<Runs>) -> String {
    format!("plain {}", runs.next())
}

async fn value(State(runs): State<Runs>, Extension(cache): Extension<Cache>) -> String {
    let options = ValueOptions::new(secs(60)).group("left").bypass(true);
    let computed = async move || Ok::<_, Infallible>(runs.next());
    format!("value {}", cache.values::<usize>("left-alone").get_or_insert_with("a", options, computed).await.unwrap())
}

async fn made(inside: &Inside, of: &str) -> String {
    let request = Request::get(format!("/{of}")).header(header::COOKIE, "a=b").body(Body::empty()).unwrap();
    let Ok(fragment) = inside.router.clone().oneshot(request).await;
    format!("page {} with {}", inside.runs.next(), text(fragment).await)
}

#[cached(ttl = 600)]
async fn page(State(inside): State<Inside>, Path(of): Path<String>) -> String {
    made(&inside, &of).await
}

#[cached(ttl = 600, backend = "dict")]
async fn page_at_rest(State(inside): State<Inside>, Path(of): Path<String>) -> String {
    made(&inside, &of).await
}

fn site_in(cache: &TestCache, of_fragments: &Cache) -> Router {
    let bypassing = layer(cache).group("left").bypass(|_| true);
    let exposed = layer(cache).group("left");
    let router = Router::new()
        .route("/part/{of}", get(fragment))
        .route("/value", get(value))
        .route("/layer", get(plain).layer(bypassing))
        .route("/credentials", get(plain).layer(exposed))
        .with_state(Runs::default())
        .layer(Extension(of_fragments.clone()));
    let inside = Inside { router, runs: Runs::default() };
    Router::new().route("/page/{*of}", get(page)).route("/rest/{*of}", get(page_at_rest)).with_state(inside).layer(cache.layer())
}

#[tokio::test]
async fn l4_a_page_of_what_was_left_alone_is_made_anew() {
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let app = site_in(&cache, cache.cache());
    for of in ["part/bypassed", "value", "layer", "credentials"] {
        for page in ["page", "rest"] {
            let uri = format!("/{page}/{of}");
            let first = ask(&app, &uri).await;
            assert_eq!(not_stored(&first), NotStored::CachedInside, "{uri}");
            let first = text(first).await;
            cache.cache().invalidate(Target::group("left")).await.unwrap();
            assert_ne!(text(ask(&app, &uri).await).await, first, "{uri}");
        }
    }
    assert_miss!(ask(&app, "/page/part/shared").await);
    assert_hit!(ask(&app, "/page/part/shared").await);
}

#[tokio::test]
async fn a_page_of_what_may_be_one_persons_is_sent_as_private() {
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let app = site_in(&cache, cache.cache());
    for of in ["part/bypassed", "layer", "credentials"] {
        let response = ask(&app, &format!("/page/{of}")).await;
        let said = response.headers().get(header::CACHE_CONTROL).and_then(|line| line.to_str().ok()).unwrap_or_default();
        assert!(said.contains("private"), "{of}: {said}");
    }
}

#[tokio::test]
async fn a_handler_in_a_cache_that_is_off_is_part_of_a_page_as_if_it_had_no_attribute() {
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let off = Cache::builder().off().build().await.unwrap();
    let app = site_in(&cache, &off);
    for of in ["part/shared", "part/bypassed"] {
        assert_miss!(ask(&app, &format!("/page/{of}")).await);
        assert_hit!(ask(&app, &format!("/page/{of}")).await);
    }
}
