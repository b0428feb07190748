//! All interleavings of two holders, one that invalidates, a server and a bad network, as far as they go. Each mistake that would
//! cost truth is made once, and the same interleavings find it.

mod scripts;
mod server;
mod state;
mod together;
mod world;

use std::collections::HashSet;

use self::world::{Bad, Mistake, World};

/// How many worlds of two holders are looked at, at most: in the longer run all of them, where nothing goes wrong but delays. Of one
/// holder they are all looked at.
fn most() -> usize {
    if std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1") { 5_000_000 } else { 40_000 }
}

/// Goes through all interleavings, the shortest first. Gives how many worlds it has seen, whether that was all, and the
/// first steps to a stale answer.
fn explore(start: World, mistake: Mistake, most: usize) -> (usize, bool, Option<String>) {
    let mut latest = vec![start];
    let mut seen = HashSet::from([latest[0].key()]);
    while !latest.is_empty() {
        let mut next = Vec::new();
        for world in latest.drain(..) {
            for after in world.steps(mistake) {
                if after.is_stale(mistake) {
                    return (seen.len(), false, Some(after.story()));
                }
                if seen.insert(after.key()) {
                    next.push(after);
                }
            }
            if seen.len() >= most {
                return (seen.len(), false, None);
            }
        }
        latest = next;
    }
    (seen.len(), true, None)
}

/// What may go wrong, one after the other: each is explored by itself, so that all of it is seen.
const ALL_BAD: [Bad; 5] = [Bad::Nothing, Bad::AcknowledgementLost, Bad::Cut, Bad::SetLost, Bad::Restart];

#[test]
fn no_interleaving_leads_to_a_stale_answer() {
    for bad in ALL_BAD {
        let (worlds, is_all, story) = explore(World::new(2, bad), Mistake::None, most());
        assert_eq!(story, None, "{bad:?}");
        println!("- {worlds} worlds of two holders, {bad:?}: {}", if is_all { "all there are" } else { "the nearest" });
        let (worlds, is_all, story) = explore(World::new(1, bad), Mistake::None, usize::MAX);
        assert_eq!((story, is_all), (None, true), "{bad:?}");
        println!("- {worlds} worlds of one holder, {bad:?}: all there are");
    }
}

/// The shortest way to a stale answer, and how many worlds were looked at until it was found.
fn finds(mistake: Mistake) {
    for holders in [1, 2] {
        for bad in ALL_BAD {
            let (worlds, _, story) = explore(World::new(holders, bad), mistake, most());
            if let Some(story) = story {
                println!("- {mistake:?} is found among {worlds} worlds of {holders}, {bad:?}: {story}");
                return;
            }
        }
    }
    panic!("{mistake:?} is not found");
}

#[test]
fn a_lease_that_is_counted_from_the_answer_is_found() {
    finds(Mistake::CountsFromTheAnswer);
}

#[test]
fn an_acknowledgement_before_the_epoch_is_moved_is_found() {
    finds(Mistake::AcknowledgesFirst);
}

#[test]
fn a_new_set_that_is_trusted_at_once_is_found() {
    finds(Mistake::TrustsAYoungSet);
}

#[test]
fn a_new_incarnation_that_is_trusted_at_once_is_found() {
    finds(Mistake::TrustsAYoungIncarnation);
}

#[test]
fn an_answer_that_overtakes_an_invalidation_is_found() {
    finds(Mistake::OvertakesAPush);
}

#[test]
fn a_reading_of_another_generation_that_is_accepted_is_found() {
    finds(Mistake::AcceptsAnOldReading);
}

#[test]
fn an_invalidation_that_does_not_wait_is_found() {
    finds(Mistake::DoesNotWait);
}

#[test]
fn a_holder_that_is_struck_off_although_it_renewed_is_found() {
    finds(Mistake::StrikesOffWhoRenewed);
}

#[test]
fn one_moment_past_the_lease_is_found() {
    finds(Mistake::UsesItOneMomentLonger);
}

/// What a program does that knows nothing of leases: the law does not hold beside it.
#[test]
fn an_invalidation_that_tells_nobody_and_does_not_wait_is_found() {
    finds(Mistake::KnowsNothingOfLeases);
}
