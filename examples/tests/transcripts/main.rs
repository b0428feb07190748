//! Every example answers as the transcript in its first comment says.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod transcript;

use std::{fs as fs_of_std, path::Path};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header::CACHE_CONTROL},
};
use cached_handler::{CacheBuilder, Target, backend::conformance, testing::TestCache};
use cached_handler_examples::proxy::Upstream;
use cached_handler_serving::transcript as lines_of;
use cached_handler_tests::redis_server::RedisServer;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use self::transcript::Process;

/// The examples as modules: their `main` goes unused here.
macro_rules! examples {
    ($($(#[$attribute:meta])* $name:ident = $path:literal;)*) => { $(
        $(#[$attribute])*
        #[path = $path]
        #[allow(dead_code, unreachable_pub, reason = "programs, of which `app` alone is used here")]
        mod $name;
    )* };
}
examples! {
    cache_control = "../../cache_control.rs";
    dict = "../../dict.rs";
    etag = "../../etag.rs";
    events = "../../events.rs";
    failing = "../../failing.rs";
    #[cfg(unix)]
    fs = "../../fs.rs";
    groups = "../../groups.rs";
    language = "../../language.rs";
    layer = "../../layer.rs";
    memory = "../../memory.rs";
    #[cfg(feature = "observe")]
    observe = "../../observe.rs";
    pool = "../../pool.rs";
    redis = "../../redis.rs";
    testing = "../../testing.rs";
    #[cfg(unix)]
    tiers = "../../tiers.rs";
    time = "../../time.rs";
    user = "../../user.rs";
    values = "../../values.rs";
}

/// Plays the transcript of an example: its application, and what its cache has besides; or several processes.
macro_rules! plays {
    ($name:ident, [$($process:expr),*]) => {{
        let source = include_str!(concat!("../../", stringify!($name), ".rs"));
        if let Err(complaint) = transcript::play(source, &[$($process),*]).await {
            panic!("{complaint}");
        }
    }};
    ($name:ident, $app:expr, $set:expr) => {{
        let cache = TestCache::with(|builder| $set(builder.cache_status("demo")));
        let app: Router = $app.layer(cache.layer());
        plays!($name, [Process { app, cache }])
    }};
    ($name:ident, $app:expr) => {
        plays!($name, $app, std::convert::identity)
    };
}

#[tokio::test]
async fn memory() {
    plays!(memory, memory::app());
}

#[tokio::test]
async fn dict() {
    plays!(dict, dict::app(), |builder: CacheBuilder| builder.backend("dict", dict::Dict::default()));
}

#[tokio::test]
async fn the_dictionary_keeps_the_laws_of_a_store() {
    conformance::store(&dict::Dict::default()).await;
}

#[tokio::test]
async fn cache_control() {
    plays!(cache_control, cache_control::app());
}

#[tokio::test]
async fn etag() {
    plays!(etag, etag::app());
}

#[tokio::test]
async fn time() {
    plays!(time, time::app());
}

#[tokio::test]
async fn events() {
    plays!(events, events::app());
}

#[tokio::test]
async fn groups() {
    plays!(groups, groups::app());
}

#[tokio::test]
async fn language() {
    plays!(language, language::app());
}

#[tokio::test]
async fn user() {
    plays!(user, user::app());
}

#[tokio::test]
async fn pool() {
    plays!(pool, pool::app());
}

#[tokio::test]
async fn layer() {
    plays!(layer, layer::app());
}

#[tokio::test]
async fn values() {
    plays!(values, values::app());
}

/// Two caches stand for the two processes.
#[tokio::test]
async fn redis() {
    let mut server = RedisServer::start();
    let set = |builder: CacheBuilder| builder.namespace("reports").redis(server.url()).cache_status("demo");
    let first = TestCache::with(set);
    let second = first.beside(set);
    for cache in [&first, &second] {
        // Until both are connected: on a busy machine that takes longer than a request waits.
        while cache.cache().invalidate(Target::all()).await.is_err() {}
    }
    let process = |cache: TestCache| Process { app: redis::app().layer(cache.layer()), cache };
    let app = redis::app().layer(first.layer());
    plays!(redis, [process(first), process(second)]);

    server.kill();
    let request = Request::get("/reports/7").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::OK, "as its last lines say");
}

/// Here, too.
#[cfg(unix)]
#[tokio::test]
async fn fs() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcript-of-fs");
    _ = fs_of_std::remove_dir_all(&directory);
    let set = |builder: CacheBuilder| builder.namespace("thumbnails").fs(&directory).cache_status("demo");
    let first = TestCache::with(set);
    let second = first.beside(set);
    for cache in [&first, &second] {
        // Opens the directory, as `build` does.
        cache.cache().invalidate(Target::all()).await.unwrap();
    }
    let process = |cache: TestCache| Process { app: fs::app().layer(cache.layer()), cache };
    plays!(fs, [process(first), process(second)]);
    fs_of_std::remove_dir_all(&directory).unwrap();
}

