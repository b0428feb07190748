//! Time measured by a thread, for runtimes without timers.

use std::{
    collections::BTreeMap,
    sync::{
        Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::time::Instant;

use crate::util::lock::lock;

/// A future that is ready at a certain time. It costs nothing before it is first polled.
#[derive(Debug)]
pub(super) struct Alarm {
    at: Instant,
    number: Option<u64>,
}

/// The wakers of alarms, by time and number.
type Waiting = BTreeMap<(Instant, u64), Waker>;

static WAITING: Mutex<Waiting> = Mutex::new(BTreeMap::new());
static EARLIER: Condvar = Condvar::new();
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Alarm {
    pub(super) fn at(at: Instant) -> Self {
        Self { at, number: None }
    }

    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        // If no thread can be started, the time counts as over at once.
        if Instant::now() >= self.at || !there_is_a_thread() {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut waiting = lock(&WAITING);
        waiting.insert((self.at, number), cx.waker().clone());
        let is_first = waiting.first_key_value().is_some_and(|(first, _)| *first == (self.at, number));
        drop(waiting);
        if is_first {
            EARLIER.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = lock(&WAITING).remove(&(self.at, number));
            // Dropped outside of the lock, as it may be the last reference to its task.
            drop(waker);
        }
    }
}

fn there_is_a_thread() -> bool {
    static THREAD: OnceLock<bool> = OnceLock::new();
    *THREAD.get_or_init(|| std::thread::Builder::new().name("cached-handler-time".to_owned()).spawn(run).is_ok())
}

fn run() {
    let mut waiting = lock(&WAITING);
    loop {
        let now = Instant::now();
        let next = waiting.first_key_value().map(|((at, _), _)| *at);
        waiting = match next {
            Some(at) if at <= now => {
                let due = waiting.pop_first();
                drop(waiting);
                if let Some((_, waker)) = due {
                    waker.wake();
                }
                lock(&WAITING)
            }
            Some(at) => EARLIER.wait_timeout(waiting, at - now).unwrap_or_else(PoisonError::into_inner).0,
            None => EARLIER.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        };
    }
}
