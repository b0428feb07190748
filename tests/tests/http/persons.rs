//! What is one person's is sent as such, in whatever way an author says whose it is.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use axum_extra::{
    TypedHeader,
    headers::{Authorization, authorization::Bearer},
};
use cached_handler::{CacheKey, KeyWriter, cached};

use super::site::{Reply, Site};

macro_rules! from_a_field {
    ($($user:ident: $field:literal),*) => { $(
        impl<S: Sync> FromRequestParts<S> for $user {
            type Rejection = Infallible;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
                let text = parts.headers.get($field).map_or("", |value| value.to_str().unwrap_or_default());
                Ok(Self { id: text.to_owned(), tenant: text.len() })
            }
        }
    )* };
}
from_a_field!(User: "authorization", ByHand: "authorization", Theme: "cookie", Unkeyed: "x-other");

#[derive(CacheKey)]
#[cache_key(vary = "authorization", private)]
struct User {
    id: String,
    tenant: usize,
}

/// Says the same, and its parts are longer than any key.
struct ByHand {
    id: String,
    tenant: usize,
}

impl CacheKey for ByHand {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.id).part(&"x".repeat(10_000)).part(&self.tenant);
        key.vary("authorization").private();
    }
}

/// Leaves out that it identifies a person.
#[derive(CacheKey)]
#[cache_key(vary = "cookie")]
struct Theme {
    id: String,
    tenant: usize,
}

/// Of another crate, which says nothing.
#[derive(Clone)]
struct Unkeyed {
    id: String,
    tenant: usize,
}

#[cached(ttl = 60, cache_control = "max-age=60")]
async fn whole(user: User) -> String {
    format!("{} of {}", user.id, user.tenant)
}

#[cached(ttl = 60, key(u.id), cache_control = "max-age=60")]
async fn by_id(u: User) -> String {
    u.id
}

#[cached(ttl = 60, key(u.tenant), cache_control = "max-age=60")]
async fn by_tenant(u: User) -> String {
    u.tenant.to_string()
}

#[cached(ttl = 60, key(u.tenant), cache_control = "max-age=60")]
async fn by_hand(u: ByHand) -> String {
    u.tenant.to_string()
}

#[cached(ttl = 60, key(u.as_ref().ok().map(|u| u.tenant)), cache_control = "max-age=60")]
async fn perhaps(u: Result<User, Infallible>) -> String {
    u.map_or(0, |u| u.tenant).to_string()
}

#[cached(ttl = 60, key(token.token()), cache_control = "max-age=60")]
async fn by_token(TypedHeader(Authorization(token)): TypedHeader<Authorization<Bearer>>) -> String {
    token.token().to_owned()
}

#[cached(ttl = 60, cache_control = "public, max-age=60", vary = "authorization")]
async fn by_map(fields: HeaderMap) -> String {
    format!("{:?}", fields.get("authorization"))
}

#[cached(ttl = 60, cache_control = "max-age=60", vary = ["accept", "proxy-authorization"])]
async fn by_a_proxys(fields: HeaderMap) -> String {
    format!("{:?}", fields.get("proxy-authorization"))
}

#[cached(ttl = 60, cache_control = "max-age=60", vary = "cookie")]
async fn by_cookie(fields: HeaderMap) -> String {
    format!("{:?}", fields.get("cookie"))
}

#[cached(ttl = 60, cache_control = "max-age=60")]
async fn by_theme(theme: Theme) -> String {
    format!("{} {}", theme.id, theme.tenant)
}

#[cached(ttl = 60, cache_control = "max-age=60", vary = "cookie")]
async fn by_cookie_not_stored(fields: HeaderMap) -> ([(&'static str, &'static str); 1], String) {
    ([("set-cookie", "a=b")], format!("{:?}", fields.get("cookie")))
}

#[cached(ttl = 60, key(u.id.clone(), u.tenant), cache_control = "max-age=60")]
async fn of_nobody(u: Unkeyed) -> String {
    format!("{} {}", u.id, u.tenant)
}

#[cached(ttl = 60, skip_credentials(user), cache_control = "max-age=60")]
async fn for_all(user: User) -> &'static str {
    drop(user);
    "for all"
}

#[cached(ttl = 60, key(user.tenant), cache_control = "max-age=60")]
async fn shared(Extension(user): Extension<Arc<User>>) -> String {
    user.tenant.to_string()
}

#[cached(ttl = 60, cache_control = "max-age=60")]
async fn shared_whole(Extension(user): Extension<Arc<User>>) -> String {
    user.id.clone()
}

#[cached(ttl = 60, key(user.as_ref().map(|user| user.tenant)), cache_control = "max-age=60")]
async fn optional(user: Option<Extension<Arc<User>>>) -> String {
    user.map_or(0, |user| user.tenant).to_string()
}

#[cached(ttl = 60, key(pair.0.tenant), cache_control = "max-age=60")]
async fn beside_another(pair: (User, Unkeyed)) -> String {
    pair.0.tenant.to_string()
}

