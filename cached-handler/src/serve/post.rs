//! The answer to a POST that says that it is what GET would be given, and for how long: it answers GET from then on
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
    epoch::{Reading, Stamp, own_invalidation::OwnInvalidation},
    key::primary::PrimaryKey,
    outcome::{Forward, NotStored, Outcome},
    request::{facts::Upgrade, unsafe_target::UnsafeTarget},
    rules::{length::is_as_long_as_declared, path::Paths, storable::Storable},
    storage::EpochSnapshot,
    stored::{Slot, Stored, own},
    util::read_ahead::lend,
};

/// What has to be known of such a request before its handler runs.
pub(super) struct Post {
    target: UnsafeTarget,
    /// The clock then, which all that concerns the answer has to be older than.
    began: Stamp,
    own: OwnInvalidation,
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

    /// Follows what is invalidated from now on. The epochs are read, as they were not by a look-up.
    pub(super) async fn own_invalidation(&mut self, target: &UnsafeTarget) -> Option<OwnInvalidation> {
        if self.storage().holds_epochs() {
            self.read_epochs_here();
        } else {
            let reading = Box::pin(self.read_own_and_others()).await?;
            self.look.epochs = Some(EpochSnapshot { reading, marks: None });
        }
        let mut began = self.stamp()?;
        if self.marks().is_some() {
            began.clock = began.clock.min(self.facts.began.here);
        }
        let own = OwnInvalidation::from(self.storage_id().remote(), *self.paths.first()?, began);
        self.post = Some(Post { target: target.clone(), began, own: own.clone() });
        Some(own)
    }

    /// The epoch that is read afterwards, too, so that it is there by then.
    async fn read_own_and_others(&self) -> Option<Reading> {
        let (entry, beside) = (self.entry(), self.beside_the_path());
        let readings = self.storage().read_epochs(&[entry.scopes(), entry.scopes_at(&beside, &self.groups)]).await.ok()?;
        let [own, others] = readings[..] else { return None };
        (own.incarnation == others.incarnation).then(|| Reading { clock: own.clock.min(others.clock), ..own })
    }

    /// Another path, of which the epoch is read in place of the request's own.
    fn beside_the_path(&self) -> Paths {
        self.paths.iter().map(|number| number ^ 1).collect()
    }

    /// Whether the answer does.
    pub(super) async fn stands_for_get(&mut self, answer: &Parts) -> Option<Standing> {
        let Post { target, began, own } = self.post.take()?;
        let stamp = own.stamp().filter(|_| target.is_represented_by(&answer.headers))?;
        let key = self.key.of_get()?;
        let (storable, groups) = gate(self, answer, Made::ForGet).ok()?;
        let is_alone = Box::pin(self.is_all_older(&groups, began)).await;
        is_alone.then_some(Standing { key, stamp, storable, groups })
    }

    /// Whether nothing else that concerns the answer has been invalidated, or expired, since the POST began (law L4). The
    /// path has been by the POST itself, and whether by others `OwnInvalidation` says: another's epoch is read in its place.
    async fn is_all_older(&self, groups: &[Box<str>], began: Stamp) -> bool {
        let beside = self.beside_the_path();
        let readings = self.storage().read_epochs(&[self.entry().scopes_at(&beside, groups)]).await;
        readings.is_ok_and(
            |readings| matches!(readings[..], [reading] if reading.incarnation == began.incarnation && reading.expired <= began.clock),
        )
    }
}

/// Stores it before it is sent, so that who has it finds it.
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
