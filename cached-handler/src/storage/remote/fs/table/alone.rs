//! One writer at a time, of all threads and processes.

use std::time::Duration;

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::Table;
use crate::{
    storage::remote::fs::{disk::state, fault::Fault},
    util::lock::lock,
};

/// Shorter than an invalidation may take.
const LONGEST_WAIT: Duration = Duration::from_millis(900);

impl Table {
    /// With no other writer, of this process or another. One that is stopped while it writes is not waited for without
    /// end: the threads that may wait are few.
    pub(super) fn locked<T>(&self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let _alone = lock(&self.alone);
        let mut pause = Duration::from_micros(20);
        let mut waited = Duration::ZERO;
        loop {
            match flock(&self.lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if waited < LONGEST_WAIT => {
                    std::thread::sleep(pause);
                    waited += pause;
                    pause = (pause * 2).min(Duration::from_millis(5));
                }
                Err(Errno::AGAIN) => return Err(Fault::Locked),
                Err(errno) => return Err(Fault::of("flock")(errno)),
            }
        }
        // If the lock file was removed, later processes lock another file, and both may write at once: check the lock
        // before and after, and write again if the file has changed.
        let outcome = self.lock_is_in_place().and_then(|()| work()).and_then(|done| self.lock_is_in_place().map(|()| done));
        flock(&self.lock, FlockOperation::Unlock).map_err(Fault::of("flock")).and(outcome)
    }

    fn lock_is_in_place(&self) -> Result<(), Fault> {
        if state(&self.lock)?.names == 0 { Err(Fault::Gone) } else { Ok(()) }
    }
}
