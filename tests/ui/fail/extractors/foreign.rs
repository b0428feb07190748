//! Extractors of other crates: each is told what compiles for that very crate, which `pass/foreign.rs` shows.

use axum::extract::ConnectInfo;
use axum_client_ip::ClientIp;
use axum_extra::extract::{PrivateCookieJar, SignedCookieJar};
use axum_htmx::{HxRequest, HxTarget};
use axum_login::{AuthSession, AuthUser, AuthnBackend};
use axum_messages::Messages;
use cached_handler::cached;
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

#[cached(ttl = 60)]
async fn auth(auth: AuthSession<Backend>) -> String { //~ AuthSession<Backend> => a page for those who are not logged in: `#[cached(…, bypass(auth.user.is_some()), skip(auth))]`; for all others the handler runs
    auth.user.is_some().to_string()
}

#[cached(ttl = 60)]
async fn session(session: Session) -> String { //~ Session => a session of tower-sessions is read with `.await`, which `key(…)` cannot do: read what the response depends on in an extractor of your own
    session.id().is_some().to_string()
}

#[cached(ttl = 60)]
async fn session_by_path(session: tower_sessions::Session) -> String { //~ tower_sessions::Session => if no response shows anything of it: `#[cached(…, skip(session))]`; requests with a `Cookie` then bypass the cache
    session.id().is_some().to_string()
}

#[cached(ttl = 60)]
async fn messages(messages: Messages) -> String { //~ Messages => to cache the page where there is no message: `#[cached(…, bypass(!messages.is_empty()), skip(messages))]`
    messages.into_iter().map(|message| message.message).collect()
}

#[cached(ttl = 60)]
async fn client_ip(ClientIp(ip): ClientIp) -> String { //~ ClientIp => with an address in the key, each client would have responses of its own
    ip.to_string()
}

#[cached(ttl = 60)]
async fn connection(ConnectInfo(address): ConnectInfo<std::net::SocketAddr>) -> String { //~ ConnectInfo<std::net::SocketAddr> => if it is for logs or limits alone: `#[cached(…, skip_credentials(address))]`
    address.to_string()
}

#[cached(ttl = 60)]
async fn htmx(HxRequest(hx): HxRequest) -> String { //~ HxRequest => with `HxRequest(hx): HxRequest` type `#[cached(…, key(hx), vary = "hx-request")]`
    hx.to_string()
}

#[cached(ttl = 60)]
async fn htmx_target(HxTarget(target): HxTarget) -> String { //~ HxTarget => with `HxTarget(target): HxTarget` type `#[cached(…, key(target), vary = "hx-target")]`
    target.unwrap_or_default()
}

#[cached(ttl = 60)]
async fn signed(jar: SignedCookieJar) -> String { //~ SignedCookieJar => a page that depends on one cookie: an extractor of your own that reads only that cookie
    jar.get("theme").is_some().to_string()
}

#[cached(ttl = 60)]
async fn private(jar: PrivateCookieJar) -> String { //~ PrivateCookieJar => a page for those who are not logged in: `#[cached(…, bypass(jar.get("session").is_some()), skip(jar))]`; for all others the handler runs
    jar.get("theme").is_some().to_string()
}

#[cached(ttl = 60)]
async fn fallible(login: Result<AuthSession<Backend>, Refused>) -> String { //~ AuthSession<Backend> => `#[cached(…, bypass(login.as_ref().is_ok_and(|login| login.user.is_some())), skip(login))]`
    login.is_ok().to_string()
}

#[cached(ttl = 60)]
async fn optional(login: Option<AuthSession<Backend>>) -> String { //~ AuthSession<Backend> => `#[cached(…, key(login.as_ref().and_then(|login| login.user.as_ref()).map(axum_login::AuthUser::id)))]`
    login.is_some().to_string()
}

#[cached(ttl = 60)]
async fn in_a_tuple((login, told): (AuthSession<Backend>, ConnectInfo<u64>)) -> String { //~ AuthSession<Backend> => `#[cached(…, bypass(login.user.is_some()), skip(login))]` //~ (AuthSession<Backend>, ConnectInfo<u64>) => in an argument of a cached handler does not say what it adds to the key
    format!("{}{}", login.user.is_some(), told.0)
}

type Refused = (axum::http::StatusCode, &'static str);

fn main() {}
