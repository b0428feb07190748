//! The connection of a lease: it is subscribed to the invalidations of the namespace, and on it the lease is renewed. So whoever
//! has the answer to a renewal has handled each invalidation that was published before.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::{AsyncConnectionConfig, Client, Cmd, ProtocolVersion, PushInfo, PushKind, RedisError, Value, aio::MultiplexedConnection};
use tokio::runtime::Handle;

use super::{
    State,
    machine::{Event, Renewed},
    message::Message,
};
use crate::{
    storage::remote::redis::{
        CLOCK_LIVES, EPOCH_LIVES, Lasting,
        fit::Unfit,
        keys::{Keys, Names},
        life::Life,
        link::reach::redirected,
        record, script,
        server::sees_to_cryptography,
    },
    util::{
        background::Background,
        backoff::{chance, pause},
        clock::millis,
        lock::lock,
        random::random,
        tasks::spawn,
        timer::{sleep, timeout},
    },
};

/// How long a connection may take to be made and subscribed.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const RECONNECTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));
/// What the user of Redis may not do is tried again after this.
const WITHOUT_RIGHTS: Duration = Duration::from_secs(10);
/// An acknowledgement that takes longer helps nobody.
const ACKNOWLEDGING: Duration = Duration::from_secs(1);
/// An acknowledgement is of use as long as somebody may wait for it.
const ACKNOWLEDGED_FOR: Duration = Duration::from_secs(20);
/// A lease is renewed so many times while it lasts.
const RENEWALS: u32 = 3;
/// Renewals that are wanted at once follow each other no closer than one part in so many of a lease.
const CLOSEST: u32 = 16;

pub(super) struct Channel(Arc<Parts>);

struct Parts {
    state: Arc<State>,
    client: Client,
    keys: Keys,
    lasting: Lasting,
    task: Background,
    connects: AtomicU64,
    renewals: AtomicU64,
}

/// Why there is no lease, in a word, and what to do about it.
pub(super) type Why = (&'static str, &'static str);

impl Channel {
    pub(super) fn new(state: Arc<State>, client: Client, keys: Keys, lasting: Lasting) -> Self {
        let channel = Self(Arc::new(Parts {
            state,
            client,
            keys,
            lasting,
            task: Background::new(),
            connects: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
        }));
        channel.ensure();
        channel
    }

    /// Has a task in the background hold the lease, unless one does.
    pub(super) fn ensure(&self) {
        self.0.task.ensure(|turn| hold_for_ever(Arc::downgrade(&self.0), turn));
    }
}

async fn hold_for_ever(parts: Weak<Parts>, turn: u64) {
    let mut attempt = 0;
    loop {
        let Some(alive) = parts.upgrade() else { return };
        if alive.task.may_stop(turn, || false) {
            return;
        }
        alive.task.back_within(turn, 2 * CONNECT_LIMIT);
        let number = alive.connects.fetch_add(1, Ordering::Relaxed);
        let (state, life) = (Arc::clone(&alive.state), Life::default());
        let connected = timeout(CONNECT_LIMIT, alive.connect(number, &life)).await.unwrap_or(Err(UNREACHABLE));
        drop(alive);
        let why = match connected {
            Ok(connection) => {
                attempt = 0;
                state.on(Event::Connected(number), None);
                let acknowledging = acknowledge(parts.clone(), Arc::clone(&state), connection.clone(), number);
                drop(spawn(&Handle::current(), acknowledging));
                renew(&parts, &state, connection, number, &life, turn).await
            }
            Err(why) => Some(why),
        };
        state.on(Event::Disconnected(number), None);
        state.acknowledges.notify_one();
        let Some(why) = why else { return };
        state.is_without(why);
        let until_next = if why.0 == NO_RIGHTS { WITHOUT_RIGHTS } else { pause(attempt, RECONNECTS.0, RECONNECTS.1, chance()) };
        if let Some(alive) = parts.upgrade() {
            alive.task.back_within(turn, until_next);
        }
        sleep(until_next).await;
        attempt += 1;
    }
}

