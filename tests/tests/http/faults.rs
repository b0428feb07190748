//! Faults of `FAULTS.md` that belong to no other file: what only the bytes of a connection show.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{Request, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_extra::{TypedHeader, headers};
use cached_handler::{
    cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::text;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[cached(ttl = 60)]
async fn uri(uri: Uri) -> String {
    uri.to_string()
}

#[cached(ttl = 60)]
async fn host(TypedHeader(host): TypedHeader<headers::Host>) -> String {
    host.hostname().to_owned()
}

/// It says of itself what it depends on, as a server does: nothing but what every cache keys.
#[cached(ttl = 60, vary = from_response)]
async fn whole(request: Request) -> Response {
    let host = request.headers().get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    format!("{} {host:?}", request.uri()).into_response()
}

#[cached(ttl = 60)]
async fn page() -> &'static str {
    "page"
}

async fn hidden(State(runs): State<Arc<AtomicUsize>>) {
    runs.fetch_add(1, Ordering::SeqCst);
}

async fn serve(hidden_runs: &Arc<AtomicUsize>) -> SocketAddr {
    let router = Router::new()
        .route("/uri", get(uri))
        .route("/host", get(host))
        .route("/whole", get(whole))
        .route("/page", get(page))
        .route("/hidden", get(hidden).with_state(Arc::clone(hidden_runs)))
        .layer(TestCache::new().layer());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// All that the server says to these bytes, before it closes the connection.
async fn said(address: SocketAddr, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

async fn ask(address: SocketAddr, target: &str, host: &str) -> String {
    said(address, &format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await
}

#[tokio::test]
async fn a_host_beside_another_authority_answers_nobody_else() {
    for path in ["/uri", "/host", "/whole"] {
        for (target, host) in [("http://evil.example", "site.example"), ("http://site.example", "evil.example")] {
            let address = serve(&Arc::default()).await;
            let attack = ask(address, &format!("{target}{path}"), host).await;
            assert!(attack.starts_with("HTTP/1.1 200") && attack.contains("example"), "{attack}");
            for target in [path, &format!("http://site.example{path}")] {
                let answer = ask(address, target, "site.example").await;
                assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("evil"), "{path} by {target}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn content_that_a_hit_leaves_unread_is_no_request() {
    let runs = Arc::default();
    let address = serve(&runs).await;
    let warm = ask(address, "/page", "site.example").await;
    assert!(warm.ends_with("page") && !warm.contains("age: "), "{warm}");

    let content = "GET /hidden HTTP/1.1\r\nhost: site.example\r\n\r\n";
    let length = content.len();
    let hit = format!("GET /page HTTP/1.1\r\nhost: site.example\r\ncontent-length: {length}\r\n\r\n{content}");
    let next = "GET /page HTTP/1.1\r\nhost: site.example\r\nconnection: close\r\n\r\n";
    let answers = said(address, &format!("{hit}{next}")).await;
    assert!(answers.starts_with("HTTP/1.1 200") && answers.contains("age: 0"), "the first is a hit: {answers}");
    let heads = answers.matches("HTTP/1.1 ").count();
    assert!(heads <= 2 && heads == answers.matches("HTTP/1.1 200").count(), "{answers}");
    assert_eq!(runs.load(Ordering::SeqCst), 0, "{answers}");
}

/// What session crates hand out: known by its name, as they are many.
struct Session(String);

impl<S: Sync> axum::extract::FromRequestParts<S> for Session {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(header::COOKIE).map_or_else(String::new, |cookie| format!("{cookie:?}"))))
    }
}

#[cached(ttl = 60, skip(session))]
async fn account(session: Session) -> String {
    format!("the account of {}", session.0)
}

#[cached(ttl = 60, skip_credentials(_session))]
async fn prices(_session: Session) -> &'static str {
    "the same for all"
}

#[tokio::test]
async fn a_session_that_is_skipped_answers_no_other_session() {
    let cache = TestCache::new();
    let router = Router::new().route("/account", get(account)).route("/prices", get(prices)).layer(cache.layer());
    let by = async |path: &str, cookie: &str| {
        let request = Request::get(path).header(header::COOKIE, cookie).body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(router.clone(), request).await.unwrap()
    };
    for client in ["alice", "bob", "alice"] {
        let answer = by("/account", client).await;
        assert_miss!(&answer);
        assert!(text(answer).await.contains(client));
    }
    assert_miss!(by("/prices", "alice").await);
    assert_hit!(by("/prices", "bob").await);
}
