//! The keys of values.

use std::any::{TypeId, type_name};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Values,
    set::NO_REQUEST,
    typed::{measured, opened},
};
use crate::{
    handler::Instance,
    key::{
        probe::shape,
        writer::{Buffer, KeyPart, KeyWriter, Tag, Traits},
    },
    outcome::Forward,
    request::facts::RequestFacts,
    serve::{Captured, Key, Miss},
    storage::Opens,
};

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Values<T> {
    pub(super) fn key<K: KeyPart + ?Sized>(&self, part: &K) -> KeyWriter<'static> {
        let mut key = self.begin();
        self.write(part, &mut key);
        key
    }

    // Built in one expression, so that the compiler constructs it in place instead of moving it.
    #[inline]
    pub(super) fn begin(&self) -> KeyWriter<'static> {
        KeyWriter {
            handler: self.set.handler,
            instance: Instance { id: TypeId::of::<Self>(), name: type_name::<T>(), number: self.set.number() },
            bytes: Buffer::new(),
            facts: &NO_REQUEST,
            fields: None,
            traits: Traits::default(),
        }
    }

    #[inline]
    pub(super) fn write<K: KeyPart + ?Sized>(&self, part: &K, key: &mut KeyWriter<'_>) {
        if self.set.version > 0 {
            // No other key of a value begins with this tag.
            key.tagged(Tag::Method, &self.set.version.to_le_bytes());
        }
        key.part(part);
    }

    /// The key of a value, without a look-up; `None` if the cache is bypassed.
    pub(super) fn unlooked<K: KeyPart + ?Sized>(&self, part: &K) -> Option<Box<Key>> {
        let mut key = self.key(part);
        (!self.is_aside(&key)).then(|| Box::new(key.finish(Forward::UriMiss)))
    }

    pub(super) fn is_aside(&self, key: &KeyWriter<'_>) -> bool {
        self.cache.inner().off || key.traits.bypass.is_some()
    }

    pub(super) fn miss(&self, key: Box<Key>) -> Box<Miss> {
        self.set.is_used();
        let facts = RequestFacts::of_none(self.cache.clocks());
        let mut miss = Miss::new(self.set.handler, Captured { facts, fields: None, cache: Some(self.cache.clone()) }, key);
        let weigh = self.weigh;
        miss.opens =
            Some(if self.storage().keeps_objects() { Opens::by(move |json| measured::<T>(json, weigh)) } else { Opens::by(opened::<T>) });
        miss.shape = Some(shape::<T>);
        miss.paths.clear();
        miss.belongs_to_its_key();
        miss
    }
}
