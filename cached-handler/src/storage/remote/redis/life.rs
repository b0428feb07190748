//! Which life of a server an incarnation began in: told by its last digits.
//!
//! A server that is started again from its last snapshot, and a replica that takes a failed primary's place, may have lost
//! the latest invalidations, and still have what they were about. Such a server calls itself by a new name, so what
//! was stored in another life is known, and is not used.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::util::random::random;

/// The life of the server that this process is connected to.
#[derive(Debug, Default)]
pub(super) struct Life(AtomicU64);

/// Nine last digits of an incarnation, and ten others.
const LIVES: u64 = 1_000_000_000;
const OTHERS: u64 = 10_000_000_000;
const _: () = assert!(u64::MAX / LIVES > OTHERS);

impl Life {
    /// As `INFO` names it. One that may not be asked is none.
    pub(super) fn is_that_of(&self, info: &str) {
        let name = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        let number = name.and_then(|name| u64::from_str_radix(name.get(..16)?, 16).ok());
        self.0.store(number.map_or(NONE, |number| 1 + number % (LIVES - 1)), Ordering::Relaxed);
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != NONE
    }

    /// Whether that incarnation began in this life.
    pub(super) fn is_that_in(&self, incarnation: u64) -> bool {
        incarnation % LIVES == self.0.load(Ordering::Relaxed)
    }

    /// A new incarnation, in this life.
    pub(super) fn incarnation(&self) -> u64 {
        random() % OTHERS * LIVES + self.0.load(Ordering::Relaxed)
    }

    /// What all incarnations of this life end in.
    pub(super) fn digits(&self) -> String {
        format!("{:09}", self.0.load(Ordering::Relaxed))
    }
}

const NONE: u64 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incarnation_ends_in_the_digits_of_its_life_and_in_no_others() {
        let (one, other) = (Life::default(), Life::default());
        one.is_that_of("redis_version:8.2.1\r\nrun_id:0123456789abcdef0123456789abcdef01234567\r\nrole:master\r\n");
        other.is_that_of("run_id:f123456789abcdef0123456789abcdef01234567\r\n");
        assert!(one.is_known() && other.is_known());
        for _ in 0..1000 {
            let incarnation = one.incarnation();
            assert!(one.is_that_in(incarnation) && !other.is_that_in(incarnation));
            let incarnation = incarnation.to_string();
            assert!(incarnation.ends_with(&one.digits()) && !incarnation.ends_with(&other.digits()), "{incarnation}");
        }
        assert_ne!(one.incarnation(), one.incarnation());
    }

    #[test]
    fn a_server_that_does_not_say_who_it_is_has_no_life() {
        let life = Life::default();
        for info in ["", "run_id:\r\n", "run_id:0123\r\n", "run_id:zzzzzzzzzzzzzzzzzzzz\r\n"] {
            life.is_that_of("run_id:0123456789abcdef0123456789abcdef01234567\r\n");
            life.is_that_of(info);
            assert!(!life.is_known(), "{info:?}");
            assert_eq!(life.digits(), "000000000");
        }
    }
}
