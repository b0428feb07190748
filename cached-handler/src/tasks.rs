//! Runs that outlive their request: counted, limited, and waited for at the end.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};

/// The detached runs of one cache.
#[derive(Debug)]
pub(crate) struct Tasks {
    places: Arc<Semaphore>,
    most: u32,
}

/// A detached run's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Tasks {
    pub(crate) fn new(most: usize) -> Self {
        let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { places: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// A place for one more, if there is a runtime to run it and the limit allows.
    pub(crate) fn place(&self) -> Option<(Handle, Place)> {
        let runtime = Handle::try_current().ok()?;
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((runtime, Place { _permit: permit }))
    }

    /// Waits until all places are free.
    pub(crate) async fn drain(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.places.acquire_many(self.most)).await.is_ok()
    }
}

/// Has the runtime run it in a task of its own. Boxed, so that a program builds what tokio puts around a task once, and not
/// for each kind of run.
pub(crate) fn spawn(runtime: &Handle, run: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let run: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(run);
    runtime.spawn(run)
}
