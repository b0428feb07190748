//! A body that goes on where its client leaves.

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

/// The same in a run that does not end with its client, because what it finds out is known only at its end. Where the client
/// leaves, what is known by then is invalidated at once, and all of it again when the run ends. Then it goes on in a task of its
/// own, in which the task-locals of those around it are gone. Where there is no place for one more run, or no runtime, it ends
/// with its client.
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

/// For what goes on where no cache has been made yet: the body writes all the same, and one may be there when it ends.
static WITHOUT_A_CACHE: LazyLock<Tasks> = LazyLock::new(|| Tasks::new(MOST));

/// Runs it to its end. A panic is nobody's but its own: its task is not looked at.
async fn ended(mut run: Pin<Box<dyn Future<Output = Response> + Send>>) -> Result<(), ()> {
    let polled = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    });
    polled.await.map(drop)
}

/// As many as a cache has by default.
const MOST: usize = 1024;
