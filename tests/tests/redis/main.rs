//! `backend = "redis"`: the laws, the attribute on it, and several processes on one server.

mod cluster;
mod composed;
mod epochs;
mod lives;
mod processes;
mod tls;
mod together;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, Request, header},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_extra::{
    TypedHeader,
    extract::CookieJar,
    headers::{Authorization, authorization::Bearer},
};
use cached_handler::{
    Cache, CacheGroups, ManualClock, Outcome, Target,
    backend::{Redis, RedisServer as RedisServerAddress, conformance},
    cached,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{PATIENT, Random, ask, count, leaves_at, moment, text},
    redis_server::RedisServer,
};
use tower::ServiceExt;

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(serde::Deserialize)]
struct Page {
    page: Option<u32>,
}

#[cached(ttl = 60, backend = "redis", group = ["pages", "page:{id}"])]
async fn page(Path(id): Path<u64>, Query(query): Query<Page>) -> Response {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    ([("x-run", run.to_string())], CacheGroups::of([format!("author:{}", id % 2)]), format!("page {id} {:?}", query.page)).into_response()
}

#[cached(ttl = 600, backend = "redis")]
async fn other(Path(id): Path<u64>) -> String {
    format!("other {id}")
}

#[cached(ttl = from_response, backend = "redis", vary = from_response)]
async fn varied(headers: HeaderMap) -> Response {
    let language = headers.get(header::ACCEPT_LANGUAGE).cloned();
    let lines = [(header::VARY, "accept-language"), (header::CACHE_CONTROL, "max-age=60")];
    (lines, format!("in {language:?}")).into_response()
}

/// As one process would have it.
struct Process {
    cache: Cache,
    clock: ManualClock,
    router: Router,
}

impl Process {
    async fn on(server: &RedisServer) -> Self {
        Self::of(server, "test", ManualClock::new()).await
    }

    async fn of(server: &RedisServer, namespace: &str, clock: ManualClock) -> Self {
        let builder = Cache::builder()
            .namespace(namespace)
            .redis(server.url())
            .limits("redis", PATIENT)
            .shares_namespace()
            .clock(clock.clone())
            .outcome_on_hits();
        Self { clock, ..Self::with(builder.build().await.unwrap()).await }
    }

    async fn with(cache: Cache) -> Self {
        // Until it is connected: on a busy machine that takes longer than a request waits.
        while cache.invalidate(Target::group("nobody's")).await.is_err() {}
        let router = Router::new()
            .route("/page/{id}", get(page))
            .route("/other/{id}", get(other))
            .route("/grouped/{id}", get(grouped))
            .route("/varied", get(varied))
            .layer(axum::Extension(cache.clone()));
        Self { cache, clock: ManualClock::new(), router }
    }

    /// Asks, and waits until what is stored behind the answer is stored.
    async fn ask(&self, uri: &str) -> Response {
        self.send(Request::get(uri)).await
    }

    async fn send(&self, request: axum::http::request::Builder) -> Response {
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(self.cache.drain(Duration::from_secs(5)).await);
        response
    }

    async fn invalidate(&self, target: Target) {
        self.cache.invalidate(target).await.unwrap();
    }
}

#[tokio::test]
async fn redis_keeps_the_laws_of_a_store_and_of_epochs() {
    let server = RedisServer::start();
    let redis = Redis::open(server.url(), "conformance").unwrap();
    conformance::store(&redis).await;
    conformance::epochs(&redis).await;
}

#[tokio::test]
async fn a_hit_is_the_miss_that_stored_it() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let miss = assert_miss!(one.ask("/page/1?page=2&utm=x").await);
    one.clock.advance(Duration::from_secs(7));
    let hit = assert_hit!(one.ask("/page/1?page=2").await);
    assert_eq!(hit.headers()["age"], "7");
    let mut lines = hit.headers().clone();
    lines.remove("age");
    assert_eq!(&lines, miss.headers());
    assert_eq!(text(hit).await, text(miss).await);
    one.clock.advance(Duration::from_secs(54));
    assert_miss!(one.ask("/page/1?page=2").await);
}

