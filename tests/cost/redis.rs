//! One program for what a hit in Redis takes: through a router, beside bare commands on a connection of the same kind.
//!
//! `redis-cost URL ROUNDS` measures in turns, so that what else the machine does falls on all alike, and prints medians.

use std::time::Duration;

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, Outcome, cached};
use cached_handler_tests::{
    harness::{ask, moment, text},
    redis_server::connect,
};
use redis::aio::MultiplexedConnection;

#[cached(ttl = 600, backend = "redis", group = "article:{id}")]
async fn article(Path(id): Path<u64>) -> String {
    format!("{id:>1024}")
}

#[derive(Clone)]
struct Bench {
    router: Router,
    connection: MultiplexedConnection,
    keys: Vec<String>,
}

#[derive(Clone, Copy)]
enum What {
    Get,
    MGet,
    Hit,
}

impl Bench {
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
                let response = ask(&self.router, "/1").await;
                assert!(matches!(response.extensions().get(), Some(Outcome::Hit { .. })));
                assert_eq!(text(response).await.len(), 1024);
            }
        }
    }

    /// Microseconds of wall time for each, so many at a time.
    async fn measure(&self, what: What, at_a_time: usize, count: usize) -> f64 {
        let began = moment();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..at_a_time {
            let mut bench = self.clone();
            tasks.spawn(async move {
                for _ in 0..count / at_a_time {
                    bench.once(what).await;
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.expect("no panic");
        }
        began.elapsed().as_secs_f64() * 1e6 / count as f64
    }
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
    ask(&router, "/1").await;
    while !matches!(ask(&router, "/1").await.extensions().get(), Some(Outcome::Hit { .. })) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("ch:{cost}*").query_async(&mut connection).await.expect("keys");
    // The response first.
    keys.sort_by_key(|key| !key.contains("}:r:"));
    assert_eq!(keys.len(), 5, "{keys:?}");
    let bench = Bench { router, connection, keys };
    for (at_a_time, count, beside) in [(1, 2000, What::Get), (64, 64 * 300, What::MGet)] {
        let (mut hits, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bare.push(bench.measure(beside, at_a_time, count).await);
            hits.push(bench.measure(What::Hit, at_a_time, count).await);
        }
        let (hit, bare) = (median(hits), median(bare));
        println!("{at_a_time} {hit:.2} {bare:.2} {:.3}", hit / bare);
    }
}
