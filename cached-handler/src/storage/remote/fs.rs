//! The backend `fs`: files that survive a restart and need no server; one directory, shared by several processes.
//!
//! A look-up is tried at once, on the thread of the request: what the system has in memory it gives without a wait
//! (Linux). Everything else is one hop to a thread that may block. Read `place.rs` next, then `table.rs` and
//! `kept.rs`.

mod check;
mod disk;
mod entry;
mod evict;
mod fault;
mod hop;
mod kept;
mod place;
mod quota;
mod recency;
mod settings;
mod sweep;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tokio::{sync::Semaphore, time::Instant};

pub(crate) use self::settings::Settings;
use self::{
    disk::Patience,
    entry::{FileName, HEAD, Head},
    fault::Fault,
    hop::Hop,
    place::{New, Place},
    quota::Quota,
    recency::Recency,
    sweep::{Note, Notes},
    table::spots,
};
use super::{Answer, Backend, Put, known::Known, store::Store};
use crate::{
    epoch::{Effect, Epochs, Moved, Order, Reading, Scopes, Stamp, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    util::lock::lock,
};

/// Responses in files, and their epochs in one.
pub(crate) struct Fs {
    shared: Arc<Shared>,
    known: Known,
    hop: Hop,
    /// Invalidations wait for one another here, rather than on the threads for blocking calls.
    advancing: Semaphore,
}

/// What the threads for blocking calls hold, too.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    place: RwLock<Option<Arc<Place>>>,
    opening: Mutex<()>,
    /// When it is to be looked at next whether the directory is where it was, in milliseconds since the backend was made.
    look_next: AtomicU64,
    since: Instant,
    quota: Quota,
    recency: Recency,
    notes: OnceLock<Option<Notes>>,
}

impl Fs {
    pub(crate) fn new(settings: Settings) -> Self {
        let shared = Shared {
            quota: Quota::new(settings.capacity),
            settings,
            place: RwLock::new(None),
            opening: Mutex::new(()),
            look_next: AtomicU64::new(0),
            since: Instant::now(),
            recency: Recency::new(),
            notes: OnceLock::new(),
        };
        Self { shared: Arc::new(shared), known: Known::default(), hop: Hop::new(), advancing: Semaphore::new(1) }
    }

    /// Opens the directory now, so that what is wrong with it is said when the cache is built, and its clock is known to the
    /// first request. Otherwise it is opened by the first look-up.
    pub(crate) async fn open(&self) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let read = |shared: &Arc<Shared>| shared.place().map(|place| place.table().read(&[], Patience::AnyTime).ok());
        let opened = match tokio::runtime::Handle::try_current() {
            Ok(_) => self.hop.run(move |_| read(&shared)).await,
            Err(_) => read(&shared),
        };
        opened.map(|reading| reading.iter().for_each(|reading| self.known.note(reading))).map_err(|fault| {
            let directory = self.shared.settings.directory.display();
            Error::config(format!("the backend `fs` cannot use the directory `{directory}`: {fault}"))
        })
    }

    /// At once where no disk has to be waited for, otherwise in one hop.
    async fn look<T: Send + 'static>(
        &self,
        look: impl Fn(&Place, SystemTime, Patience) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let now = self.shared.now();
        if let Some(place) = self.shared.current()
            && let Ok(found) = look(&place, now, Patience::None)
        {
            if place.kept().wants_closing() {
                self.shared.note(Note::Close);
            }
            if self.shared.looks_after_the_directory() {
                self.shared.note(Note::Look);
            }
            return Ok(found);
        }
        self.blocking(move |place| look(place, now, Patience::AnyTime)).await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl Fn(&Place) -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let shared = Arc::clone(&self.shared);
        self.hop.run(move |_| shared.with_place(work)).await
    }

    async fn look_up_both(&self, key: &StoreKey, scopes: &Scopes<'_>) -> Result<(Option<Bytes>, Reading), Error> {
        let (name, spots) = (FileName::of(key), spots(scopes));
        let found = self.look(move |place, now, patience| place.look_up(&name, &spots, now, patience)).await;
        let (bytes, reading) = found?;
        self.known.note(&reading);
        if bytes.is_some() {
            self.shared.used(name);
        }
        Ok((bytes, reading))
    }
}

impl Fs {
    async fn moved_by(&self, target: &Target, effect: Effect) -> Result<Moved, Error> {
        let _turn = self.advancing.acquire().await.map_err(Error::backend)?;
        let target = target.clone();
        let moved = self.blocking(move |place| place.advance(target.mark(), effect)).await?;
        self.known.note(&Reading { incarnation: moved.to.incarnation, clock: moved.to.clock, invalidated: 0, expired: 0 });
        Ok(moved)
    }
}

