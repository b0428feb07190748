//! The options of one value: its lifetime, groups and stale windows.

use std::time::Duration;

use crate::{rules::stale::Windows, serve::Miss};

/// The options with which a value is stored. A [`Duration`] alone converts into options with this lifetime.
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
    pub(super) bypass: bool,
}

impl ValueOptions {
    /// Fresh for `ttl`, at most ten years; zero stores nothing.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl: ttl.min(TEN_YEARS), groups: Vec::new(), windows: Windows::default(), bypass: false }
    }

    /// Adds a group; up to 16 of 256 bytes each. A value with more is not stored.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into().into_boxed_str());
        self
    }

    /// How long a stale value is still returned, while it is computed again in the background.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.windows.while_revalidate = window.min(TEN_YEARS);
        self
    }

    /// How long a stale value is still returned if its computation returns an `Err` or panics.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.windows.if_error = window.min(TEN_YEARS);
        self
    }

    /// If `when` is true, the value is computed for this call alone: there is no look-up, the value is not stored, and other calls do
    /// not share it. [`insert`](crate::Values::insert) then does nothing.
    ///
    /// ```
    /// # async fn prices_for(user: Option<u64>) -> Result<Vec<u64>, std::io::Error> { Ok(vec![user.unwrap_or_default()]) }
    /// # async fn f(cache: cached_handler::Cache, user: Option<u64>) -> Result<(), std::io::Error> {
    /// use cached_handler::{ValueOptions, secs};
    ///
    /// // A user who is logged in has prices of their own.
    /// let options = ValueOptions::new(secs(60)).bypass(user.is_some());
    /// let prices = cache.values::<Vec<u64>>("prices").get_or_insert_with("all", options, async move || prices_for(user).await).await?;
    /// # Ok(()) }
    /// ```
    pub fn bypass(mut self, when: bool) -> Self {
        self.bypass |= when;
        self
    }

    pub(super) fn apply(&self, miss: &mut Miss) {
        miss.windows = self.windows;
        for group in &self.groups {
            miss.group(format_args!("{group}"));
        }
    }
}

const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl From<Duration> for ValueOptions {
    fn from(ttl: Duration) -> Self {
        Self::new(ttl)
    }
}
