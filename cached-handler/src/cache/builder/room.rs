//! Warns, when a cache is built, of handlers whose responses may be too large for their backend, in bytes or in time.

use std::time::Duration;

use super::{Cache, CacheBuilder, MEMORY, built_in::BUILT_IN};
use crate::{handler::Handler, storage::remote::guard::limits::BackendLimits};

/// The room that backends have.
pub(super) struct Rooms {
    /// Backends with a known capacity in bytes, and what to type for more.
    bytes: Vec<(&'static str, u64, &'static str)>,
    limits: Vec<(String, BackendLimits)>,
}

/// The least capacity of `fs`: room for one response of a useful size.
#[cfg(feature = "fs")]
pub(super) const LEAST: u64 = 64 << 10;
/// The assumed speed of a network, in bytes per millisecond: one gigabit per second.
const IN_A_MILLISECOND: u64 = 125_000;
/// The default of `max_body`.
const BY_DEFAULT: u64 = 1 << 20;

impl CacheBuilder {
    pub(super) fn rooms(&self) -> Rooms {
        let bytes = BUILT_IN.iter().filter_map(|row| Some((row.name, (row.room)(self)?, row.more_room))).collect();
        Rooms { bytes, limits: self.limits.clone() }
    }
}

impl Rooms {
    /// Warns of each handler of the program that may store more than its backend can hold.
    pub(super) fn warn(&self, cache: &Cache) {
        if cache.inner().off {
            return;
        }
        for handler in Cache::users() {
            let handler = handler.with(cache.inner().defaults);
            if let Some(what) = self.lack(handler) {
                cache.inner().observer.no_room(&handler.subject, &what);
            }
        }
    }

    fn lack(&self, handler: &Handler) -> Option<String> {
        let wanted = u64::try_from(handler.policy.max_body).unwrap_or(u64::MAX);
        let name = handler.remote.unwrap_or(MEMORY);
        let Some((_, room, grow)) = self.bytes.iter().find(|(of, ..)| *of == name) else { return self.lack_of_time(name, wanted) };
        let is_tight = *room == 0 || (wanted > *room && wanted > BY_DEFAULT);
        is_tight.then(|| {
            format!("a response may have {wanted} bytes (`max_body`), and its backend `{name}` has room for {room}: longer ones are not stored; give it more by {grow}")
        })
    }

    fn lack_of_time(&self, name: &str, wanted: u64) -> Option<String> {
        let limits = self.limits.iter().rev().find(|(of, _)| of == name).map_or(BackendLimits::new(), |(_, limits)| *limits);
        let limit = limits.to_read(None);
        let fits = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).saturating_mul(IN_A_MILLISECOND);
        (wanted > fits.max(BY_DEFAULT)).then(|| {
            let needed = Duration::from_millis(wanted / IN_A_MILLISECOND + 1).as_millis();
            format!("a response may have {wanted} bytes (`max_body`), and the backend `{name}` has {} ms to give it: over a network that takes longer; lower `max_body`, or type `.limits(\"{name}\", BackendLimits::new().read(Duration::from_millis({needed})))`", limit.as_millis())
        })
    }
}
