//! Caches inside of a cache: a run whose answer is made of what other cached handlers have answered.
//!
//! Such a handler has groups, an age and a reader that the run knows nothing of. What is stored of the run is bound to them:
//! it is held against the epochs of each part, by the stamp of that, is fresh no longer, and private where a part is. In memory
//! it holds these epochs. At rest it names them, and they are read with its own; that is possible where its parts rest in the
//! same backend, whose clock has stamped all of them. A layer
//! stores nothing of the kind: a copy would be given to requests that the extractors inside refuse (law L2).
//!
//! A handler inside finds the run by its task, and by the request's extensions where that was handed on to another task.

use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use http::{Extensions, header};

use crate::{
    epoch::{Stamp, in_process::Marks},
    header::cache_control::CacheControl,
    outcome::NotStored,
    rules::storable::Storable,
    stored::{
        Stored,
        part::{Part, joined},
        place::StorageId,
    },
    util::{
        clock::{Millis, span},
        lock::lock,
    },
};

/// A response that caches inside of a layer answer for; a mark for the gate of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedInside;

/// Which of the caches of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheId(u64);

impl CacheId {
    /// Another one than all before.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// How many runs are under way: without any, no request is inside of one, and hits ask no further.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

tokio::task_local! {
    static OUTER: Outer;
}

/// A run, for what answers inside of it.
#[derive(Debug)]
pub(crate) struct Composition(Outer);

/// That a run is under way.
struct UnderWay;

/// The same, for those inside.
#[derive(Debug, Clone)]
pub(crate) struct Outer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    cache: CacheId,
    /// The storage that holds the response.
    storage: StorageId,
    parts: Mutex<Option<Parts>>,
}

/// What those inside have answered with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// Some of it lies where the epochs of this run say nothing of it.
    pub(crate) is_foreign: bool,
    pub(crate) is_private: bool,
    /// With the stamp of each.
    pub(crate) marks: Vec<(Marks, u64)>,
    /// At rest, and the life of the clock that has stamped them.
    pub(crate) at_rest: Vec<Part>,
    pub(crate) incarnation: Option<u64>,
    /// Until when all of it is fresh.
    pub(crate) fresh_until: Option<Millis>,
    /// Some of it must not be used after that, not even stale.
    pub(crate) ends: bool,
}

impl Parts {
    pub(crate) fn of(at_rest: Vec<Part>, stamp: Stamp) -> Self {
        Self { at_rest, incarnation: Some(stamp.incarnation), ..Self::default() }
    }

    /// What is made of them is fresh no longer, and is not used any longer either where one of them must not be.
    pub(crate) fn bound(&self, verdict: &mut Storable, now: Millis) -> Result<(), NotStored> {
        let Some(until) = self.fresh_until else { return Ok(()) };
        let longest = verdict.initial_age + span(until.saturating_sub(now));
        verdict.freshness_lifetime = verdict.freshness_lifetime.min(longest);
        if self.ends {
            verdict.ends = Some(verdict.ends.map_or(longest, |end| end.min(longest)));
        }
        if verdict.freshness_lifetime > verdict.initial_age { Ok(()) } else { Err(NotStored::AlreadyStale) }
    }
}

impl Composition {
    pub(crate) fn new(cache: CacheId, storage: StorageId) -> Self {
        Self(Outer(Arc::new(Shared { cache, storage, parts: Mutex::new(None) })))
    }

    pub(crate) fn outer(&self) -> Outer {
        self.0.clone()
    }

    /// None, where no cached handler has answered inside, as in almost all runs.
    pub(crate) fn parts(&self) -> Option<Parts> {
        lock(&self.0.0.parts).clone()
    }

    /// Those that rest where it does.
    pub(crate) fn parts_at_rest(&self) -> Box<[Part]> {
        joined(lock(&self.0.0.parts).iter().flat_map(|parts| parts.at_rest.iter().cloned()))
    }

