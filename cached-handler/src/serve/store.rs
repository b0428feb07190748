//! Step 6: makes a stored response, stores it, answers with it, and sends the result to the followers.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::response::Parts;

use super::{
    Run,
    admit::{Admission, Admitted},
    admit_and_store, answer,
    gate::Made,
    make::make,
    post::keep_for_get,
    tag, unstored,
};
use crate::{
    body::{
        copy::{self, Complete},
        length,
    },
    cache::collapse::{Leader, LeaderResult, MAX_RUN},
    header::vary,
    outcome::{Kept, NotStored, Outcome},
    request::nested::CachedInside,
    rules::client::{ForClients, Terms},
    serve::nested,
    storage::Later,
    stored::{Slot, own},
    util::{read_ahead::lend, timer, turns::TURN},
};

/// How long to wait for the content of a response.
pub(super) const LONGEST: Duration = Duration::from_millis(MAX_RUN.unsigned_abs());

/// The result of a run: the answer to the request that began it, and the work that remains after the answer.
pub(super) struct Landing {
    pub(super) response: Response,
    pub(super) rest: Option<Later>,
}

/// Carries out the admission, and sends the result to the followers.
pub(super) async fn store(run: Run, admission: Admission, leader: Option<Leader>, may_go_on: bool) -> Landing {
    match admission {
        Admission::Whole(admitted, content) => keep(run, admitted, content, leader, may_go_on).await,
        Admission::Stream(admitted, body) => stream(run, admitted, body, leader),
        Admission::Refused { parts, body, reason } => refuse(&run, parts, body, leader, reason),
        Admission::Hidden { stale, reason } => hide(&run, stale, reason, leader),
        Admission::Ended { held, reason } => {
            let rest = run.end_held();
            if let Some(leader) = leader {
                leader.land(LeaderResult::NotShared(reason.clone()));
            }
            let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept: Kept::Not(reason) };
            Landing { response: run.finish(held, outcome), rest }
        }
        Admission::ForGet(parts, body, standing) => Box::pin(keep_for_get(run, parts, body, standing, may_go_on)).await,
    }
}

/// Stores a response without a run of a handler, if it may be stored.
pub(crate) async fn put_at_once(run: Run, response: Response) {
    let landing = admit_and_store(run, Ok(response), None, false).await;
    if let Some(rest) = landing.rest {
        rest.await;
    }
}

/// Answers with a stale response; the next attempt waits for a while. Followers do the same, each with the response that it found itself.
fn hide(run: &Run, stale: Response, reason: NotStored, leader: Option<Leader>) -> Landing {
    run.cache.inner().refresh_backoff.failed(run.hash(), run.now());
    run.cache.inner().observer.hidden(&run.handler.subject, &reason);
    if let Some(leader) = leader {
        leader.land(LeaderResult::NotShared(reason));
    }
    Landing { response: stale, rest: None }
}

/// Passes the handler's response on unchanged, except its `Cache-Control`.
pub(super) fn refuse(run: &Run, mut parts: Parts, body: Body, leader: Option<Leader>, reason: NotStored) -> Landing {
    // For hit-for-miss a failure counts as that, whatever else prevents storing.
    let word = if parts.status.is_server_error() { NotStored::Status(parts.status.as_u16()) } else { reason.clone() };
    if run.may_collapse() {
        let hit_for_miss = &run.cache.inner().hit_for_miss;
        hit_for_miss.not_stored(&run.key.primary, &word, run.now());
        hit_for_miss.not_stored_by(run.handler, run.key.instance, &word, run.now());
    }
    let rest = run.tell_what_is_held(&word);
    if let Some(leader) = leader {
        leader.land(LeaderResult::NotShared(word));
    }
    nested::tell_of_refused(run, &parts.extensions);
    // The `Cache-Control` and the outcome of a cache inside stay as they are.
    let is_told = parts.extensions.get::<CachedInside>().is_some();
    if !is_told {
        tell_clients(run, &mut parts);
    }
    let body = if run.asks_whole() { unstored::under_conditions(run, &mut parts, body) } else { body };
    let body = length::passed_to_head(run.handler, &run.facts, body, parts.status, &mut parts.headers);
    if is_told {
        return Landing { response: Response::from_parts(parts, body), rest };
    }
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept: Kept::Not(reason) };
    let response = run.finish(Response::from_parts(parts, body), outcome);
    Landing { response, rest }
}

/// Sets the `Cache-Control` for clients of a response that is not stored.
pub(super) fn tell_clients(run: &Run, parts: &mut Parts) {
    if !parts.status.is_informational() {
        let terms = Terms { private: run.is_private() || run.is_exposed() && !run.handler.forwards(), ..run.client_terms() };
        ForClients::not_stored(&mut parts.headers, &terms);
        vary::merge(&mut parts.headers, run.vary_names());
    }
}

