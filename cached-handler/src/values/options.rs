//! How long a value is kept, and what invalidates it.

use std::time::Duration;

use crate::{rules::stale::Windows, serve::Miss};

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
    pub(super) bypass: bool,
}

impl ValueOptions {
    /// Fresh for `ttl`, at most ten years; zero stores nothing.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl: ttl.min(TEN_YEARS), groups: Vec::new(), windows: Windows::default(), bypass: false }
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

    /// Where `when` holds, the value is computed for this call alone: none is looked up, none is stored, and nobody shares the
    /// computation. So it is with [`insert`](crate::Values::insert), too, which then leaves what is stored as it is.
    ///
    /// ```
    /// # async fn prices_for(user: Option<u64>) -> Result<Vec<u64>, std::io::Error> { Ok(vec![user.unwrap_or_default()]) }
    /// # async fn f(cache: cached_handler::Cache, user: Option<u64>) -> Result<(), std::io::Error> {
    /// use cached_handler::{ValueOptions, secs};
    ///
    /// // The list of those who are logged in is their own.
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
