//! What requests see of the lease.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::super::{
    DEFAULT_LENGTH, State,
    machine::{Event, Generation, Renewed},
    message::MirrorMark,
};
use crate::{
    epoch::{Effect, Scopes, Stamp, target::Mark},
    storage::remote::redis::keys::{digits_of_group, place_of_path},
    util::boot_clock::BootClock,
};

const SECOND: u64 = 1_000_000;

fn stamp(clock: u64) -> Stamp {
    Stamp { incarnation: 9, clock }
}

/// One that was renewed a second after its clock began, and that clock.
fn held() -> (State, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(SECOND));
    let state = State::new(DEFAULT_LENGTH, BootClock::Manual(Arc::clone(&now)));
    state.on(Event::Connected(1), None);
    assert_eq!(state.now(), None);
    state.on(Event::Renewed(1, SECOND, Renewed { stamp: stamp(70), nonce: 1 }), None);
    (state, now)
}

#[test]
fn a_lease_is_used_until_a_margin_before_its_end() {
    let (state, now) = held();
    let generation = Some(Generation(1));
    for (passed, expected) in [(0, generation), (489_999, generation), (490_000, None), (600_000, None)] {
        now.store(SECOND + passed, Ordering::SeqCst);
        assert_eq!(state.now(), expected, "{passed}");
    }
    // Sent in time, and answered late: it counts from then on when it was sent.
    state.on(Event::Renewed(1, SECOND + 300_000, Renewed { stamp: stamp(70), nonce: 1 }), None);
    assert_eq!(state.now(), generation);
    now.store(SECOND + 790_000, Ordering::SeqCst);
    assert_eq!(state.now(), None);
}

#[test]
fn an_invalidation_reaches_what_it_is_about_and_nothing_else() {
    let groups = ["a".into()];
    let digits = digits_of_group("a");
    for (mark, reaches) in [
        (Mark::All, true),
        (Mark::Handler("page"), true),
        (Mark::Handler("other"), false),
        (Mark::Group(&digits), true),
        (Mark::Group("0123"), false),
        (Mark::Path(u64::from(place_of_path(7, 9))), true),
    ] {
        let (state, _now) = held();
        let marks = state.marks(&Scopes::new("page", &[7], &groups), 9);
        state.on(Event::Pushed(1, Some((70, stamp(71)))), Some((MirrorMark(mark), Effect::Expire)));
        assert_eq!(state.mirror.expired(&marks) > 70, reaches, "{mark:?}");
        // A copy that is made later has heard of it.
        assert_eq!(state.mirror.expired(&state.marks(&Scopes::new("page", &[7], &groups), 9)) > 70, reaches, "{mark:?}");
        assert_eq!(state.now(), Some(Generation(1)), "nothing was missed");
    }
}

#[test]
fn what_was_missed_or_not_understood_begins_another_generation() {
    let (state, _now) = held();
    state.on(Event::Pushed(1, Some((71, stamp(72)))), Some((MirrorMark(Mark::All), Effect::Invalidate)));
    assert_eq!(state.now(), Some(Generation(2)), "somebody told nobody of 71");
    state.on(Event::Pushed(1, None), None);
    assert_eq!(state.now(), None);
    state.on(Event::Renewed(1, SECOND, Renewed { stamp: stamp(72), nonce: 1 }), None);
    assert_eq!(state.now(), Some(Generation(4)));
    state.on(Event::Renewed(1, SECOND, Renewed { stamp: Stamp { incarnation: 10, clock: 80 }, nonce: 2 }), None);
    assert_eq!(state.now(), Some(Generation(5)));
}

#[test]
fn a_connection_that_is_made_again_misses_nothing_where_nothing_was_invalidated() {
    let (state, _now) = held();
    state.on(Event::Disconnected(1), None);
    assert_eq!(state.now(), None);
    // What the earlier one still says is not heard.
    state.on(Event::Renewed(1, SECOND, Renewed { stamp: stamp(70), nonce: 1 }), None);
    assert_eq!(state.now(), None);
    state.on(Event::Connected(2), None);
    state.on(Event::Renewed(2, SECOND, Renewed { stamp: stamp(70), nonce: 1 }), None);
    assert_eq!(state.now(), Some(Generation(1)));
}
