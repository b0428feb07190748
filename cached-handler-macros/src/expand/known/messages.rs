//! The message for each kind of argument: at most three notes, the likeliest first.

use syn::{Path, PathArguments};

use super::Around;

/// The kind of a type by its name.
#[derive(Clone)]
pub(super) enum Kind {
    /// A type whose name is not known.
    Unknown { has_parameters: bool },
    /// `AuthSession` of axum-login.
    AuthSession,
    /// `Session` of tower-sessions, and of others.
    Session,
    /// Flash messages, which are shown once.
    Messages,
    /// Addresses of clients.
    Address,
    /// What axum-htmx reads, with the name of the type.
    Htmx(String),
    /// Jars of cookies, and the field itself.
    Cookies,
    /// Tokens against forged requests.
    Token,
    /// Passwords and tokens as they were sent.
    Credentials,
    /// Extractors around others, which validate.
    Validated,
    /// Connections to databases.
    Connection,
    /// Requests of async-graphql.
    GraphQl,
    /// Request ids.
    Id,
    /// The content of the request.
    Content,
    /// A WebSocket.
    Upgrade,
    /// A type in an `Extension`, and the whole argument's type.
    InExtension(String),
    /// Text, a number or the like in an `Extension`, and the whole argument's type.
    Value(String),
    /// `TypedHeader<UserAgent>`.
    UserAgent,
    /// Conditions and ranges.
    AnsweredByTheCache,
    /// Extractors of axum-extra, without the feature of that name.
    OfAxumExtra,
    /// Extractors of axum-extra that the feature does not know.
    OfOtherAxumExtra,
}

/// The parts of `on_unimplemented`.
pub(super) struct Advice {
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) notes: Vec<String>,
}

impl Kind {
    pub(super) fn unknown(path: &Path) -> Self {
        let has_parameters = path.segments.last().is_some_and(|last| !matches!(last.arguments, PathArguments::None));
        Self::Unknown { has_parameters }
    }

    /// `name` is the name of the argument.
    pub(super) fn advice(&self, name: &str, around: Around) -> Advice {
        let (message, label) = self.message();
        let argument = match self {
            Self::Value(ty) | Self::InExtension(ty) => escaped(ty),
            Self::Htmx(ty) => ty.clone(),
            _ => String::new(),
        };
        let field = kebab(&argument);
        let typed = |note: &&str| {
            let note = conditions(note, name, around);
            note.replace("$a", name).replace("$type", &argument).replace("$field", &field)
        };
        let parameters = if matches!(self, Self::Unknown { has_parameters: true }) { " and on the types in its `<…>`" } else { "" };
        let notes = self.notes(around).iter().map(typed).map(|note| note.replace("$parameters", parameters)).collect();
        Advice { message: message.to_owned(), label, notes }
    }

