//! Typed values: what a program computes goes through the same steps as a response.
//!
//! A value is stored as a response: its content is the value's JSON, and in memory the value itself takes the place of the content. So
//! the code for responses also collapses, refreshes, invalidates and stores values.

mod compute;
mod ended;
mod key;
mod lent;
mod options;
mod set;
mod typed;
mod weigh;

use std::{
    any::{TypeId, type_name},
    fmt,
    marker::PhantomData,
    panic::Location,
    sync::Arc,
    time::Duration,
};

use axum::response::Response;
use serde::{Serialize, de::DeserializeOwned};

pub use self::{ended::ComputeError, options::ValueOptions};
use self::{
    set::Set,
    typed::{Keeping, respond},
};
use crate::{
    cache::Cache,
    epoch::{Effect, target::Target},
    error::Error,
    handler::policy::{Collapse, secs},
    key::{primary::KeyRef, writer::KeyPart},
    serve::{Run, peek_fresh, put_at_once},
    storage::Storage,
    stored::{Slot, value::Typed},
};

/// Values of one type under one name in a [`Cache`]; from [`Cache::values`]. A handle: clones are the same set.
///
/// For what is not a whole response: a row that several handlers need, the answer of another service. For what a handler returns,
/// `#[cached]` is better, as it sees what that depends on; here **the key has to hold everything that the value depends on**, and you
/// are responsible for its groups.
///
/// - Concurrent calls for one key compute it once, in a detached task; a caller that is dropped does not stop it.
/// - A value whose computation began before an invalidation, a `remove` or an `insert` is never stored after it.
/// - An `Err` is never stored.
/// - In memory the value is behind an [`Arc`], and a hit does not copy it. It is deserialized from the JSON of the computed value, as
///   from every other backend, so that its size is known. To keep a value that has more than its JSON, use [`weigh`](Self::weigh). A
///   value that owns no memory, such as a number, is always kept itself.
/// - In another backend it is JSON, under a key that includes its type: the compiler's identity of the type, its name with its modules,
///   and the names and kinds of its fields as far as its `Deserialize` shows them. So a value is never read as another type, nor one
///   from before a field was added, renamed or given another kind. Raise [`version`](Self::version) for a change that cannot be seen:
///   a number means euros instead of cents; a change within `flatten`, within an enum that is `untagged` or internally tagged, after
///   the first member of a tuple, in a hand-written `Deserialize` or `deserialize_with`, deeper than twelve levels or beyond 512
///   fields. A warning is logged for a type with any of these, until you give a version.
/// - A computation has no time limit: give it one, such as `tokio::time::timeout`, whose `Err` counts as failure.
///
/// ```
/// use axum::{Json, extract::Path, http::StatusCode, response::{IntoResponse, Response}};
/// use cached_handler::{Cache, ValueOptions, secs};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Article { id: u64, title: String }
///
/// async fn show(cache: Cache, Path(id): Path<u64>) -> Result<Response, StatusCode> {
///     let articles = cache.values::<Article>("articles");
///     let options = ValueOptions::new(secs(60)).group("articles").stale_if_error(secs(3600));
///     let article = articles.get_or_insert_with(&id, options, async move || load(id).await).await?;
///     Ok(Json(&*article).into_response())
/// }
///
/// async fn load(id: u64) -> Result<Article, StatusCode> {
///     # if id > 9 { return Err(StatusCode::NOT_FOUND) }
///     Ok(Article { id, title: "…".to_owned() })
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let cache = Cache::builder().build().await.unwrap();
/// # assert!(show(cache.clone(), Path(1)).await.is_ok());
/// # assert!(show(cache, Path(10)).await.is_err());
/// # }
/// ```
pub struct Values<T> {
    cache: Cache,
    set: Set,
    /// The author's function for the size of a value.
    weigh: Option<fn(&T) -> usize>,
    of: PhantomData<fn() -> T>,
}

