//! The targets of invalidations.

mod no_path;

use std::borrow::Cow;

use crate::{
    epoch::group::are_valid,
    error::Error,
    rules::{
        path::{normalise, number},
        prefix::group_of,
    },
};

/// What to invalidate.
///
/// ```
/// # use cached_handler::{Cache, Error, Target, cached};
/// # #[cached(ttl = 60)] async fn list() -> &'static str { "" }
/// # async fn f(cache: Cache) -> Result<(), Error> {
/// cache.invalidate(Target::group("articles")).await?;
/// cache.invalidate(Target::path("/articles/7")).await?;
/// cache.invalidate(Target::handler(list)).await?;
/// cache.invalidate(Target::all()).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    All,
    Group(Box<str>),
    Handler(Cow<'static, str>),
    Path(u64),
    /// The group of everything below a path.
    Prefix(Box<str>),
    /// Text that is most likely not a path of any request: the complaint, and the target that was probably meant.
    NoPath(Box<str>, Option<Box<Target>>),
}

/// The epoch that an invalidation advances, for implementations of [`Epochs`](crate::backend::Epochs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mark<'a> {
    /// The epoch of the namespace.
    All,
    /// The epoch of a handler, by name.
    Handler(&'a str),
    /// The epoch of a group, by name.
    Group(&'a str),
    /// The epoch of a path, by its [number](crate::backend::Scopes::paths).
    Path(u64),
}

impl Target {
    /// Everything in the cache.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::All)
    }

    /// All responses in the group.
    #[must_use]
    pub fn group(group: impl Into<String>) -> Self {
        Self(Kind::Group(group.into().into_boxed_str()))
    }

    /// All responses to requests for the path, with any query, handler and variant. It is the whole path as the client sent it; a query
    /// in it is ignored.
    ///
    /// Paths are compared after normalisation (RFC 3986 §6.2.2): `/a/%31` is `/a/1`. In addition, segments are equal if any common
    /// type parses them to one value: `/notes/07` is `/notes/7`, `/users/6BA7B810-9DAD-…` is `/users/6ba7b8109dad…`, `/files/a%2Fb`
    /// is `/files/a/b`. Letter case does not matter, nor how a number, a date or an address is written. If a type of yours parses
    /// other texts to one value, give the responses a [group](Self::group).
    ///
    /// In memory and in files all paths share 65 536 epochs: once in so many times the responses of another path are invalidated
    /// too. Which paths share an epoch is random.
    ///
    /// For text that is no path (`a/x`, `https://host/a/x`, ` /a`) or is the pattern of a route (`/a/{slug}`, `/a/:slug`, `/a/*`),
    /// an invalidation is an [`Error`] that says what to type. It takes effect nevertheless: on the path with a segment spelt like
    /// that, which may exist, or on the path that was probably meant.
    #[must_use]
    pub fn path(path: impl AsRef<str>) -> Self {
        let path = path.as_ref();
        let path = path.split(['?', '#']).next().unwrap_or(path);
        match no_path::complaint(path) {
            Some(complaint) => Self(Kind::NoPath(complaint.into_boxed_str(), Some(Box::new(Self::sent_path(&no_path::meant(path)))))),
            None => Self::sent_path(path),
        }
    }

    /// The path of a request, which needs no check.
    pub(crate) fn sent_path(path: &str) -> Self {
        Self(Kind::Path(number(&normalise(path))))
    }

    /// All responses to requests for the path and for paths below it: `/articles` means `/articles`, `/articles/` and
    /// `/articles/7/comments`, and not `/articles2`. Compared as by [`path`](Self::path); up to 8 segments.
    ///
    /// The cache needs [`CacheBuilder::path_prefixes`](crate::CacheBuilder::path_prefixes); without it, this is an [`Error`]. A
    /// [group](Self::group) costs less, if all handlers below can have one.
    ///
    /// ```
    /// # use cached_handler::{Cache, Error, Target};
    /// # async fn f() -> Result<(), Error> {
    /// let cache = Cache::builder().path_prefixes().build().await?;
    /// cache.invalidate(Target::path_prefix("/articles")).await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn path_prefix(path: impl AsRef<str>) -> Self {
        let path = path.as_ref();
        let path = path.split(['?', '#']).next().unwrap_or(path);
        match no_path::complaint(path) {
            Some(complaint) => Self(Kind::NoPath(complaint.into_boxed_str(), Some(Box::new(Self::sent_prefix(&no_path::meant(path)))))),
            None => Self::sent_prefix(path),
        }
    }

    /// A prefix made from a template and values, which needs no check for patterns.
    pub(crate) fn sent_prefix(path: &str) -> Self {
        Self(group_of(path).map_or_else(|| Kind::NoPath(no_path::prefix_complaint(path).into_boxed_str(), None), Kind::Prefix))
    }

    /// All responses under a name: of a handler or layer that a [`Policy`](crate::Policy::name) names so, or of the
    /// [values](crate::Cache::values) with that name. A wrong name is not detected, as another process may use it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(Kind::Handler(Cow::Owned(name.into())))
    }

    /// The handler with this name.
    pub(crate) fn handler_named(name: Cow<'static, str>) -> Self {
        Self(Kind::Handler(name))
    }

    /// The path with this number.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn path_numbered(number: u64) -> Self {
        Self(Kind::Path(number))
    }

    /// Whether a stored response could have this target. No response has a group whose name is too long, so there is nothing to
    /// invalidate.
    pub(crate) fn may_be_named(&self) -> bool {
        match &self.0 {
            Kind::Group(name) => are_valid(&[name]),
            Kind::All | Kind::Handler(_) | Kind::Path(_) | Kind::Prefix(_) | Kind::NoPath(..) => true,
        }
    }

    /// An error if the target most likely names nothing; it says what to type instead.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::NoPath(complaint, _) => Err(Error::config(&**complaint)),
            Kind::All | Kind::Group(_) | Kind::Handler(_) | Kind::Path(_) | Kind::Prefix(_) => Ok(()),
        }
    }

    /// As [`check`](Self::check), and an error for a prefix in a cache without prefixes.
    pub(crate) fn check_in(&self, has_prefixes: bool) -> Result<(), Error> {
        match &self.0 {
            Kind::Prefix(_) if !has_prefixes => Err(Error::config(
                "a cache knows nothing of the prefixes of paths unless it is said to; type `.path_prefixes()` in `Cache::builder()`, or give the responses a group",
            )),
            _ => self.check(),
        }
    }

    /// The target that is advanced, if that is possible in this cache. For text that is most likely no path, it is the target that
    /// was probably meant.
    pub(crate) fn meant(&self, has_prefixes: bool) -> Option<&Self> {
        match &self.0 {
            Kind::NoPath(_, meant) => meant.as_ref()?.meant(has_prefixes),
            _ => self.check_in(has_prefixes).is_ok().then_some(self),
        }
    }

    /// The epoch that an invalidation of this target advances.
    #[must_use]
    pub fn mark(&self) -> Mark<'_> {
        match &self.0 {
            Kind::All => Mark::All,
            Kind::Group(name) | Kind::Prefix(name) => Mark::Group(name),
            Kind::Handler(name) => Mark::Handler(name),
            Kind::Path(number) => Mark::Path(*number),
            // Not advanced: `meant` gives the target that is advanced instead.
            Kind::NoPath(..) => Mark::Path(0),
        }
    }
}
