//! Redis: stored responses that many machines share, and one clock for all of them.
//!
//! A hit is one `MGET` of the clock, the epochs and the response, and where many look up at the same moment, one for all
//! of them. A store is one pipeline, an invalidation one script.
//! Nothing is ever listed, and every key has a time limit.

mod batch;
mod calls;
mod fit;
mod incarnation;
mod joint;
mod keys;
pub(crate) mod lease;
mod life;
mod link;
mod look_up;
mod memory;
mod record;
mod refusal;
mod script;
mod server;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::redis::{Cmd, Value};
use bytes::{BufMut, Bytes, BytesMut};

pub use self::server::RedisServer;
use self::{
    batch::{Batches, Wanted},
    joint::Found,
    keys::Keys,
    lease::{Invalidating, Lease},
    link::Link,
    refusal::senseless,
};
use super::{Advancing, Answer, Put, Remote, Wakes, latest_stamp::LatestStamp, store::Store};
use crate::{
    epoch::{Effect, EpochSnapshot, Epochs, Moved, Order, Scopes, Stamp, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    util::clock::{Clock, span},
};

/// `backend = "redis"` as a [`Store`] and [`Epochs`]: to run the [conformance tests](super::conformance) against a
/// server, or to wrap it in a backend of your own. An application sets it up by
/// [`CacheBuilder::redis`](crate::CacheBuilder::redis).
///
/// Clones share one connection. It is made in the background, and made again for ever.
///
/// ```no_run
/// # async fn test() -> Result<(), cached_handler::Error> {
/// use cached_handler::backend::{Redis, conformance};
///
/// let redis = Redis::open("redis://127.0.0.1:6379", "conformance")?;
/// conformance::store(&redis).await;
/// conformance::epochs(&redis).await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    link: Arc<Link>,
    keys: Keys,
    known: Arc<LatestStamp>,
    batches: Batches<Wanted>,
    invalidating: Arc<Invalidating>,
    /// Where copies are kept in memory.
    lease: Option<Lease>,
}

/// How long leases are, which all processes of a namespace have to agree on, and whether this one holds one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leasing {
    pub(crate) length: Duration,
    pub(crate) holds: bool,
}

impl Default for Leasing {
    fn default() -> Self {
        Self { length: lease::DEFAULT_LENGTH, holds: false }
    }
}

/// How long what is stored can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lasting {
    /// In the life of the server that it was stored in.
    #[default]
    Life,
    /// For ever: the server loses no invalidation.
    Ever,
}

/// How long the clock lives, at least, after it was last moved or a response was stored; and how long an epoch that no
/// stored response has yet: as long as any run. One that is missing costs misses and nothing else.
const CLOCK_LIVES: Duration = Duration::from_secs(24 * 60 * 60);
const EPOCH_LIVES: Duration = Duration::from_secs(2 * 60);

impl Redis {
    /// On a server, under a namespace: at most 64 letters, digits and `-_.:/`. Returns at once; whether the server is
    /// there shows later.
    ///
    /// # Errors
    ///
    /// Where the address or the namespace cannot be used; [`Error::is_config`] is true for both.
    pub fn open(server: impl Into<RedisServer>, namespace: &str) -> Result<Self, Error> {
        Self::with_clock(&server.into(), namespace, Clock::System, Lasting::Life, Leasing::default())
    }

    pub(crate) fn with_clock(
        server: &RedisServer,
        namespace: &str,
        clock: Clock,
        lasting: Lasting,
        leasing: Leasing,
    ) -> Result<Self, Error> {
        let (keys, client) = (Keys::new(namespace)?, server.client()?);
        let (known, invalidating) = (Arc::default(), Arc::new(Invalidating::new(leasing.length)));
        let lease = leasing.holds.then(|| Lease::new(leasing.length, client.clone(), keys.clone(), lasting));
        let link = Link::new(client, keys.clock(), clock, lasting, Arc::clone(&known), Arc::clone(&invalidating));
        Ok(Self(Arc::new(Inner { link, keys, known, batches: Batches::default(), invalidating, lease })))
    }
}

