//! The hash for keys in memory. Its seed is random, so that clients cannot choose keys that collide.

use std::{hash::BuildHasher, sync::LazyLock};

use foldhash::{
    SharedSeed,
    quality::{FoldHasher, SeedableRandomState},
};

use crate::util::random::random;

/// Builds hashers with one seed.
#[derive(Debug, Clone)]
pub(crate) struct Keyed(SeedableRandomState);

impl Keyed {
    /// A fixed seed, so that tests are repeatable.
    pub(crate) fn fixed(seed: u64) -> Self {
        Self(SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()))
    }

    pub(crate) fn new() -> Self {
        static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(random()));
        Self(SeedableRandomState::with_seed(random(), &SHARED))
    }
}

impl Default for Keyed {
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for Keyed {
    type Hasher = FoldHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> FoldHasher<'static> {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hashers_agree_with_themselves_and_not_with_each_other() {
        let (one, other) = (Keyed::new(), Keyed::new());
        assert_eq!(one.hash_one("/a"), one.hash_one("/a"));
        assert_ne!(one.hash_one("/a"), other.hash_one("/a"));
        assert_eq!(Keyed::fixed(1).hash_one("/a"), Keyed::fixed(1).hash_one("/a"));
    }
}
