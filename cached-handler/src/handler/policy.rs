//! What one handler asks of the cache, beyond the arguments of its attribute.

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
/// Several handlers may share one, as long as it has no [`name`](Self::name). What all handlers of a cache have in common is
/// said once, by [`CacheBuilder::policy`](crate::CacheBuilder::policy); each setting of a handler's own policy comes first.
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
    /// The settings that its author has made: a bit for each [`Setting`]. Others are the cache's defaults.
    said: u32,
}

/// Most statuses that [`Policy::status`] can name.
const MOST_STATUSES: usize = 8;
/// Those of a handler, and those of its cache's defaults.
const STATUSES: usize = 2 * MOST_STATUSES;

impl Policy {
    /// The defaults: content up to 1 MiB, an entity tag of it, requests collapsed into a run of its own.
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
            said: 0,
        }
    }

    /// A name for the handler in place of its path (`app::articles::list`): in keys at rest, events and
    /// [`Target::named`](crate::Target::named). Two handlers of one name are an error of `build()`.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// A number that is part of every key: raise it when the meaning of what is stored has changed.
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// The longest content that is stored, in bytes (default 1 MiB). Longer content passes through unbuffered.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self.said |= Setting::MaxBody as u32;
        self
    }

    /// Stores responses of a further status, fresh for `ttl` unless they say otherwise; up to eight. With a `ttl`,
    /// 200, 203, 301 and 308 are stored without being named. For one handler, `status(404 = 5)` in its attribute says the same,
    /// and counts before this.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for 1xx, 206, 304 and 5xx, for statuses that speak of the request and not
    /// of the resource (400, 401, 403, 405–408, 411–417, 421, 422, 425, 426, 428, 429, 431, 451), and for a ninth one.
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
        self.said |= Setting::ETag as u32;
        self
    }

    /// How concurrent requests for one key share a run.
    pub const fn collapse(mut self, collapse: Collapse) -> Self {
        self.collapse = collapse;
        self.said |= Setting::Collapse as u32;
        self
    }

    /// Follows the directives of a request's own `Cache-Control` (RFC 9111 §5.2.1). Off by default: with it any client
    /// can force the handler to run.
    pub const fn honor_request_directives(mut self) -> Self {
        self.honor_request_directives = true;
        self.said |= Setting::RequestDirectives as u32;
        self
    }

    /// By how much at most a freshness lifetime is shortened at random, in per cent (default 5), so that a fleet does not
    /// run the handler all at once for what it stored all at once. Only where a stale window is: without one, a response
    /// is fresh for exactly its `ttl`. 0 switches it off.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: above 50.
    pub const fn jitter(mut self, percent: u8) -> Self {
        assert!(percent <= 50, "`jitter` is at most 50 per cent");
        self.jitter = percent;
        self.said |= Setting::Jitter as u32;
        self
    }

    /// How long a run may take (default: unlimited). One that takes longer is dropped at its next await, and
    /// answered from a stale response where `stale_if_error` allows it, with 504 otherwise.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self.said |= Setting::Timeout as u32;
        self
    }

    /// How long a request waits for another's run before it runs the handler for itself (default 5 s, at most 30 s). Raise it
    /// for a handler that takes longer, or all who wait for it run it in the end; zero is [`Collapse::Off`], but that a run is
    /// joined where its response has come by the time.
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
    /// In a constant, hence at compile time: above 30 s. A run that is older is joined by nobody.
    pub const fn max_wait(mut self, limit: Duration) -> Self {
        assert!(limit.as_millis() <= 30_000, "`max_wait` is at most 30 s: a run that is older is joined by nobody");
        self.max_wait = limit;
        self.said |= Setting::MaxWait as u32;
        self
    }

    /// Estimates the freshness of responses that state none and that no `ttl` covers: a tenth of the time since
    /// `Last-Modified`, at most a day (RFC 9111 §4.2.2). Off by default: it is a guess, and for `ttl = from_response` only.
    ///
    /// Only for the statuses that RFC 9110 §15.1 lets caches guess for, and for others that say `public`.
    pub const fn heuristic(mut self) -> Self {
        self.heuristic = true;
        self.said |= Setting::Heuristic as u32;
        self
    }

    /// Takes `Cookie` for a field like any other, as RFC 9111 does: a response that depends on it has to say so, by
    /// `Vary: Cookie`, `private` or `no-store`. For `vary = from_response`, before a server that is known to say so.
    ///
    /// Off by default, since servers forget it: a request with cookies that an argument can see is not answered from the
    /// store, and its response is not stored, unless that says itself that it may be shared. `Authorization` is not
    /// affected.
    pub const fn cookies_by_vary(mut self) -> Self {
        self.cookies_by_vary = true;
        self.said |= Setting::CookiesByVary as u32;
        self
    }

    /// The response fields by which servers tell this cache what others are not to go by, the most applicable first, in lower
    /// case; up to four. It is the target list of RFC 9213 §2.2: the first of them that is there and can be read counts in
    /// place of `Cache-Control` and `Expires`. The default is `["cdn-cache-control"]` (§3); with none, no such field counts.
    ///
    /// For a handler that forwards, where the server behind it has a field for this cache alone, or an older one for all of
    /// its kind; `cdn-cache-control` has to be named if it is to count, too. A handler that makes its answers itself says
    /// the same with `ttl` or [`FreshFor`](crate::FreshFor), unseen by clients.
    ///
    /// ```
    /// use cached_handler::Policy;
    ///
    /// const PROXY: Policy = Policy::new()
    ///     .targeted_fields(&["my-app-cdn-cache-control", "surrogate-control", "cdn-cache-control"]);
    /// ```
    ///
    /// Each is read as a dictionary of structured fields (§2.1): `max-age=60, must-revalidate`, with the directives of
    /// `Cache-Control`. One that is empty or no such dictionary is not there; one of more than 8 KiB forbids to store. All
    /// are passed on to clients, but where an answer is made `private`. Nothing else of the protocol that
    /// `Surrogate-Control` belongs to is followed: neither its targets (`max-age=60;this-cache`), which count for every
    /// cache here, nor `Surrogate-Capability`.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for a fifth name, one twice, `cache-control` and `expires`, and what is no name
    /// of a field in lower case (RFC 9110 §5.1).
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
        self.said |= Setting::TargetedFields as u32;
        self
    }

    /// The request fields of which this handler's response depends on what they mean, and not on how that is spelt, in lower case.
    /// For `vary = from_response`, before servers that read these fields by their grammar: requests that mean the same are
    /// answered with the same stored response (RFC 9111 §4.1). By default there are none, and of a field that `Vary` names only
    /// the same lines are the same: a server that tells `admin` from `admin,` must not be answered for by a cache that does not.
    ///
    /// ```
    /// use cached_handler::Policy;
    ///
    /// const PROXY: Policy = Policy::new()
    ///     .vary_by_meaning(&["accept", "accept-charset", "accept-encoding", "accept-language"]);
    /// ```
    ///
    /// Each is taken for a list (RFC 9110 §5.6.1): the space around its members, empty members, and how they are spread over
    /// lines do not count. In `accept-charset`, `accept-encoding` and `accept-language`, neither do letter case, order,
    /// repetition, and a weight of 1 (§12.4.2). What has more than 8 KiB, a quote without an end, or quotes where preferences
    /// have none, is compared as it was sent.
    ///
    /// Not for a handler whose response shows these fields as they were sent, nor for `accept-language` before a server that
    /// takes the order of languages of one weight for a ranking (§12.5.4).
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for a name twice, for fields that are no lists, such as `cookie` and `user-agent`,
    /// and for what is no name of a field in lower case.
    pub const fn vary_by_meaning(mut self, names: &'static [&'static str]) -> Self {
        let mut rest = names;
        while let [name, others @ ..] = rest {
            assert!(is_field_name(name), "a field is named in lower case, as `accept-language` is");
            assert!(!is_among(name, &meaning::NO_LISTS), "this field is no list, and only the same bytes mean the same; remove the name");
            assert!(!is_among(name, others), "a field is named twice; remove one of them");
            rest = others;
        }
        self.by_meaning = names;
        self.said |= Setting::ByMeaning as u32;
        self
    }

    /// The lifetime that this policy gives `status`, where it names it.
    pub(crate) fn ttl_of(&self, status: http::StatusCode) -> Option<Duration> {
        self.statuses.iter().flatten().find(|(named, _)| *named == status.as_u16()).map(|(_, ttl)| *ttl)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

/// `secs` seconds, shorter to write than `Duration::from_secs` wherever a `Duration` is taken: in a [`Policy`], a
/// [`CacheLayer`](crate::CacheLayer), [`ValueOptions`](crate::ValueOptions). Text such as `"5m"` is for attributes alone.
#[must_use]
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
