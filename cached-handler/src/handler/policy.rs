//! Settings of one handler beyond the arguments of its attribute.

mod answers;
mod defaults;
mod kinds;
mod names;

use std::time::Duration;

pub use self::kinds::Collapse;
use self::{
    defaults::Setting,
    names::{is_among, is_field_name, is_same},
};
pub use crate::rules::tag::ETag;
use crate::{
    header::targeted::{self, TargetList},
    rules::{client::CacheControlSetting, meaning, statuses::may_ever_be_stored},
};

/// Settings of a cached handler that are rarely needed, as one constant: `#[cached(ttl = 60, policy = SEARCH)]`.
///
/// Everything is a `const fn`, so a policy is written once, checked by the compiler, and costs a request nothing.
/// Several handlers may share a policy, as long as it has no [`name`](Self::name). Settings for all handlers of a cache belong into
/// [`CacheBuilder::policy`](crate::CacheBuilder::policy); those of a handler's own policy take precedence.
///
/// ```
/// use cached_handler::{Collapse, ETag, Policy, secs};
///
/// const SEARCH: Policy = Policy::new()
///     .version(2)
///     .max_body(64 << 10)
///     .status(404, secs(5))
///     .etag(ETag::Weak)
///     .collapse(Collapse::Inline);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a policy does nothing until `#[cached(policy = …)]` names it"]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, that can only be switched on")]
pub struct Policy {
    pub(crate) name: Option<&'static str>,
    pub(crate) version: u32,
    pub(crate) max_body: usize,
    pub(crate) statuses: [Option<(u16, Duration)>; STATUSES],
    pub(crate) etag: ETag,
    pub(crate) collapse: Collapse,
    pub(crate) honor_request_directives: bool,
    pub(crate) jitter: u8,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_wait: Duration,
    pub(crate) heuristic: bool,
    pub(crate) cookies_by_vary: bool,
    pub(crate) targeted_fields: TargetList,
    pub(crate) by_meaning: &'static [&'static str],
    pub(crate) cache_control: CacheControlSetting,
    pub(crate) only_ok: bool,
    pub(crate) keep_own_path: bool,
    /// The settings that the policy makes: a bit for each [`Setting`]. For all others, the cache's defaults apply.
    made: u32,
}

/// The most statuses that [`Policy::status`] can name.
const MOST_STATUSES: usize = 8;
/// The statuses of a handler, and those of its cache's defaults.
const STATUSES: usize = 2 * MOST_STATUSES;

impl Policy {
    /// The defaults: content up to 1 MiB is stored, with an entity tag made from it, and requests are collapsed into a detached run.
    pub const fn new() -> Self {
        Self {
            name: None,
            version: 0,
            max_body: 1 << 20,
            statuses: [None; STATUSES],
            etag: ETag::Auto,
            collapse: Collapse::Detached,
            honor_request_directives: false,
            jitter: 5,
            timeout: None,
            max_wait: secs(5),
            heuristic: false,
            cookies_by_vary: false,
            targeted_fields: targeted::DEFAULT,
            by_meaning: &[],
            cache_control: CacheControlSetting::Default,
            only_ok: false,
            keep_own_path: false,
            made: 0,
        }
    }

