//! The arguments of the attributes: a table for each attribute, a row for each argument. Everything else follows from the rows:
//! the parser (`parse.rs`), the emitted code (`expand/setters.rs`, `expand/targets.rs`), the table in the documentation
//! (`lib.rs`), the names that messages suggest, and the arguments whose compile errors have to be tested
//! (`tests/tests/compile/ui.rs` includes this file).

/// Passes the rows of `#[cached]` to another macro.
macro_rules! cached_arguments {
    ($consumer:ident) => {
        $consumer! {
            "ttl" {
                form: "ttl = 60",
                takes: Value,
                aliases: ["time", "expires", "expire", "expiry", "expiration", "expires_in", "lifetime", "lifespan", "max_age", "duration", "time_to_live"],
                value: r#"`60` (seconds), `"250ms"`, `"5m"`, `"1h"`, `"1d"`, the path of a `Duration` constant, `from_response`"#,
                meaning: "how long a response is fresh that does not state it itself; required",
                parse: |args, _, value, errors| args.ttl = errors.keep(ttl(value)),
                emit: ByField,
            }
            "backend" {
                form: r#"backend = "memory""#,
                takes: Value,
                aliases: ["store", "storage", "driver"],
                value: r#"`"memory"`, `"redis"`, `"fs"`, or the name of a store of yours"#,
                meaning: "where responses are stored; by default in the cache's default backend, which is memory unless `CacheBuilder::default_backend` says otherwise. `redis` and `fs` need the features of these names",
                parse: |args, _, value, errors| args.backend = errors.keep(backend(value)),
                emit: Attributes(backend),
            }
            "group" {
                form: r#"group = "articles""#,
                takes: ValueOrList,
                aliases: ["tag", "tags", "cache_tags", "surrogate_key"],
                value: "a text or a list; in braces an argument, a field of one, or another expression over them: `{id}`, `{user.id}`, `{name.to_lowercase()}`, as `Display` writes it",
                meaning: "names by which responses are invalidated together",
                parse: |args, _, value, errors| args.groups = templates("group", "articles", value, errors),
                emit: Attributes(groups),
            }
            "key" {
                form: "key(user.tenant)",
                takes: Parentheses,
                aliases: ["convert", "cache_key"],
                value: "expressions over arguments, which are references there",
                meaning: "adds parts to the key, instead of the arguments that they mention",
                parse: |args, _, value, errors| args.key = expressions("key", PART, value, errors),
                emit: Attributes(key),
            }
            "path" {
                form: r#"path = ["/", "/index.html"]"#,
                takes: ValueOrList,
                aliases: ["paths", "routes", "same_path", "shared_path", "shared_paths", "alias", "aliases"],
                value: r#"a list of paths as clients send them, with parameters as in routes: `["/", "/index.html"]`, `["/a/{id}", "/b/{id}"]`"#,
                meaning: "these paths share one response, as far as their parameters are the same; requests for other paths have responses of their own. At most eight. An invalidation of one of them reaches the response",
                parse: |args, name, value, errors| (args.paths, args.paths_at) = (shared_paths(value, errors), Some(name.clone())),
                emit: Attributes(paths),
            }
            "vary" {
                form: r#"vary = "accept-language""#,
                takes: ValueOrList,
                aliases: ["header", "headers", "varies"],
                value: "a header field or a list, `from_response`",
                meaning: "the request fields that the handler reads; a `HeaderMap` holds only these",
                parse: |args, _, value, errors| args.vary = vary(value, errors),
                emit: Attributes(vary),
            }
            "skip" {
                form: "skip(pool)",
                takes: Parentheses,
                aliases: ["ignore", "exclude", "skip_args"],
                value: "names of arguments",
                meaning: r#"leaves them out of the key: you vouch that they do not affect the response. With an argument whose type does not say what it shows (`#[derive(CacheKey)]`), with one that shows all cookies or fields, and with one that says it was read from credentials (`vary = "cookie"`), requests that have a `Cookie` or `Authorization` bypass the cache; with one that says it is `private`, all requests that have such a value do"#,
                parse: |args, _, value, errors| args.skip = names("skip", value, errors),
                emit: Attributes(skip),
            }
            "skip_credentials" {
                form: "skip_credentials(session)",
                takes: Parentheses,
                aliases: [],
                value: "names of arguments",
                meaning: "the same, and everybody shares: you vouch that nothing of a session, a cookie or another credential reaches the response through them",
                parse: |args, _, value, errors| args.skip_credentials = names("skip_credentials", value, errors),
                emit: Attributes(skip_credentials),
            }
            "bypass" {
                form: "bypass(user.is_some())",
                takes: Parentheses,
                aliases: ["condition", "unless", "skip_if", "bypass_if"],
                value: "conditions over arguments, which are references there",
                meaning: "where one holds, the handler runs as if there were no cache: `bypass(user.is_some())`. What else the condition's arguments show is in the key, or named in `skip(…)`",
                parse: |args, _, value, errors| args.bypass = expressions("bypass", CONDITION, value, errors),
                emit: ByField,
            }
            "cache_control" {
                form: r#"cache_control = "public, max-age=60""#,
                takes: Value,
                aliases: [],
                value: r#"text such as `"public, max-age=60"`, in which a misspelt directive is an error, and one that no RFC names is sent as it is; or `none`"#,
                meaning: "the `Cache-Control` that clients and other caches are sent; by default `no-cache`. With `none` no field is added, except `private` to a response that belongs to one person",
                parse: |args, _, value, errors| args.cache_control = cache_control(value, errors),
                emit: Attributes(cache_control),
            }
            "only_ok" {
                form: "only_ok",
                takes: Nothing,
                aliases: [],
                value: "nothing",
                meaning: "an `Err` is never stored, whatever its status",
                parse: |args, name, _, _| args.only_ok = Some(name.clone()),
                emit: Policy(only_ok),
            }
            "status" {
                form: "status(302 = 60)",
                takes: Parentheses,
                aliases: ["statuses", "status_code", "status_codes", "http_status"],
                value: "statuses, each with a duration as in `ttl` or without: `status(302, 307, 404 = 5)`",
                meaning: "responses of these are stored, too, fresh that long or as `ttl` says; up to eight",
                parse: |args, _, value, errors| args.statuses = statuses(value, errors),
                emit: Policy(statuses),
            }
            "stale_while_revalidate" {
                form: r#"stale_while_revalidate = "1m""#,
                takes: Value,
                aliases: ["swr", "stale", "while_revalidate", "refresh"],
                value: "a duration, as `ttl`",
                meaning: "how long after that a stale response is still sent, while the handler makes a new one in the background",
                parse: |args, _, value, errors| args.stale_while_revalidate = errors.keep(length("stale_while_revalidate", value)),
                emit: Attributes(stale_while_revalidate),
            }
            "stale_if_error" {
                form: r#"stale_if_error = "1d""#,
                takes: Value,
                aliases: ["sie", "if_error", "use_stale_on_failure", "result_fallback"],
                value: "a duration, as `ttl`",
                meaning: "how long after that a stale response is still sent if the handler fails",
                parse: |args, _, value, errors| args.stale_if_error = errors.keep(length("stale_if_error", value)),
                emit: Attributes(stale_if_error),
            }
            "policy" {
                form: "policy = SEARCH",
                takes: Value,
                aliases: [],
                value: "the path of a `Policy` constant",
                meaning: "everything else",
                parse: |args, _, value, errors| args.policy = policy(value, errors),
                emit: ByField,
            }
            "collapse" {
                form: r#"collapse = "inline""#,
                takes: Value,
                aliases: [],
                value: r#"`"inline"`"#,
                meaning: "keeps the run in the request's task: for task-locals, and for handlers that are generic over a trait with `async fn`s. A future that is not `Send` is refused by axum all the same",
                parse: |args, _, value, errors| args.inline = errors.keep(collapse(value)).unwrap_or_default(),
                emit: ByField,
            }
            "uncached" {
                form: "uncached = list_uncached",
                takes: Value,
                aliases: [],
                value: "a name, or in an `impl` `Self::name`",
                meaning: "keeps the function as you wrote it under that name, to be called: the handler itself is called by axum alone",
                parse: |args, _, value, errors| args.uncached = uncached("list_uncached", value, errors),
                emit: ByField,
            }
            "crate" {
                form: "crate = my_reexport::cached_handler",
                takes: Value,
                aliases: [],
                value: "a path",
                meaning: "where cached-handler is re-exported; not needed for another name in Cargo.toml, which is found there",
                parse: |args, _, value, errors| args.root = root(value, errors),
                emit: ByField,
            }
        }
    };
}

