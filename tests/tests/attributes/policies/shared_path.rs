//! `path = […]`: which requests share a response, and what else their arguments may show.

use std::convert::Infallible;

use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequestParts, Path, Query, RawPathParams},
    http::{HeaderMap, Request, Uri, request::Parts, uri::PathAndQuery},
    response::Response,
    routing::get,
};
use cached_handler::{
    CacheKey, Target, cached, handlers,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, text},
    places::Place,
};
use tower::{Layer, ServiceExt, util::MapRequestLayer};

#[cached(ttl = 60, path = ["/", "/index.html", "/en/"])]
async fn front() -> &'static str {
    "front"
}

#[cached(ttl = 60, path = ["/", "/index.html", "/en/"])]
async fn twin() -> &'static str {
    "twin"
}

#[derive(serde::Deserialize)]
struct Page {
    page: Option<u32>,
}

/// Shows all that it is given.
#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"], vary = "accept-language")]
async fn whole(Path(parameters): Path<Vec<(String, String)>>, Query(page): Query<Page>, fields: HeaderMap) -> String {
    format!("{parameters:?} {:?} {fields:?}", page.page)
}

#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"])]
async fn parameters(parameters: RawPathParams) -> String {
    format!("{parameters:?}")
}

#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"])]
async fn nothing() -> &'static str {
    "the same"
}

/// What an author's own extractor reads of the path.
#[derive(CacheKey)]
struct FirstSegment(String);

impl<S: Sync> FromRequestParts<S> for FirstSegment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.path().split('/').nth(1).unwrap_or_default().to_owned()))
    }
}

#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"])]
async fn by_segment(FirstSegment(first): FirstSegment) -> String {
    first
}

#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"], skip(uri))]
async fn vouched_for(uri: Uri) -> String {
    uri.path().to_owned()
}

/// Another name of `Uri`, which the attribute cannot know.
type Address = Uri;

#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"])]
async fn unknown(uri: Address) -> String {
    uri.path().to_owned()
}

fn with(cache: &TestCache, router: Router) -> Router {
    router.layer(Extension(cache.cache().clone()))
}

async fn shown(router: &Router, path: &str) -> String {
    text(ask(router, path).await).await
}

#[tokio::test]
async fn paths_that_are_named_share_and_others_do_not() {
    let cache = TestCache::new();
    let front = || get(front);
    let router = Router::new().route("/", front()).route("/index.html", front()).route("/en/", front()).route("/fr/", front());
    let router = with(&cache, router.route("/twin/", get(twin)));
    assert_miss!(&ask(&router, "/index.html").await);
    for path in ["/", "/index.html", "/en/", "/?utm_source=mail"] {
        assert_hit!(&ask(&router, path).await);
    }
    assert_miss!(&ask(&router, "/fr/").await);
    assert_miss!(&ask(&router, "/twin/").await);
}

#[tokio::test]
async fn two_functions_never_share_whatever_their_paths() {
    let cache = TestCache::new();
    let one = with(&cache, Router::new().route("/", get(front)));
    let other = with(&cache, Router::new().route("/", get(twin)));
    for _ in 0..2 {
        assert_eq!((shown(&one, "/").await, shown(&other, "/").await), ("front".to_owned(), "twin".to_owned()));
    }
}

