//! What the tests under load share: how much of it, chance, clients who leave, requests.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    response::Response,
};
use cached_handler::{
    Error,
    backend::{BackendLimits, Store, StoreKey},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Whether the counts of the published figures are asked for.
pub fn is_full() -> bool {
    std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1")
}

/// Whether durations are measured and held to their limits: `./tests/figures` asks for it, as does `./tests/run --full`. All other
/// runs print them at most, so that a busy machine fails no test.
pub fn measures() -> bool {
    is_full() || std::env::var_os("CACHED_HANDLER_FIGURES").is_some_and(|value| value == "1")
}

/// What a healthy backend may take where a test is about something else: on a busy machine a read may take longer than 50 ms,
/// and would count as a miss.
pub const PATIENT: BackendLimits =
    BackendLimits::new().read(Duration::from_secs(10)).write(Duration::from_secs(10)).invalidate(Duration::from_secs(10));

/// All of a count where `CACHED_HANDLER_FULL=1` asks for it, otherwise a twentieth, and no more than `ENOUGH`.
pub fn count(full: usize) -> usize {
    if is_full() { full } else { full.div_ceil(20).min(ENOUGH) }
}

/// In so many rounds each harness finds each of its planted mistakes, most of them within a hundred.
const ENOUGH: usize = 10_000;

/// A small generator (splitmix64): the same numbers for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// Lets others run, for a while that differs: most often a moment, seldom a millisecond.
pub async fn pause(random: u64) {
    match random % 16 {
        0..5 => {}
        5..15 => {
            for _ in 0..random % 16 - 4 {
                tokio::task::yield_now().await;
            }
        }
        _ => tokio::time::sleep(Duration::from_micros(random / 16 % 300)).await,
    }
}

/// A client who leaves: the future is dropped at the `awaits`-th await that it waits at. `None` where it was.
pub async fn leaves_at<F: Future>(awaits: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), awaits);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

pub async fn ask(router: &Router, uri: &str) -> Response {
    send(router, Method::GET, uri).await
}

pub async fn send(router: &Router, method: Method, uri: &str) -> Response {
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).expect("a request");
    router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
}

pub async fn text(response: Response) -> String {
    let content = response.into_body().collect().await.expect("content that ends well").to_bytes();
    String::from_utf8(content.to_vec()).expect("text")
}

/// A moment of the system's clock, for what is measured.
pub fn moment() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this measures")]
    Instant::now()
}

/// Runs a test of the calling program in a process of its own, where nothing else is counted, and gives the figures that it printed,
/// the lines that begin with `- `. `None` in that process itself: there the test goes on.
pub fn alone(test: &str) -> Option<String> {
    const SIGN: &str = "CACHED_HANDLER_TEST_ALONE";
    if std::env::var_os(SIGN).is_some() {
        return None;
    }
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(SIGN, "1")
        // glibc's own first threshold, kept: sliding up, it would have the allocator hold what the cache has freed.
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .expect("a process of its own");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("1 passed"), "no test is named {test}: {printed}");
    // The first stands on the line that names the test.
    let figure = |line: &'_ str| line.strip_prefix("- ").or_else(|| Some(line.split_once(" ... - ")?.1)).map(|line| format!("- {line}"));
    Some(printed.lines().filter_map(figure).collect::<Vec<_>>().join("\n"))
}

/// The resident memory of this process, and its peak, in bytes.
#[cfg(target_os = "linux")]
pub fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux counts it");
        line.trim_start_matches(':').trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number") * 1024
    };
    (of("VmRSS"), of("VmHWM"))
}

/// A store of one's own that forgets nothing: bytes in a map.
#[derive(Debug, Clone, Default)]
pub struct Dict(std::sync::Arc<std::sync::Mutex<std::collections::HashMap<StoreKey, bytes::Bytes>>>);

impl Dict {
    pub fn map(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<StoreKey, bytes::Bytes>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Store for Dict {
    async fn get(&self, key: &StoreKey) -> Result<Option<bytes::Bytes>, Error> {
        Ok(self.map().get(key).cloned())
    }

    async fn put(&self, key: &StoreKey, bytes: bytes::Bytes, _: Duration) -> Result<(), Error> {
        self.map().insert(key.clone(), bytes);
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.map().remove(key);
        Ok(())
    }

    async fn clear(&self) -> Result<(), Error> {
        self.map().clear();
        Ok(())
    }
}
