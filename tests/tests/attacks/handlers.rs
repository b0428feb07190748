//! Handlers that look alike: by name, by type, by place, by state.

use std::{fmt::Debug, marker::PhantomData};

use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, Uri},
    response::Response,
    routing::get as on_get,
};
use cached_handler::{Policy, cached, testing::TestCache};

use super::{
    case::{Attack, attack},
    wire::{App, Ask, app, get},
};

mod one {
    #[cached_handler::cached(ttl = 60)]
    pub(super) async fn list() -> &'static str {
        "of one"
    }
}

mod other {
    #[cached_handler::cached(ttl = 60)]
    pub(super) async fn list() -> &'static str {
        "of other"
    }

    pub(super) mod one {
        #[cached_handler::cached(ttl = 60)]
        pub(in super::super) async fn list() -> &'static str {
            "of other::one"
        }
    }
}

struct Books;
struct Films;

impl Books {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "books"
    }
}

impl Films {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "films"
    }
}

trait Kind: Send + Sync + 'static {
    const NAME: &'static str;
}

impl Kind for Books {
    const NAME: &'static str = "books";
}

impl Kind for Films {
    const NAME: &'static str = "films";
}

/// One for each type, whose arguments do not tell them apart.
#[cached(ttl = 60)]
async fn generic<K: Kind>() -> &'static str {
    K::NAME
}

#[cached(ttl = 60)]
async fn generic_over_a_number<const N: usize>() -> String {
    format!("the first {N}")
}

#[cached(ttl = 60)]
async fn generic_with_a_body<K: Kind, T: Debug + Default + Send + 'static>() -> String {
    format!("{} {:?}", K::NAME, T::default())
}

struct Shelf<K>(PhantomData<K>);

impl<K: Kind> Shelf<K> {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        K::NAME
    }
}

macro_rules! handlers {
    ($($module:ident $text:literal;)*) => { $(
        mod $module {
            #[cached_handler::cached(ttl = 60)]
            pub(super) async fn list() -> &'static str {
                $text
            }
        }
    )* };
}
handlers! {
    by_macro_1 "the first";
    by_macro_2 "the second";
}

/// One function inside of each of two.
fn inside_1() -> Router {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "inside 1"
    }
    Router::new().route("/list", on_get(list))
}

fn inside_2() -> Router {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "inside 2"
    }
    Router::new().route("/list", on_get(list))
}

const SAME: Policy = Policy::new().version(1);

#[cached(ttl = 60, policy = SAME)]
async fn policed_1() -> &'static str {
    "policed 1"
}

#[cached(ttl = 60, policy = SAME)]
async fn policed_2() -> &'static str {
    "policed 2"
}

#[derive(Clone)]
struct A(&'static str);
#[derive(Clone)]
struct B(&'static str);

trait Named: Clone + Send + Sync + 'static {
    fn name(&self) -> &'static str;
}

impl Named for A {
    fn name(&self) -> &'static str {
        self.0
    }
}

impl Named for B {
    fn name(&self) -> &'static str {
        self.0
    }
}

#[cached(ttl = 60)]
async fn of_any_state<S: Named>(State(state): State<S>) -> &'static str {
    state.name()
}

/// A part of two states.
#[derive(Clone)]
struct Part(&'static str);

impl axum::extract::FromRef<A> for Part {
    fn from_ref(a: &A) -> Self {
        Self(a.0)
    }
}

impl axum::extract::FromRef<B> for Part {
    fn from_ref(b: &B) -> Self {
        Self(b.0)
    }
}

#[cached(ttl = 60)]
async fn of_a_part(State(part): State<Part>) -> &'static str {
    part.0
}

#[cached(ttl = 60)]
async fn item(Path(id): Path<u32>, uri: Uri) -> String {
    format!("{id} of {}", uri.path())
}

fn is_other(request: &Request) -> bool {
    let in_target = request.uri().authority().is_some_and(|authority| authority.as_str() == "other.example");
    in_target || request.headers().get("host").is_some_and(|host| host == "other.example")
}

