//! What the cache did with a request, and why: one set of words for header, event, test and log.

use std::{fmt, time::Duration};

/// What became of a request to a cached handler. It lies in the extensions of the response, for layers and tests.
///
/// Its `Display` is one line that says what happened and, where there is something to type, what.
///
/// ```
/// use cached_handler::Outcome;
///
/// fn log<B>(response: &axum::http::Response<B>) {
///     if let Some(outcome) = response.extensions().get::<Outcome>() {
///         println!("{outcome}");
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Answered from a stored response.
    #[non_exhaustive]
    Hit {
        /// Its current age (RFC 9111 §4.2.3).
        age: Duration,
        /// For how much longer it is fresh.
        ttl: Duration,
    },
    /// Answered from a stored response that is not fresh any more, as a stale window allows.
    #[non_exhaustive]
    Stale {
        /// Its current age (RFC 9111 §4.2.3).
        age: Duration,
        /// For how long it has been stale; zero where it was expired by hand.
        past: Duration,
        /// Why it was used.
        why: StaleUse,
    },
    /// The handler had to run.
    #[non_exhaustive]
    Forward {
        /// Why no stored response could answer.
        why: Forward,
        /// Whether another request's run gave the answer.
        collapsed: bool,
        /// What became of the new response.
        kept: Kept,
    },
}

/// Why a stale response was used (RFC 5861).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaleUse {
    /// `stale_while_revalidate`: the handler makes it anew, behind the answer.
    WhileRevalidate,
    /// `stale_if_error`: the handler ran, and failed.
    IfError,
    /// `stale_if_error`: the handler has failed so short a time ago that it is spared another attempt.
    AfterError,
    /// `max-stale`: the request accepts it, and the policy honors request directives.
    Accepted,
}

/// What became of a new response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// It is stored.
    Stored,
    /// It is on its way to the backend, behind the answer.
    Storing,
    /// The handler said that what was stored still holds, and it is fresh again (RFC 9111 §4.3.4).
    Freshened,
    /// It is being streamed, and is stored once its content is complete.
    Streaming,
    /// It is not stored.
    Not(NotStored),
}

/// Why a request went forward to the handler (RFC 9211 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forward {
    /// Nothing is stored under its key.
    UriMiss,
    /// What is stored under its key was selected by other field values.
    VaryMiss,
    /// What was stored has been invalidated.
    Invalidated,
    /// What is stored is not fresh any more.
    Stale,
    /// The request's own directives forbid an answer from the store.
    Request,
    /// Its method is never answered from the store.
    Method,
    /// The request bypasses the cache.
    Bypass(Bypass),
}

/// Why a request bypasses the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bypass {
    /// It is switched off, by `CACHED_HANDLER=off` or by the builder.
    Off,
    /// A condition of `bypass(…)` holds, of [`CacheLayer::bypass`](crate::CacheLayer::bypass) or of
    /// [`ValueOptions::bypass`](crate::ValueOptions::bypass): the answer is what it would be without a cache.
    Condition,
    /// The key would be longer than 8 KiB, or a value in it cannot be told from others of its type, such as a time zone that has no
    /// name.
    KeyTooLong,
    /// The request carries `Authorization` or `Cookie`, and an argument that is not in the key can see it; or such an argument's type
    /// says that it identifies a person.
    Credentials,
    /// An argument `Result<E, _>` is an `Err`, which can show more of the request than the key holds.
    RejectedArgument,
    /// An argument `Extension<E>` holds an extractor (`State`, `Path`, `Query` and the like) of which the key is made from the request:
    /// what a middleware has put there may be something else.
    ExtractorInExtension,
    /// The request has content, which an argument outside the key could show.
    Content,
    /// An argument needs header fields, which the attribute could not know: its type is written under an alias.
    FieldsUnseen,
    /// The request asks for a part (`Range`) of what is known not to be storable: a handler that can see that answers it itself.
    Range,
    /// The request asks for a WebSocket (`Upgrade`), and the handler may answer with one.
    Upgrade,
    /// `Host` and the request target name different authorities.
    AmbiguousAuthority,
    /// The attribute names a backend that the cache does not have.
    UnknownBackend,
    /// The backend failed or was too slow.
    Backend,
}

