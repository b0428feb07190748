//! A body that runs to its end after its client has disconnected.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll, ready},
};

use axum::response::Response;

use super::{Due, Targets, invalidating};
use crate::util::tasks::{self, Tasks};

/// As [`invalidating`], for a body with an [`Invalidation`](super::Invalidation), whose targets are known only at its end. If the client
/// disconnects, the targets that are known by then are invalidated at once, and all of them again when the body ends. The body then
/// continues in a task of its own, without the task-locals of the layers around it. Without a runtime, or a place for one more
/// detached run, it ends with its client.
pub async fn outliving<F: Future<Output = Response> + Send + 'static>(targets: Targets, body: F) -> Response {
    let known = targets.clone();
    Outliving { known: Some(known), run: Some(Box::pin(invalidating(targets, body))), is_begun: false }.await
}

struct Outliving {
    known: Option<Targets>,
    run: Option<Pin<Box<dyn Future<Output = Response> + Send>>>,
    is_begun: bool,
}

impl Future for Outliving {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        self.is_begun = true;
        let Some(run) = &mut self.run else { return Poll::Pending };
        let response = ready!(run.as_mut().poll(context));
        self.run = None;
        Poll::Ready(response)
    }
}

impl Drop for Outliving {
    fn drop(&mut self) {
        let (Some(run), Some(known), true) = (self.run.take(), self.known.take(), self.is_begun && !std::thread::panicking()) else {
            return;
        };
        let place = known.caches().first().map_or_else(|| WITHOUT_A_CACHE.place(), |cache| cache.inner().tasks.place());
        let Some((runtime, place)) = place else { return };
        drop(Due(Some(known)));
        drop(tasks::spawn(&runtime, async move {
            let _place = place;
            if ended(run).await.is_err() {
                tracing::error!(target: "cached_handler", "a handler with `#[invalidates]` panicked after its client had left; what it had named by then is invalidated");
            }
        }));
    }
}

/// Tracks bodies in a process that has no cache yet. The body has to complete nevertheless, and there may be a cache when it ends.
static WITHOUT_A_CACHE: LazyLock<Tasks> = LazyLock::new(|| Tasks::new(MOST));

/// Runs the body to its end. A panic is returned as an error, as nothing awaits its task.
async fn ended(mut run: Pin<Box<dyn Future<Output = Response> + Send>>) -> Result<(), ()> {
    let polled = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    });
    polled.await.map(drop)
}

/// The limit of detached runs, the same as a cache's default.
const MOST: usize = 1024;
