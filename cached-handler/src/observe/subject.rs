//! A handler as the observer sees it: its name, its place in the source, and its meters.

use std::{fmt, sync::OnceLock};

use super::{meters::HandlerMeters, unused::Unused};

/// What counters, metrics and log lines know of a handler.
pub(crate) struct Subject {
    /// The name from its policy.
    name: Option<&'static str>,
    module: &'static str,
    function: &'static str,
    pub(super) file: &'static str,
    pub(super) line: u32,
    /// It computes values, for which there is no warning that answers never come from the cache.
    pub(crate) is_of_values: bool,
    pub(super) meters: HandlerMeters,
    pub(super) unused: Unused,
    label: OnceLock<Box<str>>,
}

impl Subject {
    pub(crate) const fn new(
        name: Option<&'static str>,
        (module, function): (&'static str, &'static str),
        (file, line): (&'static str, u32),
    ) -> Self {
        Self {
            name,
            module,
            function,
            file,
            line,
            is_of_values: false,
            meters: HandlerMeters::new(),
            unused: Unused::new(),
            label: OnceLock::new(),
        }
    }

    /// Its name in events and metrics: the name from its policy, or else its path.
    pub(crate) fn label(&'static self) -> &'static str {
        let path = || format!("{}::{}", self.module, self.function).into_boxed_str();
        self.name.unwrap_or_else(|| self.label.get_or_init(path))
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("module", &self.module).field("function", &self.function).finish_non_exhaustive()
    }
}
