//! Calls that may block, on threads made for it; a few at a time, so that a disk that hangs takes no more of them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Semaphore;

use super::fault::Fault;

/// The threads.
#[derive(Debug)]
pub(super) struct Hop(Arc<Semaphore>);

/// Most of them at a time.
const THREADS: usize = 16;

impl Hop {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(THREADS)))
    }

    /// Does `work` on one of them. Dropping the future does not stop it: it goes on, holds its place, and is told.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicBool) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| Fault::NoThread(error.to_string().into()))?;
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|error| Fault::NoThread(error.to_string().into()))?;
        let mut caller = Caller { gone: Arc::default(), waits: true };
        let gone = Arc::clone(&caller.gone);
        let outcome = runtime
            .spawn_blocking(move || {
                let _place = place;
                // It waited in a queue, for longer than its caller did.
                if gone.load(Ordering::SeqCst) { Err(Fault::GivenUp) } else { work(&gone) }
            })
            .await;
        caller.waits = false;
        outcome.map_err(|error| Fault::NoThread(error.to_string().into()))?
    }
}

/// Whoever waits for the outcome; dropped early, it says so.
struct Caller {
    gone: Arc<AtomicBool>,
    waits: bool,
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.waits {
            self.gone.store(true, Ordering::SeqCst);
        }
    }
}
