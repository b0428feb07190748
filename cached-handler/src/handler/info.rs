//! The list of everything that a program caches, for authors and operators.

use std::{fmt, time::Duration};

use super::{
    Handler, Ttl, VaryOn, all,
    others::{self, Kind},
};
use crate::{handler::policy::Policy, rules::client::CacheControlSetting};

/// A cached handler of this program, a layer, or a set of values, with its settings; from [`handlers`].
///
/// Its `Display` is one line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HandlerInfo {
    /// How it is cached.
    pub kind: HandlerKind,
    /// Its name in events and metrics: the name from its policy, or else `module::name`.
    pub label: &'static str,
    /// The name of the function, the layer or the set.
    pub name: &'static str,
    /// The module that it is declared in; empty without an attribute.
    pub module: &'static str,
    /// The file that it is declared in, as the path was passed to the compiler.
    pub file: &'static str,
    /// The line of its attribute, or of the call that made it.
    pub line: u32,
    /// The name of its backend, if it names one; otherwise the [default](crate::CacheBuilder::default_backend) of the cache
    /// applies.
    pub backend: Option<&'static str>,
    /// How long responses are fresh in the cache if they do not say so themselves; absent with `ttl = from_response`, and for
    /// typed values, because each value states its lifetime.
    pub ttl: Option<Duration>,
    /// The request fields that `vary = "…"` names, in lower case.
    pub vary: &'static [&'static str],
    /// Whether responses say themselves what they vary on (`vary = from_response`).
    pub varies_from_response: bool,
    /// The `Cache-Control` for clients, if the attribute or the policy sets one.
    pub cache_control: Option<&'static str>,
    /// Whether no `Cache-Control` is added: `cache_control = none`, or [`Policy::without_cache_control`].
    pub leaves_cache_control: bool,
    /// How long a stale response is served while the handler makes a new one; zero if it is not served.
    pub stale_while_revalidate: Duration,
    /// How long a stale response stands in for a failure; zero if it does not.
    pub stale_if_error: Duration,
    /// The paths that share one response, as in `path = […]`.
    pub paths: &'static [&'static str],
    /// The templates of its groups, as in `group = "…"`.
    pub groups: &'static [&'static str],
    /// Its own further settings, without the defaults of a cache ([`CacheBuilder::policy`](crate::CacheBuilder::policy)).
    pub policy: Policy,
}

/// How a [handler](HandlerInfo) is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HandlerKind {
    /// By `#[cached]`.
    Attribute,
    /// It is a service inside a [`CacheLayer`](crate::CacheLayer).
    Layer,
    /// It computes [`Values`](crate::Values).
    Values,
}

/// Everything that the program caches, sorted by label: all handlers with `#[cached]` that are compiled in, routed or not (a
/// generic one counts once); layers that wrap a service by now; and sets of values that have been used.
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
    let mut handlers: Vec<_> = all().map(|handler| HandlerInfo::of(handler, HandlerKind::Attribute)).collect();
    for other in others::all() {
        handlers.push(HandlerInfo::of(other.handler, other.kind.into()));
    }
    handlers.sort_unstable_by_key(|handler| (handler.label, handler.file, handler.line));
    // `#[debug_handler]` above `#[cached]` emits a copy of the function with its attribute, to check it.
    handlers.dedup_by_key(|handler| (handler.kind, handler.label, handler.module, handler.name, handler.file, handler.line));
    handlers
}

impl From<Kind> for HandlerKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Layer | Kind::LayerOfItsOwn => Self::Layer,
            Kind::Values => Self::Values,
        }
    }
}

impl HandlerInfo {
    fn of(handler: &'static Handler, kind: HandlerKind) -> Self {
        let (site, attributes) = (&handler.site, &handler.attributes);
        Self {
            kind,
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
            cache_control: match attributes.cache_control {
                CacheControlSetting::Is(directives) => Some(directives),
                _ => None,
            },
            leaves_cache_control: attributes.cache_control == CacheControlSetting::Untouched,
            stale_while_revalidate: attributes.stale_while_revalidate,
            stale_if_error: attributes.stale_if_error,
            paths: attributes.paths,
            groups: attributes.groups,
            policy: handler.policy,
        }
    }
}

impl fmt::Display for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            HandlerKind::Attribute => "",
            HandlerKind::Layer => "layer ",
            HandlerKind::Values => "values ",
        };
        let backend = self.backend.unwrap_or("default backend");
        write!(f, "{kind}{} ({}:{}): {backend}", self.label, self.file, self.line)?;
        match (self.ttl, self.kind) {
            (Some(ttl), _) => write!(f, ", fresh for {ttl:?}")?,
            (None, HandlerKind::Values) => f.write_str(", fresh for as long as each value says")?,
            (None, _) => f.write_str(", fresh for as long as responses say")?,
        }
        for (window, name) in &[(self.stale_while_revalidate, "while it is made anew"), (self.stale_if_error, "in place of a failure")] {
            if !window.is_zero() {
                write!(f, ", stale for {window:?} {name}")?;
            }
        }
        if !self.paths.is_empty() {
            write!(f, ", one response for {}", self.paths.join(" and "))?;
        }
        match self.mistake() {
            Some(mistake) => write!(f, "; {mistake}"),
            None => Ok(()),
        }
    }
}
