//! What a later answer adds to a stored response: the fields of a 304 that says that it still holds, and those of the answer
//! to a HEAD (RFC 9111 §3.2, §4.3.4, §4.3.5). The one place that makes a stored response of two answers.

use std::mem;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, header, response::Parts};

use super::{Run, make::make, tag};
use crate::{
    epoch::group::are_valid,
    rules::{merge::merged, storable::Storable},
    stored::{Stored, part::joined},
};

/// The fields of both.
pub(super) fn fields(stored: &Stored, new: HeaderMap, now: HeaderValue) -> HeaderMap {
    let made_here = [stored.tells_clients.then_some(header::CACHE_CONTROL), (!stored.own.tag).then_some(header::ETAG)];
    merged(&stored.whole.headers, &made_here, new, stored.targeted, now)
}

/// The same of what lies beside the answers: a new value replaces that of its type. The entity tag that this cache has made
/// stays, as the content does.
pub(super) fn beside(stored: &Stored, new: &mut Extensions) {
    let said = mem::replace(new, stored.whole.extensions.clone());
    new.extend(said);
    if let Some(made) = stored.made_tag() {
        new.insert(tag::Given(made));
    }
}

/// The stored response with what the run's answer adds to it. `parts` are merged already.
///
/// Its fields come from two runs. So it is held against the epochs of both, and carries the **earlier** of both stamps: what
/// was invalidated after either began makes it unusable (law L4), whichever of the two ended last. None, where the two cannot
/// be compared, or have more groups than a response may have.
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
    let parts = joined(made.parts.iter().chain(&stored.parts).cloned());
    Some(Stored { stamp, parts, tells_length: stored.tells_length || made.tells_length, ..made })
}

impl Run {
    /// The same for what a 304 says still holds. What was only expired has been asked for since, and that is what expiring is
    /// for: it is as young as the run, unless it was invalidated after all, or the 304 names a group that it did not have,
    /// whose past nobody has looked at.
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

    /// At rest the look-up has seen that nothing had invalidated it, and the run's stamp is no later than that look-up. There
    /// what is not fresh by its time either keeps its stamp, and is asked for once more.
    fn was_only_expired(&self, stored: &Stored) -> bool {
        let Some(marks) = &stored.marks else { return stored.is_fresh(self.now()) };
        let epochs = &self.cache.inner().memory.epochs;
        // In this order: an invalidation that has its time already, and has not reached its epoch yet, is under way.
        let is_settled = epochs.is_settled();
        is_settled && epochs.expired(marks) > stored.stamp.clock && epochs.invalidated(marks) <= stored.stamp.clock
    }
}
