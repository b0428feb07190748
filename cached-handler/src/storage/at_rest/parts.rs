//! What a response at rest is made of: whether any of it was invalidated since.

use std::iter;

use crate::{
    epoch::{EpochSnapshot, Scopes, Stamp},
    error::Error,
    storage::remote::Remote,
    stored::{Stored, part::Part},
};

/// What the epochs of a response's parts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Current,
    Expired,
    Invalidated,
}

/// All in one call, however many they are.
pub(super) async fn parts(backend: &dyn Remote, stored: &Stored) -> Result<Parts, Error> {
    if stored.parts().is_empty() {
        return Ok(Parts::Current);
    }
    let scopes: Vec<_> = stored.parts().iter().map(Part::scopes).collect();
    Ok(judged(stored, &backend.read_each(&scopes).await?))
}

/// The scopes of a response, and those of its parts.
pub(super) fn scopes_with_parts<'a>(own: Scopes<'a>, stored: &'a Stored) -> Vec<Scopes<'a>> {
    iter::once(own).chain(stored.parts().iter().map(Part::scopes)).collect()
}

/// The reading of the first, which is the response's own, and what those of its parts say.
pub(super) async fn read_with_parts(backend: &dyn Remote, scopes: &[Scopes<'_>], stored: &Stored) -> Result<(EpochSnapshot, Parts), Error> {
    let readings = backend.read_each(scopes).await?;
    let Some((own, parts)) = readings.split_first() else { return Err(Error::backend("it gave no reading")) };
    Ok((*own, judged(stored, parts)))
}

/// Invalidated, where a reading is missing.
fn judged(stored: &Stored, readings: &[EpochSnapshot]) -> Parts {
    if readings.len() != stored.parts().len() {
        return Parts::Invalidated;
    }
    let mut state = Parts::Current;
    for (part, reading) in stored.parts().iter().zip(readings) {
        let stamp = Stamp { clock: part.clock, ..stored.stamp };
        if !reading.allows(stamp) {
            return Parts::Invalidated;
        }
        if reading.expires(stamp) {
            state = Parts::Expired;
        }
    }
    state
}
