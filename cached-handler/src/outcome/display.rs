//! The one-line texts of outcomes.

use std::fmt;

use super::{Kept, Outcome, Tier};

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit { age, ttl, tier } => {
                write!(f, "hit, {} s old, fresh for {} s more", age.as_secs(), ttl.as_secs())?;
                if *tier == Tier::Only { Ok(()) } else { write!(f, "; from {tier}") }
            }
            Self::Stale { age, past, why } => write!(f, "stale, {} s old, fresh until {} s ago; {why}", age.as_secs(), past.as_secs()),
            Self::Forward { why, collapsed, kept } => {
                write!(f, "forwarded: {why}; ")?;
                if *collapsed {
                    f.write_str("answered by another request's run; ")?;
                }
                kept.fmt(f)
            }
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => f.write_str("stored"),
            Self::Storing => f.write_str("being stored in the background"),
            Self::Freshened => f.write_str("the stored response is fresh again"),
            Self::Streaming => f.write_str("being stored while it streams"),
            Self::Not(reason) => write!(f, "not stored: {reason}"),
        }
    }
}
