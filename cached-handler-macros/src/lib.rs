//! The attributes of [cached-handler](https://docs.rs/cached-handler): use them through that crate.

/// `quote!` with mixed-site hygiene: a local name that is written here cannot mean one of the author's.
macro_rules! hygienic {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*) };
}

#[macro_use]
mod arguments;

mod check;
mod derive;
mod errors;
mod expand;
mod manifest;
mod parse;
mod syntax;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Stores the whole responses of an axum handler, and answers later requests from them.
///
/// ```text
/// #[cached(ttl = 60, group = ["articles", "article:{id}"])]
/// async fn article(State(db): State<Db>, Path(id): Path<u64>) -> Result<Json<Article>, AppError> { … }
/// ```
///
#[doc = cached_arguments!(documented)]
///
/// The function keeps its name, visibility, documentation and arguments. It returns a `Response`, and receives what the
/// cache needs of the request along with its first argument. All extractors run before the cache is consulted. Put
/// `#[debug_handler]` below this attribute: it then sees the function as you wrote it.
///
/// It cannot be used on methods of trait implementations, because it changes the signature.
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::cached(&arguments.into(), &item.into()).into()
}

/// Invalidates stored responses once the body of a handler has run, however it ends.
///
/// ```text
/// #[invalidates(group = ["articles", "article:{id}"], path = "/feed", handler = list)]
/// async fn edit(State(db): State<Db>, Path(id): Path<u64>, Json(edit): Json<Edit>) -> Result<StatusCode, AppError> { … }
/// ```
///
#[doc = invalidates_arguments!(documented)]
///
/// A body that finds its targets while it runs names them by an argument `Invalidation`, or by `CacheGroups` in its response. A
/// handler that mentions one of these needs no argument here, and runs to its end even if the client disconnects.
///
/// Targets are computed from the arguments before the body runs. They are invalidated before the response is sent, even if
/// the body panics or the client disconnects, because the write may have been committed. Only a 4xx response prevents that.
///
/// As with `#[cached]`, the handler returns a `Response`, `#[debug_handler]` goes below this attribute, and methods of trait
/// implementations cannot have it, because it changes the signature.
#[proc_macro_attribute]
pub fn invalidates(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::invalidates(&arguments.into(), &item.into()).into()
}

/// Writes all fields of a type into the key, so that it can be an argument of a cached handler and a part of `key(…)`.
///
/// On the type: `#[cache_key(vary = "accept-language")]` (one or a list) names the header fields that it was read from,
/// `#[cache_key(private)]` says that it identifies a person, `#[cache_key(crate = path)]` where cached-handler is. On a
/// field: `#[cache_key(skip)]` leaves it out, `#[cache_key(display)]` writes its `Display` text.
///
/// | beside | on | is keyed as |
/// |---|---|---|
/// | axum's `#[derive(FromRequest)]`, `#[derive(FromRequestParts)]` with `#[from_request(via(Query))]` | the type or a field | `Query<…>`; the same for `State`, `Path` and `Form` |
/// | the same with `via(Extension)` | the type or a field | its value |
/// | the same with a field that is an extractor, such as `State<Pool>`, `Path<u64>`, `Uri` | a field | that extractor |
/// | axum-extra's `#[derive(TypedPath)]` | the type | `Path<…>` |
///
/// A type that is keyed as one extractor is an argument, and not a part of `key(…)`; its fields may be.
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn cache_key(input: TokenStream) -> TokenStream {
    derive::cache_key(input.into()).into()
}
