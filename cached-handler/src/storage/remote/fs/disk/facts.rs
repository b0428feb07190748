//! What a scan asks of a file.

use rustix::fs::Stat;

/// What a scan has to know of a file.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage::remote::fs) struct Facts {
    /// Bytes of the disk, whatever its length.
    pub(in crate::storage::remote::fs) allocated: u64,
    /// Seconds of the wall clock: when it was last used, when it expires, when the system last changed it.
    pub(in crate::storage::remote::fs) used: i64,
    pub(in crate::storage::remote::fs) expires: i64,
    pub(in crate::storage::remote::fs) changed: i64,
}

impl Facts {
    #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "the types differ from system to system")]
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            // In units of 512 bytes everywhere, whatever the block size.
            allocated: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512),
            used: i64::from(stat.st_atime),
            expires: i64::from(stat.st_mtime),
            changed: i64::from(stat.st_ctime),
        }
    }
}
