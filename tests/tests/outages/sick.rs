//! Beside a sick backend: no request fails, none is answered wrongly, none takes longer than the limits of time; and
//! what could not be invalidated is said (law L6). Time is tokio's, and stands still while there is work.

mod repeated;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cached_handler::{
    Cache, CacheGroups, Error, ManualClock, Outcome, Target,
    backend::conformance,
    cached, invalidates,
    testing::{Call, Chaos, Fault, TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Random, ask, count, send, text};
use tokio::time::{Instant, sleep};

const PAGES: usize = 4;
/// What a run takes.
const RUN: Duration = Duration::from_millis(10);
/// What a read of the backend may take.
const READ: Duration = Duration::from_millis(50);
/// What an invalidation may take.
const ADVANCE: Duration = Duration::from_secs(1);
/// What tokio's timers round up to.
const TICKS: Duration = Duration::from_millis(5);

/// What the handlers read: a version of each page.
#[derive(Clone, Default)]
struct Source(Arc<[AtomicU64; PAGES]>);

impl Source {
    fn version(&self, id: usize) -> u64 {
        self.0[id].load(Ordering::SeqCst)
    }

    async fn read(&self, id: usize) -> String {
        let version = self.version(id);
        sleep(RUN).await;
        format!("{id} {version}")
    }
}

/// One of its groups is known only once it has run, so that a look-up reads twice.
#[cached(ttl = 3600, backend = "sick", group = "page:{id}")]
async fn page(State(source): State<Source>, Path(id): Path<usize>) -> (CacheGroups, String) {
    (CacheGroups::of(["later"]), source.read(id).await)
}

/// A look-up gets two things.
#[cached(ttl = from_response, backend = "sick", group = "page:{id}", vary = from_response)]
async fn varied(State(source): State<Source>, Path(id): Path<usize>, _fields: HeaderMap) -> Response {
    let lines = [(header::VARY, "accept"), (header::CACHE_CONTROL, "max-age=3600")];
    (lines, source.read(id).await).into_response()
}

/// A look-up is one call.
#[cached(ttl = 3600, backend = "sick")]
async fn plain() -> &'static str {
    "plain"
}

struct Site {
    chaos: Chaos,
    cache: Cache,
    source: Source,
    router: Router,
    /// The versions that an invalidation has made the oldest to be served.
    oldest: [AtomicU64; PAGES],
}

impl Site {
    async fn new() -> Self {
        let (chaos, source) = (Chaos::new(), Source::default());
        let cache = Cache::builder()
            .clock(ManualClock::new())
            .outcome_on_hits()
            .backend_with_epochs("sick", chaos.clone(), chaos.epochs())
            .build()
            .await
            .unwrap();
        let router = Router::new()
            .route("/page/{id}", get(page))
            .route("/varied/{id}", get(varied))
            .layer(Extension(cache.clone()))
            .with_state(source.clone());
        Self { chaos, cache, source, router, oldest: Default::default() }
    }

    /// One request: answered, rightly, and in time.
    async fn reads(&self, id: usize, route: &str) {
        let oldest = self.oldest[id].load(Ordering::SeqCst);
        let began = Instant::now();
        let response = ask(&self.router, &format!("/{route}/{id}")).await;
        let took = began.elapsed();
        assert_eq!(response.status(), StatusCode::OK);
        let outcome = response.extensions().get::<Outcome>().unwrap().clone();
        let text = text(response).await;
        let (page, version) = text.split_once(' ').unwrap();
        assert_eq!(page, id.to_string(), "another page's");
        let version: u64 = version.parse().unwrap();
        assert!(version >= oldest, "version {version}, when all before {oldest} had been invalidated: {outcome}");
        // A look-up, and its own run; or half of another's, and then its own.
        let limit = READ * 2 + RUN * 3 + TICKS;
        assert!(took <= limit, "it took {took:?}: {outcome}");
    }

    /// A write, and its invalidation. Whether that was carried out is known.
    async fn writes(&self, id: usize) -> bool {
        let version = self.source.0[id].fetch_add(1, Ordering::SeqCst) + 1;
        let began = Instant::now();
        let outcome = self.cache.invalidate(Target::group(format!("page:{id}"))).await;
        assert!(began.elapsed() <= ADVANCE + TICKS, "{:?}", began.elapsed());
        match outcome {
            Ok(()) => self.oldest[id].fetch_max(version, Ordering::SeqCst),
            Err(error) => {
                assert!(error.is_backend());
                0
            }
        };
        self.oldest[id].load(Ordering::SeqCst) >= version
    }

