//! Utilities that know nothing of caching: time, hashes, random numbers, locks, expiring maps, tasks.

pub(crate) mod background;
pub(crate) mod backoff;
#[cfg(feature = "redis")]
pub(crate) mod boot_clock;
pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod expiring_map;
pub(crate) mod hasher;
pub(crate) mod home;
pub(crate) mod join;
pub(crate) mod lock;
pub(crate) mod random;
pub(crate) mod read_ahead;
pub(crate) mod tasks;
pub(crate) mod timer;
pub(crate) mod turns;
