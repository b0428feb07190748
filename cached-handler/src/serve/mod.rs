//! The spine: the steps of a request, each of which consumes the result of the step before.
//!
//! 1. **Key** ([`hit`](mod@hit)): attribute, layer or values write a key. A response that can be peeked at answers at once; otherwise
//!    the result is a [`Miss`].
//! 2. **Look up** ([`lookup`]): a remote storage answers, or the result is a [`Run`], which knows the epochs.
//! 3. **Collapse** ([`collapse`]): a newly stored response or another request's run answers, or this request leads, or runs alone.
//! 4. **Run** ([`produce`]): the handler returns a response, or fails.
//! 5. **Admit** ([`admit`]): the response may be stored, or not, and why.
//! 6. **Store** and **respond** ([`store`], [`answer`]).

mod admit;
mod answer;
mod collapse;
mod gate;
mod head;
mod hit;
mod key;
mod lookup;
mod make;
mod merge;
mod miss;
mod nested;
mod part;
mod paths;
mod post;
mod produce;
mod revalidate;
mod run;
mod seen;
mod store;
mod tag;
mod unstored;
mod untouched;

use std::{panic::resume_unwind, pin::Pin};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, oneshot},
};
use tracing::Instrument;

use self::{
    admit::admit,
    collapse::{Turn, turn},
    lookup::LookUpEnds,
    produce::{Failure, noted, produce},
    store::{Landing, store},
    untouched::untouched,
};
pub(crate) use self::{
    answer::passed_by,
    hit::{hit_in, look, peek_fresh},
    run::Run,
    seen::Captured,
    store::put_at_once,
};
pub use self::{
    hit::{begin, bypassed, hit, key},
    key::Key,
    miss::Miss,
    paths::begin_shared,
    seen::{Seen, seen},
};
use crate::{
    cache::collapse::{Join, Leader, LeaderResult},
    handler::policy::Collapse,
    invalidates::{Targets, invalidating},
    request::forwarding::Forwarding,
    util::tasks::{self, Place},
};

/// A handler's run, as a value.
pub(crate) type BoxRun = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Answers a request that a peek did not answer. `handler` adjusts its arguments to the forwarding, and returns the run, which may live
/// in a task of its own.
pub fn respond<'a>(
    miss: Box<Miss>,
    handler: impl FnOnce(&Forwarding<'_>) -> BoxRun + Send + 'a,
) -> Pin<Box<dyn Future<Output = Response> + Send + 'a>> {
    respond_erased(miss, Box::new(handler))
}

/// What is not generic is compiled with this crate, once: in a program of a hundred handlers, rustc would examine the future of
/// all that follows a hundred times.
fn respond_erased<'a>(
    miss: Box<Miss>,
    handler: Box<dyn FnOnce(&Forwarding<'_>) -> BoxRun + Send + 'a>,
) -> Pin<Box<dyn Future<Output = Response> + Send + 'a>> {
    Box::pin(async move {
        let mut miss = miss;
        let run = match miss.look_up().await {
            LookUpEnds::Answered(response) => return response,
            LookUpEnds::Unanswered(look) => Run::after(miss, look),
        };
        let handler = handler(&run.forwarding());
        run_or_follow(run, handler).await
    })
}

