//! The epochs of a namespace: one file of fixed size, read by position, shared by several processes.
//!
//! A reader takes no lock. What it reads says of itself whether it is whole: every place holds a sum over its numbers,
//! its position and the incarnation, so that half of a write, a block of zeros or a restored older file is never taken
//! for an epoch. A writer holds the lock of the file `lock`, moves the clock on, then the epoch. A table that is short,
//! damaged, or of another boot gets a new, random incarnation **in place**, where every process sees it with its next
//! read; everything stored before is unusable then.

mod record;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    os::fd::OwnedFd,
    sync::{Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use smallvec::SmallVec;

use self::record::{ALL, CLOCK, Epoch, FRONT, Front, PLACE};
use super::{
    check::sum_of,
    disk::{Folder, Patience, read_at, state, sync, write_at},
    fault::Fault,
};
use crate::{
    backend::{Effect, Moved, Reading, Scopes, Stamp},
    invalidate::Mark,
    sync::lock,
};

/// The table, open.
#[derive(Debug)]
pub(super) struct Table {
    file: OwnedFd,
    /// A file of its own: locks belong to it, however the table is mended.
    lock: OwnedFd,
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

/// Where the epochs lie that concern a response.
pub(super) type Positions<T = u64> = SmallVec<[T; 8]>;

/// Epochs that were read while the clock stood where it stands: as long as it does, nobody has changed one.
///
/// The front of the table says how far the clock is (`clock`), and up to which time all epochs are written (`settled`).
/// Where both are the same, every invalidation that has returned is in the epochs that are read from then on.
#[derive(Debug, Default)]
struct Seen {
    incarnation: u64,
    clock: u64,
    epochs: HashMap<u64, Epoch>,
}

/// Most places that are held: 256 KiB.
const MOST_SEEN: usize = 8192;

impl Seen {
    fn latest(&self, front: &Front, positions: &[u64]) -> Option<Epoch> {
        if !front.is_settled() || (self.incarnation, self.clock) != (front.incarnation, front.clock) {
            return None;
        }
        let mut latest = front.all;
        for position in positions {
            latest.take(*self.epochs.get(position)?);
        }
        Some(latest)
    }

    fn note(&mut self, front: &Front, positions: &[u64], epochs: &[Epoch]) {
        let is_other = (self.incarnation, self.clock) != (front.incarnation, front.clock);
        if is_other || self.epochs.len() + epochs.len() > MOST_SEEN {
            *self = Self { incarnation: front.incarnation, clock: front.clock, epochs: HashMap::new() };
        }
        self.epochs.extend(positions.iter().copied().zip(epochs.iter().copied()));
    }
}

impl Table {
    /// Opens it, made or made anew where it has to be.
    pub(super) fn open(home: &Folder, boot: Boot) -> Result<Self, Fault> {
        let table = Self {
            file: home.open_to_share("table")?,
            lock: home.open_to_share("lock")?,
            alone: Mutex::default(),
            read: RwLock::default(),
        };
        table.locked(|| table.mend_locked(Some(boot)))?;
        Ok(table)
    }

    /// The clock, and then the latest of the epochs at `positions`.
    pub(super) fn read(&self, positions: &[u64], patience: Patience) -> Result<Reading, Fault> {
        // A writer may be halfway through a place: then it is whole in a moment.
        for _ in 0..3 {
            match self.read_once(positions, patience) {
                Err(Fault::Damaged) => std::hint::spin_loop(),
                outcome => return outcome,
            }
        }
        // A place that stays broken may be one that is being written all the time, or all are while it is mended.
        if patience == Patience::None {
            return Err(Fault::NotAtHand);
        }
        self.locked(|| self.read_once(positions, patience))
    }

    /// Moves the clock on, then the epoch of `mark`.
    pub(super) fn advance(&self, mark: Mark<'_>, effect: Effect, is_in_place: impl FnOnce() -> bool) -> Result<Moved, Fault> {
        self.locked(|| {
            if !is_in_place() {
                return Err(Fault::Gone);
            }
            let front = match self.front(Patience::AnyTime) {
                Err(Fault::Damaged) => {
                    self.mend_locked(None)?;
                    self.front(Patience::AnyTime)?
                }
                front => front?,
            };
            let position = position_of(mark);
            let before = self.epoch(position, front.incarnation, Patience::AnyTime)?;
            let now = front.clock.saturating_add(1);
            self.put(CLOCK, front.incarnation, Epoch { expired: now, invalidated: front.settled })?;
            let invalidated = if effect == Effect::Invalidate { now } else { before.invalidated };
            self.put(position, front.incarnation, Epoch { invalidated, expired: now })?;
            self.put(CLOCK, front.incarnation, Epoch::at(now))?;
            if front.boot == Boot::Any {
                sync(&self.file)?;
            }
            Ok(Moved { from: before.expired, to: Stamp { incarnation: front.incarnation, clock: now } })
        })
    }

    /// Makes a damaged table anew. Another may have done so since.
    pub(super) fn mend(&self) -> Result<(), Fault> {
        self.locked(|| self.mend_locked(None))
    }

    fn read_once(&self, positions: &[u64], patience: Patience) -> Result<Reading, Fault> {
        let front = self.front(patience)?;
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).latest(&front, positions);
        let latest = match known {
            Some(latest) => latest,
            None => self.read_all(&front, positions, patience)?,
        };
        Ok(Reading { incarnation: front.incarnation, clock: front.clock, invalidated: latest.invalidated, expired: latest.expired })
    }

    fn read_all(&self, front: &Front, positions: &[u64], patience: Patience) -> Result<Epoch, Fault> {
        let mut latest = front.all;
        let mut epochs = Positions::<Epoch>::new();
        for position in positions {
            let epoch = self.epoch(*position, front.incarnation, patience)?;
            epochs.push(epoch);
            latest.take(epoch);
        }
        if front.is_settled() {
            self.read.write().unwrap_or_else(PoisonError::into_inner).note(front, positions, &epochs);
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
        Front::decode(&place, state.number()).ok_or(Fault::Damaged)
    }

    fn epoch(&self, position: u64, incarnation: u64, patience: Patience) -> Result<Epoch, Fault> {
        let mut place = [0; PLACE];
        if read_at(&self.file, &mut place, position, patience)? < PLACE {
            return Err(Fault::Damaged);
        }
        Epoch::decode(&place, position, incarnation).ok_or(Fault::Damaged)
    }

    fn put(&self, position: u64, incarnation: u64, epoch: Epoch) -> Result<(), Fault> {
        write_at(&self.file, &[&epoch.encode(position, incarnation)], position)
    }

    /// Begins anew where a place is not as it was written, or the table is of another boot. `boot`: it is being opened.
    fn mend_locked(&self, boot: Option<Boot>) -> Result<(), Fault> {
        let front = match self.front(Patience::AnyTime) {
            Err(Fault::Damaged) => None,
            front => Some(front?),
        };
        if let Some(front) = front.filter(|front| boot.is_none_or(|boot| boot == front.boot)) {
            // Within one boot a table is what was written, unless somebody harms it: whoever reads the place finds out.
            if boot.is_some() && front.boot != Boot::Any && state(&self.file)?.length == END {
                return Ok(());
            }
            if let Some(latest) = self.latest(front.incarnation)? {
                return self.go_on(&front, latest);
            }
        }
        tracing::info!(target: "cached_handler", "the table of epochs begins anew; nothing stored before is used");
        self.begin(boot.or(front.map(|front| front.boot)))
    }

    /// A clock that is later than any that was read before: when the power failed, the disk may have missed its last steps,
    /// with which responses were stamped that it did not miss.
    fn go_on(&self, front: &Front, latest: u64) -> Result<(), Fault> {
        let clock = latest.max(front.clock);
        if front.boot != Boot::Any {
            return if clock > front.clock { self.put(CLOCK, front.incarnation, Epoch::at(clock)) } else { Ok(()) };
        }
        self.put(CLOCK, front.incarnation, Epoch::at(clock.saturating_add(MORE_THAN_UNSYNCED)))?;
        sync(&self.file)
    }

    /// The latest of all epochs; `None` where one is damaged.
    fn latest(&self, incarnation: u64) -> Result<Option<u64>, Fault> {
        let mut latest = 0;
        let mut buffer = vec![0; CHUNK];
        for start in (PLACES..END).step_by(CHUNK) {
            let read = read_at(&self.file, &mut buffer, start, Patience::AnyTime)?;
            let wanted = CHUNK.min(usize::try_from(END - start).unwrap_or(CHUNK));
            if read < wanted {
                return Ok(None);
            }
            for (place, position) in buffer.chunks_exact(PLACE).take(wanted / PLACE).zip((start..).step_by(PLACE)) {
                match Epoch::decode(place, position, incarnation) {
                    Some(epoch) => latest = latest.max(epoch.expired).max(epoch.invalidated),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(latest))
    }

    /// A new incarnation: its number first, so that from then on nobody takes an older place for one of it.
    fn begin(&self, boot: Option<Boot>) -> Result<(), Fault> {
        let number = state(&self.file)?.number();
        let boot = boot.unwrap_or(Boot::Any);
        let incarnation = random();
        let front = Front { incarnation, boot, clock: 1, settled: 1, all: Epoch::default() };
        write_at(&self.file, &[&front.encode(number)], 0)?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for start in (PLACES..END).step_by(CHUNK) {
            chunk.clear();
            let end = END.min(start + CHUNK as u64);
            for position in (start..end).step_by(PLACE) {
                chunk.extend_from_slice(&Epoch::default().encode(position, incarnation));
            }
            write_at(&self.file, &[&chunk], start)?;
        }
        if boot == Boot::Any { sync(&self.file) } else { Ok(()) }
    }

    /// With no other writer, of this process or another. One that is stopped while it writes is not waited for without
    /// end: the threads that may wait are few.
    fn locked<T>(&self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
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
        // Whoever comes after somebody has removed the file locks another one. What was written meanwhile may have gone
        // between another's writes, and is written again.
        let outcome = self.lock_is_in_place().and_then(|()| work()).and_then(|done| self.lock_is_in_place().map(|()| done));
        flock(&self.lock, FlockOperation::Unlock).map_err(Fault::of("flock")).and(outcome)
    }

    fn lock_is_in_place(&self) -> Result<(), Fault> {
        if state(&self.lock)?.names == 0 { Err(Fault::Gone) } else { Ok(()) }
    }
}

/// The places of a response's epochs, but for that of the namespace, which is always read.
pub(super) fn positions(scopes: &Scopes<'_>) -> Positions {
    let groups = scopes.groups().iter().map(|group| Mark::Group(group));
    [Mark::Handler(scopes.handler()), Mark::PathBucket(scopes.path_bucket())].into_iter().chain(groups).map(position_of).collect()
}

/// Names share places: an invalidation costs the owner of another name a miss at most, once in as many times as there
/// are places.
fn position_of(mark: Mark<'_>) -> u64 {
    let at = |name: &str, places: u64| sum_of(name.as_bytes()) % places;
    let place = match mark {
        Mark::All => return ALL,
        Mark::Handler(name) => at(name, HANDLERS),
        Mark::PathBucket(bucket) => HANDLERS + u64::from(bucket),
        Mark::Group(name) => HANDLERS + PATHS + at(name, GROUPS),
    };
    PLACES + place * PLACE as u64
}

/// A number that no one else has: std's hashers are seeded by the system.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The file: its front, then handlers, paths, groups.
const PLACES: u64 = 4096;
const HANDLERS: u64 = 4096;
const PATHS: u64 = 1 << 16;
const GROUPS: u64 = 1 << 16;
const END: u64 = PLACES + (HANDLERS + PATHS + GROUPS) * PLACE as u64;
const CHUNK: usize = 64 << 10;
/// Steps of the clock that are not on the disk: one at most, as each waits for its own.
const MORE_THAN_UNSYNCED: u64 = 16;
/// Shorter than an invalidation may take.
const LONGEST_WAIT: Duration = Duration::from_millis(900);

#[cfg(test)]
mod tests;
