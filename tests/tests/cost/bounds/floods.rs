//! Law L7 under floods: whatever clients ask for, and however often, memory, tasks, descriptors and log lines stay bounded. In
//! memory, and in files, whose index lies in memory too.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request},
    http::{Method, Request as Asked},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{CacheGroups, Target, cached, testing::TestCache};
use cached_handler_tests::{
    files::Scratch,
    harness::{Random, alone, count, resident},
    log::Log,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

const LIMIT: u64 = 8 << 20;
/// Beside what is stored: files' table and index, and whatever allocators round up to.
const BESIDE: u64 = 4 << 20;
const TASKS: usize = 64;
const DESCRIPTORS: usize = 16;
/// In all: no clock goes on meanwhile, so each thing is said once.
const LINES: usize = 8;

/// What the process holds by now.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    memory: u64,
    tasks: usize,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        Self {
            memory: resident().0,
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }
}

/// A cache under a flood, and what the process holds beyond what it held before.
struct Site {
    backend: &'static str,
    router: Router,
    cache: TestCache,
    log: Log,
    lines: usize,
    before: Held,
    most: Held,
    random: Random,
    _scratch: Scratch,
}

impl Site {
    async fn new(backend: &'static str) -> Self {
        let scratch = Scratch::new(&format!("floods-{backend}"));
        let cache = TestCache::with(|builder| {
            builder.namespace("floods").memory(LIMIT).fs(scratch.cache()).fs_capacity(LIMIT).default_backend(backend)
        });
        let router = Router::new()
            .route("/page/{id}", get(page))
            .route("/sees/{id}", get(sees_the_method))
            .route("/grouped/{id}", get(grouped))
            .route("/selected/{id}", get(selected))
            .layer(cache.layer());
        let mut site = Self {
            backend,
            router,
            cache,
            log: Log::default(),
            lines: 0,
            before: Held::default(),
            most: Held::default(),
            random: Random::new(7),
            _scratch: scratch,
        };
        for id in 0..100 {
            site.ask(Method::GET, &format!("/page/{id}"), &[]).await;
        }
        site.before = Held::now();
        site
    }

    async fn ask(&self, method: Method, uri: &str, fields: &[(&str, String)]) -> Response {
        let mut request = Asked::builder().method(method).uri(uri);
        for (name, value) in fields {
            request = request.header(*name, value);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, Body::from(body.collect().await.unwrap().to_bytes()))
    }

    /// To be called in each round of a flood.
    fn at(&mut self, round: usize) {
        if round.is_multiple_of(100) {
            let now = Held::now();
            self.most.memory = self.most.memory.max(now.memory);
            self.most.tasks = self.most.tasks.max(now.tasks);
            self.most.descriptors = self.most.descriptors.max(now.descriptors);
            self.lines += self.log.with("").len();
            self.log.taken();
        }
    }

    fn is_bounded(mut self, what: &str) {
        self.at(0);
        let Held { memory, tasks, descriptors } = self.most;
        let grown = memory.saturating_sub(self.before.memory);
        let (tasks, descriptors) = (tasks.saturating_sub(self.before.tasks), descriptors.saturating_sub(self.before.descriptors));
        println!("- {what}, {}: {} KiB, {tasks} tasks and {descriptors} descriptors more, {} lines", self.backend, grown >> 10, self.lines);
        assert!(grown <= LIMIT * 13 / 10 + BESIDE, "{what}, {}: {grown} bytes", self.backend);
        assert!(tasks <= TASKS && descriptors <= DESCRIPTORS, "{what}, {}: {tasks} tasks, {descriptors} descriptors", self.backend);
        assert!(self.lines <= LINES, "{what}, {}: {} lines", self.backend, self.lines);
    }
}

/// Runs a flood in a process of its own for each backend.
async fn flood(test: &str, what: &str, full: usize, round: impl AsyncFn(&mut Site, usize)) {
    if let Some(printed) = alone(test) {
        return println!("{printed}");
    }
    // Files first: what memory has freed would hide what they take.
    for (backend, share) in [("fs", 4), ("memory", 1)] {
        let mut site = Site::new(backend).await;
        let _listening = site.log.listen();
        for at in 0..count(full / share) {
            round(&mut site, at).await;
            site.at(at);
        }
        site.is_bounded(what);
    }
}

