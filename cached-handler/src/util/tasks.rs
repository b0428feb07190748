//! What goes on without a request: counted, and waited for at the end. Runs have a limit; what is owed is never refused.

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
    owed: Arc<watch::Sender<usize>>,
    home: Home,
}

/// A detached run's place; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// An invalidation that the process is not to end without; made, or given up, when this is dropped.
#[derive(Debug)]
pub(crate) struct Owed(Arc<watch::Sender<usize>>);

impl Tasks {
    pub(crate) fn new(most: usize) -> Self {
        let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { places: Arc::new(Semaphore::new(most as usize)), most, owed: Arc::new(watch::Sender::new(0)), home: Home::here() }
    }

    /// A place for one more, if there is a runtime to run it and the limit allows.
    pub(crate) fn place(&self) -> Option<(Handle, Place)> {
        let runtime = Handle::try_current().ok()?;
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some((runtime, Place { _permit: permit }))
    }

    /// One more invalidation to wait for. It came with a request or a call of the program, and takes no longer than a
    /// backend may; so there is no limit.
    pub(crate) fn owe(&self) -> Owed {
        self.owed.send_modify(|owed| *owed += 1);
        Owed(Arc::clone(&self.owed))
    }

    /// Has it go on, whatever becomes of the caller and its runtime. Not, where no runtime is left.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl Fn() -> F) -> Option<JoinHandle<()>> {
        self.home.spawn(task)
    }

    /// Waits until all places are free, and nothing is owed.
    pub(crate) async fn end(&self) {
        _ = self.places.acquire_many(self.most).await;
        _ = self.owed.subscribe().wait_for(|owed| *owed == 0).await;
    }

    /// How many runs, and how many invalidations, are under way.
    pub(crate) fn left(&self) -> (usize, usize) {
        ((self.most as usize).saturating_sub(self.places.available_permits()), *self.owed.borrow())
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.send_modify(|owed| *owed = owed.saturating_sub(1));
    }
}

/// Has the runtime run it in a task of its own. Boxed, so that a program builds what tokio puts around a task once, and not
/// for each kind of run.
pub(crate) fn spawn(runtime: &Handle, run: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let run: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(run);
    runtime.spawn(run)
}
