//! Tracks work that outlives its request, so that `drain` can wait for it at the end of the process. The number of detached runs is
//! limited; that of invalidations is not.

use std::{pin::Pin, sync::Arc};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
};

use crate::util::home::Home;

/// The detached runs of one cache, and its pending invalidations.
#[derive(Debug)]
pub(crate) struct Tasks {
    places: Arc<Semaphore>,
    most: u32,
    invalidations: Arc<watch::Sender<usize>>,
    home: Home,
}

/// A place for one detached run, which is given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// A pending invalidation, for which `drain` waits until this is dropped.
#[derive(Debug)]
pub(crate) struct PendingInvalidation(Arc<watch::Sender<usize>>);

impl Tasks {
    pub(crate) fn new(most: usize) -> Self {
        let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { places: Arc::new(Semaphore::new(most as usize)), most, invalidations: Arc::new(watch::Sender::new(0)), home: Home::here() }
    }

    /// A place for one more detached run, if there is a runtime and the limit allows it.
    pub(crate) fn place(&self) -> Option<(Handle, Place)> {
        let runtime = Handle::try_current().ok()?;
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((runtime, Place { _permit: permit }))
    }

    /// Registers a pending invalidation. There is no limit: each comes from a request or a call of the program, and takes no longer
    /// than a backend's time limit.
    pub(crate) fn pending_invalidation(&self) -> PendingInvalidation {
        self.invalidations.send_modify(|pending| *pending += 1);
        PendingInvalidation(Arc::clone(&self.invalidations))
    }

    /// Spawns a detached task, which goes on without the caller and its runtime. `None` if no runtime is left.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl Fn() -> F) -> Option<JoinHandle<()>> {
        self.home.spawn(task)
    }

    /// Waits until no detached run and no invalidation is in progress.
    pub(crate) async fn end(&self) {
        _ = self.places.acquire_many(self.most).await;
        _ = self.invalidations.subscribe().wait_for(|pending| *pending == 0).await;
    }

    /// The number of detached runs and of invalidations in progress.
    pub(crate) fn in_progress(&self) -> (usize, usize) {
        ((self.most as usize).saturating_sub(self.places.available_permits()), *self.invalidations.borrow())
    }
}

impl Drop for PendingInvalidation {
    fn drop(&mut self) {
        self.0.send_modify(|pending| *pending = pending.saturating_sub(1));
    }
}

/// Spawns a run as a boxed future, so that tokio's generic code for tasks is compiled once and not for each kind of run.
pub(crate) fn spawn(runtime: &Handle, run: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let run: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(run);
    runtime.spawn(run)
}
