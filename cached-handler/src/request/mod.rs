//! A request: what is captured of it, once, before the handler's own extractors run.

pub(crate) mod facts;
pub(crate) mod forwarding;
pub(crate) mod nested;
pub(crate) mod peek;
pub(crate) mod signature;
pub(crate) mod unsafe_target;
