//! Metrics for the recorder of the `metrics` facade. Without the feature `metrics` all of it is empty and costs nothing.

#[cfg(feature = "metrics")]
mod names;
#[cfg_attr(feature = "metrics", path = "meters/on.rs")]
#[cfg_attr(not(feature = "metrics"), path = "meters/off.rs")]
mod which;

#[cfg(feature = "redis")]
pub(crate) use self::which::LeaseMeters;
pub(crate) use self::which::{BackendMeters, HandlerMeters, MemoryMeters, Sample, advanced};
