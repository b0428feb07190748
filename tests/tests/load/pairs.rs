//! Pairs of requests, of which the second must not get what belongs to the first: over sockets, HTTP/1.1 and h2.
//!
//! Each pair has handlers as a careless author would write them, as far as the compiler lets them. A naive cache that
//! knows a response by its path alone runs through the same pairs, to show that they would find what they look for. All of
//! it in memory, in files and in a Redis.

mod arguments;
mod layered;
mod list;
mod responses;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use self::{
    arguments::{
        by_one_cookie, by_optional_authorization, by_two_parts, by_typed_authorization, checks_user, checks_user_on_miss, finds_out, joins,
        maybe_of_user, me, of_user, of_user_and_cookie, plain_path, reads_all_fields, reduces_and_says_public, shows_host, shows_map,
        shows_method, shows_nothing, shows_raw_query, shows_search, shows_target, shows_whom, shows_whom_in_parts, skips_and_says_public,
        skips_what_it_reads, tenant, two_parts,
    },
    list::{
        Answer, Ask,
        Right::{Differs, Judged, Same, Says},
        gets, pairs,
    },
    responses::{
        adds_cookie_twice, answers_head_with_nothing, by_language, by_policy, by_version, fails, forwards, forwards_by_language,
        has_nothing, is_limited, is_missing, is_partial, is_unchanged, no_cache, no_store, no_store_after_quotes, no_store_past_junk,
        not_to_be_stored, private, private_cased, private_named, reflects_forwarded_host, refuses, sets_cookie, sets_cookie_though_public,
        varies_on_anything, varies_on_two_lines, varies_unasked, without_query,
    },
};
use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use cached_handler::{Cache, Values, secs, testing::TestCache};
use cached_handler_tests::places::Place;
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn run() -> usize {
    RUNS.fetch_add(1, Ordering::SeqCst)
}

fn router() -> Router {
    Router::new()
        .route("/sets-cookie", get(sets_cookie))
        .route("/adds-cookie-twice", get(adds_cookie_twice))
        .route("/sets-cookie-though-public", get(sets_cookie_though_public))
        .route("/typed-authorization", get(by_typed_authorization))
        .route("/optional-authorization", get(by_optional_authorization))
        .route("/forwards", any(forwards))
        .route("/forwards-by-language", get(forwards_by_language))
        .route("/all-fields", get(reads_all_fields))
        .route("/varies-unasked", get(varies_unasked))
        .route("/varies-on-two-lines", get(varies_on_two_lines))
        .route("/varies-on-anything", get(varies_on_anything))
        .route("/skips-what-it-reads", get(skips_what_it_reads))
        .route("/skips-and-says-public", get(skips_and_says_public))
        .route("/reduces-and-says-public", get(reduces_and_says_public))
        .route("/whom", get(shows_whom).layer(middleware::from_fn(finds_out)))
        .route("/whom-in-parts", get(shows_whom_in_parts).layer(middleware::from_fn(finds_out)))
        .route("/where", any(without_query))
        .route("/one-cookie", get(by_one_cookie))
        .route("/private", get(private))
        .route("/private-cased", get(private_cased))
        .route("/private-named", get(private_named))
        .route("/no-store", get(no_store))
        .route("/no-cache", get(no_cache))
        .route("/no-store-after-quotes", get(no_store_after_quotes))
        .route("/no-store-past-junk", get(no_store_past_junk))
        .route("/host", get(shows_host))
        .route("/typed-host", get(reflects_forwarded_host))
        .route("/target", get(shows_target))
        .route("/raw-query", get(shows_raw_query))
        .route("/search", get(shows_search))
        .route("/map", get(shows_map))
        .route("/method", any(shows_method))
        .route("/nothing", any(shows_nothing))
        .route("/head", get(answers_head_with_nothing))
        .nest("/a", Router::new().route("/me/{id}", get(me)).route("/tenant", get(tenant)))
        .nest("/b", Router::new().route("/me/{id}", get(me)).route("/tenant", get(tenant)))
        .route("/path/{*rest}", get(plain_path))
        .route("/fails", get(fails))
        .route("/refuses", get(refuses))
        .route("/is-missing", get(is_missing))
        .route("/has-nothing", get(has_nothing))
        .route("/is-limited", get(is_limited))
        .route("/is-partial", get(is_partial))
        .route("/is-unchanged", get(is_unchanged))
        .route("/policy/{id}", get(by_policy))
        .route("/not-stored", get(not_to_be_stored))
        .route("/list", any(by_version))
        .route("/of", any(by_version))
        .route("/generic", any(by_version))
        .route("/fr/page", any(by_language))
        .route("/de/page", any(by_language))
        .route("/user", get(of_user))
        .route("/user-and-cookie", get(of_user_and_cookie))
        .route("/checks-user", get(checks_user))
        .route("/maybe-user", get(maybe_of_user))
        .route("/user-on-miss", get(checks_user_on_miss))
        .route("/joins/{a}/{b}", get(joins))
        .route("/two-parts", get(by_two_parts).layer(middleware::from_fn(two_parts)))
}

