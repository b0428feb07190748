//! The epochs of a namespace: one file of fixed size, read by position, shared by several processes.
//!
//! A reader takes no lock. What it reads says of itself whether it is whole: every place holds a sum over its numbers,
//! its position and the incarnation, so that half of a write, a block of zeros or a restored older file is never taken
//! for an epoch. A writer holds the lock of the file `lock`, moves the clock on, then the epoch. A table that is short,
//! damaged, or of another boot gets a new, random incarnation **in place**, where every process sees it with its next
//! read; everything stored before is unusable then.

mod alone;
mod clock;
mod known;
mod mend;
mod record;
mod seal;
mod seen;
mod sets;
mod spot;

use std::{
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use smallvec::SmallVec;

pub(super) use self::{
    known::KnownSpots,
    record::Moment,
    spot::{Spot, spots},
};
use self::{
    record::{CLOCK, Entry, Epoch, FRONT, Front, PLACE},
    seal::{is_sealed, number_of, seal, unseal},
    seen::Seen,
    spot::At,
};
use super::{
    disk::{Folder, Patience, read_at, state, sync, write_at},
    fault::Fault,
};
use crate::epoch::{Effect, EpochSnapshot, Moved, Stamp, target::Mark};

/// The table, open.
#[derive(Debug)]
pub(super) struct Table {
    file: OwnedFd,
    /// A file of its own: locks belong to it, however the table is mended.
    lock: OwnedFd,
    /// The folder that holds the table, and the folder above it.
    folders: [Arc<Folder>; 2],
    /// What tells this table from any other that may lie there: see `seal.rs`. As it was last looked at.
    number: AtomicU64,
    /// The lock of a file is the process's; this one is its threads'.
    alone: Mutex<()>,
    /// What was read since anything was last invalidated.
    read: RwLock<Seen>,
}

/// For which boots of the machine a table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boot {
    /// This one: what the disk keeps of a table when the power fails is not known.
    This([u64; 2]),
    /// Any: every invalidation is on the disk before it is done.
    Any,
}

impl Boot {
    fn words(self) -> [u64; 2] {
        match self {
            Self::This(words) => words,
            Self::Any => [0; 2],
        }
    }
}

/// Of each epoch that concerns a response.
type Each<T> = SmallVec<[T; 8]>;

impl Table {
    /// Opens it, made or made anew where it has to be, and where it did not begin after a given moment. `root`: the folder
    /// that `home` is in.
    pub(super) fn open(root: Folder, home: &Arc<Folder>, boot: Boot, unless_after: Option<Moment>) -> Result<Self, Fault> {
        let table = Self {
            file: home.open_to_share("table")?,
            lock: home.open_to_share("lock")?,
            folders: [Arc::clone(home), Arc::new(root)],
            number: AtomicU64::new(0),
            alone: Mutex::default(),
            read: RwLock::default(),
        };
        table.locked(|| {
            if let Some(moment) = unless_after {
                table.end_unless_after(moment)?;
            }
            table.mend_locked(Some(boot))
        })?;
        Ok(table)
    }

    /// Makes all that rests on it unusable, wherever it is by now. Without its lock, which may be gone: whoever finds it so
    /// begins anew.
    pub(super) fn end(&self) {
        _ = write_at(&self.file, &[&[0; FRONT]], 0);
    }

