//! The attributes of [cached-handler](https://docs.rs/cached-handler): use them through that crate.

/// Like `quote!`, but no name that begins here is one of the author's.
macro_rules! hygienic {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*) };
}

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
/// | argument | value | meaning |
/// |---|---|---|
/// | `ttl` | `60` (seconds), `"250ms"`, `"5m"`, `"1h"`, `"1d"`, the path of a `Duration` constant, `from_response` | how long a response is fresh that does not state it itself; required |
/// | `backend` | `"memory"`, `"redis"`, `"fs"`, or the name of a store of yours | where responses are stored; by default in the cache's default backend, which is memory unless `CacheBuilder::default_backend` says otherwise. `redis` and `fs` need the features of these names |
/// | `group` | a text or a list; in braces an argument, a field of one, or another expression over them: `{id}`, `{user.id}`, `{name.to_lowercase()}`, as `Display` writes it | names by which responses are invalidated together |
/// | `key(…)` | expressions over arguments, which are references there | adds parts to the key, instead of the arguments that they mention |
/// | `vary` | a header field or a list, `from_response` | the request fields that the handler reads; a `HeaderMap` holds only these |
/// | `skip(…)` | names of arguments | leaves them out of the key: you vouch that they do not affect the response. With an argument whose type does not say what it shows (`#[derive(CacheKey)]`), with one that shows all cookies or fields, and with one that says it was read from credentials (`vary = "cookie"`), requests that have a `Cookie` or `Authorization` bypass the cache; with one that says it is `private`, all requests that have such a value do |
/// | `skip_credentials(…)` | names of arguments | the same, and everybody shares: you vouch that nothing of a session, a cookie or another credential reaches the response through them |
/// | `bypass(…)` | conditions over arguments, which are references there | where one holds, the handler runs as if there were no cache: `bypass(user.is_some())`. What else the condition's arguments show is in the key, or named in `skip(…)` |
/// | `cache_control` | directives; a misspelt one is an error, and those of others are let through; `none` | what clients are told; by default `no-cache`. `none` adds no field, but for `private` where the answer is one person's |
/// | `only_ok` | nothing | an `Err` is never stored, whatever its status |
/// | `status(…)` | statuses, each with a duration as in `ttl` or without: `status(302, 307, 404 = 5)` | responses of these are stored, too, fresh that long or as `ttl` says; up to eight |
/// | `stale_while_revalidate` | a duration, as `ttl` | how long after that a stale response is still sent, while the handler makes a new one in the background |
/// | `stale_if_error` | a duration, as `ttl` | how long after that a stale response is still sent if the handler fails |
/// | `policy` | the path of a `Policy` constant | everything else |
/// | `collapse` | `"inline"` | keeps the run in the request's task: for task-locals, and for handlers that are generic over a trait with `async fn`s. A future that is not `Send` is refused by axum all the same |
/// | `uncached` | a name, or in an `impl` `Self::name` | keeps the function as you wrote it under that name, to be called: the handler itself is called by axum alone |
/// | `crate` | a path | where cached-handler is re-exported; not needed for another name in Cargo.toml, which is found there |
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
/// | argument | value | meaning |
/// |---|---|---|
/// | `group` | a text or a list; in braces an argument, a field of one, or another expression over them: `{id}`, `{user.id}`, `{name.to_lowercase()}`, as `Display` writes it | every response with one of these groups |
/// | `path` | a text or a list that begins with `/`; in braces as in `group`, percent-encoded as one segment; `{*rest}` keeps the slashes, as in the route `/files/{*rest}` | every response to this path, whatever its query |
/// | `path_prefix` | as `path` | every response to this path and to all below it, in a cache that was built with `path_prefixes()` |
/// | `handler` | the path of a cached handler, or a list | every response of it |
/// | `own_path` | `"keep"` | an unsafe method invalidates nothing by itself; without it, what is stored of the request's own path and of the targets in `Location` and `Content-Location` goes, too (RFC 9111 §4.4) |
/// | `uncached` | a name, or in an `impl` `Self::name` | keeps the function as you wrote it under that name, to be called: it invalidates nothing, and the handler itself is called by axum alone |
/// | `crate` | a path | where cached-handler is re-exported; not needed for another name in Cargo.toml, which is found there |
///
/// What only the body finds out it names by an argument `Invalidation`, or by `CacheGroups` in its response; a handler that mentions
/// one of these needs no argument here, and is run to its end, also where its client leaves.
///
/// Targets are computed from the arguments before the body runs. They are invalidated before the response is sent, even if
/// the body panics or the client disconnects, because the write may have been committed. Only a 4xx response spares them.
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
/// field: `#[cache_key(skip)]` leaves it out, `#[cache_key(display)]` writes what it prints.
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
