#![doc = include_str!("../README.md")]

extern crate self as cached_handler;

#[cfg(any(fuzzing, test))]
#[doc(hidden)]
#[path = "fuzzing.rs"]
pub mod __fuzzing;
#[doc(hidden)]
#[path = "attribute/private.rs"]
pub mod __private;
mod attribute;
mod body;
mod cache;
mod epoch;
mod error;
#[cfg(any(doc, doctest))]
pub mod guide;
mod handler;
mod header;
mod invalidates;
mod key;
mod layer;
mod observe;
mod outcome;
mod request;
mod rules;
mod serve;
mod storage;
mod stored;
#[cfg(feature = "testing")]
pub mod testing;
mod util;
mod values;

/// Backends store responses, and keep the clock that orders invalidations and runs: two traits with their laws.
///
/// A backend of your own is one file with one `impl Store`; [`Store`](backend::Store) shows a complete one. By default it gets the epochs
/// of this process ([`InProcessEpochs`](backend::InProcessEpochs)), so that invalidation is right within the process. A backend that
/// several processes share brings [`Epochs`](backend::Epochs) of its own. [`conformance`](backend::conformance) tests both against
/// their laws.
pub mod backend {
    #[cfg(any(feature = "testing", doc, test))]
    pub use crate::storage::remote::conformance;
    #[cfg(feature = "redis")]
    pub use crate::storage::remote::redis::{Redis, RedisServer};
    pub use crate::{
        epoch::{Effect, EpochSnapshot, Epochs, Scopes, in_process::InProcessEpochs, target::Mark},
        key::storage_key::StoreKey,
        storage::remote::{guard::limits::BackendLimits, store::Store},
    };
}

pub use cached_handler_macros::{CacheKey, cached, invalidates};

pub use crate::{
    attribute::argument::{OnMiss, Rejected, Revalidate},
    cache::{
        Cache, CacheBuilder,
        everywhere::{
            expire_all, expire_group, expire_handler, expire_path, expire_path_prefix, invalidate_all, invalidate_group,
            invalidate_handler, invalidate_path, invalidate_path_prefix,
        },
    },
    epoch::{group::CacheGroups, target::Target},
    error::Error,
    handler::{
        function::CachedHandler,
        info::{HandlerInfo, HandlerKind, handlers},
        policy::{Collapse, ETag, Policy, secs},
    },
    header::entity_tag::EntityTag,
    invalidates::invalidation::Invalidation,
    key::writer::{CacheKey, KeyPart, KeyWriter},
    layer::{CacheFuture, CacheLayer, CacheService},
    observe::stats::Stats,
    outcome::{Bypass, Forward, Kept, NotStored, Outcome, StaleUse, Tier},
    rules::conditional::Preconditions,
    stored::response_part::{DoNotStore, FreshFor, FreshForAtMost},
    util::clock::ManualClock,
    values::{ComputeError, ValueOptions, Values},
};
