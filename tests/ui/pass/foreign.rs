//! What the compiler advises for extractors of other crates, with those crates.

use std::net::{IpAddr, SocketAddr};

use axum::{Extension, Router, extract::{ConnectInfo, FromRequestParts, Query, RawQuery}, http::request::Parts, routing::get};
use axum_client_ip::ClientIp;
use axum_extra::{TypedHeader, extract::{CookieJar, PrivateCookieJar, SignedCookieJar}, headers::{Cookie, UserAgent}};
use axum_htmx::{HxRequest, HxTarget};
use axum_login::{AuthSession, AuthUser, AuthnBackend};
use axum_messages::Messages;
use cached_handler::{CacheKey, OnMiss, Rejected, cached};
use tower_sessions::Session;

#[derive(Debug, Clone)]
struct User(u64);

impl AuthUser for User {
    type Id = u64;

    fn id(&self) -> u64 {
        self.0
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"hash"
    }
}

#[derive(Debug, Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = u64;
    type Error = std::convert::Infallible;

    async fn authenticate(&self, id: u64) -> Result<Option<User>, Self::Error> {
        Ok(Some(User(id)))
    }

    async fn get_user(&self, id: &u64) -> Result<Option<User>, Self::Error> {
        Ok(Some(User(*id)))
    }
}

#[cached(ttl = 60, bypass(auth.user.is_some()), skip(auth))]
async fn auth_visitors(auth: AuthSession<Backend>) -> String {
    auth.user.is_some().to_string()
}

#[cached(ttl = 60, key(auth.user.as_ref().map(axum_login::AuthUser::id)))]
async fn auth_users(auth: AuthSession<Backend>) -> String {
    auth.user.is_some().to_string()
}

#[cached(ttl = 60, bypass(login.as_ref().is_ok_and(|login| login.user.is_some())), skip(login))]
async fn auth_visitors_or_refused(login: Result<AuthSession<Backend>, Refused>) -> String {
    login.is_ok().to_string()
}

#[cached(ttl = 60, key(login.as_ref().ok().and_then(|login| login.user.as_ref()).map(axum_login::AuthUser::id)))]
async fn auth_users_or_refused(login: Result<AuthSession<Backend>, Refused>) -> String {
    login.is_ok().to_string()
}

type Refused = (axum::http::StatusCode, &'static str);

/// Without a key, in an `Option`.
#[derive(Clone)]
struct Somebody;

#[cached(ttl = 60, bypass(me.is_some()), skip(me))]
async fn visitors(me: Option<Extension<std::sync::Arc<Somebody>>>) -> String {
    me.is_some().to_string()
}

#[cached(ttl = 60, key(name.as_ref().map(|name| &name.0)))]
async fn text_if_any(name: Option<Extension<String>>) -> String {
    name.map(|name| name.0).unwrap_or_default()
}

#[cached(ttl = 60, skip(session))]
async fn session(session: Session) -> String {
    session.id().is_some().to_string()
}

#[cached(ttl = 60, bypass(!messages.is_empty()), skip(messages))]
async fn messages(messages: Messages) -> String {
    messages.into_iter().map(|message| message.message).collect()
}

#[cached(ttl = 60, skip_credentials(ip))]
async fn client_ip(ClientIp(ip): ClientIp) -> String {
    ip.to_string()
}

#[cached(ttl = 60, key(country(ip)))]
async fn country_of_client(ClientIp(ip): ClientIp) -> String {
    country(&ip).to_owned()
}

fn country(ip: &IpAddr) -> &'static str {
    if ip.is_ipv4() { "DE" } else { "FR" }
}

#[cached(ttl = 60, skip_credentials(ip))]
async fn connection(ConnectInfo(ip): ConnectInfo<SocketAddr>) -> String {
    ip.to_string()
}

#[cached(ttl = 60, key(hx), vary = "hx-request")]
async fn htmx(HxRequest(hx): HxRequest) -> String {
    hx.to_string()
}

#[cached(ttl = 60, key(hx), vary = "hx-target")]
async fn htmx_target(HxTarget(hx): HxTarget) -> String {
    hx.unwrap_or_default()
}

#[cached(ttl = 60, key(jar.get("theme").map(|c| c.value().to_owned())))]
async fn signed(jar: SignedCookieJar) -> String {
    jar.get("theme").is_some().to_string()
}

