//! Where responses are stored: one set of questions for the memory of this process and for what has to be waited for.
//!
//! Nothing outside asks which of them it is. What matters to a request is a property: whether all that is stored can be
//! peeked at, whether stored responses hold their epochs, whether objects are kept or bytes.

mod at_rest;
mod entry;
pub(crate) mod memory;
pub(crate) mod remote;
mod tiered;

use std::{pin::Pin, sync::Arc};

use http::HeaderMap;

pub(crate) use self::{
    at_rest::RemoteStorage,
    entry::{Entry, Opens},
    tiered::TieredStorage,
};
use self::{memory::Memory, remote::Remote};
use crate::{
    epoch::{Effect, EpochSnapshot, Scopes, in_process::Marks, target::Target},
    error::Error,
    handler::Handler,
    key::primary::{KeyRef, PrimaryKey},
    outcome::{Bypass, Forward, Kept, NotStored, Tier},
    stored::{Slot, Stored},
    util::clock::Millis,
};

/// A handler's storage in its cache.
#[derive(Clone, Copy)]
pub(crate) enum Storage<'a> {
    /// Objects of this process.
    Memory(&'a Memory),
    /// Bytes elsewhere.
    Remote(RemoteStorage<'a>),
    /// The same, with copies of them as objects of this process.
    Tiered(TieredStorage<'a>),
    Missing,
}

/// What a request knows of the epochs, from before any run that it begins.
#[derive(Debug, Clone)]
pub(crate) struct KnownEpochs {
    pub(crate) reading: EpochSnapshot,
    /// References to the epochs, if they are those of this process.
    pub(crate) marks: Option<Marks>,
}

/// What a look-up has found.
pub(crate) struct LookUp {
    /// How the epochs stood after the request began; none, if they can be read at any time without waiting.
    pub(crate) epochs: Option<KnownEpochs>,
    pub(crate) found: Found,
}

pub(crate) enum Found {
    /// A response that nothing has invalidated. `own_key`: in memory, that of the variant that it is.
    Response { slot: Arc<Slot>, is_expired: bool, own_key: Option<PrimaryKey>, tier: Tier },
    /// Nothing that could answer, and why.
    Nothing(Forward),
}

/// A response that is stored, and the key that it is stored under in memory.
pub(crate) struct Left {
    pub(crate) slot: Arc<Slot>,
    key: PrimaryKey,
}

/// What its epochs say of a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Current,
    /// Stale, however long its lifetime.
    Expired,
    Invalidated,
}

/// Work that is left, for a task.
pub(crate) type Later = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<'a> Storage<'a> {
    /// What lies under a key, as far as that is known without waiting.
    #[inline]
    pub(crate) fn peek(self, key: &KeyRef<'_>) -> Option<Arc<Slot>> {
        match self {
            Self::Memory(memory) => memory.get(key),
            Self::Tiered(tiered) => tiered.peek(key),
            Self::Remote(_) | Self::Missing => None,
        }
    }

    /// What a request selects of what a peek has shown under its key.
    pub(crate) fn selected(self, slot: Arc<Slot>, key: &KeyRef<'_>, handler: &Handler, fields: Option<&HeaderMap>) -> Found {
        let memory = match self {
            Self::Memory(memory) => memory,
            Self::Tiered(tiered) => return tiered.selected(slot, key, handler, fields),
            Self::Remote(_) | Self::Missing => return Found::Nothing(Forward::UriMiss),
        };
        let Some((slot, own_key)) = memory.selected(slot, key, handler, fields) else { return Found::Nothing(Forward::VaryMiss) };
        let Slot::Response(stored) = &*slot else { return Found::Nothing(Forward::VaryMiss) };
        match memory.validity(stored) {
            Validity::Invalidated => Found::Nothing(Forward::Invalidated),
            validity => Found::Response { is_expired: validity == Validity::Expired, slot, own_key, tier: Tier::Only },
        }
    }

    /// Looks up, and reads the epochs if that has to be waited for.
    pub(crate) async fn find(self, entry: &Entry<'_>) -> Result<LookUp, Error> {
        match self {
            Self::Memory(memory) => {
                let key = entry.key.as_ref();
                let nothing = Found::Nothing(Forward::UriMiss);
                let found = memory.get(&key).map_or(nothing, |slot| self.selected(slot, &key, entry.handler, entry.fields));
                Ok(LookUp { epochs: None, found })
            }
            Self::Remote(remote) => {
                let key = remote.key_of(entry);
                match remote.find_now(entry, &key) {
                    Ok(look_up) => Ok(look_up),
                    Err(begun) => Box::pin(remote.find_from(begun, entry, &key)).await,
                }
            }
            Self::Tiered(tiered) => Box::pin(tiered.find(entry)).await,
            Self::Missing => Ok(LookUp { epochs: None, found: Found::Nothing(Forward::Bypass(Bypass::UnknownBackend)) }),
        }
    }

    /// Stores a response, or says why not. `marks`: the epochs of the run that made it, if they are those of this process.
    pub(crate) async fn put(self, entry: &Entry<'_>, slot: &Arc<Slot>, marks: Option<&Marks>, now: Millis) -> Kept {
        let Slot::Response(stored) = &**slot else { return Kept::Not(NotStored::Backend) };
        let outcome = match self {
            Self::Memory(memory) => memory.store(entry, slot, marks, now),
            Self::Remote(remote) => Box::pin(remote.put(entry, stored, now)).await.map(drop),
            Self::Tiered(tiered) => Box::pin(tiered.put(entry, slot, now)).await,
            Self::Missing => Err(NotStored::Bypass),
        };
        outcome.map_or_else(Kept::Not, |()| Kept::Stored)
    }

    /// Forgets what is under the key. That nobody is given it any more, the epochs see to.
    pub(crate) async fn remove(self, entry: &Entry<'_>) {
        match self {
            Self::Memory(memory) => memory.remove(entry.key),
            Self::Remote(remote) => remote.removing(entry, remote.key_of(entry)).await,
            Self::Tiered(tiered) => tiered.remove(entry).await,
            Self::Missing => {}
        }
    }

    /// The latest epochs of each of several responses, and the clock as it stood before.
    pub(crate) async fn read_epochs(self, scopes: &[Scopes<'_>]) -> Result<Vec<EpochSnapshot>, Error> {
        match self {
            Self::Memory(memory) => Ok(scopes.iter().map(|scopes| memory.epochs.read_now(scopes, None).0).collect()),
            Self::Remote(remote) | Self::Tiered(TieredStorage { far: remote, .. }) => remote.backend.read_each(scopes).await,
            Self::Missing => Err(Error::backend("it is not set up")),
        }
    }

    /// The same of a stored response. If it is made of something outdated, it is outdated for ever.
    pub(crate) async fn read_epochs_of(self, entry: &Entry<'_>, stored: &Stored) -> Option<EpochSnapshot> {
        match self {
            Self::Remote(remote) | Self::Tiered(TieredStorage { far: remote, .. }) => remote.read_epochs_of(entry, stored).await.ok(),
            Self::Memory(_) | Self::Missing => None,
        }
    }

    /// Makes unusable, or stale, what was stamped before, in the target's scope.
    pub(crate) async fn advance(self, target: &Target, effect: Effect) -> Result<(), Error> {
        match self {
            Self::Memory(memory) => _ = memory.epochs.advance_now(target.mark(), effect),
            Self::Remote(remote) | Self::Tiered(TieredStorage { far: remote, .. }) => remote.backend.advance(target, effect).await?,
            Self::Missing => {}
        }
        Ok(())
    }

    /// What is stored under the key, fresh or not, unless it was invalidated.
    pub(crate) async fn left(self, entry: &Entry<'_>) -> Option<Left> {
        let LookUp { found: Found::Response { slot, own_key, .. }, .. } = self.find(entry).await.ok()? else { return None };
        Some(Left { slot, key: own_key.unwrap_or_else(|| entry.key.clone()) })
    }

    /// Puts a response in the place of what was left, unless it was invalidated since.
    pub(crate) async fn replace(self, entry: &Entry<'_>, left: Left, by: Stored, now: Millis) {
        match self {
            Self::Memory(memory) if memory.has_invalidated(&by) => {}
            Self::Memory(memory) => drop(memory.put(left.key, Arc::new(Slot::Response(by)))),
            Self::Remote(remote) => drop(Box::pin(remote.put(entry, &by, now)).await),
            Self::Tiered(tiered) => drop(Box::pin(tiered.put(entry, &Arc::new(Slot::Response(by)), now)).await),
            Self::Missing => {}
        }
    }

    /// Forgets what was left.
    pub(crate) async fn remove_left(self, entry: &Entry<'_>, left: &Left) {
        match (self, &*left.slot) {
            (Self::Memory(memory), _) => memory.remove(&left.key),
            (Self::Remote(remote), Slot::Response(stored)) => remote.removing(entry, remote.place_of(entry, stored)).await,
            (Self::Tiered(tiered), Slot::Response(stored)) => tiered.removing(entry, stored).await,
            _ => {}
        }
    }

    /// Forgets what has ended, as work for a task: an object knows by itself that it has.
    pub(crate) fn removing_ended(self, entry: &Entry<'_>, stored: &Stored) -> Option<Later> {
        match self {
            Self::Remote(remote) => Some(remote.removing(entry, remote.place_of(entry, stored))),
            Self::Tiered(tiered) => Some(tiered.removing(entry, stored)),
            Self::Memory(_) | Self::Missing => None,
        }
    }

    /// Whether a [peek](Self::peek) shows all that is stored.
    #[inline]
    pub(crate) fn peeks(self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Whether a [peek](Self::peek) may show something.
    #[inline]
    pub(crate) fn may_peek(self) -> bool {
        matches!(self, Self::Memory(_) | Self::Tiered(_))
    }

    /// Which copy it is that a [peek](Self::peek) shows.
    #[inline]
    pub(crate) fn tier(self) -> Tier {
        if matches!(self, Self::Tiered(_)) { Tier::Near } else { Tier::Only }
    }

    /// Whether a stored response holds its epochs, which are those of this process.
    pub(crate) fn holds_epochs(self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Whether it keeps responses as they are, in memory of their own.
    pub(crate) fn keeps_objects(self) -> bool {
        matches!(self, Self::Memory(_) | Self::Tiered(_))
    }

    /// Whether it keeps values themselves, and nothing of their bytes.
    pub(crate) fn keeps_values(self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Whether storing takes no time that an answer should not wait for.
    pub(crate) fn puts_at_once(self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// The backend whose time orders runs of several processes; none, if all runs are of this process.
    pub(crate) fn orders_by(self) -> Option<&'a dyn Remote> {
        match self {
            Self::Remote(remote) | Self::Tiered(TieredStorage { far: remote, .. }) if !remote.backend.has_clock_here() => {
                Some(&**remote.backend)
            }
            _ => None,
        }
    }
}
