//! The settings that an attribute makes for its handler. Layers and values make them through the same setters.

use std::time::Duration;

use crate::rules::client::CacheControlSetting;

/// The arguments of an attribute that matter at runtime. There is a setter for each, so that a new argument does not change the
/// code that other attributes emit.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Attributes {
    pub(crate) ttl: Ttl,
    /// Absent if the attribute names none: then the cache's default applies.
    pub(crate) backend: Option<&'static str>,
    pub(crate) vary: VaryOn,
    pub(crate) cache_control: CacheControlSetting,
    /// Zero: no stale window.
    pub(crate) stale_while_revalidate: Duration,
    /// Zero: no stale window.
    pub(crate) stale_if_error: Duration,
    pub(crate) skips: bool,
    pub(crate) withholds: bool,
    /// Patterns of the paths that share responses.
    pub(crate) paths: &'static [&'static str],
    pub(crate) groups: &'static [&'static str],
    pub(crate) names_groups: bool,
}

impl Attributes {
    /// The attribute with `ttl`, which is required, and the defaults of all other arguments.
    pub const fn new(ttl: Ttl) -> Self {
        Self {
            ttl,
            backend: None,
            vary: VaryOn::Nothing,
            cache_control: CacheControlSetting::Default,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            skips: false,
            withholds: false,
            paths: &[],
            groups: &[],
            names_groups: false,
        }
    }

    /// `backend`.
    pub const fn backend(mut self, name: &'static str) -> Self {
        self.backend = Some(name);
        self
    }

    /// `vary`.
    pub const fn vary(mut self, on: VaryOn) -> Self {
        self.vary = on;
        self
    }

    /// `cache_control`.
    pub const fn cache_control(mut self, setting: CacheControlSetting) -> Self {
        self.cache_control = setting;
        self
    }

    /// `stale_while_revalidate`.
    pub const fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.stale_while_revalidate = window;
        self
    }

    /// `stale_if_error`.
    pub const fn stale_if_error(mut self, window: Duration) -> Self {
        self.stale_if_error = window;
        self
    }

    /// `skip(…)` leaves an argument out of the key.
    pub const fn skips(mut self) -> Self {
        self.skips = true;
        self
    }

    /// `skip(…)` or `key(…)` replaces an argument, so the key does not hold everything that the argument shows.
    pub const fn withholds(mut self) -> Self {
        self.withholds = true;
        self
    }

    /// `path`: the patterns of the paths that share responses, as written.
    pub const fn paths(mut self, patterns: &'static [&'static str]) -> Self {
        self.paths = patterns;
        self
    }

    /// `group`: the templates, as written.
    pub const fn groups(mut self, templates: &'static [&'static str]) -> Self {
        self.groups = templates;
        self
    }

    /// The function mentions `CacheGroups`, so its responses may have groups that no template shows.
    pub const fn names_groups(mut self) -> Self {
        self.names_groups = true;
        self
    }
}

/// The freshness lifetime of responses that state none.
#[derive(Debug, Clone, Copy)]
pub enum Ttl {
    /// This lifetime.
    For(Duration),
    /// None: such responses are not stored.
    FromResponse,
}

/// Which request fields select a response.
#[derive(Debug, Clone, Copy)]
pub enum VaryOn {
    /// None.
    Nothing,
    /// These fields, in lower case.
    Fields(&'static [&'static str]),
    /// The fields that each response names in `Vary`.
    FromResponse,
}

impl Ttl {
    /// A lifetime from an author's constant.
    ///
    /// # Panics
    ///
    /// At compile time, if it is below 1 ms or above 10 years.
    #[must_use]
    pub const fn checked(ttl: Duration) -> Self {
        assert!(ttl.as_millis() >= 1, "`ttl` is at least one millisecond; remove the attribute to cache nothing");
        assert!(ttl.as_secs() <= MAX_TTL_SECS, "`ttl` is at most ten years (315 360 000 seconds)");
        Self::For(ttl)
    }
}

/// A stale window from an author's constant.
///
/// # Panics
///
/// At compile time, if it is above 10 years.
#[must_use]
pub const fn window(window: Duration) -> Duration {
    assert!(window.as_secs() <= MAX_TTL_SECS, "a stale window is at most ten years (315 360 000 seconds)");
    window
}

const MAX_TTL_SECS: u64 = 10 * 365 * 24 * 60 * 60;