/// Passes the rows of `#[invalidates]` to another macro.
macro_rules! invalidates_arguments {
    ($consumer:ident) => {
        $consumer! {
            "group" {
                form: r#"group = "articles""#,
                takes: ValueOrList,
                aliases: ["tag", "tags", "cache_tags", "surrogate_key"],
                value: "a text or a list; in braces an argument, a field of one, or another expression over them: `{id}`, `{user.id}`, `{name.to_lowercase()}`, as `Display` writes it",
                meaning: "every response with one of these groups",
                parse: |args, _, value, errors| args.groups = templates("group", "articles", value, errors),
                emit: Some(groups),
            }
            "path" {
                form: r#"path = "/articles/{id}""#,
                takes: ValueOrList,
                aliases: ["url", "uri", "route"],
                value: "a text or a list that begins with `/`; in braces as in `group`, percent-encoded as one segment; `{*rest}` keeps the slashes, as in the route `/files/{*rest}`",
                meaning: "every response to this path, whatever its query",
                parse: |args, _, value, errors| args.paths = paths("path", "/articles/{id}", value, errors),
                emit: Some(paths),
            }
            "path_prefix" {
                form: r#"path_prefix = "/articles""#,
                takes: ValueOrList,
                aliases: [],
                value: "as `path`",
                meaning: "every response to this path and to all below it, in a cache that was built with `path_prefixes()`",
                parse: |args, _, value, errors| args.path_prefixes = paths("path_prefix", "/articles", value, errors),
                emit: Some(path_prefixes),
            }
            "handler" {
                form: "handler = list",
                takes: ValueOrList,
                aliases: ["function"],
                value: "the path of a cached handler, or a list",
                meaning: "every response of it",
                parse: |args, _, value, errors| args.handlers = handlers(value, errors),
                emit: Some(handlers),
            }
            "own_path" {
                form: r#"own_path = "keep""#,
                takes: Value,
                aliases: [],
                value: r#"`"keep"`"#,
                meaning: "an unsafe method invalidates nothing by itself; without it, what is stored of the request's own path and of the targets in `Location` and `Content-Location` goes, too (RFC 9111 §4.4)",
                parse: |args, _, value, errors| args.keeps_own_path = errors.keep(own_path(value)).unwrap_or_default(),
                emit: Some(own_path),
            }
            "uncached" {
                form: "uncached = edit_uncached",
                takes: Value,
                aliases: [],
                value: "a name, or in an `impl` `Self::name`",
                meaning: "keeps the function as you wrote it under that name, to be called: it invalidates nothing, and the handler itself is called by axum alone",
                parse: |args, _, value, errors| args.uncached = uncached("edit_uncached", value, errors),
                emit: None,
            }
            "crate" {
                form: "crate = my_reexport::cached_handler",
                takes: Value,
                aliases: [],
                value: "a path",
                meaning: "where cached-handler is re-exported; not needed for another name in Cargo.toml, which is found there",
                parse: |args, _, value, errors| args.root = root(value, errors),
                emit: None,
            }
        }
    };
}

