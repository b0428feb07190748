//! The runtimes that were found to have no timers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::runtime::{Handle, Id};

use crate::util::lock::lock;

/// The runtimes that were found last. One that was dropped from the list is tried again.
static RUNTIMES: Mutex<Vec<Id>> = Mutex::new(Vec::new());
/// Whether the list has any entry, so that most programs never lock it.
static ANY: AtomicBool = AtomicBool::new(false);

/// The most entries of the list.
const MOST: usize = 64;

pub(super) fn is(runtime: &Handle) -> bool {
    ANY.load(Ordering::Relaxed) && lock(&RUNTIMES).contains(&runtime.id())
}

/// Adds a runtime; returns whether it is the first one.
pub(super) fn note(runtime: &Handle) -> bool {
    let mut runtimes = lock(&RUNTIMES);
    if runtimes.len() >= MOST {
        runtimes.remove(0);
    }
    runtimes.push(runtime.id());
    !ANY.swap(true, Ordering::Relaxed)
}
