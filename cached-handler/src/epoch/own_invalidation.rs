//! Detects whether a path was invalidated by one request alone. A POST invalidates its own path, and its answer may be stored as the
//! answer to GET (RFC 9110 §9.3.3): only with a stamp after its own invalidation, and only if nothing else invalidated the path
//! meanwhile.

use std::sync::{Arc, Mutex};

use crate::{
    epoch::{
        Moved, Stamp,
        target::{Mark, Target},
    },
    util::lock::lock,
};

/// Follows the epoch of a request's path from before the handler runs, through the invalidations that the request itself makes.
#[derive(Debug, Clone)]
pub(crate) struct OwnInvalidation {
    /// The index of the backend; `None` for memory.
    backend: Option<usize>,
    path_number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The request has invalidated nothing yet.
    Begun(Stamp),
    /// The request has invalidated the path, and nothing else has.
    Alone(Stamp),
    /// Something else has invalidated the path too, or may have.
    Lost,
}

impl OwnInvalidation {
    pub(crate) fn from(backend: Option<usize>, path_number: u64, begun: Stamp) -> Self {
        Self { backend, path_number, state: Arc::new(Mutex::new(State::Begun(begun))) }
    }

    pub(crate) fn is_of(&self, backend: Option<usize>) -> bool {
        self.backend == backend
    }

    /// Notes an invalidation that the request itself made; `moved` is absent if its effect on the epoch is unknown.
    pub(crate) fn note(&self, target: &Target, moved: Option<Moved>) {
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

    /// A stamp for the answer: later than the request's own invalidations of its path. `None` if there were others, or may have been.
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
    fn there_is_a_stamp_if_only_the_request_itself_advanced_the_epoch() {
        let path = |step| (7, Some(step));
        for (steps, expected) in [
            (vec![], None),
            (vec![path(moved(1, 0, 8))], Some(8)),
            (vec![path(moved(1, 5, 6))], Some(6)),
            (vec![path(moved(1, 4, 8)), path(moved(1, 8, 9))], Some(9)),
            // The epoch of another path does not matter.
            (vec![(8, Some(moved(1, 0, 6)))], None),
            (vec![path(moved(1, 5, 6)), (8, Some(moved(1, 7, 8))), (8, None)], Some(6)),
            // Another invalidation came in between, before or after the first of the request's own.
            (vec![path(moved(1, 6, 7))], None),
            (vec![path(moved(1, 5, 6)), path(moved(1, 7, 8))], None),
            // Another incarnation of the clock, or an unknown effect.
            (vec![path(moved(2, 5, 6))], None),
            (vec![path(moved(1, u64::MAX, 6))], None),
            (vec![(7, None)], None),
            (vec![(7, None), path(moved(1, 5, 6))], None),
        ] {
            let own = OwnInvalidation::from(None, 7, BEGUN);
            for (path, step) in &steps {
                own.note(&Target::path_numbered(*path), *step);
            }
            assert_eq!(own.stamp().map(|stamp| stamp.clock), expected, "{steps:?}");
        }
    }
}
