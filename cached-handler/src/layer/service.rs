//! The service that a layer wraps around another.

use std::{
    any::TypeId,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{BoxError, body::Body, response::Response, routing::Route};
use bytes::Bytes;
use http::{Request, request::Parts};
use tower_service::Service;

use super::{CacheLayer, settings::Settings};
use crate::{
    cache::Cache,
    handler::{Handler, Instance, VaryOn},
    invalidates::{Targets, invalidating},
    key::writer::{Buffer, KeyWriter, Traits},
    outcome::{Bypass, Forward},
    request::{
        facts::RequestFacts,
        nested::{self, CachedInside},
        peek::has_content,
        unsafe_target::UnsafeTarget,
    },
    serve::{self, Captured, Key, Miss, Seen, hit_in, respond, run_in_its_own_task},
    stored::failed::{failed, response_or_error},
};

/// A service behind a cache; from [`CacheLayer`].
///
/// It is always ready: it waits for the service inside to be ready only when that has to run.
#[derive(Clone)]
pub struct CacheService<S> {
    inner: S,
    settings: Arc<Settings>,
    handler: &'static Handler,
}

/// The future of a [`CacheService`]; for a hit it is ready at once.
pub struct CacheFuture<E>(Answer<E>);

enum Answer<E> {
    Ready(Option<Response>),
    Awaited(Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>),
}

impl<S> CacheService<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        let handler = settings.handler();
        Self { inner, settings, handler }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CacheService<S>
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ReqBody: http_body::Body + Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = CacheFuture<S::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> CacheFuture<S::Error> {
        let (mut parts, mut body) = request.into_parts();
        let has_content = has_content(&parts, &mut body);
        let cache = self.settings.cache.as_ref().or_else(|| parts.extensions.get()).cloned();
        let Seen(mut captured) = Seen::<false>::in_cache::<CacheLayer>(&mut parts, cache);
        captured.facts.flags.is_for_a_service = true;
        captured.facts.flags.is_in_a_route = TypeId::of::<S>() == TypeId::of::<Route<S::Error>>();
        let key = match self.ask(&captured, &parts, has_content) {
            Asked::Hit(response) => return CacheFuture(Answer::Ready(Some(response))),
            Asked::Pass(why) => {
                // A layer whose cache is switched off does nothing.
                if why != Forward::Bypass(Bypass::Off) {
                    let is_private = matches!(why, Forward::Bypass(Bypass::Condition | Bypass::Credentials));
                    nested::tell_of_unnamed(captured.facts.around(), is_private);
                }
                let changed = captured.facts.take_changed();
                let cache = captured.into_cache();
                let request = Request::from_parts(parts, body);
                return CacheFuture(Answer::Awaited(
                    match changed.filter(|_| !cache.inner().keeps_own_paths() && !self.handler.policy.keep_own_path) {
                        None => Box::pin(pass(self.inner.clone(), request, cache, self.handler, why)),
                        Some(changed) => Box::pin(change(self.inner.clone(), request, cache, self.handler, changed)),
                    },
                ));
            }
            Asked::Miss(key) => key,
        };
        let filled = fill(self.inner.clone(), Arc::clone(&self.settings), self.handler, captured, key, parts, body);
        CacheFuture(Answer::Awaited(Box::pin(filled)))
    }
}

/// The result of asking the cache.
enum Asked {
    Hit(Response),
    Miss(Box<Key>),
    /// The request passes to the service unchanged.
    Pass(Forward),
}

impl<S> CacheService<S> {
    fn ask(&self, captured: &Captured, parts: &Parts, has_content: bool) -> Asked {
        let (facts, cache) = (&captured.facts, captured.cache());
        if cache.inner().off {
            return Asked::Pass(Forward::Bypass(Bypass::Off));
        }
        if !facts.is_safe() {
            return Asked::Pass(Forward::Method);
        }
        if self.settings.bypasses(parts) {
            return Asked::Pass(Forward::Bypass(Bypass::Condition));
        }
        if has_content {
            return Asked::Pass(Forward::Bypass(Bypass::Content));
        }
        if facts.flags.credentials && self.settings.is_exposed(parts) {
            return Asked::Pass(Forward::Bypass(Bypass::Credentials));
        }
        let mut key = KeyWriter {
            handler: self.handler,
            instance: Instance { id: TypeId::of::<CacheLayer>(), name: "cached_handler::CacheLayer", number: self.settings.number },
            bytes: Buffer::new(),
            facts,
            fields: Some(&parts.headers),
            traits: Traits::default(),
        };
        self.settings.write(parts, &mut key);
        match hit_in(&mut key, cache) {
            Ok(response) => Asked::Hit(response),
            Err(key) => match key.forward {
                why @ (Forward::Bypass(_) | Forward::Method) => Asked::Pass(why),
                _ => Asked::Miss(key),
            },
        }
    }
}

