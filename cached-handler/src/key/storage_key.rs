//! The name of a stored response where it is at rest.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use crate::util::digest::Digest;

/// The name of a stored response at rest: the handler's name and a digest. Nothing of the request can be read in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreKey {
    name: Box<str>,
    /// Of everything that a key is made of.
    digest: Digest,
}

impl StoreKey {
    pub(crate) fn new(handler: &str, digest: Digest) -> Self {
        let hex = digest.to_hex();
        Self { name: [handler, "/", &hex].concat().into_boxed_str(), digest }
    }

    /// What the bytes under it begin with, so that another key's are known for what they are.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// A key under which nothing is ever put.
    pub(crate) fn probe() -> Self {
        Self { name: "probe".into(), digest: Digest::NONE }
    }

    /// A key for tests of a backend.
    #[must_use]
    pub fn for_tests(name: &str) -> Self {
        Self::new("test", Digest::of(name.as_bytes()))
    }

    /// The name; ASCII, at most some hundred bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl Hash for StoreKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Of all that the key is made of, its handler included.
        hasher.write(self.digest.as_bytes());
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
