//! What a response is stored and found by.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use crate::{
    epoch::Scopes,
    handler::{Handler, Instance, Shape, state::State},
    key::{
        primary::{PrimaryKey, variant_at_rest},
        storage_key::StoreKey,
    },
    stored::{Stored, Variants, place::Place, value::Typed},
};

/// Reads a typed value out of stored content. None, if it is no value of the type: the type may have changed.
pub(crate) struct Opens(Box<Open>);

type Open = dyn Fn(&Bytes) -> Option<Typed> + Send + Sync;

impl Opens {
    pub(crate) fn by(open: impl Fn(&Bytes) -> Option<Typed> + Send + Sync + 'static) -> Self {
        Self(Box::new(open))
    }

    pub(super) fn open(&self, content: &Bytes) -> Option<Typed> {
        (self.0)(content)
    }
}

impl fmt::Debug for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opens")
    }
}

/// One key, and what concerns the responses under it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) handler: &'static Handler,
    pub(crate) instance: Instance,
    pub(crate) key: &'a PrimaryKey,
    pub(crate) state: State,
    pub(crate) paths: &'a [u64],
    pub(crate) groups: &'a [Box<str>],
    /// The request's fields, which select among variants.
    pub(crate) fields: Option<&'a HeaderMap>,
    /// Whether the handler sees that this is a HEAD: then what it answers has no content.
    pub(crate) of_head: bool,
    /// Of a typed value: what it is made of, which is part of its key at rest, and how it is read.
    pub(crate) shape: Option<Shape>,
    pub(crate) opens: Option<&'a Opens>,
}

impl<'a> Entry<'a> {
    pub(crate) fn scopes(&self) -> Scopes<'a> {
        self.scopes_at(self.paths, self.groups)
    }

    /// With the groups of a response, which may name some itself.
    pub(crate) fn scopes_of<'s>(&self, stored: &'s Stored) -> Scopes<'s>
    where
        'a: 's,
    {
        self.scopes_at(self.paths, &stored.groups)
    }

    /// With other paths, too.
    pub(crate) fn scopes_at<'s>(&self, paths: &'s [u64], groups: &'s [Box<str>]) -> Scopes<'s> {
        Scopes::new(self.handler.epoch_name(self.instance), paths, groups)
    }

    /// Whether the response has groups that the look-up did not read the epochs of.
    pub(crate) fn lacks_groups_of(&self, stored: &Stored) -> bool {
        stored.groups.iter().any(|group| !self.groups.contains(group))
    }

    /// The values by which its request selects among `variants`.
    pub(crate) fn values(&self, variants: &Variants) -> Vec<u8> {
        variants.values(self.fields, self.handler.policy.by_meaning)
    }

    pub(crate) fn key_at_rest(&self, namespace: &str) -> StoreKey {
        self.key.at_rest(self.handler, self.instance, self.state, namespace, self.shape)
    }

    pub(super) fn variant_at_rest(&self, of: &StoreKey, values: &[u8]) -> StoreKey {
        variant_at_rest(self.handler, self.instance, of, values)
    }

    /// Where the response is stored, if that is a backend.
    pub(crate) fn place(&self, backend: Option<usize>) -> Option<Place> {
        Some(Place { backend: backend?, handler: self.handler.epoch_name(self.instance), paths: self.paths.into() })
    }
}