    fn message(&self) -> (&'static str, &'static str) {
        match self {
            Self::Unknown { .. } | Self::Htmx(_) | Self::Validated | Self::Connection | Self::GraphQl => (UNKNOWN, HAS_TO_HOLD),
            Self::InExtension(_) | Self::Value(_) => ("`{Self}` in an `Extension` does not say what it adds to the key", HAS_TO_HOLD),
            Self::AuthSession => (UNKNOWN, "shows who is logged in"),
            Self::Session => (UNKNOWN, "shows what is stored for one client"),
            Self::Messages => (
                "`{Self}` cannot be an argument of a cached handler: its messages are shown once, to one client",
                "shows what only this client may see",
            ),
            Self::Address => (
                "`{Self}` cannot be an argument of a cached handler: with an address in the key, each client would have responses of its own",
                "differs from client to client",
            ),
            Self::Cookies => (
                "`{Self}` cannot be an argument of a cached handler: with all cookies in the key, each client would have responses of its own",
                "shows every cookie",
            ),
            Self::Token => {
                ("`{Self}` cannot be an argument of a cached handler: each client has a token of its own", "differs from client to client")
            }
            Self::Credentials => (
                "`{Self}` cannot be an argument of a cached handler: it does not check the password or token that it reads",
                "shows a password or a token",
            ),
            Self::Id => (
                "`{Self}` cannot be an argument of a cached handler: with a new value in each request, no stored response would be used again",
                "differs from request to request",
            ),
            Self::Content => (
                "`{Self}` takes the content of the request, which is not in the key of a cached handler",
                "only GET and HEAD are cached, and they have no content",
            ),
            Self::Upgrade => ("a handler that upgrades to a WebSocket cannot be cached", "an upgrade cannot be stored"),
            Self::UserAgent => (
                "`{Self}` cannot be an argument of a cached handler: it has so many values that a stored response would hardly be used again",
                "differs from client to client",
            ),
            Self::AnsweredByTheCache => (
                "`{Self}` cannot be an argument of a cached handler: the cache itself answers it, from the whole response",
                "the handler makes the whole response",
            ),
            Self::OfAxumExtra => ("`{Self}` is of axum-extra, which needs the feature `axum-extra` of cached-handler", HAS_TO_HOLD),
            Self::OfOtherAxumExtra => (
                "`{Self}` does not say what it adds to the key: it may be of another version of axum-extra than 0.12, which cached-handler knows",
                HAS_TO_HOLD,
            ),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn notes(&self, around: Around) -> &'static [&'static str] {
        match (self, around) {
            (Self::Unknown { .. }, Around::Option) => &[
                "if it says who is logged in: `#[cached(…, bypass($a.is_some()), skip($a))]` caches the page for everybody else; for those who are logged in the handler runs",
                "if the page depends on it: put `#[derive(cached_handler::CacheKey)]` on `{Self}`$parameters, and `#[cache_key(private)]` if it identifies a person; if it is another crate's, read it in an extractor of your own that has the derive",
                NO_EFFECT,
            ],
            (Self::Unknown { .. }, _) => &[
                "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it$parameters, and `#[cache_key(private)]` if it identifies a person",
                "if it is another crate's: name what the response depends on, `#[cached(…, key($a.part))]`; everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session: read those in an extractor of your own that has the derive",
                NO_EFFECT,
            ],
            (Self::AuthSession, _) => &[
                "a page for those who are not logged in: `#[cached(…, bypass($is[.user.is_some()]), skip($a))]`; for all others the handler runs",
                "a page for each user: an extractor of your own that reads the user, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#sessions",
                "a page that shows no more than the user's id: `#[cached(…, key($of[.user.as_ref()].map(axum_login::AuthUser::id)))]`; everything else of this argument is then not in the key",
            ],
            (Self::Session, _) => &[
                "a session of tower-sessions is read with `.await`, which `key(…)` cannot do: read what the response depends on in an extractor of your own, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#sessions",
                "if `{Self}` is yours: put that derive on it",
                "if no response shows anything of it: `#[cached(…, skip($a))]`; requests with a `Cookie` then bypass the cache",
            ],
            (Self::Messages, _) => &[
                "to cache the page where there is no message: `#[cached(…, bypass($is[.is_empty()!]), skip($a))]`",
                "never `key($a.is_empty())`: the page with one client's message would be stored, and sent to others",
                "if `{Self}` is yours, and holds no such messages: put `#[derive(cached_handler::CacheKey)]` on it",
            ],
            (Self::Address, _) => &[
                "if it is for logs or limits alone: `#[cached(…, skip_credentials($a))]`, as an address is no credential",
                "if the response depends on a part of it, such as the country: `#[cached(…, key(country($a)))]`; everything else of this argument is then not in the key",
                "if the response shows the address: remove `#[cached]`",
            ],
            (Self::Htmx(_), _) => &[
                "if it is of axum-htmx: with `$type($a): $type` type `#[cached(…, key($a), vary = \"$field\")]`",
                IF_YOURS,
                "if it does not affect the response: `#[cached(…, skip_credentials($a))]`",
            ],
            (Self::Cookies, _) => &[
                "a page for those who are not logged in: `#[cached(…, bypass($is[.get(\"session\").is_some()]), skip($a))]`; for all others the handler runs",
                "a page that depends on one cookie: an extractor of your own that reads only that cookie, with `#[derive(cached_handler::CacheKey)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#cookies; for a login it has to look up whether the session has ended",
                "if no response shows anything of them: `#[cached(…, skip($a))]`; requests with a `Cookie` then bypass the cache",
            ],
            (Self::InExtension(_), Around::Option) => &[
                "if it says who is logged in: `#[cached(…, bypass($a.is_some()), skip($a))]` caches the page for everybody else; for those who are logged in the handler runs",
                "if the page depends on it: put `#[derive(cached_handler::CacheKey)]` on `{Self}`, and `#[cache_key(private)]` if it identifies a person; for text, or a type of another crate, take it from the `Extension` in an extractor of your own that has the derive",
                NO_EFFECT,
            ],
            (Self::InExtension(_), _) => &[
                "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person",
                "if it is another crate's, or text: with `Extension($a): $type` type `#[cached(…, key($a))]`, or a part of it, `key($a.part)`; everything else of it is then not in the key, so never name a part of a secret, of messages or of a session",
                NO_EFFECT,
            ],
            (Self::Value(_), Around::Option) => {
                &["a middleware has set it: type `#[cached(…, key($a.as_ref().map(|$a| &$a.0)))]`", NO_EFFECT]
            }
            (Self::Value(_), _) => &["a middleware has set it: with `Extension($a): $type` type `#[cached(…, key($a))]`", NO_EFFECT],
            (Self::Token, _) => &[
                "a page with the token in it cannot be shared: remove `#[cached]`",
                "if no response shows it: `#[cached(…, skip($a))]`; requests with a `Cookie` then bypass the cache",
            ],
            (Self::Credentials, _) => &[
                "take an extractor of your own that checks them and says who the user is, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`; it also runs where a stored response is sent",
                "never `key(password.is_some())`, or another part: a wrong password would be sent what a right one has stored",
            ],
            (Self::Validated, _) => &[
                "put `#[derive(cached_handler::CacheKey)]` on the type that is validated, and name its value: with `Valid(Query(page)): Valid<Query<Page>>` type `#[cached(…, key(page))]`",
                "if `{Self}` is yours: put that derive on it",
            ],
            (Self::Connection, _) => &[
                "to take it only where the handler runs: `$a: OnMiss<{Self}>` with `#[cached(…, skip_credentials($a))]`, and `$a.extract().await?` in the body",
                "to take it for each request: `#[cached(…, skip_credentials($a))]`, as a connection shows nothing of a person",
                "if `{Self}` is yours, and no connection: put `#[derive(cached_handler::CacheKey)]` on it",
            ],
            (Self::GraphQl, _) => &[
                "take `RawQuery(query): RawQuery`, which is in the key as a whole, and in the body type `async_graphql::http::parse_query_string(&query.unwrap_or_default())?`",
                "never `key($a.0.query)`: requests with other variables would be sent the same response",
                "for mutations: `#[cached_handler::invalidates(…)]` on a handler of POST",
            ],
            (Self::Id, _) => &[
                "if it is for logs alone: `#[cached(…, skip_credentials($a))]`, as it is no credential",
                "if the response shows it: remove `#[cached]`",
                "if `{Self}` is yours, and the same in many requests: put `#[derive(cached_handler::CacheKey)]` on it",
            ],
            (Self::Content, _) => &[
                "take what selects the response from the URL: `Path`, `Query`",
                "for a handler that writes, use `#[cached_handler::invalidates(…)]` instead of `#[cached]`",
                "if the content does not affect the response: `#[cached(…, skip($a))]`",
            ],
            (Self::Upgrade, _) => &["remove `#[cached]`"],
            (Self::UserAgent, _) => &[
                "name what the response depends on: `#[cached(…, key(is_mobile($a.as_str())))]`; everything else of it is then not in the key",
                "if it does not affect the response: `#[cached(…, skip_credentials($a))]`",
            ],
            (Self::AnsweredByTheCache, _) => &["remove the argument"],
            (Self::OfAxumExtra, _) => {
                &["type `cached-handler = {{ …, features = [\"axum-extra\"] }}` in Cargo.toml; it goes with axum-extra 0.12", IF_YOURS]
            }
            (Self::OfOtherAxumExtra, _) => &[
                "if it is of another version: type `axum-extra = \"0.12\"` in Cargo.toml",
                "if it is of 0.12: what stands in its `<…>` has to be in the key, so put `#[derive(serde::Deserialize)]` on a type for a query or a form, and `#[derive(cached_handler::CacheKey)]` on an extractor or a header field of yours",
                "if it does not affect the response: `#[cached(…, skip($a))]`",
            ],
        }
    }
}

const UNKNOWN: &str = "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key";
const HAS_TO_HOLD: &str = "the key has to hold what the handler sees here";
const IF_YOURS: &str = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it";
const NO_EFFECT: &str = "if it does not affect the response: `#[cached(…, skip_credentials($a))]` for what shows nothing of a person, such as a pool or the id of a request; else `skip($a)`, with which requests that have a `Cookie` or `Authorization` bypass the cache";

/// With `$is[.call()]` as a condition on the part, and `$of[.call()]` as a value of it; `!` at the end negates the condition.
fn conditions(note: &str, name: &str, around: Around) -> String {
    let mut text = String::new();
    let mut rest = note;
    while let Some((before, call, after)) = next_call(rest) {
        text.push_str(before.strip_suffix("$is").or_else(|| before.strip_suffix("$of")).unwrap_or(before));
        let (call, not) = call.strip_suffix('!').map_or((call, ""), |call| (call, "!"));
        let typed = match (around, before.ends_with("$of")) {
            (Around::Nothing, _) => format!("{not}{name}{call}"),
            (Around::Option, true) => format!("{name}.as_ref().and_then(|{name}| {name}{call})"),
            (Around::Result, true) => format!("{name}.as_ref().ok().and_then(|{name}| {name}{call})"),
            (Around::Option, false) => format!("{name}.as_ref().is_some_and(|{name}| {not}{name}{call})"),
            (Around::Result, false) => format!("{name}.as_ref().is_ok_and(|{name}| {not}{name}{call})"),
        };
        text.push_str(&typed);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The text before the first `[`, inside the brackets, and after `]`.
fn next_call(text: &str) -> Option<(&str, &str, &str)> {
    let at = ["$is[", "$of["].iter().filter_map(|begin| text.find(begin)).min()?;
    let (before, rest) = text.split_at_checked(at.checked_add("$is".len())?)?;
    let (call, after) = rest.strip_prefix('[')?.split_once(']')?;
    Some((before, call, after))
}

/// A type as text, escaped for rustc, which reads the message as a format string.
fn escaped(ty: &str) -> String {
    ty.replace('{', "{{").replace('}', "}}")
}

/// `hx-trigger-name` of `HxTriggerName`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
