//! Keys: what arguments write, what responses are compared by in memory, and the names at rest.

pub(crate) mod primary;
pub(crate) mod probe;
pub(crate) mod storage_key;
pub(crate) mod writer;