#[tokio::test]
async fn every_way_to_invalidate_reaches_every_process() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let two = Process::on(&server).await;
    for target in [
        Target::group("pages"),
        Target::group("page:1"),
        Target::group("author:1"),
        Target::path("/page/%31"),
        Target::handler(page),
        Target::all(),
    ] {
        for by in [&one, &two] {
            assert_miss!(one.ask("/page/1").await);
            assert_hit!(one.ask("/page/1").await);
            assert_hit!(two.ask("/page/1").await);
            by.invalidate(target.clone()).await;
            assert_miss!(two.ask("/page/1").await);
            assert_hit!(one.ask("/page/1").await);
            by.cache.expire(target.clone()).await.unwrap();
        }
    }
    assert_miss!(one.ask("/page/1").await);
    one.cache.invalidate(Target::group("page:2")).await.unwrap();
    assert_hit!(two.ask("/page/1").await);
}

#[tokio::test]
async fn variants_are_kept_apart() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let two = Process::on(&server).await;
    let get = |language: &str| Request::get("/varied").header("accept-language", language);
    for language in ["de", "fr", "it"] {
        assert_miss!(one.send(get(language)).await);
    }
    for language in ["de", "fr", "it"] {
        assert!(text(assert_hit!(two.send(get(language)).await)).await.contains(language));
    }
}

#[tokio::test]
async fn namespaces_share_a_server_and_nothing_else() {
    let server = RedisServer::start();
    let one = Process::of(&server, "one", ManualClock::new()).await;
    let two = Process::of(&server, "two", ManualClock::new()).await;
    assert_miss!(one.ask("/page/1").await);
    assert_miss!(two.ask("/page/1").await);
    one.cache.invalidate(Target::all()).await.unwrap();
    assert_hit!(two.ask("/page/1").await);
    assert_miss!(one.ask("/page/1").await);
}

#[tokio::test]
async fn clocks_an_hour_apart_do_not_matter() {
    let server = RedisServer::start();
    let hour = Duration::from_secs(3600);
    let one = Process::on(&server).await;
    assert_miss!(one.ask("/other/1").await);
    // A process whose clock is ahead, and one for which it is behind.
    let clock = ManualClock::new();
    clock.advance(hour);
    let ahead = Process::of(&server, "test", clock).await;
    let hit = assert_hit!(ahead.ask("/other/1").await);
    assert_eq!(hit.headers()["age"], "0");
    assert_miss!(ahead.ask("/other/2").await);
    let hit = assert_hit!(one.ask("/other/2").await);
    assert_eq!(hit.headers()["age"], "0");
    // Invalidations count in both directions.
    ahead.cache.invalidate(Target::group("none")).await.unwrap();
    assert_hit!(one.ask("/other/2").await);
    ahead.cache.invalidate(Target::path("/other/2")).await.unwrap();
    assert_miss!(one.ask("/other/2").await);
    one.cache.invalidate(Target::path("/other/1")).await.unwrap();
    assert_miss!(ahead.ask("/other/1").await);
    // And each lets a response grow old at the same pace.
    one.clock.advance(Duration::from_secs(601));
    assert_miss!(one.ask("/other/2").await);
    assert_hit!(ahead.ask("/other/1").await);
}

#[tokio::test]
async fn a_clock_that_is_set_on_by_hand_stays_set_on() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    assert_miss!(one.ask("/other/1").await);
    one.clock.advance(Duration::from_secs(300));
    assert_miss!(one.ask("/other/2").await);
    one.clock.advance(Duration::from_secs(301));
    assert_eq!(assert_hit!(one.ask("/other/2").await).headers()["age"], "301");
    assert_miss!(one.ask("/other/1").await);
}

