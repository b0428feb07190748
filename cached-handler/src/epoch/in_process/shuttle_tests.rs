//! Schedules of fills, invalidations, reads, and counters that come and go, explored by shuttle:
//!
//! ```sh
//! RUSTFLAGS="--cfg shuttle" cargo test --package cached-handler --lib --features redis --release --target-dir target/shuttle shuttle_tests
//! ```
//!
//! `CACHED_HANDLER_FULL=1` explores ten times as many. Under shuttle the tables have one entry each, which all names share: the
//! worst case, and the same in every run.

use shuttle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{InProcessEpochs, Marks};
use crate::{
    epoch::{Effect, target::Mark},
    util::lock::{explore, schedules},
};

/// The path bucket of the handler under test.
const BUCKET: u64 = 0;

/// When a run takes its stamp.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stamped {
    Before,
    /// After the run: the mistake that the schedules have to find.
    After,
}

/// When a group is known.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    /// In the attribute: its counter is held before the handler starts.
    Early,
    /// From the response: its counter is held after the run.
    Late,
}

/// A stored response: what its handler saw, its stamp, and the epochs that concern it.
#[derive(Clone)]
struct Stored {
    version: u64,
    stamp: u64,
    marks: Marks,
}

/// The data that handlers read, the stored response, and the oldest version that a read may still return.
struct World {
    epochs: InProcessEpochs,
    version: AtomicU64,
    confirmed: AtomicU64,
    stored: Mutex<Option<Stored>>,
    stamped: Stamped,
    known: Known,
}

impl World {
    fn new(stamped: Stamped, known: Known) -> Arc<Self> {
        Arc::new(Self {
            epochs: InProcessEpochs::new(),
            version: AtomicU64::new(1),
            confirmed: AtomicU64::new(0),
            stored: Mutex::new(None),
            stamped,
            known,
        })
    }

    /// A run, in the order of the real one: clock, marks, handler, groups of the response, store.
    fn fill(&self) {
        let early = self.epochs.now();
        let groups: &[&str] = if self.known == Known::Early { &["g"] } else { &[] };
        let mut marks = self.epochs.marks("h", &[BUCKET], groups);
        let version = self.version.load(Ordering::SeqCst);
        if self.known == Known::Late {
            self.epochs.add_groups(&mut marks, &["g"]);
        }
        let stamp = if self.stamped == Stamped::Before { early } else { self.epochs.now() };
        // Dropped outside of the lock, as the replaced response may hold the last counter of a name.
        let before = self.stored.lock().unwrap().replace(Stored { version, stamp, marks });
        drop(before);
    }

    /// A POST whose answer represents its target: it invalidates its own path, and its answer gets a later stamp if nothing else
    /// invalidated the path.
    fn post(&self) {
        let began = self.epochs.now();
        let marks = self.epochs.marks("h", &[BUCKET], &["g"]);
        let version = self.version.load(Ordering::SeqCst);
        let moved = self.epochs.advance_now(Mark::Path(BUCKET), Effect::Invalidate);
        // The epochs of everything but the path itself.
        let others = self.epochs.expired(&self.epochs.marks("h", &[], &["g"]));
        if moved.from <= began && others <= began {
            let before = self.stored.lock().unwrap().replace(Stored { version, stamp: moved.to.clock, marks });
            drop(before);
        }
    }

    fn write(&self, target: Mark<'_>) {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        self.epochs.advance_now(target, Effect::Invalidate);
        self.confirmed.fetch_max(version, Ordering::SeqCst);
    }

    /// A request: a stored response that answers it is not older than any invalidation before the request.
    fn read(&self) {
        let least = self.confirmed.load(Ordering::SeqCst);
        let stored = self.stored.lock().unwrap().clone();
        if let Some(stored) = stored
            && self.epochs.invalidated(&stored.marks) <= stored.stamp
        {
            assert!(stored.version >= least, "version {} was served after {least} was confirmed", stored.version);
        }
    }

    fn evict(&self) {
        let evicted = self.stored.lock().unwrap().take();
        drop(evicted);
    }

