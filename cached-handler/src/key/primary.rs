//! A finished key: how it is compared in memory, and its digest for the key at rest.

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

/// The key of a stored response within one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrimaryKey {
    handler: TypeId,
    number: u64,
    state: TypeId,
    bytes: Arc<[u8]>,
}

/// A borrowed [`PrimaryKey`], with the same hash: for look-ups straight from the writer, without an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) handler: TypeId,
    pub(crate) number: u64,
    pub(crate) state: TypeId,
    pub(crate) bytes: &'a [u8],
}

impl PrimaryKey {
    /// The key of the copy in memory of what rests under this one in a backend; see [`KeyRef::in_front_of`].
    pub(crate) fn in_front_of(&self, backend: usize) -> Self {
        Self { number: in_front_of(self.number, backend), ..self.clone() }
    }

    /// The key of the same request with the method GET, for a HEAD or a POST whose arguments wrote the method at these offsets.
    /// `None` if the method is not in the key, or not at these offsets.
    pub(crate) fn of_get(&self, method_at: &[usize]) -> Option<Self> {
        if method_at.is_empty() {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.len());
        let mut rest = &*self.bytes;
        for at in method_at {
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

    /// The key at rest: the name of the handler, as its author wrote it, and a digest of everything in the key.
    pub(crate) fn at_rest(&self, handler: &Handler, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> StoreKey {
        let of_handler = handler.digest(instance, state, namespace, shape);
        StoreKey::new(handler.epoch_name(instance), of_handler.within(&self.bytes))
    }
}

/// The key at rest of the variant that the given field values select. It is hashed together with the key that it is a variant of,
/// so that it differs from the variants of other keys and from the keys of requests.
pub(crate) fn variant_at_rest(handler: &Handler, instance: Instance, of: &StoreKey, selecting: &[u8]) -> StoreKey {
    StoreKey::new(handler.epoch_name(instance), of.digest().within(selecting))
}

/// Numbers of layers and of sets of values come nowhere near.
fn in_front_of(number: u64, backend: usize) -> u64 {
    number | (backend as u64 + 1) << 48
}

impl KeyRef<'_> {
    /// The key of the copy in memory of what rests under this one in a backend: another one than in memory alone, and than in
    /// front of any other backend, as two sets of values of one name may rest in two places.
    pub(crate) fn in_front_of(self, backend: usize) -> Self {
        Self { number: in_front_of(self.number, backend), ..self }
    }

    pub(crate) fn to_primary(self) -> PrimaryKey {
        PrimaryKey { handler: self.handler, number: self.number, state: self.state, bytes: Arc::from(self.bytes) }
    }

    /// The key of the variant that the given field values select. Injective: a request's key has no element with the tag
    /// `Variant`.
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
        // Path and arguments differ between almost all keys, so the type of the handler is compared, but not hashed.
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
