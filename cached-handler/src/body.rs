//! Bodies: copied while they are sent, cut to a part, and with the length that an answer may say.

pub(crate) mod copy;
pub(crate) mod cut;
pub(crate) mod length;
