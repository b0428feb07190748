//! How keys are hashed in this process: with seeds that the system gives, so that no client can choose what collides.

use std::{hash::BuildHasher, sync::LazyLock};

use foldhash::{
    SharedSeed,
    quality::{FoldHasher, SeedableRandomState},
};

use crate::util::random::random;

/// Hashers with a seed of their own.
#[derive(Debug, Clone)]
pub(crate) struct Keyed(SeedableRandomState);

impl Keyed {
    /// The same in each process, so that a test repeats.
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
