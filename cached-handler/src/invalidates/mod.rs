//! What `#[invalidates]` runs: targets that are invalidated however the body ends.

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
    epoch::{Effect, group::CacheGroups, own_invalidation::Trace, target::Target},
    error::Error,
    handler::{function::CachedHandler, writes::note_invalidated},
    invalidates::invalidation::Invalidation,
    request::{signature::Capture, unsafe_target::Changed},
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

/// The cache of the request's router, where that has one of its own; what the request changes by its method; and what the body
/// is going to name.
#[derive(Debug)]
pub struct OwnCache(Option<Cache>, Option<Box<Changed>>, Invalidation);

impl<S> Capture<S> for OwnCache {
    fn of(parts: &mut Parts) -> Self {
        let named = Invalidation::default();
        parts.extensions.insert(named.clone());
        Self(Cache::of(parts), Changed::by(parts), named)
    }
}

/// What to invalidate, computed from the arguments before the body runs.
#[derive(Debug, Clone)]
pub struct Targets {
    /// A test's cache keeps to itself, and a cached handler or a layer means its own. None: every cache of the process.
    only: Vec<Cache>,
    /// Those of the attribute, which only an answer of 4xx spares; once there is an answer, all.
    due: Vec<Target>,
    /// What the method changes: any error spares it (RFC 9111 §4.4).
    changed: Option<Box<Changed>>,
    /// The same, once there is an answer or none is to come; not in caches in which it means nothing.
    by_method: Vec<Target>,
    /// What the body names, which nothing spares.
    named: Option<Invalidation>,
    /// Who wants to know that nothing else was invalidated meanwhile.
    trace: Option<Trace>,
}

