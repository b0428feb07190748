//! Questions about the syntax of an author's code. Nothing here knows the attributes.

pub(crate) mod future;
pub(crate) mod mention;
pub(crate) mod pattern;
pub(crate) mod source;
pub(crate) mod types;
