//! Random numbers.

use std::hash::{BuildHasher, RandomState};

/// Unpredictable: the standard library's hashers are keyed by the system, and so is the hash of nothing.
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
