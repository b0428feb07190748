//! What the cache did with a request, and why: one vocabulary for `Cache-Status`, events, metrics, tests and log lines.

mod display;

mod tier;

use std::{fmt, time::Duration};

pub use self::tier::Tier;

/// Makes an enum of reasons from a table. A row has the word for `Cache-Status`, events and metrics, the sentence for `Display`, and
/// optionally what to type.
macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident($this:ident: $receiver:ty) {
        $($(#[$doc:meta])* $reason:ident $(($value:ident: $type:ty))? = $word:literal: $sentence:literal $(, $advice:literal)?;)*
    }) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $reason $(($type))?,)*
        }

        impl $name {
            /// The words of all reasons.
            #[doc(hidden)]
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// One word, for `Cache-Status`, events and metrics.
            #[must_use]
            pub fn as_str($this: $receiver) -> &'static str {
                match $this {
                    $(Self::$reason { .. } => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$reason $(($value))? => write!(f, concat!($sentence $(, "; ", $advice)?) $(, $value = $value)?),)*
                }
            }
        }
    };
}

/// What the cache did with a request to a cached handler. It is in the extensions of the response, for layers and tests.
///
/// Its `Display` is one line that says what happened and, if there is something to change, what to type.
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
        /// How much longer it is fresh.
        ttl: Duration,
        /// Which copy of it answered.
        tier: Tier,
    },
    /// Answered from a stale stored response, as a stale window allows.
    #[non_exhaustive]
    Stale {
        /// Its current age (RFC 9111 §4.2.3).
        age: Duration,
        /// How long it has been stale; zero if it was expired explicitly.
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

reasons! {
    /// Why a stale response was used (RFC 5861).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    StaleUse(self: Self) {
        /// `stale_while_revalidate`: the handler makes a new one in the background.
        WhileRevalidate = "stale-while-revalidate": "it is being refreshed (`stale_while_revalidate`)";
        /// `stale_if_error`: the handler ran, and failed.
        IfError = "stale-if-error": "the handler failed (`stale_if_error`)";
        /// `stale_if_error`: the handler failed so recently that it does not run again yet.
        AfterError = "stale-after-error": "the handler failed a moment ago (`stale_if_error`)";
        /// `max-stale`: the request accepts it, and the policy honors request directives.
        Accepted = "stale-accepted": "the request accepts it (`max-stale`)";
    }
}

/// What became of a new response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// It is stored.
    Stored,
    /// It is being stored in the backend, in the background.
    Storing,
    /// The handler confirmed the stored response (304), which is fresh again (RFC 9111 §4.3.4).
    Freshened,
    /// It is being streamed, and is stored once its content is complete.
    Streaming,
    /// It is not stored.
    Not(NotStored),
}

reasons! {
    /// Why a request was forwarded to the handler (RFC 9211 §2.2).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    Forward(self: Self) {
        /// Nothing is stored under its key.
        UriMiss = "uri-miss": "nothing is stored for its key";
        /// The responses under its key were stored for other values of the selecting request fields.
        VaryMiss = "vary-miss": "nothing is stored for its field values";
        /// The stored response has been invalidated.
        Invalidated = "uri-miss": "the stored response has been invalidated";
        /// The stored response is stale.
        Stale = "stale": "the stored response is stale";
        /// The request's own directives forbid a stored response.
        Request = "request": "the request's own `Cache-Control` demands it";
        /// Its method is never answered with a stored response.
        Method = "method": "only GET and HEAD are answered from the cache";
        /// The request bypasses the cache.
        Bypass(reason: Bypass) = "bypass": "bypassed: {reason}";
    }
}

