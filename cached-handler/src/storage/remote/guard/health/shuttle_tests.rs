//! Schedules of calls that fail and succeed beside each other, and of the worker, explored by shuttle; see
//! `epoch/shuttle_tests.rs` for the command. What the machine does is explored by `tests.rs`; here it is the lock and the number
//! around it. Each rule is broken once, and the schedules find it.

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
    TornEvent,
    /// The phase is stored after the lock was released.
    LatePhase,
    /// The worker looks whether it is needed before it takes the lock under which it goes.
    EarlyLook,
    /// Openings and closings are counted after the lock was released.
    LateCount,
}

/// The health, and what the guard does around it.
struct World {
    health: Health,
    /// Whether there is a worker; under its lock the worker goes, and is started.
    works: Mutex<bool>,
    /// How many circuit breakers are open by what was counted: one, or none.
    gauge: AtomicI64,
    mistake: Mistake,
}

impl World {
    fn new(mistake: Mistake) -> Arc<Self> {
        let health = Health::new(&BackendLimits::new());
        Arc::new(Self { health, works: Mutex::new(false), gauge: AtomicI64::new(0), mistake })
    }

    fn on(&self, event: Event<'_>) -> Actions {
        match self.mistake {
            Mistake::TornEvent => {
                let mut machine = lock(&self.health.machine).clone();
                let actions = machine.on(event, 0);
                *lock(&self.health.machine) = machine;
                actions
            }
            Mistake::LatePhase => {
                let mut machine = lock(&self.health.machine);
                let (actions, phase) = (machine.on(event, 0), machine.phase());
                drop(machine);
                self.health.phase.store(phase, Ordering::Relaxed);
                actions
            }
            Mistake::LateCount => {
                let actions = self.health.on(event, 0, |_| ());
                actions.breaker.into_iter().for_each(|is_open| self.counts(is_open));
                actions
            }
            Mistake::None | Mistake::EarlyLook => self.health.on(event, 0, |is_open| self.counts(is_open)),
        }
    }

    fn counts(&self, is_open: bool) {
        let before = self.gauge.fetch_add(if is_open { 1 } else { -1 }, Ordering::SeqCst);
        assert_eq!(before, i64::from(!is_open), "a circuit breaker is open once or not at all");
    }

    fn succeeds(&self) {
        if !self.health.is_calm() {
            self.on(Event::Succeeded(Operation::Read));
        }
    }

    /// Whether this failure opens the circuit breaker.
    fn fails(&self) -> bool {
        self.on(Event::Failed(Operation::Read, Fault::Sick("slow"), None)).breaker == Some(true)
    }

    /// The same, and a worker is started.
    fn fails_with_worker(self: &Arc<Self>) {
        if self.on(Event::Failed(Operation::Read, Fault::Sick("slow"), None)).worker {
            let mut works = self.works.lock().unwrap();
            if !std::mem::replace(&mut *works, true) {
                let world = Arc::clone(self);
                thread::spawn(move || world.works());
            }
        }
    }

    /// All probes succeed.
    fn works(&self) {
        let is_needed = || self.health.see(Machine::needs_worker);
        loop {
            self.on(Event::ProbeDue);
            self.on(Event::ProbeEnded(Ok(())));
            let early = is_needed();
            let mut works = self.works.lock().unwrap();
            if !(if self.mistake == Mistake::EarlyLook { early } else { is_needed() }) {
                *works = false;
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
        let opened = side_by_side(&world, 6, |world| world.fails());
        assert_eq!(opened.iter().filter(|opened| **opened).count(), 1, "five failures open it once");
    });
}

/// Failures open it; calls that were under way beside them succeed.
fn some_end_late(mistake: Mistake) {
    explore(schedules(), move || {
        let world = World::new(mistake);
        let late = begun(&world, 2, |world| world.succeeds());
        let mut is_open = false;
        for _ in 0..10 {
            is_open |= world.fails();
            assert!(!is_open || !world.health.allows_calls(), "only a probe closes it");
        }
        late.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(is_open && !world.health.allows_calls(), "only a probe closes it");
    });
}

/// Callers fail while a worker comes and goes.
fn a_worker_comes_and_goes(mistake: Mistake) {
    explore(schedules(), move || {
        let world = World::new(mistake);
        (0..4).for_each(|_| assert!(!world.fails()));
        side_by_side(&world, 3, |world| (0..5).for_each(|_| world.fails_with_worker()));
        // The worker ends at last, as all probes succeed.
        while *world.works.lock().unwrap() {
            thread::yield_now();
        }
        assert!(world.health.allows_calls(), "it is open, and nobody probes");
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
    a_worker_comes_and_goes(Mistake::None);
}

#[test]
#[should_panic(expected = "five failures open it once")]
fn the_same_schedules_find_an_event_in_two_steps() {
    five_fail(Mistake::TornEvent);
}

#[test]
#[should_panic(expected = "only a probe closes it")]
fn the_same_schedules_find_a_phase_that_is_stored_late() {
    some_end_late(Mistake::LatePhase);
}

#[test]
#[should_panic(expected = "it is open, and nobody probes")]
fn the_same_schedules_find_a_worker_that_looks_before_it_locks() {
    a_worker_comes_and_goes(Mistake::EarlyLook);
}

#[test]
#[should_panic(expected = "a circuit breaker is open once or not at all")]
fn the_same_schedules_find_a_count_after_the_lock() {
    a_worker_comes_and_goes(Mistake::LateCount);
}
