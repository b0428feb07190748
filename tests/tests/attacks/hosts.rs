//! The host, the scheme and the form of the target, through each argument that can show them.

use axum::{
    Extension, Router,
    extract::{FromRequestParts, OriginalUri, Request, State},
    http::{HeaderMap, Uri, request::Parts},
    middleware::{Next, from_fn},
    response::{Redirect, Response},
    routing::get as on_get,
};
#[expect(deprecated, reason = "axum-extra still has them")]
use axum_extra::extract::{Host, Scheme};
use axum_extra::{TypedHeader, headers};
use cached_handler::{Cache, CacheKey, cached, testing::TestCache};

use super::{
    case::{Attack, attack},
    wire::{App, Ask, app, get},
};

#[cached(ttl = 60)]
async fn of_uri(uri: Uri) -> String {
    format!("<base href={uri}>")
}

#[cached(ttl = 60)]
async fn of_original_uri(OriginalUri(uri): OriginalUri) -> String {
    format!("<base href={uri}>")
}

#[cached(ttl = 60)]
async fn of_both(uri: Uri, OriginalUri(original): OriginalUri) -> String {
    format!("<base href={uri} {original}>")
}

#[cached(ttl = 60)]
async fn of_typed_host(host: Option<TypedHeader<headers::Host>>) -> String {
    format!("<base href={:?}>", host.map(|host| host.to_string()))
}

#[cached(ttl = 60, vary = "host")]
async fn of_map(headers: HeaderMap) -> String {
    format!("{headers:?}")
}

#[cached(ttl = 60)]
#[expect(deprecated, reason = "axum-extra still has it")]
async fn of_host(Host(host): Host) -> String {
    format!("<base href={host}>")
}

#[cached(ttl = 60)]
#[expect(deprecated, reason = "axum-extra still has it")]
async fn of_optional_host(host: Option<Host>) -> String {
    format!("<base href={:?}>", host.map(|host| host.0))
}

#[cached(ttl = 60)]
#[expect(deprecated, reason = "axum-extra still has it")]
async fn redirect(Host(host): Host) -> Redirect {
    Redirect::permanent(&format!("https://{host}/login"))
}

#[cached(ttl = 60)]
#[expect(deprecated, reason = "axum-extra still has it")]
async fn of_scheme(Scheme(scheme): Scheme) -> String {
    format!("<base href={scheme}:>")
}

#[cached(ttl = 60, vary = from_response)]
async fn of_request(request: Request) -> String {
    format!("{} {:?}", request.uri(), request.headers().get("host"))
}

#[cached(ttl = 60, vary = from_response)]
async fn of_parts(parts: Parts) -> String {
    format!("{} {:?}", parts.uri, parts.headers.get("host"))
}

#[cached(ttl = 60, vary = from_response)]
async fn of_all_fields(headers: HeaderMap) -> String {
    format!("{:?}", headers.get_all("host").iter().collect::<Vec<_>>())
}

/// It sees no host, whatever the client sends.
#[cached(ttl = 60)]
async fn of_nothing() -> &'static str {
    "<base href=/>"
}

/// An extractor of the author's own.
#[derive(Debug, Clone, CacheKey)]
struct Tenant(String);

impl<S: Sync> FromRequestParts<S> for Tenant {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(host_of(&parts.uri, &parts.headers)))
    }
}

fn host_of(uri: &Uri, headers: &HeaderMap) -> String {
    let authority = uri.authority().map(ToString::to_string);
    authority.or_else(|| headers.get("host")?.to_str().ok().map(str::to_owned)).unwrap_or_default()
}

#[cached(ttl = 60)]
async fn of_tenant(Tenant(tenant): Tenant) -> String {
    format!("welcome to {tenant}")
}

#[cached(ttl = 60)]
async fn of_extension(Extension(Tenant(tenant)): Extension<Tenant>) -> String {
    format!("welcome to {tenant}")
}

async fn find_tenant(mut request: Request, next: Next) -> Response {
    let tenant = Tenant(host_of(request.uri(), request.headers()));
    request.extensions_mut().insert(tenant);
    next.run(request).await
}

