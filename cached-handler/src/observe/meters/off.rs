//! Empty meters, without the feature `metrics`.

use std::time::Duration;

use crate::{observe::Subject, outcome::Tier, util::clock::Clock};

pub(crate) struct HandlerMeters;

#[expect(clippy::unused_self, reason = "as with the feature")]
impl HandlerMeters {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn hit(&self, _: &'static Subject) {}

    #[inline]
    pub(crate) fn tier_hit(&self, _: &'static Subject, _: Tier) {}

    pub(crate) fn stale(&self, _: &'static Subject, _: &'static str) {}

    pub(crate) fn forward(&self, _: &'static Subject, _: &'static str, _: bool) {}

    pub(crate) fn kept(&self, _: &'static Subject, _: &'static str) {}

    pub(crate) fn not_stored(&self, _: &'static Subject, _: &'static str) {}

    pub(crate) fn damaged(&self, _: &'static Subject, _: &'static str) {}

    pub(crate) fn unused(&self, _: &'static Subject, _: &'static str) {}

    pub(crate) fn run_begins(&self, _: &'static Subject) {}

    pub(crate) fn run_ends(&self, _: &'static Subject, _: Duration) {}

    pub(crate) fn abandoned(&self, _: &'static Subject) {}
}

pub(crate) struct Sample;

#[expect(clippy::unused_self, reason = "as with the feature")]
impl Sample {
    #[inline]
    pub(crate) fn begin(_: &Clock) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn hit(self, _: &Clock, _: &'static Subject) {}
}

#[derive(Debug)]
pub(crate) struct BackendMeters;

#[expect(clippy::unused_self, reason = "as with the feature")]
impl BackendMeters {
    pub(crate) fn new(_: &str) -> Self {
        Self
    }

    pub(crate) fn asked(&self, _: &'static str, _: &'static str) {}

    pub(crate) fn took(&self, _: &'static str, _: Duration) {}

    pub(crate) fn breaker(&self, _: bool) {}
}

pub(crate) struct MemoryMeters;

#[expect(clippy::unused_self, reason = "as with the feature")]
impl MemoryMeters {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn more(&self, _: u64, _: u64) {}

    pub(crate) fn less(&self, _: u64, _: u64) {}

    pub(crate) fn evicted(&self) {}
}

#[cfg(feature = "redis")]
pub(crate) struct LeaseMeters;

#[cfg(feature = "redis")]
#[expect(clippy::unused_self, reason = "as with the feature")]
impl LeaseMeters {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn is(&self, _: bool, _: u64) {}
}

pub(crate) fn advanced(_: &'static str, _: &'static str, _: bool) {}