/// Stores a response with complete content, and answers with it. In a remote backend it is stored after the answer; until then, requests
/// that come meanwhile get the followers' result.
async fn keep(
    run: Run,
    Admitted { mut parts, storable, groups, made }: Admitted,
    Complete { content, ahead }: Complete,
    leader: Option<Leader>,
    may_go_on: bool,
) -> Landing {
    let mut extensions = parts.extensions.clone();
    extensions.remove::<tag::Given>();
    // The content of a confirmed response is the stored one, and needs no copy.
    let content = if run.storage().keeps_objects() && made == Made::New { own::content_in_turns(content).await } else { content };
    if content.len() > TURN {
        tag::make_of_long(&run, &mut parts, &content).await;
    }
    let held = run.held().filter(|_| made == Made::Freshened);
    let merged = held.and_then(|held| run.merge_held(held, parts.clone(), content.clone(), &storable, groups.clone()));
    let stored = match merged {
        Some(merged) => merged,
        None => make(&run, parts, content, &storable, groups),
    };
    run.facts.tell_around(&stored, run.cache.inner().id);
    let to_client = lend(stored.content.clone(), ahead);
    let mut response = answer::derive_from(&stored, &to_client, run.handler, &run.facts, None);
    *response.extensions_mut() = extensions;
    let slot = Arc::new(Slot::Response(stored));
    let result = told_to_followers(&run, &slot);
    // If the backend could not be read, the response is not stored, which takes no time.
    let waits = run.storage().puts_at_once() || !may_go_on || run.cache.inner().isolated || !run.has_read_its_backend();
    let kept = if waits { run.note_whether_made_anew(put(&run, &slot).await) } else { Kept::Storing };
    if let Some(leader) = &leader {
        leader.announce(result);
    }
    let kept = if made == Made::Freshened && matches!(kept, Kept::Stored | Kept::Storing) { Kept::Freshened } else { kept };
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept };
    let response = run.finish(response, outcome);
    let rest: Option<Later> = (!waits).then(|| -> Later {
        Box::pin(async move {
            let kept = run.note_whether_made_anew(put(&run, &slot).await);
            run.cache.inner().observer.settled(&run.handler.subject, &kept);
            drop(leader);
        })
    });
    Landing { response, rest }
}

/// Stores a response in the handler's storage.
pub(super) async fn put(run: &Run, slot: &Arc<Slot>) -> Kept {
    let Slot::Response(stored) = &**slot else { return Kept::Not(NotStored::Backend) };
    let storage = run.storage();
    if !storage.holds_epochs() && !run.has_read_its_backend() {
        return Kept::Not(NotStored::Backend);
    }
    let kept = storage.put(&run.entry(), slot, run.marks(), run.now()).await;
    let inner = run.cache.inner();
    // After it is stored, so that a request which sees the count finds the response.
    if kept == Kept::Stored && !storage.peeks() {
        inner.collapse.filled(run.hash());
    }
    match kept {
        Kept::Not(NotStored::Invalidated) => inner.hit_for_miss.outdated(&run.key.primary, run.handler, run.key.instance, run.now()),
        _ if stored.is_fresh(run.now()) => inner.hit_for_miss.stored(&run.key.primary, run.handler, run.key.instance, run.now()),
        _ => {}
    }
    kept
}

/// The result for followers. A response that has to be revalidated before each use answers its own request only.
fn told_to_followers(run: &Run, slot: &Arc<Slot>) -> LeaderResult {
    match &**slot {
        Slot::Response(stored) if !stored.is_fresh(run.now()) => {
            run.cache.inner().hit_for_miss.not_stored(&run.key.primary, &NotStored::AlreadyStale, run.now());
            LeaderResult::NotShared(NotStored::AlreadyStale)
        }
        _ => LeaderResult::Stored(Arc::clone(slot)),
    }
}

/// Releases the followers of content that streams for longer than they wait, as it may have no end: they run the handler themselves, and so
/// do later requests, at once. The content is still stored if it ends in time.
fn not_awaited_any_more(run: &Run, leader: Option<Leader>) {
    if run.may_collapse() {
        run.cache.inner().hit_for_miss.not_stored(&run.key.primary, &NotStored::RunTooLong, run.now());
    }
    if let Some(leader) = leader {
        leader.land(LeaderResult::NotShared(NotStored::RunTooLong));
    }
}

/// Answers at once, and stores the copy when the content ends.
fn stream(mut run: Run, admitted: Admitted, body: Body, mut leader: Option<Leader>) -> Landing {
    let Admitted { mut parts, storable, groups, made } = admitted;
    nested::tell_of_stream(&run, &groups, &storable);
    let (feed, to_client) = copy::streamed();
    let to_client = if run.is_head() { length::answer_to_head_of_a_stream(&run.facts) } else { to_client };
    let kept = tag::give_to_stream(&run, &mut parts);
    ForClients::of(&run.client_terms()).write(&mut parts.headers);
    vary::merge(&mut parts.headers, run.vary_names());
    let to_client = if run.asks_whole() { unstored::under_conditions(&run, &mut parts, to_client) } else { to_client };
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept: Kept::Streaming };
    let response = run.finish(Response::from_parts(parts, to_client), outcome);
    run.behind = true;
    let rest = async move {
        let limit = run.handler.policy.max_body;
        let cache = run.cache.clone();
        let mut copy = pin!(copy::copy(body, limit, feed, &cache.inner().read_ahead, LONGEST));
        let copied = if let Ok(copied) = timer::timeout(run.handler.policy.max_wait, copy.as_mut()).await {
            copied
        } else {
            not_awaited_any_more(&run, leader.take());
            copy.await
        };
        let landing = match copied {
            Ok((content, end)) if run.is_of_its_length(&kept.headers, &content) => {
                // The client's content ends before a write to a remote backend, which takes long.
                let _end = run.storage().puts_at_once().then_some(end);
                let admitted = Admitted { parts: kept, storable, groups, made };
                keep(run, admitted, Complete { content, ahead: Vec::new() }, leader, false).await
            }
            Ok(_) => refuse(&run, kept, Body::empty(), leader, NotStored::LengthMismatch),
            Err(reason) => refuse(&run, kept, Body::empty(), leader, reason),
        };
        if let Some(rest) = landing.rest {
            rest.await;
        }
    };
    Landing { response, rest: Some(Box::pin(rest)) }
}
