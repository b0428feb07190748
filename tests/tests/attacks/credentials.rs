//! Who asks: tokens, cookies, API keys, users.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Extension, Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get as on_get,
};
use axum_extra::{
    TypedHeader,
    extract::{Cached, CookieJar},
    headers::{
        Authorization, Cookie,
        authorization::{Basic, Bearer},
    },
};
use cached_handler::{CacheKey, OnMiss, Rejected, cached};

use super::{
    case::{Attack, attack},
    wire::{Ask, get},
};

/// All lines of a field, as careless authors show them.
fn shown(headers: &HeaderMap, name: &str) -> String {
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    format!("{name}: {lines:?}")
}

fn who(headers: &HeaderMap) -> String {
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "x-user"].map(|name| shown(headers, name)).join("; ")
}

/// Reads what `vary` does not name.
#[cached(ttl = 60, vary = "accept-language")]
async fn narrowed(headers: HeaderMap) -> String {
    who(&headers)
}

/// "The headers change nothing."
#[cached(ttl = 60, skip(headers))]
async fn skipped(headers: HeaderMap) -> String {
    who(&headers)
}

#[cached(ttl = 60, skip(parts))]
async fn skipped_parts(parts: Parts) -> String {
    who(&parts.headers)
}

#[cached(ttl = 60, skip(request))]
async fn skipped_request(request: Request) -> String {
    who(request.headers())
}

#[cached(ttl = 60, skip(jar))]
async fn skipped_jar(jar: CookieJar) -> String {
    format!("{:?}", jar.get("sid").map(|cookie| cookie.value().to_owned()))
}

#[cached(ttl = 60, skip(jar))]
async fn skipped_cached_jar(Cached(jar): Cached<CookieJar>) -> String {
    format!("{:?}", jar.get("sid").map(|cookie| cookie.value().to_owned()))
}

#[cached(ttl = 60, skip(cookies))]
async fn skipped_cookies(cookies: Option<TypedHeader<Cookie>>) -> String {
    format!("{:?}", cookies.and_then(|cookies| cookies.get("sid").map(str::to_owned)))
}

#[cached(ttl = 60, skip(token))]
async fn skipped_token(token: Option<TypedHeader<Authorization<Bearer>>>) -> String {
    format!("{:?}", token.map(|token| token.token().to_owned()))
}

#[cached(ttl = 60, skip(jar))]
async fn skipped_on_miss(jar: OnMiss<CookieJar>) -> Result<String, Rejected> {
    Ok(format!("{:?}", jar.extract().await?.get("sid").map(|cookie| cookie.value().to_owned())))
}

/// Keys one cookie; the answer tells what it was.
#[cached(ttl = 60, key(jar.get("theme").map(|cookie| cookie.value().to_owned())))]
async fn themed(jar: CookieJar) -> String {
    format!("{:?}", jar.get("theme").map(|cookie| cookie.value().to_owned()))
}

/// Keys one field of a map that shows all of them.
#[cached(ttl = 60, key(headers.get("x-tenant").map(|tenant| tenant.as_bytes().to_vec())))]
async fn keyed_by_one_field(headers: HeaderMap) -> String {
    format!("{} for {}", shown(&headers, "x-tenant"), who(&headers))
}

#[cached(ttl = 60, key(parts.uri.path().to_owned()))]
async fn keyed_by_the_path(parts: Parts) -> String {
    who(&parts.headers)
}

#[cached(ttl = 60, vary = ["authorization", "cookie", "proxy-authorization", "x-api-key"])]
async fn named(headers: HeaderMap) -> String {
    who(&headers)
}

#[cached(ttl = 60)]
async fn bearer(TypedHeader(token): TypedHeader<Authorization<Bearer>>) -> String {
    format!("secrets of {}", token.token())
}

#[cached(ttl = 60)]
async fn perhaps_bearer(token: Option<TypedHeader<Authorization<Bearer>>>) -> String {
    format!("secrets of {:?}", token.map(|token| token.token().to_owned()))
}

#[cached(ttl = 60)]
async fn perhaps_basic(login: Option<TypedHeader<Authorization<Basic>>>) -> String {
    format!("secrets of {:?}", login.map(|login| (login.username().to_owned(), login.password().to_owned())))
}