/// One tenant's database.
#[derive(Clone)]
struct Database(&'static str);

#[cached(ttl = 60)]
async fn of_state(State(Database(name)): State<Database>) -> String {
    format!("rows of {name}")
}

/// Hosts with a router each, whose states have one type: as documented, they have a `Cache` each.
fn one_router_for_each_host() -> App {
    let router = |name| {
        let cache: Cache = TestCache::with(|cache| cache.cache_status("harness")).cache().clone();
        Router::new().route("/", on_get(of_state)).with_state(Database(name)).layer(Extension(cache))
    };
    let (one, other) = (router("acme"), router("evil"));
    app(tower::service_fn(move |request: Request| {
        let chosen = if host_of(request.uri(), request.headers()).starts_with("evil") { other.clone() } else { one.clone() };
        async move { tower::ServiceExt::oneshot(chosen, request).await }
    }))
}

fn serve<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route("/", on_get(handler))
}

fn at(host: &'static str) -> Ask {
    get("/").host(host)
}

pub fn attacks() -> Vec<Attack> {
    let (evil, fine) = ("evil.example", "fine.example");
    let mut all = Vec::new();
    macro_rules! hosts {
        ($($shown:literal: $handler:expr;)*) => { $(
            all.push(attack(concat!("another host, shown by ", $shown), || $handler, [at(evil)], at(fine)));
            all.push(attack(concat!("a host of the target's absolute form, shown by ", $shown), || $handler, [at(fine).absolute(evil)], at(fine)).stored_or_not());
            all.push(attack(concat!("a host field beside the target's absolute form, shown by ", $shown), || $handler, [at(evil).absolute(fine)], at(fine).absolute(fine)).stored_or_not());
            all.push(attack(concat!("a proxy's host, shown by ", $shown), || $handler, [at(fine).with("x-forwarded-host", evil).with("forwarded", "host=evil.example;proto=evil").with("x-forwarded-proto", "evil")], at(fine)));
        )* };
    }
    hosts! {
        "`Uri`": serve(of_uri);
        "`OriginalUri`": serve(of_original_uri);
        "both": serve(of_both);
        "`TypedHeader<Host>`": serve(of_typed_host);
        "a map with `vary = \"host\"`": serve(of_map);
        "`Host`": serve(of_host);
        "`Option<Host>`": serve(of_optional_host);
        "a redirect": serve(redirect);
        "`Scheme`": serve(of_scheme);
        "`Request`": serve(of_request);
        "`Parts`": serve(of_parts);
        "a map with `vary = from_response`": serve(of_all_fields);
        "nothing": serve(of_nothing);
        "an extractor of the author's own": serve(of_tenant);
        "an extension": serve(of_extension).layer(from_fn(find_tenant));
        "a router for each host": one_router_for_each_host();
    }
    let two_lines = |first: &str, second: &str| get("/").host("fine.example").with("host", first).with("host", second);
    macro_rules! hosts_of_http1 {
        ($($shown:literal: $handler:ident;)*) => { $(
            all.push(attack(concat!("a second host line, shown by ", $shown), || serve($handler), [two_lines("evil.example", "x")], two_lines("x", "evil.example")).only_http1().stored_or_not());
            all.push(attack(concat!("a user name in the authority, shown by ", $shown), || serve($handler), [at(fine).absolute("evil@fine.example")], at(fine).absolute("fine.example")).only_http1().stored_or_not());
            all.push(attack(concat!("a port, shown by ", $shown), || serve($handler), [at("fine.example:81")], at("fine.example:80")));
            all.push(attack(concat!("letter case, shown by ", $shown), || serve($handler), [at("FINE.example")], at("fine.example")));
        )* };
    }
    hosts_of_http1! {
        "`Uri`": of_uri;
        "`TypedHeader<Host>`": of_typed_host;
        "a map with `vary = \"host\"`": of_map;
        "`Host`": of_host;
        "`Request`": of_request;
        "a map with `vary = from_response`": of_all_fields;
    }
    all
}
