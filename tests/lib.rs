//! Tests of cached-handler, and what several of them share.

pub mod built;
pub mod curl;
pub mod fault_proxy;
#[cfg(unix)]
pub mod files;
pub mod harness;
pub mod log;
#[cfg(unix)]
pub mod places;
#[cfg(feature = "metrics")]
pub mod recorder;
pub mod redis_server;
