//! Paths: their spelling, nests, rewriting, and where `Path` came from.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{MatchedPath, NestedPath, OriginalUri, Path, RawPathParams, Request},
    http::Uri,
    middleware::{Next, from_fn},
    response::Response,
    routing::get as on_get,
};
use axum_extra::extract::CookieJar;
use cached_handler::cached;
use tower::Layer;

use super::{
    case::{Attack, attack},
    wire::{App, Ask, app, get},
};

#[cached(ttl = 60)]
async fn echo(OriginalUri(uri): OriginalUri) -> String {
    format!("at {uri}")
}

#[cached(ttl = 60)]
async fn one(Path(id): Path<String>) -> String {
    format!("item {id:?}")
}

#[cached(ttl = 60)]
async fn two(Path((a, b)): Path<(String, String)>) -> String {
    format!("items {a:?} {b:?}")
}

#[cached(ttl = 60)]
async fn named(Path(parameters): Path<BTreeMap<String, String>>) -> String {
    format!("{parameters:?}")
}

#[cached(ttl = 60)]
async fn raw(parameters: RawPathParams) -> String {
    format!("{:?}", parameters.iter().collect::<Vec<_>>())
}

#[cached(ttl = 60)]
async fn late(parameters: cached_handler::OnMiss<Path<BTreeMap<String, String>>>) -> Result<String, cached_handler::Rejected> {
    Ok(format!("{:?}", parameters.extract().await?.0))
}

#[cached(ttl = 60)]
async fn pattern(path: MatchedPath) -> String {
    format!("{path:?}")
}

#[cached(ttl = 60)]
async fn prefix(path: NestedPath) -> String {
    format!("{path:?}")
}

#[cached(ttl = 60)]
async fn inner(uri: Uri) -> String {
    format!("{:?}", uri.path())
}

/// Every page of the area, by whoever is logged in.
#[cached(ttl = 60, key(jar.get("sid").map(|cookie| cookie.value().to_owned())))]
async fn account(jar: CookieJar) -> String {
    format!("account of {:?}", jar.get("sid").map(|cookie| cookie.value().to_owned()))
}

#[cached(ttl = 60)]
async fn me() -> &'static str {
    "somebody"
}

mod tenant_a {
    #[cached_handler::cached(ttl = 60)]
    pub(super) async fn me() -> &'static str {
        "somebody of a"
    }
}

mod tenant_b {
    #[cached_handler::cached(ttl = 60)]
    pub(super) async fn me() -> &'static str {
        "somebody of b"
    }
}

fn everywhere<H: axum::handler::Handler<T, ()> + Clone, T: 'static>(handler: H) -> Router {
    Router::new().route("/", on_get(handler.clone())).route("/{*rest}", on_get(handler))
}

fn files() -> Router {
    Router::new().route("/{id}", on_get(one)).route("/{a}/{b}", on_get(two))
}

fn nests() -> Router {
    let a = Router::new()
        .route("/me", on_get(tenant_a::me))
        .route("/echo", on_get(inner))
        .route("/prefix", on_get(prefix))
        .route("/same", on_get(me));
    let b = Router::new()
        .route("/me", on_get(tenant_b::me))
        .route("/echo", on_get(inner))
        .route("/prefix", on_get(prefix))
        .route("/same", on_get(me));
    Router::new().nest("/a", a).nest("/b", b)
}

fn nest_with_parameter() -> Router {
    let inside =
        Router::new().route("/me", on_get(named)).route("/raw", on_get(raw)).route("/late", on_get(late)).route("/prefix", on_get(prefix));
    Router::new().nest("/{tenant}", inside)
}

fn nested_services() -> Router {
    let inside = || Router::new().route("/me", on_get(inner)).fallback(on_get(inner));
    Router::new().nest_service("/a", inside()).nest_service("/b", inside()).nest_service("/{tenant}/deep", inside())
}

fn fallbacks() -> Router {
    Router::new().nest("/a", Router::new().route("/x", on_get(me)).fallback(on_get(inner))).fallback(on_get(inner))
}

/// Rewrites the target by a function of the request, and goes on.
fn rewriting(rewrite: fn(&Request) -> String) -> impl Fn(Request) -> Request + Clone + Send + Sync + 'static {
    move |mut request: Request| {
        let target = rewrite(&request);
        *request.uri_mut() = target.parse().expect("a target");
        request
    }
}

