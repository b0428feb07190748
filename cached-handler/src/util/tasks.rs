//! Work that goes on without a request: counted, and waited for at the end of the process. Runs have a limit; invalidations
//! have none.

use std::{pin::Pin, sync::Arc};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
};

use crate::util::home::Home;

/// The detached runs of one cache, and the invalidations that are still to be made.
#[derive(Debug)]
pub(crate) struct Tasks {
    places: Arc<Semaphore>,
    most: u32,
    invalidations: Arc<watch::Sender<usize>>,
    home: Home,
}

/// The place of a detached run; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// An invalidation for which the end of the process waits; made, or given up, when this is dropped.
#[derive(Debug)]
pub(crate) struct PendingInvalidation(Arc<watch::Sender<usize>>);

impl Tasks {
    pub(crate) fn new(most: usize) -> Self {
        let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { places: Arc::new(Semaphore::new(most as usize)), most, invalidations: Arc::new(watch::Sender::new(0)), home: Home::here() }
    }

    /// A place for one more, if there is a runtime to run it and the limit allows.
    pub(crate) fn place(&self) -> Option<(Handle, Place)> {
        let runtime = Handle::try_current().ok()?;
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((runtime, Place { _permit: permit }))
    }

    /// One more invalidation to wait for. It came with a request or a call of the program, and takes no longer than a
    /// backend may; so there is no limit.
    pub(crate) fn pending_invalidation(&self) -> PendingInvalidation {
        self.invalidations.send_modify(|pending| *pending += 1);
        PendingInvalidation(Arc::clone(&self.invalidations))
    }

    /// Spawns a detached task, which goes on without the caller and its runtime. `None` if no runtime is left.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl Fn() -> F) -> Option<JoinHandle<()>> {
        self.home.spawn(task)
    }

    /// Waits until no run and no invalidation is under way.
    pub(crate) async fn end(&self) {
        _ = self.places.acquire_many(self.most).await;
        _ = self.invalidations.subscribe().wait_for(|pending| *pending == 0).await;
    }

    /// How many runs, and how many invalidations, are under way.
    pub(crate) fn left(&self) -> (usize, usize) {
        ((self.most as usize).saturating_sub(self.places.available_permits()), *self.invalidations.borrow())
    }
}

impl Drop for PendingInvalidation {
    fn drop(&mut self) {
        self.0.send_modify(|pending| *pending = pending.saturating_sub(1));
    }
}

/// Boxed, so that a program compiles what tokio puts around a task once, and not for each kind of run.
pub(crate) fn spawn(runtime: &Handle, run: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let run: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(run);
    runtime.spawn(run)
}
