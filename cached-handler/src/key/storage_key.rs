//! The key of a stored response at rest, in a backend.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use crate::util::digest::Digest;

/// The key of a stored response in a backend: the name of its handler and a digest, from which nothing of the request can be read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreKey {
    name: Box<str>,
    /// The digest of everything that the key is made of.
    digest: Digest,
}

impl StoreKey {
    pub(crate) fn new(handler: &str, digest: Digest) -> Self {
        let hex = digest.to_hex();
        Self { name: [handler, "/", &hex].concat().into_boxed_str(), digest }
    }

    /// The digest, which stored bytes begin with, so that bytes of another key are recognised.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// A key under which nothing is ever stored, to probe a backend with.
    pub(crate) fn probe() -> Self {
        Self { name: "probe".into(), digest: Digest::NONE }
    }

    /// A key for tests of a backend.
    #[must_use]
    pub fn for_tests(name: &str) -> Self {
        Self::new("test", Digest::of(name.as_bytes()))
    }

    /// The key as text: ASCII, at most some hundred bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl Hash for StoreKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // The digest covers everything in the key, the handler included.
        hasher.write(self.digest.as_bytes());
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
