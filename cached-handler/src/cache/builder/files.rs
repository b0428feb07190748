//! Setting up the backend `fs`.

use std::path::PathBuf;
#[cfg(unix)]
use std::sync::Arc;

#[cfg(unix)]
use super::limits::Unguarded;
use super::{CacheBuilder, room::LEAST};
use crate::error::Error;
#[cfg(unix)]
use crate::{
    observe::Watch,
    storage::remote::{
        fs::{Fs, Settings},
        guard::Guard,
    },
};

/// What was said of it.
#[derive(Debug)]
pub(super) struct Files {
    directory: Option<PathBuf>,
    capacity: u64,
    durable: bool,
    #[cfg(unix)]
    opened: Option<Fs>,
    /// The directory of what was taken.
    #[cfg(unix)]
    place: PathBuf,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            directory: None,
            capacity: 1 << 30,
            durable: false,
            #[cfg(unix)]
            opened: None,
            #[cfg(unix)]
            place: PathBuf::new(),
        }
    }
}

impl Files {
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }
}

impl CacheBuilder {
    /// Adds the backend `fs`: responses in files below `directory`, for `backend = "fs"`. They survive a restart, and
    /// several processes may share the directory: an invalidation by one counts in all of them. Without this call the
    /// environment may name the directory: `CACHED_HANDLER_FS_DIR`.
    ///
    /// It needs a [`namespace`](Self::namespace): processes with one namespace share their responses, others keep
    /// theirs apart.
    ///
    /// The directory is made where it is missing; a relative path is that of the current directory when the cache is built. It has to belong to the user who runs the process, and nobody else
    /// may write to it; otherwise [`build`](Self::build) says so. It should be on a local disk: on a network's
    /// (NFS) two machines may see each other's invalidations late. After the machine was rebooted nothing stored before
    /// is used, unless [`fs_durable`](Self::fs_durable). Unix only.
    ///
    /// At most 128 files that were read lately are kept open, and no more than a sixteenth of what the process may open.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// use cached_handler::Cache;
    ///
    /// Cache::builder().namespace("shop").fs("/var/cache/shop").build().await?.install()?;
    /// # Ok(()) }
    /// ```
    pub fn fs(mut self, directory: impl Into<PathBuf>) -> Self {
        self.files.directory = Some(directory.into());
        self
    }

    /// How many bytes of the disk the responses of this namespace may take (default 1 GiB). Beyond, those that were used
    /// least recently are removed, in the background; past an eighth more nothing is stored until they are. The table
    /// of invalidations takes 2.1 to 15.1 MiB besides. Less than 64 KiB is an error of [`build`](Self::build).
    ///
    /// What other processes on the directory have written is known by scans: every ten minutes, or after half a minute
    /// where this process has written a sixteenth of the capacity. Between two of them, each counts on half of what was
    /// free at the last one: where many fill an empty directory at once, they go past the capacity until the next scan.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").fs("/var/cache/shop").fs_capacity(20 << 30);
    /// ```
    pub fn fs_capacity(mut self, bytes: u64) -> Self {
        self.files.capacity = bytes;
        self
    }

    /// Keeps responses beyond a reboot or a power failure: each response and each invalidation is on the disk (`fsync`)
    /// before it is done, which costs some milliseconds each. Off by default: then nothing from before a reboot is used.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").fs("/var/cache/shop").fs_durable();
    /// ```
    pub fn fs_durable(mut self) -> Self {
        self.files.durable = true;
        self
    }

    /// Opens the directory, so that what is wrong with it is an error now.
    #[cfg(unix)]
    pub(super) async fn open_files(&mut self) -> Result<(), Error> {
        // Switched off, it is never used.
        if !self.off
            && let Some(files) = self.take_files()
        {
            files.open().await?;
            self.files.opened = Some(files);
        }
        Ok(())
    }

    /// Adds the backend; one that is not open yet is opened by the first look-up.
    #[cfg(unix)]
    pub(super) fn add_files(&mut self) -> Result<(), Error> {
        if let Some(files) = self.files.opened.take().or_else(|| self.take_files()) {
            // One directory by whatever path; where it is not there yet, by its own.
            let place = &self.files.place;
            let place = place.canonicalize().or_else(|_| std::path::absolute(place)).unwrap_or_else(|_| place.clone());
            self.claim(&format!("the directory {} in the namespace `{}`", place.display(), self.namespace))?;
            let watch = Watch::new(NAME, Arc::clone(&self.counts));
            self.backends.push((NAME.to_owned(), Unguarded::new(|limits| Arc::new(Guard::new(NAME, files, limits, watch)))));
        }
        Ok(())
    }

    #[cfg(unix)]
    fn take_files(&mut self) -> Option<Fs> {
        if self.namespace.is_empty() {
            return None;
        }
        let directory = self.files.directory.take().or_else(|| self.directory_of_environment())?;
        // Wherever the process goes from here on, it stays there.
        let directory = std::path::absolute(&directory).unwrap_or(directory);
        self.files.place.clone_from(&directory);
        let Files { capacity, durable, .. } = self.files;
        Some(Fs::new(Settings::new(directory, &self.namespace, capacity, durable, self.clock.clone())))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_async, clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it opens a directory")]
    pub(super) async fn open_files(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it adds a backend")]
    pub(super) fn add_files(&mut self) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn complaints_of_files(&self) -> Vec<String> {
        #[cfg(unix)]
        let is_named = self.files.directory.is_some() || self.files.opened.is_some();
        #[cfg(not(unix))]
        let is_named = self.files.directory.is_some();
        // The environment may be meant for other programs, too.
        let is_meant = is_named || (self.directory_of_environment().is_some() && self.is_asked_for(NAME));
        let mut complaints = Vec::new();
        if is_named && self.backends.iter().any(|(name, _)| name == NAME) {
            complaints.push(format!("two backends are named `{NAME}`; rename yours"));
        }
        if is_meant && self.namespace.is_empty() {
            complaints.push(format!(
                "the backend `{NAME}` needs a namespace, as others may use the directory too; add `.namespace(\"…\")`, with the name of your application, to `Cache::builder()`"
            ));
        }
        if is_meant && self.files.capacity < LEAST {
            let bytes = self.files.capacity;
            complaints
                .push(format!("`.fs_capacity({bytes})` has room for no response; give at least {LEAST} bytes, or leave the backend out"));
        }
        if is_meant && cfg!(not(unix)) {
            complaints.push(format!("the backend `{NAME}` needs Unix; name another in the attribute"));
        }
        complaints
    }

    fn directory_of_environment(&self) -> Option<PathBuf> {
        let is_taken = self.backends.iter().any(|(name, _)| name == NAME);
        let named = std::env::var_os("CACHED_HANDLER_FS_DIR").filter(|directory| !directory.is_empty());
        named.filter(|_| !is_taken && !self.isolated).map(PathBuf::from)
    }
}

const NAME: &str = "fs";