#[cached(ttl = 60)]
async fn lazily_bearer(token: OnMiss<TypedHeader<Authorization<Bearer>>>) -> Result<String, Rejected> {
    Ok(format!("secrets of {}", token.extract().await?.token()))
}

#[cached(ttl = 60)]
async fn whether_bearer(token: Result<TypedHeader<Authorization<Bearer>>, axum_extra::typed_header::TypedHeaderRejection>) -> String {
    match token {
        Ok(token) => format!("secrets of {}", token.token()),
        Err(error) => error.to_string(),
    }
}

/// Who is logged in, by a token that may be revoked.
#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = ["authorization", "cookie"], private)]
struct User {
    name: String,
    tenant: String,
}

#[derive(Debug, Clone, Default)]
struct Tokens(Arc<AtomicUsize>);

impl Tokens {
    /// Each look-up counts; from the third on, `revoked` is no token any more.
    fn user(&self, headers: &HeaderMap) -> Option<User> {
        let asked = self.0.fetch_add(1, Ordering::SeqCst);
        let users = BTreeMap::from([
            ("Bearer ann", ("ann", "acme")),
            ("Bearer bob", ("bob", "acme")),
            ("Bearer eve", ("eve", "evil")),
            ("Bearer revoked", ("ex", "acme")),
        ]);
        let token = headers.get("authorization")?.to_str().ok()?;
        let (name, tenant) = users.get(token).filter(|_| token != "Bearer revoked" || asked < 2)?;
        Some(User { name: (*name).to_owned(), tenant: (*tenant).to_owned() })
    }
}

impl FromRequestParts<Tokens> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, tokens: &Tokens) -> Result<Self, StatusCode> {
        tokens.user(&parts.headers).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl axum::extract::OptionalFromRequestParts<Tokens> for User {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, tokens: &Tokens) -> Result<Option<Self>, Self::Rejection> {
        Ok(tokens.user(&parts.headers))
    }
}

#[cached(ttl = 60)]
async fn inbox(user: User) -> String {
    format!("mail of {}", user.name)
}

#[cached(ttl = 60)]
async fn perhaps_inbox(user: Option<User>) -> String {
    format!("mail of {:?}", user.map(|user| user.name))
}

#[cached(ttl = 60)]
async fn whether_inbox(user: Result<User, StatusCode>) -> String {
    format!("mail of {:?}", user.map(|user| user.name))
}

#[cached(ttl = 60, key(user.tenant))]
async fn prices(user: User) -> String {
    format!("prices of {}", user.tenant)
}

#[cached(ttl = 60, key(user.tenant, user.name.len()))]
async fn prices_with_two_parts(user: User) -> String {
    format!("prices of {} {}", user.tenant, user.name.len())
}

/// Only those who are logged in may read what is the same for all of them.
#[cached(ttl = 60, skip(_user))]
async fn for_members(_user: User, State(_): State<Tokens>) -> &'static str {
    "for members only"
}

#[cached(ttl = 60)]
async fn extended(Extension(user): Extension<User>) -> String {
    format!("mail of {}", user.name)
}

#[cached(ttl = 60)]
async fn perhaps_extended(user: Option<Extension<User>>) -> String {
    format!("mail of {:?}", user.map(|user| user.0.name))
}

fn serve<H: axum::handler::Handler<T, Tokens>, T: 'static>(handler: H) -> Router {
    Router::new().route("/me", on_get(handler)).with_state(Tokens::default())
}

