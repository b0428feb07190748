//! A value as it is held in memory, whatever its type.

use std::{any::Any, fmt, sync::Arc};

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
