//! Responses that say themselves, in whatever spelling, that nobody else may have them.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
    routing::get as on_get,
};
use cached_handler::{DoNotStore, FreshFor, cached};

use super::{
    case::{Attack, Runs, attack},
    wire::get,
};

type Lines = &'static [(&'static str, &'static [u8])];

/// A handler's fields, and how often it ran.
#[derive(Clone)]
struct Says {
    lines: Lines,
    runs: Runs,
}

#[cached(ttl = 60)]
async fn account(State(says): State<Says>) -> Response {
    let mut response = format!("account of visitor {}", says.runs.next()).into_response();
    for (name, value) in says.lines {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_bytes(value).expect("a value"));
    }
    response
}

#[cached(ttl = 60)]
async fn by_its_own_word(State(says): State<Says>) -> impl IntoResponse {
    (DoNotStore, format!("account of visitor {}", says.runs.next()))
}

#[cached(ttl = 60)]
async fn fresh_for_no_time(State(says): State<Says>) -> impl IntoResponse {
    (FreshFor(std::time::Duration::ZERO), format!("account of visitor {}", says.runs.next()))
}

#[cached(ttl = 60)]
async fn fresh_and_private(State(says): State<Says>) -> impl IntoResponse {
    (FreshFor(std::time::Duration::from_secs(60)), [("cache-control", "private")], format!("account of visitor {}", says.runs.next()))
}

#[cached(ttl = 60, cache_control = "public, max-age=60")]
async fn private_below_public(State(says): State<Says>) -> impl IntoResponse {
    ([("cache-control", "private")], format!("account of visitor {}", says.runs.next()))
}

const CACHE_CONTROL: &[&[u8]] = &[
    b"private",
    b"Private",
    b"PRIVATE",
    b"Private, Max-Age=60",
    b"max-age=60,private",
    b"max-age=60 , private",
    b"max-age=60\t,\tprivate\t",
    b"public, private",
    b"private, public, s-maxage=60",
    b"private=\"x-name\"",
    b"private=x-name",
    b"private=\"\"",
    b"no-store",
    b"NO-STORE",
    b"No-Store, max-age=60",
    b"max-age=60, no-store",
    b"no-store=1",
    b"no-cache",
    b"No-Cache",
    b"no-cache=\"set-cookie\"",
    b"max-age=60, no-cache",
    b"must-revalidate, private",
    b"x=\"a, b\", private",
    b"x=\"a\\\"b\", no-store",
    b"x=\"a\\\\\", no-store",
    b",,private",
    b", ,\tprivate,,",
    b"private,",
    // What cannot be read counts as `no-store`.
    b"private;max-age=60",
    b"max-age=60; private",
    b"private max-age=60",
    b"max-age = 60, private",
    b"=private",
    b"\"private\"",
    b"x=\"a, private",
    b"x=a\"b, private",
    b"private\xff",
    b"\xff, private",
    b"(private)",
    b"private=\"a\"b",
    b"max-age=60 private",
    b"[private]",
    // Stale before it arrives.
    b"max-age=0",
    b"max-age=-1",
    b"max-age=soon",
    b"max-age=1.5",
    b"max-age=",
    b"max-age=\"0\"",
    b"max-age",
    b"MAX-AGE=0",
    b"max-age=60, max-age=0",
    b"max-age=0, max-age=60",
    b"s-maxage=0, max-age=60",
    b"max-age=60, s-maxage=0",
    b"max-age=00",
    b"max-age=0060x",
];

const OTHER: &[Lines] = &[
    &[("cache-control", b"public"), ("cache-control", b"private")],
    &[("cache-control", b"max-age=60"), ("cache-control", b"no-store")],
    &[("cache-control", b"private"), ("cache-control", b"public, s-maxage=60")],
    &[("cache-control", b""), ("cache-control", b"private")],
    &[("cache-control", b"x=\"a"), ("cache-control", b"b\", private")],
    &[("cdn-cache-control", b"no-store")],
    &[("cdn-cache-control", b"private")],
    &[("cdn-cache-control", b"no-cache")],
    &[("cdn-cache-control", b"max-age=0"), ("cache-control", b"max-age=60")],
    &[("cdn-cache-control", b"max-age=60"), ("cache-control", b"private")],
    &[("cdn-cache-control", b"max-age=60, private")],
    &[("cdn-cache-control", b"max-age=60"), ("cdn-cache-control", b"no-store")],
    &[("cdn-cache-control", b"Private, max-age=60"), ("cache-control", b"private")],
    &[("expires", b"0")],
    &[("expires", b"-1")],
    &[("expires", b"Thu, 01 Jan 1970 00:00:00 GMT")],
    &[("expires", b"yesterday")],
    &[("expires", b"")],
    &[("expires", b"Thu, 01 Jan 2099 00:00:00 GMT"), ("expires", b"0")],
    &[("cache-control", b"max-age=60"), ("age", b"60")],
    &[("cache-control", b"max-age=60"), ("date", b"Thu, 01 Jan 1970 00:00:00 GMT")],
    // `Connection` takes nothing away that says who may have it.
    &[("connection", b"cache-control"), ("cache-control", b"private")],
    &[("connection", b"close, vary"), ("vary", b"*")],
    // `Vary`.
    &[("vary", b"*")],
    &[("vary", b" * ")],
    &[("vary", b"Accept, *")],
    &[("vary", b"*, accept")],
    &[("vary", b"accept"), ("vary", b"*")],
    &[("vary", b",*,")],
    &[("vary", b"cookie")],
    &[("vary", b"Cookie")],
    &[("vary", b"authorization"), ("cache-control", b"public, max-age=60")],
    &[("vary", b"Accept-Language")],
    &[("vary", b"X-Forwarded-Host")],
    &[("vary", b"accept-encoding"), ("vary", b"cookie")],
    &[("vary", b"accept cookie")],
    &[("vary", b"accept;cookie")],
    &[("vary", b"\"cookie\"")],
    &[("vary", b"\xff")],
    &[("vary", b"origin, \xff")],
    &[("content-range", b"bytes 0-9/100")],
];

pub fn attacks() -> Vec<Attack> {
    let one_line = CACHE_CONTROL.iter().map(|value| -> Lines { Box::leak(Box::new([("cache-control", *value)])) });
    let mut all: Vec<_> = one_line.chain(OTHER.iter().copied()).map(said).collect();
    let serve = || Says { lines: &[], runs: Runs::default() };
    macro_rules! by_hand {
        ($($name:literal: $handler:ident;)*) => { $(
            let app = move || Router::new().route("/", on_get($handler)).with_state(serve());
            all.push(attack($name, app, [get("/")], get("/")).fresh());
        )* };
    }
    by_hand! {
        "a response with `DoNotStore`": by_its_own_word;
        "a response that is fresh for no time": fresh_for_no_time;
        "a private response with `FreshFor`": fresh_and_private;
        "a private response below an attribute that says public": private_below_public;
    }
    all
}

fn said(lines: Lines) -> Attack {
    let shown: Vec<_> = lines.iter().map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect();
    let app = move || Router::new().route("/", on_get(account)).with_state(Says { lines, runs: Runs::default() });
    attack(format!("a response that says `{}`", shown.join("`, `")), app, [get("/")], get("/")).fresh()
}
