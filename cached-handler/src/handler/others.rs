//! What is cached without an attribute, layers and sets of values: known once it has been made.

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
    /// A layer, which goes by the cache of each request.
    Layer,
    /// A layer that was given a cache of its own.
    LayerOfItsOwn,
    Values,
}

/// All of the program: as many as its author has written, so they are never freed.
static OTHERS: Mutex<Vec<Other>> = Mutex::new(Vec::new());

/// Notes one, once.
pub(crate) fn note(handler: &'static Handler, kind: Kind) {
    let mut others = lock(&OTHERS);
    if !others.iter().any(|other| std::ptr::eq(other.handler, handler)) {
        others.push(Other { handler, kind });
    }
}

pub(crate) fn all() -> Vec<Other> {
    lock(&OTHERS).clone()
}
