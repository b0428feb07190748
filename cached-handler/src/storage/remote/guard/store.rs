//! Storing, and what is too long for it.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Inner,
    within::{STARVED, within, within_and_count},
};
use crate::{
    epoch::{Order, Scopes},
    error::{Error, Fault},
    key::storage_key::StoreKey,
    storage::remote::{Put, Remote},
};

impl<B: Remote + 'static> Inner<B> {
    /// Stores. A long response that takes more time over a network than a read may take is removed again: no look-up would
    /// wait for it. That says nothing of the backend's health.
    pub(super) async fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Result<Put, Error> {
        let is_long = bytes.len() > LONG;
        let _permit = self.may_ask()?;
        let (outcome, listened) = within_and_count(self.write_limit(), self.backend.put(key, bytes, keep_for, scopes, unless_after)).await;
        let is_too_long = is_long
            && match &outcome {
                Ok(Put::Overtaken) => false,
                Ok(Put::Stored) => self.backend.round_trip().is_some() && listened > self.read_limit(),
                Err(error) => matches!(error.as_fault(), Fault::Sick("slow") | STARVED),
            };
        if !is_too_long {
            return outcome;
        }
        // It may be stored all the same, after this process has stopped waiting. On the same connection, the removal comes after
        // it.
        _ = within(REMOVAL, self.backend.remove(key)).await;
        Err(Error::fault(
            Fault::Refused("too-long"),
            "a response is too long for the backend's limits of time, and is not stored; lower `Policy::max_body`, or raise `BackendLimits::read` and `BackendLimits::write`",
        ))
    }
}

/// From here on the length of a response may be what takes the time.
const LONG: usize = 512 << 10;
/// How long removing it may take.
const REMOVAL: Duration = Duration::from_secs(5);
