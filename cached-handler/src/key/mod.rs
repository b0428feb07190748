//! Keys: the writer for arguments, the key in memory, and the key at rest.

pub(crate) mod primary;
pub(crate) mod probe;
pub(crate) mod storage_key;
pub(crate) mod writer;
