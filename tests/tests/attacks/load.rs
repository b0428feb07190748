//! Attacks that need many clients at once, or one connection for several requests.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, extract::State, response::IntoResponse, routing::get as on_get};
use axum_extra::{
    TypedHeader,
    headers::{Authorization, authorization::Bearer},
};
use cached_handler::{cached, testing::TestCache};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Barrier,
};

use super::{
    case::{IntoApp, Runs},
    wire::{Answer, Ask, Server, Wire, get, read, with_cache, written},
};

/// Clients at once.
const CLIENTS: usize = 200;

/// The handler waits until all clients are there, so that every one of them is one of a crowd.
#[derive(Clone)]
struct Crowd {
    runs: Runs,
    all_are_there: Arc<Barrier>,
}

#[cached(ttl = 60)]
async fn with_a_cookie(State(crowd): State<Crowd>) -> impl IntoResponse {
    let run = crowd.runs.next();
    if run == 1 {
        // Released by the test, when everybody has asked.
        crowd.all_are_there.wait().await;
    }
    ([("set-cookie", format!("sid=secret{run}"))], format!("welcome, {run}"))
}

#[cached(ttl = 60)]
async fn private(State(crowd): State<Crowd>) -> impl IntoResponse {
    let run = crowd.runs.next();
    if run == 1 {
        crowd.all_are_there.wait().await;
    }
    ([("cache-control", "Private, Max-Age=60")], format!("welcome, {run}"))
}

#[cached(ttl = 60)]
async fn by_token(State(crowd): State<Crowd>, TypedHeader(token): TypedHeader<Authorization<Bearer>>) -> String {
    if crowd.runs.next() == 1 {
        crowd.all_are_there.wait().await;
    }
    format!("mail of {}", token.token())
}

async fn crowd(router: impl Fn(Crowd) -> Router, ask: impl Fn(usize) -> Ask) -> Vec<Answer> {
    let mut answers = Vec::new();
    for wire in [Wire::Http1, Wire::H2] {
        let crowd = Crowd { runs: Runs::default(), all_are_there: Arc::new(Barrier::new(2)) };
        let server = Arc::new(
            Server::start(with_cache(
                router(crowd.clone()).into_app(),
                TestCache::with(|cache| cache.cache_status("harness")).cache().clone(),
            ))
            .await,
        );
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (server, ask) = (Arc::clone(&server), ask(client));
                tokio::spawn(async move { server.ask(wire, &ask).await })
            })
            .collect();
        crowd.all_are_there.wait().await;
        for client in clients {
            answers.push(client.await.expect("a client"));
        }
        // Two servers, whose runs are numbered alike: only those of one are compared.
        assert_eq!(answers.len(), CLIENTS, "{wire:?}");
        check_apart(&answers, wire);
        answers.clear();
    }
    answers
}

/// No two have the same content, or the same cookie.
fn check_apart(answers: &[Answer], wire: Wire) {
    assert!(answers.iter().all(|answer| answer.status == 200 && !answer.broken), "{wire:?}: {answers:?}");
    let contents: BTreeSet<_> = answers.iter().map(|answer| &answer.content).collect();
    assert_eq!(contents.len(), CLIENTS, "{wire:?}: some clients share an answer");
    let cookies: BTreeSet<_> = answers.iter().flat_map(|answer| answer.lines("set-cookie")).collect();
    assert!(cookies.is_empty() || cookies.len() == CLIENTS, "{wire:?}: some clients share a cookie");
}

fn serve<H: axum::handler::Handler<T, Crowd>, T: 'static>(handler: H, crowd: Crowd) -> Router {
    Router::new().route("/", on_get(handler)).with_state(crowd)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_200_concurrent_clients_gets_its_own_cookie() {
    crowd(|crowd| serve(with_a_cookie, crowd), |_| get("/")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_200_concurrent_clients_gets_its_own_private_answer() {
    crowd(|crowd| serve(private, crowd), |_| get("/")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_200_concurrent_clients_gets_the_answer_to_its_own_token() {
    crowd(|crowd| serve(by_token, crowd), |client| get("/").with("authorization", format!("Bearer {client}"))).await;
}

#[cached(ttl = 60)]
async fn page() -> &'static str {
    "the whole page"
}

#[cached(ttl = 60)]
async fn secret() -> &'static str {
    "the secret"
}

fn pages() -> Router {
    Router::new().route("/page", on_get(page)).route("/secret", on_get(secret))
}

/// A hit that leaves the content of its request unread must not have it taken for the next request (CVE-2025-4366).
#[tokio::test]
async fn content_that_a_hit_leaves_unread_is_not_taken_for_a_request() {
    let server =
        Server::start(with_cache(pages().into_app(), TestCache::with(|cache| cache.cache_status("harness")).cache().clone())).await;
    assert!(!server.ask(Wire::Http1, &get("/page")).await.is_hit());
    let smuggled = "GET /secret HTTP/1.1\r\nhost: site.example\r\n\r\n";
    let chunked = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
    let mut with_chunks = get("/page").with("transfer-encoding", "chunked");
    with_chunks.content = chunked.into_bytes();
    for first in [get("/page").content("text/plain", smuggled), with_chunks] {
        let mut stream = server.connect().await;
        let second = get("/page").with("connection", "close");
        stream.write_all(&[written(&first), written(&second)].concat()).await.expect("requests");
        let mut bytes = Vec::new();
        // It may close the connection instead of reading the rest.
        let _reset = stream.read_to_end(&mut bytes).await;
        let mut rest = &bytes[..];
        let mut answers = 0;
        while !rest.is_empty() {
            let (answer, more) = read(rest, false);
            assert_eq!(answer.text(), "the whole page", "{answer:?}");
            answers += 1;
            rest = more;
        }
        assert!((1..=2).contains(&answers), "{answers} answers");
    }
}

/// One connection, several requests: each is answered for itself.
#[tokio::test]
async fn requests_sent_at_once_on_one_connection_are_answered_in_turn() {
    let server =
        Server::start(with_cache(pages().into_app(), TestCache::with(|cache| cache.cache_status("harness")).cache().clone())).await;
    let mut stream = server.connect().await;
    let last = get("/secret").with("connection", "close");
    stream
        .write_all(&[written(&get("/page")), written(&get("/secret")), written(&get("/page")), written(&last)].concat())
        .await
        .expect("requests");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("answers");
    let mut rest = &bytes[..];
    let mut texts = Vec::new();
    while !rest.is_empty() {
        let (answer, more) = read(rest, false);
        texts.push(answer.text());
        rest = more;
    }
    assert_eq!(texts, ["the whole page", "the secret", "the whole page", "the secret"]);
}
