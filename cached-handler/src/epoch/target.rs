//! Making stored responses unusable: what can be named, and the functions that act on the whole process.

mod no_path;

use std::borrow::Cow;

use crate::{
    cache::Cache,
    epoch::group::are_valid,
    error::Error,
    handler::{
        function::CachedHandler,
        name::{self, Named},
    },
    rules::{
        path::{normalise, number},
        prefix::group_of,
    },
    storage::remote::store::Effect,
    util::join::{Call, together},
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
    /// A path's, by its [number](crate::backend::Scopes::path).
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

    /// All responses of a handler with `#[cached]`, given as it is given to a route; for a generic one, one instance:
    /// `Target::handler(list::<Article>)`.
    ///
    /// Where a [`Policy`](crate::Policy::name) gives it a name, that is the name of all instances of a generic one. Two
    /// functions of one name in one module, in two `impl`s for instance, of which a policy renames one, cannot be told
    /// apart: then everything in the cache is invalidated, and a warning says so; use [`Target::named`] there.
    #[must_use]
    pub fn handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Self {
        const { assert!(size_of::<H>() == 0, "give the handler itself, not a pointer to it") };
        let (_, type_name) = (handler, std::any::type_name::<H>());
        match name::of_type(type_name) {
            Named::By(name) => Self(Kind::Handler(name)),
            Named::Ambiguous => {
                if name::is_news(type_name) {
                    tracing::warn!(target: "cached_handler", handler = type_name, "everything is meant, as another handler of this module has the same name; use `Target::named`");
                }
                Self::all()
            }
        }
    }

    /// All responses under a name: of the handler or layer that a [`Policy`](crate::Policy::name) gives it, or of the
    /// [values](crate::Cache::values) of that name. Nobody can say whether a name is wrong: another process may use it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(Kind::Handler(Cow::Owned(name.into())))
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

/// Invalidates a group in every [`Cache`] of this process: once this has returned `Ok`, no request that comes after it
/// is answered from a response whose handler started before it. Runs in flight are covered.
///
/// # Errors
///
/// Where a backend could not be reached. What could be reached is invalidated all the same; call again for the rest.
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::invalidate_group("articles").await?;
/// # Ok(()) }
/// ```
pub async fn invalidate_group(group: impl Into<String>) -> Result<(), Error> {
    everywhere(&Target::group(group), Effect::Invalidate).await
}

/// Invalidates a path in every [`Cache`] of this process; see [`Target::path`] and [`invalidate_group`].
///
/// # Errors
///
/// As [`invalidate_group`]; and where it is no path that a client sends ([`Error::is_config`]).
pub async fn invalidate_path(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path(path), Effect::Invalidate).await
}

/// Invalidates all below a path in every [`Cache`] of this process; see [`Target::path_prefix`] and [`invalidate_group`].
///
/// # Errors
///
/// As [`invalidate_path`]; and where a cache has not been said to know prefixes
/// ([`CacheBuilder::path_prefixes`](crate::CacheBuilder::path_prefixes)).
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::invalidate_path_prefix("/articles").await?;
/// # Ok(()) }
/// ```
pub async fn invalidate_path_prefix(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path_prefix(path), Effect::Invalidate).await
}

/// Invalidates a handler's responses in every [`Cache`] of this process; see [`Target::handler`] and
/// [`invalidate_group`].
pub async fn invalidate_handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Result<(), Error> {
    let target = Target::handler(handler);
    everywhere(&target, Effect::Invalidate).await
}

/// Invalidates everything in every [`Cache`] of this process; see [`invalidate_group`].
pub async fn invalidate_all() -> Result<(), Error> {
    everywhere(&Target::all(), Effect::Invalidate).await
}

/// Makes a group stale in every [`Cache`] of this process: see [`Cache::expire`](crate::Cache::expire).
///
/// # Errors
///
/// Where a backend could not be reached. What could be reached is expired all the same; call again for the rest.
pub async fn expire_group(group: impl Into<String>) -> Result<(), Error> {
    everywhere(&Target::group(group), Effect::Expire).await
}

/// Makes a path stale in every [`Cache`] of this process; see [`Target::path`] and [`expire_group`].
///
/// # Errors
///
/// As [`expire_group`]; and where it is no path that a client sends ([`Error::is_config`]).
pub async fn expire_path(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path(path), Effect::Expire).await
}

/// Makes all below a path stale in every [`Cache`] of this process; see [`Target::path_prefix`] and [`expire_group`].
///
/// # Errors
///
/// As [`invalidate_path_prefix`].
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// cached_handler::expire_path_prefix("/articles").await?;
/// # Ok(()) }
/// ```
pub async fn expire_path_prefix(path: impl AsRef<str>) -> Result<(), Error> {
    everywhere(&Target::path_prefix(path), Effect::Expire).await
}

/// Makes a handler's responses stale in every [`Cache`] of this process; see [`Target::handler`] and [`expire_group`].
pub async fn expire_handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Result<(), Error> {
    let target = Target::handler(handler);
    everywhere(&target, Effect::Expire).await
}

/// Makes everything stale in every [`Cache`] of this process; see [`expire_group`].
pub async fn expire_all() -> Result<(), Error> {
    everywhere(&Target::all(), Effect::Expire).await
}

/// In all at the same time; goes on after a failure, and reports the first.
async fn everywhere(target: &Target, effect: Effect) -> Result<(), Error> {
    let caches = Cache::all();
    let told = caches.iter().map(|cache| -> Call<'_, _> { Box::pin(cache.change(target, effect, None)) }).collect();
    together(told).await.into_iter().fold(target.check(), Result::and)
}
