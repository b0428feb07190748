//! Who asks: the test itself, or `curl` over HTTP/1.1 and HTTP/2, and through the layers that authors put around handlers. Each
//! test of this program runs for each of them, in a process that is told by its environment which one it is.

use std::{
    collections::HashMap,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{OriginalUri, Request},
    http::{HeaderValue, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use cached_handler::Outcome;
use cached_handler_tests::{
    curl::{self, Answer, Ask, Http},
    harness::is_full,
};

#[path = "../external/strict/stack.rs"]
pub mod stack;

use stack::Order as Layers;

/// Tells a process who asks.
pub const CLIENT: &str = "CACHED_HANDLER_CLIENT";

/// Nothing where the test asks by itself.
pub fn client() -> Option<(Http, Layers)> {
    match std::env::var(CLIENT).ok()?.as_str() {
        "http2" => Some((Http::Two, Layers::Bare)),
        "http1-layers" => Some((Http::One, Layers::Within)),
        "http2-layers" => Some((Http::Two, Layers::Around)),
        other => panic!("{CLIENT} is {other}"),
    }
}

/// The clients that ask once more.
const CLIENTS: [&str; 3] = ["http2", "http1-layers", "http2-layers"];

/// Runs the tests of this program with `module` in their names again where a client asks, in a process of its own; all but some,
/// and more than so many. Each request is a process: of many tests each is asked every day by one of the clients, in turns.
pub fn again(client: &str, module: &str, least: usize, without: &[&[&str]]) {
    let program = || Command::new(std::env::current_exe().expect("this program"));
    let listed = program().args([module, "--list", "--format", "terse"]).output().expect("the names of tests");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let tests = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    let is_its_turn = |at: usize| is_full() || least < CLIENTS.len() || CLIENTS[at % CLIENTS.len()] == client;
    let is_left_out = |test: &str| without.iter().copied().flatten().any(|name| test.contains(name));
    let tests = tests.enumerate().filter(|(at, test)| is_its_turn(*at) && !is_left_out(test)).map(|(_, test)| test);
    let output = program().env(CLIENT, client).arg("--exact").args(tests).output().expect("a process of its own");
    let printed = String::from_utf8_lossy(&output.stdout);
    let closing = printed.lines().find(|line| line.starts_with("test result: ")).unwrap_or_default().to_owned();
    assert!(output.status.success(), "{client}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    let passed: usize = closing.split(' ').nth(3).and_then(|passed| passed.parse().ok()).expect("how many passed");
    println!("- behaviours of HTTP asked for by curl ({client}): {passed}, and each request left its connection whole");
    assert!(passed > if is_full() || least < CLIENTS.len() { least } else { least / CLIENTS.len() }, "{closing}");
}

/// A router that is served, for one who asks by `curl`.
pub struct Served {
    site: curl::Site,
    http: Http,
    outcomes: Outcomes,
}

/// What the cache said of each request: it stands in no field.
type Outcomes = Arc<Mutex<HashMap<String, Outcome>>>;

const NUMBER: &str = "x-number-of-this-test";

impl Served {
    pub async fn start(router: &Router, (http, layers): (Http, Layers)) -> Self {
        let outcomes = Outcomes::default();
        let innermost = router.clone().layer(from_fn_with_state(Arc::clone(&outcomes), notes));
        let site = curl::Site::start(stack::app(innermost, layers)).await;
        Self { site, http, outcomes }
    }

    /// The answer, after which the connection has to serve another request.
    pub async fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)], content: &str) -> (Answer, Option<Outcome>) {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed).to_string();
        let mut ask = curl::ask(method.to_owned().leak(), target).with(NUMBER, number.clone());
        let is_sent = |name: &str| !(NOT_SENT.contains(&name) || self.http == Http::Two && OF_HTTP1.contains(&name));
        for (name, value) in fields.iter().filter(|(name, _)| is_sent(name)) {
            ask = ask.with(*name, *value);
        }
        if !content.is_empty() {
            ask = ask.content(content);
        }
        let next: [Ask; 2] = [ask, curl::get("/").with(NUMBER, "none")];
        let closes = fields.iter().any(|(name, value)| *name == "connection" && value.contains("close"));
        let mut answers = if closes {
            self.site.curl_well(self.http, &next[..1]).await
        } else {
            let answers = self.site.curl_well(self.http, &next).await;
            assert_eq!(answers[1].text(), ALIVE, "after {method} {target} {fields:?}: {answers:?}");
            answers
        };
        let outcome = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        let mut answer = answers.swap_remove(0);
        without_what_is_added(&mut answer);
        (answer, outcome)
    }
}

/// The answer as it was before the server and the layers.
fn without_what_is_added(answer: &mut Answer) {
    for name in stack::ADDED.iter().chain(&["transfer-encoding", "connection"]) {
        answer.fields.remove(*name);
    }
    // The layer of compression says this of what it would compress if asked.
    let varies: Vec<_> = answer.fields.get_all(header::VARY).iter().cloned().collect();
    if let Some(("accept-encoding", rest)) = varies.split_last().map(|(last, rest)| (last.to_str().unwrap_or_default(), rest)) {
        answer.fields.remove(header::VARY);
        for line in rest {
            answer.fields.append(header::VARY, line.clone());
        }
    }
}

const ALIVE: &str = "the connection goes on";

/// How a message is framed is not the client's to say here.
const NOT_SENT: [&str; 2] = ["transfer-encoding", "content-length"];
/// RFC 9113 §8.2.2.
const OF_HTTP1: [&str; 6] = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "expect"];

/// Between the layers and the router: the request is as the test has it, and what the cache says of it is noted.
async fn notes(axum::extract::State(outcomes): axum::extract::State<Outcomes>, mut request: Request, next: Next) -> Response {
    let number = request.headers_mut().remove(NUMBER).and_then(|number| number.to_str().map(str::to_owned).ok()).unwrap_or_default();
    if number == "none" {
        return ALIVE.into_response();
    }
    // In HTTP/2 the authority stands in the target, where the test has a field.
    let authority = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()).expect("an authority"));
    let path = request.uri().path_and_query().expect("a path").as_str().parse::<Uri>().expect("a path");
    // Each place that is served has another port.
    request.extensions_mut().insert(OriginalUri(path.clone()));
    *request.uri_mut() = path;
    let fields = request.headers_mut();
    if let Some(authority) = authority {
        fields.entry(header::HOST).or_insert(authority);
    }
    fields.remove("x-request-id");
    let by_curl = |name: &header::HeaderName, value: &HeaderValue| match *name {
        header::ACCEPT => value == "*/*",
        header::USER_AGENT => value.as_bytes().starts_with(b"curl/"),
        header::HOST => value.as_bytes().starts_with(b"127.0.0.1:"),
        _ => false,
    };
    let added: Vec<_> = fields.iter().filter(|(name, value)| by_curl(name, value)).map(|(name, _)| name.clone()).collect();
    for name in &added {
        fields.remove(name);
    }
    let response = next.run(request).await;
    if let Some(outcome) = response.extensions().get::<Outcome>() {
        outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(number, outcome.clone());
    }
    response
}
