//! What an author sets, and which directory that has led to.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use super::{
    check,
    disk::{Identity, identity_at},
    fault::Fault,
    table::{Boot, Moment},
};
use crate::util::{clock::Clock, digest::Digest, lock::lock};

/// What an author sets.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(super) directory: PathBuf,
    /// The directory of the namespace, in that.
    pub(super) home: String,
    pub(super) capacity: u64,
    pub(super) durable: bool,
    pub(super) clock: Clock,
}

impl Settings {
    /// Where this process has had another directory open at the path since it had the one that is there: when that was last
    /// seen there. Until then it may have invalidated there what rests here.
    pub(super) fn was_elsewhere_at(&self) -> Result<Option<Moment>, Fault> {
        let path = self.directory.join(&self.home);
        let known = lock(&PLACES).iter().find(|place| place.path == path).map(|place| (place.identity, place.seen));
        let Some((identity, seen)) = known else { return Ok(None) };
        Ok((identity_at(&path)? != Some(identity)).then_some(seen))
    }

    pub(crate) fn new(directory: PathBuf, namespace: &str, capacity: u64, durable: bool, clock: Clock) -> Self {
        // The first digit is the version of everything that lies in it: versions do not meet.
        let home = format!("3-{:.16}", &*Digest::of(namespace.as_bytes()).to_hex());
        Self { directory, home, capacity, durable, clock }
    }

    pub(super) fn boot(&self) -> Boot {
        if self.durable { Boot::Any } else { this_boot() }
    }
}

/// Where the system does not tell one boot from another, every invalidation goes to the disk.
fn this_boot() -> Boot {
    let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok().map(|id| Digest::of(&id));
    match id.as_ref().and_then(|id| check::words::<2>(id.as_bytes())) {
        Some(words) if words != [0; 2] => Boot::This(words),
        _ => Boot::Any,
    }
}

/// Which directory this process last had open at a path.
static PLACES: Mutex<Vec<Last>> = Mutex::new(Vec::new());

struct Last {
    path: PathBuf,
    identity: Identity,
    /// When it was last there.
    seen: Moment,
}

/// Notes that this process has it open there.
pub(super) fn was_seen(path: &Path, identity: Identity) {
    let (mut places, seen) = (lock(&PLACES), Moment::now());
    match places.iter_mut().find(|place| place.path == path) {
        Some(place) => (place.identity, place.seen) = (identity, seen),
        None => places.push(Last { path: path.to_owned(), identity, seen }),
    }
}