    pub(crate) fn is_private(&self) -> bool {
        lock(&self.0.0.parts).as_ref().is_some_and(|parts| parts.is_private)
    }
}

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells them of what a cache has left alone without asking what it belongs to: nothing that is invalidated would reach what is
/// made of it (law L4), which therefore is not stored.
pub(crate) fn tell_of_unnamed(around: &[Outer], is_private: bool) {
    for outer in around {
        outer.add(Parts { is_foreign: true, is_private, ..Parts::default() });
    }
}

/// The runs that a request is inside of, if it is.
#[inline]
pub(crate) fn around(extensions: Option<&Extensions>) -> Option<Box<[Outer]>> {
    if UNDER_WAY.load(Ordering::Relaxed) == 0 { None } else { find(extensions) }
}

#[cold]
fn find(extensions: Option<&Extensions>) -> Option<Box<[Outer]>> {
    let by_task = OUTER.try_with(Clone::clone).ok();
    let by_request = extensions.and_then(|extensions| extensions.get::<Outer>());
    // A handler may hand on a request that says of another run than its own.
    let by_request = by_request.filter(|other| by_task.as_ref().is_none_or(|one| !Arc::ptr_eq(&one.0, &other.0)));
    let found: Box<[Outer]> = by_task.into_iter().chain(by_request.cloned()).collect();
    (!found.is_empty()).then_some(found)
}

impl Outer {
    /// Runs what is inside.
    pub(crate) fn scope<F: Future>(self, inside: F) -> impl Future<Output = F::Output> + use<F> {
        let under_way = UnderWay::begin();
        OUTER.scope(self, async move {
            let output = inside.await;
            drop(under_way);
            output
        })
    }

    /// Whether any cached handler has answered inside.
    pub(crate) fn has_parts(&self) -> bool {
        lock(&self.0.parts).is_some()
    }

    /// A stored response answers inside, or one that has just been made.
    pub(crate) fn note(&self, stored: &Stored, cache: CacheId) {
        let is_private = CacheControl::of(&stored.whole.headers, &header::CACHE_CONTROL).is_ok_and(|own| own.private);
        let (fresh_until, ends) = (Some(stored.fresh_until), stored.ends);
        let part = match (&stored.marks, &stored.place) {
            (Some(marks), None) if self.is_stored_in(cache, StorageId::Memory) => {
                Parts { is_private, marks: vec![(marks.clone(), stored.stamp.clock)], fresh_until, ends, ..Parts::default() }
            }
            (None, Some(place)) if self.is_stored_in(cache, StorageId::Remote(place.backend)) => {
                let own = Part::of_each(place.handler, &place.paths, &stored.groups, stored.stamp.clock);
                let at_rest = stored.parts.iter().cloned().chain(own).collect();
                Parts { is_private, fresh_until, ends, ..Parts::of(at_rest, stored.stamp) }
            }
            _ => Parts { is_foreign: true, is_private, ..Parts::default() },
        };
        self.add(part);
    }

    pub(crate) fn is_stored_in(&self, cache: CacheId, storage: StorageId) -> bool {
        storage != StorageId::Missing && self.0.storage == storage && self.0.cache == cache
    }

    pub(crate) fn add(&self, part: Parts) {
        let mut parts = lock(&self.0.parts);
        let all = parts.get_or_insert_default();
        all.is_foreign |= part.is_foreign;
        all.is_private |= part.is_private;
        all.ends |= part.ends;
        all.marks.extend(part.marks);
        all.is_foreign |= all.incarnation.is_some_and(|known| part.incarnation.is_some_and(|other| known != other));
        all.incarnation = all.incarnation.or(part.incarnation);
        all.at_rest = joined(mem::take(&mut all.at_rest).into_iter().chain(part.at_rest)).into_vec();
        all.fresh_until = earliest(all.fresh_until, part.fresh_until);
        // Each costs a look at every hit: what is made of so many parts is made anew each time.
        let length: usize = all.at_rest.iter().map(Part::length).sum();
        all.is_foreign |= all.marks.len() > MOST_PARTS || all.at_rest.len() > MOST_PARTS || length > LONGEST_PARTS;
    }
}

const MOST_PARTS: usize = 64;
/// In bytes, of what is kept with a response at rest.
const LONGEST_PARTS: usize = 32 << 10;

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
