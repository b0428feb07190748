//! Runtimes that start and end under load, and what of a request goes along into its run's task.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    super::harness::{Random, ask, count, moment, pause, text},
    TENANT, app, in_flight,
};
use tracing::Instrument;

#[tokio::test(start_paused = true)]
async fn task_locals_are_seen_inline_and_nowhere_else() {
    let (_, _, router) = app();
    TENANT
        .scope(7, async {
            assert_eq!(text(ask(&router, "/tenant-in-place").await).await, "Some(7)");
            assert_eq!(text(ask(&router, "/tenant-detached").await).await, "None");
        })
        .await;
}

#[test]
fn a_runtime_that_ends_hands_its_runs_over_to_those_who_wait_on_another() {
    let (app, cache, router) = app();
    let [one, two] = [(); 2].map(|()| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let leader = one.spawn({
        let router = router.clone();
        async move { ask(&router, "/first-is-stuck").await }
    });
    while app.begun() == 0 {
        std::thread::yield_now();
    }
    let follower = two.spawn({
        let router = router.clone();
        async move { text(ask(&router, "/first-is-stuck").await).await }
    });
    one.shutdown_background();
    let answer = two.block_on(async { tokio::time::timeout(Duration::from_secs(30), follower).await.expect("nobody hangs") });
    assert_eq!(answer.unwrap(), "1");
    drop(leader);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[test]
fn runtimes_may_start_and_end_under_load() {
    let rounds = count(10_000);
    let (_, cache, router) = app();
    let mut random = Random::new(5);
    for round in 0..rounds {
        let runtime = if round % 10 == 0 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
        } else {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
        };
        for _ in 0..8 {
            let (router, key) = (router.clone(), random.below(20) + round / 50 * 20);
            runtime.spawn(async move { ask(&router, &format!("/somewhat/{key}")).await });
        }
        let pauses = random.next();
        runtime.block_on(pause(pauses % 16));
        if round % 2 == 0 { runtime.shutdown_background() } else { drop(runtime) }
    }
    // Those let go in the background end within a moment of theirs.
    let deadline = moment() + Duration::from_secs(60);
    while in_flight(cache.cache()) != "0" {
        assert!(moment() < deadline, "runs are left: {}", in_flight(cache.cache()));
        std::thread::yield_now();
    }
    println!("{rounds} runtimes started and ended under load: no run is left");
}

/// What was recorded of spans, for one thread.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    spans: Vec<&'static tracing::Metadata<'static>>,
    entered: Vec<u64>,
    /// In which spans the handler's events happened.
    events: Vec<Vec<&'static str>>,
}

impl Recorder {
    fn recorded(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::Id {
        let mut recorded = self.recorded();
        recorded.spans.push(span.metadata());
        tracing::Id::from_u64(recorded.spans.len() as u64)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        if event.metadata().target() == "traced" {
            let mut recorded = self.recorded();
            let names = recorded.entered.iter().map(|id| recorded.spans[*id as usize - 1].name()).collect();
            recorded.events.push(names);
        }
    }

    fn enter(&self, span: &tracing::Id) {
        self.recorded().entered.push(span.into_u64());
    }

    fn exit(&self, span: &tracing::Id) {
        let mut recorded = self.recorded();
        if let Some(at) = recorded.entered.iter().rposition(|id| *id == span.into_u64()) {
            recorded.entered.remove(at);
        }
    }

    fn current_span(&self) -> tracing_core::span::Current {
        let recorded = self.recorded();
        match recorded.entered.last() {
            Some(id) => tracing_core::span::Current::new(tracing::Id::from_u64(*id), recorded.spans[*id as usize - 1]),
            None => tracing_core::span::Current::none(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_span_of_the_request_goes_along_into_the_runs_own_task() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let (_, _, router) = app();
    text(ask(&router, "/traced").instrument(tracing::info_span!("request")).await).await;
    assert_eq!(recorder.recorded().events, [["request"], ["request"]]);
}
