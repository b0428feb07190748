//! Which Redis: an address, or a client of the application's own.

use std::{fmt, time::Duration};

use ::redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use crate::error::Error;

/// A Redis server, of version 7.0 or later: a URL (`redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` with
/// the feature `redis-tls`, `unix:///PATH`), or a `redis::Client` of the application's own, with the certificates or
/// settings that a URL cannot give (set `TcpSettings::set_nodelay(true)` in it: without it hits wait for 40 ms every
/// now and then; and `set_keepalive`, so that what stands in between does not forget a connection that is seldom used).
///
/// The client is one of redis 1.x, and so part of this crate's interface: a new major version of redis is one of this
/// crate, too.
///
/// It has to be the primary: a replica may not have heard of an invalidation, and is refused.
///
/// `rediss://` checks the server's certificate against those that the system trusts, or that the environment's
/// `SSL_CERT_FILE` holds. Its cryptography is the process's [default][provider] where the application has set one, and
/// ring's otherwise.
///
/// ```
/// use cached_handler::{Cache, backend::RedisServer};
///
/// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379");
/// let own: RedisServer = redis::Client::open("redis://127.0.0.1:6379")?.into();
/// Cache::builder().namespace("shop").redis(own);
/// # Ok::<(), redis::RedisError>(())
/// ```
///
/// [provider]: https://docs.rs/rustls/0.23/rustls/crypto/struct.CryptoProvider.html
#[derive(Clone)]
pub struct RedisServer(Result<Client, Unreadable>);

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    Malformed,
    /// TLS is asked for, and was not compiled in.
    NoTls,
}

impl Unreadable {
    fn of(url: &str, has_tls: bool) -> Self {
        let asks_for_tls = ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
        if asks_for_tls && !has_tls { Self::NoTls } else { Self::Malformed }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "the address of Redis cannot be read; type `redis://HOST:PORT`",
            Self::NoTls => {
                "the address of Redis asks for TLS, which is not compiled in; switch on the feature `redis-tls` of `cached-handler`"
            }
        }
    }
}

impl RedisServer {
    /// Which database of which server, to be compared and shown: no password is in it.
    pub(crate) fn place(&self) -> Option<String> {
        let info = self.0.as_ref().ok()?.get_connection_info();
        let address = info.addr().to_string().to_ascii_lowercase().replace("localhost:", "127.0.0.1:");
        Some(format!("the Redis at {address}, database {},", info.redis_settings().db()))
    }

    pub(super) fn client(&self) -> Result<Client, Error> {
        self.0.clone().map_err(|unreadable| Error::config(unreadable.advice()))
    }
}

impl From<&str> for RedisServer {
    fn from(url: &str) -> Self {
        // What is wrong with it is not said, as it holds a password.
        let info = url.into_connection_info().ok();
        let set = |info: ConnectionInfo| {
            let settings = settings(info.tcp_settings().clone());
            info.set_tcp_settings(settings)
        };
        let client = info.and_then(|info| Client::open(set(info)).ok());
        Self(client.ok_or_else(|| Unreadable::of(url, cfg!(feature = "redis-tls"))))
    }
}

fn settings(settings: TcpSettings) -> TcpSettings {
    // Without the first one small command waits for the answer to another: 40 ms, as often as not. The second is for what
    // keeps track of connections on the way, and forgets one on which it has seen nothing for some minutes.
    let settings = settings.set_nodelay(true).set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_AGAIN));
    // What is sent on a connection that nobody knows any more ends it, before the system's own quarter of an hour.
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNHEARD);
    settings
}

/// How long nothing is sent before the system asks whether the other end is there, and after how long it asks again.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_AGAIN: Duration = Duration::from_secs(10);
/// How long what was sent may go unheard.
#[cfg(target_os = "linux")]
const UNHEARD: Duration = Duration::from_secs(30);

impl From<String> for RedisServer {
    fn from(url: String) -> Self {
        Self::from(url.as_str())
    }
}

impl From<Client> for RedisServer {
    fn from(client: Client) -> Self {
        Self(Ok(client))
    }
}

impl fmt::Debug for RedisServer {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(client) => f.debug_tuple("RedisServer").field(&address(client)).finish(),
            Err(_) => f.write_str("RedisServer(unreadable)"),
        }
    }
}

/// To be called before a connection is made. The client of Redis takes the process's default cryptography, and would
/// panic where there is none, or where two are compiled in and the application has chosen neither.
pub(super) fn sees_to_cryptography(client: &Client) {
    #[cfg(feature = "redis-tls")]
    if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. })
        && rustls::crypto::CryptoProvider::get_default().is_none()
    {
        // One that was set meanwhile is as good.
        _ = rustls::crypto::ring::default_provider().install_default();
    }
    #[cfg(not(feature = "redis-tls"))]
    let _ = client;
}

/// Its host, where it has one.
pub(super) fn host_of(client: &Client) -> String {
    match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host.clone(),
        _ => String::new(),
    }
}

/// Where it is, and nothing else of its URL.
pub(super) fn address(client: &Client) -> String {
    match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => format!("{host}:{port}"),
        ConnectionAddr::Unix(path) => path.display().to_string(),
        _ => "an address of another kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_seldom_used_is_kept_alive() {
        let client = RedisServer::from("redis://127.0.0.1").client().unwrap();
        let settings = client.get_connection_info().tcp_settings();
        assert!(settings.nodelay() && settings.keepalive().is_some());
    }

    #[test]
    fn tls_without_its_feature_is_told_apart_from_a_malformed_address() {
        for url in ["rediss://127.0.0.1", "valkeys://127.0.0.1"] {
            assert_eq!(Unreadable::of(url, false), Unreadable::NoTls);
            assert_eq!(RedisServer::from(url).client().is_ok(), cfg!(feature = "redis-tls"), "{url}");
        }
        assert!(RedisServer::from("rediss://a b").client().is_err());
        assert_eq!(Unreadable::of("rediss://a b", true), Unreadable::Malformed);
        assert_eq!(Unreadable::of("rebis://127.0.0.1", false), Unreadable::Malformed);
        assert!(Unreadable::NoTls.advice().contains("`redis-tls`") && Unreadable::Malformed.advice().contains("`redis://HOST:PORT`"));
    }
}
