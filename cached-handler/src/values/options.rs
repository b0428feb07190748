//! How long a value is kept, and what invalidates it.

use std::time::Duration;

use crate::{rules::stale::Windows, serve::Run};

/// What is said of one value when it is stored. A [`Duration`] alone is a lifetime without anything else.
///
/// ```
/// use cached_handler::{ValueOptions, secs};
///
/// let options = ValueOptions::new(secs(60)).group("articles").group("article:7").stale_while_revalidate(secs(30));
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a value is stored with them"]
pub struct ValueOptions {
    pub(super) ttl: Duration,
    groups: Vec<Box<str>>,
    windows: Windows,
}

impl ValueOptions {
    /// Fresh for `ttl`, at most ten years; zero stores nothing.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl: ttl.min(TEN_YEARS), groups: Vec::new(), windows: Windows::default() }
    }

    /// Adds a group; up to 16 of 256 bytes each, a value with more is not stored.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into().into_boxed_str());
        self
    }

    /// For how long after its freshness the value is still given, while it is computed anew.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.windows.while_revalidate = window.min(TEN_YEARS);
        self
    }

    /// For how long after its freshness the value is still given where its computation returns an `Err` or panics.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.windows.if_error = window.min(TEN_YEARS);
        self
    }

    pub(super) fn apply(&self, run: &mut Run) {
        run.windows = self.windows;
        for group in &self.groups {
            run.group(format_args!("{group}"));
        }
    }
}

const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl From<Duration> for ValueOptions {
    fn from(ttl: Duration) -> Self {
        Self::new(ttl)
    }
}
