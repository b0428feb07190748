//! One program for what a hit in Redis takes: through a router, beside bare commands on a connection of the same kind.
//!
//! `redis-cost URL ROUNDS` measures in turns, so that what else the machine does falls on all alike, and prints medians.

use std::time::Duration;

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, CacheBuilder, Outcome, cached};
use cached_handler_tests::{
    harness::{ask, moment, text},
    redis_server::connect,
};
use redis::aio::MultiplexedConnection;

#[cached(ttl = 600, backend = "redis", group = "article:{id}")]
async fn article(Path(id): Path<u64>) -> String {
    format!("{id:>1024}")
}

/// What one client asks for, again and again.
#[derive(Clone)]
struct Client {
    router: Router,
    connection: MultiplexedConnection,
    path: String,
    /// What a look-up of it reads, the response first.
    keys: Vec<String>,
}

#[derive(Clone, Copy)]
enum What {
    Get,
    MGet,
    Hit,
}

impl Client {
    async fn of(id: u64, router: &Router, connection: &mut MultiplexedConnection) -> Self {
        let (router, path) = (router.clone(), format!("/{id}"));
        let keys = async |connection: &mut MultiplexedConnection| -> Vec<String> {
            redis::cmd("KEYS").arg("ch:{cost}*").query_async(connection).await.expect("keys")
        };
        // Those of all responses are the clock's and the handler's.
        let before = keys(connection).await;
        while !matches!(ask(&router, &path).await.extensions().get(), Some(Outcome::Hit { .. })) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let shared = |key: &String| key == "ch:{cost}" || key.contains("}:h:");
        let mut keys: Vec<String> = keys(connection).await.into_iter().filter(|key| shared(key) || !before.contains(key)).collect();
        keys.sort_by_key(|key| !key.contains("}:r:"));
        assert_eq!(keys.len(), 5, "{keys:?}");
        Self { router, connection: connection.clone(), path, keys }
    }

    async fn once(&mut self, what: What) {
        match what {
            What::Get => {
                let found: redis::Value = redis::cmd("GET").arg(&self.keys[0]).query_async(&mut self.connection).await.expect("an answer");
                assert!(matches!(found, redis::Value::BulkString(_)));
            }
            What::MGet => {
                let found: redis::Value = redis::cmd("MGET").arg(&self.keys).query_async(&mut self.connection).await.expect("an answer");
                assert!(matches!(found, redis::Value::Array(_)));
            }
            What::Hit => {
                let response = ask(&self.router, &self.path).await;
                assert!(matches!(response.extensions().get(), Some(Outcome::Hit { .. })));
                assert_eq!(text(response).await.len(), 1024);
            }
        }
    }
}

/// Microseconds of wall time for each, all clients at a time.
async fn measure(clients: &[Client], what: What, count: usize) -> f64 {
    let began = moment();
    let mut tasks = tokio::task::JoinSet::new();
    for client in clients {
        let (mut client, count) = (client.clone(), count / clients.len());
        tasks.spawn(async move {
            for _ in 0..count {
                client.once(what).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("no panic");
    }
    began.elapsed().as_secs_f64() * 1e6 / count as f64
}

/// As a small query would.
#[cached(ttl = 600, backend = "redis")]
async fn queried(Path(id): Path<u64>) -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    format!("{id:>1024}")
}

/// Microseconds that 99 in 100 requests take at most, two thousand in a second, each for something else.
async fn p99(router: &Router) -> f64 {
    let (mut ticks, mut tasks) = (tokio::time::interval(Duration::from_millis(1)), tokio::task::JoinSet::new());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    for tick in 0..500 {
        ticks.tick().await;
        for request in 0..2 {
            let (router, path) = (router.clone(), format!("/{}", 2 * tick + request));
            tasks.spawn(async move {
                let began = moment();
                assert_eq!(ask(&router, &path).await.status(), 200);
                began.elapsed()
            });
        }
    }
    let mut times = tasks.join_all().await;
    times.sort_unstable();
    times[times.len() * 99 / 100].as_secs_f64() * 1e6
}

/// What a request takes while Redis is away, beside one with the cache switched off.
async fn while_it_is_away(rounds: usize) {
    let app = async |builder: CacheBuilder| {
        let cache = builder.namespace("cost").redis("redis://127.0.0.1:1").build().await.expect("a cache");
        Router::new().route("/{id}", get(queried)).layer(Extension(cache))
    };
    let (away, off) = (app(Cache::builder()).await, app(Cache::builder().off()).await);
    // So many failures, and the circuit breaker opens.
    for id in 0..5 {
        ask(&away, &format!("/{id}")).await;
    }
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(p99(&off).await);
        with.push(p99(&away).await);
    }
    let (with, without) = (median(with), median(without));
    println!("2000 {with:.0} {without:.0} {:.3}", with / without);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (url, rounds) = (arguments.next().expect("a URL"), arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(5));
    let cache = Cache::builder().namespace("cost").redis(url.as_str()).outcome_on_hits().build().await.expect("a cache");
    let router = Router::new().route("/{id}", get(article)).layer(Extension(cache));
    let mut connection = connect(&url).await;
    let mut each_its_own = Vec::new();
    for id in 0..64 {
        each_its_own.push(Client::of(id, &router, &mut connection).await);
    }
    let all_the_same = vec![each_its_own[0].clone(); 64];
    for (clients, count, beside) in
        [(&all_the_same[..1], 2000, What::Get), (&all_the_same, 64 * 300, What::MGet), (&each_its_own, 64 * 300, What::MGet)]
    {
        let (mut hits, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bare.push(measure(clients, beside, count).await);
            hits.push(measure(clients, What::Hit, count).await);
        }
        let (hit, bare) = (median(hits), median(bare));
        println!("{} {hit:.2} {bare:.2} {:.3}", clients.len(), hit / bare);
    }
    while_it_is_away(rounds).await;
}
