//! The runtime for background tasks.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::{runtime::Handle, task::JoinHandle};

use crate::util::tasks;

/// The runtime in which the owner of background tasks was built; if it was built outside of any runtime, the one in which it was
/// first used.
///
/// A later call may come from a runtime that is driven for this call only, such as by `block_on` in a thread. A task that has to
/// outlive the call belongs into the application's own runtime.
#[derive(Debug, Default)]
pub(crate) struct Home(OnceLock<Handle>);

impl Home {
    /// The current runtime; outside of any, the one from which the first task is spawned.
    pub(crate) fn here() -> Self {
        let home = Self::default();
        home.choose();
        home
    }

    fn choose(&self) {
        if self.0.get().is_none()
            && let Ok(runtime) = Handle::try_current()
        {
            _ = self.0.set(runtime);
        }
    }

    /// Spawns a task in the home runtime, or in the caller's if the home runtime has ended. `None` if neither is there.
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl Fn() -> F) -> Option<JoinHandle<()>> {
        self.choose();
        self.0.get().and_then(|home| begun_on(home, task())).or_else(|| spawn_here(task()))
    }
}

/// Spawns a task in the caller's runtime, if there is one.
pub(crate) fn spawn_here<F: Future<Output = ()> + Send + 'static>(task: F) -> Option<JoinHandle<()>> {
    begun_on(&Handle::try_current().ok()?, task)
}

/// Whether the caller's runtime accepts no more tasks. It spawns a task to find out, so it is for calls that have failed.
pub(crate) fn has_ended() -> bool {
    Handle::try_current().is_ok() && spawn_here(std::future::ready(())).is_none()
}

/// Spawns a task; `None` if the runtime has ended: it then drops the task without polling it.
fn begun_on<F: Future<Output = ()> + Send + 'static>(runtime: &Handle, task: F) -> Option<JoinHandle<()>> {
    let looked_at = Arc::<AtomicBool>::default();
    let look = Arc::clone(&looked_at);
    let task = async move {
        look.store(true, Ordering::Release);
        task.await;
    };
    let handle = tasks::spawn(runtime, task);
    (!handle.is_finished() || looked_at.load(Ordering::Acquire)).then_some(handle)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    fn begins(home: &Home, from: Option<&Runtime>) -> Option<tokio::runtime::Id> {
        let (say, said) = mpsc::channel();
        let task = || {
            let say = say.clone();
            async move { say.send(Handle::current().id()).unwrap() }
        };
        let _entered = from.map(Runtime::enter);
        home.spawn(task)?;
        said.recv().ok()
    }

    #[test]
    fn a_task_is_at_home_as_long_as_that_lives_and_then_with_the_caller() {
        let (one, other) = (runtime(), runtime());
        let home = one.block_on(async { Home::here() });
        assert_eq!(begins(&home, Some(&other)), Some(one.handle().id()));
        assert_eq!(begins(&home, None), Some(one.handle().id()));
        drop(one);
        assert_eq!(begins(&home, Some(&other)), Some(other.handle().id()));
        assert_eq!(begins(&home, None), None);
    }

    #[test]
    fn outside_of_a_runtime_the_first_use_decides_the_home() {
        let (one, other) = (runtime(), runtime());
        let home = Home::here();
        assert_eq!(begins(&home, None), None);
        assert_eq!(begins(&home, Some(&one)), Some(one.handle().id()));
        assert_eq!(begins(&home, Some(&other)), Some(one.handle().id()));
    }
}
