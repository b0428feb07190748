//! Cached handlers inside of a cached handler: a run whose response is composed of responses of other cached handlers, its parts.
//!
//! A part has groups, an age and a reader that the outer run does not know. So the composed response inherits the restrictions of
//! its parts: it is invalidated by the epochs of each part, with that part's stamp; it is fresh no longer than each part; and it is
//! private if a part is. In memory it holds the epochs of its parts. At rest it names them, and they are read together with its
//! own; that is possible only if the parts are stored in the same backend, whose clock has stamped all of them. A layer does not
//! store composed responses at all: a copy would be sent to requests that the extractors inside would refuse (law L2).
//!
//! An inner handler finds the outer run through its task, or through the request's extensions if the request was passed to another
//! task.

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

/// Marks a response that a cached handler inside of a layer has made, so that the layer does not store it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedInside;

/// Identifies a cache within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheId(u64);

impl CacheId {
    /// An identity that no other cache has.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The number of runs in progress. If it is zero, no request is inside of a run, and hits skip the look-up.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

tokio::task_local! {
    static OUTER: Outer;
}

/// A run, as the owner of the parts of its response.
#[derive(Debug)]
pub(crate) struct Composition(Outer);

/// Counts a run as in progress until it is dropped.
struct UnderWay;

/// A run, as the handlers inside see it.
#[derive(Debug, Clone)]
pub(crate) struct Outer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    cache: CacheId,
    /// The storage that holds the response.
    storage: StorageId,
    parts: Mutex<Option<Parts>>,
}

/// The restrictions of all parts that have answered inside of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// A part is stored elsewhere, so that its epochs cannot be checked together with those of this run.
    pub(crate) is_foreign: bool,
    pub(crate) is_private: bool,
    /// The epochs of parts in memory, each with the stamp of its part.
    pub(crate) marks: Vec<(Marks, u64)>,
    /// Parts at rest, and the incarnation of the clock that has stamped them.
    pub(crate) at_rest: Vec<Part>,
    pub(crate) incarnation: Option<u64>,
    /// Until when all parts are fresh.
    pub(crate) fresh_until: Option<Millis>,
    /// A part must not be used after that, not even as stale.
    pub(crate) ends: bool,
}

impl Parts {
    pub(crate) fn of(at_rest: Vec<Part>, stamp: Stamp) -> Self {
        Self { at_rest, incarnation: Some(stamp.incarnation), ..Self::default() }
    }

    /// Limits the freshness of the composed response to that of its parts, and its use as well if a part must not be used stale.
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

    /// The parts; `None` if no cached handler has answered inside, as in almost all runs.
    pub(crate) fn parts(&self) -> Option<Parts> {
        lock(&self.0.0.parts).clone()
    }

    /// The parts that are stored in the same backend as the run's response.
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

/// Notes in the outer runs that a part was not stored and that its groups are unknown. No invalidation could reach a response that
/// is composed of it (law L4), so that is not stored.
pub(crate) fn tell_of_unnamed(around: &[Outer], is_private: bool) {
    for outer in around {
        outer.add(Parts { is_foreign: true, is_private, ..Parts::default() });
    }
}

/// The outer runs of a request, if there are any.
#[inline]
pub(crate) fn around(extensions: Option<&Extensions>) -> Option<Box<[Outer]>> {
    if UNDER_WAY.load(Ordering::Relaxed) == 0 { None } else { find(extensions) }
}

#[cold]
fn find(extensions: Option<&Extensions>) -> Option<Box<[Outer]>> {
    let by_task = OUTER.try_with(Clone::clone).ok();
    let by_request = extensions.and_then(|extensions| extensions.get::<Outer>());
    // A handler may pass on a request that belongs to another run than its task does.
    let by_request = by_request.filter(|other| by_task.as_ref().is_none_or(|one| !Arc::ptr_eq(&one.0, &other.0)));
    let found: Box<[Outer]> = by_task.into_iter().chain(by_request.cloned()).collect();
    (!found.is_empty()).then_some(found)
}

impl Outer {
    /// Runs `inside` as a part of this run.
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

    /// Notes that a stored response, or one that was just made, answers inside.
    pub(crate) fn note(&self, stored: &Stored, cache: CacheId) {
        let is_private = CacheControl::of(&stored.fields.map(), &header::CACHE_CONTROL).is_ok_and(|own| own.private);
        let (fresh_until, ends) = (Some(stored.fresh_until), stored.ends);
        let part = match (&stored.marks, stored.place()) {
            (Some(marks), None) if self.is_stored_in(cache, StorageId::Memory) => {
                Parts { is_private, marks: vec![(marks.clone(), stored.stamp.clock)], fresh_until, ends, ..Parts::default() }
            }
            (None, Some(place)) if self.is_stored_in(cache, StorageId::Remote(place.backend)) => {
                let own = Part::of_each(place.handler, &place.paths, &stored.groups, stored.stamp.clock);
                let at_rest = stored.parts().iter().cloned().chain(own).collect();
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
        // Every hit checks each part, so a response of too many parts is not stored.
        let length: usize = all.at_rest.iter().map(Part::length).sum();
        all.is_foreign |= all.marks.len() > MOST_PARTS || all.at_rest.len() > MOST_PARTS || length > LONGEST_PARTS;
    }
}

const MOST_PARTS: usize = 64;
/// The most bytes that the names of parts may take in a response at rest.
const LONGEST_PARTS: usize = 32 << 10;

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
