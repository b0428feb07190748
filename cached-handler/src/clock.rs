//! Where time comes from: the system, or a test that sets it by hand.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// A source of time. Nothing else in this crate asks the system for it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    Manual(ManualClock),
}

/// Milliseconds since this process first looked at a clock; never goes back.
pub(crate) type Millis = i64;

/// A clock for tests, which stands still until it is told to go on.
///
/// Clones are the same clock. It rules freshness and ages; the limits on waits and runs follow tokio's clock, which
/// `#[tokio::test(start_paused = true)]` stops.
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// use std::time::Duration;
/// use cached_handler::{Cache, ManualClock};
///
/// let clock = ManualClock::new();
/// let cache = Cache::builder().clock(clock.clone()).build().await?;
/// clock.advance(Duration::from_secs(61));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    advanced: Arc<AtomicU64>,
    began: Instant,
    began_wall: SystemTime,
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
static PROCESS_BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl ManualClock {
    /// A clock that stands at the present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn new() -> Self {
        Self { advanced: Arc::new(AtomicU64::new(0)), began: Instant::now(), began_wall: SystemTime::now() }
    }

    /// Lets `time` pass, at once and for every holder of this clock; counted in whole milliseconds.
    pub fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX >> 1);
        self.advanced.fetch_add(millis, Ordering::SeqCst);
    }

    #[cold]
    fn now(&self) -> Millis {
        millis(self.began.saturating_duration_since(*PROCESS_BEGAN).saturating_add(self.passed()))
    }

    fn passed(&self) -> Duration {
        Duration::from_millis(self.advanced.load(Ordering::SeqCst))
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// For ages and freshness inside this process.
    #[inline]
    pub(crate) fn now(&self) -> Millis {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
            Self::System => millis(Instant::now().saturating_duration_since(*PROCESS_BEGAN)),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// For how long things take: as fine as the system's clock is, since some moment.
    pub(crate) fn precise(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
        match self {
            Self::System => Instant::now().saturating_duration_since(*PROCESS_BEGAN),
            Self::Manual(clock) => clock.passed(),
        }
    }

    /// For `Date`, `Expires` and times at rest.
    pub(crate) fn wall(&self) -> SystemTime {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
        match self {
            Self::System => SystemTime::now(),
            Self::Manual(clock) => clock.began_wall.checked_add(clock.passed()).unwrap_or(clock.began_wall),
        }
    }
}

/// Whole milliseconds, saturating.
#[inline]
pub(crate) fn millis(duration: Duration) -> Millis {
    let secs = duration.as_secs().min(MAX_SECS).cast_signed();
    secs * 1000 + Millis::from(duration.subsec_millis())
}

/// So that neither this many, in milliseconds, nor the sum of two of them overflows.
const MAX_SECS: u64 = (u64::MAX >> 2) / 1000;

/// A span of milliseconds as a duration; negative ones count as none.
pub(crate) fn span(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