#[tokio::test]
async fn no_key_lives_for_ever_and_all_are_of_the_namespace() {
    let server = RedisServer::start();
    server.say("SET foreign 1").await;
    let one = Process::on(&server).await;
    for id in 0..20 {
        one.ask(&format!("/page/{id}")).await;
    }
    one.ask("/varied").await;
    for target in [Target::all(), Target::group("never read"), Target::path("/x"), Target::handler(page)] {
        one.cache.invalidate(target).await.unwrap();
    }
    let keys = server.keys().await;
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys.iter().filter(|key| *key != "foreign") {
        assert!(key.starts_with("ch:{test}"), "{key}");
        let lives: i64 = server.say(&format!("PTTL {key}")).await[0].parse().unwrap();
        assert!(lives > 0, "{key} lives for {lives}");
    }
}

#[tokio::test]
async fn epochs_outlive_the_responses_that_carry_them() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    one.ask("/other/1").await;
    let keys = server.keys().await;
    let lives = async |kind: &str| {
        let key = keys.iter().find(|key| key.contains(kind)).unwrap_or_else(|| panic!("{kind} in {keys:?}"));
        server.say(&format!("PTTL {key}")).await[0].parse::<i64>().unwrap()
    };
    let response = lives(":r:").await;
    assert!(response > 590_000);
    for kind in [":h:", ":p:"] {
        assert!(lives(kind).await > response, "{kind}");
    }
    // An invalidation does not shorten that.
    one.cache.invalidate(Target::handler(other)).await.unwrap();
    assert!(lives(":h:").await > response);
}

#[tokio::test]
async fn a_clear_touches_only_what_is_its_own() {
    use cached_handler::backend::{Store, StoreKey};
    let server = RedisServer::start();
    server.say("SET foreign 1").await;
    let (one, two) = (Redis::open(server.url(), "one").unwrap(), Redis::open(server.url(), "two").unwrap());
    let key = StoreKey::for_tests("key");
    for redis in [&one, &two] {
        redis.put(&key, "x".into(), Duration::from_secs(60)).await.unwrap();
    }
    one.clear().await.unwrap();
    assert_eq!(one.get(&key).await.unwrap(), None);
    assert_eq!(two.get(&key).await.unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(server.say("GET foreign").await, ["1"]);
    let calls = server.say("INFO commandstats").await.join("\n");
    for forbidden in ["flushdb", "flushall", "scan"] {
        assert!(!calls.contains(&format!("cmdstat_{forbidden}:")), "{calls}");
    }
}

#[tokio::test]
async fn a_hit_is_one_command_a_store_one_round_trip_and_so_is_an_invalidation_of_many() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    one.ask("/other/1").await;
    one.cache.invalidate(Target::group("warm")).await.unwrap();
    let calls = async |command: &str| {
        let stats = server.say("INFO commandstats").await.join("\n");
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).map(str::to_owned);
        line.and_then(|line| line.split(['=', ',']).nth(1)?.parse::<u64>().ok()).unwrap_or(0)
    };
    let total = async || {
        let mut sum = 0;
        for command in ["mget", "get", "set", "evalsha", "eval", "pexpire", "time", "info", "exists"] {
            sum += calls(command).await;
        }
        sum
    };
    let before = (calls("mget").await, total().await);
    assert_hit!(one.ask("/other/1").await);
    // The look itself asked for `INFO`, some times.
    assert_eq!(calls("mget").await, before.0 + 1);
    let before = calls("evalsha").await;
    one.cache.invalidate(Target::handler(other)).await.unwrap();
    assert_eq!(calls("evalsha").await, before + 1);
}

#[cached(ttl = 600, backend = "redis", group = ["a", "b", "c:{id}"])]
async fn grouped(Path(id): Path<u64>) -> String {
    format!("grouped {id}")
}

