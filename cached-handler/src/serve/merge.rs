//! Merges a later answer into a stored response: a 304 that confirms it, or the answer to a HEAD (RFC 9111 §3.2, §4.3.4, §4.3.5). This is
//! the one place that makes a stored response from two answers.

use std::mem;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, header, response::Parts};

use super::{Run, make::make, tag};
use crate::{
    epoch::group::are_valid,
    header::targeted::TargetList,
    rules::{merge::merged, storable::Storable},
    stored::{Rare, Stored, part::joined},
};

/// The merged fields. `targeted`: the targeted fields that the handler's cache obeys.
pub(super) fn fields(stored: &Stored, new: HeaderMap, targeted: TargetList, now: HeaderValue) -> HeaderMap {
    let made_here = [stored.tells_clients.then_some(header::CACHE_CONTROL), (!stored.own.tag).then_some(header::ETAG)];
    merged(&stored.fields.map(), &made_here, new, targeted, now)
}

/// Merges the extensions: a new value replaces the one of its type. An entity tag that this cache has made stays, as the content stays.
pub(super) fn beside(stored: &Stored, new: &mut Extensions) {
    let said = mem::replace(new, stored.extensions.clone());
    new.extend(said);
    if let Some(made) = stored.made_tag() {
        new.insert(tag::Given(made));
    }
}

/// The stored response, updated by the run's answer. `parts` are merged already.
///
/// Its fields come from two runs. So it has the epochs of both, and the **earlier** of both stamps: an invalidation after either run began
/// makes it unusable (law L4), whichever of the two ended last. `None` if the stamps cannot be compared, or both have more groups than a
/// response may have.
pub(super) fn merge(
    run: &Run,
    stored: &Stored,
    parts: Parts,
    content: Bytes,
    storable: &Storable,
    mut groups: Vec<Box<str>>,
) -> Option<Stored> {
    for group in &stored.groups {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    if !are_valid(&groups) {
        return None;
    }
    let stamp = stored.stamp.no_later_than(run.stamp()?)?;
    let mut made = make(run, parts, content, storable, groups);
    if let (Some(marks), Some(known)) = (&mut made.marks, &stored.marks) {
        marks.add_parts_of(known);
    }
    let mut rare = made.rare.take().map_or_else(Rare::default, |rare| *rare);
    rare.parts = joined(rare.parts.iter().chain(stored.parts()).cloned());
    Some(Stored { stamp, rare: rare.boxed(), tells_length: stored.tells_length || made.tells_length, ..made })
}

impl Run {
    /// Merges a 304 into the response that it confirms. A response that was only expired has now been revalidated, which is the purpose of
    /// expiring: it gets the stamp of the run, unless it was invalidated, or the 304 names a new group, whose epoch was not checked.
    pub(super) fn merge_held(
        &self,
        stored: &Stored,
        parts: Parts,
        content: Bytes,
        storable: &Storable,
        groups: Vec<Box<str>>,
    ) -> Option<Stored> {
        let adds_a_group = groups.iter().any(|group| !stored.groups.contains(group));
        let is_renewed = !adds_a_group && self.was_only_expired(stored);
        let merged = merge(self, stored, parts, content, storable, groups)?;
        Some(if is_renewed { Stored { stamp: self.stamp()?, ..merged } } else { merged })
    }

    /// Whether the response was expired, but not invalidated. For a remote backend, the look-up has seen that it was not invalidated, and
    /// the run's stamp is no later than the look-up; a response that is also stale by its lifetime keeps its stamp there, and is
    /// revalidated once more.
    fn was_only_expired(&self, stored: &Stored) -> bool {
        let Some(marks) = &stored.marks else { return stored.is_fresh(self.now()) };
        let epochs = &self.cache.inner().memory.epochs;
        // In this order, so that an invalidation that has its time already, but has not reached its epoch yet, is noticed.
        let is_settled = epochs.is_settled();
        is_settled && epochs.expired(marks) > stored.stamp.clock && epochs.invalidated(marks) <= stored.stamp.clock
    }
}
