//! Where stored responses lie: in the memory of this process, or in a backend that has to be waited for.

pub(crate) mod memory;
pub(crate) mod remote;