/// Groups that only the response names are known once it has been read: they take a read of their own.
#[tokio::test]
async fn a_hit_reads_as_many_keys_as_its_attribute_has_groups_and_four() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    for (uri, reads_of) in [("/other/1", &[4][..]), ("/grouped/1", &[7]), ("/page/1", &[6, 6])] {
        assert_miss!(one.ask(uri).await);
        assert_hit!(one.ask(uri).await);
        server.say("CONFIG SET slowlog-log-slower-than 0").await;
        server.say("SLOWLOG RESET").await;
        assert_hit!(one.ask(uri).await);
        let log = server.say("SLOWLOG GET 128").await;
        server.say("CONFIG SET slowlog-log-slower-than 1000000").await;
        let reads: Vec<_> = log.iter().filter(|line| line.contains("MGET")).collect();
        let keys: Vec<usize> = reads.iter().map(|line| line.matches("ch:{test}").count()).collect();
        assert_eq!(keys, reads_of, "{uri}: {reads:?}");
    }
}

/// An own user with a password, a number, a socket, a client of the application's own: each reaches where it leads.
#[tokio::test]
async fn an_address_may_name_a_user_a_database_or_a_socket_and_a_client_may_be_handed_in() {
    let socket = std::env::temp_dir().join(format!("cached-handler-redis-{}.socket", std::process::id()));
    let server = RedisServer::with(&["--unixsocket", &socket.to_string_lossy()]);
    server.say("ACL SETUSER shop on >hunter2 ~ch:* +@read +@write +@scripting +info +time +select +exists").await;
    let at = format!("127.0.0.1:{}", server.port());
    let client = redis::Client::open(format!("redis://shop:hunter2@{at}/5")).unwrap();
    let servers: [(RedisServerAddress, &str); 4] = [
        (format!("redis://shop:hunter2@{at}").into(), "db0"),
        (format!("redis://{at}/3").into(), "db3"),
        (format!("unix://{}?db=4", socket.display()).into(), "db4"),
        (client.into(), "db5"),
    ];
    for (address, database) in servers {
        let shown = format!("{address:?}");
        let cache = Cache::builder().namespace("addresses").redis(address).shares_namespace().outcome_on_hits().build().await.unwrap();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "{database}: {cache:?}");
        }
        let router = Router::new().route("/other/{id}", get(other)).layer(axum::Extension(cache.clone()));
        assert_miss!(ask(&router, "/other/1").await);
        assert!(cache.drain(Duration::from_secs(5)).await);
        assert_hit!(ask(&router, "/other/1").await);
        cache.invalidate(Target::path("/other/1")).await.unwrap();
        assert_miss!(ask(&router, "/other/1").await);
        let keyspace = server.say("INFO keyspace").await.join("\n");
        assert!(keyspace.contains(&format!("{database}:keys=")), "{database}: {keyspace}");
        assert!(!format!("{shown} {cache:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn what_is_missing_in_the_set_up_is_said_with_what_to_type() {
    let error = Cache::builder().redis("redis://127.0.0.1:1").build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains(".namespace(\""), "{error}");
    let error = Cache::builder().namespace("a b").redis("redis://127.0.0.1:1").build().await.unwrap_err();
    assert!(error.is_config(), "{error}");
    let error = Cache::builder().namespace("a").redis("rebis://user:hunter2@127.0.0.1").build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("redis://HOST:PORT"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    // With the files that other handlers of this program name.
    let directory = std::env::temp_dir().join(format!("cached-handler-redis-{}", std::process::id()));
    let error = Cache::builder().namespace("a").fs(&directory).build().await.unwrap().install().unwrap_err();
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(error.to_string().contains(".redis(\""), "{error}");
}

#[cached(ttl = 60, backend = "redis", key(jar.get("session").map(|session| session.value().to_owned())))]
async fn account(_: TypedHeader<Authorization<Bearer>>, jar: CookieJar, Query(query): Query<Page>) -> String {
    format!("an account, page {:?}", query.page)
}

#[tokio::test]
async fn no_credential_can_be_read_in_what_rests() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let router = Router::new().route("/account", get(account)).layer(axum::Extension(one.cache.clone()));
    let request = || {
        let request = Request::get("/account?page=1&token=secret-query").header("authorization", "Bearer secret-token");
        request.header("cookie", "session=secret-cookie; other=secret-other").body(Body::empty()).unwrap()
    };
    // The first request of a process knows nothing of the clock, and may have read what `key` withholds before it.
    for _ in 0..2 {
        assert_miss!(router.clone().oneshot(request()).await.unwrap());
    }
    assert!(one.cache.drain(Duration::from_secs(5)).await);
    assert_hit!(router.clone().oneshot(request()).await.unwrap());
    one.invalidate(Target::group("customer:secret-group")).await;
    let mut all = String::new();
    for key in server.keys().await {
        let value = server.say(&format!("GET {key}")).await;
        all.extend([&key, " ", &value.join(" "), "\n"]);
    }
    all += &server.say("SLOWLOG GET 128").await.join(" ");
    assert!(all.contains("an account, page Some(1)") && all.contains("}:g:"), "{all}");
    assert!(!all.contains("secret"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_who_leave_at_any_moment_never_shift_an_answer() {
    let server = RedisServer::start();
    let one = Arc::new(Process::on(&server).await);
    // So many hits: where the machine is too busy for the limits of time, other answers come from the handler.
    let (began, most, hits) = (moment(), count(100_000), Arc::<AtomicUsize>::default());
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..16 {
        let (one, hits) = (Arc::clone(&one), Arc::clone(&hits));
        tasks.spawn(async move {
            let (mut random, mut left) = (Random::new(client), 0_usize);
            // A request while the circuit breaker is open shows nothing, so it has to close some time.
            while hits.load(Ordering::Relaxed) < most && began.elapsed() < Duration::from_secs(60) {
                let id = random.below(50);
                match random.below(20) {
                    0 => _ = leaves_at(random.below(4), one.cache.invalidate(Target::path(format!("/other/{id}")))).await,
                    _ => match leaves_at(random.below(6), ask(&one.router, &format!("/other/{id}"))).await {
                        None => left += 1,
                        Some(response) => {
                            let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
                            hits.fetch_add(usize::from(is_hit), Ordering::Relaxed);
                            assert_eq!(text(response).await, format!("other {id}"));
                        }
                    },
                }
            }
            left
        });
    }
    let mut left = 0;
    while let Some(task) = tasks.join_next().await {
        left += task.unwrap();
    }
    let hits = hits.load(Ordering::Relaxed);
    println!("- {hits} hits, {left} clients left meanwhile: no answer was another's");
    assert!(hits > 100 && left > 100, "{hits} hits, {left} left");
}

#[tokio::test]
async fn the_environment_says_which_redis_where_nobody_else_does() {
    const SIGN: &str = "CACHED_HANDLER_TEST_NAMESPACE";
    let test = "the_environment_says_which_redis_where_nobody_else_does";
    if let Ok(namespace) = std::env::var(SIGN) {
        if namespace.is_empty() {
            let error = Cache::builder().build().await.unwrap_err();
            assert!(error.is_config() && error.to_string().contains(".namespace(\""), "{error}");
            // The cache that is made without being built: handlers run, and say so.
            let router = Router::new().route("/other/{id}", get(other));
            let response = assert_miss!(ask(&router, "/other/1").await);
            let outcome = response.extensions().get::<Outcome>().unwrap().to_string();
            assert!(outcome.contains("names a backend that this cache does not have"), "{outcome}");
            return;
        }
        let cache = Cache::builder().namespace(namespace).outcome_on_hits().build().await.unwrap();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {}
        let router = Router::new().route("/other/{id}", get(other)).layer(axum::Extension(cache.clone()));
        assert_miss!(ask(&router, "/other/1").await);
        assert!(cache.drain(Duration::from_secs(5)).await);
        assert_hit!(ask(&router, "/other/1").await);
        return;
    }
    let server = RedisServer::start();
    for namespace in ["", "environment"] {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", test, "--nocapture"]).env(SIGN, namespace).env("CACHED_HANDLER_REDIS_URL", server.url());
        let output = process.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
