//! What can be named to make stored responses unusable.

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
    /// The group that stands for all below a path.
    Prefix(Box<str>),
    /// Most likely no path that a client sends, and why; and the target that is meant, if there is one.
    NoPath(Box<str>, Option<Box<Target>>),
}

/// Which epoch an invalidation moves on: what an implementation of [`Epochs`](crate::backend::Epochs) looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mark<'a> {
    /// The namespace's.
    All,
    /// A handler's, by name.
    Handler(&'a str),
    /// A group's, by name.
    Group(&'a str),
    /// A path's, by its [number](crate::backend::Scopes::paths).
    Path(u64),
}

impl Target {
    /// Everything in the cache.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::All)
    }

    /// All responses that name the group.
    #[must_use]
    pub fn group(group: impl Into<String>) -> Self {
        Self(Kind::Group(group.into().into_boxed_str()))
    }

    /// All responses to requests for the path, whatever their query, handler or variant. The path is the whole one, as
    /// the client sent it; a query in it is ignored.
    ///
    /// Paths are compared after RFC 3986 §6.2.2 normalisation: `/a/%31` is `/a/1`. Beyond that, all that an argument may take
    /// for one value is one: `/notes/07` is `/notes/7`, `/users/6BA7B810-9DAD-…` is `/users/6ba7b8109dad…`, `/files/a%2Fb` is
    /// `/files/a/b`; letter case makes no difference, nor how a number, a date or an address is written. For a type of yours
    /// that reads one value from still other texts, give the responses a [group](Self::group).
    ///
    /// In memory and in files all paths share 65 536 epochs: once in so many times the responses of another path are
    /// invalidated too. Which ones meet is up to chance, and nobody can choose it.
    ///
    /// What is no path (`a/x`, `https://host/a/x`, ` /a`), and what is the pattern of a route (`/a/{slug}`, `/a/:slug`, `/a/*`),
    /// hardly any client sends: an invalidation of it is an [`Error`] that says what to type. The path is invalidated all the
    /// same, as one where a segment is spelt so may exist, and one that lacks only its beginning is meant.
    #[must_use]
    pub fn path(path: impl AsRef<str>) -> Self {
        let path = path.as_ref();
        let path = path.split(['?', '#']).next().unwrap_or(path);
        match no_path::complaint(path) {
            Some(complaint) => Self(Kind::NoPath(complaint.into_boxed_str(), Some(Box::new(Self::sent_path(&no_path::meant(path)))))),
            None => Self::sent_path(path),
        }
    }

    /// The path of a request.
    pub(crate) fn sent_path(path: &str) -> Self {
        Self(Kind::Path(number(&normalise(path))))
    }

    /// All responses to requests for the path and for what lies below it: `/articles` means `/articles`, `/articles/` and
    /// `/articles/7/comments`, and not `/articles2`. Compared as by [`path`](Self::path); up to 8 segments.
    ///
    /// In a cache that [`CacheBuilder::path_prefixes`](crate::CacheBuilder::path_prefixes) was said to; otherwise it is an
    /// [`Error`]. A [group](Self::group) costs less, where one can be given to all handlers below.
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

    /// The same of a path whose pieces are values.
    pub(crate) fn sent_prefix(path: &str) -> Self {
        Self(group_of(path).map_or_else(|| Kind::NoPath(no_path::prefix_complaint(path).into_boxed_str(), None), Kind::Prefix))
    }

    /// All responses under a name: of the handler or layer that a [`Policy`](crate::Policy::name) gives it, or of the
    /// [values](crate::Cache::values) of that name. Nobody can say whether a name is wrong: another process may use it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(Kind::Handler(Cow::Owned(name.into())))
    }

    /// The handler of this name.
    pub(crate) fn handler_named(name: Cow<'static, str>) -> Self {
        Self(Kind::Handler(name))
    }

    /// The path of this number.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn path_numbered(number: u64) -> Self {
        Self(Kind::Path(number))
    }

    /// Whether a stored response could have it. A name that is too long for a group is none's, and there is nothing to
    /// invalidate.
    pub(crate) fn may_be_named(&self) -> bool {
        match &self.0 {
            Kind::Group(name) => are_valid(&[name]),
            Kind::All | Kind::Handler(_) | Kind::Path(_) | Kind::Prefix(_) | Kind::NoPath(..) => true,
        }
    }

    /// That it most likely names nothing, and what to type instead.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::NoPath(complaint, _) => Err(Error::config(&**complaint)),
            Kind::All | Kind::Group(_) | Kind::Handler(_) | Kind::Path(_) | Kind::Prefix(_) => Ok(()),
        }
    }

    /// The same, and whether the responses of this cache can have it.
    pub(crate) fn check_in(&self, has_prefixes: bool) -> Result<(), Error> {
        match &self.0 {
            Kind::Prefix(_) if !has_prefixes => Err(Error::config(
                "a cache knows nothing of the prefixes of paths unless it is said to; type `.path_prefixes()` in `Cache::builder()`, or give the responses a group",
            )),
            _ => self.check(),
        }
    }

    /// What is moved on, in a cache where that is possible: also where it most likely names nothing, as it may be spelt so.
    pub(crate) fn meant(&self, has_prefixes: bool) -> Option<&Self> {
        match &self.0 {
            Kind::NoPath(_, meant) => meant.as_ref()?.meant(has_prefixes),
            _ => self.check_in(has_prefixes).is_ok().then_some(self),
        }
    }

    /// The epoch that is moved on.
    #[must_use]
    pub fn mark(&self) -> Mark<'_> {
        match &self.0 {
            Kind::All => Mark::All,
            Kind::Group(name) | Kind::Prefix(name) => Mark::Group(name),
            Kind::Handler(name) => Mark::Handler(name),
            Kind::Path(number) => Mark::Path(*number),
            // Nothing has it: what is meant is advanced in its place.
            Kind::NoPath(..) => Mark::Path(0),
        }
    }
}
