//! The open directory: opened on demand, and again where it went, its table mended; what requests note for the sweeping thread.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use tokio::time::Instant;

use super::{
    entry::FileName,
    fault::Fault,
    place::Place,
    quota::Quota,
    recency::Recency,
    settings::Settings,
    sweep::{self, Note, Notes},
};
use crate::util::lock::lock;

/// What the threads for blocking calls hold, too.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) place: RwLock<Option<Arc<Place>>>,
    pub(super) opening: Mutex<()>,
    /// When it is to be looked at next whether the directory is where it was, in milliseconds since the backend was made.
    pub(super) look_next: AtomicU64,
    pub(super) since: Instant,
    pub(super) quota: Quota,
    pub(super) recency: Recency,
    pub(super) notes: OnceLock<Option<Notes>>,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            quota: Quota::new(settings.capacity),
            settings,
            place: RwLock::new(None),
            opening: Mutex::new(()),
            look_next: AtomicU64::new(0),
            since: Instant::now(),
            recency: Recency::new(),
            notes: OnceLock::new(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.settings.clock.wall()
    }

    /// The open directory, if it is open.
    pub(super) fn current(&self) -> Option<Arc<Place>> {
        self.place.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open directory; opened, and made, where it has to be.
    pub(super) fn place(self: &Arc<Self>) -> Result<Arc<Place>, Fault> {
        if let Some(place) = self.current() {
            return Ok(place);
        }
        let _alone = lock(&self.opening);
        if let Some(place) = self.current() {
            return Ok(place);
        }
        let place = Arc::new(Place::open(&self.settings, self.settings.was_elsewhere_at()?)?);
        *self.place.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&place));
        self.notes.get_or_init(|| sweep::begin(self));
        Ok(place)
    }

    /// A directory that was given another name, or whose table was brought back from elsewhere, begins a new life. An
    /// invalidation sees to it at once; where there is none, this does.
    pub(super) fn look_after_the_directory(&self) {
        let Some(place) = self.current() else { return };
        if matches!(place.is_in_place(), Ok(false)) || matches!(place.table().must_be_the_one(), Err(Fault::Gone)) {
            self.forget(&place);
        }
    }

    /// Whether it is time to look, for which requests ask once in a while. The sweeping thread looks.
    pub(super) fn looks_after_the_directory(&self) -> bool {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.look_next.load(Ordering::Relaxed);
        let later = now.saturating_add(BETWEEN_LOOKS);
        now >= next && self.look_next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Closes a directory that is not there any more.
    pub(super) fn forget(&self, gone: &Arc<Place>) {
        // Nobody is to take it up again where it went: what is invalidated from here on is invalidated elsewhere. Where the
        // system does not say that it went, it is opened again as it is.
        if matches!(gone.is_in_place(), Ok(false)) {
            gone.table().end();
        }
        let mut place = self.place.write().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_some_and(|place| Arc::ptr_eq(place, gone)) {
            *place = None;
        }
        drop(place);
        // Not by a request that has it in hand.
        gone.kept().close_all();
    }

    /// Does something with the directory; once more where it had to be opened again, its table mended,
    /// or descriptors given back.
    pub(super) fn with_place<T>(self: &Arc<Self>, work: impl Fn(&Place) -> Result<T, Fault>) -> Result<T, Fault> {
        let place = self.place()?;
        match work(&place) {
            Err(Fault::Gone) => {
                self.forget(&place);
                work(&*self.place()?)
            }
            Err(Fault::Damaged) => {
                place.table().mend()?;
                work(&place)
            }
            Err(fault) if fault.is_lack_of_descriptors() && place.kept().give_back(self.now()) => work(&place),
            outcome => outcome,
        }
    }

    /// A stored response was used: its file will say so.
    pub(super) fn used(&self, name: FileName, now: SystemTime) {
        if self.recency.is_news(&name, now) {
            self.note(Note::Used(name));
        }
    }

    pub(super) fn note(&self, note: Note) {
        if let Some(Some(notes)) = self.notes.get() {
            // A full queue is no loss: the next use is noted.
            _ = notes.try_send(note);
        }
    }

    /// Closes what is not worth a descriptor any more.
    pub(super) fn close_unneeded(&self) {
        if let Some(place) = self.current() {
            place.kept().close_unneeded(self.now());
        }
    }

    pub(super) fn note_use(&self, name: &FileName) {
        if let Some(place) = self.current() {
            _ = place.home().touch(name.path(), self.now());
        }
    }
}

/// Milliseconds between two looks at where the directory is, while there are requests.
const BETWEEN_LOOKS: u64 = 100;
