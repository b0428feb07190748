//! Typed values: the same way as a request's, for what a program computes.
//!
//! A value is stored as a response is: its content is its JSON, and in memory the value itself lies in its place. So it is
//! collapsed, made anew, invalidated and kept at rest by the code that does so for responses.

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
/// For what is not a whole response: a row that several handlers need, the answer of another service. What a handler
/// returns is cached better by `#[cached]`, which sees what it depends on; here **the key has to hold everything that the
/// value depends on**, and its groups are your word.
///
/// - Concurrent calls for one key compute it once, in a task of its own; a caller who leaves stops nobody.
/// - A value whose computation began before an invalidation, a `remove` or an `insert` is never stored after it.
/// - An `Err` is never stored.
/// - In memory the value lies behind an [`Arc`], and costs a hit no copy. It is what can be read back from the JSON of the one
///   that was computed, as on every other backend, and is measured; one that has more than its JSON is kept as it is by
///   [`weigh`](Self::weigh). One that owns no memory of its own, such as a number, is always kept as it is.
/// - In another backend it lies as JSON, under a key that its type is part of: which type it is, its name with its modules, and
///   the names and kinds of its fields as far as its `Deserialize` shows them. A value of one type is never read as another's,
///   nor one from before a field was added, renamed or given another kind. Say by [`version`](Self::version) what nobody can
///   see: that a number means euros now and no longer cents; a change within `flatten`, within an enum that is `untagged` or
///   has its tag inside, behind the first member of a tuple, in a `Deserialize` or `deserialize_with` written by hand, deeper
///   than twelve levels or beyond 512 fields. A warning says where a type has some of these, until you give a version.
/// - A computation takes as long as it likes: give it a limit of its own, such as `tokio::time::timeout`, whose `Err` counts.
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
    /// What a value holds, where its author says so.
    weigh: Option<fn(&T) -> usize>,
    of: PhantomData<fn() -> T>,
}

impl Cache {
    /// The set of values of this name and type. Two sets of one name and different types have nothing in common but the name,
    /// by which [`Target::named`] invalidates both.
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
    /// That the cache does not have it is said in the log, as an error, at once; nothing is stored then.
    #[must_use]
    pub fn backend(self, backend: &'static str) -> Self {
        Self { set: self.set.backend(backend, &self.cache), ..self }
    }

    /// A number that is part of every key: raise it when the meaning of what is stored has changed.
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

    /// The longest value that is stored, in bytes of its JSON (default 1 MiB). A longer one is given to whoever asked.
    #[must_use]
    pub fn max_json(self, bytes: usize) -> Self {
        Self { set: self.set.policy(|policy| policy.max_body(bytes), &self.cache), ..self }
    }

    /// How many bytes a value holds besides itself: with this it is kept in memory as it is, and counts as much. For values
    /// that hold what their JSON does not show, such as a field with `#[serde(skip)]`, and are to keep it.
    ///
    /// Without, memory has what can be read back from a value's JSON, as every other backend, and measures that JSON's parts.
    /// What a type builds beside them when it is read (an index by `serde(from)`, a compiled regular expression) nobody can
    /// measure: such a type needs this. A weight that is too low lets the process grow beyond
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

    /// How long a call waits for another's computation before it computes for itself (default 5 s, at most 30 s); see
    /// [`Policy::max_wait`](crate::Policy::max_wait).
    #[must_use]
    pub fn max_wait(self, limit: Duration) -> Self {
        Self { set: self.set.policy(|policy| policy.max_wait(limit.min(secs(30))), &self.cache), ..self }
    }

    /// By how much at most a lifetime is shortened at random, in per cent (default 5, at most 50), where a stale window is; see
    /// [`Policy::jitter`](crate::Policy::jitter).
    #[must_use]
    pub fn jitter(self, percent: u8) -> Self {
        Self { set: self.set.policy(|policy| policy.jitter(percent.min(50)), &self.cache), ..self }
    }

    /// The value under `key`, if it is stored and fresh. A backend that fails has none.
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

    /// Stores a value, in place of what is there and of what is being computed.
    ///
    /// It counts as made now. What it was made of may have been invalidated a moment ago: for what is read from something
    /// that is invalidated, use [`get_or_insert_with`](Self::get_or_insert_with), which knows when it began.
    ///
    /// # Errors
    ///
    /// Where a backend could not be told that what it has is outdated. That it did not store the value is no error.
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
        // Not once more after a while: what is inserted was made of nothing that could lag behind.
        self.invalidate(&miss.target_of_its_key()).await?;
        options.apply(&mut miss);
        // As they are after that.
        let epochs = Box::pin(miss.read_epochs()).await;
        put_at_once(Run::after(miss, epochs), respond(value, &options, self.keeping())).await;
        Ok(())
    }

    /// Forgets the value under `key`. Once this has returned `Ok`, no call that comes after it is given a value whose
    /// computation began before it.
    ///
    /// All values of the set are forgotten by [`Target::named`], those of a group by [`Target::group`].
    ///
    /// # Errors
    ///
    /// Where a backend could not be reached; call again.
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

    /// Makes what is under a key unusable, and what is being computed for it.
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
