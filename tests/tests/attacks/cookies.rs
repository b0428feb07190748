//! Responses that belong to one client: they set a cookie.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header::SET_COOKIE},
    middleware::map_response,
    response::{AppendHeaders, IntoResponse, Response},
    routing::get as on_get,
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use cached_handler::{CacheGroups, FreshFor, Policy, cached, secs};

use super::{
    case::{Attack, Runs, attack},
    wire::{Answer, ask, get},
};

#[cached(ttl = 60)]
async fn by_tuple(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    ([(SET_COOKIE, format!("sid=secret{run}"))], format!("welcome, {run}"))
}

#[cached(ttl = 60)]
async fn twice(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    (AppendHeaders([(SET_COOKIE, format!("sid=secret{run}")), (SET_COOKIE, format!("csrf={run}"))]), run.to_string())
}

#[cached(ttl = 60)]
async fn by_jar(State(runs): State<Runs>) -> (CookieJar, String) {
    let run = runs.next();
    (CookieJar::new().add(Cookie::new("sid", format!("secret{run}"))), run.to_string())
}

#[cached(ttl = 60)]
async fn by_hand(State(runs): State<Runs>) -> Response {
    let run = runs.next();
    Response::builder().header("Set-Cookie", format!("sid=secret{run}")).body(run.to_string().into()).expect("a response")
}

#[cached(ttl = 60)]
async fn without_a_word_in_the_content(State(runs): State<Runs>) -> impl IntoResponse {
    ([("set-cookie", format!("sid=secret{}; HttpOnly", runs.next()))], runs.next().to_string())
}

/// The author wants it cached by all means.
#[cached(ttl = 60, cache_control = "public, max-age=60")]
async fn public(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    ([("cache-control", "public, s-maxage=600".to_owned()), ("set-cookie", format!("sid=secret{run}"))], run.to_string())
}

#[cached(ttl = 60)]
async fn fresh_for(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    (FreshFor(secs(600)), CacheGroups::of(["all"]), [("set-cookie", format!("sid=secret{run}"))], run.to_string())
}

const MISSING: Policy = Policy::new().status(404, secs(60)).status(204, secs(60));

#[cached(ttl = 60, policy = MISSING)]
async fn missing(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    (StatusCode::NOT_FOUND, [("set-cookie", format!("sid=secret{run}"))], run.to_string())
}

#[cached(ttl = 60)]
async fn moved(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    (StatusCode::MOVED_PERMANENTLY, [("location", format!("/{run}")), ("set-cookie", format!("sid=secret{run}"))], run.to_string())
}

/// `Err` has its own way out.
#[cached(ttl = 60)]
async fn failed(State(runs): State<Runs>) -> Result<String, impl IntoResponse> {
    let run = runs.next();
    if run > 0 { Err(([("set-cookie", format!("sid=secret{run}"))], run.to_string())) } else { Ok(String::new()) }
}

/// `Connection` would take it away before anyone looks at it.
#[cached(ttl = 60)]
async fn hidden(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    (AppendHeaders([("connection", "set-cookie".to_owned()), ("set-cookie", format!("sid=secret{run}"))]), run.to_string())
}

/// Content of unknown length goes out before it is known whether it can be stored.
#[cached(ttl = 60)]
async fn streamed(State(runs): State<Runs>) -> impl IntoResponse {
    let run = runs.next();
    let content = super::content::streamed(vec![format!("welcome, {run}")]);
    ([("set-cookie", format!("sid=secret{run}"))], content)
}

#[cached(ttl = 60, cache_control = "public, max-age=60")]
async fn page(Path(id): Path<u32>) -> String {
    format!("page {id}")
}

fn serve<H: axum::handler::Handler<T, Runs>, T: 'static>(handler: H) -> Router {
    Router::new().route("/{*any}", on_get(handler)).with_state(Runs::default())
}

/// The cookies are the victim's own, whatever the content is.
fn has_a_cookie_of_its_own(victim: &Answer, first: &[Answer]) -> bool {
    let cookies = victim.lines("set-cookie");
    cookies.len() == 1 && first.iter().all(|other| other.lines("set-cookie") != cookies)
}

pub fn attacks() -> Vec<Attack> {
    let (first, victim) = (get("/login"), get("/login"));
    macro_rules! fresh {
        ($($name:literal: $handler:ident;)*) => {
            vec![$(attack($name, || serve($handler), [first.clone()], victim.clone()).fresh()),*]
        };
    }
    let mut all = fresh! {
        "the cookie that a tuple sets is given to the next client": by_tuple;
        "one of two cookies is given to the next client": twice;
        "the cookie of a jar is given to the next client": by_jar;
        "the cookie of a response made by hand is given to the next client": by_hand;
        "a cookie with attributes is given to the next client": without_a_word_in_the_content;
        "a response that sets a cookie and says that it is public": public;
        "a response that sets a cookie and says how long it is fresh": fresh_for;
        "a 404 that a policy stores sets a cookie": missing;
        "a redirect sets a cookie": moved;
        "an `Err` of status 200 sets a cookie": failed;
        "a cookie that `Connection` names": hidden;
        "a streamed response sets a cookie": streamed;
    };
    all.push(attack("a cookie that is set on HEAD", || serve(by_tuple), [ask("HEAD", "/login")], get("/login")).fresh());
    all.push(
        attack("a cookie for a client that asks conditionally", || serve(by_tuple), [get("/login").with("if-none-match", "*")], victim)
            .fresh(),
    );
    let sessions = || {
        let runs = Runs::default();
        Router::new().route("/{id}", on_get(page)).layer(map_response(move |mut response: Response| {
            let cookie = HeaderValue::from_str(&format!("sid=secret{}", runs.next())).expect("a value");
            response.headers_mut().append(SET_COOKIE, cookie);
            std::future::ready(response)
        }))
    };
    let session = attack("a session layer around the handler sets a cookie", sessions, [get("/1")], get("/1"));
    all.push(session.is(|it| has_a_cookie_of_its_own(it.victim, it.first) && it.victim.text() == "page 1"));
    all
}