/// Renews the lease again and again, until the connection is of no use any more. None: nobody needs it.
async fn renew(
    parts: &Weak<Parts>,
    state: &Arc<State>,
    mut connection: MultiplexedConnection,
    number: u64,
    life: &Life,
    turn: u64,
) -> Option<Why> {
    let length = Duration::from_micros(state.length);
    loop {
        let alive = parts.upgrade()?;
        if alive.task.may_stop(turn, || false) {
            return None;
        }
        alive.task.back_within(turn, 2 * length);
        // Before anything is handed to the connection: from here on the lease is counted.
        let sent = state.clock.micros();
        let known = lock(&state.machine).known_for_long(sent);
        let renewal = alive.renewal(known, life);
        let names = alive.keys.clock_and_holders();
        let namespace = alive.keys.namespace().to_owned();
        drop(alive);
        let answer = timeout(length, call(&mut connection, &script::RENEW, &names, &renewal)).await;
        let why = match answer {
            Err(_) => Some(SLOW),
            Ok(Err(error)) => Some(why_not(&error)),
            Ok(Ok(Value::Nil)) => Some(("another-life", "Redis was started again, or another has taken its place")),
            Ok(Ok(answer)) => match record::renewed(&namespace, &answer) {
                Some((stamp, nonce)) => {
                    state.on(Event::Renewed(number, sent, Renewed { stamp, nonce }), None);
                    None
                }
                None => Some(SENSELESS),
            },
        };
        if let Some(why) = why {
            state.on(Event::NotRenewed(number), None);
            return Some(why);
        }
        sleep(length / CLOSEST).await;
        _ = timeout((length / RENEWALS).saturating_sub(length / CLOSEST), state.renews.notified()).await;
        if !state.is_on(number) {
            return Some(("disconnected", "the connection to Redis was lost"));
        }
    }
}

/// Acknowledges what was applied, as long as the connection is the one that is subscribed.
async fn acknowledge(parts: Weak<Parts>, state: Arc<State>, mut connection: MultiplexedConnection, number: u64) {
    loop {
        state.acknowledges.notified().await;
        if !state.is_on(number) {
            // It may have been meant for the next connection.
            return state.acknowledges.notify_one();
        }
        let Some(key) = parts.upgrade().map(|parts| parts.keys.acknowledged(state.id)) else { return };
        // What is applied meanwhile is acknowledged next.
        let Some(handled) = lock(&state.machine).handled() else { continue };
        let mut command = ::redis::cmd("SET");
        command.arg(key).arg(record::acknowledgement(handled)).arg("PX").arg(millis(ACKNOWLEDGED_FOR));
        _ = timeout(ACKNOWLEDGING, connection.send_packed_command(&command)).await;
    }
}

async fn call(
    connection: &mut MultiplexedConnection,
    script: &script::Script,
    names: &Names,
    words: &[String],
) -> Result<Value, RedisError> {
    let command = |by_digest| -> Cmd {
        let mut command = script.call(by_digest, names);
        command.arg(words);
        command
    };
    match connection.send_packed_command(&command(true)).await.and_then(Value::extract_error) {
        Err(error) if error.code() == Some("NOSCRIPT") => {
            connection.send_packed_command(&command(false)).await.and_then(Value::extract_error)
        }
        answer => answer,
    }
}

impl Parts {
    /// A connection that is subscribed.
    async fn connect(&self, number: u64, life: &Life) -> Result<MultiplexedConnection, Why> {
        let said = match self.subscribe(&self.client, number, life).await {
            Err(Unfit::Elsewhere(host, port)) => {
                let there = redirected(&self.client, host, port).ok_or(UNREACHABLE)?;
                self.subscribe(&there, number, life).await
            }
            said => said,
        };
        said.map_err(|unfit| match unfit {
            Unfit::Elsewhere(..) => UNREACHABLE,
            Unfit::For(word, what) => (word, what),
        })
    }

