//! The registry of layers and sets of values, which are known once they have been made.

use std::sync::Mutex;

use super::Handler;
use crate::util::lock::lock;

/// A layer, or a set of values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Other {
    pub(crate) handler: &'static Handler,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A layer that uses the cache of each request.
    Layer,
    /// A layer with a cache of its own.
    LayerOfItsOwn,
    Values,
}

/// All layers and sets of the program. They are never freed: a program has few.
static OTHERS: Mutex<Vec<Other>> = Mutex::new(Vec::new());

/// Registers a layer or a set, once.
pub(crate) fn note(handler: &'static Handler, kind: Kind) {
    let mut others = lock(&OTHERS);
    if !others.iter().any(|other| std::ptr::eq(other.handler, handler)) {
        others.push(Other { handler, kind });
    }
}

pub(crate) fn all() -> Vec<Other> {
    lock(&OTHERS).clone()
}
