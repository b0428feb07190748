//! HTTP's rules as pure functions, each with its section of the RFC: no clock, no I/O.

pub(crate) mod client;
pub(crate) mod conditional;
pub(crate) mod conditions;
pub(crate) mod credentials;
pub(crate) mod freshness;
pub(crate) mod length;
pub(crate) mod meaning;
pub(crate) mod merge;
pub(crate) mod mistakes;
pub(crate) mod path;
pub(crate) mod prefix;
pub(crate) mod range;
pub(crate) mod reference;
pub(crate) mod request;
pub(crate) mod shared_path;
pub(crate) mod spelling;
pub(crate) mod stale;
pub(crate) mod statuses;
pub(crate) mod storable;
pub(crate) mod tag;
