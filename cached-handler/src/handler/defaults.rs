//! What a cache says for all of its handlers.

use std::sync::Mutex;

use super::{Attributes, Handler};
use crate::{handler::policy::Policy, util::lock::lock};

/// The defaults of a cache. Equal ones are one, so that a handler can be compared by them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Defaults {
    /// The backend of those that name none; absent for the memory.
    pub(crate) backend: Option<&'static str>,
    pub(crate) policy: Policy,
}

impl Defaults {
    /// None, where they say nothing. As many as the program's caches have, so they are never freed.
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
    /// As it is in a cache of these defaults: what neither its attribute nor its policy says is as they say.
    #[inline]
    pub(crate) fn with(&'static self, defaults: Option<&'static Defaults>) -> &'static Self {
        match defaults {
            Some(defaults) if self.under.is_none() => self.under(defaults),
            _ => self,
        }
    }

    /// The same under defaults. Made once for each, and never freed: there are as many as the program's caches have defaults.
    fn under(&'static self, defaults: &'static Defaults) -> &'static Self {
        let mut last = self;
        loop {
            let next = last.elsewhere.get_or_init(|| Box::leak(Box::new(self.made_under(defaults))));
            if next.under.is_some_and(|under| std::ptr::eq(under, defaults)) {
                return next;
            }
            last = next;
        }
    }

    fn made_under(&self, defaults: &'static Defaults) -> Self {
        let attributes = Attributes { backend: self.attributes.backend.or(defaults.backend), ..self.attributes };
        let policy = if self.is_of_values { self.policy } else { self.policy.over(&defaults.policy) };
        let new = Self { is_of_layer: self.is_of_layer, under: Some(defaults), ..Self::new(self.site, attributes, policy) };
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
