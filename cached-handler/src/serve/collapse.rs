//! Step 3: one run for all who wait for the same key (law L5).

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

/// What a request is to do.
pub(super) enum Turn {
    /// Nothing: another's run has answered it.
    Answered(Response),
    /// Run, for itself and others.
    Lead(Leader),
    /// Run for itself.
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
        // Where something stale stands in for a failure, nobody waits behind others' attempts: they pause instead.
        Some(MissKind::Failing(runs)) if !run.may_hide_failures() => return behind_failures(run, runs, gives_up).await,
        // What would be waited for is most likely nobody else's.
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
            // Nobody could join its run: it waits for that of another, or for none.
            Join::Late if !run.may_share() => return Turn::Alone(few),
            // It came before its backend was first reached. What is made of that is not stored, but shared meanwhile.
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
                    // By what it knows now it does not join the same run again.
                    Waited::Newer => {}
                }
            }
        }
    }
}

/// What was stored between this request's look-up and its taking the lead is not run for again.
async fn begin(run: &mut Run, leader: Leader) -> Turn {
    // After an invalidation what has come to rest is most often as outdated, and a slow backend is not waited for twice.
    let looks = matches!(run.key.forward, Forward::UriMiss | Forward::VaryMiss | Forward::Stale);
    match by_now(run, looks).await {
        Some((slot, response)) => {
            leader.land(LeaderResult::Stored(slot));
            Turn::Answered(response)
        }
        None => Turn::Lead(leader),
    }
}

/// What has been stored since the look-up, and the answer that it is. `looks`: also where that has to be waited for.
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
    /// What it has waited for is outdated, for it and all who came with it: somebody leads a newer run.
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
        // Its client left, and the run with it. Somebody else leads.
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
        // A run past all patience is a failure to whoever has something stale.
        Err(_) => Waited::Turn(run.stale_for_a_failure().map_or(Turn::Alone(None), Turn::Answered)),
        Ok(LeaderResult::NotShared(_)) => Waited::Turn(Turn::Alone(None)),
    }
}

/// A key whose handler fails is tried a few times at once, not once per client; whoever has waited long enough runs.
async fn behind_failures(run: &mut Run, runs: Arc<Semaphore>, gives_up: Instant) -> Turn {
    let permit = timeout_at(gives_up, runs.acquire_owned()).await.ok().and_then(Result::ok);
    by_now(run, true).await.map_or(Turn::Alone(permit), |(_, response)| Turn::Answered(response))
}

/// What a run has left for those who have waited for it.
enum Followed {
    By(Response),
    /// Nothing: it may have begun before an invalidation that this request came after, and has read by now.
    Outdated,
    /// Nothing for this request.
    Unfit,
}

/// Where something was invalidated during the run, and the response names groups that this request did not know of, their
/// epochs are asked for: what they say now covers all that was before this request. A backend that cannot say it leaves
/// this request to itself.
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

/// By what this request knows by itself.
fn is_usable(run: &Run, stored: &Stored) -> bool {
    match &stored.marks {
        Some(marks) if run.cache.inner().memory.epochs.expired(marks) <= stored.stamp.clock => true,
        // Something was invalidated during the run: this is an answer only to a request that began before all of it.
        // Unless it is made of others' responses, which are older.
        _ if !stored.is_composed() && run.began_no_later_than(stored.stamp) => true,
        // Or before what concerns this response.
        _ => !run.knows_less_groups_than(stored) && run.reading().is_some_and(|reading| reading.may_join(stored.stamp)),
    }
}

/// Only what a hit would give it.
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