impl Remote for Redis {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, EpochSnapshot)> {
        Box::pin(async move {
            let Found { reading, response } = self.0.look_up(key, scopes).await?;
            let reading = match reading {
                Some(reading) => reading,
                None => self.0.make_epochs_of(scopes).await?,
            };
            self.0.known.note(&reading);
            Ok((response.and_then(|response| unframe(reading.incarnation, &response)), reading))
        })
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(async move {
            let keys = self.0.keys.clock_with(key);
            let mut values = list(self.0.link.call(&mget(keys.iter())).await?)?;
            let response = values.pop().and_then(bytes);
            let reading = record::reading(keys.iter().take(1), &values);
            Ok(reading.zip(response).and_then(|(reading, response)| unframe(reading.incarnation, &response)))
        })
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, EpochSnapshot> {
        Box::pin(async move {
            let readings = self.0.read_each(std::slice::from_ref(scopes)).await?;
            readings.into_iter().next().ok_or_else(senseless)
        })
    }

    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<EpochSnapshot>> {
        Box::pin(self.0.read_each(scopes))
    }

    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put> {
        Box::pin(async move {
            let keys = self.0.keys.all_with(scopes, self.0.incarnation(), key);
            self.0.put(&keys, &bytes, keep_for, unless_after.is_some()).await
        })
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(Store::remove(self, key))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        Box::pin(async move { self.advance_and_tell(target, effect).await.map(drop) })
    }

    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        Box::pin(async move {
            let (moved, wait) = self.0.advance_at(target, effect).await?;
            if let Some(wait) = wait {
                Arc::clone(&self.0).settle(wait).await;
            }
            Ok(Some(moved))
        })
    }

    fn begin_to_advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Advancing> {
        Box::pin(async move {
            let (moved, wait) = self.0.advance_at(target, effect).await?;
            let rest = wait.map(|wait| Box::pin(Arc::clone(&self.0).settle(wait)) as _);
            Ok(Advancing { moved: Some(moved), rest })
        })
    }

    fn probe(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let suspect = self.0.link.suspect();
            let answer = self.0.read(&self.0.keys.clock()).await;
            suspect.clear();
            answer.map(drop)
        })
    }

    fn known(&self) -> Option<Stamp> {
        self.0.known.stamp()
    }

    /// Redis' own time: the clocks of those who share it need not agree.
    fn wall(&self, _: &Clock) -> SystemTime {
        UNIX_EPOCH.checked_add(span(self.0.link.wall())).unwrap_or(UNIX_EPOCH)
    }

    fn round_trip(&self) -> Option<Duration> {
        self.0.link.round_trip()
    }

    fn wakes(&self) -> Wakes {
        Wakes(Some(self.0.link.wakes()))
    }

    fn lease(&self) -> Option<&Lease> {
        self.0.lease.as_ref()
    }
}

impl Store for Redis {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        Remote::get(self, key).await
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        self.0.put(&self.0.keys.clock_with(key), &bytes, keep_for, false).await.map(drop)
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.0.link.call(::redis::cmd("DEL").arg(self.0.keys.response(key))).await.map(drop)
    }

    /// A new incarnation: what was stored before is unusable, and dies in its time. Nobody else's keys are touched.
    async fn clear(&self) -> Result<(), Error> {
        let (_, wait) = self.0.advance(&self.0.keys.clock_and_holders(), "forget", None).await?;
        if let Some(wait) = wait {
            Arc::clone(&self.0).settle(wait).await;
        }
        Ok(())
    }
}

impl Epochs for Redis {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        Remote::read(self, scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        Remote::advance(self, target, effect).await
    }

    fn known(&self) -> Option<(u64, u64)> {
        self.0.known.stamp().map(|stamp| (stamp.incarnation, stamp.clock))
    }
}

fn mget(keys: impl ExactSizeIterator<Item: AsRef<str>> + Clone) -> Cmd {
    let length: usize = keys.clone().map(|key| key.as_ref().len()).sum();
    let mut command = Cmd::with_capacity(keys.len() + 1, length + 4);
    command.arg("MGET");
    for key in keys {
        command.arg(key.as_ref());
    }
    command
}

fn list(value: Value) -> Result<Vec<Value>, Error> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(senseless()),
    }
}

fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => None,
    }
}

/// The incarnation in front, so that what was stored in another is gone.
fn frame(incarnation: u64, bytes: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(8 + bytes.len());
    framed.put_u64_le(incarnation);
    framed.put_slice(bytes);
    framed.freeze()
}

fn unframe(incarnation: u64, framed: &Bytes) -> Option<Bytes> {
    (framed.get(..8)? == incarnation.to_le_bytes()).then(|| framed.slice(8..))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("link", &self.0.link).field("keys", &self.0.keys).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::remote::mutations::{WHOLE, mutations, read};

    /// As `MGET` gave them: with the incarnation in front.
    #[test]
    fn of_a_million_mutations_of_a_stored_response_none_is_read() {
        let whole = frame(7, WHOLE);
        assert!(read(&unframe(7, &whole).unwrap()).is_ok());
        let (mut tried, mut damaged) = (0, 0);
        for bytes in mutations(&whole, 48) {
            if let Some(found) = unframe(7, &bytes.into()) {
                assert!(read(&found).is_err(), "{found:?}");
                damaged += 1;
            }
            tried += 1;
        }
        println!("- mutations of a value: {tried}, of which {damaged} were of this incarnation and refused, and none was read");
        assert!(damaged > tried / 2);
    }
}
