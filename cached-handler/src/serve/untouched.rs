//! A request in which the cache takes no part: it is switched off, or a condition of `bypass(…)` holds. The answer is the handler's own,
//! unchanged.

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
    /// Whether the answer is the same as without a cache.
    fn is_untouched(self) -> bool {
        matches!(self, Self::Bypass(Bypass::Off | Bypass::Condition))
    }
}

impl Run {
    /// Takes the target of an unsafe method, for the one run that the request begins.
    pub(super) fn take_changed(&mut self) -> Option<Box<UnsafeTarget>> {
        let keeps = self.cache.inner().keeps_own_paths() || self.handler.policy.keep_own_path;
        self.facts.take_changed().filter(|_| !keeps)
    }
}

impl Miss {
    /// Whether its handler runs as without a cache.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.key.forward.is_untouched()
    }
}

/// Runs the handler in the request's task, without a time limit, and passes its answer on unchanged. The target of an unsafe method is
/// invalidated nevertheless, as other requests are answered from the cache.
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
