//! A computation whose runtime has ended.

use std::{
    any::Any,
    error, fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
};

use crate::util::home::has_ended;

/// Why [`Values::try_get_or_insert_with`](crate::Values::try_get_or_insert_with) has no value.
///
/// ```
/// use cached_handler::ComputeError;
///
/// fn says(error: &ComputeError<std::io::Error>) -> String {
///     match error {
///         ComputeError::Failed(error) => format!("the bank does not answer: {error}"),
///         // This process is ending.
///         other => other.to_string(),
///     }
/// }
/// # assert!(says(&ComputeError::RuntimeEnded).contains("ended"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComputeError<E> {
    /// The `Err` of the computation.
    Failed(E),
    /// The runtime of the call has ended, and the computation needs it: its timers, or its input and output.
    RuntimeEnded,
}

impl<E: fmt::Display> fmt::Display for ComputeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::RuntimeEnded => f.write_str("the runtime has ended that the computation of a value needs"),
        }
    }
}

impl<E: error::Error + 'static> error::Error for ComputeError<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::RuntimeEnded => None,
        }
    }
}

/// The panic of a computation whose runtime has ended.
pub(super) struct Ended(pub(super) Box<dyn Any + Send>);

/// Awaits a future, and returns its panic as an error if the caller's runtime has ended. If the runtime is alive, the panic is the
/// author's own and continues.
pub(super) async fn unless_ended<F: Future>(future: F) -> Result<F::Output, Ended> {
    let mut future = pin!(future);
    let polled = std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic)),
    });
    match polled.await {
        Ok(output) => Ok(output),
        Err(panic) if has_ended() => Err(Ended(panic)),
        Err(panic) => resume_unwind(panic),
    }
}
