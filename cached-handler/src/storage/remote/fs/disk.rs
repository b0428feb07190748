//! What is asked of the file system: relative to an open folder, and never through a symbolic link.

mod facts;
mod lock;
mod state;

use std::{
    io::IoSlice,
    os::fd::OwnedFd,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, CWD, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fstat, mkdirat, openat, renameat, statat, unlinkat,
    },
    io::{Errno, retry_on_intr},
};

pub(super) use self::{
    facts::Facts,
    lock::lock,
    state::{Changed, born, renamed, state},
};
use super::fault::Fault;

/// Whether a call may wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It answers at once or not at all ([`Fault::NotAtHand`]): for threads that run a runtime's tasks.
    None,
    /// As long as it takes.
    AnyTime,
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// What tells one file from another while both are there.
pub(super) type Identity = (u64, u64);

impl Folder {
    /// The directory that an author names; made, for nobody else's eyes, where it is missing.
    ///
    /// It has to be this user's, and only this user may write there: whoever else may could plant answers.
    pub(super) fn root(path: &Path) -> Result<Self, Fault> {
        use std::os::unix::fs::DirBuilderExt;

        let shown = path.display();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).or_else(|error| match error.kind() {
            // Something is there; what it is shows below.
            std::io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(Fault::Refused(format!("the directory `{shown}` cannot be made: {error}; give one that this user may write to"))),
        })?;
        let opened = retry_on_intr(|| openat(CWD, path, FOLDER_FLAGS, Mode::empty()));
        let folder = Self(opened.map_err(|errno| match errno {
            Errno::LOOP | Errno::NOTDIR => {
                Fault::Refused(format!("`{shown}` is not a directory, or a symbolic link to one; give the directory itself"))
            }
            errno => Fault::Refused(format!("the directory `{shown}` cannot be opened: {errno}")),
        })?);
        folder.must_be_ours(&shown.to_string())?;
        Ok(folder)
    }

    /// A folder in this one; made where it is missing.
    pub(super) fn child(&self, name: &str) -> Result<Self, Fault> {
        self.make_folder(name.as_bytes())?;
        let folder = self.open_folder(name.as_bytes()).map_err(|fault| match fault {
            Fault::System { errno: Errno::LOOP | Errno::NOTDIR, .. } => {
                Fault::Refused(format!("`{name}` in the directory is not a directory; remove it"))
            }
            fault => fault,
        })?;
        folder.must_be_ours(name)?;
        Ok(folder)
    }

    /// Opens a folder below this one.
    pub(super) fn open_folder(&self, path: &[u8]) -> Result<Self, Fault> {
        open(&self.0, path, FOLDER_FLAGS, Patience::AnyTime).map(Self).map_err(Fault::of("open"))
    }

    /// Makes a folder, unless there is something of that name.
    pub(super) fn make_folder(&self, path: &[u8]) -> Result<(), Fault> {
        match retry_on_intr(|| mkdirat(&self.0, path, Mode::RWXU)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            // A folder that was removed while it is open takes nothing in.
            Err(Errno::NOENT) => Err(Fault::Gone),
            Err(errno) => Err(Fault::of("mkdir")(errno)),
        }
    }

    /// Opens a file to read it; `None` where there is none.
    pub(super) fn open_to_read(&self, path: &[u8], patience: Patience) -> Result<Option<OwnedFd>, Fault> {
        match open(&self.0, path, OFlags::RDONLY | QUIETLY, patience) {
            // The owner alone may read without leaving a trace of it; anybody may read.
            Err(Errno::PERM) if patience == Patience::AnyTime => open(&self.0, path, OFlags::RDONLY, patience),
            outcome => outcome,
        }
        .map(Some)
        .or_else(|errno| match errno {
            Errno::NOENT | Errno::LOOP | Errno::NXIO => Ok(None),
            _ if patience == Patience::None => Err(Fault::NotAtHand),
            errno => Err(Fault::of("open")(errno)),
        })
    }

    /// Opens a file of ours for reading and writing in place; made where it is missing.
    pub(super) fn open_to_share(&self, name: &str) -> Result<OwnedFd, Fault> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let opened = open(&self.0, name.as_bytes(), flags, Patience::AnyTime);
        let file = opened.map_err(|errno| match errno {
            Errno::LOOP | Errno::ISDIR | Errno::NXIO => Fault::Refused(format!("`{name}` in the directory is not a file; remove it")),
            errno => Fault::of("open")(errno),
        })?;
        let stat = fstat(&file).map_err(Fault::of("fstat"))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Fault::Refused(format!("`{name}` in the directory is not a file; remove it")));
        }
        must_be_ours(&stat, name, Mode::RWXG | Mode::RWXO)?;
        Ok(file)
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &str) -> Result<OwnedFd, Fault> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open(&self.0, name.as_bytes(), flags, Patience::AnyTime).map_err(Fault::of("open"))
    }

    /// Gives a file another name, in place of what has that name.
    pub(super) fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), Fault> {
        retry_on_intr(|| renameat(&self.0, from, &self.0, to)).map_err(Fault::of("rename"))
    }

    /// Removes a file; whether it was there.
    pub(super) fn remove(&self, name: &[u8]) -> Result<bool, Fault> {
        self.unlink(name, AtFlags::empty())
    }

    /// Removes an empty folder; whether it was there.
    pub(super) fn remove_folder(&self, name: &[u8]) -> Result<bool, Fault> {
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    fn unlink(&self, name: &[u8], flags: AtFlags) -> Result<bool, Fault> {
        match retry_on_intr(|| unlinkat(&self.0, name, flags)) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(Fault::of("unlink")(errno)),
        }
    }

    /// What is known of a file; `None` where there is none.
    pub(super) fn stat(&self, name: &[u8]) -> Result<Option<Facts>, Fault> {
        match retry_on_intr(|| statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(stat) => Ok(Some(Facts::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Fault::of("stat")(errno)),
        }
    }

    /// Notes that a file was used.
    pub(super) fn touch(&self, path: &[u8], now: SystemTime) -> Result<(), Fault> {
        let omit = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: timespec(now), last_modification: omit };
        match rustix::fs::utimensat(&self.0, path, &times, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(Fault::of("utimensat")(errno)),
        }
    }

    /// Its names, as they come.
    pub(super) fn names(&self) -> Result<impl Iterator<Item = Result<Vec<u8>, Fault>> + use<>, Fault> {
        let names = rustix::fs::Dir::read_from(&self.0).map_err(Fault::of("readdir"))?;
        let names = names.map(|name| name.map(|name| name.file_name().to_bytes().to_vec()).map_err(Fault::of("readdir")));
        Ok(names.filter(|name| !matches!(name.as_deref(), Ok(b"." | b".."))))
    }

    pub(super) fn identity(&self) -> Result<Identity, Fault> {
        fstat(&self.0).map(|stat| identity(&stat)).map_err(Fault::of("fstat"))
    }

    /// Has the names in it written to the disk.
    pub(super) fn sync(&self) -> Result<(), Fault> {
        retry_on_intr(|| rustix::fs::fsync(&self.0)).map_err(Fault::of("fsync"))
    }

    fn must_be_ours(&self, shown: &str) -> Result<(), Fault> {
        let stat = fstat(&self.0).map_err(Fault::of("fstat"))?;
        must_be_ours(&stat, shown, Mode::WGRP | Mode::WOTH)
    }
}