#[cached(ttl = 600)]
async fn page(Path(_id): Path<u64>) -> String {
    "x".repeat(2000)
}

#[cached(ttl = 600)]
async fn sees_the_method(method: Method, Path(_id): Path<u64>) -> Response {
    if method == Method::HEAD { [("x-size", "2000")].into_response() } else { "x".repeat(2000).into_response() }
}

#[cached(ttl = 600)]
async fn grouped(Path(id): Path<u64>) -> impl IntoResponse {
    (CacheGroups::of((0..16).map(|at| format!("group-{}", id.wrapping_mul(31) ^ at))), "hello")
}

#[cached(ttl = from_response, vary = from_response)]
async fn selected(_request: Request) -> Response {
    ([("vary", "accept-language"), ("cache-control", "max-age=600")], "hello").into_response()
}

#[tokio::test]
async fn heads_of_pages_that_are_stored_and_that_are_not() {
    flood("bounds::floods::heads_of_pages_that_are_stored_and_that_are_not", "HEAD", 60_000, async |site, _| {
        let (page, id) = (["page", "sees"][site.random.below(2)], site.random.below(20_000));
        site.ask(Method::HEAD, &format!("/{page}/{id}"), &[]).await;
    })
    .await;
}

#[tokio::test]
async fn conditions_at_random() {
    flood("bounds::floods::conditions_at_random", "conditions", 100_000, async |site, _| {
        let name = ["if-none-match", "if-match", "if-range"][site.random.below(3)];
        let tags = if name == "if-range" { 1 } else { 1 + site.random.below(20) };
        let list: Vec<_> = (0..tags).map(|_| format!("\"{:x}\"", site.random.next())).collect();
        let second = site.random.below(60);
        let fields = [
            (name, list.join(", ")),
            ("if-modified-since", format!("Sun, 06 Nov 1994 08:49:{second:02} GMT")),
            ("range", "bytes=0-9".to_owned()),
        ];
        let id = site.random.below(100);
        site.ask(Method::GET, &format!("/page/{id}"), &fields).await;
    })
    .await;
}

#[tokio::test]
async fn ranges_at_random() {
    flood("bounds::floods::ranges_at_random", "ranges", 100_000, async |site, _| {
        let range = |random: &mut Random| {
            let (from, length) = (random.below(2_200), random.below(2_200));
            match random.below(3) {
                0 => format!("{from}-"),
                1 => format!("-{length}"),
                _ => format!("{from}-{}", from + length),
            }
        };
        let ranges: Vec<_> = (0..=site.random.below(8)).map(|_| range(&mut site.random)).collect();
        let id = site.random.below(200);
        site.ask(Method::GET, &format!("/page/{id}"), &[("range", format!("bytes={}", ranges.join(",")))]).await;
    })
    .await;
}

#[tokio::test]
async fn keys_that_nobody_has_asked_for_yet() {
    flood("bounds::floods::keys_that_nobody_has_asked_for_yet", "cold keys", 100_000, async |site, at| {
        site.ask(Method::GET, &format!("/page/{}", 1_000 + at), &[]).await;
    })
    .await;
}

#[tokio::test]
async fn responses_with_as_many_groups_as_may_be() {
    flood("bounds::floods::responses_with_as_many_groups_as_may_be", "sixteen groups each", 60_000, async |site, _| {
        let id = site.random.next();
        site.ask(Method::GET, &format!("/grouped/{id}"), &[]).await;
    })
    .await;
}

#[tokio::test]
async fn variants_of_few_pages() {
    flood("bounds::floods::variants_of_few_pages", "variants", 60_000, async |site, _| {
        let (id, language) = (site.random.below(10), format!("{:x}", site.random.next()));
        site.ask(Method::GET, &format!("/selected/{id}"), &[("accept-language", language)]).await;
    })
    .await;
}

#[tokio::test]
async fn invalidations_of_what_nobody_has() {
    flood("bounds::floods::invalidations_of_what_nobody_has", "invalidations", 60_000, async |site, at| {
        let name = format!("group-{:x}", site.random.next());
        site.cache.cache().invalidate(Target::group(name)).await.unwrap();
        let path = format!("/page/{}", site.random.next());
        site.cache.cache().invalidate(Target::path(path)).await.unwrap();
        site.ask(Method::GET, &format!("/page/{}", at % 100), &[]).await;
    })
    .await;
}
