//! The router's state, of which a key holds the type.

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
