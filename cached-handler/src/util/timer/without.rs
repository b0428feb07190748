//! Which runtimes were found to have no timers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::runtime::{Handle, Id};

use crate::util::lock::lock;

/// Those that were found last; one that is forgotten is asked once more.
static RUNTIMES: Mutex<Vec<Id>> = Mutex::new(Vec::new());
/// Without any, nobody looks.
static ANY: AtomicBool = AtomicBool::new(false);

/// A program has a few.
const MOST: usize = 64;

pub(super) fn is(runtime: &Handle) -> bool {
    ANY.load(Ordering::Relaxed) && lock(&RUNTIMES).contains(&runtime.id())
}

/// Whether it is the first.
pub(super) fn note(runtime: &Handle) -> bool {
    let mut runtimes = lock(&RUNTIMES);
    if runtimes.len() >= MOST {
        runtimes.remove(0);
    }
    runtimes.push(runtime.id());
    !ANY.swap(true, Ordering::Relaxed)
}
