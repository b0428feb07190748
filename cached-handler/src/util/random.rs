//! Random numbers.

use std::hash::{BuildHasher, RandomState};

/// An unpredictable number: the hash of an empty value by a hasher of the standard library, whose seed comes from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ() {
        assert_ne!(random(), random());
    }
}