    async fn subscribe(&self, client: &Client, number: u64, life: &Life) -> Result<MultiplexedConnection, Unfit> {
        let unfit = |error: RedisError| Unfit::of(&error);
        let info = client.get_connection_info().clone();
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let database = settings.db();
        let client = Client::open(info.set_redis_settings(settings)).map_err(unfit)?;
        let state = Arc::clone(&self.state);
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None).set_push_sender(
            // Called by whoever drives the connection, in the order of the stream.
            move |push: PushInfo| {
                state.pushed(number, &push);
                Ok::<(), ()>(())
            },
        );
        sees_to_cryptography(&client);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(unfit)?;
        if self.lasting == Lasting::Life {
            match ::redis::cmd("INFO").arg("server").query_async::<String>(&mut connection).await {
                Ok(info) => life.is_that_of(&info),
                Err(error) if error.code() == Some("NOPERM") => return Err(Unfit::For(NO_RIGHTS, NO_INFO)),
                Err(error) => return Err(Unfit::of(&error)),
            }
            if !life.is_known() {
                return Err(Unfit::For(NO_RIGHTS, NO_INFO));
            }
        }
        // Sharded, so that in a cluster it passes the node that has the keys.
        let subscribed = connection.send_packed_command(::redis::cmd("SSUBSCRIBE").arg(self.keys.channel(database))).await;
        match subscribed.and_then(Value::extract_error) {
            Ok(_) => Ok(connection),
            Err(error) if error.code() == Some("NOPERM") => Err(Unfit::For(NO_RIGHTS, NO_CHANNEL)),
            Err(error) => Err(Unfit::of(&error)),
        }
    }

    /// The words of a renewal.
    fn renewal(&self, known: Option<u64>, life: &Life) -> Vec<String> {
        vec![
            life.incarnation().to_string(),
            millis(CLOCK_LIVES).to_string(),
            millis(EPOCH_LIVES).to_string(),
            self.state.id.to_string(),
            self.renewals.fetch_add(1, Ordering::Relaxed).to_string(),
            known.map_or_else(String::new, |set| set.to_string()),
            random().to_string(),
            if self.lasting == Lasting::Life { life.digits() } else { String::new() },
            self.state.length.to_string(),
        ]
    }
}

impl State {
    /// What a connection brings beside the answers.
    fn pushed(&self, number: u64, push: &PushInfo) {
        match push.kind {
            PushKind::SMessage => {
                let message = match push.data.last() {
                    Some(Value::BulkString(text)) => Message::read(text),
                    _ => None,
                };
                let event = Event::Pushed(number, message.as_ref().map(|message| (message.before, message.stamp)));
                self.on(event, message.map(|message| (message.mark, message.effect)));
            }
            // The keys have moved to another node, or the connection has ended.
            PushKind::SUnsubscribe | PushKind::Disconnection => {
                self.on(Event::Disconnected(number), None);
                self.renews.notify_one();
                self.acknowledges.notify_one();
            }
            _ => {}
        }
    }

    /// Whether this connection is the one that is subscribed.
    fn is_on(&self, number: u64) -> bool {
        lock(&self.machine).is_on(number)
    }
}

fn why_not(error: &RedisError) -> Why {
    if error.code() == Some("NOPERM") {
        return (NO_RIGHTS, NO_SCRIPTS);
    }
    match Unfit::of(error) {
        Unfit::For(word, what) => (word, what),
        Unfit::Elsewhere(..) => ("moved", "the keys are at another node of the cluster"),
    }
}

pub(super) const NO_RIGHTS: &str = "noperm";
const NO_CHANNEL: &str = "the user of Redis may not subscribe to the channel of invalidations; allow it `&ch:*` and `+@pubsub`";
const NO_INFO: &str = "the user of Redis may not send `INFO`, so that a restart of the server would not be noticed; allow it `+info`";
const NO_SCRIPTS: &str = "the user of Redis may not renew a lease; allow it `+@read +@write +@scripting` and the keys `~ch:*`";
const UNREACHABLE: Why = ("unreachable", "Redis cannot be reached");
const SLOW: Why = ("slow", "Redis did not answer in time");
const SENSELESS: Why = ("senseless", "Redis answered what cannot be understood");

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}