impl Cache {
    /// The set of values with this name and type. Two sets with one name and different types share nothing but the name, by which
    /// [`Target::named`] invalidates both.
    ///
    /// Cheap: keep the handle, or call this each time.
    #[must_use]
    #[track_caller]
    pub fn values<T: Serialize + DeserializeOwned + Send + Sync + 'static>(&self, name: &'static str) -> Values<T> {
        Values { cache: self.clone(), set: Set::named(name, Location::caller(), self), weigh: None, of: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Values<T> {
    /// The backend, by its name in [`Cache::builder`]; otherwise the cache's [default](crate::CacheBuilder::default_backend).
    ///
    /// If the cache does not have it, an error is logged at once, and nothing is stored.
    #[must_use]
    pub fn backend(self, backend: &'static str) -> Self {
        Self { set: self.set.backend(backend, &self.cache), ..self }
    }

    /// A number that is part of every key: raise it when the meaning of the stored values has changed.
    ///
    /// ```
    /// # fn f(cache: &cached_handler::Cache) {
    /// let rates = cache.values::<f64>("rates").version(2).max_json(1 << 10);
    /// # }
    /// ```
    #[must_use]
    pub fn version(self, version: u32) -> Self {
        Self { set: self.set.versioned(version), ..self }
    }

    /// The longest value that is stored, in bytes of its JSON (default 1 MiB). A longer one is returned to its callers only.
    #[must_use]
    pub fn max_json(self, bytes: usize) -> Self {
        Self { set: self.set.policy(|policy| policy.max_body(bytes), &self.cache), ..self }
    }

    /// Sets a function for the number of bytes that a value owns. With it, memory keeps the computed value itself, and counts this
    /// size. For values with more than their JSON shows, such as a field with `#[serde(skip)]`.
    ///
    /// Without it, memory keeps the value that is deserialized from the JSON, as every other backend does, and estimates its size from
    /// the parts of that JSON. Data that a type builds when it is deserialized (an index by `serde(from)`, a compiled regular
    /// expression) is not counted: such a type needs this function. A size that is too low lets the process grow beyond
    /// [`CacheBuilder::memory`](crate::CacheBuilder::memory).
    ///
    /// ```
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Template {
    ///     source: String,
    ///     #[serde(skip)]
    ///     compiled: Vec<u8>,
    /// }
    ///
    /// # fn f(cache: &cached_handler::Cache) {
    /// let templates = cache.values::<Template>("templates").weigh(|template| template.source.len() + template.compiled.len());
    /// # }
    /// ```
    #[must_use]
    pub fn weigh(self, weigh: fn(&T) -> usize) -> Self {
        Self { weigh: Some(weigh), ..self }
    }

    fn keeping(&self) -> Keeping<T> {
        match self.weigh {
            _ if !self.storage().keeps_objects() => Keeping::AtRest,
            Some(weigh) => Keeping::Weighed(weigh),
            None => Keeping::InMemory,
        }
    }

    /// How concurrent calls for one key share a computation; see [`Collapse`].
    #[must_use]
    pub fn collapse(self, collapse: Collapse) -> Self {
        Self { set: self.set.policy(|policy| policy.collapse(collapse), &self.cache), ..self }
    }

    /// How long a call waits for another call's computation before it computes itself (default 5 s, at most 30 s); see
    /// [`Policy::max_wait`](crate::Policy::max_wait).
    #[must_use]
    pub fn max_wait(self, limit: Duration) -> Self {
        Self { set: self.set.policy(|policy| policy.max_wait(limit.min(secs(30))), &self.cache), ..self }
    }

    /// The most by which a lifetime is shortened at random, in per cent (default 5, at most 50), if there is a stale window; see
    /// [`Policy::jitter`](crate::Policy::jitter).
    #[must_use]
    pub fn jitter(self, percent: u8) -> Self {
        Self { set: self.set.policy(|policy| policy.jitter(percent.min(50)), &self.cache), ..self }
    }

    /// The value under `key`, if it is stored and fresh. `None` also if the backend fails.
    ///
    /// ```
    /// # async fn f(cache: cached_handler::Cache) {
    /// let rates = cache.values::<f64>("rates");
    /// if let Some(rate) = rates.get("EUR").await {
    ///     println!("{rate}");
    /// }
    /// # }
    /// ```
    pub async fn get<K: KeyPart + ?Sized>(&self, key: &K) -> Option<Arc<T>> {
        let storage = self.storage();
        if storage.may_peek()
            && let Some(value) = self.at_once(key)
        {
            return Some(value);
        }
        if storage.peeks() {
            return None;
        }
        let miss = self.miss(self.unlooked(key)?);
        let (slot, tier, _) = Box::pin(miss.find_fresh()).await?;
        self.cache.inner().observer.hit(&self.set.handler.subject, tier);
        let Slot::Response(stored) = &*slot else { return None };
        stored.value.as_ref()?.get()
    }

    /// Stores a value; it replaces the stored one, and results of computations in progress.
    ///
    /// The value counts as made now, even if the data behind it was invalidated a moment ago. For values that are read from such data,
    /// use [`get_or_insert_with`](Self::get_or_insert_with), which knows when the computation began.
    ///
    /// # Errors
    ///
    /// If a backend could not be told that its stored value is outdated. A failure to store the new value is no error.
    ///
    /// ```
    /// # async fn f(cache: cached_handler::Cache) -> Result<(), cached_handler::Error> {
    /// use cached_handler::secs;
    ///
    /// cache.values::<f64>("rates").insert("EUR", 1.0, secs(60)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn insert<K: KeyPart + ?Sized>(&self, key: &K, value: T, options: impl Into<ValueOptions>) -> Result<(), Error> {
        let options = options.into();
        if options.bypass {
            return Ok(());
        }
        let Some(key) = self.unlooked(key) else { return Ok(()) };
        let mut miss = self.miss(key);
        // Without a reinvalidation later: an inserted value does not come from a source that may lag behind.
        self.invalidate(&miss.target_of_its_key()).await?;
        options.apply(&mut miss);
        // Read after the invalidation, so that the new value is usable.
        let epochs = Box::pin(miss.read_epochs()).await;
        put_at_once(Run::after(miss, epochs), respond(value, &options, self.keeping())).await;
        Ok(())
    }

    /// Removes the value under `key`. Once this has returned `Ok`, no later call gets a value whose computation began before it.
    ///
    /// [`Target::named`] invalidates all values of the set, [`Target::group`] those of a group.
    ///
    /// # Errors
    ///
    /// If a backend could not be reached; call again.
    ///
    /// ```
    /// # async fn f(cache: cached_handler::Cache) -> Result<(), cached_handler::Error> {
    /// cache.values::<f64>("rates").remove("EUR").await?;
    /// # Ok(()) }
    /// ```
    pub async fn remove<K: KeyPart + ?Sized>(&self, key: &K) -> Result<(), Error> {
        let Some(key) = self.unlooked(key) else { return Ok(()) };
        let miss = self.miss(key);
        let target = miss.target_of_its_key();
        self.cache.reinvalidate_later(&target, Effect::Invalidate);
        self.invalidate(&target).await?;
        miss.storage().remove(&miss.entry()).await;
        Ok(())
    }

    #[inline]
    fn storage(&self) -> Storage<'_> {
        self.cache.storage(self.set.handler)
    }

    /// Makes the stored value of a key unusable, and results of computations in progress.
    async fn invalidate(&self, target: &Target) -> Result<(), Error> {
        self.cache.invalidate_in(self.storage(), target).await
    }

    #[inline]
    fn at_once<K: KeyPart + ?Sized>(&self, part: &K) -> Option<Arc<T>> {
        let mut key = self.begin();
        self.write(part, &mut key);
        if self.is_aside(&key) {
            return None;
        }
        let key = KeyRef { handler: key.instance.id, number: key.instance.number, state: TypeId::of::<()>(), bytes: &key.bytes };
        let slot = peek_fresh(&key, self.set.handler, &self.cache)?;
        self.cache.inner().observer.hit(&self.set.handler.subject, self.storage().tier());
        let Slot::Response(stored) = &*slot else { return None };
        stored.value.as_ref()?.get()
    }

    fn in_response(response: &Response) -> Option<Arc<T>> {
        response.extensions().get::<Typed>()?.get()
    }
}

impl<T> Values<T> {
    fn name(&self) -> &'static str {
        self.set.handler.site.name
    }
}

impl<T> Clone for Values<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Values<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("name", &self.name()).field("of", &type_name::<T>()).finish_non_exhaustive()
    }
}
