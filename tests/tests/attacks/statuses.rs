//! Answers that say that something went wrong, once, and would be there for everybody.

use axum::{
    Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get as on_get,
};
use cached_handler::{FreshFor, OnMiss, Policy, Rejected, cached, secs};

use super::{
    case::{Attack, Runs, attack},
    wire::get,
};

/// Fails on its first run.
#[derive(Clone)]
struct Fails {
    status: StatusCode,
    runs: Runs,
}

impl Fails {
    fn answer(&self, failure: impl FnOnce(StatusCode) -> Response) -> Response {
        if self.runs.next() == 1 { failure(self.status) } else { "the whole page".into_response() }
    }
}

#[cached(ttl = 60)]
async fn fails(State(fails): State<Fails>) -> Response {
    fails.answer(|status| (status, "went wrong").into_response())
}

/// The status counts, and not that it is an `Err`, or is not.
#[cached(ttl = 60)]
async fn errs(State(fails): State<Fails>) -> Result<&'static str, StatusCode> {
    if fails.runs.next() == 1 { Err(fails.status) } else { Ok("the whole page") }
}

/// Cacheable by all means, says the author of the error page.
#[cached(ttl = 60)]
async fn fails_for_a_while(State(fails): State<Fails>) -> Response {
    fails.answer(|status| (status, FreshFor(secs(60)), "went wrong").into_response())
}

#[cached(ttl = 60, vary = from_response)]
async fn forwards_a_failure(State(fails): State<Fails>) -> Response {
    fails.answer(|status| (status, "went wrong").into_response())
}

#[cached(ttl = from_response)]
async fn states_nothing_where_it_fails(State(fails): State<Fails>) -> Response {
    let fine = |response: Response| ([("cache-control", "max-age=60")], response).into_response();
    if fails.runs.next() == 1 { (fails.status, "went wrong").into_response() } else { fine("the whole page".into_response()) }
}

const NAMED: Policy = Policy::new().status(404, secs(60)).status(410, secs(60)).status(204, secs(60));

/// Names some statuses, which are not the others.
#[cached(ttl = 60, policy = NAMED)]
async fn fails_otherwise(State(fails): State<Fails>) -> Response {
    fails.answer(|status| (status, "went wrong").into_response())
}

#[cached(ttl = 60)]
async fn redirects(State(fails): State<Fails>) -> Response {
    fails.answer(|_| Redirect::temporary("/login?for=secret1").into_response())
}

/// A pool that is exhausted, once.
struct Connection;

impl FromRequestParts<Fails> for Connection {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(_: &mut Parts, fails: &Fails) -> Result<Self, Self::Rejection> {
        if fails.runs.next() == 1 { Err((fails.status, "exhausted")) } else { Ok(Self) }
    }
}

#[cached(ttl = 60, skip(db))]
async fn late(db: OnMiss<Connection>) -> Result<&'static str, Rejected> {
    let Connection = db.extract().await?;
    Ok("the whole page")
}

#[cached(ttl = 60, skip(_db))]
async fn early(_db: Connection) -> &'static str {
    "the whole page"
}

#[cached(ttl = 60)]
async fn perhaps(db: Result<OnlyOnce, StatusCode>) -> String {
    format!("the whole page{}", if db.is_ok() { "" } else { " is not there" })
}

#[derive(cached_handler::CacheKey)]
struct OnlyOnce;

impl FromRequestParts<Fails> for OnlyOnce {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, fails: &Fails) -> Result<Self, StatusCode> {
        if fails.runs.next() == 1 { Err(fails.status) } else { Ok(Self) }
    }
}

fn serve<H: axum::handler::Handler<T, Fails>, T: 'static>(handler: H, status: u16) -> Router {
    let status = StatusCode::from_u16(status).expect("a status");
    Router::new().route("/", on_get(handler)).with_state(Fails { status, runs: Runs::default() })
}

/// Statuses that nobody else is to get without the author's word.
const FAILURES: [u16; 51] = [
    201, 202, 204, 205, 206, 207, 226, 300, 302, 303, 304, 305, 307, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413,
    414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 507, 511, 599, 999,
];

pub fn attacks() -> Vec<Attack> {
    let whole = |attack: Attack| attack.is(|it| it.victim.status == 200 && it.victim.text() == "the whole page" && !it.victim.broken);
    let mut all = Vec::new();
    let mut push = |name: String, app: Box<dyn Fn() -> Router + Send + Sync>| all.push(whole(attack(name, app, [get("/")], get("/"))));
    for status in FAILURES {
        push(format!("status {status}, once"), Box::new(move || serve(fails, status)));
        // A policy or a word of the handler's may name these.
        let may_be_named = |status| matches!(status, 404 | 410 | 204);
        if !may_be_named(status) {
            push(format!("status {status}, once, where others are named"), Box::new(move || serve(fails_otherwise, status)));
        }
    }
    for status in [400, 401, 403, 404, 429, 500, 502, 503] {
        push(format!("an `Err` of status {status}, once"), Box::new(move || serve(errs, status)));
        push(format!("status {status}, once, forwarded"), Box::new(move || serve(forwards_a_failure, status)));
        push(format!("status {status}, once, that states no freshness"), Box::new(move || serve(states_nothing_where_it_fails, status)));
        push(format!("an extractor's {status}, once"), Box::new(move || serve(early, status)));
        push(format!("a late extractor's {status}, once"), Box::new(move || serve(late, status)));
        push(format!("an extractor's {status}, once, seen by the handler"), Box::new(move || serve(perhaps, status)));
    }
    for status in [206, 304, 400, 401, 403, 405, 406, 408, 412, 416, 429, 500, 502, 503, 504] {
        push(format!("status {status} that is said to be fresh for a while"), Box::new(move || serve(fails_for_a_while, status)));
    }
    push("a redirect to one client's login".to_owned(), Box::new(|| serve(redirects, 307)));
    // A late extractor that refuses with a status that is stored.
    push("a late extractor's 200".to_owned(), Box::new(|| serve(late, 200)));
    all
}