#[cached(ttl = 60, bypass(jar.get("session").is_some()), skip(jar))]
async fn private(jar: PrivateCookieJar) -> String {
    jar.get("session").is_some().to_string()
}

#[cached(ttl = 60, bypass(jar.get("session").is_some()), skip(jar))]
async fn plain(jar: CookieJar) -> String {
    jar.get("session").is_some().to_string()
}

#[cached(ttl = 60, key(cookies.get("theme").map(str::to_owned)))]
async fn cookie(TypedHeader(cookies): TypedHeader<Cookie>) -> String {
    cookies.get("theme").unwrap_or_default().to_owned()
}

#[cached(ttl = 60, bypass(cookies.get("session").is_some()), skip(cookies))]
async fn cookie_of_visitors(TypedHeader(cookies): TypedHeader<Cookie>) -> String {
    cookies.get("session").is_some().to_string()
}

#[cached(ttl = 60, bypass(cookies.as_ref().is_some_and(|cookies| cookies.get("session").is_some())), skip(cookies))]
async fn maybe_cookie(cookies: Option<TypedHeader<Cookie>>) -> String {
    cookies.is_some().to_string()
}

/// One cookie, and no other.
#[derive(CacheKey)]
#[cache_key(vary = "cookie")]
struct Theme(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Theme {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let jar = CookieJar::from_request_parts(parts, state).await?;
        Ok(Self(jar.get("theme").map(|cookie| cookie.value().to_owned())))
    }
}

#[cached(ttl = 60)]
async fn themed(theme: Theme) -> String {
    theme.0.unwrap_or_default()
}

#[cached(ttl = 60, key(is_mobile(agent.as_str())))]
async fn agent(TypedHeader(agent): TypedHeader<UserAgent>) -> String {
    is_mobile(agent.as_str()).to_string()
}

fn is_mobile(agent: &str) -> bool {
    agent.contains("Mobile")
}

#[cached(ttl = 60, key(value))]
async fn text(Extension(value): Extension<String>) -> String {
    value
}

#[cached(ttl = 60, skip_credentials(value))]
async fn number(Extension(value): Extension<u64>) -> String {
    value.to_string()
}

/// As the extractors of crates that validate.
struct Valid<T>(T);

impl<T: FromRequestParts<S>, S: Send + Sync> FromRequestParts<S> for Valid<T> {
    type Rejection = T::Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        T::from_request_parts(parts, state).await.map(Self)
    }
}

#[derive(serde::Deserialize, CacheKey)]
struct Page {
    number: u64,
}

#[cached(ttl = 60, key(page))]
async fn validated(Valid(Query(page)): Valid<Query<Page>>) -> String {
    page.number.to_string()
}

/// As the extractors of crates that pool connections.
struct Connection;

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

#[cached(ttl = 60, skip_credentials(db))]
async fn pooled(db: OnMiss<Connection>) -> Result<String, Rejected> {
    let _db = db.extract().await?;
    Ok(String::new())
}

#[cached(ttl = 60, skip_credentials(db))]
async fn pooled_or_any_response(db: OnMiss<Connection>) -> Result<String, axum::response::Response> {
    let _db = db.extract().await?;
    Ok(String::new())
}

#[cached(ttl = 60, skip_credentials(db))]
async fn pooled_or_a_pair(db: OnMiss<Connection>) -> Result<String, (axum::http::StatusCode, String)> {
    let _db = db.extract().await.map_err(|rejected| (rejected.status(), rejected.to_string()))?;
    Ok(String::new())
}

#[cached(ttl = 60)]
async fn graphql(RawQuery(query): RawQuery) -> String {
    query.unwrap_or_default()
}

fn router() -> Router<axum_extra::extract::cookie::Key> {
    Router::new()
        .route("/a", get(auth_visitors).put(auth_users).post(session).patch(messages))
        .route("/b", get(client_ip).put(country_of_client).post(connection).patch(htmx).delete(htmx_target))
        .route("/c", get(signed).put(private).post(plain).patch(cookie).delete(cookie_of_visitors))
        .route("/d", get(agent).put(text).post(number).patch(validated).delete(pooled))
        .route("/f", get(auth_visitors_or_refused).put(auth_users_or_refused).post(visitors).patch(text_if_any))
        .route("/e", get(graphql).put(pooled_or_any_response).post(pooled_or_a_pair).patch(maybe_cookie).delete(themed))
}

fn main() {
    router();
}
