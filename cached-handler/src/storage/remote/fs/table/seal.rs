//! Whether a table is the one that was written last, where it was written: not a copy of it that was brought back, and not
//! one that was away while invalidations were made elsewhere.
//!
//! Three things tell. The **number** in its front is that of the file: its number on the disk, when it came into being
//! (which no program can set), and when its folders were last renamed. The **seal** lies in the file `lock`, and is when
//! the system last changed the table (`st_ctime`): written after every write to it, so that a copy that was written over
//! it is noticed, and a copy of the seal with it. Before a write a **mark** of the moment takes its place, so that the table
//! of a writer that was killed before it could seal it, and that nobody changed later, goes on. And a process that finds the directory gone **ends** the table that it
//! holds, wherever that is by now.

use std::{os::fd::OwnedFd, sync::Arc};

use rustix::io::Errno;

use super::record::Moment;
use crate::storage::remote::fs::{
    check::{bytes, sum, words},
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

/// Whether the table is as it was when it was last sealed, or as a writer left it that began to write and was killed.
pub(super) fn is_sealed(table: &OwnedFd, lock: &OwnedFd) -> Result<bool, Fault> {
    let mut place = [0; LENGTH];
    if read_at(lock, &mut place, 0, Patience::AnyTime)? < LENGTH {
        return Ok(false);
    }
    let [seconds, nanos] = state(table)?.changed.words();
    Ok(match words(&place) {
        Some([MARK, moment, check]) if check == sum(&[MARK, moment]) => {
            let changed = seconds.saturating_mul(1_000_000).saturating_add(nanos / 1000);
            (moment.saturating_sub(COARSE)..=moment.saturating_add(WRITING)).contains(&changed)
        }
        _ => place == seal_of(seconds, nanos),
    })
}

/// To be called with the lock held, before the first write to the table.
pub(super) fn unseal(lock: &OwnedFd) -> Result<(), Fault> {
    let Moment(moment) = Moment::now();
    may_lack_room(write_at(lock, &[&bytes::<LENGTH>(&[MARK, moment, sum(&[MARK, moment])])], 0))
}

/// To be called with the lock held, after the last write to the table.
pub(super) fn seal(table: &OwnedFd, lock: &OwnedFd) -> Result<(), Fault> {
    let [seconds, nanos] = state(table)?.changed.words();
    may_lack_room(write_at(lock, &[&seal_of(seconds, nanos)], 0))
}

/// A table that is written in place needs no space; a seal may, the first time. Without one it begins anew later.
fn may_lack_room(outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(fault) if fault.is(Errno::NOSPC) || fault.is(Errno::DQUOT) => Ok(()),
        outcome => outcome,
    }
}

fn seal_of(seconds: u64, nanos: u64) -> [u8; LENGTH] {
    bytes(&[seconds, nanos, sum(&[seconds, nanos])])
}

/// Three words.
const LENGTH: usize = 24;
/// What no seal begins with.
pub(super) const MARK: u64 = u64::from_le_bytes(*b"unsealed");
/// In microseconds: by how much the times of files may be behind the clock, and how long a writer may have taken.
const COARSE: u64 = 100_000;
const WRITING: u64 = 1_000_000;
