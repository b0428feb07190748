//! The connection: one, shared by all requests, made in the background and again whenever it is lost, for ever.

mod connecting;
pub(super) mod lines;
pub(super) mod reach;
mod role;
mod suspect;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::{Client, Cmd, Pipeline, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::Instant,
};

pub(super) use self::role::{Says, says, version};
use self::{connecting::connect_at_last, lines::Lines, role::Role, suspect::Suspect};
use super::{
    CLOCK_LIVES, EPOCH_LIVES, Lasting,
    keys::Names,
    lease::Invalidating,
    life::Life,
    memory::Worry,
    refusal::{Refusal, refusal, senseless},
    script,
    server::address,
};
use crate::{
    error::{Error, Fault},
    storage::remote::latest_stamp::LatestStamp,
    util::{
        background::Background,
        clock::{Clock, Millis, millis},
    },
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
    known: Arc<LatestStamp>,
    invalidating: Arc<Invalidating>,
    phase: watch::Sender<Phase>,
    connects: AtomicU64,
    connecting: Background,
    wakes: Arc<Notify>,
    /// Redis' time less this process's, in milliseconds; `UNKNOWN` before it was first asked for.
    offset: AtomicI64,
    /// The shortest round trip of the present connection, in microseconds; `UNMEASURED` before there was one.
    round_trip: AtomicU64,
    role: Role,
    lines: Lines,
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
    pub(super) fn new(
        client: Client,
        key: Names,
        clock: Clock,
        lasting: Lasting,
        known: Arc<LatestStamp>,
        invalidating: Arc<Invalidating>,
    ) -> Arc<Self> {
        let link = Arc::new(Self {
            client,
            key,
            clock,
            lasting,
            life: Life::default(),
            known,
            invalidating,
            phase: watch::Sender::new(Phase::Connecting),
            connects: AtomicU64::new(0),
            connecting: Background::new(),
            wakes: Arc::default(),
            offset: AtomicI64::new(UNKNOWN),
            round_trip: AtomicU64::new(UNMEASURED),
            role: Role::new(),
            lines: Lines::new(),
            worry: Mutex::default(),
        });
        link.connect();
        link
    }

    /// One command, whose answer is no error, and is that of a primary.
    pub(super) async fn call(self: &Arc<Self>, command: &Cmd) -> Result<Value, Error> {
        let (number, mut connection) = self.connection().await?;
        let sent = Instant::now();
        let answer = match self.role.question(sent) {
            None => connection.send_packed_command(command).await,
            Some(question) => {
                let mut both = Pipeline::with_capacity(2);
                both.add_command(command.clone()).add_command(question);
                match connection.send_packed_commands(&both, 0, 2).await.map(<[Value; 2]>::try_from) {
                    Ok(Ok([answer, role])) => {
                        if !matches!(answer, Value::ServerError(_)) && self.role.answered(&role) == Says::Replica {
                            self.lost(number);
                            return Err(Error::fault(Fault::Sick("readonly"), "Redis is a replica; give the primary's address"));
                        }
                        Ok(answer)
                    }
                    Ok(Err(_)) => return Err(senseless()),
                    Err(error) => Err(error),
                }
            }
        };
        // What broke off was never a round trip, and what belongs to an earlier connection says nothing of this one.
        if answer.is_ok() && matches!(&*self.phase.borrow(), Phase::Up(up, ..) if *up == number) {
            self.note_round_trip(sent);
        }
        self.checked(number, answer)
    }

    /// How far away the server is: the shortest time between a command and its reply on the present connection. A reply
    /// that was slow for any other reason, or read late, makes it no longer.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        match self.round_trip.load(Ordering::Relaxed) {
            UNMEASURED => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }

    fn note_round_trip(&self, sent: Instant) {
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(UNMEASURED);
        // Hardly ever news, and then it is not written.
        if micros < self.round_trip.load(Ordering::Relaxed) {
            self.round_trip.fetch_min(micros, Ordering::Relaxed);
        }
    }

    /// A script, which the server may not know; `more` are its arguments beside those that all scripts have.
    pub(super) async fn call_script(self: &Arc<Self>, script: &script::Script, keys: &Names, more: &[&str]) -> Result<Value, Error> {
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

    /// A script, as for [`Script::call`](script::Script::call), and with it the time: what is stored is dated.
    pub(super) async fn call_dated(self: &Arc<Self>, script: impl Fn(bool) -> Cmd) -> Result<Value, Error> {
        let (number, mut connection) = self.connection().await?;
        let mut answer = Ok(Value::Nil);
        for by_digest in [true, false] {
            let mut both = Pipeline::with_capacity(2);
            both.add_command(script(by_digest)).cmd("TIME");
            let sent = self.clock.now();
            let answers = connection.send_packed_commands(&both, 0, 2).await;
            if let Ok([_, Value::Array(time)]) = answers.as_deref() {
                self.set_time(time, sent);
            }
            let first = answers.map(|answers| answers.into_iter().next().unwrap_or(Value::Nil));
            answer = first.and_then(Value::extract_error);
            if !matches!(&answer, Err(error) if error.code() == Some("NOSCRIPT")) {
                break;
            }
        }
        self.checked(number, answer)
    }

    /// This process's time, as Redis would give it.
    pub(super) fn wall(&self) -> Millis {
        match self.offset.load(Ordering::Relaxed) {
            UNKNOWN => 0,
            offset => self.clock.now().saturating_add(offset),
        }
    }

    /// The number of the database, of which channels know nothing.
    pub(super) fn database(&self) -> i64 {
        self.client.get_connection_info().redis_settings().db()
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
        self.role.ask_soon();
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
            self.connecting.ensure(|number| connect_at_last(Arc::downgrade(self), number));
        }
    }

    fn is_up(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Up(..))
    }

    /// A script with what it may need to make what is missing.
    fn command(&self, script: &script::Script, by_digest: bool, keys: &Names, more: &[&str]) -> Cmd {
        let arguments = [self.life.incarnation(), millis(CLOCK_LIVES).unsigned_abs(), millis(EPOCH_LIVES).unsigned_abs()];
        let mut command = script.call(by_digest, keys);
        for argument in arguments {
            command.arg(argument);
        }
        command.arg(more);
        command
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
const UNMEASURED: u64 = u64::MAX;

impl fmt::Debug for Link {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &*self.phase.borrow() {
            Phase::Connecting => "connecting",
            Phase::Up(..) => "up",
            Phase::Down(word, _) => word,
        };
        let server = address(&self.client);
        let mut debug = f.debug_struct("Link");
        debug.field("server", &server).field("phase", &phase).field("round_trip", &self.round_trip()).finish_non_exhaustive()
    }
}
