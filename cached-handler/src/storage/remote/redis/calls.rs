//! What is asked of the server: epochs, invalidations, responses to store.

use std::time::Duration;

use ::redis::Value;

use super::{CLOCK_LIVES, EPOCH_LIVES, Inner, frame, keys::Names, lease::Wait, list, mget, record, refusal::senseless, script};
use crate::{
    epoch::{Effect, EpochSnapshot, Moved, target::Mark},
    error::Error,
    storage::remote::Put,
    util::{clock::millis, random::random},
};

impl Inner {
    pub(super) async fn read(&self, keys: &Names) -> Result<EpochSnapshot, Error> {
        let values = list(self.link.call(&mget(keys.iter())).await?)?;
        let reading = match record::reading(keys.iter(), &values) {
            Some(reading) => reading,
            None => self.make_epochs(keys).await?,
        };
        self.known.note(&reading);
        Ok(reading)
    }

    /// Makes what is missing, and reads all of it anew.
    pub(super) async fn make_epochs(&self, keys: &Names) -> Result<EpochSnapshot, Error> {
        let values = list(self.link.call_script(&script::READ, keys, &[]).await?)?;
        record::reading(keys.iter(), &values).ok_or_else(senseless)
    }

    /// `mark`: what of the mirror is moved, unless it is of no use any more.
    pub(super) async fn advance(&self, keys: &Names, what: &str, mark: Option<(Mark<'_>, Effect)>) -> Result<(Moved, Option<Wait>), Error> {
        let (incarnation, set) = self.invalidating.known_for_long();
        let channel = self.keys.channel(self.link.database());
        let new = random().to_string();
        let answer = self.link.call_script(&script::ADVANCE, keys, &[what, &incarnation, &set, &new, &channel]).await?;
        let (moved, advanced) = record::advanced(self.keys.namespace(), &answer).ok_or_else(senseless)?;
        self.known.note(&EpochSnapshot { incarnation: moved.to.incarnation, clock: moved.to.clock, invalidated: 0, expired: 0 });
        // At once: also a caller that does not wait for others has invalidated here.
        if let Some(lease) = &self.lease {
            lease.advanced(moved.to, mark);
        }
        Ok((moved, self.has_advanced(advanced)))
    }

    /// Stores under the last of the keys, and sees to it that the others, the clock and the epochs, live longer. `unless_newer`:
    /// not in place of what a run has left there that began later, by the bytes themselves.
    pub(super) async fn put(&self, keys: &Names, bytes: &[u8], keep_for: Duration, unless_newer: bool) -> Result<Put, Error> {
        let incarnation = match self.known.stamp() {
            Some(stamp) => stamp.incarnation,
            None => self.read(&self.keys.clock()).await?.incarnation,
        };
        let keep_for = millis(keep_for).max(1);
        let longer = keep_for.saturating_add(millis(EPOCH_LIVES));
        let framed = frame(incarnation, bytes);
        let command = |by_digest| {
            let mut command = script::PUT.call(by_digest, keys);
            command.arg(&framed[..]).arg(keep_for).arg(longer.max(millis(CLOCK_LIVES))).arg(longer).arg(i32::from(unless_newer));
            command
        };
        match self.link.call_dated(command).await? {
            Value::Int(0) => Ok(Put::Overtaken),
            Value::Int(_) => Ok(Put::Stored),
            _ => Err(senseless()),
        }
    }
}
