//! Parts of keys that would be one if somebody joined them.

use std::fmt::Debug;

use axum::{
    Extension, Router,
    extract::{Path, Query, Request},
    middleware::{Next, from_fn},
    response::Response,
    routing::get as on_get,
};
use cached_handler::{CacheKey, cached};
use serde::Deserialize;

use super::{
    case::{Attack, attack},
    wire::{Ask, get},
};

#[derive(Debug, Deserialize)]
struct Two {
    a: Option<String>,
    b: Option<String>,
}

/// A type without a `CacheKey`, of which parts are named.
#[derive(Debug, Clone)]
struct Session {
    a: Option<String>,
    b: Option<String>,
    n: u64,
}

fn text(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

async fn session(mut request: Request, next: Next) -> Response {
    let n = text(&request, "x-n").and_then(|n| n.parse().ok()).unwrap_or(0);
    let session = Session { a: text(&request, "x-a"), b: text(&request, "x-b"), n };
    request.extensions_mut().insert(session);
    next.run(request).await
}

#[cached(ttl = 60, key(session.a.clone().unwrap_or_default(), session.b.clone().unwrap_or_default()))]
async fn two_texts(Extension(session): Extension<Session>) -> String {
    format!("{:?} {:?}", session.a.unwrap_or_default(), session.b.unwrap_or_default())
}

#[cached(ttl = 60, key(session.a, session.b))]
async fn two_options(Extension(session): Extension<Session>) -> String {
    format!("{:?} {:?}", session.a, session.b)
}

#[cached(ttl = 60, key((session.a.as_deref(), session.n)))]
async fn a_tuple(Extension(session): Extension<Session>) -> String {
    format!("{:?} {:?}", session.a, session.n)
}

/// The parts' number is not fixed.
#[cached(ttl = 60, key(session.a.iter().flat_map(|a| a.split(',')).map(str::to_owned).collect::<Vec<_>>(), session.b.iter().flat_map(|b| b.split(',')).map(str::to_owned).collect::<Vec<_>>()))]
async fn two_lists(Extension(session): Extension<Session>) -> String {
    format!("{:?} {:?}", session.a, session.b)
}

#[cached(ttl = 60, key(session.n))]
async fn a_number(Extension(session): Extension<Session>) -> String {
    session.n.to_string()
}

#[cached(ttl = 60, key(two.a.as_deref(), two.b.as_deref()))]
async fn of_a_query(Query(two): Query<Two>) -> String {
    format!("{two:?}")
}

#[cached(ttl = 60, key(session.b))]
async fn path_and_part(Path(id): Path<String>, Extension(session): Extension<Session>) -> String {
    format!("{id:?} {:?}", session.b)
}

/// `key` for one argument leaves the others as they are.
#[cached(ttl = 60, key(session.b))]
async fn query_and_part(Query(two): Query<Two>, Extension(session): Extension<Session>) -> String {
    format!("{two:?} {:?}", session.b)
}

/// One of the derived types.
#[derive(Debug, Clone, CacheKey)]
enum Who {
    Nobody,
    Name(String),
    Pair(String, String),
    User { name: String, role: String },
}

async fn who(mut request: Request, next: Next) -> Response {
    let [a, b] = ["x-a", "x-b"].map(|name| text(&request, name).unwrap_or_default());
    let who = match (text(&request, "x-kind").as_deref(), a, b) {
        (Some("name"), name, _) => Who::Name(name),
        (Some("pair"), a, b) => Who::Pair(a, b),
        (Some("user"), name, role) => Who::User { name, role },
        _ => Who::Nobody,
    };
    request.extensions_mut().insert(who);
    next.run(request).await
}

#[cached(ttl = 60)]
async fn derived(Extension(who): Extension<Who>) -> String {
    match who {
        Who::User { name, role } => format!("{name:?} as {role:?}"),
        other => format!("{other:?}"),
    }
}

#[cached(ttl = 60)]
async fn optional(who: Option<Extension<Who>>) -> String {
    format!("{:?}", who.map(|who| who.0))
}

#[derive(Debug, Clone, CacheKey)]
struct Generic<T: Debug> {
    value: T,
    rest: Vec<T>,
}

async fn lists(mut request: Request, next: Next) -> Response {
    let [value, rest] = ["x-a", "x-b"].map(|name| text(&request, name).unwrap_or_default());
    let rest = rest.split_terminator(',').map(str::to_owned).collect();
    let generic = Generic { value, rest };
    request.extensions_mut().insert(generic);
    next.run(request).await
}

#[cached(ttl = 60)]
async fn derived_list(Extension(one): Extension<Generic<String>>) -> String {
    format!("{one:?}")
}

fn serve<H: axum::handler::Handler<T, ()> + Clone, T: 'static>(handler: H) -> Router {
    let router = Router::new().route("/", on_get(handler.clone())).route("/{id}", on_get(handler));
    router.layer(from_fn(session)).layer(from_fn(who)).layer(from_fn(lists))
}

