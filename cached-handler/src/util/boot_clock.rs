//! A clock that runs while the system is suspended, in microseconds since some moment of the system: what was promised for half
//! a second has lapsed when a laptop wakes up.

#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[derive(Debug, Clone, Default)]
pub(crate) enum BootClock {
    #[default]
    System,
    #[cfg(test)]
    Manual(Arc<AtomicU64>),
}

impl BootClock {
    /// No system call on Linux: the kernel maps what is needed into each process.
    #[inline]
    pub(crate) fn micros(&self) -> u64 {
        match self {
            Self::System => system(),
            #[cfg(test)]
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }
}

/// `CLOCK_BOOTTIME` on Linux, where `CLOCK_MONOTONIC` stands still during suspend; elsewhere, as on macOS, that one runs on.
#[cfg(unix)]
#[inline]
fn system() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(CLOCK);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000
}

/// What `Instant` counts by on Windows runs on.
#[cfg(not(unix))]
fn system() -> u64 {
    let since = crate::util::clock::Clock::System.precise();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back() {
        let clock = BootClock::System;
        let times: Vec<_> = (0..1000).map(|_| clock.micros()).collect();
        assert!(times.is_sorted() && times[0] > 0);
    }
}
