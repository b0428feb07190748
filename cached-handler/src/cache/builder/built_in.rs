//! The table of backends that come with the crate. The builder, its messages and the tests use it.

use std::{future::ready, pin::Pin};

use super::CacheBuilder;
use crate::{error::Error, handler::tiers};

/// A backend that comes with the crate.
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    /// The feature of the crate that it needs.
    pub(crate) feature: &'static str,
    pub(crate) is_on: bool,
    /// The environment variable that sets it up if a handler names it.
    pub(crate) variable: &'static str,
    /// What to type to set it up.
    pub(crate) set_up: &'static str,
    /// Its capacity in bytes, and what to type for more. `None` if this process does not decide it.
    pub(super) room: fn(&CacheBuilder) -> Option<u64>,
    pub(super) more_room: &'static str,
    /// What is wrong with its settings.
    pub(super) complaints: fn(&CacheBuilder) -> Vec<String>,
    /// Opens it, as far as `build` waits for that, so that a failure is an error of `build`.
    pub(super) open: for<'a> fn(&'a mut CacheBuilder) -> Opening<'a>,
    /// Adds it, if it is set up.
    pub(super) add: fn(&mut CacheBuilder) -> Result<(), Error>,
}

type Opening<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// The table. Of several mistakes, the first row's is reported first.
#[cfg_attr(feature = "fs", expect(clippy::needless_update, reason = "without the feature it says what is missing"))]
pub(crate) static BUILT_IN: [BuiltIn; 3] = [
    BuiltIn {
        name: super::MEMORY,
        set_up: "`Cache::builder()`",
        is_on: true,
        room: |builder| Some(builder.memory),
        more_room: "`Cache::builder().memory(bytes)`",
        ..NOTHING
    },
    BuiltIn {
        name: "redis",
        feature: "redis",
        is_on: cfg!(feature = "redis"),
        variable: "CACHED_HANDLER_REDIS_URL",
        set_up: "`.namespace(\"my-app\").redis(\"redis://HOST:PORT\")` to `Cache::builder()`",
        #[cfg(feature = "redis")]
        complaints: CacheBuilder::complaints_of_redis,
        #[cfg(feature = "redis")]
        add: CacheBuilder::add_redis,
        ..NOTHING
    },
    BuiltIn {
        name: "fs",
        feature: "fs",
        is_on: cfg!(feature = "fs"),
        variable: "CACHED_HANDLER_FS_DIR",
        set_up: "`.namespace(\"my-app\").fs(\"/var/cache/my-app\")` to `Cache::builder()`",
        #[cfg(feature = "fs")]
        room: |builder| Some(builder.files.capacity()),
        #[cfg(not(feature = "fs"))]
        room: |_| Some(u64::MAX),
        more_room: "`Cache::builder().fs_capacity(bytes)`",
        #[cfg(feature = "fs")]
        complaints: CacheBuilder::complaints_of_files,
        #[cfg(feature = "fs")]
        open: |builder| Box::pin(builder.open_files()),
        #[cfg(feature = "fs")]
        add: CacheBuilder::add_files,
        ..NOTHING
    },
];

/// A row without any needs, for the fields that a backend leaves out.
const NOTHING: BuiltIn = BuiltIn {
    name: "",
    feature: "",
    is_on: false,
    variable: "",
    set_up: "",
    room: |_| None,
    more_room: "",
    complaints: |_| Vec::new(),
    open: |_| Box::pin(ready(Ok(()))),
    add: |_| Ok(()),
};

/// The remote backends: all but memory.
pub(crate) fn remote() -> impl Iterator<Item = &'static BuiltIn> {
    BUILT_IN.iter().filter(|row| row.name != super::MEMORY)
}

/// The remote backends for tests: each name, and what to type to set it up.
pub fn built_in_backends() -> impl Iterator<Item = (&'static str, String)> {
    remote().map(|row| (row.name, advice(row.name)))
}

/// What to type to set up a backend that a cache does not have.
pub(crate) fn advice(backend: &str) -> String {
    let (_, backend) = tiers(backend);
    match remote().find(|row| row.name == backend) {
        Some(BuiltIn { feature, is_on: false, .. }) => {
            format!("switch on its feature: `cached-handler = {{ version = …, features = [\"{feature}\"] }}`")
        }
        Some(BuiltIn { set_up, variable, .. }) => format!("add {set_up}, or set `{variable}`"),
        None => format!("add `.backend(\"{backend}\", …)` to `Cache::builder()`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_is_missing_is_had_by_its_feature_or_its_call() {
        for row in remote() {
            let advice = advice(row.name);
            let parts = if row.is_on { vec![row.set_up, row.variable] } else { vec![row.feature] };
            assert!(parts.iter().all(|part| !part.is_empty() && advice.contains(part)), "{advice}");
        }
        assert!(advice("mine").contains(".backend(\"mine\", …)"));
    }

    #[test]
    fn no_two_backends_have_one_name_or_variable() {
        for (at, row) in BUILT_IN.iter().enumerate() {
            assert!(BUILT_IN.iter().take(at).all(|other| other.name != row.name && other.variable != row.variable), "{}", row.name);
        }
    }
}
