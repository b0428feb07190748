//! A value as it is held in memory, whatever its type.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use bytes::Bytes;

use super::{Stored, Tag, fields::Fields};

/// A value of some type.
#[derive(Clone)]
pub(crate) struct Typed {
    value: Arc<dyn Any + Send + Sync>,
    /// About how many bytes it takes, where it is held in memory.
    weight: usize,
}

impl Typed {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T, weight: usize) -> Self {
        Self { value: Arc::new(value), weight }
    }

    pub(crate) fn shared<T: Send + Sync + 'static>(value: Arc<T>, weight: usize) -> Self {
        Self { value, weight }
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.value).downcast().ok()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("weight", &self.weight).finish_non_exhaustive()
    }
}

impl Stored {
    /// A typed value without the bytes that it rests as; none, where it is a response.
    pub(crate) fn value_alone(&self) -> Option<Self> {
        let value = self.value.clone()?;
        Some(Self {
            status: self.status,
            fields: Fields::none(),
            extensions: self.extensions.clone(),
            of_head: self.of_head,
            tells_length: self.tells_length,
            content: Bytes::new(),
            born: self.born,
            fresh_until: self.fresh_until,
            windows: self.windows,
            ends: self.ends,
            tag: Tag::Own,
            own: self.own,
            tells_clients: self.tells_clients,
            ended: AtomicBool::new(self.has_ended()),
            stamp: self.stamp,
            began: self.began,
            marks: self.marks.clone(),
            groups: self.groups.clone(),
            rare: self.rare.clone(),
            shareable: self.shareable,
            value: Some(value),
            near: OnceLock::new(),
        })
    }
}
