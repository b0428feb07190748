//! Schedules of a copy that is found valid and used, beside invalidations by another process, explored by shuttle. Run as those
//! of the epochs.

use shuttle::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{Before, NearCopy};
use crate::{
    epoch::{
        Effect, Stamp,
        in_process::{InProcessEpochs, Marks},
        target::Mark,
    },
    util::lock::{explore, schedules},
};

/// As of which clock a copy is found valid.
#[derive(Debug, Clone, Copy, PartialEq)]
enum AsOf {
    /// A settled one, read before the epochs.
    Before,
    /// Mistake: one that is read after the epochs.
    After,
    /// Mistake: one of which the last step may not have reached its epoch.
    Unsettled,
}

/// A response that was made of the first version, its copy, and the epochs of the backend.
struct World {
    far: InProcessEpochs,
    here: InProcessEpochs,
    marks: Marks,
    stamp: Stamp,
    copy: NearCopy,
    version: AtomicU64,
    /// No request that begins now may be answered from an earlier version.
    confirmed: AtomicU64,
    as_of: AsOf,
}

impl World {
    fn new(as_of: AsOf) -> Arc<Self> {
        let (far, here) = (InProcessEpochs::new(), InProcessEpochs::new());
        let marks = far.marks("h", &[0], &["g"]);
        let copy = NearCopy::new(Box::new([here.marks("h", &[0], &["g"])]));
        let stamp = far.reading(&marks, far.now()).stamp();
        Arc::new(Self { far, here, marks, stamp, copy, version: AtomicU64::new(1), confirmed: AtomicU64::new(1), as_of })
    }

    fn clock(&self) -> Option<Stamp> {
        if self.as_of == AsOf::Unsettled {
            return Some(self.far.reading(&self.marks, self.far.now()).stamp());
        }
        self.far.settled_clock()
    }

    /// A look at the epochs without the content.
    fn validate(&self) {
        let before = || Before {
            here: self.here.now(),
            far: self.clock(),
            #[cfg(feature = "redis")]
            generation: None,
        };
        let early = before();
        let is_valid = self.far.expired(&self.marks) <= self.stamp.clock;
        let before = if self.as_of == AsOf::After { before() } else { early };
        if is_valid {
            self.copy.was_valid(self.stamp, before);
        }
    }

    fn write(&self) {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        self.far.advance_now(Mark::Group("g"), Effect::Invalidate);
        self.confirmed.fetch_max(version, Ordering::SeqCst);
    }

    /// One that concerns another response.
    fn write_elsewhere(&self) {
        self.far.advance_now(Mark::Path(1), Effect::Invalidate);
    }

    /// A request that may be answered from the copy without another look.
    fn read(&self) {
        let least = self.confirmed.load(Ordering::SeqCst);
        if self.copy.is_valid_here(&self.here) && self.far.settled_clock().is_some_and(|clock| self.copy.is_valid_at(self.stamp, clock)) {
            assert_eq!(least, 1, "a copy of the first version was used after another one was confirmed");
        }
    }
}

fn side_by_side(as_of: AsOf, schedules: usize) {
    explore(schedules, move || {
        let world = World::new(as_of);
        let threads: [fn(&World); 4] = [
            |world| {
                world.validate();
                world.read();
            },
            World::write,
            // In front of files all paths of a place meet; under shuttle all paths do.
            World::write_elsewhere,
            |world| {
                world.read();
                world.validate();
                world.read();
            },
        ];
        let threads: Vec<_> = threads
            .into_iter()
            .map(|thread| {
                let world = Arc::clone(&world);
                thread::spawn(move || thread(&world))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        world.read();
    });
}

#[test]
fn no_schedule_uses_a_copy_past_an_invalidation() {
    side_by_side(AsOf::Before, schedules());
}

#[test]
#[should_panic(expected = "was used after")]
fn the_same_schedules_find_a_clock_that_is_read_after_the_epochs() {
    side_by_side(AsOf::After, 20_000);
}

#[test]
#[should_panic(expected = "was used after")]
fn the_same_schedules_find_a_clock_whose_last_step_is_under_way() {
    side_by_side(AsOf::Unsettled, 20_000);
}

#[test]
fn what_this_process_invalidates_is_not_used_from_then_on() {
    explore(schedules() / 10, || {
        let world = World::new(AsOf::Before);
        world.validate();
        assert!(world.copy.is_valid_here(&world.here));
        let other = Arc::clone(&world);
        let invalidates = thread::spawn(move || {
            other.here.advance_now(Mark::Group("g"), Effect::Invalidate);
            other.confirmed.store(2, Ordering::SeqCst);
        });
        let is_invalidated = world.confirmed.load(Ordering::SeqCst) == 2;
        assert!(!is_invalidated || !world.copy.is_valid_here(&world.here));
        invalidates.join().unwrap();
        assert!(!world.copy.is_valid_here(&world.here));
    });
}
