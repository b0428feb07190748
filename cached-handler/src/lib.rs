#![doc = include_str!("../README.md")]

extern crate self as cached_handler;

#[cfg(any(fuzzing, test))]
#[doc(hidden)]
#[path = "fuzzing.rs"]
pub mod __fuzzing;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod argument;
mod attempts;
pub mod backend;
mod cache;
mod cache_key;
mod changed;
mod clock;
mod conditions;
mod digest;
mod epoch;
mod error;
mod events;
mod failed;
mod flight;
mod group;
#[cfg(any(doc, doctest))]
pub mod guide;
mod handler;
mod header;
mod home;
mod invalidate;
mod invalidates;
mod invalidation;
mod key;
mod keyed;
mod layer;
mod nested;
mod outcome;
mod passed;
mod peek;
mod policy;
mod probe;
mod read_ahead;
mod reputation;
mod response_part;
mod rules;
mod seen;
mod serve;
mod stats;
mod stored;
mod sync;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod timer;
mod together;
mod trace;
mod turns;
mod values;

pub use cached_handler_macros::{CacheKey, cached, invalidates};

pub use crate::{
    argument::{OnMiss, Rejected, Revalidate},
    cache::{Cache, CacheBuilder},
    cache_key::{CacheKey, KeyPart, KeyWriter},
    clock::ManualClock,
    error::Error,
    group::CacheGroups,
    handler::{
        function::CachedHandler,
        info::{HandlerInfo, HandlerKind, handlers},
    },
    header::entity_tag::EntityTag,
    invalidate::{
        Target, expire_all, expire_group, expire_handler, expire_path, expire_path_prefix, invalidate_all, invalidate_group,
        invalidate_handler, invalidate_path, invalidate_path_prefix,
    },
    invalidation::Invalidation,
    layer::{CacheFuture, CacheLayer, CacheService},
    outcome::{Bypass, Forward, Kept, NotStored, Outcome, StaleUse},
    policy::{Collapse, ETag, Policy, secs},
    response_part::{DoNotStore, FreshFor, FreshForAtMost},
    rules::conditional::Preconditions,
    stats::Stats,
    values::{ComputeError, ValueOptions, Values},
};
