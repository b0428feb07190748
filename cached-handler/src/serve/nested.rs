//! Notes a run's answer in the outer runs, and checks whether the parts inside of a run are current.

use http::Extensions;

use super::Run;
use crate::{
    epoch::group::CacheGroups,
    outcome::{Bypass, Forward},
    request::nested::{Outer, Parts, tell_of_unnamed},
    rules::storable::Storable,
    stored::part::Part,
    util::clock::{Millis, millis},
};

/// Notes in the outer runs an answer that is not stored.
pub(super) fn tell_of_refused(run: &Run, answer: &Extensions) {
    // With the cache switched off, the handler behaves as if it had no attribute.
    if run.key.forward == Forward::Bypass(Bypass::Off) {
        return;
    }
    if run.is_untouched() {
        // With a condition of `bypass(…)`, it is not known whether the answer is private, so it counts as that.
        let is_private = run.is_private() || run.key.forward == Forward::Bypass(Bypass::Condition);
        return tell_of_unnamed(run.facts.around(), is_private);
    }
    let groups = answer.get::<CacheGroups>().map_or(&[][..], |groups| &groups.0);
    run.facts.around().iter().for_each(|outer| note_run(outer, run, groups, None));
}

/// Notes in the outer runs an answer that streams, and is stored at its end at the earliest.
pub(super) fn tell_of_stream(run: &Run, groups: &[Box<str>], storable: &Storable) {
    let remaining = storable.freshness_lifetime.saturating_sub(storable.initial_age);
    let until = run.now().saturating_add(millis(remaining));
    run.facts.around().iter().for_each(|outer| note_run(outer, run, groups, Some((until, storable.ends.is_some()))));
}

/// Notes in the outer runs the parts inside of this run.
pub(super) fn tell_of_parts(run: &Run) {
    for outer in run.facts.around() {
        if let Some(mut parts) = run.composition.parts() {
            parts.is_foreign |= !outer.is_stored_in(run.cache.inner().id, run.storage_id());
            outer.add(parts);
        }
    }
}

/// Notes in an outer run that an inner run has answered, and that its response is not stored.
fn note_run(outer: &Outer, run: &Run, groups: &[Box<str>], fresh_until: Option<(Millis, bool)>) {
    let (is_private, ends) = (run.is_private(), fresh_until.is_some_and(|(_, ends)| ends));
    let fresh_until = fresh_until.map(|(until, _)| until);
    let is_beside = outer.is_stored_in(run.cache.inner().id, run.storage_id());
    let part = if let Some(stamp) = run.stamp().filter(|_| is_beside && run.has_read_its_backend()) {
        let added = groups.iter().filter(|group| !run.groups.contains(group));
        let groups: Vec<_> = run.groups.iter().chain(added).cloned().collect();
        let own = Part::of_each(run.handler.epoch_name(run.key.instance), &run.paths, &groups, stamp.clock);
        Parts { is_private, fresh_until, ends, ..Parts::of(own, stamp) }
    } else if is_beside && run.storage().holds_epochs() {
        let epochs = &run.cache.inner().memory.epochs;
        let mut marks =
            run.marks().cloned().unwrap_or_else(|| epochs.marks(run.handler.epoch_name(run.key.instance), &run.paths, &run.groups));
        let added: Vec<_> = groups.iter().filter(|group| !run.groups.contains(group)).collect();
        epochs.add_groups(&mut marks, &added);
        let stamp = run.stamp().map_or(run.facts.began.here, |stamp| stamp.clock);
        Parts { is_private, marks: vec![(marks, stamp)], fresh_until, ends, ..Parts::default() }
    } else {
        Parts { is_foreign: true, is_private, ..Parts::default() }
    };
    outer.add(part);
}

/// Whether no part was invalidated since its run, and no invalidation is in progress, whose time may be earlier than an epoch that it has
/// not reached yet. For a remote backend, `put` checks this.
pub(super) fn are_current(parts: &Parts, run: &Run) -> bool {
    if !run.storage().holds_epochs() {
        // Without a stamp the response is not stored.
        return parts.incarnation.zip(run.stamp()).is_none_or(|(incarnation, stamp)| stamp.incarnation == incarnation);
    }
    let epochs = &run.cache.inner().memory.epochs;
    epochs.is_settled() && parts.marks.iter().all(|(marks, stamp)| epochs.invalidated(marks) <= *stamp)
}