fn a(value: &str) -> Ask {
    get("/").with("x-a", value)
}

fn both(first: &str, second: &str) -> Ask {
    a(first).with("x-b", second)
}

fn kind(kind: &str, first: &str, second: &str) -> Ask {
    both(first, second).with("x-kind", kind)
}

pub fn attacks() -> Vec<Attack> {
    let number = |n: &str| get("/").with("x-n", n);
    let mut all = Vec::new();
    macro_rules! joined {
        ($($handler:ident: $($name:literal $first:expr, $victim:expr;)*)*) => { $($(
            all.push(attack(concat!("parts joined by nothing: ", $name, " in `", stringify!($handler), "`"), || serve($handler), [$first], $victim));
        )*)* };
    }
    joined! {
        two_texts:
            "a colon" both("a:b", ""), both("a", "b");
            "a colon at the end" both("a:", "b"), both("a", ":b");
            "no separator" both("ab", ""), both("a", "b");
            "an empty one first" both("", "ab"), both("ab", "");
            "a comma" both("a,b", "c"), both("a", "b,c");
            "a quote" both("a\",\"b", ""), both("a", "b");
            "a bar" both("a|b", "c"), both("a", "b|c");
            "a tab" both("a\tb", "c"), both("a", "b\tc");
            "exchanged" both("a", "b"), both("b", "a");
            "a length" both("1:a1", "b"), both("a", "1:b1");
            "letter case" both("A", "b"), both("a", "b");
        two_options:
            "none for empty" get("/"), both("", "");
            "one for the other" get("/").with("x-b", "x"), a("x");
            "none for the word" get("/"), both("None", "None");
            "a value for its print" a("Some(\"x\")"), a("x");
        a_tuple:
            "a digit" a("1").with("x-n", "23"), a("12").with("x-n", "3");
            "a number for its text" a("").with("x-n", "1"), a("1").with("x-n", "0");
        two_lists:
            "an element of the other" both("a,b", "c"), both("a", "b,c");
            "one for two" both("a,b", ""), both("ab", "");
        a_number: "a low byte" number("1"), number("256"); "a high byte" number("4294967296"), number("0");
        of_a_query: "one for the other" get("/?a=1"), get("/?b=1"); "none for empty" get("/"), get("/?a=");
        path_and_part: "a path for a part" get("/a").with("x-b", "b"), get("/ab").with("x-b", ""); "a slash" get("/a%2Fb"), get("/a").with("x-b", "b");
        query_and_part: "a parameter for a part" get("/?a=1").with("x-b", "2"), get("/?a=2").with("x-b", "1"); "another parameter" get("/?a=evil").with("x-b", "2"), get("/?a=fine").with("x-b", "2");
        derived:
            "one kind for another" kind("name", "a", ""), kind("pair", "a", "");
            "two kinds of two" kind("pair", "a", "b"), kind("user", "a", "b");
            "nobody for an empty name" get("/"), kind("name", "", "");
            "a field cut elsewhere" kind("user", "ab", "c"), kind("user", "a", "bc");
            "a name for its kind" kind("name", "Nobody", ""), get("/");
        optional: "another one" kind("name", "evil", ""), kind("name", "fine", "");
        derived_list:
            "a value for an element" both("a", "b"), both("a,b", "");
            "one element for two" both("a", "b,c"), both("a", "bc");
            "none for an empty one" both("a", ""), both("a", ",");
    }
    all
}
