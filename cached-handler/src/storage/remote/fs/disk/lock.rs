//! A folder that one process at a time may change, for as long as it takes to look and to write.

use std::time::Duration;

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::{Fault, Folder};

/// Longer than anybody holds it who is not stopped, and shorter than storing may take.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Whose turn it is, until this is dropped.
#[derive(Debug)]
#[must_use]
pub(in crate::storage::remote::fs) struct Turn<'a>(&'a Folder);

impl Drop for Turn<'_> {
    /// Otherwise it ends when the folder is closed.
    fn drop(&mut self) {
        _ = flock(&self.0.0, FlockOperation::Unlock);
    }
}

pub(in crate::storage::remote::fs) fn lock(folder: &Folder) -> Result<Turn<'_>, Fault> {
    let mut pause = Duration::from_micros(20);
    let mut waited = Duration::ZERO;
    loop {
        match flock(&folder.0, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Turn(folder)),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if waited < LONGEST_WAIT => {
                std::thread::sleep(pause);
                waited += pause;
                pause = (pause * 2).min(Duration::from_millis(2));
            }
            Err(Errno::AGAIN) => return Err(Fault::Contended),
            Err(errno) => return Err(Fault::of("flock")(errno)),
        }
    }
}
