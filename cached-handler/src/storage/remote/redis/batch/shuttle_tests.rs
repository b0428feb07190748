//! Schedules of look-ups that come, wait and leave beside each other, explored by shuttle; see `epoch/shuttle_tests.rs`
//! for the command. Each rule is broken once, and the schedules find it.

use shuttle::{sync::Arc, thread};

use super::*;
use crate::util::lock::{explore, schedules};

/// The mistake that the schedules have to find.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// Whoever is back takes what is there, whichever batch that is.
    AnyBatch,
    /// Only the first of a batch takes it, and may leave.
    OneCollector,
}

/// Which of three look-ups are sent for, by whom. The first may leave after it has put itself there.
fn three_look_ups(mistake: Mistake, leaves: bool) {
    explore(schedules(), move || {
        let (batches, sent) = (Arc::new(Batches::default()), Arc::new(Mutex::new(Vec::new())));
        // So that two of them fill a batch.
        batches.note(usize::try_from(MOST_BYTES / 2).unwrap());
        let look_ups = (0..3).map(|name: u32| {
            let (batches, sent) = (Arc::clone(&batches), Arc::clone(&sent));
            thread::spawn(move || {
                let batch = match batches.put(name) {
                    Put::Full(batch) => Some(batch),
                    Put::In(_) if leaves && name == 0 => None,
                    Put::In(_) if mistake == Mistake::OneCollector && name != 0 => None,
                    Put::In(_) if mistake == Mistake::AnyBatch => Some(lock(&batches.waiting).take()),
                    Put::In(number) => {
                        thread::yield_now();
                        batches.take(number)
                    }
                };
                if let Some(batch) = batch {
                    lock(&sent).push(batch);
                }
            })
        });
        look_ups.collect::<Vec<_>>().into_iter().for_each(|look_up| look_up.join().unwrap());
        let sent = lock(&sent);
        assert!(sent.iter().all(|batch| (1..=2).contains(&batch.len())), "a command of none, or of too many: {sent:?}");
        let mut names: Vec<u32> = sent.concat();
        names.sort_unstable();
        // One that has left is sent for by others, if there are any who wait with it.
        assert!(names == [0, 1, 2] || (leaves && names == [1, 2]), "not each is sent for once: {names:?}");
    });
}

#[test]
fn each_is_sent_for_once() {
    three_look_ups(Mistake::None, false);
}

#[test]
fn nobody_depends_on_one_who_may_leave() {
    three_look_ups(Mistake::None, true);
}

#[test]
#[should_panic = "a command of none"]
fn taking_any_batch_is_found() {
    three_look_ups(Mistake::AnyBatch, false);
}

#[test]
#[should_panic = "not each is sent for once"]
fn depending_on_one_is_found() {
    three_look_ups(Mistake::OneCollector, true);
}
