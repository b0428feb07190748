//! A cache for each tenant, and a router for all of them: nobody gets what is another tenant's.

use axum::{
    Extension, Router,
    extract::{Path, Request},
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use cached_handler::{Cache, CacheBuilder, CacheLayer, OnMiss, Rejected, cached, secs, testing::TestCache};
use cached_handler_tests::{files::Scratch, harness::text, redis_server::RedisServer};
use tower::{ServiceExt as _, service_fn};

async fn second_is_refused(set: impl Fn(CacheBuilder) -> CacheBuilder) {
    let build = async |namespace: &str| set(Cache::builder().namespace(namespace)).build().await;
    let alice = build("shop").await.unwrap();
    let error = build("shop").await.unwrap_err();
    assert!(error.is_config(), "{error}");
    for advice in ["another cache of this process is on ", "in the namespace `shop`", "`.namespace(\"…\")`", "`.shares_namespace()`"] {
        assert!(error.to_string().contains(advice), "{error}");
    }
    let bob = build("shop-bob").await.unwrap();
    let by_word = set(Cache::builder().namespace("shop").shares_namespace()).build().await.unwrap();
    let clone = alice.clone();
    drop((alice, by_word, bob));
    assert!(build("shop").await.is_err(), "a clone is the same cache, and lives");
    drop(clone);
    assert!(build("shop").await.is_ok());
}

#[tokio::test]
async fn a_second_cache_in_one_directory_and_namespace_is_an_error() {
    let scratch = Scratch::new("tenants");
    second_is_refused(|builder| builder.fs(scratch.cache())).await;
    // By whichever path.
    let roundabout = scratch.cache().join("..").join(scratch.cache().file_name().unwrap());
    let first = Cache::builder().namespace("shop").fs(scratch.cache()).build().await.unwrap();
    assert!(Cache::builder().namespace("shop").fs(roundabout).build().await.is_err());
    drop(first);
}

#[tokio::test]
async fn a_second_cache_on_one_redis_and_namespace_is_an_error() {
    let server = RedisServer::start();
    second_is_refused(|builder| builder.redis(server.url())).await;
}

#[cached(ttl = 60)]
async fn invoices(Path(tenant): Path<String>) -> String {
    format!("invoices of {tenant}")
}

#[cached(ttl = 60)]
async fn late(tenant: OnMiss<Path<String>>) -> Result<String, Rejected> {
    Ok(format!("invoices of {}", tenant.extract().await?.0))
}

#[cached(ttl = 60)]
async fn about() -> &'static str {
    "the same for all"
}

/// The host's first label becomes the first segment of the path, which a nest takes away again.
fn by_host(tenants: Router) -> Router {
    let rewritten = service_fn(move |mut request: Request| {
        let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
        let tenant = host.split('.').next().unwrap();
        *request.uri_mut() = format!("/{tenant}{}", request.uri()).parse().unwrap();
        tenants.clone().oneshot(request)
    });
    Router::new().fallback_service(rewritten)
}

async fn ask(router: &Router, host: &str, path: &str) -> Response {
    let request = Request::get(path).header(header::HOST, host).body(axum::body::Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn what_a_service_rewrites_into_the_path_before_a_nest_tells_tenants_apart() {
    let cache = TestCache::new();
    let layered = CacheLayer::new("invoices", secs(60)).cache(cache.cache().clone());
    let plain = get(async |Path(tenant): Path<String>| format!("invoices of {tenant}")).layer(layered);
    let inner =
        Router::new().route("/invoices", get(invoices)).route("/late", get(late)).route("/layer", plain).route("/about", get(about));
    let router = by_host(Router::new().nest("/{tenant}", inner).layer(cache.layer()));
    for path in ["/invoices", "/late", "/layer"] {
        for _ in 0..2 {
            for tenant in ["alice", "bob"] {
                let answer = ask(&router, &format!("{tenant}.example"), path).await;
                assert_eq!(answer.status(), StatusCode::OK);
                assert_eq!(text(answer).await, format!("invoices of {tenant}"), "{path}");
            }
        }
    }
    // Who is not shown the tenant shares.
    ask(&router, "alice.example", "/about").await;
    cached_handler::testing::assert_hit!(ask(&router, "bob.example", "/about").await);
}

#[tokio::test]
async fn below_a_nest_that_has_parameters_each_tenant_hits_what_is_its_own() {
    let cache = TestCache::new();
    let inner = Router::new().route("/invoices", get(invoices));
    let router = Router::new().nest("/api/{tenant}", inner).layer(Extension(cache.cache().clone()));
    for round in 0..2 {
        for tenant in ["alice", "bob"] {
            let answer = ask(&router, "example", &format!("/api/{tenant}/invoices")).await;
            if round > 0 {
                cached_handler::testing::assert_hit!(&answer);
            }
            assert_eq!(text(answer).await, format!("invoices of {tenant}"));
        }
    }
}
