//! The limits of backends, which may be set before or after the backend itself.

use std::{fmt, sync::Arc};

use super::{CacheBuilder, MEMORY, built_in};
use crate::{
    handler::tiers,
    storage::remote::{Remote, guard::limits::BackendLimits},
};

/// A backend that gets its guard once its limits are known.
pub(super) struct Unguarded(Box<dyn FnOnce(BackendLimits) -> Arc<dyn Remote> + Send + Sync>);

impl Unguarded {
    pub(super) fn new(guard: impl FnOnce(BackendLimits) -> Arc<dyn Remote> + Send + Sync + 'static) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Unguarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unguarded")
    }
}

impl CacheBuilder {
    /// Sets the limits of the backend with this name (`redis`, `fs`, or one of your own): how long a call may take, how many calls run at
    /// a time, and when its circuit breaker opens. Not for `memory`, which answers at once. [`build`](Self::build) refuses a name that
    /// is neither built in nor added.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// use std::time::Duration;
    /// use cached_handler::{Cache, backend::BackendLimits};
    ///
    /// let limits = BackendLimits::new().read(Duration::from_millis(20));
    /// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").limits("redis", limits).build().await?.install()?;
    /// # Ok(()) }
    /// ```
    pub fn limits(mut self, backend: impl Into<String>, limits: BackendLimits) -> Self {
        self.limits.push((backend.into(), limits));
        self
    }

    /// The backends with their guards.
    pub(super) fn guarded(&mut self) -> Vec<(String, Arc<dyn Remote>)> {
        let backends = std::mem::take(&mut self.backends);
        // A warning, not an error, as the environment may set a built-in backend up in one place and not in another.
        for (name, _) in self.limits.iter().filter(|(name, _)| built_in::remote().any(|row| row.name == name)) {
            if !self.off && !backends.iter().any(|(backend, _)| backend == name) {
                tracing::warn!(target: "cached_handler", backend = name, "limits are set for a backend that is not set up here, and do nothing");
            }
        }
        let guarded = backends.into_iter().map(|(name, Unguarded(guard))| {
            // The limits that were set last count.
            let limits = self.limits.iter().rev().find(|(of, _)| *of == name).map_or(BackendLimits::new(), |(_, limits)| *limits);
            (name, guard(limits))
        });
        guarded.collect()
    }

    pub(super) fn complaints_of_limits(&self) -> impl Iterator<Item = String> {
        self.limits.iter().filter_map(|(name, limits)| match name.as_str() {
            name if limits.calls == 0 => Some(format!(
                "`BackendLimits::max_calls(0)` of `{name}` would make no call at all; give it at least 1, or remove the backend"
            )),
            MEMORY => Some("the memory backend answers at once and has no limits of time; remove `.limits(\"memory\", …)`".to_owned()),
            name if tiers(name).0 => {
                let far = tiers(name).1;
                Some(format!("what `{name}` waits for is `{far}`; type `.limits(\"{far}\", …)`"))
            }
            // The environment may set these up in one place and not in another.
            name if built_in::remote().any(|row| row.name == name) => None,
            name if self.backends.iter().any(|(backend, _)| backend == name) => None,
            name => Some(format!(
                "`.limits(\"{name}\", …)` names a backend that is not set up; add `.backend(\"{name}\", …)`, or correct the name"
            )),
        })
    }
}
