//! What an open file says of itself, and when it last changed.

use std::{
    os::fd::OwnedFd,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Stat, fstat};
#[cfg(target_os = "linux")]
use rustix::io::Errno;

use super::{Fault, Folder, Identity, identity};

/// What an open file says of itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage::remote::fs) struct State {
    pub(in crate::storage::remote::fs) identity: Identity,
    /// How many it still has.
    pub(in crate::storage::remote::fs) names: u64,
    pub(in crate::storage::remote::fs) length: u64,
    pub(in crate::storage::remote::fs) changed: Changed,
}

impl State {
    /// Its number on its disk.
    pub(in crate::storage::remote::fs) fn number(&self) -> u64 {
        self.identity.1
    }
}

/// When a file's bytes, times or names were last changed: seconds and nanoseconds of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::remote::fs) struct Changed(u64, u32);

impl Changed {
    #[cfg(test)]
    #[cfg(target_os = "linux")]
    pub(in crate::storage::remote::fs) fn for_tests(secs: u64, nanos: u32) -> Self {
        Self(secs, nanos)
    }

    pub(in crate::storage::remote::fs) fn words(self) -> [u64; 2] {
        [self.0, u64::from(self.1)]
    }

    /// Whether it was by `lag` or more before this moment. Where a file system counts whole seconds it cannot be told.
    pub(in crate::storage::remote::fs) fn is_before(self, moment: SystemTime, lag: Duration) -> bool {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.1 != 0 && Duration::new(self.0, self.1).saturating_add(lag) <= since
    }
}

#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the types differ from system to system")]
pub(in crate::storage::remote::fs) fn state(file: &OwnedFd) -> Result<State, Fault> {
    let stat = fstat(file).map_err(Fault::of("fstat"))?;
    Ok(State {
        identity: identity(&stat),
        names: u64::from(stat.st_nlink),
        length: u64::try_from(stat.st_size).unwrap_or(0),
        changed: changed(&stat),
    })
}

/// When a file came into being, which no program can set: seconds and nanoseconds of the wall clock. Nothing, where the
/// system or its disk does not keep it.
#[cfg(target_os = "linux")]
pub(in crate::storage::remote::fs) fn born(file: &OwnedFd) -> Result<[u64; 2], Fault> {
    use rustix::fs::{AtFlags, StatxFlags, statx};

    match statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BTIME) {
        Ok(stat) if stat.stx_mask & StatxFlags::BTIME.bits() != 0 => {
            Ok([u64::try_from(stat.stx_btime.tv_sec).unwrap_or(0), u64::from(stat.stx_btime.tv_nsec)])
        }
        // A kernel before 4.11, or a container that forbids the call.
        Ok(_) | Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => Ok([0, 0]),
        Err(errno) => Err(Fault::of("statx")(errno)),
    }
}

#[cfg(not(target_os = "linux"))]
pub(in crate::storage::remote::fs) fn born(_: &OwnedFd) -> Result<[u64; 2], Fault> {
    Ok([0, 0])
}

/// When a folder was last given another name, owner or mode, in nanoseconds; nothing, where a name in it was made or
/// removed since. That sets the times of the last change and of the last modification, and the others the first alone.
#[cfg(target_os = "linux")]
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the types differ from system to system")]
pub(in crate::storage::remote::fs) fn renamed(folder: &Folder) -> Result<u64, Fault> {
    let stat = fstat(&folder.0).map_err(Fault::of("fstat"))?;
    let Changed(seconds, nanos) = changed(&stat);
    let modified = Changed(u64::try_from(stat.st_mtime).unwrap_or(0), u32::try_from(stat.st_mtime_nsec).unwrap_or(0));
    let is_modified_since = modified == Changed(seconds, nanos);
    Ok(if is_modified_since { 0 } else { seconds.wrapping_mul(1_000_000_000).wrapping_add(u64::from(nanos)) })
}

#[cfg(not(target_os = "linux"))]
pub(in crate::storage::remote::fs) fn renamed(_: &Folder) -> Result<u64, Fault> {
    Ok(0)
}

#[cfg(target_os = "linux")]
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the types differ from system to system")]
fn changed(stat: &Stat) -> Changed {
    Changed(u64::try_from(stat.st_ctime).unwrap_or(0), u32::try_from(stat.st_ctime_nsec).unwrap_or(0))
}

/// Nothing is read without patience there, and so nothing kept open, for which alone it matters.
#[cfg(not(target_os = "linux"))]
fn changed(_: &Stat) -> Changed {
    Changed(0, 0)
}
