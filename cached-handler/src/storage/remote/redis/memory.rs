//! What the server does when its memory is full, and whether that hurts.
//!
//! Every key of this crate has a time limit, so `volatile-…` and `allkeys-…` treat them alike, and only the first
//! spares what others keep for good. A look-up reads the clock and the epochs beside the response: they are used no
//! less often than any response that needs them, and no less recently, and go after it where that is what counts. `lru`
//! counts in seconds: where all of the memory is filled anew within one, the clock looks no younger than anything else.

/// What will be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worry {
    /// Nothing is evicted, and so nothing can be stored.
    Refuses,
    /// The clock goes as easily as anything else, and with it every response.
    LosesTheClock,
}

impl Worry {
    /// By what `INFO memory` says.
    pub(super) fn of(limit: &str, policy: &str) -> Option<Self> {
        if limit == "0" {
            return None;
        }
        match policy.rsplit('-').next() {
            Some("noeviction") => Some(Self::Refuses),
            // The clock is used all the time, and lives longer than anything else.
            Some("lru" | "lfu" | "ttl") => None,
            // By chance, or what was written longest ago.
            _ => Some(Self::LosesTheClock),
        }
    }

    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Refuses => {
                "when its memory is full, Redis will refuse new responses instead of evicting old ones; set `maxmemory-policy volatile-lfu`"
            }
            Self::LosesTheClock => {
                "when its memory is full, Redis may evict the clock of this cache, which makes every response unusable; set `maxmemory-policy volatile-lfu`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_that_lose_the_clock_or_store_nothing_warn_only_where_memory_is_limited() {
        for (policy, worry) in [
            ("noeviction", Some(Worry::Refuses)),
            ("allkeys-random", Some(Worry::LosesTheClock)),
            ("volatile-random", Some(Worry::LosesTheClock)),
            ("allkeys-lrm", Some(Worry::LosesTheClock)),
            ("allkeys-lru", None),
            ("volatile-lru", None),
            ("allkeys-lfu", None),
            ("volatile-lfu", None),
            ("volatile-ttl", None),
        ] {
            assert_eq!(Worry::of("104857600", policy), worry, "{policy}");
            assert_eq!(Worry::of("0", policy), None, "{policy}");
        }
    }
}
