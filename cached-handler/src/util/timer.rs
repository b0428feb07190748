//! Time limits that never panic, and that tell a slow backend from a process that is too busy to read its answer.
//!
//! tokio's timers panic in a runtime that was built without `enable_time`, and in one that is shutting down, and there is no other
//! way to find out. In a runtime without timers, a thread of this module measures time instead, and an error is logged once. With
//! `panic = "abort"` a panic would end the program, so tokio's timers are not tried: the thread measures all time.

mod alarm;
mod without;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::{unconstrained, yield_now},
    time::Instant,
};

use self::alarm::Alarm;

/// The limit has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Why `listen` gave a call up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// The call did not answer within its limit.
    Slow,
    /// This process was busy for most of the time, so that it is not known whether the call would have answered.
    Starved,
}

/// The delay up to which a timer counts as on time. tokio's timers tick each millisecond.
const TICK: Duration = Duration::from_millis(5);
/// The number of parts into which a limit is divided.
const PARTS: u32 = 5;
/// The number of extra parts that are granted while the process is busy. Ten rounds of the runtime's work are enough to send a
/// command, to be notified of its answer, and to read it.
const LATE_PARTS: u32 = 10;
/// A call is given up after four times its limit, but not before this time, even if extra parts remain: a process that is busy for
/// long stretches would otherwise wait for ten of them.
const DEAREST: Duration = Duration::from_secs(1);

#[cfg(any(feature = "redis", test))]
pub(crate) async fn sleep(time: Duration) {
    sleep_until(far_or(Instant::now().checked_add(time))).await;
}

pub(crate) async fn sleep_until(at: Instant) {
    let mut alarm = Alarm::at(at);
    let made = made(at);
    // `unconstrained`, as a call that always exhausts the budget of its task would otherwise never time out.
    let mut tokios = pin!(made.map(unconstrained));
    std::future::poll_fn(|cx| {
        if let Some(sleep) = tokios.as_mut().as_pin_mut() {
            match catch_unwind(AssertUnwindSafe(|| sleep.poll(cx))) {
                Ok(polled) => return polled,
                // The runtime is shutting down.
                Err(_) => tokios.set(None),
            }
        }
        alarm.poll(cx)
    })
    .await;
}

pub(crate) async fn timeout<F: Future>(limit: Duration, call: F) -> Result<F::Output, Elapsed> {
    timeout_at(far_or(Instant::now().checked_add(limit)), call).await
}

pub(crate) async fn timeout_at<F: Future>(at: Instant, call: F) -> Result<F::Output, Elapsed> {
    before(sleep_until(at), call).await
}

/// Gives up a call when `timer` ends, which is not begun where the call is ready at once.
async fn before<F: Future>(timer: impl Future<Output = ()>, call: F) -> Result<F::Output, Elapsed> {
    let (mut call, mut timer) = (pin!(call), pin!(timer));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = call.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        timer.as_mut().poll(cx).map(|()| Err(Elapsed))
    })
    .await
}

/// Awaits a call for `limit` of listening time. The limit is divided into parts, and a part whose end is noticed late does not count:
/// the runtime was busy meanwhile, and could not have read an answer.
#[cfg(any(feature = "redis", test))]
pub(crate) async fn listen<F: Future>(limit: Duration, call: F) -> Result<F::Output, GivenUp> {
    listen_and_count(limit, call).await.0
}

/// As `listen`, and returns the listening time, in whole parts.
pub(crate) async fn listen_and_count<F: Future>(limit: Duration, call: F) -> (Result<F::Output, GivenUp>, Duration) {
    let mut call = pin!(call);
    let part = limit / PARTS;
    let (mut left, mut late_left) = (PARTS, LATE_PARTS);
    // No clock is read for a call that is ready at once, as that of a backend which does not have to be waited for.
    let mut next = None;
    let mut dearest = None;
    loop {
        let mut ends = None;
        let timer = async {
            let end = *ends.insert(next.unwrap_or_else(|| far_or(Instant::now().checked_add(part))));
            sleep_until(end).await;
        };
        if let Ok(output) = before(timer, call.as_mut()).await {
            return (Ok(output), part * (PARTS - left));
        }
        let now = Instant::now();
        let ends = ends.unwrap_or(now);
        let dearest = *dearest.get_or_insert_with(|| far_or(ends.checked_add(limit.saturating_mul(4).max(DEAREST).saturating_sub(part))));
        let is_late = now.saturating_duration_since(ends) > (part / 2).max(TICK);
        if is_late {
            late_left -= 1;
        } else {
            left -= 1;
        }
        if left == 0 || late_left == 0 || (is_late && now >= dearest) {
            // Other tasks that are ready may deliver the answer.
            yield_now().await;
            let last = std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
            let outcome = match last {
                Poll::Ready(output) => Ok(output),
                Poll::Pending if left == 0 => Err(GivenUp::Slow),
                Poll::Pending => Err(GivenUp::Starved),
            };
            return (outcome, part * (PARTS - left));
        }
        next = Some(far_or(if is_late { now } else { ends }.checked_add(part)));
    }
}

/// Whether the caller's runtime lacks timers.
pub(crate) fn lacks_timers() -> bool {
    MAY_ASK && Handle::try_current().is_ok() && catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_err()
}

pub(crate) const NO_TIMERS: &str =
    "the runtime has no timers, which limits of time need; add `.enable_time()` to its builder, or `.enable_all()`";

/// Whether a panic can be caught.
const MAY_ASK: bool = cfg!(panic = "unwind");

/// tokio's timer, unless the runtime is known to have none.
fn made(at: Instant) -> Option<tokio::time::Sleep> {
    let runtime = Handle::try_current().ok().filter(|_| MAY_ASK)?;
    if without::is(&runtime) {
        return None;
    }
    let made = catch_unwind(|| tokio::time::sleep_until(at)).ok();
    if made.is_none() && without::note(&runtime) {
        tracing::error!(target: "cached_handler", "{NO_TIMERS}; a thread of this crate measures time meanwhile, logged once");
    }
    made
}

/// `at`, or else thirty years from now, which is as good as never.
pub(crate) fn far_or(at: Option<Instant>) -> Instant {
    at.unwrap_or_else(|| Instant::now() + Duration::from_secs(30 * 365 * 24 * 60 * 60))
}

#[cfg(test)]
mod tests;
