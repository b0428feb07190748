//! What has no part in caching: time, hashes, locks, tasks.

pub(crate) mod clock;
pub(crate) mod digest;
pub(crate) mod hasher;
pub(crate) mod home;
pub(crate) mod join;
pub(crate) mod lock;
pub(crate) mod read_ahead;
pub(crate) mod tasks;
pub(crate) mod timer;
pub(crate) mod turns;
