//! All short sequences of events, explored breadth first. Each rule is broken once, and the same sequences find it.

mod world;

use std::collections::HashSet;

use self::world::{Mistake, Move, World};
use super::State;

const MOVES: [Move; 18] = [
    Move::Succeeds,
    Move::Fails,
    Move::Starves,
    Move::Refused,
    Move::FailsToInvalidate(0),
    Move::FailsToInvalidate(1),
    Move::WantsTrial,
    Move::TrialSucceeds,
    Move::TrialFails(0),
    Move::TrialFails(1),
    Move::WantsDrain,
    Move::ProbeDue,
    Move::WorkSucceeds,
    Move::WorkFails,
    Move::WorkerIsLate,
    Move::LateWorkSucceeds,
    Move::LateWorkFails,
    Move::TenSecondsPass,
];

/// How many of them a sequence has.
fn length() -> usize {
    if std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1") { 8 } else { 6 }
}

/// Goes through all sequences, where the retry queue has `room` and each retry as many attempts. Gives how many worlds it has
/// seen, and which states.
fn explore(room: u32, mistake: Mistake) -> (usize, HashSet<State>) {
    let mut latest = vec![World::new(room)];
    let (mut seen, mut states) = (HashSet::from([latest[0].key()]), HashSet::new());
    for _ in 0..length() {
        let mut next = Vec::new();
        for world in latest.drain(..) {
            states.insert(world.machine.state);
            for after in MOVES.iter().filter_map(|next| world.after(*next, mistake)) {
                if seen.insert(after.key()) {
                    after.clone().recovers(mistake);
                    next.push(after);
                }
            }
        }
        latest = next;
    }
    (seen.len(), states)
}

#[test]
fn no_sequence_of_events_breaks_a_rule() {
    let (worlds, states) = explore(1, Mistake::None);
    assert_eq!(states.len(), 4, "each state is reached: {states:?}");
    let (more, _) = explore(2, Mistake::None);
    println!("- {} worlds after all sequences of {} events", worlds + more, length());
}

#[test]
#[should_panic(expected = "an invalidation that failed is forgotten")]
fn the_same_sequences_find_an_invalidation_that_is_forgotten() {
    explore(2, Mistake::Forgets);
}

#[test]
#[should_panic(expected = "made before anything is read again")]
fn the_same_sequences_find_a_circuit_breaker_that_closes_early() {
    explore(2, Mistake::ClosesEarly);
}

#[test]
#[should_panic(expected = "one invalidation is tried between two probes")]
fn the_same_sequences_find_a_second_trial() {
    explore(2, Mistake::AllowsAll);
}

#[test]
#[should_panic(expected = "the circuit breaker closes when all is well")]
fn the_same_sequences_find_a_worker_that_is_not_asked_for() {
    explore(2, Mistake::NobodyWorks);
}

#[test]
#[should_panic(expected = "the last line is true")]
fn the_same_sequences_find_a_change_that_is_not_logged() {
    explore(2, Mistake::ForgetsItsLines);
}
