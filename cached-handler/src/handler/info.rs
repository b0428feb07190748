//! The program's cached handlers, as authors and operators may ask for them.

use std::{fmt, time::Duration};

use super::{Handler, Ttl, VaryOn, all};
use crate::policy::Policy;

/// A cached handler of this program, and what its attribute says; from [`handlers`].
///
/// Its `Display` is one line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HandlerInfo {
    /// What events and metrics call it: the name that its policy gives it, or else `module::name`.
    pub label: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// The module that it stands in.
    pub module: &'static str,
    /// The file that it stands in, as the compiler was given it.
    pub file: &'static str,
    /// The line of its attribute.
    pub line: u32,
    /// The name of its backend.
    pub backend: &'static str,
    /// How long its responses are fresh in the cache where they do not say so themselves; absent with
    /// `ttl = from_response`.
    pub ttl: Option<Duration>,
    /// The request fields that `vary = "…"` names, in lower case.
    pub vary: &'static [&'static str],
    /// Whether responses say themselves what they vary on (`vary = from_response`).
    pub varies_from_response: bool,
    /// What clients are told, where the attribute says so.
    pub cache_control: Option<&'static str>,
    /// How long a stale response is served while it is made anew; zero where it is not.
    pub stale_while_revalidate: Duration,
    /// How long a stale response stands in for a failure; zero where it does not.
    pub stale_if_error: Duration,
    /// Everything else.
    pub policy: Policy,
}

/// Every cached handler of the program, sorted by label: those with `#[cached]` that are linked in, whether a router
/// has them or not. A generic handler is one.
///
/// ```
/// # use cached_handler::cached;
/// #[cached(ttl = 60)]
/// async fn hello() -> &'static str { "hello" }
///
/// # fn main() {
/// for handler in cached_handler::handlers() {
///     println!("{handler}");
/// }
/// # assert!(cached_handler::handlers().iter().any(|handler| handler.name == "hello"));
/// # }
/// ```
#[must_use]
pub fn handlers() -> Vec<HandlerInfo> {
    let mut handlers: Vec<_> = all().map(HandlerInfo::of).collect();
    handlers.sort_by_key(|handler| (handler.label, handler.file, handler.line));
    handlers
}

impl HandlerInfo {
    fn of(handler: &'static Handler) -> Self {
        let (site, attributes) = (&handler.site, &handler.attributes);
        Self {
            label: handler.label(),
            name: site.name,
            module: site.module,
            file: site.file,
            line: site.line,
            backend: attributes.backend,
            ttl: match attributes.ttl {
                Ttl::For(ttl) => Some(ttl),
                Ttl::FromResponse => None,
            },
            vary: handler.fields(),
            varies_from_response: matches!(attributes.vary, VaryOn::FromResponse),
            cache_control: attributes.cache_control,
            stale_while_revalidate: attributes.stale_while_revalidate,
            stale_if_error: attributes.stale_if_error,
            policy: handler.policy,
        }
    }
}

impl fmt::Display for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{}): {}", self.label, self.file, self.line, self.backend)?;
        match self.ttl {
            Some(ttl) => write!(f, ", fresh for {ttl:?}")?,
            None => f.write_str(", fresh for as long as responses say")?,
        }
        for (window, name) in [(self.stale_while_revalidate, "while it is made anew"), (self.stale_if_error, "in place of a failure")] {
            if !window.is_zero() {
                write!(f, ", stale for {window:?} {name}")?;
            }
        }
        Ok(())
    }
}