reasons! {
    /// Why a request bypasses the cache.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    Bypass(self: Self) {
        /// The cache is switched off, by `CACHED_HANDLER=off` or by the builder.
        Off = "off": "the cache is switched off", "unset `CACHED_HANDLER`, or remove `Cache::builder().off()`";
        /// A condition of `bypass(…)` holds, of [`CacheLayer::bypass`](crate::CacheLayer::bypass) or of
        /// [`ValueOptions::bypass`](crate::ValueOptions::bypass): the answer is what it would be without a cache.
        Condition = "condition": "a condition of `bypass` holds";
        /// The key would be longer than 8 KiB, or a value in it cannot be told from others of its type, such as a time zone that has no
        /// name.
        KeyTooLong = "key-too-long": "the key is longer than 8 KiB, or a value in it has no name";
        /// The request carries `Authorization` or `Cookie`, and an argument that is not in the key can see it; or such an argument's type
        /// says that it identifies a person.
        Credentials = "credentials": "the request carries `Authorization` or `Cookie`, or is a known person's, and an argument that is not in the key may show it", "name it in `vary`, put `#[derive(CacheKey)]` on its type, or type `skip_credentials(arg)` if nothing of them reaches the response";
        /// An argument `Result<E, _>` is an `Err`, which can show more of the request than the key holds.
        RejectedArgument = "rejected-argument": "an argument's extractor failed";
        /// An argument `Extension<E>` holds an extractor (`State`, `Path`, `Query` and the like). The key of an extractor is made from
        /// the request, and a middleware may have put another value there.
        ExtractorInExtension = "extractor-in-extension": "an argument is an `Extension` of an extractor, of which nobody knows what request it was made from", "take the extractor itself, or name in `key(…)` what matters of it";
        /// The request has content, which an argument outside the key could show.
        Content = "content": "the request has content";
        /// An argument needs header fields, which the attribute could not know: its type is written under an alias.
        FieldsUnseen = "fields-unseen": "an argument needs header fields, but its type is written under an alias", "use its own name";
        /// The request asks for a part (`Range`) of a response that is known not to be storable: a handler that sees `Range` answers it
        /// itself.
        Range = "range": "the request asks for a part of what is not storable";
        /// The request asks for a WebSocket (`Upgrade`), and the handler may answer with one.
        Upgrade = "upgrade": "the request asks for a WebSocket";
        /// `Host` and the request target name different authorities.
        AmbiguousAuthority = "ambiguous-authority": "the request names two authorities";
        /// The attribute names a backend that the cache does not have.
        UnknownBackend = "unknown-backend": "the attribute names a backend that this cache does not have", "add it to `Cache::builder()`";
        /// The backend failed or was too slow.
        Backend = "backend": "the backend failed";
    }
}

