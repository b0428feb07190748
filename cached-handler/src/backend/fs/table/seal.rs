//! Whether a table is the one that was written last, where it was written: not a copy of it that was brought back, and not
//! one that was away while invalidations were made elsewhere.
//!
//! Three things tell. The **number** in its front is that of the file: its number on the disk, when it came into being
//! (which no program can set), and when its folders were last renamed. The **seal** lies in the file `lock`, and is when
//! the system last changed the table (`st_ctime`): written after every write to it, so that a copy that was written over
//! it is noticed, and a copy of the seal with it. And a process that finds the directory gone **ends** the table that it
//! holds, wherever that is by now.

use std::{os::fd::OwnedFd, sync::Arc};

use rustix::io::Errno;

use crate::backend::fs::{
    check::{bytes, sum},
    disk::{Folder, Patience, born, read_at, renamed, state, write_at},
    fault::Fault,
};

/// The number of an open table in these folders: the namespace's, and the author's above it.
pub(super) fn number_of(table: &OwnedFd, folders: &[Arc<Folder>]) -> Result<u64, Fault> {
    let [seconds, nanos] = born(table)?;
    let mut parts = vec![state(table)?.number(), seconds, nanos];
    for folder in folders {
        parts.push(renamed(folder)?);
    }
    Ok(sum(&parts))
}

/// Whether the table is as it was when it was last sealed.
pub(super) fn is_sealed(table: &OwnedFd, lock: &OwnedFd) -> Result<bool, Fault> {
    let mut place = [0; LENGTH];
    let read = read_at(lock, &mut place, 0, Patience::AnyTime)?;
    Ok(read == LENGTH && place == of(table)?)
}

/// To be called with the lock held, after the last write to the table.
pub(super) fn seal(table: &OwnedFd, lock: &OwnedFd) -> Result<(), Fault> {
    match write_at(lock, &[&of(table)?], 0) {
        // A table that is written in place needs no space; a seal may, the first time. Without one it begins anew later.
        Err(fault) if fault.is(Errno::NOSPC) || fault.is(Errno::DQUOT) => Ok(()),
        outcome => outcome,
    }
}

fn of(table: &OwnedFd) -> Result<[u8; LENGTH], Fault> {
    let [seconds, nanos] = state(table)?.changed.words();
    Ok(bytes(&[seconds, nanos, sum(&[seconds, nanos])]))
}

/// Three words.
const LENGTH: usize = 24;