/// The table of the documentation.
#[allow(unused_macros, reason = "the tests read the names alone")]
macro_rules! documented {
    ($($name:literal {
        form: $form:literal, takes: $takes:ident, aliases: $aliases:tt, value: $value:literal, meaning: $meaning:literal,
        parse: $parse:expr, emit: $emit:expr,
    })*) => {
        concat!(
            "| argument | value | meaning |\n|---|---|---|\n"
            $(, "| `", $name, documented!(@ $takes), "` | ", $value, " | ", $meaning, " |\n")*
        )
    };
    (@ Parentheses) => { "(…)" };
    (@ $takes:ident) => { "" };
}

/// The properties of an argument that are known without parsing its value.
macro_rules! described {
    ($($name:literal {
        form: $form:literal, takes: $takes:ident, aliases: $aliases:tt, value: $value:literal, meaning: $meaning:literal,
        parse: $parse:expr, emit: $emit:expr,
    })*) => {
        &[$(Argument { name: $name, form: $form, takes: Takes::$takes, aliases: &$aliases }),*]
    };
}

/// All arguments of an attribute.
pub(crate) struct Table {
    /// The attribute's name.
    pub(crate) attribute: &'static str,
    pub(crate) arguments: &'static [Argument],
}

/// One argument.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    /// An example.
    pub(crate) form: &'static str,
    pub(crate) takes: Takes,
    /// Its names in other crates and RFCs, for suggestions.
    pub(crate) aliases: &'static [&'static str],
}

/// How its value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `name`
    Nothing,
    /// `name = value`
    Value,
    /// `name = value` or `name = [value, value]`
    ValueOrList,
    /// `name(value, value)`
    Parentheses,
}

pub(crate) const CACHED: Table = Table { attribute: "cached", arguments: cached_arguments!(described) };
pub(crate) const INVALIDATES: Table = Table { attribute: "invalidates", arguments: invalidates_arguments!(described) };

impl Table {
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.arguments.iter().map(|argument| argument.name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}