/// Two caches stand for the two processes.
#[cfg(unix)]
#[tokio::test]
async fn tiers() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcript-of-tiers");
    _ = fs_of_std::remove_dir_all(&directory);
    let set = |builder: CacheBuilder| builder.namespace("prices").fs(&directory).cache_status("demo");
    let first = TestCache::with(set);
    let second = first.beside(set);
    for cache in [&first, &second] {
        cache.cache().invalidate(Target::all()).await.unwrap();
    }
    let process = |cache: TestCache| Process { app: tiers::app().layer(cache.layer()), cache };
    plays!(tiers, [process(first), process(second)]);
    fs_of_std::remove_dir_all(&directory).unwrap();
}

#[cfg(feature = "observe")]
#[tokio::test]
async fn observe() {
    plays!(observe, observe::app());
}

#[tokio::test]
async fn testing() {
    plays!(testing, testing::app());
}

/// Before a server whose answers are fresh for a minute.
#[tokio::test]
async fn proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = Router::new().fallback(async || ([(CACHE_CONTROL, "max-age=60")], "what the server has\n"));
    let serving = tokio::spawn(async move { axum::serve(listener, server).await });
    let app = cached_handler_examples::proxy::app(Upstream::at(address.parse().unwrap()));
    plays!(proxy, app, |builder: CacheBuilder| builder.cache_status("proxy"));
    serving.abort();
}

/// Its time limit follows the runtime's clock, which goes on by itself here.
#[tokio::test(start_paused = true)]
async fn failing() {
    plays!(failing, failing::app());
}

fn read(path: &str) -> String {
    fs_of_std::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Each file beside `lib.rs` that has a transcript, and its source.
fn examples() -> impl Iterator<Item = (String, String)> {
    let entries = fs_of_std::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let sources =
        names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "rs") && name != "lib.rs").map(|name| (read(&name), name));
    sources.filter(|(source, _)| lines_of(source).next().is_some()).map(|(source, name)| (name, source))
}

/// Each is played above, and stands in the tables that readers go by.
#[test]
fn no_example_is_forgotten() {
    let (played, listed) = (include_str!("main.rs"), read("README.md") + &read("../README.md"));
    for (name, _) in examples() {
        let example = name.trim_end_matches(".rs");
        assert!(played.contains(&format!("plays!({example}, ")), "{name} is not played; add it to {}", file!());
        assert!(listed.matches(&format!("{name})")).count() >= 2, "{name} has no line in README.md and examples/README.md");
    }
}

/// What an example shows has to be read at a glance. Comments and blank lines are not counted, and its tests apart.
#[test]
fn every_example_has_at_most_ninety_lines_of_code() {
    let mut seen = 0;
    for (name, source) in examples() {
        for part in source.split("#[cfg(test)]") {
            let code = part.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
            assert!(code <= 90, "{name}: {code} lines");
        }
        seen += 1;
    }
    assert!(seen >= 17, "{seen}");
}
