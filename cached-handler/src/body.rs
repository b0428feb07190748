//! Bodies of answers: copied while they are sent, cut to a range, and with the right length.

pub(crate) mod copy;
pub(crate) mod cut;
pub(crate) mod length;
