//! The response to a POST that says that it represents its target, and states its freshness: it is stored as the response to GET
//! (RFC 9110 §9.3.3), for handlers that forward.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{Method, response::Parts};
use http_body::Body as _;

use super::{
    Run,
    gate::{Made, gate},
    make::make,
    store::{LONGEST, Landing, put, refuse, tell_clients},
    tag,
};
use crate::{
    body::copy::{self, Complete, Refused},
    epoch::{EpochSnapshot, Stamp, own_invalidation::OwnInvalidation},
    key::primary::PrimaryKey,
    outcome::{Forward, NotStored, Outcome},
    request::{facts::Upgrade, unsafe_target::UnsafeTarget},
    rules::{length::is_as_long_as_declared, path::Paths, storable::Storable},
    storage::KnownEpochs,
    stored::{Slot, Stored, own},
    util::read_ahead::lend,
};

/// What is noted of such a request before its handler runs.
pub(super) struct Post {
    target: UnsafeTarget,
    /// The clock before the handler runs: every invalidation that concerns the response has to be older.
    began: Stamp,
    own: OwnInvalidation,
}

/// A response to POST that may be stored as the response to GET.
pub(super) struct Standing {
    /// The key of the same request with GET.
    key: PrimaryKey,
    /// Later than the invalidation that the POST itself causes (RFC 9111 §4.4).
    stamp: Stamp,
    storable: Storable,
    groups: Vec<Box<str>>,
}

impl Run {
    /// Whether the request permits that its response is stored as the response to GET.
    pub(super) fn may_stand_for_get(&self) -> bool {
        *self.facts.method() == Method::POST
            && self.handler.forwards()
            // An argument outside the key could show the method.
            && !self.handler.attributes.skips
            && self.key.forward == Forward::Method
            && self.key.traits.bypass.is_none()
            && self.facts.flags.upgrade == Upgrade::None
            && self.key.of_get().is_some()
    }

    /// Begins to follow the invalidations of the target. Reads the epochs, as there was no look-up.
    pub(super) async fn own_invalidation(&mut self, target: &UnsafeTarget) -> Option<OwnInvalidation> {
        if self.storage().holds_epochs() {
            self.read_epochs_here();
        } else {
            let reading = Box::pin(self.read_own_and_others()).await?;
            self.look.epochs = Some(KnownEpochs { reading, marks: None });
        }
        let mut began = self.stamp()?;
        if self.marks().is_some() {
            began.clock = began.clock.min(self.facts.began.here);
        }
        let own = OwnInvalidation::from(self.storage_id().remote(), *self.paths.first()?, began);
        self.post = Some(Post { target: target.clone(), began, own: own.clone() });
        Some(own)
    }

    /// Reads the epochs, including the one that is read afterwards, so that it exists by then.
    async fn read_own_and_others(&self) -> Option<EpochSnapshot> {
        let (entry, beside) = (self.entry(), self.beside_the_path());
        let readings = self.storage().read_epochs(&[entry.scopes(), entry.scopes_at(&beside, &self.groups)]).await.ok()?;
        let [own, others] = readings[..] else { return None };
        (own.incarnation == others.incarnation).then(|| EpochSnapshot { clock: own.clock.min(others.clock), ..own })
    }

    /// Another path, whose epoch is read in place of that of the request's own path.
    fn beside_the_path(&self) -> Paths {
        self.paths.iter().map(|number| number ^ 1).collect()
    }

    /// The response as one for GET, if it says that it represents the target, may be stored, and nothing else was invalidated.
    pub(super) async fn stands_for_get(&mut self, answer: &Parts) -> Option<Standing> {
        let Post { target, began, own } = self.post.take()?;
        let stamp = own.stamp().filter(|_| target.is_represented_by(&answer.headers))?;
        let key = self.key.of_get()?;
        let (storable, groups) = gate(self, answer, Made::ForGet).ok()?;
        let is_alone = Box::pin(self.is_all_older(&groups, began)).await;
        is_alone.then_some(Standing { key, stamp, storable, groups })
    }

    /// Whether nothing else that concerns the response has been invalidated, or expired, since the POST began (law L4). The POST itself has
    /// invalidated its path, and `OwnInvalidation` knows whether others have; so another path's epoch is read in its place.
    async fn is_all_older(&self, groups: &[Box<str>], began: Stamp) -> bool {
        let beside = self.beside_the_path();
        let readings = self.storage().read_epochs(&[self.entry().scopes_at(&beside, groups)]).await;
        readings.is_ok_and(
            |readings| matches!(readings[..], [reading] if reading.incarnation == began.incarnation && reading.expired <= began.clock),
        )
    }
}

/// Stores the response before it is sent, so that its client finds it.
pub(super) async fn keep_for_get(mut run: Run, mut parts: Parts, body: Body, standing: Standing, may_copy: bool) -> Landing {
    let limit = run.handler.policy.max_body;
    if body.size_hint().exact().is_none_or(|length| length > limit as u64) {
        return refuse(&run, parts, body, None, NotStored::Method);
    }
    let Complete { content, ahead } = match copy::complete(body, limit, &run.cache.inner().read_ahead, may_copy.then_some(LONGEST)).await {
        Ok(whole) if is_as_long_as_declared(&parts.headers, &whole.content) => whole,
        Ok(whole) => return refuse(&run, parts, Body::from(whole.lend()), None, NotStored::LengthMismatch),
        Err(Refused { reason, body }) => return refuse(&run, parts, body, None, reason),
    };
    let content = if run.storage().keeps_objects() { own::content_in_turns(content).await } else { content };
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