/// Law L1, whatever the router calls the parameters, and however many there are.
#[tokio::test]
async fn l1_what_a_router_takes_from_the_path_beside_the_named_parameters_is_in_the_key() {
    let cache = TestCache::new();
    for router in [
        Router::new().route("/{kind}/{id}", get(whole)),
        Router::new().route("/a/{id}", get(whole)).route("/b/{id}", get(whole)),
        Router::new().route("/a/{id}", get(whole)).route("/b/{other}", get(whole)),
        Router::new().route("/{*all}", get(whole)),
        Router::new().nest("/{kind}", Router::new().route("/{id}", get(whole))),
        Router::new().nest("/a", Router::new().route("/{id}", get(whole))).nest("/b", Router::new().route("/{id}", get(whole))),
    ] {
        let router = with(&cache, router);
        let uncached = |path: &str| {
            let (router, path) = (with(&TestCache::new(), router.clone()), path.to_owned());
            async move { shown(&router, &path).await }
        };
        for _ in 0..2 {
            for path in ["/a/7", "/b/7", "/a/07", "/b/%37", "/a/8", "/b/7?page=2", "/a/7?page=2", "/a/a%2Fb", "/b/a%2Fb"] {
                assert_eq!(shown(&router, path).await, uncached(path).await, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn paths_with_parameters_share_where_the_handler_sees_the_same() {
    let cache = TestCache::new();
    let routes =
        |handler: fn() -> axum::routing::MethodRouter| with(&cache, Router::new().route("/a/{id}", handler()).route("/b/{id}", handler()));
    for router in [routes(|| get(whole)), routes(|| get(parameters)), routes(|| get(nothing)), routes(|| get(vouched_for))] {
        assert_miss!(&ask(&router, "/a/7").await);
        assert_hit!(&ask(&router, "/b/7").await);
        assert_miss!(&ask(&router, "/b/8").await);
        assert_hit!(&ask(&router, "/a/8").await);
    }
    // Another language is another response, of both.
    let localized = routes(|| get(whole));
    let french = |path: &str| Request::get(path).header("accept-language", "fr").body(Body::empty()).unwrap();
    assert_miss!(&localized.clone().oneshot(french("/b/7")).await.unwrap());
    assert_hit!(&localized.oneshot(french("/a/7")).await.unwrap());
}

#[tokio::test]
async fn l1_what_an_extractor_reads_of_the_path_itself_is_in_the_key() {
    let cache = TestCache::new();
    for (of_a, of_b, handler) in [("a", "b", get(by_segment)), ("/a/7", "/b/7", get(unknown))] {
        let router = with(&cache, Router::new().route("/a/{id}", handler.clone()).route("/b/{id}", handler));
        for _ in 0..2 {
            assert_eq!((shown(&router, "/a/7").await, shown(&router, "/b/7").await), (of_a.to_owned(), of_b.to_owned()));
        }
    }
}

/// Law L1: a service between two routers takes the parameter from somewhere else.
#[tokio::test]
async fn l1_what_a_service_writes_into_the_path_is_in_the_key() {
    let cache = TestCache::new();
    let inner = with(&cache, Router::new().route("/{x}/{id}", get(whole)));
    let rewrite = MapRequestLayer::new(|mut request: Request<Body>| {
        let tenant = request.headers()["host"].to_str().unwrap().to_owned();
        *request.uri_mut() = Uri::from(PathAndQuery::try_from(format!("/a/{tenant}")).unwrap());
        request
    });
    let router = Router::new().fallback_service(rewrite.layer(inner));
    let of = async |host: &str, path: &str| {
        let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
        let response: Response = router.clone().oneshot(request).await.unwrap();
        text(response).await
    };
    for _ in 0..2 {
        for (host, path) in [("one", "/a/7"), ("other", "/a/7"), ("one", "/b/7"), ("other", "/b/7")] {
            assert!(of(host, path).await.contains(host), "{host} {path}");
        }
    }
}

/// Law L4, in every place.
#[tokio::test]
async fn l4_what_lies_below_a_prefix_of_one_path_is_the_response_of_all() {
    for place in [Place::Memory, Place::files("prefixes-of-shared-paths")] {
        let cache = place.cache_with(cached_handler::CacheBuilder::path_prefixes).await;
        let router = Router::new().route("/a/{id}", get(nothing)).route("/b/{id}", get(nothing)).layer(Extension(cache.clone()));
        for target in ["/a", "/b", "/b/7"] {
            for path in ["/a/7", "/b/7"] {
                ask(&router, "/a/7").await;
                assert_hit!(&ask(&router, path).await);
                cache.invalidate(Target::path_prefix(target)).await.unwrap();
                assert_miss!(&ask(&router, path).await);
            }
        }
        ask(&router, "/a/7").await;
        cache.invalidate(Target::path_prefix("/c")).await.unwrap();
        assert_hit!(&ask(&router, "/b/7").await);
    }
}

#[tokio::test]
async fn a_path_that_is_spelt_otherwise_is_invalidated_with_those_that_share() {
    let cache = TestCache::new();
    let router = with(&cache, Router::new().route("/{*all}", get(nothing)));
    for invalidated in ["/a/7", "/b/7"] {
        for path in ["/a/7", "/b/%37", "/b/07", "/a/7"] {
            ask(&router, path).await;
        }
        cache.cache().invalidate(Target::path(invalidated)).await.unwrap();
        assert_miss!(&ask(&router, "/a/7").await);
    }
}

#[test]
fn a_program_can_list_the_paths_of_its_handlers() {
    let front = handlers().into_iter().find(|handler| (handler.module, handler.name) == (module_path!(), "front")).unwrap();
    assert_eq!(front.paths, ["/", "/index.html", "/en/"]);
    assert!(front.to_string().ends_with(", one response for / and /index.html and /en/"), "{front}");
}
