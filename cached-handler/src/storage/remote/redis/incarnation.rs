//! Calls whose keys depend on the incarnation: those with a path. Where another has begun since this process last heard of
//! it, they are made once more with its keys.

use super::{Inner, lease::Wait, refusal::senseless};
use crate::{
    epoch::{
        Effect, EpochSnapshot, Moved, Scopes,
        target::{Mark, Target},
    },
    error::Error,
};

/// As many incarnations as may begin during one call.
const BEGINNINGS: u32 = 4;

impl Inner {
    /// That which this process knows; none is 0.
    pub(super) fn incarnation(&self) -> u64 {
        self.known.stamp().map_or(0, |stamp| stamp.incarnation)
    }

    /// Makes what is missing, under the names that the incarnation gives it.
    pub(super) async fn make_epochs_of(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        let mut incarnation = self.incarnation();
        for _ in 0..BEGINNINGS {
            let reading = self.make_epochs(&self.keys.scopes(scopes, incarnation)).await?;
            if reading.incarnation == incarnation {
                return Ok(reading);
            }
            incarnation = reading.incarnation;
        }
        Err(senseless())
    }

    /// Invalidates a target, under the name that the incarnation gives it.
    pub(super) async fn advance_at(&self, target: &Target, effect: Effect) -> Result<(Moved, Option<Wait>), Error> {
        let word = match effect {
            Effect::Invalidate => "invalidate",
            Effect::Expire => "expire",
        };
        let mut incarnation = self.incarnation();
        for _ in 0..BEGINNINGS {
            let names = self.keys.clock_and_mark(target.mark(), incarnation);
            let (moved, wait) = self.advance(&names, word, Some((target.mark(), effect))).await?;
            if moved.to.incarnation == incarnation || !matches!(target.mark(), Mark::Path(_)) {
                return Ok((moved, wait));
            }
            incarnation = moved.to.incarnation;
        }
        Err(senseless())
    }
}