/// Why a response is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotStored {
    /// The request's method is not GET or HEAD.
    Method,
    /// The request bypassed the cache.
    Bypass,
    /// A HEAD request ran a handler with an argument outside the key that may show the method.
    Head,
    /// The request said `no-store`, and the policy honors request directives.
    Request,
    /// The request said `only-if-cached`, and the policy honors that: the handler did not run, the answer is 504.
    OnlyIfCached,
    /// Its status is not stored.
    Status(u16),
    /// A handler inside the layer has a cache of its own, which answers for it; or the response is made of what a cached handler has
    /// answered that the request bypassed, or whose cache or backend is another.
    CachedInside,
    /// The handler returned an `Err`, and `only_ok` is on.
    Err,
    /// The handler returned `DoNotStore`.
    DoNotStore,
    /// It sets a cookie.
    SetCookie,
    /// `Cache-Control: no-store`.
    NoStore,
    /// `Cache-Control: private`.
    Private,
    /// `Cache-Control: no-cache`.
    NoCache,
    /// A `Cache-Control` or `CDN-Cache-Control` that cannot be read counts as `no-store`.
    MalformedCacheControl,
    /// `must-understand` beside a status whose caching rules are not known (RFC 9111 §5.2.2.3).
    MustUnderstand,
    /// The request carried credentials, and the response does not say that it may be shared (RFC 9111 §3.5).
    Credentials,
    /// `Vary: *`.
    VaryAny,
    /// `Vary` names this field, which is not in the key.
    VaryUnkeyed(String),
    /// `Vary` cannot be read.
    MalformedVary,
    /// More variants than 64 for one key.
    TooManyVariants,
    /// It is part of a representation (`Content-Range`).
    Partial,
    /// `ttl = from_response`, and the response states no freshness.
    NoFreshness,
    /// It states a freshness that has passed already.
    AlreadyStale,
    /// Its content is longer than `max_body`.
    TooLarge,
    /// Its content never ends by nature (`text/event-stream`, `multipart/x-mixed-replace`).
    Endless,
    /// Its content broke off.
    BrokenOff,
    /// Its content is not as long as `Content-Length` says.
    LengthMismatch,
    /// It has trailers.
    Trailers,
    /// Its fields are more than 256 lines or 64 KiB.
    FieldsTooLarge,
    /// More than 16 groups, or a group's name is empty or longer than 256 bytes.
    Groups,
    /// It was invalidated while the handler ran.
    Invalidated,
    /// A run that began later has stored its response already.
    Overtaken,
    /// Its content took over 30 s to come.
    RunTooLong,
    /// So much content waits for clients who read slowly that no more is read ahead of them.
    ReadAhead,
    /// It is streamed, and no task was left to copy it.
    NoTask,
    /// The handler panicked.
    Panicked,
    /// The run took longer than `Policy::timeout`.
    TimedOut,
    /// The backend failed or refused.
    Backend,
}

impl Forward {
    /// The word of RFC 9211 §2.2.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UriMiss | Self::Invalidated => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Stale => "stale",
            Self::Request => "request",
            Self::Method => "method",
            Self::Bypass(_) => "bypass",
        }
    }

    /// Whether preconditions and ranges are kept from the handler, to be evaluated here.
    pub(crate) fn asks_whole(self) -> bool {
        !matches!(self, Self::Method) && !matches!(self, Self::Bypass(reason) if reason != Bypass::Credentials)
    }
}

impl Bypass {
    /// One word, for `Cache-Status`, events and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Condition => "condition",
            Self::KeyTooLong => "key-too-long",
            Self::Credentials => "credentials",
            Self::RejectedArgument => "rejected-argument",
            Self::ExtractorInExtension => "extractor-in-extension",
            Self::Content => "content",
            Self::FieldsUnseen => "fields-unseen",
            Self::Range => "range",
            Self::Upgrade => "upgrade",
            Self::AmbiguousAuthority => "ambiguous-authority",
            Self::UnknownBackend => "unknown-backend",
            Self::Backend => "backend",
        }
    }
}