    /// A response of another handler in the same group, stored and evicted at once.
    fn comes_and_goes(&self) {
        drop(self.epochs.marks("other", &[BUCKET], &["g"]));
    }
}

fn side_by_side(world: &Arc<World>, threads: Vec<fn(&World)>) {
    let threads: Vec<_> = threads
        .into_iter()
        .map(|thread| {
            let world = Arc::clone(world);
            thread::spawn(move || thread(&world))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A fill, a write and a read race; when all have ended, another request follows.
fn fill_against(target: Mark<'static>, stamped: Stamped, known: Known, schedules: usize) {
    // `side_by_side` takes plain functions, which cannot capture locals.
    let write: fn(&World) = match target {
        Mark::All => |world| world.write(Mark::All),
        Mark::Handler(_) => |world| world.write(Mark::Handler("h")),
        Mark::Group(_) => |world| world.write(Mark::Group("g")),
        Mark::Path(_) => |world| world.write(Mark::Path(BUCKET)),
    };
    explore(schedules, move || {
        let world = World::new(stamped, known);
        side_by_side(&world, vec![World::fill, write, World::read]);
        world.read();
        // A run that starts now is usable, whatever the tables remember.
        world.fill();
        let stored = world.stored.lock().unwrap().clone().unwrap();
        assert!(world.epochs.invalidated(&stored.marks) <= stored.stamp, "dead on arrival");
    });
}

#[test]
fn no_schedule_serves_a_fill_that_began_before_an_invalidation() {
    for target in [Mark::All, Mark::Handler("h"), Mark::Group("g"), Mark::Path(BUCKET)] {
        fill_against(target, Stamped::Before, Known::Early, schedules() / 8);
    }
    fill_against(Mark::Group("g"), Stamped::Before, Known::Late, schedules() / 2);
}

#[test]
fn no_schedule_serves_an_answer_to_post_that_began_before_an_invalidation() {
    let writes: [fn(&World); 4] = [
        |world| world.write(Mark::All),
        |world| world.write(Mark::Handler("h")),
        |world| world.write(Mark::Group("g")),
        |world| world.write(Mark::Path(BUCKET)),
    ];
    for write in writes {
        explore(schedules() / 4, move || {
            let world = World::new(Stamped::Before, Known::Early);
            side_by_side(&world, vec![World::post, write, World::read]);
            world.read();
            // Without another writer, the answer is stored.
            world.evict();
            world.post();
            assert!(world.stored.lock().unwrap().is_some(), "dead on arrival");
        });
    }
}

#[test]
fn no_schedule_loses_an_invalidation_between_a_counter_that_goes_and_one_that_comes() {
    explore(schedules(), || {
        let world = World::new(Stamped::Before, Known::Late);
        world.fill();
        side_by_side(&world, vec![World::evict, World::fill, |world| world.write(Mark::Group("g")), World::comes_and_goes, World::read]);
        world.read();
    });
}

#[test]
fn no_schedule_leaves_a_name_behind_that_nothing_holds() {
    explore(schedules() / 4, || {
        let world = World::new(Stamped::Before, Known::Early);
        side_by_side(&world, vec![World::fill, World::evict, World::comes_and_goes, |world| world.write(Mark::Group("g"))]);
        world.evict();
        assert_eq!((world.epochs.groups.names(), world.epochs.handlers.names()), (0, 0));
    });
}

#[test]
fn no_schedule_of_two_writers_takes_an_epoch_back() {
    explore(schedules() / 4, || {
        let world = World::new(Stamped::Before, Known::Early);
        let write: fn(&World) = |world| world.write(Mark::Group("g"));
        side_by_side(&world, vec![World::fill, write, write, World::fill]);
        world.read();
    });
}

#[test]
#[should_panic(expected = "was served after")]
fn the_same_schedules_find_a_stamp_that_is_taken_after_the_run() {
    fill_against(Mark::Group("g"), Stamped::After, Known::Early, 10_000);
}
