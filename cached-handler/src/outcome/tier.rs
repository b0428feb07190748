//! Which of two copies of a stored response answered.

use std::fmt;

/// Which copy of a stored response answered.
///
/// ```
/// use cached_handler::{Outcome, Tier};
///
/// fn is_from_memory(outcome: &Outcome) -> bool {
///     matches!(outcome, Outcome::Hit { tier: Tier::Near, .. })
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// The only copy: the backend is not `memory+…`.
    Only,
    /// The copy in memory, in front of a shared backend (`memory+redis`, `memory+fs`).
    Near,
    /// The response in the shared backend behind it; from then on there is a copy in memory.
    Far,
}

impl Tier {
    /// One word, for `Cache-Status`, events and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Near => "near",
            Self::Far => "far",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Only => "the only copy",
            Self::Near => "the copy in memory",
            Self::Far => "the shared backend",
        })
    }
}