/// Two routers behind one port, chosen by host.
fn by_host(one: Router, other: Router) -> App {
    app(tower::service_fn(move |request: Request| {
        let chosen = if is_other(&request) { other.clone() } else { one.clone() };
        async move { tower::ServiceExt::oneshot(chosen, request).await }
    }))
}

fn at(host: &'static str) -> Ask {
    get("/list").host(host)
}

fn route<H: axum::handler::Handler<T, S>, T: 'static, S: Clone + Send + Sync + 'static>(handler: H) -> Router<S> {
    Router::new().route("/list", on_get(handler))
}

/// A handler that is not cached at all, beside one that is.
async fn uncached(headers: HeaderMap) -> String {
    format!("{:?}", headers.get("host").is_some())
}

/// Layers of one cache and another, of which the inner one counts.
async fn pass(request: Request, next: axum::middleware::Next) -> Response {
    next.run(request).await
}

pub fn attacks() -> Vec<Attack> {
    let mut all = Vec::new();
    macro_rules! pairs {
        ($($name:literal: $one:expr, $other:expr;)*) => { $(
            all.push(attack(concat!($name, ", at one path"), || by_host($one, $other), [at("one.example")], at("other.example")));
            all.push(attack(concat!($name, ", at one path, the other way round"), || by_host($one, $other), [at("other.example")], at("one.example")));
        )* };
    }
    pairs! {
        "functions of one name in two modules": route(one::list), route(other::list);
        "functions of one name in modules of one name": route(one::list), route(other::one::list);
        "functions of one name inside of two functions": inside_1(), inside_2();
        "methods of one name of two types": route(Books::list), route(Films::list);
        "two instances of a generic handler": route(generic::<Books>), route(generic::<Films>);
        "two instances of a handler that is generic over a number": route(generic_over_a_number::<1>), route(generic_over_a_number::<2>);
        "two instances of a handler of two types": route(generic_with_a_body::<Books, u8>), route(generic_with_a_body::<Books, bool>);
        "a method of two instances of a type": route(Shelf::<Books>::list), route(Shelf::<Films>::list);
        "functions that one macro made": route(by_macro_1::list), route(by_macro_2::list);
        "functions of one policy": route(policed_1), route(policed_2);
        "a generic handler with two states": route(of_any_state::<A>).with_state(A("a")), route(of_any_state::<B>).with_state(B("b"));
        "one handler in routers of two states": route(of_a_part).with_state(A("a")), route(of_a_part).with_state(B("b"));
        "one handler in routers of one state, with a cache each":
            route(of_a_part).with_state(A("a")).layer(TestCache::with(|cache| cache.cache_status("harness")).layer()),
            route(of_a_part).with_state(A("b")).layer(TestCache::with(|cache| cache.cache_status("harness")).layer());
    }
    let uncached_beside = || by_host(route(one::list), route(uncached));
    all.push(
        attack("a cached handler's answer from one that is not cached", uncached_beside, [at("one.example")], at("other.example"))
            .never_stored(),
    );
    let two_caches = || {
        let (outer, inner) =
            (TestCache::with(|cache| cache.cache_status("harness")), TestCache::with(|cache| cache.cache_status("harness")));
        let one = route(of_a_part).with_state(A("a")).layer(outer.layer());
        let other = route(of_a_part).with_state(A("b")).layer(inner.layer()).layer(axum::middleware::from_fn(pass)).layer(outer.layer());
        by_host(one, other)
    };
    all.push(attack("an outer cache's answer inside of another cache", two_caches, [at("one.example")], at("other.example")));
    let mounts = || Router::new().route("/a/{id}", on_get(item)).nest("/b", Router::new().route("/{id}", on_get(item)));
    all.push(attack("one handler at two places", mounts, [get("/a/1")], get("/b/1")));
    let shared = || {
        route(of_a_part)
            .with_state(A("a"))
            .layer(Extension(1_u8))
            .merge(Router::new().route("/other", on_get(of_a_part)).with_state(A("b")))
    };
    all.push(attack("one handler with two states at two paths", shared, [get("/list")], get("/other")));
    all
}
