//! The type of the router's state, which is part of a key.

use std::any::TypeId;

/// The type of the router's state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

impl State {
    pub(crate) fn of<S: 'static>() -> Self {
        Self { id: TypeId::of::<S>(), name: std::any::type_name::<S>() }
    }
}
