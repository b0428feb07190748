//! What an open file says of itself, and when it last changed.

use std::{
    os::fd::OwnedFd,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{Stat, fstat};

use super::{Fault, Identity, identity};

/// What an open file says of itself.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend::fs) struct State {
    pub(in crate::backend::fs) identity: Identity,
    /// How many it still has.
    pub(in crate::backend::fs) names: u64,
    pub(in crate::backend::fs) length: u64,
    pub(in crate::backend::fs) changed: Changed,
}

impl State {
    /// Its number on its disk.
    pub(in crate::backend::fs) fn number(&self) -> u64 {
        self.identity.1
    }
}

/// When a file's bytes, times or names were last changed: seconds and nanoseconds of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend::fs) struct Changed(u64, u32);

impl Changed {
    #[cfg(test)]
    #[cfg(target_os = "linux")]
    pub(in crate::backend::fs) fn for_tests(secs: u64, nanos: u32) -> Self {
        Self(secs, nanos)
    }

    /// Whether it was by `lag` or more before this moment. Where a file system counts whole seconds it cannot be told.
    pub(in crate::backend::fs) fn is_before(self, moment: SystemTime, lag: Duration) -> bool {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.1 != 0 && Duration::new(self.0, self.1).saturating_add(lag) <= since
    }
}

#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the types differ from system to system")]
pub(in crate::backend::fs) fn state(file: &OwnedFd) -> Result<State, Fault> {
    let stat = fstat(file).map_err(Fault::of("fstat"))?;
    Ok(State {
        identity: identity(&stat),
        names: u64::from(stat.st_nlink),
        length: u64::try_from(stat.st_size).unwrap_or(0),
        changed: changed(&stat),
    })
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
