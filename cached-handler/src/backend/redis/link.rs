//! The connection: one, shared by all requests, made in the background and again whenever it is lost, for ever.

mod connecting;
mod suspect;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, Pipeline, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
};

use self::{connecting::connect_at_last, suspect::Suspect};
use super::{
    CLOCK_LIVES, EPOCH_LIVES, Lasting,
    fit::{Fit, Unfit, examine},
    keys::Names,
    life::Life,
    memory::Worry,
    mget, record,
    refusal::{Refusal, refusal},
    script,
    server::{address, host_of, sees_to_cryptography},
};
use crate::{
    backend::{Known, Reading, background::Background},
    clock::{Clock, Millis, millis},
    error::{Error, Fault},
    sync::lock,
};

/// How long a connection may take to be made; it is made in the background.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Link {
    client: Client,
    /// The key of the namespace's clock, which says where in a cluster all of them lie.
    key: Names,
    clock: Clock,
    lasting: Lasting,
    life: Life,
    known: Arc<Known>,
    phase: watch::Sender<Phase>,
    connects: AtomicU64,
    connecting: Background,
    wakes: Arc<Notify>,
    /// Redis' time less this process's, in milliseconds; `UNKNOWN` before it was first asked for.
    offset: AtomicI64,
    /// What was last said of the server's memory.
    worry: Mutex<Option<Worry>>,
}

#[derive(Clone)]
enum Phase {
    /// Being connected for the first time, or again: worth a moment's wait.
    Connecting,
    /// With a number that tells one connection from the next, and the runtime that drives it.
    Up(u64, MultiplexedConnection, Handle),
    /// Not there, for this reason; tried again after a pause.
    Down(&'static str, &'static str),
}

impl Link {
    pub(super) fn new(client: Client, key: Names, clock: Clock, lasting: Lasting, known: Arc<Known>) -> Arc<Self> {
        let link = Arc::new(Self {
            client,
            key,
            clock,
            lasting,
            life: Life::default(),
            known,
            phase: watch::Sender::new(Phase::Connecting),
            connects: AtomicU64::new(0),
            connecting: Background::new(),
            wakes: Arc::default(),
            offset: AtomicI64::new(UNKNOWN),
            worry: Mutex::default(),
        });
        link.connect();
        link
    }

    /// One command, whose answer is no error.
    pub(super) async fn call(self: &Arc<Self>, command: &Cmd) -> Result<Value, Error> {
        let (number, mut connection) = self.connection().await?;
        let answer = connection.send_packed_command(command).await;
        self.checked(number, answer)
    }

    /// A script, which the server may not know; `more` are its arguments beside those that all scripts have.
    pub(super) async fn call_script(self: &Arc<Self>, script: &script::Known, keys: &Names, more: &[&str]) -> Result<Value, Error> {
        let (number, mut connection) = self.connection().await?;
        // Not before there is a connection: a new incarnation is one of the server that it leads to.
        let command = |by_digest| self.command(script, by_digest, keys, more);
        let answer = connection.send_packed_command(&command(true)).await.and_then(Value::extract_error);
        let answer = match answer {
            Err(error) if error.code() == Some("NOSCRIPT") => connection.send_packed_command(&command(false)).await,
            answer => answer,
        };
        self.checked(number, answer)
    }

    /// Several commands at once, of which the first matters. What is stored is dated, so the time is asked for as well.
    pub(super) async fn call_all(self: &Arc<Self>, commands: &mut Pipeline) -> Result<(), Error> {
        commands.cmd("TIME");
        let (number, mut connection) = self.connection().await?;
        let sent = self.clock.now();
        let answers = connection.send_packed_commands(commands, 0, commands.len()).await;
        if let Ok([.., Value::Array(time)]) = answers.as_deref() {
            self.set_time(time, sent);
        }
        let first = answers.map(|answers| answers.into_iter().next().unwrap_or(Value::Nil));
        self.checked(number, first).map(drop)
    }

