//! A call with its limit of time.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::{
    error::{Error, Fault},
    storage::remote::Answer,
    util::timer::{GivenUp, listen_and_count},
};

/// Limits of time need a runtime.
pub(super) fn in_a_runtime() -> Result<(), Error> {
    let advice = "there is no runtime of tokio here, so the backend was not asked; run the program, or this call, in one";
    Handle::try_current().map(drop).map_err(|_| Error::fault(Fault::Spared("no-runtime"), advice))
}

/// Gives up after `limit`, in which this process listened.
pub(super) async fn within<T>(limit: Duration, call: Answer<'_, T>) -> Result<T, Error> {
    within_and_count(limit, call).await.0
}

/// The same, and for how long it listened.
pub(super) async fn within_and_count<T>(limit: Duration, call: Answer<'_, T>) -> (Result<T, Error>, Duration) {
    let (outcome, listened) = listen_and_count(limit, call).await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(GivenUp::Slow) => Err(Error::fault(Fault::Sick("slow"), format!("no answer within {} ms", limit.as_millis()))),
        Err(GivenUp::Starved) => {
            let message = "this process was too busy to hear an answer; keep what computes for long off the threads of the runtime, as by `tokio::task::spawn_blocking`";
            Err(Error::fault(STARVED, message))
        }
    };
    (outcome, listened)
}

/// Not the backend's failure.
pub(super) const STARVED: Fault = Fault::Spared("starved");