    async fn client(self: Arc<Self>, seed: u64) -> usize {
        let mut random = Random::new(seed);
        let mut failed = 0;
        for _ in 0..count(400) {
            let id = random.below(PAGES);
            if random.one_in(8) {
                failed += usize::from(!self.writes(id).await);
            } else {
                self.reads(id, if random.one_in(3) { "varied" } else { "page" }).await;
            }
            if random.one_in(3) {
                sleep(Duration::from_millis(random.next() % 30)).await;
            }
        }
        failed
    }
}

type Sickness = (&'static str, fn(&Chaos));

const SICKNESSES: [Sickness; 11] = [
    ("none", |_| ()),
    ("errors", |chaos| chaos.suffers(Fault::Fail, 1.0)),
    ("errors that come too late", |chaos| chaos.suffers(Fault::FailLate, 1.0)),
    ("hangs", |chaos| chaos.suffers(Fault::Hang, 1.0)),
    ("slow", |chaos| chaos.suffers(Fault::Delay(Duration::from_millis(20)), 1.0)),
    ("too slow", |chaos| chaos.suffers(Fault::Delay(Duration::from_millis(200)), 1.0)),
    ("forgets", |chaos| chaos.suffers(Fault::Lose, 1.0)),
    ("damages", |chaos| chaos.suffers(Fault::Damage, 1.0)),
    ("cannot write", |chaos| {
        chaos.suffers_at(Call::Put, Fault::Fail, 1.0);
        chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
    }),
    ("hangs now and then", |chaos| chaos.suffers(Fault::Hang, 0.1)),
    ("everything now and then", |chaos| {
        for fault in [Fault::Fail, Fault::FailLate, Fault::Hang, Fault::Delay(Duration::from_millis(45)), Fault::Lose, Fault::Damage] {
            chaos.suffers(fault, 0.1);
        }
    }),
];

#[tokio::test(start_paused = true)]
async fn under_every_sickness_no_request_fails_none_is_wrong_and_none_is_slow() {
    for (name, fall_sick) in SICKNESSES {
        for seed in 0..3 {
            let site = Arc::new(Site::new().await);
            for id in 0..PAGES {
                site.reads(id, "page").await;
                site.reads(id, "varied").await;
            }
            assert!(site.cache.drain(Duration::from_secs(60)).await);
            site.chaos.seed(seed);
            fall_sick(&site.chaos);
            let clients: Vec<_> = (0..10).map(|client| tokio::spawn(Arc::clone(&site).client(seed * 100 + client))).collect();
            let mut failed = 0;
            for client in clients {
                failed += client.await.unwrap_or_else(|error| panic!("{name}, seed {seed}: {error}"));
            }
            let stats = site.cache.stats();
            println!(
                "- {name}, seed {seed}: {} requests, {} hits, {} backend errors, {failed} invalidations failed, and said so",
                stats.requests(),
                stats.hits,
                stats.backend_errors
            );
            // The backend recovers, and after a while it is used again.
            site.chaos.heals();
            sleep(Duration::from_secs(120)).await;
            assert!(site.cache.drain(Duration::from_secs(60)).await, "{name}: a run is left");
            assert_eq!(site.cache.stats().running, 0, "{name}");
            for id in 0..PAGES {
                assert!(site.writes(id).await, "{name}: an invalidation of a store that is well");
                site.reads(id, "page").await;
                assert!(site.cache.drain(Duration::from_secs(60)).await);
                let hits = site.cache.stats().hits;
                site.reads(id, "page").await;
                assert_eq!(site.cache.stats().hits, hits + 1, "{name}: what is well is used");
            }
        }
    }
}

/// Calls of which ten in twenty fail are no help, and cost time; of which a third do, they are.
#[tokio::test(start_paused = true)]
async fn half_of_the_calls_failing_opens_the_circuit_breaker_and_a_third_does_not() {
    for (course, opens) in
        [([Fault::Fail, Fault::None, Fault::Hang, Fault::None], true), ([Fault::Fail, Fault::None, Fault::None, Fault::None], false)]
    {
        let chaos = Chaos::new();
        let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
        let router = Router::new().route("/", get(plain)).layer(cache.layer());
        assert_miss!(ask(&router, "/").await);
        chaos.script(Call::Get, course.into_iter().cycle().take(200));
        for call in 1..=19 {
            assert_eq!(cache.cache().stats().breakers_open, 0, "before call {call}");
            ask(&router, "/").await;
        }
        assert_eq!(cache.cache().stats().breakers_open, u64::from(opens));
        let asked = chaos.calls(Call::Get);
        for _ in 0..100 {
            ask(&router, "/").await;
        }
        assert_eq!(chaos.calls(Call::Get) - asked, if opens { 0 } else { 100 });
        // It is asked again once it has answered a probe, and then counted anew.
        chaos.heals();
        chaos.script(Call::Get, []);
        sleep(Duration::from_secs(120)).await;
        assert_eq!(cache.cache().stats().breakers_open, 0);
        assert_hit!(ask(&router, "/").await);
    }
}

/// However many come at once: those from before the circuit breaker opened wait, each once; all others not at all.
#[tokio::test(start_paused = true)]
async fn only_calls_from_before_the_opening_wait_and_each_waits_once() {
    for at_once in [1, 4, 5, 100] {
        let chaos = Chaos::new();
        let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
        let router = Router::new().route("/{id}", get(plain)).layer(cache.layer());
        chaos.suffers(Fault::Hang, 1.0);
        let (mut waited, mut opened) = (0, false);
        for round in 0..20 {
            let before = Instant::now();
            let asked: Vec<_> = (0..at_once)
                .map(|id| {
                    let router = router.clone();
                    tokio::spawn(async move { ask(&router, &format!("/{id}")).await.status() })
                })
                .collect();
            for answer in asked {
                assert_eq!(answer.await.unwrap(), StatusCode::OK);
            }
            let took = before.elapsed();
            if opened {
                assert_eq!(took, Duration::ZERO, "round {round} of {at_once} at once");
            } else {
                assert!(took <= READ + TICKS, "{took:?} for round {round} of {at_once} at once");
                waited += at_once;
            }
            opened = cache.cache().stats().breakers_open == 1;
        }
        let rounds = 5_usize.div_ceil(at_once);
        assert_eq!(waited, rounds * at_once, "{at_once} at once");
        assert_eq!(chaos.calls(Call::Get), waited as u64, "nothing else was asked");
    }
}

#[invalidates(group = "page:{id}")]
async fn edit(Path(id): Path<usize>) -> String {
    format!("edited {id}")
}

#[tokio::test(start_paused = true)]
async fn a_writer_answers_beside_a_sick_backend_and_the_layers_outside_learn_what_failed() {
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()));
    let router = Router::new().route("/edit/{id}", post(edit)).layer(cache.layer());
    let edits = || send(&router, Method::POST, "/edit/1");
    for fails in [false, true] {
        chaos.suffers_at(Call::Advance, Fault::Fail, f64::from(u8::from(fails)));
        let response = edits().await;
        let failure = response.extensions().get::<Arc<Error>>().cloned();
        assert_eq!(failure.map(|error| error.is_backend()), fails.then_some(true));
        assert_eq!((response.status(), text(response).await.as_str()), (StatusCode::OK, "edited 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_waits_for_what_is_stored_of_it() {
    let chaos = Chaos::new();
    // As in production: tests wait for what is stored.
    let built = Cache::builder().outcome_on_hits().backend("sick", chaos.clone()).build().await.unwrap();
    let router = Router::new().route("/", get(plain)).layer(Extension(built.clone()));
    chaos.suffers_at(Call::Put, Fault::Delay(Duration::from_millis(80)), 1.0);
    let before = Instant::now();
    assert_miss!(ask(&router, "/").await);
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(built.drain(Duration::from_secs(1)).await);
    assert_eq!(before.elapsed().as_millis(), 80);
    assert_hit!(ask(&router, "/").await);
}

#[tokio::test]
async fn one_that_is_well_keeps_the_laws() {
    let chaos = Chaos::new();
    conformance::store(&chaos).await;
    conformance::epochs(&chaos.epochs()).await;
}

#[tokio::test]
async fn one_that_forgets_keeps_the_laws_too() {
    let chaos = Chaos::new();
    chaos.suffers(Fault::Lose, 0.5);
    let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
    let router = Router::new().route("/page/{id}", get(page)).layer(cache.layer()).with_state(Source::default());
    for _ in 0..50 {
        assert_eq!(text(ask(&router, "/page/1").await).await, "1 0");
    }
    assert!(cache.cache().stats().hits > 0 && cache.cache().stats().forwards["uri-miss"] > 1);
}
