//! The source of time: the system, or a test that sets it by hand.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// A source of time. Nothing else in this crate reads the system's clocks.
#[derive(Debug, Clone, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    Manual(ManualClock),
}

/// Milliseconds since this process first read a clock; they never decrease.
pub(crate) type Millis = i64;

/// A clock for tests, which stands still until [`advance`](Self::advance) is called.
///
/// Clones are the same clock. Freshness and ages follow it; timeouts follow tokio's clock, which
/// `#[tokio::test(start_paused = true)]` pauses.
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

/// How long the machine was suspended during the life of this process. `Instant` stands still then, on Linux and elsewhere, and stored
/// responses would not age. The wall clock goes on, so if it has gained on `Instant` between two comparisons, the machine was
/// suspended. A wall clock that was set forward looks the same: then responses look older than they are, but never younger.
static SUSPENDED: Suspended = Suspended::new();

#[derive(Debug)]
struct Suspended {
    /// When the clocks were last compared, in units of a comparison interval.
    looked: AtomicI64,
    /// How far the wall clock was ahead of `Instant` then.
    ahead: AtomicI64,
    slept: AtomicI64,
}

/// The interval between comparisons: 64 ms, as an exponent of two.
const LOOK: u32 = 6;
/// The least gain that counts as a suspension; corrections of the wall clock in normal operation are smaller.
const A_JUMP: Millis = 2_000;

impl Suspended {
    const fn new() -> Self {
        Self { looked: AtomicI64::new(Millis::MIN), ahead: AtomicI64::new(Millis::MIN), slept: AtomicI64::new(0) }
    }

    #[inline]
    fn is_due(&self, now: Millis) -> bool {
        self.looked.load(Ordering::Relaxed) != now >> LOOK
    }

    #[inline]
    fn slept(&self) -> Millis {
        self.slept.load(Ordering::Relaxed)
    }

    /// Compares both clocks at one moment.
    fn look(&self, now: Millis, wall: Millis) {
        self.looked.store(now >> LOOK, Ordering::Relaxed);
        let ahead = wall.saturating_sub(now);
        let before = self.ahead.swap(ahead, Ordering::Relaxed);
        let jumped = ahead.saturating_sub(before);
        if before != Millis::MIN && jumped >= A_JUMP {
            self.slept.fetch_add(jumped, Ordering::Relaxed);
        }
    }
}

#[cold]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
fn look_for_a_suspension() {
    let before = Instant::now();
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, millis);
    let now = Instant::now();
    // If the thread was preempted between the readings, their difference means nothing.
    if now.saturating_duration_since(before) < Duration::from_millis(100) {
        SUSPENDED.look(millis(now.saturating_duration_since(*PROCESS_BEGAN)), wall);
    }
}

impl ManualClock {
    /// A clock that stands still at the present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn new() -> Self {
        Self { advanced: Arc::new(AtomicU64::new(0)), began: Instant::now(), began_wall: SystemTime::now() }
    }

    /// Lets `time` pass, for all clones of this clock; in whole milliseconds.
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
    /// The time for ages and freshness inside this process.
    #[inline]
    pub(crate) fn now(&self) -> Millis {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
            Self::System => {
                let now = millis(Instant::now().saturating_duration_since(*PROCESS_BEGAN));
                if SUSPENDED.is_due(now) {
                    look_for_a_suspension();
                }
                now.saturating_add(SUSPENDED.slept())
            }
            Self::Manual(clock) => clock.now(),
        }
    }

    /// The time for measuring durations, with the resolution of the system's clock.
    pub(crate) fn precise(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
        match self {
            Self::System => Instant::now().saturating_duration_since(*PROCESS_BEGAN),
            Self::Manual(clock) => clock.passed(),
        }
    }

    /// The wall time, for `Date`, `Expires` and times at rest.
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

/// The longest duration, so that the sum of two does not overflow in milliseconds.
const MAX_SECS: u64 = (u64::MAX >> 2) / 1000;

/// A span of milliseconds as a duration; negative ones count as none.
pub(crate) fn span(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_is_noticed_and_a_small_clock_correction_is_not() {
        let suspended = Suspended::new();
        let hour = 3_600_000;
        for (now, wall, slept) in [
            (0, 1_000_000, 0),
            (100, 1_000_100, 0),
            (200, 1_001_900, 0),
            (300, 1_002_000 + hour, hour),
            (400, 1_002_100 + hour, hour),
            (500, 5, hour),
            (600, 105, hour),
            (700, 205 + hour, 2 * hour),
        ] {
            assert!(suspended.is_due(now));
            suspended.look(now, wall);
            assert!(!suspended.is_due(now));
            assert_eq!(suspended.slept(), slept, "{now}");
        }
        assert!(Clock::System.now() <= Clock::System.now());
    }
}