// ---- running them ---------------------------------------------------------------------------------------------------

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn send(client: &Client<hyper_util::client::legacy::connect::HttpConnector, Body>, address: SocketAddr, ask: Ask) -> Answer {
    let Ask(method, target, fields) = ask;
    let what = format!("{method:?} {target} {fields:?}");
    let mut request = Request::builder().method(method).uri(format!("http://{address}{target}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let content = body.collect().await.unwrap_or_else(|error| panic!("{what}: {error:?} {parts:?}")).to_bytes();
    Answer { status: parts.status, fields: parts.headers, content }
}

/// What the pairs came to.
#[derive(Default)]
struct Found {
    /// Those that went wrong, by name.
    wrong: Vec<String>,
    /// Responses that came to rest, and answers that came from there.
    stored: u64,
    hits: u64,
    /// Pairs for which the backend was too slow, so that its content was not looked at.
    spared: usize,
}

impl Found {
    fn say(&self, what: &str) {
        let Self { wrong, stored, hits, spared } = self;
        println!("- {} pairs {what}: {} wrong ({stored} stored, {hits} hits, {spared} not looked at)", pairs().len(), wrong.len());
    }

    fn is_nothing(&self) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.spared <= pairs().len() / 10, "{} were not looked at", self.spared);
        // Most pairs are of what may be stored; few second requests may have it.
        assert!(self.stored > 60 && self.hits > 2, "{} stored, {} hits", self.stored, self.hits);
    }
}

/// A cache and a server for each pair, so that none profits from another.
async fn found(version_2: bool, place: &Place, make: impl Fn(&Cache) -> Router) -> Found {
    let client = Client::builder(TokioExecutor::new()).http2_only(version_2).build_http();
    let mut found = Found::default();
    for (name, first, victim, right) in pairs() {
        let cache = place.cache().await;
        let ready = cache.stats();
        let address = serve(make(&cache)).await;
        let first = send(&client, address, first).await;
        // What is waited for is stored after the answer.
        assert!(cache.drain(secs(10)).await);
        let victim = send(&client, address, victim).await;
        let is_right = match right {
            Differs => first.content != victim.content,
            Same => first.content == victim.content,
            // In h2 the target names the authority, and in HTTP/1.1 a field does that is shown where every key has it.
            Says(text) => ["http://", "\nhost=", "host="]
                .iter()
                .fold(victim.text(), |said, before| said.replace(&format!("{before}{address}"), ""))
                .eq(text),
            Judged(judge) => judge(&first, &victim),
        };
        let stats = cache.stats();
        found.stored += stats.kept.get("stored").copied().unwrap_or_default();
        found.hits += stats.hits;
        if (stats.backend_errors, stats.backend_spared) != (ready.backend_errors, ready.backend_spared) {
            found.spared += 1;
        } else if !is_right {
            found.wrong.push(format!("{name}: {} {:?}", victim.status, victim.text()));
        }
    }
    found
}

fn version(is_2: bool) -> &'static str {
    if is_2 { "h2" } else { "HTTP/1.1" }
}

async fn nothing_is_found_in(place: Place, name: &str) {
    for version_2 in [false, true] {
        let found = found(version_2, &place, |cache| router().layer(Extension(cache.clone()))).await;
        found.say(&format!("in {name} over {}", version(version_2)));
        found.is_nothing();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_over_either_version() {
    nothing_is_found_in(Place::Memory, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_in_files() {
    nothing_is_found_in(Place::files("pairs"), "files").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_in_a_redis() {
    nothing_is_found_in(Place::redis(), "a Redis").await;
}

/// What many write first: a response by its path, wherever it rests.
#[derive(Clone)]
struct ByPath(Arc<Values<Whole>>);

type Whole = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

async fn by_path(Extension(stored): Extension<ByPath>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(whole) = stored.0.get(&path).await {
        let (status, fields, content) = &*whole;
        let mut response = (StatusCode::from_u16(*status).unwrap(), content.clone()).into_response();
        response.headers_mut().clear();
        for (name, value) in fields {
            response.headers_mut().append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value).unwrap());
        }
        return response;
    }
    let (parts, body) = next.run(request).await.into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    let fields = parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    stored.0.insert(&path, (parts.status.as_u16(), fields, content.to_vec()), secs(60)).await.unwrap();
    (parts.status, parts.headers, content).into_response()
}

async fn a_cache_by_path_is_found_in(place: Place, name: &str) {
    let naive = |cache: &Cache| {
        let naive = router().layer(middleware::from_fn(by_path)).layer(Extension(ByPath(Arc::new(cache.values("by path")))));
        naive.layer(Extension(cache.clone()))
    };
    let found = found(false, &place, naive).await;
    found.say(&format!("through a cache by path in {name}"));
    assert!(found.wrong.len() > 40 && found.hits > 40, "{} hits, {:#?}", found.hits, found.wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_a_cache_that_goes_by_the_path() {
    a_cache_by_path_is_found_in(Place::Memory, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_a_cache_that_goes_by_the_path_in_files_and_in_a_redis() {
    a_cache_by_path_is_found_in(Place::files("by-path"), "files").await;
    a_cache_by_path_is_found_in(Place::redis(), "a Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_at_once_get_a_cookie_each() {
    let address = serve(router().layer(TestCache::new().layer())).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        tasks.spawn(async move { send(&client, address, gets("/sets-cookie")).await.fields[header::SET_COOKIE].clone() });
    }
    let cookies: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(cookies.len(), 200);
}
