//! The defaults that a cache sets for all of its handlers.

use std::sync::Mutex;

use super::{Attributes, Handler};
use crate::{handler::policy::Policy, util::lock::lock};

/// The defaults of a cache. Equal defaults are the same object, so that they are compared by address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Defaults {
    /// The backend of handlers that name none; absent for memory.
    pub(crate) backend: Option<&'static str>,
    pub(crate) policy: Policy,
}

impl Defaults {
    /// The defaults as a static; `None` if all of them are those of the crate. They are never freed: a program has few caches.
    pub(crate) fn of(backend: Option<&'static str>, policy: &Policy) -> Option<&'static Self> {
        static ALL: Mutex<Vec<&'static Defaults>> = Mutex::new(Vec::new());
        let new = Self { backend, policy: *policy };
        if new == (Self { backend: None, policy: Policy::new() }) {
            return None;
        }
        let mut all = lock(&ALL);
        if let Some(known) = all.iter().find(|known| ***known == new) {
            return Some(known);
        }
        let new: &Self = Box::leak(Box::new(new));
        all.push(new);
        Some(new)
    }
}

impl Handler {
    /// This handler in a cache with these defaults: they apply to what neither its attribute nor its policy sets.
    #[inline]
    pub(crate) fn with(&'static self, defaults: Option<&'static Defaults>) -> &'static Self {
        match defaults {
            Some(defaults) if self.defaults.is_none() => self.copy_for(defaults),
            _ => self,
        }
    }

    /// The copy of this handler for these defaults. It is made once and never freed: a program has few different defaults.
    fn copy_for(&'static self, defaults: &'static Defaults) -> &'static Self {
        let mut last = self;
        loop {
            let next = last.next_copy.get_or_init(|| Box::leak(Box::new(self.new_copy(defaults))));
            if next.defaults.is_some_and(|of| std::ptr::eq(of, defaults)) {
                return next;
            }
            last = next;
        }
    }

    fn new_copy(&self, defaults: &'static Defaults) -> Self {
        let attributes = Attributes { backend: self.attributes.backend.or(defaults.backend), ..self.attributes };
        let policy = if self.is_of_values { self.policy } else { self.policy.over(&defaults.policy) };
        let new = Self { is_of_layer: self.is_of_layer, defaults: Some(defaults), ..Self::new(self.site, attributes, policy) };
        if self.is_of_values { new.of_values() } else { new }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_defaults_are_one() {
        assert!(Defaults::of(None, &Policy::new()).is_none());
        let of = |bytes| Defaults::of(Some("store"), &Policy::new().max_body(bytes)).unwrap();
        assert!(std::ptr::eq(of(1), of(1)));
        assert!(!std::ptr::eq(of(1), of(2)));
    }
}
