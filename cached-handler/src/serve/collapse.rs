//! Step 3: one run for all concurrent requests with the same key (law L5).

use std::sync::Arc;

use axum::response::Response;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{Run, answer, lookup::may_answer, produce, revalidate::is_hidden};
use crate::{
    cache::{
        collapse::{Follower, Join, Leader, LeaderResult},
        hit_for_miss::MissKind,
    },
    handler::policy::Collapse,
    outcome::{Forward, Kept, Outcome},
    stored::{Slot, Stored},
    util::timer::timeout_at,
};

/// What a request does after collapsing.
pub(super) enum Turn {
    /// It is answered, by another request's run or a stored response.
    Answered(Response),
    /// It runs the handler, for itself and its followers.
    Lead(Leader),
    /// It runs the handler for itself alone.
    Alone(Option<OwnedSemaphorePermit>),
}

pub(super) async fn turn(run: &mut Run) -> Turn {
    if run.wants_no_run() {
        return Turn::Answered(answer::gateway_timeout(run));
    }
    let waits = run.may_follow() && run.handler.policy.collapse != Collapse::Off && !produce::is_inside_itself(run);
    if !waits || tokio::runtime::Handle::try_current().is_err() {
        return Turn::Alone(None);
    }
    let gives_up = Instant::now() + run.handler.policy.max_wait;
    let mut few = None;
    match run.cache.inner().hit_for_miss.of(&run.key.primary, run.now()) {
        Some(MissKind::NotStorable) => return Turn::Alone(None),
        // If a stale response can stand in for a failure, requests do not queue behind attempts: attempts pause instead.
        Some(MissKind::Failing(runs)) if !run.may_hide_failures() => return behind_failures(run, runs, gives_up).await,
        // The leader's response would most likely not be storable.
        None if run.held().is_none() => {
            let place = run.cache.inner().hit_for_miss.place_of_unstored(run.handler, run.key.instance, run.now());
            if place.is_some() {
                return Turn::Alone(place);
            }
        }
        _ => {}
    }
    loop {
        let Some(reading) = run.reading() else { return Turn::Alone(None) };
        let flights = &run.cache.inner().collapse;
        match flights.join(&run.key.primary, &reading, run.stamp_to_lead(), run.now()) {
            Join::Lead(leader) => return begin(run, leader).await,
            // Its run could not be followed, and there is no run that it could follow.
            Join::Late if !run.may_share() => return Turn::Alone(few),
            // The request came before its backend was first reached: its response is not stored, but shared with followers.
            Join::Late if run.stamp().is_none() => run.read_epochs_here(),
            Join::Late if few.is_some() => {
                run.cache.inner().hit_for_miss.runs_outdated(&run.key.primary);
                return Turn::Alone(few);
            }
            Join::Late => {
                let Some(places) = run.cache.inner().hit_for_miss.outrun(&run.key.primary, run.now()) else { return Turn::Alone(None) };
                few = timeout_at(gives_up, places.acquire_owned()).await.ok().and_then(Result::ok);
                match by_now(run, true).await {
                    Some((_, response)) => return Turn::Answered(response),
                    None if few.is_none() => return Turn::Alone(None),
                    None => {}
                }
            }
            Join::Follow(follower) => {
                few = None;
                match wait(run, follower, gives_up).await {
                    Waited::Turn(turn) => return turn,
                    Waited::Again => run.read_epochs_again(),
                    // With the epochs that it knows now, it does not follow the same run again.
                    Waited::Newer => {}
                }
            }
        }
    }
}

/// Takes the lead, unless a response was stored since this request's look-up.
async fn begin(run: &mut Run, leader: Leader) -> Turn {
    // Not after an invalidation: a response that was stored meanwhile is most likely outdated too, and is not worth a second call of
    // a slow backend.
    let looks = matches!(run.key.forward, Forward::UriMiss | Forward::VaryMiss | Forward::Stale);
    match by_now(run, looks).await {
        Some((slot, response)) => {
            leader.land(LeaderResult::Stored(slot));
            Turn::Answered(response)
        }
        None => Turn::Lead(leader),
    }
}

/// The response that has been stored since the look-up, and the answer from it. `looks`: whether to ask a remote backend.
async fn by_now(run: &mut Run, looks: bool) -> Option<(Arc<Slot>, Response)> {
    let slot = run.look_again(looks && run.is_filled_since()).await?;
    match followed(run, &slot).await {
        Followed::By(response) => Some((slot, response)),
        Followed::Outdated | Followed::Unfit => None,
    }
}