/// Where a path leads now; `None` where nowhere. Any other answer of the system (no rights, a disk that fails, no memory)
/// says nothing of that, and is an error.
pub(super) fn identity_at(path: &Path) -> Result<Option<Identity>, Fault> {
    match retry_on_intr(|| statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)) {
        Ok(stat) => Ok(Some(identity(&stat))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        // `Fault::of` takes a stale handle for a directory that is gone, so this call does not use it.
        Err(errno) => Err(Fault::System { call: "stat", errno }),
    }
}

/// Reads the beginning, in one call that may give less than there is.
pub(super) fn read_begin(file: &OwnedFd, buffer: &mut [u8], patience: Patience) -> Result<usize, Fault> {
    loop {
        match read_some(file, buffer, 0, patience) {
            Ok(read) => return Ok(read),
            Err(Errno::INTR) => {}
            Err(_) if patience == Patience::None => return Err(Fault::NotAtHand),
            Err(errno) => return Err(Fault::of("read")(errno)),
        }
    }
}

/// Reads as much as there is of what was asked for.
pub(super) fn read_at(file: &OwnedFd, buffer: &mut [u8], offset: u64, patience: Patience) -> Result<usize, Fault> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read_some(file, rest, offset.saturating_add(done as u64), patience) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(Errno::INTR) => {}
            Err(_) if patience == Patience::None => return Err(Fault::NotAtHand),
            Err(errno) => return Err(Fault::of("read")(errno)),
        }
    }
    Ok(done)
}

