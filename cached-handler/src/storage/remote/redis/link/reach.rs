//! Reaching a server that will do: connecting to it, and what it is asked first.

use std::sync::atomic::Ordering;

use ::redis::{AsyncConnectionConfig, Client, ConnectionAddr, Value, aio::MultiplexedConnection};
use tokio::time::Instant;

use super::{CONNECT_LIMIT, Link, UNMEASURED};
use crate::{
    epoch::EpochSnapshot,
    storage::remote::redis::{
        Lasting,
        fit::{Fit, Unfit, examine, hello},
        memory::Worry,
        mget, record, script,
        server::{address, host_of, sees_to_cryptography},
    },
    util::{
        lock::lock,
        timer::{listen, timeout},
    },
};

impl Link {
    /// Once: a connection to a server that will do.
    pub(super) async fn try_to_connect(&self) -> Result<Fit, (&'static str, &'static str)> {
        let connection = self.connect_to(&self.client).await;
        match connection {
            Ok(fit) => Ok(fit),
            Err(Unfit::Elsewhere(host, port)) => {
                let there = redirected(&self.client, host, port).ok_or(MOVED)?;
                self.connect_to(&there).await.map_err(|unfit| match unfit {
                    Unfit::Elsewhere(..) => MOVED,
                    Unfit::For(word, message) => (word, message),
                })
            }
            Err(Unfit::For(word, message)) => Err((word, message)),
        }
    }

    async fn connect_to(&self, client: &Client) -> Result<Fit, Unfit> {
        let config = AsyncConnectionConfig::new()
            // Measured below, as the client's own limit needs the runtime's timers.
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024);
        sees_to_cryptography(client);
        let connecting = timeout(CONNECT_LIMIT, client.get_multiplexed_async_connection_with_config(&config)).await;
        let mut connection = connecting.map_err(|_| UNREACHABLE)?.map_err(|error| Unfit::of(&error))?;
        self.round_trip.store(UNMEASURED, Ordering::Relaxed);
        let checks = async {
            let worry = self.check(&mut connection).await?;
            Ok::<_, Unfit>((connection, worry))
        };
        listen(CONNECT_LIMIT, checks).await.map_err(|_| Unfit::For("unreachable", "Redis takes connections, and does not answer"))?
    }

    /// What the server is, where the keys lie, and what time it is there.
    async fn check(&self, connection: &mut MultiplexedConnection) -> Result<Option<Worry>, Unfit> {
        let mut worry = None;
        match ::redis::cmd("INFO").query_async::<String>(connection).await {
            Ok(info) => {
                worry = examine(&info)?;
                self.life.is_that_of(&info);
            }
            Err(error) if error.code() == Some("NOPERM") => {
                // Which everybody may send.
                let said: Value = ::redis::cmd("HELLO").query_async(connection).await.unwrap_or(Value::Nil);
                hello(&said)?;
                if self.lines.may_say("info-refused") {
                    tracing::warn!(target: "cached_handler", server = address(&self.client), "the user of Redis may not send `INFO`, so a restart of the server is not noticed, after which invalidations may be lost; allow it `+info`");
                }
            }
            Err(error) => return Err(Unfit::of(&error)),
        }
        self.begin(connection).await?;
        let (sent, began) = (self.clock.now(), Instant::now());
        let time: Vec<Value> = ::redis::cmd("TIME").query_async(connection).await.map_err(|error| Unfit::of(&error))?;
        self.note_round_trip(began);
        self.set_time(&time, sent);
        Ok(worry)
    }

    /// Where the server is not the one that began the incarnation that it has, begins another. Where that cannot be done,
    /// it is of no use. It is asked in any case, which shows whether the keys are there.
    async fn begin(&self, connection: &mut MultiplexedConnection) -> Result<(), Unfit> {
        let unfit = |error| Unfit::of(&error);
        let sent = Instant::now();
        let clock: Vec<Value> = mget(self.key.iter()).query_async(connection).await.map_err(unfit)?;
        self.note_round_trip(sent);
        let known = self.key.iter().zip(&clock).find_map(|(key, clock)| record::clock(key, clock));
        // Only then, as a script is not run at all while the server takes no writes.
        let is_anothers = known.is_some_and(|reading| !self.life.is_that_in(reading.incarnation));
        if self.lasting == Lasting::Ever || !self.life.is_known() || !is_anothers {
            self.note_clock(known, connection).await;
            return Ok(());
        }
        let begin = self.command(&script::BEGIN, false, &self.key, &[&self.life.digits()]);
        let has_begun = begin.query_async::<bool>(connection).await.map_err(unfit)?;
        self.note_clock(None, connection).await;
        if has_begun && self.lines.may_say("another-life") {
            tracing::warn!(target: "cached_handler", server = address(&self.client), "Redis was started again, or another has taken its place: nothing stored before is used, as invalidations may be lost");
        }
        Ok(())
    }

    /// Whoever comes as soon as there is a connection knows how the clock stood. It is made where there is none; where that
    /// cannot be done, it is not known.
    async fn note_clock(&self, known: Option<EpochSnapshot>, connection: &mut MultiplexedConnection) {
        let mut reading = known;
        if reading.is_none() {
            let made = self.command(&script::READ, false, &self.key, &[]).query_async::<Vec<Value>>(connection).await;
            reading = made.ok().and_then(|clock| record::reading(self.key.iter(), &clock));
        }
        if let Some(reading) = reading {
            self.known.note(&reading);
            self.invalidating.learns(reading.incarnation);
        }
    }

    /// Once for as long as it lasts: a connection that is lost and made again is no news.
    pub(super) fn say_what_worries(&self, worry: Option<Worry>) {
        let before = std::mem::replace(&mut *lock(&self.worry), worry);
        if let Some(worry) = worry.filter(|_| before != worry) {
            tracing::warn!(target: "cached_handler", server = address(&self.client), "{}", worry.advice());
        }
    }
}

/// A client of the node that another one named.
pub(in crate::storage::remote::redis) fn redirected(client: &Client, host: String, port: u16) -> Option<Client> {
    // A node that does not know its own name gives none: it is the one that was asked, on another port.
    let host = if host.is_empty() { host_of(client) } else { host };
    let addr = match client.get_connection_info().addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    Client::open(client.get_connection_info().clone().set_addr(addr)).ok()
}

const MOVED: (&str, &str) = ("moved", "the nodes of the cluster do not agree on where the keys are");
const UNREACHABLE: Unfit = Unfit::For("unreachable", "Redis cannot be reached");
