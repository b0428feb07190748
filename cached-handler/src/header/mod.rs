//! Header fields, one per file: parsed from all their lines, printed without loss.

pub(crate) mod accept_encoding;
pub(crate) mod cache_control;
pub(crate) mod cache_status;
pub(crate) mod connection;
pub(crate) mod date;
pub(crate) mod entity_tag;
pub(crate) mod targeted;
pub(crate) mod vary;