impl NotStored {
    /// One word, for `Cache-Status`, events and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Bypass => "bypass",
            Self::Head => "head",
            Self::Request => "request-no-store",
            Self::OnlyIfCached => "only-if-cached",
            Self::Status(_) => "status",
            Self::CachedInside => "cached-inside",
            Self::Err => "err",
            Self::DoNotStore => "do-not-store",
            Self::SetCookie => "set-cookie",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::NoCache => "no-cache",
            Self::MalformedCacheControl => "malformed-cache-control",
            Self::MustUnderstand => "must-understand",
            Self::Credentials => "credentials",
            Self::VaryAny => "vary-any",
            Self::VaryUnkeyed(_) => "vary-unkeyed",
            Self::MalformedVary => "malformed-vary",
            Self::TooManyVariants => "too-many-variants",
            Self::Partial => "partial",
            Self::NoFreshness => "no-freshness",
            Self::AlreadyStale => "already-stale",
            Self::TooLarge => "too-large",
            Self::Endless => "endless",
            Self::BrokenOff => "broken-off",
            Self::LengthMismatch => "length-mismatch",
            Self::Trailers => "trailers",
            Self::FieldsTooLarge => "fields-too-large",
            Self::Groups => "groups",
            Self::Invalidated => "invalidated",
            Self::Overtaken => "overtaken",
            Self::RunTooLong => "run-too-long",
            Self::ReadAhead => "read-ahead",
            Self::NoTask => "no-task",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed-out",
            Self::Backend => "backend",
        }
    }

    /// Whether the next response under this key is likely to be refused as well, so that requests for it should not
    /// wait for one another.
    pub(crate) fn lasts(&self) -> bool {
        !matches!(
            self,
            Self::Invalidated
                | Self::Overtaken
                | Self::BrokenOff
                | Self::ReadAhead
                | Self::NoTask
                | Self::Backend
                | Self::Bypass
                | Self::Method
                | Self::Head
                | Self::Request
                // A client's own copy is good: that says nothing of the next request.
                | Self::Status(304)
        ) && !self.is_failure()
    }

    /// Whether there is something to type in the author's code that would change it, and which is not wanted as it is.
    pub(crate) fn is_for_the_author(&self) -> bool {
        matches!(
            self,
            Self::SetCookie
                | Self::Private
                | Self::NoCache
                | Self::MalformedCacheControl
                | Self::VaryAny
                | Self::VaryUnkeyed(_)
                | Self::MalformedVary
                | Self::NoFreshness
                | Self::AlreadyStale
                | Self::TooLarge
                | Self::LengthMismatch
                | Self::FieldsTooLarge
                | Self::Groups
        )
    }

    /// Whether the handler failed (5xx), and may recover at any moment.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Status(500..=599) | Self::Panicked | Self::TimedOut)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit { age, ttl } => write!(f, "hit, {} s old, fresh for {} s more", age.as_secs(), ttl.as_secs()),
            Self::Stale { age, past, why } => write!(f, "stale, {} s old, fresh until {} s ago; {why}", age.as_secs(), past.as_secs()),
            Self::Forward { why, collapsed, kept } => {
                write!(f, "forwarded: {why}; ")?;
                if *collapsed {
                    f.write_str("answered by another request's run; ")?;
                }
                kept.fmt(f)
            }
        }
    }
}

impl StaleUse {
    /// One word, for `Cache-Status`, events and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhileRevalidate => "stale-while-revalidate",
            Self::IfError => "stale-if-error",
            Self::AfterError => "stale-after-error",
            Self::Accepted => "stale-accepted",
        }
    }
}