trait HasTenant {
    fn tenant(&self) -> usize;
}

impl HasTenant for User {
    fn tenant(&self) -> usize {
        self.tenant
    }
}

#[cached(ttl = 60, key(u.tenant()), cache_control = "max-age=60")]
async fn generic<U: HasTenant + FromRequestParts<()> + Send + 'static>(u: U) -> String {
    u.tenant().to_string()
}

/// A user in the extensions, as an authentication puts it there.
async fn put_user(mut request: Request, next: Next) -> Response {
    let id = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap_or_default()).to_owned();
    let tenant = id.len();
    request.extensions_mut().insert(Arc::new(User { id, tenant }));
    next.run(request).await
}

/// As their client is told of it, made and from the store.
async fn told(site: &Site) -> [(Option<String>, Option<String>); 2] {
    let fields = [("authorization", "Bearer ann"), ("cookie", "sid=ann"), ("proxy-authorization", "ann")];
    let of = |reply: &Reply| (reply.field("cache-control").map(str::to_owned), reply.field("vary").map(str::to_owned));
    let (first, second) = (site.ask("GET", "/", &fields).await, site.ask("GET", "/", &fields).await);
    assert!(!first.is_hit());
    [of(&first), of(&second)]
}

#[tokio::test]
async fn what_a_type_says_of_itself_stays_where_a_part_of_it_is_the_key() {
    let sites = [Site::of(whole), Site::of(by_id), Site::of(by_tenant), Site::of(by_hand), Site::of(perhaps), Site::of(by_token)];
    for (at, site) in sites.iter().enumerate() {
        for (cache_control, vary) in told(site).await {
            assert!(cache_control.as_deref().is_some_and(|told| told.starts_with("private")), "{at}: {cache_control:?}");
            assert_eq!(vary.as_deref(), Some("authorization"), "{at}");
        }
        let again = [("authorization", "Bearer ann"), ("cookie", "sid=ann"), ("proxy-authorization", "ann")];
        assert!(site.ask("GET", "/", &again).await.is_hit(), "{at}");
    }
    // The part is the key, and nothing else of it.
    let site = Site::of(by_tenant);
    site.ask("GET", "/", &[("authorization", "ann")]).await;
    assert!(site.ask("GET", "/", &[("authorization", "bob")]).await.is_hit());
    assert!(!site.ask("GET", "/", &[("authorization", "carl")]).await.is_hit());
}

#[tokio::test]
async fn a_response_that_varies_by_a_field_of_persons_is_private_however_that_is_said() {
    for (site, name) in [
        (Site::of(by_map), "authorization"),
        (Site::of(by_a_proxys), "accept, proxy-authorization"),
        (Site::of(by_cookie), "cookie"),
        (Site::of(by_theme), "cookie"),
        (Site::of(by_cookie_not_stored), "cookie"),
    ] {
        for (cache_control, vary) in told(&site).await {
            assert!(cache_control.as_deref().is_some_and(|told| told.starts_with("private")), "{name}: {cache_control:?}");
            assert_eq!(vary.as_deref(), Some(name));
        }
    }
}

#[tokio::test]
async fn what_a_person_is_read_from_stays_private_in_whatever_it_is_wrapped() {
    for routed in [get(shared), get(shared_whole), get(optional)] {
        let site = Site::of(routed.layer(middleware::from_fn(put_user)));
        for (cache_control, vary) in told(&site).await {
            assert_eq!((cache_control.as_deref(), vary.as_deref()), (Some("private, max-age=60"), Some("authorization")));
        }
    }
}

/// Who can tell whether such a type was read from the credentials?
#[tokio::test]
async fn of_what_nothing_is_known_a_part_is_one_persons_where_the_request_has_credentials() {
    for site in [Site::of(of_nobody), Site::of(beside_another), Site::of(generic::<User>)] {
        for (cache_control, _) in told(&site).await {
            assert_eq!(cache_control.as_deref(), Some("private, max-age=60"));
        }
        let anonymous = site.ask("GET", "/", &[("x-other", "somebody else")]).await;
        assert_eq!(anonymous.field("cache-control"), Some("max-age=60"));
    }
}

/// A CDN that keeps the page of who has not signed in must not send it to who has.
#[tokio::test]
async fn of_what_nothing_is_known_a_part_varies_by_credentials_for_everybody() {
    for site in [Site::of(of_nobody), Site::of(beside_another), Site::of(generic::<User>)] {
        for hit in [false, true] {
            let reply = site.ask("GET", "/", &[]).await;
            let vary = reply.field("vary").unwrap_or_default();
            assert!(reply.is_hit() == hit && vary.contains("cookie") && vary.contains("authorization"), "{vary}");
        }
    }
}

#[tokio::test]
async fn what_affects_nothing_makes_nothing_private() {
    for (cache_control, vary) in told(&Site::of(for_all)).await {
        assert_eq!((cache_control.as_deref(), vary), (Some("max-age=60"), None));
    }
}
