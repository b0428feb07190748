//! What is told to the recorder of the `metrics` facade. Without the feature of that name: nothing, at no cost.

#[cfg(feature = "metrics")]
mod names;
#[cfg_attr(feature = "metrics", path = "meters/on.rs")]
#[cfg_attr(not(feature = "metrics"), path = "meters/off.rs")]
mod which;

pub(crate) use self::which::{BackendMeters, HandlerMeters, MemoryMeters, Sample, advanced};