/// Passes the request to the service unchanged.
async fn pass<S, ReqBody, ResBody>(
    inner: S,
    request: Request<ReqBody>,
    cache: Cache,
    handler: &'static Handler,
    why: Forward,
) -> Result<Response, S::Error>
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>>,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    let response = call(inner, request).await?.map(Body::new);
    Ok(serve::passed_by(response, &cache, handler, why))
}

/// Passes a request with an unsafe method to the service, and invalidates its targets before the answer is sent (RFC 9111 §4.4): in the
/// layer's cache, and in the cache of handlers inside, which is the process's (if it exists yet) unless the router has one. It does so
/// even if the client disconnects or the service fails without an answer, as its writes may have been committed.
async fn change<S, ReqBody, ResBody>(
    inner: S,
    request: Request<ReqBody>,
    cache: Cache,
    handler: &'static Handler,
    changed: Box<UnsafeTarget>,
) -> Result<Response, S::Error>
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>>,
    S::Error: Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    let of_handlers = request.extensions().get().or_else(|| if cache.inner().isolated { None } else { Cache::made() });
    let mut caches = vec![cache.clone()];
    caches.extend(of_handlers.filter(|other| !other.is(&cache)).cloned());
    let response = invalidating(Targets::through(caches, changed), make(inner, request)).await;
    response_or_error(response).map(|response| serve::passed_by(response, &cache, handler, Forward::Method))
}

/// Runs the service on a miss, with the request narrowed to what it may see.
async fn fill<S, ReqBody, ResBody>(
    inner: S,
    settings: Arc<Settings>,
    handler: &'static Handler,
    mut request: Captured,
    key: Box<Key>,
    mut parts: Parts,
    body: ReqBody,
) -> Result<Response, S::Error>
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ReqBody: Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    if matches!(settings.attributes.vary, VaryOn::FromResponse) {
        request.fields = Some(Box::new(parts.headers.clone()));
    }
    let untouched = seen_parts(&request.facts, &parts);
    settings.narrow(&mut parts);
    let mut miss = Miss::new(handler, request, key);
    miss.could_send_parts = true;
    for group in &settings.groups {
        miss.group(format_args!("{group}"));
    }
    for group in settings.groups_of.iter().flat_map(|of| of(&parts)) {
        miss.group(format_args!("{group}"));
    }
    let answer = respond(miss, move |forwarding| {
        match untouched.filter(|_| forwarding.forwards_part) {
            Some(untouched) => parts = untouched,
            None => forwarding.amend(&mut parts.headers),
        }
        let outer = forwarding.outer.clone();
        // For the case that the service passes the request to another task.
        parts.extensions.insert(outer.clone());
        run_in_its_own_task(async move {
            let mut response = make(inner, Request::from_parts(parts, body)).await;
            if outer.has_parts() {
                response.extensions_mut().insert(CachedInside);
            }
            response
        })
    });
    response_or_error(answer.await)
}

/// A copy of the original request, if it asks for a range.
fn seen_parts(facts: &RequestFacts, parts: &Parts) -> Option<Parts> {
    facts.conditional().filter(|asked| asked.asks_for_a_part()).map(|_| parts.clone())
}

async fn make<S, ReqBody, ResBody>(inner: S, request: Request<ReqBody>) -> Response
where
    S: Service<Request<ReqBody>, Response = http::Response<ResBody>>,
    S::Error: Send + 'static,
    ResBody: http_body::Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    match call(inner, request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => failed(error),
    }
}

/// Calls the service when this is first polled, as a service may do its work in `call` itself.
async fn call<S: Service<R>, R>(mut inner: S, request: R) -> Result<S::Response, S::Error> {
    poll_fn(|cx| inner.poll_ready(cx)).await?;
    inner.call(request).await
}

impl<E> Future for CacheFuture<E> {
    type Output = Result<Response, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // A future that is polled again after it was ready stays pending.
            Answer::Ready(response) => response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            Answer::Awaited(future) => future.as_mut().poll(cx),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for CacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService").field("inner", &self.inner).field("layer", &self.settings).finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for CacheFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheFuture").field("is_ready", &matches!(self.0, Answer::Ready(_))).finish_non_exhaustive()
    }
}
