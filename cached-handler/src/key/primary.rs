//! A finished key: what it is compared by in memory, and its digest for keys at rest.

use std::{
    any::TypeId,
    hash::{Hash, Hasher},
    sync::Arc,
};

use crate::{
    handler::{Handler, Instance, Shape, state::State},
    key::{
        storage_key::StoreKey,
        writer::{KeyWriter, Tag},
    },
};

/// What tells stored responses of one process apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrimaryKey {
    handler: TypeId,
    number: u64,
    state: TypeId,
    bytes: Arc<[u8]>,
}

/// The same, borrowed from a writer: hashes and compares alike, and is built without an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) handler: TypeId,
    pub(crate) number: u64,
    pub(crate) state: TypeId,
    pub(crate) bytes: &'a [u8],
}

impl PrimaryKey {
    /// For a HEAD or a POST that shows its method at these places: the key of the same request with GET.
    pub(crate) fn of_get(&self, head_at: &[usize]) -> Option<Self> {
        if head_at.is_empty() {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.len());
        let mut rest = &*self.bytes;
        for at in head_at {
            let read = self.len() - rest.len();
            let (before, from) = rest.split_at_checked(at.checked_sub(read)?)?;
            bytes.extend_from_slice(before);
            bytes.extend_from_slice(b"\x03GET");
            rest = from.strip_prefix(b"\x04HEAD").or_else(|| from.strip_prefix(b"\x04POST"))?;
        }
        bytes.extend_from_slice(rest);
        Some(Self { bytes: bytes.into(), ..self.clone() })
    }

    pub(crate) fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { handler: self.handler, number: self.number, state: self.state, bytes: &self.bytes }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The name at rest: of the handler, as its author wrote it, and of all that the arguments show.
    pub(crate) fn at_rest(&self, handler: &Handler, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> StoreKey {
        let of_handler = handler.digest(instance, state, namespace, shape);
        StoreKey::new(handler.epoch_name(instance), of_handler.within(&self.bytes))
    }
}

/// The name at rest of the variant that the given field values select. Hashed under the key that it is a variant of, so
/// that it is no other key's, and no request's.
pub(crate) fn variant_at_rest(handler: &Handler, instance: Instance, of: &StoreKey, selecting: &[u8]) -> StoreKey {
    StoreKey::new(handler.epoch_name(instance), of.digest().within(selecting))
}

impl KeyRef<'_> {
    pub(crate) fn to_primary(self) -> PrimaryKey {
        PrimaryKey { handler: self.handler, number: self.number, state: self.state, bytes: Arc::from(self.bytes) }
    }

    /// The key of the variant that the given field values select. Injective: a variant's key ends in what no key of a
    /// request ends in.
    pub(crate) fn variant(&self, selecting: &[u8]) -> PrimaryKey {
        let mut bytes = Vec::with_capacity(self.bytes.len() + selecting.len() + 1);
        bytes.extend_from_slice(self.bytes);
        bytes.push(Tag::Variant as u8);
        bytes.extend_from_slice(selecting);
        PrimaryKey { handler: self.handler, number: self.number, state: self.state, bytes: bytes.into() }
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // The path and the arguments tell almost all keys apart; the types are only compared.
        hasher.write(self.bytes);
        if self.number > 0 {
            hasher.write_u64(self.number);
        }
    }
}

impl Hash for PrimaryKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.as_ref().hash(hasher);
    }
}

impl equivalent::Equivalent<PrimaryKey> for KeyRef<'_> {
    fn equivalent(&self, key: &PrimaryKey) -> bool {
        self.handler == key.handler && self.number == key.number && self.state == key.state && *self.bytes == *key.bytes
    }
}

impl KeyWriter<'_> {
    pub(crate) fn as_ref(&self) -> KeyRef<'_> {
        let Instance { id: handler, number, .. } = self.instance;
        KeyRef { handler, number, state: (self.facts.state)().id, bytes: &self.bytes }
    }
}
