//! The backend `fs`: files that survive a restart and need no server; one directory, shared by several processes.
//!
//! A look-up is tried at once, on the thread of the request (`look_up_now`): what the system has in memory it gives without
//! a wait (Linux). Everything else is one hop to a thread that may block. Read `place.rs` next, then `table.rs` and
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
mod shared;
mod sweep;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tokio::sync::Semaphore;

pub(crate) use self::settings::Settings;
use self::{
    disk::Patience,
    entry::{FileName, HEAD, Head},
    fault::Fault,
    hop::Hop,
    place::{New, Place},
    shared::Shared,
    sweep::Note,
    table::{KnownSpots, spots},
};
use super::{Answer, LookedUp, Put, Remote, latest_stamp::LatestStamp, store::Store};
use crate::{
    epoch::{Effect, EpochSnapshot, Epochs, Moved, Order, Scopes, Stamp, target::Target},
    error::Error,
    key::storage_key::StoreKey,
};

/// Responses in files, and their epochs in one.
pub(crate) struct Fs {
    shared: Arc<Shared>,
    known: LatestStamp,
    known_spots: KnownSpots,
    hop: Hop,
    /// Invalidations wait for one another here, rather than on the threads for blocking calls.
    advancing: Semaphore,
}

impl Fs {
    pub(crate) fn new(settings: Settings) -> Self {
        let (shared, known, known_spots) = (Arc::new(Shared::new(settings)), LatestStamp::default(), KnownSpots::new());
        Self { shared, known, known_spots, hop: Hop::new(), advancing: Semaphore::new(1) }
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
        match self.look_now(now, &look) {
            Some(found) => Ok(found),
            None => self.blocking(move |place| look(place, now, Patience::AnyTime)).await,
        }
    }

    /// At once, or not at all.
    fn look_now<T>(&self, now: SystemTime, look: impl Fn(&Place, SystemTime, Patience) -> Result<T, Fault>) -> Option<T> {
        let place = self.shared.current()?;
        let found = look(&place, now, Patience::None).ok()?;
        if place.kept().wants_closing() {
            self.shared.note(Note::Close);
        }
        if self.shared.looks_after_the_directory() {
            self.shared.note(Note::Look);
        }
        Some(found)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl Fn(&Place) -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let shared = Arc::clone(&self.shared);
        self.hop.run(move |_| shared.with_place(work)).await
    }

    /// In one hop: what can be found without a wait, [`look_up_now`](Remote::look_up_now) has found.
    async fn look_up_both(&self, key: &StoreKey, scopes: &Scopes<'_>) -> Result<LookedUp, Error> {
        let (name, spots) = (FileName::of(key), self.known_spots.of(key, scopes));
        let now = self.shared.now();
        let found = self.blocking(move |place| place.look_up(&name, &spots, now, Patience::AnyTime)).await?;
        Ok(self.noted(found, name, now))
    }

    /// What was found, noted.
    fn noted(&self, found: LookedUp, name: FileName, now: SystemTime) -> LookedUp {
        self.known.note(&found.1);
        if found.0.is_some() {
            self.shared.used(name, now);
        }
        found
    }
}

impl Fs {
    async fn moved_by(&self, target: &Target, effect: Effect) -> Result<Moved, Error> {
        let _turn = self.advancing.acquire().await.map_err(Error::backend)?;
        let target = target.clone();
        let moved = self.blocking(move |place| place.advance(target.mark(), effect)).await?;
        self.known.note(&EpochSnapshot { incarnation: moved.to.incarnation, clock: moved.to.clock, invalidated: 0, expired: 0 });
        Ok(moved)
    }
}

impl Store for Fs {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let name = FileName::of(key);
        let bytes = self.look(move |place, now, patience| place.get(&name, now, patience)).await?;
        if bytes.is_some() {
            self.shared.used(name, self.shared.now());
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
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        let spots = spots(scopes);
        let reading = self.look(move |place, _, patience| place.table().read(&spots, patience)).await?;
        self.known.note(&reading);
        Ok(reading)
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.moved_by(target, effect).await.map(drop)
    }
}

impl Remote for Fs {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, LookedUp> {
        Box::pin(self.look_up_both(key, scopes))
    }

    fn look_up_now(&self, key: &StoreKey, scopes: &Scopes<'_>) -> Option<LookedUp> {
        let (name, now) = (FileName::of(key), self.shared.now());
        let spots = self.known_spots.of(key, scopes);
        let found = self.look_now(now, |place, now, patience| place.look_up(&name, &spots, now, patience))?;
        Some(self.noted(found, name, now))
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(Store::get(self, key))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, EpochSnapshot> {
        Box::pin(Epochs::read(self, scopes))
    }

    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<EpochSnapshot>> {
        Box::pin(async move {
            let all: Vec<_> = scopes.iter().map(spots).collect();
            let read = move |place: &Place, _, patience| all.iter().map(|spots| place.table().read(spots, patience)).collect();
            let readings: Vec<EpochSnapshot> = self.look(read).await?;
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

    fn settled_clock(&self) -> Option<Stamp> {
        let place = self.shared.current()?;
        let clock = place.table().settled_clock().ok()?;
        if self.shared.looks_after_the_directory() {
            self.shared.note(Note::Look);
        }
        clock
    }
}

impl fmt::Debug for Fs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fs").field("directory", &self.shared.settings.directory).finish_non_exhaustive()
    }
}
