//! Storing, and what is too long for it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Inner,
    within::{STARVED, within, within_and_count},
};
use crate::{
    epoch::{Order, Scopes},
    error::{Error, Fault},
    key::storage_key::StoreKey,
    storage::remote::{Backend, Put, guard::notices::Errand},
};

impl<B: Backend + 'static> Inner<B> {
    /// Stores. What is long, and takes longer over a network than a read may, no look-up would wait for: it is taken back,
    /// which says nothing of the backend.
    pub(super) async fn put<'a>(
        self: &'a Arc<Self>,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Result<Put, Error> {
        let is_long = bytes.len() > LONG;
        let began = Instant::now();
        let place = match self.may_ask() {
            Ok(place) => place,
            Err(error) => {
                self.note(Errand::Store, began, Some(&error));
                return Err(error);
            }
        };
        let (mut outcome, listened) =
            within_and_count(self.write_limit(), self.backend.put(key, bytes, keep_for, scopes, unless_after)).await;
        let is_too_long = is_long
            && match &outcome {
                Ok(Put::Overtaken) => false,
                Ok(Put::Stored) => self.backend.round_trip().is_some() && listened > self.read_limit(),
                Err(error) => matches!(error.as_fault(), Fault::Sick("slow") | STARVED),
            };
        if is_too_long {
            // It may come to rest all the same, after this process has stopped waiting; on the same connection, the removal
            // comes after it. Nobody waits for a store.
            _ = within(TAKING_BACK, self.backend.remove(key)).await;
            outcome = Err(Error::fault(
                Fault::Refused("too-long"),
                "a response is too long for the backend's limits of time, and is not stored; lower `Policy::max_body`, or raise `BackendLimits::read` and `BackendLimits::write`",
            ));
        }
        drop(place);
        self.note(Errand::Store, began, outcome.as_ref().err());
        outcome
    }
}

/// From here on the length of a response may be what takes the time.
const LONG: usize = 512 << 10;
/// How long it may take until what was too long is out of the way.
const TAKING_BACK: Duration = Duration::from_secs(5);