impl Store for Fs {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let name = FileName::of(key);
        let bytes = self.look(move |place, now, patience| place.get(&name, now, patience)).await?;
        if bytes.is_some() {
            self.shared.used(name);
        }
        Ok(bytes)
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        self.put_unless(key, bytes, keep_for, None).await.map(drop)
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        let name = FileName::of(key);
        Ok(self.blocking(move |place| place.remove(&name)).await?)
    }

    async fn clear(&self) -> Result<(), Error> {
        Ok(self.blocking(Place::clear).await?)
    }
}

impl Fs {
    async fn put_unless(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration, unless_after: Option<Order>) -> Result<Put, Error> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let at_rest = length.saturating_add(HEAD as u64);
        if !self.shared.quota.admits(at_rest) {
            // A store may lose what it is given; but whoever gave it is to know.
            self.shared.note(Note::Scan);
            return Err(Fault::NoRoom.into());
        }
        let (shared, name) = (Arc::clone(&self.shared), FileName::of(key));
        let now = shared.now();
        let unless_after = unless_after.map(|order| (order, *key.digest()));
        let new = New { name, head: Head::new(now, keep_for, length), bytes, now, unless_after, durable: shared.settings.durable };
        let put = self.hop.run(move |given_up| shared.with_place(|place| place.put(&new, given_up))).await?;
        if put == Put::Stored && self.shared.quota.add(at_rest) {
            self.shared.note(Note::Scan);
        }
        Ok(put)
    }
}

impl Epochs for Fs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<Reading, Error> {
        let spots = spots(scopes);
        let reading = self.look(move |place, _, patience| place.table().read(&spots, patience)).await?;
        self.known.note(&reading);
        Ok(reading)
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.moved_by(target, effect).await.map(drop)
    }
}

impl Backend for Fs {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)> {
        Box::pin(self.look_up_both(key, scopes))
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(Store::get(self, key))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading> {
        Box::pin(Epochs::read(self, scopes))
    }

    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<Reading>> {
        Box::pin(async move {
            let all: Vec<_> = scopes.iter().map(spots).collect();
            let read = move |place: &Place, _, patience| all.iter().map(|spots| place.table().read(spots, patience)).collect();
            let readings: Vec<Reading> = self.look(read).await?;
            for reading in &readings {
                self.known.note(reading);
            }
            Ok(readings)
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        _: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put> {
        Box::pin(self.put_unless(key, bytes, keep_for, unless_after))
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(Store::remove(self, key))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        Box::pin(Epochs::advance(self, target, effect))
    }

    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        Box::pin(async move { self.moved_by(target, effect).await.map(Some) })
    }

    fn probe(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(self.blocking(|place| place.table().read(&[], Patience::AnyTime).map(drop)).await?) })
    }

    fn known(&self) -> Option<Stamp> {
        self.known.stamp()
    }
}

impl Shared {
    fn now(&self) -> SystemTime {
        self.settings.clock.wall()
    }

    /// The open directory, if it is open.
    fn current(&self) -> Option<Arc<Place>> {
        self.place.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open directory; opened, and made, where it has to be.
    fn place(self: &Arc<Self>) -> Result<Arc<Place>, Fault> {
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
    fn look_after_the_directory(&self) {
        let Some(place) = self.current() else { return };
        if matches!(place.is_in_place(), Ok(false)) || matches!(place.table().must_be_the_one(), Err(Fault::Gone)) {
            self.forget(&place);
        }
    }

    /// Whether it is time to look, for which requests ask once in a while. The sweeping thread looks.
    fn looks_after_the_directory(&self) -> bool {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.look_next.load(Ordering::Relaxed);
        let later = now.saturating_add(BETWEEN_LOOKS);
        now >= next && self.look_next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Closes a directory that is not there any more.
    fn forget(&self, gone: &Arc<Place>) {
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
    fn with_place<T>(self: &Arc<Self>, work: impl Fn(&Place) -> Result<T, Fault>) -> Result<T, Fault> {
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
    fn used(&self, name: FileName) {
        if self.recency.is_news(&name, self.now()) {
            self.note(Note::Used(name));
        }
    }

    fn note(&self, note: Note) {
        if let Some(Some(notes)) = self.notes.get() {
            // A full queue is no loss: the next use is noted.
            _ = notes.try_send(note);
        }
    }

    /// Closes what is not worth a descriptor any more.
    fn close_unneeded(&self) {
        if let Some(place) = self.current() {
            place.kept().close_unneeded(self.now());
        }
    }

    fn note_use(&self, name: &FileName) {
        if let Some(place) = self.current() {
            _ = place.home().touch(name.path(), self.now());
        }
    }
}

/// Milliseconds between two looks at where the directory is, while there are requests.
const BETWEEN_LOOKS: u64 = 100;

impl fmt::Debug for Fs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fs").field("directory", &self.shared.settings.directory).finish_non_exhaustive()
    }
}