fn by_language(request: &Request) -> String {
    let path = request.uri().path();
    format!("/page?lang={}", path.split('/').nth(1).unwrap_or_default())
}

fn host(request: &Request) -> String {
    let authority = request.uri().authority().map(ToString::to_string);
    let host = authority.or_else(|| request.headers().get("host")?.to_str().ok().map(str::to_owned)).unwrap_or_default();
    host.split('.').next().unwrap_or_default().to_owned()
}

fn by_host(request: &Request) -> String {
    format!("/{}{}", host(request), request.uri().path())
}

fn pages() -> Router {
    Router::new().route("/page", on_get(query))
}

#[cached(ttl = 60)]
async fn query(axum::extract::RawQuery(query): axum::extract::RawQuery) -> String {
    format!("a page in {query:?}")
}

/// As axum's documentation shows it: around the whole router.
fn rewritten_outside() -> App {
    app(tower::util::MapRequestLayer::new(rewriting(by_language)).layer(pages()))
}

/// A router inside of another one, and the target is rewritten in between.
fn rewritten_between() -> Router {
    Router::new().fallback_service(tower::util::MapRequestLayer::new(rewriting(by_language)).layer(pages()))
}

fn tenants() -> Router {
    let handlers =
        || Router::new().route("/", on_get(named)).route("/raw", on_get(raw)).route("/late", on_get(late)).route("/one", on_get(one));
    Router::new().nest("/{tenant}", handlers())
}

fn tenants_rewritten_outside() -> App {
    app(tower::util::MapRequestLayer::new(rewriting(by_host)).layer(tenants()))
}

/// `Path` comes of a host, and the nest takes away what shows it.
fn tenants_rewritten_between() -> Router {
    Router::new().fallback_service(tower::util::MapRequestLayer::new(rewriting(by_host)).layer(tenants()))
}

/// `Path` comes of a host, and a middleware takes away what shows it.
fn rewritten_back() -> Router {
    async fn back(mut request: Request, next: Next) -> Response {
        let original = request.extensions().get::<OriginalUri>().expect("a router").0.clone();
        *request.uri_mut() = original;
        next.run(request).await
    }
    let pages = Router::new().route("/{tenant}/", on_get(named)).route_layer(from_fn(back));
    Router::new().fallback_service(tower::util::MapRequestLayer::new(rewriting(by_host)).layer(pages))
}

/// Two routers for two hosts, which call the pieces of a path by other names.
fn patterns_of_two_hosts() -> App {
    let one = Router::new()
        .route("/{user}/{item}", on_get(named))
        .route("/{user}/{item}/raw", on_get(raw))
        .route("/{user}/{item}/pattern", on_get(pattern));
    let other = Router::new()
        .route("/{item}/{user}", on_get(named))
        .route("/{item}/{user}/raw", on_get(raw))
        .route("/{item}/{user}/pattern", on_get(pattern));
    app(tower::service_fn(move |request: Request| {
        let chosen = if host(&request) == "other" { other.clone() } else { one.clone() };
        async move { tower::ServiceExt::oneshot(chosen, request).await }
    }))
}

fn at(host: &'static str, target: &str) -> Ask {
    get(target).host(host)
}

/// Whoever is logged in gets the account at whatever path, and a page of nobody's otherwise.
fn deceptions() -> Vec<Attack> {
    let paths = [
        "/account",
        "/account/",
        "/account/x.css",
        "/account;x.css",
        "/account%00.css",
        "/account%0a.css",
        "/account%23.css",
        "/account%3f.css",
        "/account/..%2fx.css",
        "/account/.css",
        "//account",
        "/./account",
        "/ACCOUNT",
        "/account.js",
        "/account/static/a.js",
        "/account%2fx.png",
        "/account/%2e%2e/robots.txt",
        "/account/favicon.ico",
        "/assets/..%2faccount",
        "/assets/%2e%2e/account",
        "/account$x.css",
        "/account&x.css",
        "/account~",
        "/account%20",
        "/account%09.css",
        "/account/%c0%af.css",
    ];
    let mut all = Vec::new();
    for path in paths {
        let app = || everywhere(account);
        let victim = get(path).with("cookie", "sid=victim");
        all.push(attack(
            format!("an account under `{path}`, for an attacker who follows"),
            app,
            [victim],
            get(path).with("cookie", "sid=attacker"),
        ));
    }
    all
}