/// A middleware that knows who asks.
async fn authenticate(State(tokens): State<Tokens>, mut request: Request, next: Next) -> Response {
    match tokens.user(request.headers()) {
        Some(user) => {
            request.extensions_mut().insert(user);
            next.run(request).await
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn know_if_possible(State(tokens): State<Tokens>, mut request: Request, next: Next) -> Response {
    if let Some(user) = tokens.user(request.headers()) {
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}

/// Everybody by a header of a gateway that is not to be trusted.
async fn trust_the_gateway(mut request: Request, next: Next) -> Response {
    let name = request.headers().get("x-user").map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
    request.extensions_mut().insert(User { name: name.unwrap_or_default(), tenant: String::new() });
    next.run(request).await
}

fn behind<H: axum::handler::Handler<T, Tokens>, T: 'static>(handler: H) -> Router {
    let tokens = Tokens::default();
    serve(handler).layer(axum::middleware::from_fn_with_state(tokens, authenticate))
}

fn me() -> Ask {
    get("/me")
}

fn token(value: &str) -> Ask {
    me().with("authorization", value)
}

fn cookie(value: &str) -> Ask {
    me().with("cookie", value)
}

/// A handler that can see credentials which are not in its key: whoever carries some passes the cache by.
fn unkeyed() -> Vec<Attack> {
    let two = || token("Bearer ann").with("authorization", "Bearer bob");
    vec![
        attack("a token's answer for anonymous, where headers are skipped", || serve(skipped), [token("Bearer ann")], me()),
        attack("an anonymous answer for a token, where headers are skipped", || serve(skipped), [me(), me()], token("Bearer ann"))
            .never_stored(),
        attack("one token's answer for another, where headers are skipped", || serve(skipped), [token("Bearer ann")], token("Bearer bob"))
            .never_stored(),
        attack("a login's answer for another, where headers are skipped", || serve(skipped), [token("Basic YTpi")], token("Basic YTpj"))
            .never_stored(),
        attack("an empty token's answer for a token, where headers are skipped", || serve(skipped), [token("")], token("Bearer bob"))
            .never_stored(),
        attack("an anonymous answer for an empty token, where headers are skipped", || serve(skipped), [me(), me()], token(""))
            .never_stored(),
        attack("one token's answer for two tokens, where headers are skipped", || serve(skipped), [token("Bearer ann")], two())
            .never_stored(),
        attack("two tokens' answer for one token, where headers are skipped", || serve(skipped), [two()], token("Bearer ann"))
            .never_stored(),
        attack("a token's answer for a cookie, where headers are skipped", || serve(skipped), [token("Bearer ann")], cookie("sid=1"))
            .never_stored(),
        attack("a cookie's answer for anonymous, where headers are skipped", || serve(skipped), [cookie("sid=1")], me()),
        attack("an anonymous answer for a cookie, where headers are skipped", || serve(skipped), [me(), me()], cookie("sid=1"))
            .never_stored(),
        attack("one cookie's answer for another, where headers are skipped", || serve(skipped), [cookie("sid=1")], cookie("sid=2"))
            .never_stored(),
        attack(
            "a proxy's token for another, where headers are skipped",
            || serve(skipped),
            [me().with("proxy-authorization", "Basic YTpi")],
            me().with("proxy-authorization", "Basic YTpj"),
        )
        .never_stored(),
        attack(
            "a token's answer for another, where the head is skipped",
            || serve(skipped_parts),
            [token("Bearer ann")],
            token("Bearer bob"),
        )
        .never_stored(),
        attack("a cookie's answer for another, where the head is skipped", || serve(skipped_parts), [cookie("sid=1")], cookie("sid=2"))
            .never_stored(),
        attack(
            "a token's answer for another, where the request is skipped",
            || serve(skipped_request),
            [token("Bearer ann")],
            token("Bearer bob"),
        )
        .never_stored(),
        attack("an anonymous answer for a cookie, where the request is skipped", || serve(skipped_request), [me(), me()], cookie("sid=2"))
            .never_stored(),
        attack("a session's answer for another, where the jar is skipped", || serve(skipped_jar), [cookie("sid=1")], cookie("sid=2"))
            .never_stored(),
        attack("a session's answer for anonymous, where the jar is skipped", || serve(skipped_jar), [cookie("sid=1")], me()),
        attack(
            "an anonymous answer for a session, where a shared jar is skipped",
            || serve(skipped_cached_jar),
            [me(), me()],
            cookie("sid=2"),
        )
        .never_stored(),
        attack("a session's answer for another, where cookies are skipped", || serve(skipped_cookies), [cookie("sid=1")], cookie("sid=2"))
            .never_stored(),
        attack(
            "a token's answer for another, where the token is skipped",
            || serve(skipped_token),
            [token("Bearer ann")],
            token("Bearer bob"),
        )
        .never_stored(),
        attack(
            "a session's answer for another, where the jar is put off and skipped",
            || serve(skipped_on_miss),
            [cookie("sid=1")],
            cookie("sid=2"),
        )
        .never_stored(),
        attack(
            "a token's answer for another, where one other field is keyed",
            || serve(keyed_by_one_field),
            [token("Bearer ann").with("x-tenant", "a")],
            token("Bearer bob").with("x-tenant", "a"),
        )
        .never_stored(),
        attack(
            "a token's answer for anonymous, where one other field is keyed",
            || serve(keyed_by_one_field),
            [token("Bearer ann").with("x-tenant", "a")],
            me().with("x-tenant", "a"),
        ),
        attack(
            "a cookie's answer for another, where one other field is keyed",
            || serve(keyed_by_one_field),
            [cookie("sid=1").with("x-tenant", "a")],
            cookie("sid=2").with("x-tenant", "a"),
        )
        .never_stored(),
        attack(
            "a token's answer for another, where the head is keyed by its path",
            || serve(keyed_by_the_path),
            [token("Bearer ann")],
            token("Bearer bob"),
        )
        .never_stored(),
        attack(
            "a field's answer for another, where one other field is keyed",
            || serve(keyed_by_one_field),
            [me().with("x-tenant", "a")],
            me().with("x-tenant", "b"),
        ),
    ]
}

/// A handler that sees credentials only as far as they are in the key.
fn keyed() -> Vec<Attack> {
    let api = |key: &str| me().with("x-api-key", key);
    vec![
        attack(
            "a token's answer for another, where `vary` names another field",
            || serve(narrowed),
            [token("Bearer ann")],
            token("Bearer bob"),
        ),
        attack("a token's answer for anonymous, where `vary` names another field", || serve(narrowed), [token("Bearer ann")], me()),
        attack("a cookie's answer for another, where `vary` names another field", || serve(narrowed), [cookie("sid=1")], cookie("sid=2")),
        attack("an API key's answer for another, where `vary` names another field", || serve(narrowed), [api("1")], api("2")),
        attack(
            "a gateway's user for another, where `vary` names another field",
            || serve(narrowed),
            [me().with("x-user", "ann")],
            me().with("x-user", "bob"),
        ),
        attack("a token's answer for another, where `vary` names it", || serve(named), [token("Bearer ann")], token("Bearer bob")),
        attack("a token's answer for anonymous, where `vary` names it", || serve(named), [token("Bearer ann")], me()),
        attack("an empty token's answer for anonymous, where `vary` names it", || serve(named), [token("")], me()),
        attack(
            "two tokens' answer for one, where `vary` names it",
            || serve(named),
            [token("Bearer ann").with("authorization", "x")],
            token("Bearer ann"),
        ),
        attack(
            "two tokens in another order, where `vary` names it",
            || serve(named),
            [token("a").with("authorization", "b")],
            token("b").with("authorization", "a"),
        ),
        attack(
            "two lines for one that reads the same, where `vary` names it",
            || serve(named),
            [token("a").with("authorization", "b")],
            token("a, b"),
        ),
        attack(
            "a token of a proxy for one of the origin, where `vary` names both",
            || serve(named),
            [me().with("proxy-authorization", "x")],
            token("x"),
        ),
        attack("a cookie for a token of the same text, where `vary` names both", || serve(named), [cookie("x")], token("x")),
        attack("a cookie's answer for another, where `vary` names it", || serve(named), [cookie("sid=1")], cookie("sid=2")),
        attack(
            "two crumbs for one, where `vary` names the cookie",
            || serve(named),
            [cookie("a=1").with("cookie", "b=2")],
            cookie("a=1; b=2"),
        ),
        attack("an API key's answer for another, where `vary` names it", || serve(named), [api("1")], api("2")),
        attack("a token's answer for a token that differs in case", || serve(bearer), [token("Bearer Ann")], token("Bearer ann")),
        attack("a token's answer for another", || serve(bearer), [token("Bearer ann")], token("Bearer bob")),
        attack("a token's answer for nobody", || serve(bearer), [token("Bearer ann")], me()).never_stored(),
        attack("a token's answer for one of another scheme", || serve(bearer), [token("Bearer ann")], token("Basic ann")).never_stored(),
        attack("a token's answer for an empty one", || serve(bearer), [token("Bearer ann")], token("")).never_stored(),
        attack(
            "a token's answer for two tokens",
            || serve(bearer),
            [token("Bearer ann")],
            token("Bearer bob").with("authorization", "Bearer ann"),
        ),
        attack("an optional token's answer for anonymous", || serve(perhaps_bearer), [token("Bearer ann")], me()),
        attack("an anonymous answer for an optional token", || serve(perhaps_bearer), [me(), me()], token("Bearer ann")),
        attack("an anonymous answer for an optional token that cannot be read", || serve(perhaps_bearer), [me(), me()], token("junk"))
            .never_stored(),
        attack("a login's answer for another password", || serve(perhaps_basic), [token("Basic YTpi")], token("Basic YTpj")),
        attack("a token's answer for another, extracted late", || serve(lazily_bearer), [token("Bearer ann")], token("Bearer bob")),
        attack("a token's answer for nobody, extracted late", || serve(lazily_bearer), [token("Bearer ann")], me()).never_stored(),
        attack("nobody's answer for a token, extracted late", || serve(lazily_bearer), [me()], token("Bearer ann")),
        attack("a refusal's reason for another", || serve(whether_bearer), [me()], token("Basic x")).never_stored(),
        attack("a refusal for a token", || serve(whether_bearer), [me()], token("Bearer ann")),
        attack("one theme for another", || serve(themed), [cookie("theme=dark; sid=1")], cookie("theme=light; sid=2")),
        attack("a theme for nobody's", || serve(themed), [cookie("theme=dark; sid=1")], cookie("sid=2")),
        attack("nobody's theme for an empty one", || serve(themed), [cookie("sid=1")], cookie("theme=; sid=2")),
    ]
}

/// The author's own extractors and middleware.
fn users() -> Vec<Attack> {
    let gone = |it: &super::case::Answers<'_>| it.victim.status == 401;
    vec![
        attack("one user's mail for another", || serve(inbox), [token("Bearer ann")], token("Bearer bob")),
        attack("one user's mail for nobody", || serve(inbox), [token("Bearer ann")], me()).never_stored(),
        attack("a refusal for a user", || serve(inbox), [me()], token("Bearer bob")),
        attack(
            "a revoked token on a warm key",
            || serve(inbox),
            [token("Bearer revoked"), token("Bearer revoked")],
            token("Bearer revoked"),
        )
        .is(gone)
        .never_stored(),
        attack(
            "a revoked token on a page for members",
            || serve(for_members),
            [token("Bearer revoked"), token("Bearer revoked")],
            token("Bearer revoked"),
        )
        .is(gone)
        .never_stored(),
        attack("nobody on a page for members that others warmed", || serve(for_members), [token("Bearer ann"), token("Bearer bob")], me())
            .never_stored(),
        attack("one user's mail for nobody, where both may ask", || serve(perhaps_inbox), [token("Bearer ann")], me()),
        attack("nobody's mail for a user, where both may ask", || serve(perhaps_inbox), [me(), me()], token("Bearer ann")),
        attack("a refusal for a user, where the handler sees both", || serve(whether_inbox), [me()], token("Bearer ann")),
        attack("a user's mail for a refusal, where the handler sees both", || serve(whether_inbox), [token("Bearer ann")], me())
            .never_stored(),
        attack("one tenant's prices for another", || serve(prices), [token("Bearer ann")], token("Bearer eve")),
        attack("one tenant's prices for nobody", || serve(prices), [token("Bearer ann")], me()).never_stored(),
        attack(
            "one tenant's prices for another, by two parts",
            || serve(prices_with_two_parts),
            [token("Bearer ann")],
            token("Bearer eve"),
        ),
        attack("one user's mail for another, behind a middleware", || behind(extended), [token("Bearer ann")], token("Bearer bob")),
        attack("one user's mail for nobody, behind a middleware", || behind(extended), [token("Bearer ann")], me()).never_stored(),
        attack(
            "a revoked token behind a middleware",
            || behind(extended),
            [token("Bearer revoked"), token("Bearer revoked")],
            token("Bearer revoked"),
        )
        .is(gone)
        .never_stored(),
        attack(
            "one user's mail for nobody, behind a middleware that lets both in",
            || serve(perhaps_extended).layer(axum::middleware::from_fn_with_state(Tokens::default(), know_if_possible)),
            [token("Bearer ann")],
            me(),
        ),
        attack(
            "one user's mail for another, behind a gateway",
            || serve(extended).layer(from_fn(trust_the_gateway)),
            [me().with("x-user", "ann")],
            me().with("x-user", "bob"),
        ),
    ]
}

pub fn attacks() -> Vec<Attack> {
    [unkeyed(), keyed(), users()].into_iter().flatten().collect()
}
