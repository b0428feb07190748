//! Recognises functions with `#[cached]`, by the type of the first argument, which the attribute adds.

use crate::{
    epoch::target::Target,
    handler::name::{self, Named},
};

/// A handler with `#[cached]`, passed as it is passed to a route: the function itself, not called. `Arguments` is inferred.
///
/// A function without the attribute has no stored responses to invalidate, and does not compile:
///
/// ```compile_fail
/// async fn plain() -> &'static str { "" }
/// let target = cached_handler::Target::handler(plain);
/// ```
///
/// Layers and sets of values have no function; for them there is [`Target::named`](crate::Target::named).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler with `#[cached]`, so it has no stored responses",
    label = "expected the name of a handler with `#[cached]`, without `()`",
    note = "the function that `uncached = …` keeps is not cached: type the handler's own name",
    note = "for what a layer or `Cache::values` stores, type `Target::named(\"…\")`"
)]
pub trait CachedHandler<Arguments>: Copy + 'static {}

impl Target {
    /// All responses of a handler with `#[cached]`, passed as it is passed to a route; of a generic handler, one instance:
    /// `Target::handler(list::<Article>)`.
    ///
    /// A name from a [`Policy`](crate::Policy::name) stands for all instances of a generic handler. Two functions with one name in
    /// one module, for instance in two `impl`s, cannot be told apart if a policy renames one of them: then everything in the cache
    /// is invalidated, and a warning says so; use [`Target::named`] there.
    #[must_use]
    pub fn handler<H: CachedHandler<Arguments>, Arguments>(handler: H) -> Self {
        const { assert!(size_of::<H>() == 0, "give the handler itself, not a pointer to it") };
        let (_, type_name) = (handler, std::any::type_name::<H>());
        match name::of_type(type_name) {
            Named::By(name) => Self::handler_named(name),
            Named::Ambiguous => {
                if name::is_news(type_name) {
                    tracing::warn!(target: "cached_handler", handler = type_name, "everything is invalidated, as another handler of this module has the same name; use `Target::named`");
                }
                Self::all()
            }
        }
    }
}

/// The types of the first argument that `#[cached]` gives to a handler.
pub trait First: Sized {}

macro_rules! handlers {
    ($first:ident $($argument:ident)*) => {
        impl<H, Answer, $first: First, $($argument),*> CachedHandler<($first, $($argument,)*)> for H
        where
            H: Fn($first, $($argument),*) -> Answer + Copy + 'static
        {
        }
    };
}

/// Implements the trait for functions with as many arguments as axum's handlers may have.
macro_rules! up_to {
    ($($taken:ident)+;) => {
        handlers!($($taken)+);
    };
    ($($taken:ident)+; $next:ident $($rest:ident)*) => {
        handlers!($($taken)+);
        up_to!($($taken)+ $next; $($rest)*);
    };
}

up_to!(A1; A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16);