reasons! {
    /// Why a response is not stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    NotStored(self: &Self) {
        /// The request's method is not GET or HEAD.
        Method = "method": "only responses to GET and HEAD are stored";
        /// The request bypassed the cache.
        Bypass = "bypass": "the cache was bypassed";
        /// A HEAD request ran a handler with an argument outside the key that may show the method.
        Head = "head": "a HEAD request ran it, and an argument in `skip` may have shown the method";
        /// The request said `no-store`, and the policy honors request directives.
        Request = "request-no-store": "the request said `no-store`";
        /// The request said `only-if-cached`, and the policy honors that: the handler did not run, the answer is 504.
        OnlyIfCached = "only-if-cached": "the request said `only-if-cached`, and nothing stored could answer";
        /// Its status is not stored.
        Status(status: u16) = "status": "status {status} is not stored", "if it describes the resource, type `status({status} = 60)` in the attribute, or `Policy::new().status({status}, …)`";
        /// A handler inside the layer has its own cache; or the response is composed of a cached handler's response that bypassed its
        /// cache, or that is stored in another cache or backend.
        CachedInside = "cached-inside": "it is made of what another cached handler has answered, from a cache of its own";
        /// The handler returned an `Err`, and `only_ok` is on.
        Err = "err": "the handler returned an `Err` (`only_ok`)";
        /// The handler returned `DoNotStore`.
        DoNotStore = "do-not-store": "the handler returned `DoNotStore`";
        /// It sets a cookie.
        SetCookie = "set-cookie": "it has `Set-Cookie`, which is for one client", "set cookies in another handler";
        /// `Cache-Control: no-store`.
        NoStore = "no-store": "its `Cache-Control` says `no-store`";
        /// `Cache-Control: private`.
        Private = "private": "its `Cache-Control` says `private`", "if that is meant for clients only, type `cache_control = \"private\"` in the attribute";
        /// `Cache-Control: no-cache`.
        NoCache = "no-cache": "its `Cache-Control` says `no-cache`", "if that is meant for clients only, type `cache_control = \"no-cache\"` in the attribute";
        /// A `Cache-Control` or `CDN-Cache-Control` that cannot be read counts as `no-store`.
        MalformedCacheControl = "malformed-cache-control": "its `Cache-Control` cannot be read, which counts as `no-store`", "correct it";
        /// `must-understand` beside a status whose caching rules are not known (RFC 9111 §5.2.2.3).
        MustUnderstand = "must-understand": "it says `must-understand`, and its status is not understood";
        /// The request carried credentials, and the response does not say that it may be shared (RFC 9111 §3.5).
        Credentials = "credentials": "the request carried credentials, and the response does not say that it may be shared (`public`, `s-maxage` or `must-revalidate`), or `skip(…)` or `key(…)` stands for the argument that shows them";
        /// `Vary: *`.
        VaryAny = "vary-any": "`Vary: *` allows it for no other request", "remove it";
        /// `Vary` names this field, which is not in the key.
        VaryUnkeyed(field: String) = "vary-unkeyed": "`Vary` names `{field}`, which is not in the key", "add it: `vary = \"{field}\"`";
        /// `Vary` cannot be read.
        MalformedVary = "malformed-vary": "its `Vary` cannot be read", "correct it";
        /// More variants than 64 for one key.
        TooManyVariants = "too-many-variants": "64 variants of it are stored already";
        /// It is part of a representation (`Content-Range`).
        Partial = "partial": "it is part of a representation (`Content-Range`)";
        /// `ttl = from_response`, and the response states no freshness.
        NoFreshness = "no-freshness": "`ttl = from_response`, and it states no freshness", "add `Cache-Control: s-maxage=…`, or give a `ttl`";
        /// The freshness that it states is over already.
        AlreadyStale = "already-stale": "it is stale already by its own `Cache-Control` or `Expires`", "if that is meant for clients only, type `cache_control = \"max-age=0\"` in the attribute";
        /// Its content is longer than `max_body`.
        TooLarge = "too-large": "its content is longer than `max_body`", "to store it, type `Policy::new().max_body(n)`";
        /// Its content never ends by nature (`text/event-stream`, `multipart/x-mixed-replace`).
        Endless = "endless": "it is a stream without an end", "remove `#[cached]`";
        /// Its content broke off.
        BrokenOff = "broken-off": "its content broke off";
        /// Its content is not as long as `Content-Length` says.
        LengthMismatch = "length-mismatch": "the length of its content is not what `Content-Length` says";
        /// It has trailers.
        Trailers = "trailers": "it has trailers";
        /// Its fields are more than 256 lines or 64 KiB.
        FieldsTooLarge = "fields-too-large": "it has more than 256 field lines, or more than 64 KiB of them";
        /// More than 16 groups, or a group's name is empty or longer than 256 bytes.
        Groups = "groups": "it has more than 16 groups, or one whose name is empty or longer than 256 bytes";
        /// It was invalidated while the handler ran.
        Invalidated = "invalidated": "it was invalidated while the handler ran";
        /// A run that began later has stored its response already.
        Overtaken = "overtaken": "a run that began later has stored its response already";
        /// Its content took over 30 s to come.
        RunTooLong = "run-too-long": "its content took over 30 s to come";
        /// The read-ahead budget is used up by content that waits for slow clients.
        ReadAhead = "read-ahead": "too much content waits for clients who read slowly", "to allow more, raise `Cache::builder().read_ahead(bytes)`";
        /// It is streamed, and no task was left to copy it.
        NoTask = "no-task": "it is streamed, and too many runs are under way to copy it", "raise `Cache::builder().max_detached_runs(n)`";
        /// The handler panicked.
        Panicked = "panicked": "the handler panicked";
        /// The run took longer than `Policy::timeout`.
        TimedOut = "timed-out": "the run took longer than `Policy::timeout`";
        /// The backend failed or refused.
        Backend = "backend": "the backend failed";
    }
}

impl Forward {
    /// Whether the cache evaluates preconditions and ranges itself and hides them from the handler.
    pub(crate) fn asks_whole(self) -> bool {
        !matches!(self, Self::Method) && !matches!(self, Self::Bypass(reason) if reason != Bypass::Credentials)
    }
}

impl NotStored {
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
                // The client's own copy is current, which says nothing about the next request.
                | Self::Status(304)
        ) && !self.is_failure()
    }

    /// Whether the author most likely wants to change it, by typing something in their code.
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
