//! Whether nothing but a request itself has invalidated its path since it came.

use std::sync::{Arc, Mutex};

use crate::{
    epoch::{
        Moved, Stamp,
        target::{Mark, Target},
    },
    util::lock::lock,
};

/// Begins before the handler does, and goes with the invalidations that the request's method asks for.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// Which of the backends; none for the memory.
    backend: Option<usize>,
    path_number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The request has invalidated nothing yet.
    Begun(Stamp),
    /// It has, and nobody else.
    Alone(Stamp),
    /// Somebody else has too, or may have.
    Lost,
}

impl Trace {
    pub(crate) fn from(backend: Option<usize>, path_number: u64, begun: Stamp) -> Self {
        Self { backend, path_number, state: Arc::new(Mutex::new(State::Begun(begun))) }
    }

    pub(crate) fn is_of(&self, backend: Option<usize>) -> bool {
        self.backend == backend
    }

    /// Notes an invalidation of the request's own.
    pub(crate) fn moved(&self, target: &Target, moved: Option<Moved>) {
        if target.mark() != Mark::Path(self.path_number) {
            return;
        }
        let mut state = lock(&self.state);
        *state = match (*state, moved) {
            (State::Begun(last) | State::Alone(last), Some(Moved { from, to }))
                if from <= last.clock && to.incarnation == last.incarnation =>
            {
                State::Alone(to)
            }
            _ => State::Lost,
        };
    }

    /// A stamp for what the request has come to: later than its own invalidations of its path, and than no other.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        match *lock(&self.state) {
            State::Alone(stamp) => Some(stamp),
            State::Begun(_) | State::Lost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: Stamp = Stamp { incarnation: 1, clock: 5 };

    fn moved(incarnation: u64, from: u64, to: u64) -> Moved {
        Moved { from, to: Stamp { incarnation, clock: to } }
    }

    #[test]
    fn there_is_a_stamp_where_nobody_else_has_moved_the_epoch_since_the_beginning() {
        let path = |step| (7, Some(step));
        for (steps, expected) in [
            (vec![], None),
            (vec![path(moved(1, 0, 8))], Some(8)),
            (vec![path(moved(1, 5, 6))], Some(6)),
            (vec![path(moved(1, 4, 8)), path(moved(1, 8, 9))], Some(9)),
            // The epoch of another path tells nothing of this one.
            (vec![(8, Some(moved(1, 0, 6)))], None),
            (vec![path(moved(1, 5, 6)), (8, Some(moved(1, 7, 8))), (8, None)], Some(6)),
            // Somebody else's was in between, before or after the first of them.
            (vec![path(moved(1, 6, 7))], None),
            (vec![path(moved(1, 5, 6)), path(moved(1, 7, 8))], None),
            // Another life of the clock, or an epoch that nobody knows.
            (vec![path(moved(2, 5, 6))], None),
            (vec![path(moved(1, u64::MAX, 6))], None),
            (vec![(7, None)], None),
            (vec![(7, None), path(moved(1, 5, 6))], None),
        ] {
            let trace = Trace::from(None, 7, BEGUN);
            for (path, step) in &steps {
                trace.moved(&Target::path_numbered(*path), *step);
            }
            assert_eq!(trace.stamp().map(|stamp| stamp.clock), expected, "{steps:?}");
        }
    }
}