pub fn attacks() -> Vec<Attack> {
    let mut all = Vec::new();
    macro_rules! spelled {
        ($($app:expr => $($name:literal $first:literal $victim:literal)*;)*) => { $($(
            all.push(attack(concat!($name, ": `", $victim, "` after `", $first, "`"), || $app, [get($first)], get($victim)));
        )*)* };
    }
    spelled! {
        everywhere(echo) =>
            "another path" "/evil" "/fine"
            "a digit that is encoded" "/a/%31" "/a/1"
            "a slash more" "/a//1" "/a/1"
            "a slash at the end" "/a/" "/a"
            "a slash at the beginning" "//a" "/a"
            "a parameter of a segment" "/a;x" "/a"
            "letter case" "/A" "/a"
            "letter case of hexadecimal digits" "/%c3%a9" "/%C3%A9"
            "a dot" "/a/./1" "/a/1"
            "two dots" "/a/../b" "/b"
            "two dots that are encoded" "/a/%2e%2e/b" "/b"
            "a nul" "/a%00" "/a"
            "a blank" "/a%20" "/a"
            "a backslash" "/a%5c1" "/a/1"
            "a query" "/a?evil" "/a"
            "a composed letter" "/%C3%A9" "/e%CC%81"
            "a plus" "/a+b" "/a%20b"
            "an ampersand" "/a&b" "/a%26b";
        files() =>
            "a slash in the first of two" "/x%2Fy/z" "/x/y%2Fz"
            "two for one" "/x/y" "/x%2Fy"
            "another one" "/evil" "/fine"
            "one that is encoded" "/%66ine" "/fine"
            "exchanged ones" "/x/y" "/y/x"
            "cut elsewhere" "/ab/c" "/a/bc";
        nests() =>
            "another nest" "/a/me" "/b/me"
            "another nest of one handler" "/a/same" "/b/same"
            "another nest, seen by `Uri`" "/a/echo" "/b/echo"
            "another nest, seen by `NestedPath`" "/a/prefix" "/b/prefix";
        nest_with_parameter() =>
            "another tenant" "/evil/me" "/fine/me"
            "another tenant, raw" "/evil/raw" "/fine/raw"
            "another tenant, late" "/evil/late" "/fine/late"
            "another tenant of one pattern" "/evil/prefix" "/fine/prefix";
        nested_services() =>
            "another service" "/a/me" "/b/me"
            "another fallback of a service" "/a/x" "/b/x"
            "a service below a tenant" "/evil/deep/me" "/fine/deep/me";
        fallbacks() =>
            "another fallback" "/a/1" "/1"
            "another path of a fallback" "/1" "/2"
            "a fallback for a page" "/a/y" "/y";
        rewritten_outside() => "a language that is rewritten outside" "/fr/page" "/de/page";
        rewritten_between() => "a language that is rewritten between routers" "/fr/page" "/de/page";
    }
    let routes = || {
        Router::new()
            .route("/a/{id}", on_get(pattern))
            .route("/{other}", on_get(pattern))
            .merge(Router::new().route("/b/{id}", on_get(pattern)))
    };
    all.push(attack("another pattern", routes, [get("/a/1")], get("/b/1")));
    for path in ["/", "/raw", "/late"] {
        all.push(attack(
            format!("another host's tenant at `{path}`, rewritten outside"),
            tenants_rewritten_outside,
            [at("evil.example", path)],
            at("fine.example", path),
        ));
        all.push(attack(
            format!("another host's tenant at `{path}`, rewritten between routers"),
            tenants_rewritten_between,
            [at("evil.example", path)],
            at("fine.example", path),
        ));
    }
    all.push(attack("another host's tenant, rewritten there and back", rewritten_back, [at("evil.example", "/")], at("fine.example", "/")));
    for path in ["/ann/book", "/ann/book/raw", "/ann/book/pattern"] {
        all.push(attack(
            format!("names of another router's parameters at `{path}`"),
            patterns_of_two_hosts,
            [at("one.example", path)],
            at("other.example", path),
        ));
    }
    all.extend(deceptions());
    all
}