    /// With its lock: whoever began it since then is not to lose it.
    fn end_unless_after(&self, moment: Moment) -> Result<(), Fault> {
        self.number.store(number_of(&self.file, &self.folders)?, Ordering::Relaxed);
        match self.front(Patience::AnyTime) {
            Ok(front) if front.begun <= moment => self.end(),
            Ok(_) | Err(Fault::Damaged) => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// Begins anew where it is not what was written last, where it was written.
    pub(super) fn must_be_the_one(&self) -> Result<(), Fault> {
        self.locked(|| self.mended_front().map(drop))
    }

    /// The clock, and then the latest of the epochs at `spots`.
    pub(super) fn read(&self, spots: &[Spot], patience: Patience) -> Result<EpochSnapshot, Fault> {
        // A writer may be halfway through a place: then it is whole in a moment.
        for _ in 0..3 {
            match self.read_once(spots, patience) {
                Err(Fault::Damaged) => std::hint::spin_loop(),
                outcome => return outcome,
            }
        }
        // A place that stays broken may be one that is being written all the time, or all are while it is mended.
        if patience == Patience::None {
            return Err(Fault::NotAtHand);
        }
        self.locked(|| self.read_once(spots, patience))
    }

    /// Moves the clock on, then the epoch of `mark`.
    pub(super) fn advance(
        &self,
        mark: Mark<'_>,
        effect: Effect,
        is_in_place: impl FnOnce() -> Result<bool, Fault>,
    ) -> Result<Moved, Fault> {
        self.locked(|| {
            if !is_in_place()? {
                return Err(Fault::Gone);
            }
            let front = self.mended_front()?;
            let now = front.clock.saturating_add(1);
            if front.boot != Boot::Any {
                unseal(&self.lock)?;
            }
            self.put(CLOCK, front.incarnation, Epoch { expired: now, invalidated: front.settled })?;
            let before = match Spot::of(mark).at(front.incarnation) {
                At::InSet(set, number) => self.advance_in_set(set, number, now, effect, &front)?,
                At::Position(position) => {
                    let before = self.epoch(position, front.incarnation, Patience::AnyTime)?;
                    self.put(position, front.incarnation, before.moved_to(now, effect))?;
                    before
                }
            };
            self.put(CLOCK, front.incarnation, Epoch::at(now))?;
            self.keep(front.boot)?;
            Ok(Moved { from: before.expired, to: Stamp { incarnation: front.incarnation, clock: now } })
        })
    }

    /// The front, with the lock held; that of a table which was begun anew, where it had to be.
    fn mended_front(&self) -> Result<Front, Fault> {
        self.number.store(number_of(&self.file, &self.folders)?, Ordering::Relaxed);
        let front = match self.front(Patience::AnyTime) {
            Err(Fault::Damaged) => None,
            front => Some(front?),
        };
        match front {
            Some(front) if self.is_as_it_was_kept(front.boot)? => Ok(front),
            Some(front) => {
                self.begin(Some(front.boot))?;
                self.front(Patience::AnyTime)
            }
            None => {
                self.mend_locked(None)?;
                self.front(Patience::AnyTime)
            }
        }
    }

    /// After the last write: what is to survive the power is on the disk, and what is not is sealed. Both would cost twice
    /// the time, and what the disk has of two files after a failure need not belong together.
    fn keep(&self, boot: Boot) -> Result<(), Fault> {
        if boot == Boot::Any { sync(&self.file) } else { seal(&self.file, &self.lock) }
    }

    fn is_as_it_was_kept(&self, boot: Boot) -> Result<bool, Fault> {
        if boot == Boot::Any { Ok(true) } else { is_sealed(&self.file, &self.lock) }
    }

    fn read_once(&self, spots: &[Spot], patience: Patience) -> Result<EpochSnapshot, Fault> {
        let front = self.front(patience)?;
        let places: Each<At> = spots.iter().map(|spot| spot.at(front.incarnation)).collect();
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).latest(&front, &places);
        let latest = match known {
            Some(latest) => latest,
            None => self.read_all(&front, &places, patience)?,
        };
        Ok(EpochSnapshot { incarnation: front.incarnation, clock: front.clock, invalidated: latest.invalidated, expired: latest.expired })
    }

    fn read_all(&self, front: &Front, places: &[At], patience: Patience) -> Result<Epoch, Fault> {
        let mut latest = front.all;
        let mut epochs = Each::<Epoch>::new();
        for at in places {
            let epoch = match *at {
                At::Position(position) => self.epoch(position, front.incarnation, patience)?,
                At::InSet(set, number) => self.epoch_in_set(set, number, front.incarnation, patience)?,
            };
            epochs.push(epoch);
            latest.take(epoch);
        }
        if front.is_settled() {
            self.read.write().unwrap_or_else(PoisonError::into_inner).note(front, places, &epochs);
        }
        Ok(latest)
    }

    /// What every look-up reads, in one call.
    fn front(&self, patience: Patience) -> Result<Front, Fault> {
        let state = state(&self.file)?;
        if state.names == 0 {
            return Err(Fault::Gone);
        }
        let mut place = [0; FRONT];
        if read_at(&self.file, &mut place, 0, patience)? < FRONT {
            return Err(Fault::Damaged);
        }
        Front::decode(&place, self.number.load(Ordering::Relaxed)).ok_or(Fault::Damaged)
    }

    fn epoch(&self, position: u64, incarnation: u64, patience: Patience) -> Result<Epoch, Fault> {
        Ok(self.entry(position, incarnation, patience)?.epoch)
    }

    fn entry(&self, position: u64, incarnation: u64, patience: Patience) -> Result<Entry, Fault> {
        let mut place = [0; PLACE];
        if read_at(&self.file, &mut place, position, patience)? < PLACE {
            return Err(Fault::Damaged);
        }
        Entry::decode(&place, position, incarnation).ok_or(Fault::Damaged)
    }

    fn put(&self, position: u64, incarnation: u64, epoch: Epoch) -> Result<(), Fault> {
        self.put_entry(position, incarnation, Entry { number: 0, epoch })
    }

    fn put_entry(&self, position: u64, incarnation: u64, entry: Entry) -> Result<(), Fault> {
        write_at(&self.file, &[&entry.encode(position, incarnation)], position)
    }
}

/// The file: its front, then paths, and the sets of groups, of the keys of typed values, and of handlers.
const PLACES: u64 = 4096;
const PATHS: u64 = 1 << 16;
const SHARED_END: u64 = PLACES + PATHS * PLACE as u64;

#[cfg(test)]
mod tests;
