//! Files of stored responses that were read lately, still open: to open one takes several times as long as to read it.
//!
//! A kept file may answer a look-up if, at some moment of that look-up, its name led to it. Whatever gives a file a name
//! or takes one from it (`unlink`, `link`, `rename` of it or over it), in any process, sets the time of its last change
//! (`st_ctime`). A file is kept if, after it was opened by name, it has one name, and its last change is older than the
//! look-up is, by more than the system's clock can lag behind: so nothing was done to it since before it was opened, and
//! that one name is the one it was opened by. While it says that it has not changed since, that is so still. Otherwise
//! it is opened by name, as any other.
//!
//! What no file tells is that a folder above it got another name, by hand or by `clear` in another process, or that the
//! system's clock was set back in just that moment: therefore none is kept for longer than a second without being opened
//! by name again. And whatever is read, the epochs decide about it afterwards, as ever: nothing kept brings back what was
//! invalidated.
//!
//! A request never waits here, and hardly ever closes a kept file, only where it has one in hand that the sweeping thread
//! lets go of at the same moment: with the last descriptor of a file that has no name its
//! blocks are freed, which may wait for the disk. The sweeping thread does that, and whoever writes.

use std::{
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::process::{Resource, getrlimit};

use super::{
    disk::{Changed, Identity, state},
    entry::FileName,
};
use crate::util::lock::lock;

/// The open files: sets of a few places each, of which a name has one.
#[derive(Debug)]
pub(super) struct Kept {
    sets: Box<[Mutex<Set>]>,
    /// There are some to close.
    closing: AtomicBool,
    /// In seconds of the wall clock: the process had no descriptor left, and got these back.
    none_until: AtomicU64,
}

/// Most of them, and no more than this part of what the process may open.
const MOST: u64 = 128;
const PART: u64 = 16;
const PLACES: usize = 4;

/// How long one may go without being opened by name.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// Ten ticks of the slowest clock that stamps changes.
const CLOCK_LAG: Duration = Duration::from_millis(100);
const PAUSE: u64 = 60;

#[derive(Debug, Default)]
struct Set {
    places: [Option<Open>; PLACES],
    uses: u64,
    /// Which one was opened last without finding a place: asked for again before another is, it gets one.
    candidate: u64,
}

#[derive(Debug)]
struct Open {
    name: FileName,
    file: Arc<OwnedFd>,
    identity: Identity,
    changed: Changed,
    length: usize,
    /// When it was last opened by name.
    since: SystemTime,
    used: u64,
    /// Replaced, or least recently used: to be closed.
    retired: bool,
}

impl Kept {
    pub(super) fn new() -> Self {
        let may = getrlimit(Resource::Nofile).current.map_or(MOST, |may| MOST.min(may / PART));
        // Elsewhere nothing is read on the thread of a request, and so nothing kept.
        Self::at_most(if cfg!(target_os = "linux") { may } else { 0 })
    }

    fn at_most(files: u64) -> Self {
        let sets = usize::try_from(files).unwrap_or(0) / PLACES;
        Self {
            sets: std::iter::repeat_with(Mutex::default).take(sets).collect(),
            closing: AtomicBool::new(false),
            none_until: AtomicU64::new(0),
        }
    }

    /// The file to which a name leads now, and its length when it was kept; `None` where it has to be opened.
    pub(super) fn find(&self, name: &FileName, now: SystemTime) -> Option<(Arc<OwnedFd>, usize)> {
        let (file, changed, length) = self.try_set(name)?.find(name, now)?;
        let state = state(&file).ok()?;
        if state.names == 0 {
            self.closing.store(true, Ordering::Relaxed);
        }
        // The time alone would do; the names hold as well where the clock lags further than it should.
        (state.names == 1 && state.changed == changed).then_some((file, length))
    }

    /// Keeps a file that was opened by this name and read whole, if it can be told from then on whether the name still
    /// leads to it. `before`: a moment before it was opened.
    pub(super) fn keep(&self, name: &FileName, file: OwnedFd, length: usize, before: SystemTime) {
        if secs(before) < self.none_until.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut set) = self.try_set(name) else { return };
        if !set.has_place(name) {
            if set.makes_place(name) {
                self.closing.store(true, Ordering::Relaxed);
            }
            return;
        }
        let Ok(state) = state(&file) else { return };
        if state.names != 1 || !state.changed.is_before(before, CLOCK_LAG) {
            return;
        }
        let (identity, changed, used) = (state.identity, state.changed, set.uses);
        match set.places.iter_mut().flatten().find(|open| open.is_for(name)) {
            // The same file, once more: the first descriptor stays.
            Some(open) if open.identity == identity => (open.changed, open.length, open.since) = (changed, length, before),
            Some(open) => {
                open.retired = true;
                self.closing.store(true, Ordering::Relaxed);
            }
            None => {
                if let Some(place) = set.places.iter_mut().find(|place| place.is_none()) {
                    let (name, file) = (*name, Arc::new(file));
                    *place = Some(Open { name, file, identity, changed, length, since: before, used, retired: false });
                }
            }
        }
    }

    /// Whether some are to be closed, which is not for requests to do; said once.
    pub(super) fn wants_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed) && self.closing.swap(false, Ordering::Relaxed)
    }

    /// Closes those that are not worth a descriptor any more, or hold the blocks of a removed file. May wait for the disk.
    pub(super) fn close_unneeded(&self, now: SystemTime) {
        self.closing.store(false, Ordering::Relaxed);
        self.close(|open| !open.lasts(now) || !state(&open.file).is_ok_and(|state| state.names == 1));
    }

    /// Closes that of a name which leads elsewhere now. May wait for the disk.
    pub(super) fn forget(&self, name: &FileName) {
        if let Some(set) = self.set(name) {
            close_of(set, |open| open.retired || open.name == *name);
        }
    }

    /// Gives all descriptors back, and takes no others for a while; whether there were any.
    pub(super) fn give_back(&self, now: SystemTime) -> bool {
        self.none_until.store(secs(now).saturating_add(PAUSE), Ordering::Relaxed);
        self.close(|_| true) > 0
    }

    /// Closes all. May wait for the disk.
    pub(super) fn close_all(&self) {
        self.close(|_| true);
    }

    fn close(&self, is_over: impl Fn(&Open) -> bool) -> usize {
        self.sets.iter().map(|set| close_of(set, &is_over)).sum()
    }

    fn set(&self, name: &FileName) -> Option<&Mutex<Set>> {
        let at = name.bits().checked_rem(self.sets.len() as u64)?;
        self.sets.get(usize::try_from(at).ok()?)
    }

    /// Whoever would have to wait for it does without.
    fn try_set(&self, name: &FileName) -> Option<MutexGuard<'_, Set>> {
        self.set(name)?.try_lock().ok()
    }

    #[cfg(test)]
    #[cfg(target_os = "linux")]
    pub(super) fn count(&self) -> usize {
        self.sets.iter().map(|set| lock(set).places.iter().flatten().count()).sum()
    }
}

