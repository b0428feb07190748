//! Runs the body of a handler with `#[invalidates]`, or of a request with an unsafe method, and invalidates its targets however the
//! body ends.

pub(crate) mod invalidation;
mod outliving;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::response::Response;
use http::request::Parts;
use tokio::sync::Notify;

pub use self::outliving::outliving;
use crate::{
    cache::Cache,
    epoch::{Effect, group::CacheGroups, own_invalidation::OwnInvalidation, target::Target},
    error::Error,
    handler::{function::CachedHandler, writes::note_invalidated},
    invalidates::invalidation::Invalidation,
    request::{signature::Capture, unsafe_target::UnsafeTarget},
    rules::path::encode_segment,
    stored::failed::is_no_answer,
    util::{
        home::spawn_here,
        join::{Call, together},
        lock::lock,
        tasks::PendingInvalidation,
        timer::timeout,
    },
};

/// What `#[invalidates]` captures of a request: the cache of its router, if that has one of its own; the target of an unsafe method; and
/// the list of targets that the body will name.
#[derive(Debug)]
pub struct OwnCache(Option<Cache>, Option<Box<UnsafeTarget>>, Invalidation);

impl<S> Capture<S> for OwnCache {
    fn of(parts: &mut Parts) -> Self {
        let named = Invalidation::default();
        parts.extensions.insert(named.clone());
        Self(Cache::of(parts), UnsafeTarget::by(parts), named)
    }
}

/// The targets to invalidate, which are computed from the arguments before the body runs.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The caches to invalidate in: a test's own cache, or those of a cached handler or a layer. If empty, every cache of the process.
    only: Vec<Cache>,
    /// The targets of the attribute, which are dropped for an answer of 4xx. Once the body has ended, also those that it named.
    due: Vec<Target>,
    /// The target of an unsafe method, which is not invalidated if the answer is an error (RFC 9111 §4.4).
    changed: Option<Box<UnsafeTarget>>,
    /// The targets that follow from the method, once the body has ended. They do not apply to caches with `keep_own_path`.
    by_method: Vec<Target>,
    /// The targets that the body names, which are invalidated in any case.
    named: Option<Invalidation>,
    /// Follows the request's own invalidations of its path.
    own: Option<OwnInvalidation>,
}