    /// This process's time, as Redis would give it.
    pub(super) fn wall(&self) -> Millis {
        match self.offset.load(Ordering::Relaxed) {
            UNKNOWN => 0,
            offset => self.clock.now().saturating_add(offset),
        }
    }

    pub(super) fn wakes(&self) -> Arc<Notify> {
        Arc::clone(&self.wakes)
    }

    /// The runtime that drives the connection; the caller's, while there is none.
    pub(super) fn runtime(&self) -> Option<Handle> {
        match &*self.phase.borrow() {
            Phase::Up(.., runtime) => Some(runtime.clone()),
            Phase::Connecting | Phase::Down(..) => Handle::try_current().ok(),
        }
    }

    /// A connection on which answers stay out is given up, unless they come before this is dropped.
    pub(super) fn suspect(self: &Arc<Self>) -> Suspect {
        let number = match &*self.phase.borrow() {
            Phase::Up(number, ..) => Some(*number),
            _ => None,
        };
        Suspect { link: Arc::clone(self), number }
    }

    fn checked(self: &Arc<Self>, number: u64, answer: Result<Value, RedisError>) -> Result<Value, Error> {
        let error = match answer {
            Ok(Value::ServerError(error)) => RedisError::from(error),
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Refusal { error, ends_connection } = refusal(&error);
        if ends_connection {
            self.lost(number);
        }
        Err(error)
    }

    async fn connection(self: &Arc<Self>) -> Result<(u64, MultiplexedConnection), Error> {
        if let Phase::Up(number, connection, _) = &*self.phase.borrow() {
            return Ok((*number, connection.clone()));
        }
        self.connect();
        let mut phases = self.phase.subscribe();
        let phase = phases.wait_for(|phase| !matches!(phase, Phase::Connecting)).await;
        match phase.as_deref() {
            Ok(Phase::Up(number, connection, _)) => Ok((*number, connection.clone())),
            Ok(Phase::Down(word, message)) => Err(Error::fault(Fault::Sick(word), *message)),
            _ => Err(Error::fault(Fault::Sick("unreachable"), "Redis cannot be reached")),
        }
    }

    fn lost(self: &Arc<Self>, number: u64) {
        let is_this_one = |phase: &mut Phase| {
            let is = matches!(phase, Phase::Up(up, ..) if *up == number);
            if is {
                *phase = Phase::Connecting;
            }
            is
        };
        if self.phase.send_if_modified(is_this_one) {
            self.connect();
        }
    }

    /// Has a task in the background connect, unless one does so already.
    fn connect(self: &Arc<Self>) {
        if !self.is_up() {
            self.connecting.begin(|number| connect_at_last(Arc::downgrade(self), number));
        }
    }

    fn is_up(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Up(..))
    }

