//! Functions that analyse the syntax of an author's code, independent of the attributes.

pub(crate) mod future;
pub(crate) mod mention;
pub(crate) mod pattern;
pub(crate) mod source;
pub(crate) mod types;
