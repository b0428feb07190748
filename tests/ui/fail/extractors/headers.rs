//! Typed fields that no key holds.

use axum_extra::{TypedHeader, headers::{Cookie, Header, HeaderName, HeaderValue, IfNoneMatch, Range, Upgrade}};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn optional(cookies: Option<TypedHeader<Cookie>>) { let _ = cookies; } //~ TypedHeader<Cookie> => bypass(cookies.as_ref().is_some_and(|cookies| cookies.get("session").is_some())), skip(cookies)

#[cached(ttl = 60)]
async fn condition(condition: TypedHeader<IfNoneMatch>) { let _ = condition; } //~ TypedHeader<IfNoneMatch> => the cache itself answers it, from the whole response

#[cached(ttl = 60)]
async fn range(range: Option<TypedHeader<Range>>) { let _ = range; } //~ TypedHeader<Range> => remove the argument

#[cached(ttl = 60)]
async fn upgrade(upgrade: TypedHeader<Upgrade>) { let _ = upgrade; } //~ TypedHeader<Upgrade> => a handler that upgrades to a WebSocket cannot be cached

struct Tenant;

impl Header for Tenant {
    fn name() -> &'static HeaderName {
        static NAME: HeaderName = HeaderName::from_static("x-tenant");
        &NAME
    }

    fn decode<'i, I: Iterator<Item = &'i HeaderValue>>(_: &mut I) -> Result<Self, axum_extra::headers::Error> {
        Ok(Self)
    }

    fn encode<E: Extend<HeaderValue>>(&self, _: &mut E) {}
}

#[cached(ttl = 60)]
async fn own(tenant: TypedHeader<Tenant>) { let _ = tenant; } //~ TypedHeader<Tenant> => if `Tenant` is yours: put `#[derive(cached_handler::CacheKey)]` on it; its field is then in the key, and in `Vary`

fn main() {}