/// Closes those of a set, and says how many.
fn close_of(set: &Mutex<Set>, is_over: impl Fn(&Open) -> bool) -> usize {
    let over = lock(set).places.each_mut().map(|place| place.take_if(|open| is_over(open)));
    // Closed here, with nobody locked out.
    over.into_iter().flatten().count()
}

impl Set {
    fn find(&mut self, name: &FileName, now: SystemTime) -> Option<(Arc<OwnedFd>, Changed, usize)> {
        let open = self.places.iter_mut().flatten().find(|open| open.is_for(name) && open.lasts(now))?;
        self.uses += 1;
        open.used = self.uses;
        Some((Arc::clone(&open.file), open.changed, open.length))
    }

    fn has_place(&self, name: &FileName) -> bool {
        self.places.iter().any(|place| place.as_ref().is_none_or(|open| open.is_for(name)))
    }

    /// Has the least recently used one closed for one that was asked for twice; whether it did.
    fn makes_place(&mut self, name: &FileName) -> bool {
        let was_asked = std::mem::replace(&mut self.candidate, name.bits()) == name.bits();
        if !was_asked || self.places.iter().flatten().any(|open| open.retired) {
            return false;
        }
        let least = self.places.iter_mut().flatten().min_by_key(|open| open.used);
        least.is_some_and(|open| {
            open.retired = true;
            true
        })
    }
}

impl Open {
    fn is_for(&self, name: &FileName) -> bool {
        !self.retired && self.name == *name
    }

    /// Not where the clock was set back, either: how long ago it was opened cannot be told then.
    fn lasts(&self, now: SystemTime) -> bool {
        !self.retired && now.duration_since(self.since).is_ok_and(|open| open < KEPT_FOR)
    }
}

fn secs(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
