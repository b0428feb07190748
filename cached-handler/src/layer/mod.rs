//! The cache as a tower layer: the same way of a request, for services whose arguments it cannot know.

mod key;
mod request;
mod service;
mod settings;

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use http::request::Parts;
use tower_layer::Layer;

pub use self::service::{CacheFuture, CacheService};
use self::settings::Settings;
use crate::{
    cache::Cache,
    handler::{Ttl, VaryOn, policy::Policy},
    key::writer::KeyWriter,
    rules::client::CacheControlSetting,
};

/// Caches the responses of any service: a [`Router`](axum::Router), a `MethodRouter`, files, a proxy.
///
/// Prefer `#[cached]` on handlers: it knows what a handler can see. A layer cannot know, so it is the other way round:
/// **the service is shown what is in the key, and nothing else.** In the key are scheme, authority, path and the whole query
/// as they arrived, and the header fields that [`vary`](Self::vary) names. Of the other fields the service sees `Host`
/// alone. Preconditions and ranges are evaluated here, and HEAD is answered from what GET stored.
///
/// `traceparent` and `tracestate` are hidden like any other field, as a service that reflects them would show one client's
/// to another. A trace goes on all the same where the middleware that reads it stands outside of the layer: the service
/// runs in the span of the request that it runs for.
///
/// Other methods pass, and the answer invalidates what is stored for the path (RFC 9111 §4.4), unless it is an error.
///
/// Passed on untouched, neither answered nor stored: requests with content; those that ask for another
/// protocol; those for which [`bypass`](Self::bypass) holds; those with `Cookie` or `Authorization`, unless `vary` names the
/// field (what is stored is then one person's, and sent as `private`) or [`skip_credentials`](Self::skip_credentials) says
/// that it does not matter. Handlers with `#[cached]` inside a layer answer from their own cache; the layer passes that on.
///
/// # Where it stands
///
/// A hit is answered before everything inside runs. So **what refuses requests, such as authentication, stands outside of
/// the layer**, or goes by a field that the layer does not show. Put around the whole router, as in the example, it answers
/// before routing, at half of what a ready response of a handler costs; then there is no outside, and what the service
/// refuses by is the query, `Authorization`, `Cookie`, or a field in `vary`. With [`Router::layer`](axum::Router::layer) and
/// `route_layer` it answers after routing. The attribute has no such trap: extractors run before it answers.
///
/// Layers that make an answer for one client, such as compression and CORS, stand outside; or `vary` names what they go by
/// (`accept-encoding`, `origin`).
///
/// Request extensions pass through, as routers need theirs. What another middleware has put there from the request (a
/// user, the peer's address) can be seen inside and is not in the key: name it with [`key`](Self::key), or let that
/// middleware stand inside.
///
/// # Example
///
/// ```
/// use axum::{Router, ServiceExt, extract::Request, routing::get};
/// use cached_handler::{CacheLayer, secs};
///
/// # async fn f() -> std::io::Result<()> {
/// let pages = Router::new().route("/", get(async || "hello"));
/// let pages = CacheLayer::new("pages", secs(60)).group("pages").around(pages);
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// axum::serve(listener, ServiceExt::<Request>::into_make_service(pages)).await
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct CacheLayer(Arc<Settings>);

impl CacheLayer {
    /// A layer whose responses are fresh for `ttl`, at most ten years, unless they say otherwise; zero stores only those
    /// that do.
    ///
    /// The name stands for the layer in events, in [`Target::named`](crate::Target::named), and in the keys of stores that
    /// processes share: two layers of one name there share what they store, if they are shown and key the same (`vary`,
    /// `key`, `see_all_fields`). In memory, each call makes a layer of its own, and its clones are the same one. Put clones
    /// around different services only where they answer different addresses.
    ///
    /// Make layers when the program starts, and not for each tenant or request: what a layer says of itself is kept until the
    /// process ends.
    #[track_caller]
    pub fn new(name: &'static str, ttl: Duration) -> Self {
        Self(Arc::new(Settings::new(name, Ttl::For(ttl.min(TEN_YEARS)), Location::caller())))
    }

    /// A layer that stores what states its own freshness, as a shared cache does by RFC 9111: by `s-maxage`, `max-age`,
    /// `Expires` or `CDN-Cache-Control`, or with [`FreshFor`](crate::FreshFor).
    ///
    /// ```
    /// use cached_handler::CacheLayer;
    ///
    /// let in_front_of_a_server = CacheLayer::from_response("proxy").vary_from_response();
    /// ```
    #[track_caller]
    pub fn from_response(name: &'static str) -> Self {
        Self(Arc::new(Settings::new(name, Ttl::FromResponse, Location::caller())))
    }

    /// The backend, by its name in [`Cache::builder`]; otherwise the cache's [default](crate::CacheBuilder::default_backend).
    ///
    /// One that the cache does not have is an error of [`Cache::install`], where the layer is around its service by then. With a
    /// [`cache`](Self::cache) of its own it is said in the log, as an error, when the layer is put around its service.
    /// Requests then pass, and nothing is stored.
    pub fn backend(self, backend: &'static str) -> Self {
        self.set(|settings| settings.attributes.backend = Some(backend))
    }

    /// Adds a group to every response.
    pub fn group(self, group: impl Into<String>) -> Self {
        self.set(|settings| settings.groups.push(group.into().into_boxed_str()))
    }

