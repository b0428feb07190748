//! A finished key, with the result of its look-up so far.

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

/// The key of one request, and what its arguments declared; it borrows nothing from the request.
#[derive(Debug)]
pub struct Key {
    pub(crate) primary: PrimaryKey,
    pub(crate) instance: Instance,
    pub(crate) traits: Traits,
    /// Why no stored response could answer, as far as is known.
    pub(crate) forward: Forward,
    /// The stored response that could not answer, because it is stale or the request wants it revalidated.
    pub(crate) held: Option<Arc<Slot>>,
    /// The right to refresh it in the background.
    pub(crate) permit: Option<RefreshPermit>,
}

impl Key {
    /// The key of the same request with GET, for a HEAD or a POST with its method in the key.
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
