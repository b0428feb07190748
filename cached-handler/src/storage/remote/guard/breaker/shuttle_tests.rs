//! Schedules of calls that fail and go well beside each other, and of whoever nurses the backend, explored by shuttle;
//! see `epoch/shuttle_tests.rs` for the command. Each rule is broken once, and the schedules find it.

use shuttle::{
    sync::{Arc, Mutex, atomic::AtomicI64},
    thread,
};

use super::*;
use crate::util::lock::{explore, schedules};

/// The mistake that the schedules have to find.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// A failure is noted in two steps.
    TornCount,
    /// A call that ends late closes what has opened meanwhile.
    LateSuccess,
    /// The nurse looks back before it takes the lock under which it goes.
    EarlyLook,
    /// Whoever changes it counts its own change, whatever others have counted meanwhile.
    OwnCount,
}

/// The breaker, and what the guard does around it.
struct World {
    breaker: Breaker,
    /// Whether somebody probes; under its lock whoever does goes, and is called.
    is_nursed: Mutex<bool>,
    /// What was last counted, and how many are open by that count: one, or none.
    counted_open: Mutex<bool>,
    gauge: AtomicI64,
    mistake: Mistake,
}

impl World {
    fn new(mistake: Mistake) -> Arc<Self> {
        let [is_nursed, counted_open] = std::array::from_fn(|_| Mutex::new(false));
        Arc::new(Self { breaker: Breaker::new(5, 10), is_nursed, counted_open, gauge: AtomicI64::new(0), mistake })
    }

    fn failed(&self) -> Change {
        if self.mistake != Mistake::TornCount {
            return self.breaker.failed();
        }
        let last = self.breaker.last.load(Ordering::Relaxed);
        if last == OPEN {
            return Change::None;
        }
        let next = self.breaker.after_failure(last);
        self.breaker.last.store(next, Ordering::Relaxed);
        if next == OPEN { Change::Opened } else { Change::None }
    }

    fn succeeded(&self) {
        if self.mistake == Mistake::LateSuccess {
            self.breaker.close();
        } else {
            self.breaker.succeeded();
        }
    }

    /// What the guard counts after it was opened, or closed.
    fn count(&self, changed_to: bool) {
        if self.mistake == Mistake::OwnCount {
            return self.gauge_moves(changed_to);
        }
        let mut counted = self.counted_open.lock().unwrap();
        let is_open = self.breaker.is_open();
        if *counted != is_open {
            *counted = is_open;
            self.gauge_moves(is_open);
        }
    }

    fn gauge_moves(&self, up: bool) {
        let before = self.gauge.fetch_add(if up { 1 } else { -1 }, Ordering::SeqCst);
        assert_eq!(before, i64::from(!up), "a breaker is open once or not at all");
    }

    /// A call of the backend that fails, as the guard sees it.
    fn fails(self: &Arc<Self>) {
        if self.failed() == Change::Opened {
            self.count(true);
            let mut is_nursed = self.is_nursed.lock().unwrap();
            if !*is_nursed {
                *is_nursed = true;
                let world = Arc::clone(self);
                thread::spawn(move || world.nurse());
            }
        }
    }

    /// Its probes go well.
    fn nurse(&self) {
        loop {
            if self.breaker.is_open() {
                self.breaker.close();
                self.count(false);
            }
            let needs_care = self.breaker.is_open();
            let mut is_nursed = self.is_nursed.lock().unwrap();
            let needs_care = if self.mistake == Mistake::EarlyLook { needs_care } else { self.breaker.is_open() };
            if !needs_care {
                *is_nursed = false;
                return;
            }
        }
    }
}

fn begun<T: Send + 'static>(world: &Arc<World>, threads: usize, work: fn(&Arc<World>) -> T) -> Vec<thread::JoinHandle<T>> {
    let one = |_| {
        let world = Arc::clone(world);
        thread::spawn(move || work(&world))
    };
    (0..threads).map(one).collect()
}

fn side_by_side<T: Send + 'static>(world: &Arc<World>, threads: usize, work: fn(&Arc<World>) -> T) -> Vec<T> {
    begun(world, threads, work).into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Five callers fail, each once, and one more beside them.
fn five_fail(mistake: Mistake) {
    explore(schedules(), move || {
        let world = World::new(mistake);
        let changes = side_by_side(&world, 6, |world| world.failed());
        assert_eq!(changes.iter().filter(|change| **change == Change::Opened).count(), 1, "five failures open it once");
        assert!(world.breaker.is_open(), "five failures open it once");
    });
}

/// Five have failed; others, which were under way, still end well.
fn some_end_late(mistake: Mistake) {
    explore(schedules(), move || {
        let world = World::new(mistake);
        let late = begun(&world, 2, |world| world.succeeded());
        let mut was_open = false;
        for _ in 0..10 {
            was_open |= world.failed() == Change::Opened;
            assert!(!was_open || world.breaker.is_open(), "only a probe closes it");
        }
        late.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(world.breaker.is_open(), "only a probe closes it");
    });
}

/// Callers fail while a nurse comes and goes.
fn a_nurse_comes_and_goes(mistake: Mistake) {
    explore(schedules(), move || {
        let world = World::new(mistake);
        (0..4).for_each(|_| assert_eq!(world.failed(), Change::None));
        side_by_side(&world, 3, |world| (0..5).for_each(|_| world.fails()));
        // Whoever nurses ends at last, as all probes go well.
        while *world.is_nursed.lock().unwrap() {
            thread::yield_now();
        }
        assert!(!world.breaker.is_open(), "it is open, and nobody probes");
        assert_eq!(world.gauge.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn no_schedule_loses_a_failure_or_opens_twice() {
    five_fail(Mistake::None);
}

#[test]
fn no_schedule_lets_a_late_success_close_it() {
    some_end_late(Mistake::None);
}

#[test]
fn no_schedule_leaves_it_open_with_nobody_who_probes() {
    a_nurse_comes_and_goes(Mistake::None);
}

#[test]
#[should_panic(expected = "five failures open it once")]
fn the_same_schedules_find_a_count_in_two_steps() {
    five_fail(Mistake::TornCount);
}

#[test]
#[should_panic(expected = "only a probe closes it")]
fn the_same_schedules_find_a_late_success_that_closes_it() {
    some_end_late(Mistake::LateSuccess);
}

#[test]
#[should_panic(expected = "it is open, and nobody probes")]
fn the_same_schedules_find_a_nurse_that_looks_before_it_locks() {
    a_nurse_comes_and_goes(Mistake::EarlyLook);
}

#[test]
#[should_panic(expected = "a breaker is open once or not at all")]
fn the_same_schedules_find_a_count_of_ones_own_change() {
    a_nurse_comes_and_goes(Mistake::OwnCount);
}
