//! A request that the cache has no part in: it is switched off, or a condition of `bypass` holds. The answer is the handler's,
//! field for field.

use axum::response::Response;

use super::{Miss, Run, answer::finish, produce::noted};
use crate::{
    invalidates::{Targets, invalidating},
    observe::Running,
    outcome::{Bypass, Forward, Kept, NotStored, Outcome},
    request::unsafe_target::UnsafeTarget,
    serve::nested,
    stored::response_part::IsErr,
};

impl Forward {
    /// Whether what is answered is what it would be without a cache.
    fn is_untouched(self) -> bool {
        matches!(self, Self::Bypass(Bypass::Off | Bypass::Condition))
    }
}

impl Run {
    /// What the request changes by its method, for the one run that it begins.
    pub(super) fn take_changed(&mut self) -> Option<Box<UnsafeTarget>> {
        let keeps = self.cache.inner().keeps_own_paths() || self.handler.policy.keep_own_path;
        self.facts.take_changed().filter(|_| !keeps)
    }
}

impl Miss {
    /// Whether its handler runs as it would without a cache.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.key.forward.is_untouched()
    }
}

/// Runs the handler in the request's task, without a limit of time, and gives its answer on as it is. What an unsafe method
/// changes is invalidated all the same: others are answered from the cache.
pub(super) async fn untouched<F: Future<Output = Response>>(mut run: Run, handler: F) -> Response {
    let changed = run.take_changed();
    let running = Running::begin(&run.cache.inner().observer, &run.handler.subject, run.key.forward);
    let handler = noted(&run, handler);
    let mut response = match changed {
        None => handler.await,
        Some(changed) => invalidating(Targets::changed(&run.cache, changed, None), handler).await,
    };
    running.end();
    response.extensions_mut().remove::<IsErr>();
    nested::tell_of_parts(&run);
    nested::tell_of_refused(&run, response.extensions());
    let outcome = Outcome::Forward { why: run.key.forward, collapsed: false, kept: Kept::Not(NotStored::Bypass) };
    finish(response, &run.cache, run.handler, outcome)
}