    /// Once: a connection to a server that will do.
    async fn try_to_connect(&self) -> Result<Fit, (&'static str, &'static str)> {
        let connection = self.connect_to(&self.client).await;
        match connection {
            Ok(fit) => Ok(fit),
            Err(Unfit::Elsewhere(host, port)) => {
                // A node that does not know its own name gives none: it is the one that was asked, on another port.
                let host = if host.is_empty() { host_of(&self.client) } else { host };
                let addr = match self.client.get_connection_info().addr() {
                    ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                        ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
                    }
                    _ => ConnectionAddr::Tcp(host, port),
                };
                let there = Client::open(self.client.get_connection_info().clone().set_addr(addr)).map_err(|_| MOVED)?;
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
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024);
        sees_to_cryptography(client);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(|error| Unfit::of(&error))?;
        let checks = async {
            let worry = self.check(&mut connection).await?;
            Ok::<_, Unfit>((connection, worry))
        };
        tokio::time::timeout(CONNECT_LIMIT, checks)
            .await
            .map_err(|_| Unfit::For("unreachable", "Redis takes connections, and does not answer"))?
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
                tracing::warn!(target: "cached_handler", "the user of Redis may not send `INFO`; whether the server is a primary of version 7.0 is not known");
            }
            Err(error) => return Err(Unfit::of(&error)),
        }
        self.begin(connection).await?;
        let sent = self.clock.now();
        let time: Vec<Value> = ::redis::cmd("TIME").query_async(connection).await.map_err(|error| Unfit::of(&error))?;
        self.set_time(&time, sent);
        Ok(worry)
    }

    /// Where the server is not the one that began the incarnation that it has, begins another. Where that cannot be done,
    /// it is of no use. It is asked in any case, which shows whether the keys are there.
    async fn begin(&self, connection: &mut MultiplexedConnection) -> Result<(), Unfit> {
        let unfit = |error| Unfit::of(&error);
        let clock: Vec<Value> = mget(self.key.iter()).query_async(connection).await.map_err(unfit)?;
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
        if has_begun {
            tracing::warn!(target: "cached_handler", server = address(&self.client), "Redis was started again, or another has taken its place: nothing stored before is used, as invalidations may be lost");
        }
        Ok(())
    }

    /// Whoever comes as soon as there is a connection knows how the clock stood. It is made where there is none; where that
    /// cannot be done, it is not known.
    async fn note_clock(&self, known: Option<Reading>, connection: &mut MultiplexedConnection) {
        let mut reading = known;
        if reading.is_none() {
            let made = self.command(&script::READ, false, &self.key, &[]).query_async::<Vec<Value>>(connection).await;
            reading = made.ok().and_then(|clock| record::reading(self.key.iter(), &clock));
        }
        if let Some(reading) = reading {
            self.known.note(&reading);
        }
    }

    /// A script with what it may need to make what is missing.
    fn command(&self, script: &script::Known, by_digest: bool, keys: &Names, more: &[&str]) -> Cmd {
        let arguments = [self.life.incarnation(), millis(CLOCK_LIVES).unsigned_abs(), millis(EPOCH_LIVES).unsigned_abs()];
        let mut command = script.call(by_digest, keys);
        for argument in arguments {
            command.arg(argument);
        }
        command.arg(more);
        command
    }

    /// Once for as long as it lasts: a connection that is lost and made again is no news.
    fn say_what_worries(&self, worry: Option<Worry>) {
        let before = std::mem::replace(&mut *lock(&self.worry), worry);
        if let Some(worry) = worry.filter(|_| before != worry) {
            tracing::warn!(target: "cached_handler", server = address(&self.client), "{}", worry.advice());
        }
    }

    /// Notes what time it was there halfway between `sent` and now. A clock that is set by hand is compared once: what it
    /// is set on by is time that passes there too.
    fn set_time(&self, time: &[Value], sent: Millis) {
        if matches!(self.clock, Clock::Manual(_)) && self.offset.load(Ordering::Relaxed) != UNKNOWN {
            return;
        }
        let number = |value: &Value| match value {
            Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse::<Millis>().ok(),
            _ => None,
        };
        if let [seconds, micros] = time
            && let (Some(seconds), Some(micros)) = (number(seconds), number(micros))
        {
            let here = sent + (self.clock.now() - sent) / 2;
            self.offset.store(seconds.saturating_mul(1000).saturating_add(micros / 1000).saturating_sub(here), Ordering::Relaxed);
        }
    }
}

const UNKNOWN: Millis = Millis::MIN;
const MOVED: (&str, &str) = ("moved", "the nodes of the cluster do not agree on where the keys are");

impl fmt::Debug for Link {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &*self.phase.borrow() {
            Phase::Connecting => "connecting",
            Phase::Up(..) => "up",
            Phase::Down(word, _) => word,
        };
        f.debug_struct("Link").field("server", &address(&self.client)).field("phase", &phase).finish_non_exhaustive()
    }
}