/// As [`respond`], for a run that stays in the task of its request, and so need not be `Send`.
pub async fn respond_in_this_task<F: Future<Output = Response>>(
    mut miss: Box<Miss>,
    handler: impl FnOnce(&Forwarding<'_>) -> F,
) -> Response {
    let mut run = match miss.look_up().await {
        LookUpEnds::Answered(response) => return response,
        LookUpEnds::Unanswered(look) => Run::after(miss, look),
    };
    let handler = handler(&run.forwarding());
    if run.is_untouched() {
        return untouched(run, handler).await;
    }
    match turn(&mut run).await {
        Turn::Answered(response) => response,
        Turn::Lead(leader) => in_place(run, handler, Some(leader), None).await,
        Turn::Alone(permit) => in_place(run, handler, None, permit).await,
    }
}

/// A run that may have a task of its own, so that a client that disconnects does not stop it. So its future has to be `Send + 'static`
/// itself, not only where axum requires it.
pub fn run_in_its_own_task<F>(handler: F) -> BoxRun
where
    F: Future<Output = Response> + Send + 'static,
{
    Box::pin(handler)
}

async fn run_or_follow(mut run: Run, handler: BoxRun) -> Response {
    if run.is_untouched() {
        return untouched(run, handler).await;
    }
    let is_inline = run.handler.policy.collapse == Collapse::Inline;
    if !is_inline && let Some(response) = run.stale_while_refreshed() {
        refresh_behind(run, handler);
        return response;
    }
    match turn(&mut run).await {
        Turn::Answered(response) => response,
        Turn::Lead(leader) => match if is_inline { None } else { run.cache.inner().tasks.place() } {
            Some((runtime, place)) => lead(run, handler, leader, &runtime, place).await,
            None => in_place(run, handler, Some(leader), None).await,
        },
        Turn::Alone(permit) => in_place(run, handler, None, permit).await,
    }
}

/// Steps 5 and 6. `may_go_on`: there is a task that can continue after the answer.
async fn admit_and_store(mut run: Run, produced: Result<Response, Failure>, leader: Option<Leader>, may_go_on: bool) -> Landing {
    let admission = admit(&mut run, produced, may_go_on).await;
    store(run, admission, leader, may_go_on).await
}

/// Refreshes a stale response in the background (RFC 5861 §3). If there is no place for one more detached run, a later request tries
/// again.
fn refresh_behind(mut run: Run, handler: BoxRun) {
    let (cache, now) = (run.cache.clone(), run.now());
    let (Some((runtime, place)), Some(reading)) = (cache.inner().tasks.place(), run.reading()) else { return };
    run.behind = true;
    // Another leader's run, or a response stored since, is as good.
    if let Join::Lead(leader) = cache.inner().collapse.join(&run.key.primary, &reading, run.stamp_to_lead(), now) {
        let handler = noted(&run, handler);
        let refreshed = async move {
            match run.look_again(true).await {
                Some(slot) => leader.land(LeaderResult::Stored(slot)),
                None => in_own_task(run, handler, leader, place, |_| ()).await,
            }
        };
        drop(tasks::spawn(&runtime, refreshed.instrument(tracing::Span::current())));
    }
}

/// Runs the handler in a detached task, and waits for the answer. If this request is dropped, the task continues.
async fn lead(run: Run, handler: BoxRun, leader: Leader, runtime: &Handle, place: Place) -> Response {
    let (sender, receiver) = oneshot::channel();
    // It does not matter whether the client has disconnected.
    let answer = move |response| drop(sender.send(response));
    let handler = noted(&run, handler);
    let task = tasks::spawn(runtime, in_own_task(run, handler, leader, place, answer).instrument(tracing::Span::current()));
    match receiver.await {
        Ok(response) => response,
        Err(_) => match task.await {
            // The panic continues, as without a cache: the server, or a layer that catches panics, handles it.
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

/// The detached task of a run: it sends the answer, and then completes the work after it.
async fn in_own_task<F: Future<Output = Response>>(mut run: Run, handler: F, leader: Leader, place: Place, answer: impl FnOnce(Response)) {
    run.begins();
    let produced = produce(&run, handler).await;
    let landing = admit_and_store(run, produced, Some(leader), true).await;
    answer(landing.response);
    if let Some(rest) = landing.rest {
        rest.await;
    }
    drop(place);
}

/// Runs the handler in the request's task. `permit`: limits the number of such runs until the response is stored.
async fn in_place<F: Future<Output = Response>>(
    mut run: Run,
    handler: F,
    leader: Option<Leader>,
    permit: Option<OwnedSemaphorePermit>,
) -> Response {
    if leader.is_none() {
        run.read_epochs_again();
    }
    run.begins();
    let changed = run.take_changed();
    let handler = noted(&run, handler);
    let produced = match changed {
        None => produce(&run, handler).await,
        Some(changed) => {
            let own = if run.may_stand_for_get() { run.own_invalidation(&changed).await } else { None };
            produce(&run, invalidating(Targets::changed(&run.cache, changed, own), handler)).await
        }
    };
    let place = run.cache.inner().tasks.place();
    let landing = admit_and_store(run, produced, leader, place.is_some()).await;
    match (landing.rest, place) {
        (Some(rest), Some((runtime, place))) => {
            let rest = async move {
                rest.await;
                drop((permit, place));
            };
            drop(tasks::spawn(&runtime, rest.instrument(tracing::Span::current())));
        }
        (Some(rest), None) => rest.await,
        (None, _) => {}
    }
    landing.response
}
