//! Which Redis: an address, or a client of the application's own.

use std::fmt;

use ::redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::error::Error;

/// A Redis server, of version 7.0 or later: a URL (`redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` where
/// the application switches on one of the TLS features of the crate `redis`, `unix:///PATH`), or a
/// `redis::Client` of the application's own, with the certificates or settings that a URL cannot give (set
/// `TcpSettings::set_nodelay(true)` in it: without it hits wait for 40 ms every now and then).
///
/// It has to be the primary: a replica may not have heard of an invalidation, and is refused.
///
/// ```
/// use cached_handler::{Cache, backend::RedisServer};
///
/// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379");
/// let own: RedisServer = redis::Client::open("redis://127.0.0.1:6379")?.into();
/// Cache::builder().namespace("shop").redis(own);
/// # Ok::<(), redis::RedisError>(())
/// ```
#[derive(Clone)]
pub struct RedisServer(Option<Client>);

impl RedisServer {
    pub(super) fn client(&self) -> Result<Client, Error> {
        self.0.clone().ok_or_else(|| {
            Error::config("the address of Redis cannot be read; type `redis://HOST:PORT`, or for `rediss://` switch on the feature `tokio-rustls-comp` of the crate `redis`")
        })
    }
}

impl From<&str> for RedisServer {
    fn from(url: &str) -> Self {
        // What is wrong with it is not said, as it holds a password.
        let info = url.into_connection_info().ok();
        // Without it one small command waits for the answer to another: 40 ms, as often as not.
        let at_once = |info: ConnectionInfo| {
            let settings = info.tcp_settings().clone().set_nodelay(true);
            info.set_tcp_settings(settings)
        };
        Self(info.and_then(|info| Client::open(at_once(info)).ok()))
    }
}

impl From<String> for RedisServer {
    fn from(url: String) -> Self {
        Self::from(url.as_str())
    }
}

impl From<Client> for RedisServer {
    fn from(client: Client) -> Self {
        Self(Some(client))
    }
}

impl fmt::Debug for RedisServer {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(client) => f.debug_tuple("RedisServer").field(&address(client)).finish(),
            None => f.write_str("RedisServer(unreadable)"),
        }
    }
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
