//! The settings of the backend `fs`.

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

/// The settings that were made.
#[derive(Debug)]
pub(super) struct Files {
    directory: Option<PathBuf>,
    capacity: u64,
    durable: bool,
    #[cfg(unix)]
    opened: Option<Fs>,
    /// The directory that is in use.
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
    /// Adds the backend `fs`: responses in files below `directory`, for `backend = "fs"`. They survive a restart, and several processes
    /// may share the directory: an invalidation by one applies to all of them. Without this call the environment may name the directory:
    /// `CACHED_HANDLER_FS_DIR`.
    ///
    /// It needs a [`namespace`](Self::namespace): processes with the same namespace share their responses, and others do not.
    ///
    /// The directory is created if it is missing; a relative path is resolved when the cache is built. It has to belong to the user who
    /// runs the process, and nobody else may be able to write to it; otherwise [`build`](Self::build) returns an error. It should be on
    /// a local disk: on a network file system (NFS), two machines may see each other's invalidations late. After a reboot of the
    /// machine, responses from before are not used, unless [`fs_durable`](Self::fs_durable) is set. Unix only.
    ///
    /// At most 128 recently read files are kept open, and no more than a sixteenth of the files that the process may open.
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

    /// The most bytes of the disk that the responses of this namespace may take (default 1 GiB). Beyond this, the least recently used
    /// ones are removed in the background; more than an eighth beyond it, nothing is stored until they are. The table of invalidations
    /// takes 2.1 to 15.1 MiB besides. Less than 64 KiB is an error of [`build`](Self::build).
    ///
    /// Each process learns by scans what others have written to the directory: every ten minutes, or after half a minute if it has
    /// itself written a sixteenth of the capacity. Between two scans, each process uses at most half of the space that was free at the
    /// last one: so if many fill an empty directory at the same time, they exceed the capacity until the next scan.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").fs("/var/cache/shop").fs_capacity(20 << 30);
    /// ```
    pub fn fs_capacity(mut self, bytes: u64) -> Self {
        self.files.capacity = bytes;
        self
    }

    /// Keeps responses across a reboot or a power failure: each response and each invalidation is flushed to the disk (`fsync`) before it
    /// completes, which costs some milliseconds each. Off by default: then responses from before a reboot are not used.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").fs("/var/cache/shop").fs_durable();
    /// ```
    pub fn fs_durable(mut self) -> Self {
        self.files.durable = true;
        self
    }

    /// Opens the directory, so that a failure is an error of `build`.
    #[cfg(unix)]
    pub(super) async fn open_files(&mut self) -> Result<(), Error> {
        // A cache that is switched off never uses it.
        if !self.off
            && let Some(files) = self.take_files()
        {
            files.open().await?;
            self.files.opened = Some(files);
        }
        Ok(())
    }

    /// Adds the backend. If it is not open yet, the first look-up opens it.
    #[cfg(unix)]
    pub(super) fn add_files(&mut self) -> Result<(), Error> {
        if let Some(files) = self.files.opened.take().or_else(|| self.take_files()) {
            // The canonical path, so that all paths of one directory count as the same; or its own path, if it does not exist yet.
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
        // Absolute, so that the directory stays the same if the process changes its current directory.
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
        // The variable may be set for other programs, so it counts only if a handler names the backend.
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