/// A piece of a path template.
#[derive(Clone, Copy)]
pub enum PathPiece<'a> {
    /// Text of the attribute.
    Literal(&'a str),
    /// A value, percent-encoded as one segment.
    Value(&'a dyn fmt::Display),
    /// A value of `{*rest}`, percent-encoded except for its slashes.
    Rest(&'a dyn fmt::Display),
}

impl Targets {
    /// No targets yet.
    #[must_use]
    pub fn new(cache: OwnCache) -> Self {
        let only = cache.0.filter(|cache| cache.inner().isolated).into_iter().collect();
        Self { only, due: Vec::new(), changed: cache.1, by_method: Vec::new(), named: Some(cache.2), own: None }
    }

    /// The request's method invalidates nothing.
    pub fn keep_own_path(&mut self) {
        self.changed = None;
    }

    /// The targets of a request with an unsafe method to a cached handler, in that handler's cache.
    pub(crate) fn changed(cache: &Cache, changed: Box<UnsafeTarget>, own: Option<OwnInvalidation>) -> Self {
        Self { only: vec![cache.clone()], due: Vec::new(), changed: Some(changed), by_method: Vec::new(), named: None, own }
    }

    /// The targets of a request with an unsafe method through a layer, in these caches. A handler inside may have invalidated them
    /// already, but a middleware in between may have written, or committed, after that.
    pub(crate) fn through(caches: Vec<Cache>, changed: Box<UnsafeTarget>) -> Self {
        Self { only: caches, due: Vec::new(), changed: Some(changed), by_method: Vec::new(), named: None, own: None }
    }

    /// Adds a group.
    pub fn group(&mut self, group: fmt::Arguments<'_>) {
        let name = fmt::format(group);
        // Not for a test's own cache, whose responses are not those of the program.
        if self.only.is_empty() {
            note_invalidated(&name);
        }
        let group = Target::group(name);
        // Dropped at once, so that it does not take memory while the body runs.
        if group.may_be_named() {
            self.due.push(group);
        }
    }

    /// Adds a path.
    pub fn path(&mut self, pieces: &[PathPiece<'_>]) {
        self.due.push(Target::sent_path(&filled(pieces)));
    }

    /// Adds a path prefix.
    pub fn path_prefix(&mut self, pieces: &[PathPiece<'_>]) {
        self.due.push(Target::sent_prefix(&filled(pieces)));
    }

    /// Adds a handler.
    pub fn handler<H: CachedHandler<Arguments>, Arguments>(&mut self, handler: H) {
        self.due.push(Target::handler(handler));
    }
}

/// The path that a template and its values make.
fn filled(pieces: &[PathPiece<'_>]) -> String {
    let mut path = String::new();
    for piece in pieces {
        match piece {
            PathPiece::Literal(literal) => path.push_str(literal),
            PathPiece::Value(value) => path.push_str(&encode_segment(&value.to_string())),
            PathPiece::Rest(value) => {
                for (at, segment) in value.to_string().split('/').enumerate() {
                    path.push_str(if at > 0 { "/" } else { "" });
                    path.push_str(&encode_segment(segment));
                }
            }
        }
    }
    path
}

/// Runs the body, and invalidates its targets before the answer is sent, all concurrently. If the body panics or its client
/// disconnects, the targets are invalidated nevertheless, as its writes may have been committed. Only an answer of 4xx prevents it,
/// and for the target of the request any error. For outer layers, a failure to invalidate is an `Arc<Error>` in the response's
/// extensions.
pub async fn invalidating<F: Future<Output = Response>>(targets: Targets, body: F) -> Response {
    // `drain` waits for the body, as it may be writing.
    let _pending = targets.pending();
    let mut due = Due(Some(targets));
    let mut response = body.await;
    let Some(targets) = due.0.take() else { return response };
    let targets = targets.after(&response);
    if !targets.is_empty() {
        // In a guard again, as the client may disconnect at this await.
        let mut due = Due(Some(targets));
        if let Some(targets) = &due.0
            && let Err(error) = targets.invalidate().await
        {
            response.extensions_mut().insert(Arc::new(error));
        }
        due.0 = None;
    }
    response
}

/// Invalidates the targets on drop, unless they were taken.
struct Due(Option<Targets>);

impl Drop for Due {
    fn drop(&mut self) {
        let Some(targets) = self.0.take().map(Targets::without_answer) else { return };
        // Memory first, at once: `drop` cannot wait.
        for cache in targets.caches() {
            targets.due_in(&cache).for_each(|target| cache.invalidate_in_process(target));
        }
        let pending = Mutex::new(targets.pending());
        let remaining = Arc::new(Remaining { pending, targets, is_done: AtomicBool::default(), done: Notify::new() });
        if let Some(cache) = remaining.targets.caches().iter().find(|cache| cache.has_backends()) {
            _ = cache.inner().tasks.spawn(|| Arc::clone(&remaining).send());
            // The runtime in which the cache was built may not be driven any more, but the current one is.
            let remaining = Arc::clone(&remaining);
            drop(spawn_here(async move {
                if timeout(FALLBACK_AFTER, remaining.done.notified()).await.is_err() {
                    remaining.send().await;
                }
            }));
        }
    }
}

/// After this time the first task has most likely not run, and a second one takes over.
const FALLBACK_AFTER: Duration = Duration::from_secs(2);

/// Invalidations on backends that are still to be sent after the request was dropped.
struct Remaining {
    targets: Targets,
    is_done: AtomicBool,
    /// Signals the second task that all were sent.
    done: Notify,
    pending: Mutex<Vec<PendingInvalidation>>,
}

impl Remaining {
    async fn send(self: Arc<Self>) {
        if !self.is_done.load(Ordering::Relaxed) {
            // `invalidate` logs a failure; there is no caller to return it to.
            _ = self.targets.invalidate().await;
            self.is_done.store(true, Ordering::Relaxed);
            lock(&self.pending).clear();
            self.done.notify_one();
        }
    }
}

impl Drop for Remaining {
    fn drop(&mut self) {
        if !*self.is_done.get_mut() {
            let error = Error::backend("there is no runtime to invalidate in, or it has ended before that was done");
            let caches = self.targets.caches().into_iter().filter(Cache::has_backends);
            caches.for_each(|cache| cache.inner().observer.invalidation_failed(&error));
        }
    }
}

impl Targets {
    /// The targets that remain after this answer.
    fn after(mut self, answer: &Response) -> Self {
        if is_no_answer(answer) {
            return self.without_answer();
        }
        if answer.status().is_client_error() {
            self.due.clear();
        } else if let Some(groups) = answer.extensions().get::<CacheGroups>().filter(|_| self.named.is_some()) {
            let groups = groups.0.iter().map(|group| Target::group(&**group));
            self.add(groups.filter(Target::may_be_named));
        }
        self.by_method = self.changed.take().map(|changed| changed.by_answer(answer)).unwrap_or_default();
        self.add_named();
        self
    }

    /// All targets, if the body has ended without an answer.
    fn without_answer(mut self) -> Self {
        self.by_method = self.changed.take().map(|changed| changed.target()).into_iter().collect();
        self.add_named();
        self
    }

    /// The targets in one cache, each once. With `keep_own_path` those that follow from the method do not apply.
    fn due_in(&self, cache: &Cache) -> impl Iterator<Item = &Target> {
        let keeps = cache.inner().keeps_own_paths();
        let by_method = self.by_method.iter().filter(move |target| !keeps && !self.due.contains(target));
        self.due.iter().chain(by_method)
    }

    fn is_empty(&self) -> bool {
        self.due.is_empty() && self.by_method.is_empty()
    }

    fn add_named(&mut self) {
        if let Some(named) = &self.named {
            self.add(named.so_far());
        }
    }

    /// Adds targets that are not in the list yet.
    fn add(&mut self, targets: impl IntoIterator<Item = Target>) {
        for target in targets {
            if !self.due.contains(&target) {
                self.due.push(target);
            }
        }
    }

    fn caches(&self) -> Vec<Cache> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        let mut all = Cache::all();
        all.retain(|cache| !cache.inner().isolated);
        all
    }

    /// Registers a pending invalidation in each cache with backends, for `drain`. Memory ends with the process and needs none.
    fn pending(&self) -> Vec<PendingInvalidation> {
        self.caches().iter().filter(|cache| cache.has_backends()).map(|cache| cache.inner().tasks.pending_invalidation()).collect()
    }

    /// Invalidates all targets concurrently, so that they take no longer than one. A failure is logged, and the answer is sent
    /// nevertheless (law L6).
    async fn invalidate(&self) -> Result<(), Error> {
        let caches = self.caches();
        let mut calls = Vec::with_capacity(caches.len() * self.due.len());
        for cache in &caches {
            calls.extend(self.due_in(cache).map(|target| -> Call<'_, _> { Box::pin(self.invalidate_in(cache, target)) }));
        }
        together(calls).await.into_iter().fold(Ok(()), Result::and)
    }

    async fn invalidate_in(&self, cache: &Cache, target: &Target) -> Result<(), Error> {
        let outcome = cache.change(target, Effect::Invalidate, self.own.as_ref()).await;
        outcome.inspect_err(|error| cache.inner().observer.invalidation_failed(error))
    }
}

impl fmt::Debug for PathPiece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => f.write_str(literal),
            Self::Value(_) => f.write_str("{}"),
            Self::Rest(_) => f.write_str("{*}"),
        }
    }
}