    /// Adds groups that follow from the request. It is given what the service is shown, when nothing stored could answer.
    ///
    /// ```
    /// use cached_handler::{CacheLayer, secs};
    ///
    /// let layer = CacheLayer::new("articles", secs(60)).groups(|request| vec![format!("path:{}", request.uri.path())]);
    /// ```
    pub fn groups(self, of: impl Fn(&Parts) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.groups_of = Some(Arc::new(of)))
    }

    /// The header fields that the service may see, besides `Host`: they are in the key, and `Vary` names them. `cookie`
    /// and `authorization` may be named; every value of theirs is then a response of its own, sent as `private`.
    ///
    /// A field that only responses have, or that the cache answers itself (`set-cookie`, `range`), is an error of [`Cache::install`],
    /// where the layer is around its service by then; it is said in the log as well, when the layer is put around its service.
    ///
    /// ```
    /// use cached_handler::{CacheLayer, secs};
    ///
    /// let layer = CacheLayer::new("pages", secs(60)).vary(["accept-language", "x-tenant"]);
    /// ```
    pub fn vary(self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        let fields: Vec<_> = fields.into_iter().collect();
        self.set(|settings| settings.vary_on(&fields))
    }

    /// The service sees all fields, and its responses name in `Vary` what they depend on (RFC 9111 §4.1): for services that
    /// do, such as a proxy. A service that leaves out a dependency there leaks one client's response to another.
    pub fn vary_from_response(self) -> Self {
        self.set(|settings| settings.attributes.vary = VaryOn::FromResponse)
    }

    /// The service sees all fields, also those that are not in the key: your word that they change no response.
    pub fn see_all_fields(self) -> Self {
        self.set(|settings| settings.sees_all = true)
    }

    /// Adds to the key what the service can see of a request besides its target and fields, such as an extension that a
    /// middleware outside has put in.
    ///
    /// ```
    /// use cached_handler::{CacheLayer, secs};
    ///
    /// #[derive(Clone)]
    /// struct Tenant(u32);
    ///
    /// let layer = CacheLayer::new("pages", secs(60)).key(|request, key| {
    ///     key.part(&request.extensions.get::<Tenant>().map(|tenant| tenant.0));
    /// });
    /// ```
    pub fn key(self, of: impl Fn(&Parts, &mut KeyWriter<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.key_by(of))
    }

    /// Requests for which this holds have nothing to do with the cache: the service is given them as they came, and its answer is
    /// sent as it is. Each call adds a condition.
    ///
    /// For visitors who are not logged in, with the word that no other cookie matters:
    ///
    /// ```
    /// use axum::http::{header, request::Parts};
    /// use cached_handler::{CacheLayer, secs};
    ///
    /// fn is_logged_in(request: &Parts) -> bool {
    ///     let lines = request.headers.get_all(header::COOKIE).into_iter();
    ///     lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).any(|cookie| cookie.trim().starts_with("session="))
    /// }
    ///
    /// let layer = CacheLayer::new("pages", secs(60)).bypass(is_logged_in).skip_credentials();
    /// ```
    ///
    /// Not for what the service goes by and is not to be shared, unless the condition says so of every such request: name that
    /// with [`vary`](Self::vary) or [`key`](Self::key).
    pub fn bypass(self, when: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.bypass_when(when))
    }

    /// Requests with `Cookie` or `Authorization` are answered from the cache like others, though
    /// [`vary`](Self::vary) does not name the field: your word that nothing of it reaches a response that others get. The service
    /// is not shown the field, unless it [sees all of them](Self::see_all_fields).
    pub fn skip_credentials(self) -> Self {
        self.set(|settings| settings.skips_credentials = true)
    }

    /// What clients are told, where a response has no `Cache-Control` of its own (default `no-cache`: they ask again, and get
    /// a 304). A `max-age` counts from the answer.
    ///
    /// A slip in a directive (`maxage=60`) and two that contradict each other (`private, public`) are told as those of
    /// [`vary`](Self::vary) are.
    pub fn cache_control(self, cache_control: &'static str) -> Self {
        self.set(|settings| settings.attributes.cache_control = CacheControlSetting::Is(cache_control))
    }

    /// Adds no `Cache-Control`, but for `private` where an answer is one person's; see [`Policy::without_cache_control`].
    pub fn without_cache_control(self) -> Self {
        self.set(|settings| settings.attributes.cache_control = CacheControlSetting::Untouched)
    }

    /// For how long after its freshness a response is still sent, while it is made anew behind the answer (RFC 5861 §3).
    pub fn stale_while_revalidate(self, window: Duration) -> Self {
        self.set(|settings| settings.attributes.stale_while_revalidate = window.min(TEN_YEARS))
    }

    /// For how long after its freshness a response is still sent where the service fails (RFC 5861 §4): it answers 500,
    /// 502, 503 or 504, or returns an error, panics, or takes longer than [`Policy::timeout`].
    pub fn stale_if_error(self, window: Duration) -> Self {
        self.set(|settings| settings.attributes.stale_if_error = window.min(TEN_YEARS))
    }

    /// Everything else. A [name](Policy::name) in it takes the place of the layer's. What the service answers may change with
    /// a deploy, which keys in a shared store do not notice by themselves: raise [`Policy::version`].
    pub fn policy(self, policy: Policy) -> Self {
        self.set(|settings| settings.policy = policy)
    }

    /// The cache. Otherwise it is that of `Extension(cache)` outside of the layer, or else the process's.
    pub fn cache(self, cache: Cache) -> Self {
        self.set(|settings| settings.cache = Some(cache))
    }

    /// The service behind the cache: [`Layer::layer`], without a dependency on tower.
    pub fn around<S>(&self, inner: S) -> CacheService<S> {
        CacheService::new(inner, Arc::clone(&self.0))
    }

    fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::clone(&self.0);
        set(&mut settings);
        Self(Arc::new(settings))
    }
}

/// No freshness is longer.
const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl<S> Layer<S> for CacheLayer {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        self.around(inner)
    }
}

impl fmt::Debug for CacheLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
