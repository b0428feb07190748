//! A background task that runs at most once at a time.

use std::{sync::Mutex, time::Duration};

use tokio::{task::JoinHandle, time::Instant};

use crate::util::{
    home::{Home, spawn_here},
    lock::lock,
    timer::far_or,
};

/// The task runs in the runtime in which its owner was made ([`Home`]). The next caller that needs the task starts a replacement if
/// that runtime has ended, or is not driven any more: before each sleep the task announces when it will be back, and it is then late.
#[derive(Debug)]
pub(crate) struct Background {
    home: Home,
    task: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    /// The number of the task, which differs from that of its replacement.
    number: u64,
    task: Option<(JoinHandle<()>, Instant)>,
}

/// How late the task may be on a busy machine before it is replaced.
const GRACE: Duration = Duration::from_secs(5);

impl Background {
    pub(crate) fn new() -> Self {
        Self { home: Home::here(), task: Mutex::default() }
    }

    /// Starts the task, with a number of its own, unless there is one.
    pub(crate) fn ensure<F: Future<Output = ()> + Send + 'static>(&self, work: impl Fn(u64) -> F) {
        let mut current = lock(&self.task);
        let is_late = match &current.task {
            Some((task, back_by)) if !task.is_finished() && Instant::now() <= *back_by => return,
            Some((task, _)) => !task.is_finished(),
            None => false,
        };
        let number = current.number + 1;
        // The home runtime is not driven, but the caller's is.
        let begun = if is_late { spawn_here(work(number)) } else { self.home.spawn(|| work(number)) };
        let Some(begun) = begun else { return };
        current.number = number;
        if let Some((late, _)) = current.task.replace((begun, Instant::now() + GRACE)) {
            late.abort();
        }
    }

    /// The task announces that it will be back within this time.
    pub(crate) fn back_within(&self, number: u64, time: Duration) {
        let mut current = lock(&self.task);
        if current.number == number
            && let Some((_, back_by)) = &mut current.task
        {
            *back_by = far_or(Instant::now().checked_add(time.saturating_add(GRACE)));
        }
    }

    /// Whether the task may stop: it has been replaced, or `is_done` returns true. `is_done` is called under the lock, so that a
    /// caller that needs the task afterwards finds none and starts one.
    pub(crate) fn may_stop(&self, number: u64, is_done: impl FnOnce() -> bool) -> bool {
        let mut current = lock(&self.task);
        if current.number != number {
            return true;
        }
        let is_done = is_done();
        if is_done {
            current.task = None;
        }
        is_done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use tokio::{
        runtime::{Builder, Runtime},
        time::{advance, pause, sleep},
    };

    use super::*;

    struct Place {
        background: Arc<Background>,
        begun: Arc<AtomicU64>,
    }

    impl Place {
        fn new() -> Self {
            Self { background: Arc::new(Background::new()), begun: Arc::default() }
        }

        /// A task that wakes up every minute, and ends when it is replaced.
        fn begin(&self) {
            self.background.ensure(|number| {
                let (background, begun) = (Arc::clone(&self.background), Arc::clone(&self.begun));
                async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    while !background.may_stop(number, || false) {
                        background.back_within(number, Duration::from_secs(60));
                        sleep(Duration::from_secs(60)).await;
                    }
                }
            });
        }

        fn begun(&self) -> u64 {
            self.begun.load(Ordering::SeqCst)
        }
    }

    /// A runtime with a paused clock.
    fn runtime() -> Runtime {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { pause() });
        runtime
    }

    async fn asked_for(place: &Place, seconds: u64) {
        for _ in 0..seconds {
            advance(Duration::from_secs(1)).await;
            place.begin();
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_task_that_is_needed_often_runs_once() {
        runtime().block_on(async {
            let place = Place::new();
            asked_for(&place, 1000).await;
            assert_eq!(place.begun(), 1);
        });
    }

    #[test]
    fn a_task_that_announces_an_endless_sleep_still_counts_as_present() {
        let runtime = runtime();
        runtime.block_on(async {
            let place = Place::new();
            asked_for(&place, 1).await;
            place.background.back_within(1, Duration::MAX);
            asked_for(&place, 10).await;
            assert_eq!(place.begun(), 1);
        });
    }

    #[test]
    fn a_task_whose_runtime_has_ended_is_started_again() {
        let (home, other) = (runtime(), runtime());
        let place = home.block_on(async { Place::new() });
        home.block_on(asked_for(&place, 10));
        other.block_on(asked_for(&place, 10));
        assert_eq!(place.begun(), 1, "its home lives");
        drop(home);
        other.block_on(asked_for(&place, 10));
        assert_eq!(place.begun(), 2);
    }

    #[test]
    fn a_task_that_its_runtime_neglects_is_replaced_and_ends_when_it_comes_back() {
        let (home, other) = (runtime(), runtime());
        let place = home.block_on(async { Place::new() });
        home.block_on(asked_for(&place, 1));
        // The task announced to be back within a minute, but its runtime is not driven.
        other.block_on(asked_for(&place, 50));
        assert_eq!(place.begun(), 1);
        other.block_on(asked_for(&place, 50));
        assert_eq!(place.begun(), 2);
        home.block_on(asked_for(&place, 50));
        assert_eq!(place.begun(), 2, "and the first does not count for the second");
    }
}
