//! The answer to a POST that says that it is what GET would be given, and for how long: it answers GET from then on
//! (RFC 9110 §9.3.3), for handlers that forward.

use std::{future::poll_fn, sync::Arc, task::Poll};

use axum::{body::Body, response::Response};
use http::{Method, response::Parts};
use http_body::Body as _;

use super::{
    Run,
    admit::{Made, gate},
    content::{self, Complete, Refused},
    framing::is_as_long_as_declared,
    make::make,
    put::put,
    store::{LONGEST, Landing, refuse, tell_clients},
    tag,
};
use crate::{
    epoch::{Reading, Scopes, Stamp, own_invalidation::Trace},
    key::primary::PrimaryKey,
    outcome::{Forward, NotStored, Outcome},
    request::{facts::Upgrade, unsafe_target::Changed},
    rules::storable::Storable,
    stored::{Slot, Stored, own},
    util::read_ahead::lend,
};

/// What has to be known of such a request before its handler runs.
pub(super) struct Post {
    target: Changed,
    /// The clock then, which all that concerns the answer has to be older than.
    began: Stamp,
    trace: Trace,
}

/// That its answer may stand for GET's.
pub(super) struct Standing {
    /// The key of the same request with GET.
    key: PrimaryKey,
    /// Later than the invalidation that the POST was itself (RFC 9111 §4.4).
    stamp: Stamp,
    storable: Storable,
    groups: Vec<Box<str>>,
}

impl Run {
    /// Whether the answer of the handler could stand for GET's, as far as the request is concerned.
    pub(super) fn may_stand_for_get(&self) -> bool {
        *self.facts.method() == Method::POST
            && self.handler.forwards()
            // What an argument outside the key may show, the method among it.
            && !self.handler.attributes.skips
            && self.key.forward == Forward::Method
            && self.key.traits.bypass.is_none()
            && self.facts.flags.upgrade == Upgrade::None
            && self.key.of_get().is_some()
    }

    /// Follows what is invalidated from now on. A backend is asked how its clock stands, as it was not looked up.
    pub(super) async fn trace(&mut self, target: &Changed) -> Option<Trace> {
        if self.handler.in_memory {
            self.read_epochs_in_memory();
        } else {
            let reading = Box::pin(self.read_own_and_others()).await?;
            self.set_reading(reading);
        }
        let mut began = self.stamp()?;
        if self.handler.in_memory {
            began.clock = began.clock.min(self.facts.began.in_memory);
        }
        let backend = if self.handler.in_memory { None } else { Some(self.cache.backend_at(self.handler)?) };
        let trace = Trace::from(backend, self.path_number?, began);
        self.post = Some(Post { target: target.clone(), began, trace: trace.clone() });
        Some(trace)
    }

    /// The epoch that is read afterwards, too, so that it is there by then.
    async fn read_own_and_others(&self) -> Option<Reading> {
        let backend = self.cache.backend(self.handler)?;
        let (own, others) = (self.scopes(), self.scopes_but_for_the_path(&self.groups));
        // Both under way at once: one round trip.
        let (mut own, mut others) = (backend.read(&own), backend.read(&others));
        let (mut first, mut second) = (None, None);
        let both = poll_fn(|cx| {
            first = first.take().or_else(|| ready_of(own.as_mut().poll(cx)));
            second = second.take().or_else(|| ready_of(others.as_mut().poll(cx)));
            if first.is_some() && second.is_some() { Poll::Ready(first.take().zip(second.take())) } else { Poll::Pending }
        });
        let (own, others) = both.await?;
        let (own, others) = (own.ok()?, others.ok()?);
        (own.incarnation == others.incarnation).then(|| Reading { clock: own.clock.min(others.clock), ..own })
    }

    fn scopes_but_for_the_path<'a>(&self, groups: &'a [Box<str>]) -> Scopes<'a> {
        Scopes::new(self.handler.epoch_name(self.key.instance), self.path_number.map(|number| number ^ 1), groups)
    }

    /// Whether the answer does.
    pub(super) async fn stands_for_get(&mut self, answer: &Parts) -> Option<Standing> {
        let Post { target, began, trace } = self.post.take()?;
        let stamp = trace.stamp().filter(|_| target.is_represented_by(&answer.headers))?;
        let key = self.key.of_get()?;
        let (storable, groups) = gate(self, answer, Made::ForGet).ok()?;
        let is_alone = Box::pin(self.is_all_older(&groups, began)).await;
        is_alone.then_some(Standing { key, stamp, storable, groups })
    }

    /// Whether nothing else that concerns the answer has been invalidated, or expired, since the POST began (law L4). The
    /// path has been by the POST itself, and whether by others the trace says: another's epoch is read in its place.
    async fn is_all_older(&mut self, groups: &[Box<str>], began: Stamp) -> bool {
        let scopes = self.scopes_but_for_the_path(groups);
        let reading = if self.handler.in_memory {
            let epochs = &self.cache.inner().memory.epochs;
            epochs.reading(&epochs.marks(scopes.handler(), scopes.path(), groups), epochs.now())
        } else {
            let Some(backend) = self.cache.backend(self.handler) else { return false };
            let Ok(reading) = backend.read(&scopes).await else { return false };
            self.set_reading(reading);
            reading
        };
        reading.incarnation == began.incarnation && reading.expired <= began.clock
    }
}

fn ready_of<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Stores it before it is sent, so that who has it finds it.
pub(super) async fn keep_for_get(mut run: Run, mut parts: Parts, body: Body, standing: Standing, may_copy: bool) -> Landing {
    let limit = run.handler.policy.max_body;
    if body.size_hint().exact().is_none_or(|length| length > limit as u64) {
        return refuse(&run, parts, body, None, NotStored::Method);
    }
    let Complete { content, ahead } = match content::complete(body, limit, &run.cache.inner().read_ahead, may_copy.then_some(LONGEST)).await
    {
        Ok(whole) if is_as_long_as_declared(&parts.headers, &whole.content) => whole,
        Ok(whole) => return refuse(&run, parts, Body::from(whole.lend()), None, NotStored::LengthMismatch),
        Err(Refused { reason, body }) => return refuse(&run, parts, body, None, reason),
    };
    let content = if run.handler.in_memory { own::content_in_turns(content).await } else { content };
    let Standing { key, stamp, storable, groups } = standing;
    run.key.primary = key;
    let mut told = parts.clone();
    tag::make_of_long(&run, &mut told, &content).await;
    let made = make(&run, told, content.clone(), &storable, groups);
    let kept = put(&run, &Arc::new(Slot::Response(Stored { stamp, ..made }))).await;
    tell_clients(&run, &mut parts);
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept };
    Landing { response: run.finish(Response::from_parts(parts, Body::from(lend(content, ahead))), outcome), rest: None }
}
