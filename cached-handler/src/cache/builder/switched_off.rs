//! Methods of the builder whose feature is off: a call does not compile, and the message says which feature to switch on.

use super::CacheBuilder;

/// Never implemented: the bound exists for its error message.
#[cfg(not(feature = "redis"))]
#[diagnostic::on_unimplemented(
    message = "`CacheBuilder::redis` needs the feature `redis`; type `cached-handler = {{ …, features = [\"redis\"] }}`",
    label = "the feature is off"
)]
pub trait WithRedis<Server> {}

#[cfg(not(feature = "redis"))]
impl CacheBuilder {
    #[doc(hidden)]
    pub fn redis<Server>(self, _: Server) -> Self
    where
        for<'a> Feature<'a>: WithRedis<Server>,
    {
        self
    }

    #[doc(hidden)]
    pub fn redis_durable(self) -> Self
    where
        for<'a> Feature<'a>: WithRedis<()>,
    {
        self
    }
}

/// Never implemented: the bound exists for its error message.
#[cfg(not(feature = "fs"))]
#[diagnostic::on_unimplemented(
    message = "`CacheBuilder::fs` needs the feature `fs`; type `cached-handler = {{ …, features = [\"fs\"] }}`",
    label = "the feature is off"
)]
pub trait WithFiles {}

#[cfg(not(feature = "fs"))]
#[doc(hidden)]
impl CacheBuilder {
    #[doc(hidden)]
    pub fn fs<Directory>(self, _: Directory) -> Self
    where
        for<'a> Feature<'a>: WithFiles,
    {
        self
    }

    #[doc(hidden)]
    pub fn fs_capacity(self, _: u64) -> Self
    where
        for<'a> Feature<'a>: WithFiles,
    {
        self
    }

    #[doc(hidden)]
    pub fn fs_durable(self) -> Self
    where
        for<'a> Feature<'a>: WithFiles,
    {
        self
    }
}

/// The type in these bounds. The lifetime keeps rustc from rejecting the bound where it is declared.
#[derive(Debug)]
pub struct Feature<'a>(std::marker::PhantomData<&'a ()>);
