//! The public suite for HTTP caches, `http-cache-tests` 0.4.5 from npm, against the proxy of the examples, in memory, in
//! files and in Redis: 350 tests, of which each passes or fails as `conformance/expected.txt` says. The proxy is told one thing
//! of the suite's server: that it reads the unknown field `Foo` as a list.
//!
//! `CACHED_HANDLER_SUITE=DIR` scores a check-out of a later edition (after `npm install` in it), and expects nothing.

use std::{
    collections::BTreeMap,
    fmt,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    http::uri::Authority,
    response::Response,
};
use cached_handler::{Cache, Policy, cached};
use cached_handler_examples::proxy::{PROXY, Upstream};
use cached_handler_tests::{
    harness::{PATIENT, is_full},
    redis_server::RedisServer,
};
use tokio::net::TcpListener;

/// That of the examples, for this server.
const OF_LISTS: Policy = PROXY.vary_by_meaning(&["accept", "accept-charset", "accept-encoding", "accept-language", "foo"]);

/// Names another edition.
const SUITE: &str = "CACHED_HANDLER_SUITE";
const PACKAGE: &str = "http-cache-tests@0.4.5";

#[cached(ttl = from_response, vary = from_response, stale_if_error = "1h", policy = OF_LISTS)]
async fn from_memory(State(upstream): State<Upstream>, request: Request) -> Response {
    upstream.answer(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_suite_passes_but_for_what_is_listed_with_its_reason() {
    // The suite's paths are the same each time, and so are those that share an epoch: none.
    let cache = Cache::builder().seed(1).build().await.unwrap();
    as_listed("memory", |upstream| Router::new().fallback(from_memory).with_state(upstream), cache).await;
}

#[cached(ttl = from_response, vary = from_response, stale_if_error = "1h", backend = "fs", policy = OF_LISTS)]
async fn from_files(State(upstream): State<Upstream>, request: Request) -> Response {
    upstream.answer(request).await
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_public_suite_finds_the_same_of_files() {
    if !is_asked_for("files") {
        return;
    }
    let directory = std::env::temp_dir().join(format!("cached-handler-conformance-{}", std::process::id()));
    let cache = Cache::builder().namespace("conformance").fs(&directory).limits("fs", PATIENT).build().await.unwrap();
    as_listed("fs", |upstream| Router::new().fallback(from_files).with_state(upstream), cache).await;
    std::fs::remove_dir_all(&directory).unwrap();
}

#[cached(ttl = from_response, vary = from_response, stale_if_error = "1h", backend = "redis", policy = OF_LISTS)]
async fn from_redis(State(upstream): State<Upstream>, request: Request) -> Response {
    upstream.answer(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_suite_finds_the_same_of_redis() {
    if !is_asked_for("Redis") {
        return;
    }
    let server = RedisServer::start();
    let cache = Cache::builder().namespace("conformance").redis(server.url()).limits("redis", PATIENT).build().await.unwrap();
    as_listed("redis", |upstream| Router::new().fallback(from_redis).with_state(upstream), cache).await;
}

/// A twentieth of three is one: every day the memory's.
fn is_asked_for(backend: &str) -> bool {
    if !is_full() {
        println!("left out: the suite on {backend}; `./tests/run --full` has it");
    }
    is_full()
}

async fn as_listed(backend: &str, app: impl FnOnce(Upstream) -> Router, cache: Cache) {
    let (suite, origin) = tokio::task::spawn_blocking(Suite::start).await.unwrap();
    let authority: Authority = origin.to_string().parse().unwrap();
    let proxy = listening(app(Upstream::without_idle_connections(authority)).layer(axum::Extension(cache))).await;
    let results = tokio::task::spawn_blocking(move || suite.run(proxy)).await.unwrap();

    for result in results.iter().filter(|result| result.verdict != "pass") {
        println!("{result}");
    }
    for kind in ["required", "optimal", "check"] {
        let of_kind = results.iter().filter(|result| result.kind == kind);
        let passed = of_kind.clone().filter(|result| result.verdict == "pass").count();
        println!("{backend}, {kind}: {passed} of {}", of_kind.count());
    }
    if std::env::var_os(SUITE).is_some() {
        return;
    }
    let surprises = surprises(&results, &expected());
    assert!(surprises.is_empty(), "{backend}: other than conformance/expected.txt says:\n{}", surprises.join("\n"));
}

/// What a test came to.
struct TestResult {
    kind: String,
    verdict: String,
    id: String,
    why: String,
}

impl TestResult {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ').map(str::to_owned);
        Some(Self { kind: words.next()?, verdict: words.next()?, id: words.next()?, why: words.next().unwrap_or_default() })
    }
}

impl fmt::Display for TestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8} {:7} {} {}", self.kind, self.verdict, self.id, self.why)
    }
}

/// The ids of the tests that do not pass, each with its reason: the same for each backend.
fn expected() -> BTreeMap<String, String> {
    let lines = include_str!("../../conformance/expected.txt").lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .map(|line| {
            let (id, why) = line.split_once("  ").unwrap_or_else(|| panic!("no reason, after two spaces, in: {line}"));
            (id.to_owned(), why.trim().to_owned())
        })
        .collect()
}

/// A test that passes and is listed is one, as much as a test that fails and is not.
fn surprises(results: &[TestResult], expected: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |result: &&TestResult| (result.verdict == "pass") == expected.contains_key(&result.id);
    let mut surprises: Vec<_> = results.iter().filter(differs).map(ToString::to_string).collect();
    let unknown = expected.keys().filter(|id| results.iter().all(|result| result.id != **id));
    surprises.extend(unknown.map(|id| format!("no test is named {id}")));
    surprises
}

/// A proxy on a free port, for as long as the test's runtime lives.
async fn listening(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The suite's process: its origin, and its client. It ends with its standard input.
struct Suite {
    process: Child,
    input: ChildStdin,
    output: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Suite {
    /// Also says where its origin listens.
    fn start() -> (Self, SocketAddr) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/suite.mjs");
        let mut process = Command::new("node")
            .arg("--no-warnings")
            .arg(script)
            .arg(installed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node is needed: `apt-get install nodejs npm`");
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = output.next().expect("the suite says where its origin listens").unwrap();
        let port = said.strip_prefix("origin ").unwrap_or_else(|| panic!("{said}")).parse().unwrap();
        (Self { process, input, output }, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    fn run(mut self, cache: SocketAddr) -> Vec<TestResult> {
        writeln!(self.input, "http://{cache}").unwrap();
        let lines = self.output.by_ref().map(Result::unwrap).take_while(|line| line != "end");
        let results: Vec<_> = lines.map(|line| TestResult::parse(&line).unwrap_or_else(|| panic!("{line}"))).collect();
        assert!(self.process.wait().unwrap().success(), "the suite did not come to its end");
        results
    }
}

/// Where the package is; it is fetched once.
fn installed() -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(directory) = std::env::var_os(SUITE) {
        return directory.into();
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace('@', "-"));
    if !directory.join("node_modules/node-fetch").exists() {
        std::fs::create_dir_all(&directory).unwrap();
        let output = Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
            .arg(&directory)
            .arg(PACKAGE)
            .output()
            .expect("npm is needed: `apt-get install nodejs npm`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    directory
}