    /// A name for the handler in place of its path (`app::articles::list`): in keys at rest, events and
    /// [`Target::named`](crate::Target::named). Two handlers with one name are an error of `build()`.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// A number that is part of every key: raise it when the meaning of the stored responses has changed.
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// The longest content that is stored, in bytes (default 1 MiB). Longer content passes through unbuffered.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self.made |= Setting::MaxBody as u32;
        self
    }

    /// Stores responses with a further status, fresh for `ttl` unless they say otherwise; up to eight statuses. With a `ttl`, 200,
    /// 203, 301 and 308 are stored without being named. For one handler, `status(404 = 5)` in its attribute does the same, and takes
    /// precedence.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for 1xx, 206, 304 and 5xx, for statuses that describe the request rather than the
    /// resource (400, 401, 403, 405–408, 411–417, 421, 422, 425, 426, 428, 429, 431, 451), and for a ninth status.
    #[expect(clippy::panic, reason = "in a constant: a compile error")]
    pub const fn status(mut self, status: u16, ttl: Duration) -> Self {
        assert!(may_ever_be_stored(status), "responses of this status are never stored; remove `.status(…)`");
        let mut at = 0;
        while at < MOST_STATUSES {
            #[expect(clippy::indexing_slicing, reason = "`at` is below the length, and iterators are not const")]
            match self.statuses[at] {
                Some((known, _)) if known != status => at += 1,
                _ => {
                    self.statuses[at] = Some((status, ttl));
                    return self;
                }
            }
        }
        panic!("at most eight statuses can be named, in a policy and in `status(…)` together; remove one")
    }

    /// How the entity tag is made for responses that have none.
    pub const fn etag(mut self, etag: ETag) -> Self {
        self.etag = etag;
        self.made |= Setting::ETag as u32;
        self
    }

    /// How concurrent requests for one key share a run.
    pub const fn collapse(mut self, collapse: Collapse) -> Self {
        self.collapse = collapse;
        self.made |= Setting::Collapse as u32;
        self
    }

    /// Follows the directives of a request's own `Cache-Control` (RFC 9111 §5.2.1). Off by default: with it any client
    /// can force the handler to run.
    pub const fn honor_request_directives(mut self) -> Self {
        self.honor_request_directives = true;
        self.made |= Setting::RequestDirectives as u32;
        self
    }

    /// The most by which a freshness lifetime is shortened at random, in per cent (default 5), so that responses which were stored at
    /// the same time do not all expire at the same time. Only with a stale window: without one, a response is fresh for exactly its
    /// `ttl`. 0 switches it off.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: above 50.
    pub const fn jitter(mut self, percent: u8) -> Self {
        assert!(percent <= 50, "`jitter` is at most 50 per cent");
        self.jitter = percent;
        self.made |= Setting::Jitter as u32;
        self
    }

    /// How long a run may take (default: unlimited). A longer run is dropped at its next await; the answer is then a stale response
    /// if `stale_if_error` allows it, and 504 otherwise.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self.made |= Setting::Timeout as u32;
        self
    }

    /// How long a follower waits for the leader's run before it runs the handler itself (default 5 s, at most 30 s). Raise it for a
    /// handler that takes longer, or else all followers run it in the end. Zero is like [`Collapse::Off`], except that a response
    /// which has arrived by then is used.
    ///
    /// ```
    /// # use cached_handler::{Policy, cached, secs};
    /// const REPORT: Policy = Policy::new().max_wait(secs(20));
    ///
    /// /// Ten seconds of queries.
    /// #[cached(ttl = "1h", policy = REPORT)]
    /// async fn report() -> &'static str { "…" }
    /// ```
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: above 30 s. No request joins a run that is older.
    pub const fn max_wait(mut self, limit: Duration) -> Self {
        assert!(limit.as_millis() <= 30_000, "`max_wait` is at most 30 s: a run that is older is joined by nobody");
        self.max_wait = limit;
        self.made |= Setting::MaxWait as u32;
        self
    }

    /// Estimates the freshness of responses that state none and that no `ttl` covers: a tenth of the time since
    /// `Last-Modified`, at most a day (RFC 9111 §4.2.2). Off by default: it is a guess, and for `ttl = from_response` only.
    ///
    /// Only for statuses that are heuristically cacheable (RFC 9110 §15.1), and for others with `public`.
    pub const fn heuristic(mut self) -> Self {
        self.heuristic = true;
        self.made |= Setting::Heuristic as u32;
        self
    }

    /// Treats `Cookie` as a field like any other, as RFC 9111 does: a response that depends on it has to say so, by `Vary: Cookie`,
    /// `private` or `no-store`. For `vary = from_response`, in front of a server that is known to say so.
    ///
    /// Off by default, since servers forget it: a request with cookies that an argument can see is not answered from the cache, and
    /// its response is not stored, unless the response itself permits sharing. `Authorization` is not affected.
    pub const fn cookies_by_vary(mut self) -> Self {
        self.cookies_by_vary = true;
        self.made |= Setting::CookiesByVary as u32;
        self
    }

    /// The response fields that address this cache in place of `Cache-Control`, the most applicable first, in lower case; up to four.
    /// They are the target list of RFC 9213 §2.2: the first field that is present and can be parsed replaces `Cache-Control` and
    /// `Expires`. The default is `["cdn-cache-control"]` (§3); an empty list switches targeted fields off.
    ///
    /// For a handler that forwards to a server which has a field for this cache alone, or an older field for caches of its kind;
    /// name `cdn-cache-control` too if it is to count. A handler that makes its responses itself has `ttl` and
    /// [`FreshFor`](crate::FreshFor), which clients do not see.
    ///
    /// ```
    /// use cached_handler::Policy;
    ///
    /// const PROXY: Policy = Policy::new()
    ///     .targeted_fields(&["my-app-cdn-cache-control", "surrogate-control", "cdn-cache-control"]);
    /// ```
    ///
    /// Each is parsed as a dictionary of structured fields (§2.1), with the directives of `Cache-Control`: `max-age=60,
    /// must-revalidate`. An empty or unparsable field is ignored; a field of more than 8 KiB forbids storing. All are passed on to
    /// clients, unless the answer is made `private`. The rest of the protocol that `Surrogate-Control` belongs to is not
    /// implemented: targets in its value (`max-age=60;this-cache`) are ignored, so that it counts for every cache here, and
    /// `Surrogate-Capability` is not sent.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for a fifth name, a repeated name, `cache-control` and `expires`, and text that is not
    /// the name of a field in lower case (RFC 9110 §5.1).
    pub const fn targeted_fields(mut self, names: &'static [&'static str]) -> Self {
        assert!(names.len() <= 4, "at most four targeted fields can be named; remove one");
        let mut rest = names;
        while let [name, others @ ..] = rest {
            assert!(is_field_name(name), "a targeted field is named in lower case, as `cdn-cache-control` is");
            assert!(
                !is_same(name, "cache-control") && !is_same(name, "expires"),
                "`cache-control` and `expires` count where no targeted field does; remove the name"
            );
            assert!(!is_among(name, others), "a targeted field is named twice; remove one of them");
            rest = others;
        }
        self.targeted_fields = names;
        self.made |= Setting::TargetedFields as u32;
        self
    }

    /// The request fields, in lower case, whose meaning matters to this handler's responses, and whose spelling does not. For
    /// `vary = from_response`, in front of servers that parse these fields by their grammar: requests that mean the same get the same
    /// stored response (RFC 9111 §4.1). By default there are none, and lines of a field that `Vary` names have to be equal byte by
    /// byte, as a server may tell `admin` from `admin,`.
    ///
    /// ```
    /// use cached_handler::Policy;
    ///
    /// const PROXY: Policy = Policy::new()
    ///     .vary_by_meaning(&["accept", "accept-charset", "accept-encoding", "accept-language"]);
    /// ```
    ///
    /// Each is parsed as a list (RFC 9110 §5.6.1): space around members, empty members, and the distribution over lines do not
    /// matter. In `accept-charset`, `accept-encoding` and `accept-language`, letter case, order, repetition, and a weight of 1 do
    /// not matter either (§12.4.2). A value of more than 8 KiB, with a quote that is not closed, or with quotes in a list of
    /// preferences, is compared as sent.
    ///
    /// Not for a handler whose response shows these fields as sent, nor for `accept-language` in front of a server that ranks
    /// languages of equal weight by their order (§12.5.4).
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for a repeated name, for fields that are not lists, such as `cookie` and `user-agent`,
    /// and for text that is not the name of a field in lower case.
    pub const fn vary_by_meaning(mut self, names: &'static [&'static str]) -> Self {
        let mut rest = names;
        while let [name, others @ ..] = rest {
            assert!(is_field_name(name), "a field is named in lower case, as `accept-language` is");
            assert!(!is_among(name, &meaning::NO_LISTS), "this field is no list, and only the same bytes mean the same; remove the name");
            assert!(!is_among(name, others), "a field is named twice; remove one of them");
            rest = others;
        }
        self.by_meaning = names;
        self.made |= Setting::ByMeaning as u32;
        self
    }

    /// The lifetime that this policy gives to responses with this status, if it names the status.
    pub(crate) fn ttl_of(&self, status: http::StatusCode) -> Option<Duration> {
        self.statuses.iter().flatten().find(|(named, _)| *named == status.as_u16()).map(|(_, ttl)| *ttl)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

/// `Duration::from_secs`, shorter: for a [`Policy`], a [`CacheLayer`](crate::CacheLayer), or
/// [`ValueOptions`](crate::ValueOptions). Only attributes accept text such as `"5m"`.
#[must_use]
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