/// Writes all of several pieces, one after another.
pub(super) fn write_at(file: &OwnedFd, pieces: &[&[u8]], mut offset: u64) -> Result<(), Fault> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = slices.as_mut_slice();
    // What is empty would be written for ever.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match rustix::io::pwritev(file, rest, offset) {
            Ok(0) => return Err(Fault::of("write")(Errno::NOSPC)),
            Ok(written) => {
                offset = offset.saturating_add(written as u64);
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Fault::of("write")(errno)),
        }
    }
    Ok(())
}

/// Sets when a file was last used and when it expires, which is all that a scan reads.
pub(super) fn set_times(file: &OwnedFd, used: SystemTime, expires: SystemTime) -> Result<(), Fault> {
    let times = Timestamps { last_access: timespec(used), last_modification: timespec(expires) };
    rustix::fs::futimens(file, &times).map_err(Fault::of("futimens"))
}

/// Has a file's bytes written to the disk.
pub(super) fn sync(file: &OwnedFd) -> Result<(), Fault> {
    retry_on_intr(|| rustix::fs::fsync(file)).map_err(Fault::of("fsync"))
}

/// Without a link at any place, and for `Patience::None` without waiting for the disk.
#[cfg(target_os = "linux")]
fn open(folder: &OwnedFd, path: &[u8], flags: OFlags, patience: Patience) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};

    let flags = flags | EVERYWHERE;
    let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match patience {
        Patience::None => openat2(folder, path, flags, mode, resolve | ResolveFlags::CACHED),
        Patience::AnyTime => match retry_on_intr(|| openat2(folder, path, flags, mode, resolve)) {
            // A kernel before 5.6, or a container that forbids the call, which says so in one of two ways.
            Err(Errno::NOSYS | Errno::PERM) => retry_on_intr(|| openat(folder, path, flags, mode)),
            outcome => outcome,
        },
    }
}

#[cfg(not(target_os = "linux"))]
fn open(folder: &OwnedFd, path: &[u8], flags: OFlags, patience: Patience) -> Result<OwnedFd, Errno> {
    let flags = flags | EVERYWHERE;
    let mode = if flags.contains(OFlags::CREATE) { Mode::RUSR | Mode::WUSR } else { Mode::empty() };
    match patience {
        Patience::None => Err(Errno::AGAIN),
        Patience::AnyTime => retry_on_intr(|| openat(folder, path, flags, mode)),
    }
}

/// Two calls of different names, so that a test can stall the one that may wait, and no other.
#[cfg(target_os = "linux")]
fn read_some(file: &OwnedFd, buffer: &mut [u8], offset: u64, patience: Patience) -> Result<usize, Errno> {
    let buffers = &mut [std::io::IoSliceMut::new(buffer)];
    match patience {
        Patience::None => rustix::io::preadv2(file, buffers, offset, rustix::io::ReadWriteFlags::NOWAIT),
        Patience::AnyTime => rustix::io::preadv(file, buffers, offset),
    }
}

#[cfg(not(target_os = "linux"))]
fn read_some(file: &OwnedFd, buffer: &mut [u8], offset: u64, patience: Patience) -> Result<usize, Errno> {
    match patience {
        Patience::None => Err(Errno::AGAIN),
        Patience::AnyTime => rustix::io::pread(file, buffer, offset),
    }
}

fn must_be_ours(stat: &Stat, shown: &str, forbidden: Mode) -> Result<(), Fault> {
    let user = rustix::process::geteuid().as_raw();
    if stat.st_uid != user {
        let owner = stat.st_uid;
        return Err(Fault::Refused(format!(
            "`{shown}` belongs to user {owner}, and this process runs as user {user}; give a directory of its own"
        )));
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(forbidden) {
        return Err(Fault::Refused(format!(
            "`{shown}` is open to other users, who could plant answers there; type `chmod -R u=rwX,go=` on it"
        )));
    }
    Ok(())
}

#[allow(clippy::useless_conversion, clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "the types differ from system to system")]
fn identity(stat: &Stat) -> Identity {
    (stat.st_dev as u64, u64::from(stat.st_ino))
}

#[allow(clippy::useless_conversion, reason = "the types differ from system to system")]
fn timespec(time: SystemTime) -> Timespec {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timespec { tv_sec: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), tv_nsec: since.subsec_nanos().into() }
}

/// A pipe that someone put there is not waited for.
const EVERYWHERE: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);
const FOLDER_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
/// When a file was used is noted by this crate, seldom; were it noted by the system, a read might wait for the disk.
#[cfg(target_os = "linux")]
const QUIETLY: OFlags = OFlags::NOATIME;
#[cfg(not(target_os = "linux"))]
const QUIETLY: OFlags = OFlags::empty();