enum Waited {
    Turn(Turn),
    Again,
    /// The run that it has followed is outdated, for this request and for those that came with it: one of them leads a new run.
    Newer,
}

async fn wait(run: &mut Run, mut follower: Follower, gives_up: Instant) -> Waited {
    let result = timeout_at(gives_up, follower.result()).await;
    drop(follower);
    match result {
        Ok(LeaderResult::Stored(slot)) => match followed(run, &slot).await {
            Followed::By(response) => Waited::Turn(Turn::Answered(response)),
            Followed::Outdated => Waited::Newer,
            Followed::Unfit => Waited::Turn(Turn::Alone(None)),
        },
        // The leader's client disconnected, and its run was dropped. Another request leads.
        Ok(LeaderResult::Lost) => Waited::Again,
        Ok(LeaderResult::NotShared(reason)) if reason.is_failure() => {
            if is_hidden(&reason)
                && let Some(response) = run.stale_for_a_failure()
            {
                return Waited::Turn(Turn::Answered(response));
            }
            let inner = run.cache.inner();
            inner.hit_for_miss.not_stored(&run.key.primary, &reason, run.now());
            match inner.hit_for_miss.of(&run.key.primary, run.now()) {
                Some(MissKind::Failing(runs)) => Waited::Turn(behind_failures(run, runs, gives_up).await),
                _ => Waited::Turn(Turn::Alone(None)),
            }
        }
        // A run that takes too long counts as a failure, for which a stale response may stand in.
        Err(_) => Waited::Turn(run.stale_for_a_failure().map_or(Turn::Alone(None), Turn::Answered)),
        Ok(LeaderResult::NotShared(_)) => Waited::Turn(Turn::Alone(None)),
    }
}

/// Queues behind the few concurrent attempts for a key whose handler fails. A request that has waited long enough runs the handler.
async fn behind_failures(run: &mut Run, runs: Arc<Semaphore>, gives_up: Instant) -> Turn {
    let permit = timeout_at(gives_up, runs.acquire_owned()).await.ok().and_then(Result::ok);
    by_now(run, true).await.map_or(Turn::Alone(permit), |(_, response)| Turn::Answered(response))
}

/// What the leader's response is worth to a follower.
enum Followed {
    By(Response),
    /// The leader's run may have begun before an invalidation that came before this request.
    Outdated,
    /// The response does not fit this request.
    Unfit,
}

/// Checks whether a follower may use the leader's response. If something was invalidated during the run, and the response names groups
/// that this request did not know of, their epochs are read now, which covers all invalidations before this request. If a backend cannot
/// be read, the request does not use the response.
async fn followed(run: &mut Run, slot: &Slot) -> Followed {
    let Slot::Response(stored) = slot else { return Followed::Unfit };
    if !is_usable(run, stored) {
        if !run.knows_less_groups_than(stored) || !run.read_epochs_of(stored).await {
            return Followed::Unfit;
        }
        if !run.reading().is_some_and(|reading| reading.may_join(stored.stamp)) {
            return Followed::Outdated;
        }
    }
    collapsed(run, stored).map_or(Followed::Unfit, Followed::By)
}

/// Whether the response is usable by the epochs that this request has read.
fn is_usable(run: &Run, stored: &Stored) -> bool {
    match &stored.marks {
        Some(marks) if run.cache.inner().memory.epochs.expired(marks) <= stored.stamp.clock => true,
        // Something was invalidated during the run: usable if this request began before all of that, unless the response is composed
        // of parts, which are older.
        _ if !stored.is_composed() && run.began_no_later_than(stored.stamp) => true,
        // Or if it began before all invalidations that concern this response.
        _ => !run.knows_less_groups_than(stored) && run.reading().is_some_and(|reading| reading.may_join(stored.stamp)),
    }
}

/// The answer to a follower, which is the same as a hit would be.
fn collapsed(run: &Run, stored: &Stored) -> Option<Response> {
    let now = run.now();
    if !stored.selected_by(run.fields.as_deref(), run.handler.policy.by_meaning) {
        return None;
    }
    may_answer(stored, false, run.handler, &run.facts, &run.key.traits, now).ok()?;
    run.facts.tell_around(stored, run.cache.inner().id);
    let response = answer::derive(stored, run.handler, &run.facts, Some(stored.age_secs(now)));
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: true, kept: Kept::Stored };
    Some(answer::finish(response, &run.cache, run.handler, outcome))
}
