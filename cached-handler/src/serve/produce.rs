//! Step 4: runs the handler, with its time limit. Its panic is caught if a stale response may stand in for it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use axum::response::Response;
use tokio::runtime::Handle;

use super::Run;
use crate::{observe::Running, outcome::NotStored, util::timer::timeout};

/// How a run ended without a response.
pub(super) enum Failure {
    Panicked(Box<dyn Any + Send>),
    TimedOut,
}

impl Failure {
    pub(super) fn reason(&self) -> NotStored {
        match self {
            Self::Panicked(_) => NotStored::Panicked,
            Self::TimedOut => NotStored::TimedOut,
        }
    }
}

/// Runs it. A panic is the run's own matter only where another answer is at hand; otherwise it unwinds as it would
/// without a cache.
pub(super) async fn produce<F: Future<Output = Response>>(run: &Run, handler: F) -> Result<Response, Failure> {
    let limit = run.handler.policy.timeout;
    let limited = async {
        match limit {
            // Without a runtime there is no timer either.
            Some(limit) if Handle::try_current().is_ok() => timeout(limit, handler).await.map_err(|_| Failure::TimedOut),
            _ => Ok(handler.await),
        }
    };
    let running = Running::begin(&run.cache.inner().observer, &run.handler.subject, run.key.forward);
    let produced = if run.behind || run.may_hide_failures() { Contained(pin!(limited)).await } else { limited.await };
    running.end();
    produced
}

/// A future whose panic is an outcome. It is not polled again after one.
struct Contained<'a, F>(Pin<&'a mut F>);

impl<F: Future<Output = Result<Response, Failure>>> Future for Contained<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))).unwrap_or_else(|panic| Poll::Ready(Err(Failure::Panicked(panic))))
    }
}

tokio::task_local! {
    /// The keys that this task runs for: one run may lead to another, through the router or a client of its own.
    static RUNNING: Vec<u64>;
}

/// A run that asks for its own key would wait for itself.
pub(super) fn is_inside_itself(run: &Run) -> bool {
    RUNNING.try_with(|running| running.contains(&run.hash())).unwrap_or(false)
}

/// Has the handler run with its key noted, and those that led to it. To be called in the request's task, as another does
/// not inherit them.
pub(super) fn noted<F: Future<Output = Response>>(run: &Run, handler: F) -> impl Future<Output = F::Output> + use<F> {
    let mut running = RUNNING.try_with(Clone::clone).unwrap_or_default();
    running.push(run.hash());
    run.composition.outer().scope(RUNNING.scope(running, handler))
}