impl fmt::Display for StaleUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WhileRevalidate => "it is being refreshed (`stale_while_revalidate`)",
            Self::IfError => "the handler failed (`stale_if_error`)",
            Self::AfterError => "the handler failed a moment ago (`stale_if_error`)",
            Self::Accepted => "the request accepts it (`max-stale`)",
        })
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => f.write_str("stored"),
            Self::Storing => f.write_str("being stored in the background"),
            Self::Freshened => f.write_str("the stored response is fresh again"),
            Self::Streaming => f.write_str("being stored while it streams"),
            Self::Not(reason) => write!(f, "not stored: {reason}"),
        }
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UriMiss => "nothing is stored for its key",
            Self::VaryMiss => "nothing is stored for its field values",
            Self::Invalidated => "the stored response has been invalidated",
            Self::Stale => "the stored response is stale",
            Self::Request => "the request's own `Cache-Control` demands it",
            Self::Method => "only GET and HEAD are answered from the cache",
            Self::Bypass(reason) => return write!(f, "bypassed: {reason}"),
        })
    }
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "the cache is switched off; unset `CACHED_HANDLER`, or remove `Cache::builder().off()`",
            Self::Condition => "a condition of `bypass` holds",
            Self::KeyTooLong => "the key is longer than 8 KiB, or a value in it has no name",
            Self::Credentials => "the request carries `Authorization` or `Cookie`, or is a known person's, and an argument that is not in the key may show it; name it in `vary`, put `#[derive(CacheKey)]` on its type, or type `skip_credentials(arg)` if nothing of them reaches the response",
            Self::RejectedArgument => "an argument's extractor failed",
            Self::ExtractorInExtension => "an argument is an `Extension` of an extractor, of which nobody knows what request it was made from; take the extractor itself, or name in `key(…)` what matters of it",
            Self::Content => "the request has content",
            Self::FieldsUnseen => "an argument needs header fields, but its type is written under an alias; use its own name",
            Self::Range => "the request asks for a part of what is not storable",
            Self::Upgrade => "the request asks for a WebSocket",
            Self::AmbiguousAuthority => "the request names two authorities",
            Self::UnknownBackend => "the attribute names a backend that this cache does not have; add it to `Cache::builder()`",
            Self::Backend => "the backend failed",
        })
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "only responses to GET and HEAD are stored",
            Self::Bypass => "the cache was bypassed",
            Self::Head => "a HEAD request ran it, and an argument in `skip` may have shown the method",
            Self::Request => "the request said `no-store`",
            Self::OnlyIfCached => "the request said `only-if-cached`, and nothing stored could answer",
            Self::Status(status) => return write!(f, "status {status} is not stored; if it describes the resource, type `status({status} = 60)` in the attribute, or `Policy::new().status({status}, …)`"),
            Self::CachedInside => "it is made of what another cached handler has answered, from a cache of its own",
            Self::Err => "the handler returned an `Err` (`only_ok`)",
            Self::DoNotStore => "the handler returned `DoNotStore`",
            Self::SetCookie => "it has `Set-Cookie`, which is for one client; set cookies in another handler",
            Self::NoStore => "its `Cache-Control` says `no-store`",
            Self::Private => "its `Cache-Control` says `private`; if that is meant for clients only, type `cache_control = \"private\"` in the attribute",
            Self::NoCache => "its `Cache-Control` says `no-cache`; if that is meant for clients only, type `cache_control = \"no-cache\"` in the attribute",
            Self::MalformedCacheControl => "its `Cache-Control` cannot be read, which counts as `no-store`; correct it",
            Self::MustUnderstand => "it says `must-understand`, and its status is not understood",
            Self::Credentials => "the request carried credentials, and the response does not say that it may be shared (`public`, `s-maxage` or `must-revalidate`), or `skip(…)` or `key(…)` stands for the argument that shows them",
            Self::VaryAny => "`Vary: *` allows it for no other request; remove it",
            Self::VaryUnkeyed(field) => return write!(f, "`Vary` names `{field}`, which is not in the key; add it: `vary = \"{field}\"`"),
            Self::MalformedVary => "its `Vary` cannot be read; correct it",
            Self::TooManyVariants => "64 variants of it are stored already",
            Self::Partial => "it is part of a representation (`Content-Range`)",
            Self::NoFreshness => "`ttl = from_response`, and it states no freshness; add `Cache-Control: s-maxage=…`, or give a `ttl`",
            Self::AlreadyStale => "it is stale already by its own `Cache-Control` or `Expires`; if that is meant for clients only, type `cache_control = \"max-age=0\"` in the attribute",
            Self::TooLarge => "its content is longer than `max_body`; to store it, type `Policy::new().max_body(n)`",
            Self::Endless => "it is a stream without an end; remove `#[cached]`",
            Self::BrokenOff => "its content broke off",
            Self::LengthMismatch => "the length of its content is not what `Content-Length` says",
            Self::Trailers => "it has trailers",
            Self::FieldsTooLarge => "it has more than 256 field lines, or more than 64 KiB of them",
            Self::Groups => "it has more than 16 groups, or one whose name is empty or longer than 256 bytes",
            Self::Invalidated => "it was invalidated while the handler ran",
            Self::Overtaken => "a run that began later has stored its response already",
            Self::RunTooLong => "its content took over 30 s to come",
            Self::ReadAhead => "too much content waits for clients who read slowly; to allow more, raise `Cache::builder().read_ahead(bytes)`",
            Self::NoTask => "it is streamed, and too many runs are under way to copy it; raise `Cache::builder().max_detached_runs(n)`",
            Self::Panicked => "the handler panicked",
            Self::TimedOut => "the run took longer than `Policy::timeout`",
            Self::Backend => "the backend failed",
        })
    }
}
