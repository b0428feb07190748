//! What a response at rest is made of: whether any of it was invalidated since.

use crate::{
    backend::{Backend, Reading, Scopes, Stamp},
    error::Error,
    nested::Part,
    stored::Stored,
    together::together,
};

/// What the epochs of a response's parts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Current,
    Expired,
    Invalidated,
}

/// All at once: one round trip.
pub(super) async fn parts(backend: &dyn Backend, stored: &Stored) -> Result<Parts, Error> {
    if stored.parts.is_empty() {
        return Ok(Parts::Current);
    }
    let scopes: Vec<_> = stored.parts.iter().map(Part::scopes).collect();
    let readings = together(scopes.iter().map(|scopes| backend.read(scopes)).collect()).await;
    let mut state = Parts::Current;
    for (part, reading) in stored.parts.iter().zip(readings) {
        let (reading, stamp) = (reading?, Stamp { clock: part.clock, ..stored.stamp });
        if !reading.allows(stamp) {
            return Ok(Parts::Invalidated);
        }
        if reading.expires(stamp) {
            state = Parts::Expired;
        }
    }
    Ok(state)
}

pub(super) async fn read_with_parts(backend: &dyn Backend, scopes: &Scopes<'_>, stored: &Stored) -> Result<(Reading, Parts), Error> {
    Ok((backend.read(scopes).await?, parts(backend, stored).await?))
}
