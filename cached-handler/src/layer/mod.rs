//! The cache as a tower layer, for services whose arguments are not known. Requests go through the same steps as for `#[cached]`.

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
/// Prefer `#[cached]` on handlers: it knows what a handler can see. A layer does not, so it works the other way round: **the service
/// sees what is in the key, and nothing else.** The key holds scheme, authority, path and the whole query as they arrived, and the
/// header fields that [`vary`](Self::vary) names. Of the other fields the service sees only `Host`. The layer evaluates preconditions
/// and ranges, and answers HEAD from the stored response to GET.
///
/// `traceparent` and `tracestate` are hidden like any other field, as a service that reflects them would show one client's to another.
/// A trace still continues if the middleware that reads it is outside of the layer: the service runs in the span of the request that
/// it runs for.
///
/// Other methods pass, and invalidate the stored responses of the path (RFC 9111 §4.4), unless the answer is an error.
///
/// These requests pass unchanged, and their answers are not stored: requests with content; those that ask for another protocol; those
/// for which [`bypass`](Self::bypass) holds; those with `Cookie` or `Authorization`, unless `vary` names the field (the stored
/// response is then one person's, and sent as `private`) or [`skip_credentials`](Self::skip_credentials) says that it does not
/// matter. Handlers with `#[cached]` inside a layer answer from their own cache; the layer passes their answers on.
///
/// # Where to put it
///
/// A hit is answered before anything inside runs. So **middleware that refuses requests, such as authentication, belongs outside of
/// the layer**, or has to decide by a field that the layer hides. A layer around the whole router, as in the example, answers before
/// routing, at half the cost of a handler's ready response; then there is no outside, and the service has to refuse by the query,
/// `Authorization`, `Cookie`, or a field in `vary`. With [`Router::layer`](axum::Router::layer) and `route_layer` it answers after
/// routing. The attribute has no such trap: extractors run before it answers.
///
/// Layers that adapt an answer to one client, such as compression and CORS, belong outside; or `vary` names the fields by which they
/// decide (`accept-encoding`, `origin`).
///
/// Request extensions pass through, as routers need theirs. An extension that another middleware made from the request (a user, the
/// peer's address) is visible inside and not in the key: name it with [`key`](Self::key), or put that middleware inside.
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
    /// A layer whose responses are fresh for `ttl`, at most ten years, unless they say otherwise. With zero, only responses that do are
    /// stored.
    ///
    /// The name identifies the layer in events, in [`Target::named`](crate::Target::named), and in the keys of backends that processes
    /// share: two layers with one name share their responses there, if they show and key the same (`vary`, `key`,
    /// `see_all_fields`). In memory, each call makes a separate layer, and its clones share responses. Put clones around different
    /// services only if these answer different paths.
    ///
    /// Make layers when the program starts, and not for each tenant or request: the description of a layer is kept until the process
    /// ends.
    #[track_caller]
    pub fn new(name: &'static str, ttl: Duration) -> Self {
        Self(Arc::new(Settings::new(name, Ttl::For(ttl.min(TEN_YEARS)), Location::caller())))
    }

    /// A layer that stores only responses that state their freshness, as RFC 9111 describes for a shared cache: by `s-maxage`,
    /// `max-age`, `Expires` or `CDN-Cache-Control`, or with [`FreshFor`](crate::FreshFor).
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
    /// A backend that the cache does not have is an error of [`Cache::install`], if the layer wraps its service by then. With a
    /// [`cache`](Self::cache) of its own, an error is logged when the layer wraps its service. Requests then pass, and nothing is
    /// stored.
    pub fn backend(self, backend: &'static str) -> Self {
        self.set(|settings| settings.attributes.backend = Some(backend))
    }

    /// Adds a group to every response.
    pub fn group(self, group: impl Into<String>) -> Self {
        self.set(|settings| settings.groups.push(group.into().into_boxed_str()))
    }

    /// Adds groups that depend on the request. The function gets the request as the service sees it, if no stored response answers it.
    ///
    /// ```
    /// use cached_handler::{CacheLayer, secs};
    ///
    /// let layer = CacheLayer::new("articles", secs(60)).groups(|request| vec![format!("path:{}", request.uri.path())]);
    /// ```
    pub fn groups(self, of: impl Fn(&Parts) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.groups_of = Some(Arc::new(of)))
    }

    /// The header fields that the service may see, besides `Host`: they are in the key, and `Vary` names them. `cookie` and
    /// `authorization` may be named; each of their values then has a response of its own, sent as `private`.
    ///
    /// A field that only responses have, or that the cache evaluates itself (`set-cookie`, `range`), is an error of
    /// [`Cache::install`], if the layer wraps its service by then; it is logged as well, when the layer wraps its service.
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

    /// The service sees all fields, and its responses name in `Vary` the fields that they depend on (RFC 9111 §4.1): for services that
    /// do so, such as a proxy. A service that omits one leaks one client's response to another.
    pub fn vary_from_response(self) -> Self {
        self.set(|settings| settings.attributes.vary = VaryOn::FromResponse)
    }

    /// The service sees all fields, including those that are not in the key. You vouch that these change no response.
    pub fn see_all_fields(self) -> Self {
        self.set(|settings| settings.sees_all = true)
    }

    /// Adds parts to the key, for what the service can see of a request besides its target and fields, such as an extension of a
    /// middleware outside of the layer.
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

    /// Requests for which this holds bypass the cache: the service gets them unchanged, and its answer is sent unchanged. Each call adds
    /// a condition.
    ///
    /// To cache for visitors who are not logged in, if no other cookie matters:
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
    /// Anything else on which responses depend, and which the condition does not cover for every such request, has to be named with
    /// [`vary`](Self::vary) or [`key`](Self::key).
    pub fn bypass(self, when: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.bypass_when(when))
    }

    /// Requests with `Cookie` or `Authorization` are answered from the cache like others, even if [`vary`](Self::vary) does not name the
    /// field. You vouch that nothing of it reaches a response that others get. The service does not see the field, unless it
    /// [sees all of them](Self::see_all_fields).
    pub fn skip_credentials(self) -> Self {
        self.set(|settings| settings.skips_credentials = true)
    }

    /// The `Cache-Control` for clients, if a response has none of its own (default `no-cache`: clients revalidate, and get a 304). A
    /// `max-age` counts from the moment of the answer.
    ///
    /// A misspelt directive (`maxage=60`) and contradicting ones (`private, public`) are reported like mistakes in
    /// [`vary`](Self::vary).
    pub fn cache_control(self, cache_control: &'static str) -> Self {
        self.set(|settings| settings.attributes.cache_control = CacheControlSetting::Is(cache_control))
    }

    /// Adds no `Cache-Control`, except `private` to a response for one person; see [`Policy::without_cache_control`].
    pub fn without_cache_control(self) -> Self {
        self.set(|settings| settings.attributes.cache_control = CacheControlSetting::Untouched)
    }

    /// How long a stale response is still sent, while the service makes a new one in the background (RFC 5861 §3).
    pub fn stale_while_revalidate(self, window: Duration) -> Self {
        self.set(|settings| settings.attributes.stale_while_revalidate = window.min(TEN_YEARS))
    }

    /// How long a stale response is still sent if the service fails (RFC 5861 §4): it answers 500, 502, 503 or 504, returns an error,
    /// panics, or takes longer than [`Policy::timeout`].
    pub fn stale_if_error(self, window: Duration) -> Self {
        self.set(|settings| settings.attributes.stale_if_error = window.min(TEN_YEARS))
    }

    /// All other settings. A [name](Policy::name) in the policy replaces the layer's. If a deploy changes the service's responses, raise
    /// [`Policy::version`], as keys in a shared backend do not change by themselves.
    pub fn policy(self, policy: Policy) -> Self {
        self.set(|settings| settings.policy = policy)
    }

    /// The cache to use. By default it is that of an `Extension(cache)` outside of the layer, or else the process's.
    pub fn cache(self, cache: Cache) -> Self {
        self.set(|settings| settings.cache = Some(cache))
    }

    /// Wraps a service: [`Layer::layer`], without a dependency on tower.
    pub fn around<S>(&self, inner: S) -> CacheService<S> {
        CacheService::new(inner, Arc::clone(&self.0))
    }

    fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::clone(&self.0);
        set(&mut settings);
        Self(Arc::new(settings))
    }
}

/// The longest freshness lifetime.
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
