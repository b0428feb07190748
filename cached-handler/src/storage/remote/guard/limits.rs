//! How long a backend may take, how many calls it gets at a time, and when its circuit breaker opens.

use std::time::Duration;

/// Limits that stand between requests and a backend: for [`CacheBuilder::limits`](crate::CacheBuilder::limits).
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// use std::time::Duration;
/// use cached_handler::{Cache, backend::BackendLimits};
///
/// // A Redis whose answers are worth a quarter of a second.
/// let limits = BackendLimits::new().read(Duration::from_millis(250)).invalidate(Duration::from_secs(2));
/// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").limits("redis", limits).build().await?.install()?;
/// # Ok(()) }
/// ```
///
/// The defaults suit most programs. Without a limit of your own, reads may take 50 ms and writes 100 ms; or, where Redis
/// is further away, four times its round trip and 50 ms more for a write, at most one second. The round trip is the
/// shortest that was seen on the present connection: between one of the two small commands that are sent when it is made
/// (`MGET`, `TIME`) and its reply, or between any later look-up and its reply. It is measured anew with each connection.
///
/// Only time in which the process could have heard an answer counts. Each limit is divided into five parts, and a part
/// whose end is noticed late, because the runtime was busy with something else, does not count; ten such parts, or a second
/// and four times the limit, and the call is given up. Three such calls, with none between that was answered, count as one
/// failure of the backend. What nobody waits for (probes and retries) may take 30 seconds at most,
/// whatever the limits.
///
/// Do not raise the limit of reads beyond what your handlers take: past that, a slow backend is slower than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "limits do nothing before they are given to `Cache::builder().limits(name, …)`"]
pub struct BackendLimits {
    pub(crate) read: Option<Duration>,
    pub(crate) write: Option<Duration>,
    pub(crate) invalidate: Duration,
    pub(crate) calls: usize,
    pub(crate) in_a_row: u32,
    pub(crate) of_twenty: u32,
    pub(crate) probe_pauses: (Duration, Duration),
    pub(crate) retry_pauses: (Duration, Duration),
    pub(crate) retries: usize,
    pub(crate) attempts: u32,
}

impl BackendLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            read: None,
            write: None,
            invalidate: Duration::from_secs(1),
            calls: 1024,
            in_a_row: 5,
            of_twenty: 10,
            probe_pauses: (Duration::from_secs(1), Duration::from_secs(30)),
            retry_pauses: (Duration::from_millis(100), Duration::from_secs(30)),
            retries: 10_000,
            attempts: 8,
        }
    }

    /// How long a look-up may take before the handler runs instead (default 50 ms, more where Redis is far away).
    pub const fn read(mut self, limit: Duration) -> Self {
        self.read = Some(limit);
        self
    }

    /// How long storing one response, or removing it, may take (default 100 ms, more where Redis is far away).
    pub const fn write(mut self, limit: Duration) -> Self {
        self.write = Some(limit);
        self
    }

    /// How long an invalidation may take before it is an error, and is tried again in the background (default 1 s).
    pub const fn invalidate(mut self, limit: Duration) -> Self {
        self.invalidate = limit;
        self
    }

    /// How many calls may be under way at a time (default 1 024, at least 1). A further one is not made: its handler runs.
    pub const fn max_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// After how many failures the circuit breaker opens: so many in a row (default 5), or so many among the last twenty
    /// calls (default 10). Each is at least 1 and at most 20.
    pub const fn failures(mut self, in_a_row: u32, of_the_last_twenty: u32) -> Self {
        self.in_a_row = in_a_row;
        self.of_twenty = of_the_last_twenty;
        self
    }

    /// The first and the longest pause between two probes while the circuit breaker is open (default 1 s and 30 s). Each is
    /// twice the one before, and up to half shorter by chance.
    pub const fn probe_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.probe_pauses = (first, longest);
        self
    }

    /// The same between two retries of an invalidation that failed (default 0.1 s and 30 s).
    pub const fn retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.retry_pauses = (first, longest);
        self
    }

    /// How many failed invalidations the retry queue holds (default 10 000). One more, and everything is invalidated in their
    /// place.
    pub const fn max_retries(mut self, retries: usize) -> Self {
        self.retries = retries;
        self
    }

    /// How often an invalidation may fail beside a backend that answers probes (default 8, at least 1), before everything
    /// is invalidated in its place.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// What a read may take from a backend at this distance.
    pub(crate) fn to_read(self, round_trip: Option<Duration>) -> Duration {
        self.read.unwrap_or_else(|| four_times(round_trip).clamp(READ, LONGEST))
    }

    /// What a write may take there.
    pub(crate) fn to_write(self, round_trip: Option<Duration>) -> Duration {
        self.write.unwrap_or_else(|| (four_times(round_trip) + READ).clamp(WRITE, LONGEST))
    }
}

impl Default for BackendLimits {
    fn default() -> Self {
        Self::new()
    }
}

fn four_times(round_trip: Option<Duration>) -> Duration {
    round_trip.unwrap_or_default().saturating_mul(4).min(LONGEST)
}

const READ: Duration = Duration::from_millis(50);
const WRITE: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_further_away_may_take_longer_up_to_a_second_and_what_was_set_stands() {
        let ms = Duration::from_millis;
        let limits = BackendLimits::new();
        for (round_trip, read, write) in [(None, 50, 100), (Some(1), 50, 100), (Some(60), 240, 290), (Some(400), 1000, 1000)] {
            let round_trip = round_trip.map(ms);
            assert_eq!((limits.to_read(round_trip), limits.to_write(round_trip)), (ms(read), ms(write)), "{round_trip:?}");
        }
        let set = limits.read(ms(7)).write(ms(8));
        assert_eq!((set.to_read(Some(ms(60))), set.to_write(Some(ms(60)))), (ms(7), ms(8)));
    }
}