/// A piece of a path template.
#[derive(Clone, Copy)]
pub enum PathPiece<'a> {
    /// As it stands in the attribute.
    Literal(&'a str),
    /// Percent-encoded as one segment.
    Value(&'a dyn fmt::Display),
    /// The same, but for its slashes.
    Rest(&'a dyn fmt::Display),
}

impl Targets {
    /// None so far.
    #[must_use]
    pub fn new(cache: OwnCache) -> Self {
        let only = cache.0.filter(|cache| cache.inner().isolated).into_iter().collect();
        Self { only, due: Vec::new(), changed: cache.1, by_method: Vec::new(), named: Some(cache.2), trace: None }
    }

    /// Has the request's method mean nothing.
    pub fn keep_own_path(&mut self) {
        self.changed = None;
    }

    /// What a request to a cached handler changes in that handler's cache.
    pub(crate) fn changed(cache: &Cache, changed: Box<Changed>, trace: Option<Trace>) -> Self {
        Self { only: vec![cache.clone()], due: Vec::new(), changed: Some(changed), by_method: Vec::new(), named: None, trace }
    }

    /// What a request through a layer changes in these caches. Also what was invalidated inside: what stands between may have
    /// written, or committed, after that.
    pub(crate) fn through(caches: Vec<Cache>, changed: Box<Changed>) -> Self {
        Self { only: caches, due: Vec::new(), changed: Some(changed), by_method: Vec::new(), named: None, trace: None }
    }

    /// Adds a group.
    pub fn group(&mut self, group: fmt::Arguments<'_>) {
        let name = fmt::format(group);
        // A test's cache has its own responses.
        if self.only.is_empty() {
            note_invalidated(&name);
        }
        let group = Target::group(name);
        // Not for as long as the body runs either.
        if group.may_be_named() {
            self.due.push(group);
        }
    }

    /// Adds a path.
    pub fn path(&mut self, pieces: &[PathPiece<'_>]) {
        self.due.push(Target::sent_path(&filled(pieces)));
    }

    /// Adds all below a path.
    pub fn path_prefix(&mut self, pieces: &[PathPiece<'_>]) {
        self.due.push(Target::sent_prefix(&filled(pieces)));
    }

    /// Adds a handler.
    pub fn handler<H: CachedHandler<Arguments>, Arguments>(&mut self, handler: H) {
        self.due.push(Target::handler(handler));
    }
}

/// A path template with its values.
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

/// Runs the body, and invalidates before the answer is sent, all at the same time. Where the body does not end well,
/// because it panics or its client leaves, the targets are invalidated all the same: what it wrote may have been
/// committed. Only an answer of 4xx spares them, and any error the target of the request. What could not be invalidated is
/// told to the layers outside by an `Arc<Error>` in the response's extensions.
pub async fn invalidating<F: Future<Output = Response>>(targets: Targets, body: F) -> Response {
    // The process is not to end while something may be written.
    let _pending = targets.pending();
    let mut due = Due(Some(targets));
    let mut response = body.await;
    let Some(targets) = due.0.take() else { return response };
    let targets = targets.left_by(&response);
    if !targets.is_empty() {
        // Again in a guard: this await may be the one at which the client leaves.
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

/// Targets that are still to be invalidated when this is dropped.
struct Due(Option<Targets>);

impl Drop for Due {
    fn drop(&mut self) {
        let Some(targets) = self.0.take().map(Targets::left_by_no_answer) else { return };
        // In memory at once: nobody is there to wait.
        for cache in targets.caches() {
            targets.due_in(&cache).for_each(|target| cache.invalidate_in_process(target));
        }
        let pending = Mutex::new(targets.pending());
        let telling = Arc::new(Telling { pending, targets, is_done: AtomicBool::default(), done: Notify::new() });
        if let Some(cache) = telling.targets.caches().iter().find(|cache| cache.has_backends()) {
            let tell = || Arc::clone(&telling).tell();
            _ = cache.inner().tasks.spawn(tell);
            // Nobody may drive the runtime that the cache was built in; this one is driven.
            let telling = Arc::clone(&telling);
            drop(spawn_here(async move {
                if timeout(LONGER_THAN_IT_TAKES, telling.done.notified()).await.is_err() {
                    telling.tell().await;
                }
            }));
        }
    }
}

/// After so long the first task has not begun.
const LONGER_THAN_IT_TAKES: Duration = Duration::from_secs(2);

/// Invalidations still to be sent after the request was dropped.
struct Telling {
    targets: Targets,
    is_done: AtomicBool,
    /// Signals that nobody else need send them.
    done: Notify,
    pending: Mutex<Vec<PendingInvalidation>>,
}

impl Telling {
    async fn tell(self: Arc<Self>) {
        if !self.is_done.load(Ordering::Relaxed) {
            // A failure is logged: there is no caller.
            _ = self.targets.invalidate().await;
            self.is_done.store(true, Ordering::Relaxed);
            lock(&self.pending).clear();
            self.done.notify_one();
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if !*self.is_done.get_mut() {
            let error = Error::backend("there is no runtime to invalidate in, or it has ended before that was done");
            let caches = self.targets.caches().into_iter().filter(Cache::has_backends);
            caches.for_each(|cache| cache.inner().observer.invalidation_failed(&error));
        }
    }
}

impl Targets {
    fn left_by(mut self, answer: &Response) -> Self {
        if is_no_answer(answer) {
            return self.left_by_no_answer();
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

    fn left_by_no_answer(mut self) -> Self {
        self.by_method = self.changed.take().map(|changed| changed.target()).into_iter().collect();
        self.add_named();
        self
    }

    /// What is due in one cache: there the method may mean nothing. What the attribute names need not be told twice.
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

    /// What the attribute names need not be told twice.
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

    /// What the end of the process waits for in each cache that has backends; memory ends with it.
    fn pending(&self) -> Vec<PendingInvalidation> {
        self.caches().iter().filter(|cache| cache.has_backends()).map(|cache| cache.inner().tasks.pending_invalidation()).collect()
    }

    /// All of them, at the same time, so that they take no longer than one; a failure is an event, and the answer goes out
    /// all the same (law L6).
    async fn invalidate(&self) -> Result<(), Error> {
        let caches = self.caches();
        let mut told = Vec::with_capacity(caches.len() * self.due.len());
        for cache in &caches {
            told.extend(self.due_in(cache).map(|target| -> Call<'_, _> { Box::pin(self.tell(cache, target)) }));
        }
        together(told).await.into_iter().fold(Ok(()), Result::and)
    }

    async fn tell(&self, cache: &Cache, target: &Target) -> Result<(), Error> {
        let outcome = cache.change(target, Effect::Invalidate, self.trace.as_ref()).await;
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
