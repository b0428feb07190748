//! A finished key, with what the look-up of it has to know.

use std::sync::Arc;

use crate::{
    cache::refresh_backoff::RefreshPermit,
    handler::Instance,
    key::{
        primary::PrimaryKey,
        writer::{KeyWriter, Traits},
    },
    outcome::Forward,
    stored::Slot,
};

/// The key of one request, and what its arguments said besides; no borrow of the request is left.
#[derive(Debug)]
pub struct Key {
    pub(crate) primary: PrimaryKey,
    pub(crate) instance: Instance,
    pub(crate) traits: Traits,
    /// Why no stored response could answer, as far as it is known.
    pub(crate) forward: Forward,
    /// What is stored, and could not answer because it is not fresh, or because the request wants it validated.
    pub(crate) held: Option<Arc<Slot>>,
    /// The right to make it anew behind the answer.
    pub(crate) permit: Option<RefreshPermit>,
}

impl Key {
    /// For a HEAD or a POST that shows its method: the key of the same request with GET.
    pub(crate) fn of_get(&self) -> Option<PrimaryKey> {
        self.primary.of_get(&self.traits.method_at)
    }
}

impl KeyWriter<'_> {
    pub(crate) fn finish(&mut self, forward: Forward) -> Key {
        let primary = self.as_ref().to_primary();
        Key { primary, instance: self.instance, traits: std::mem::take(&mut self.traits), forward, held: None, permit: None }
    }
}
