//! A thread that keeps the directory in order: it counts, evicts, removes what is dead or was left behind, notes what was
//! used, and closes files. It takes its time, unless space is short.
//!
//! Of several processes on one directory one scans at a time. Everything is streamed: no list of the files is held.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{FlockOperation, flock};

use super::{
    Shared,
    disk::{Facts, Folder},
    entry::{FileName, Kind, kind_of},
    evict::Ages,
    fault::Fault,
    place::{Place, RESPONSES, TRASH},
};

/// What requests leave for the thread to do.
#[derive(Debug)]
pub(super) enum Note {
    Used(FileName),
    /// Much has been written.
    Scan,
    /// There are descriptors to close.
    Close,
    /// It may be time to see where the directory is.
    Look,
}

/// Where they leave it. Full, it takes no more: nothing of this is worth a wait.
pub(super) type Notes = SyncSender<Note>;

/// Begins the thread, which ends with the last handle of the backend.
pub(super) fn begin(shared: &Arc<Shared>) -> Option<Notes> {
    let (sender, receiver) = sync_channel(NOTES);
    let shared = Arc::downgrade(shared);
    let thread = std::thread::Builder::new().name("cached-handler-fs".to_owned()).spawn(move || run(&shared, &receiver));
    match thread {
        Ok(_detached) => Some(sender),
        Err(error) => {
            tracing::warn!(target: "cached_handler", %error, "no thread to sweep the directory of the backend `fs`; nothing is evicted");
            None
        }
    }
}

fn run(shared: &Weak<Shared>, notes: &Receiver<Note>) {
    let mut last_scan: Option<SystemTime> = None;
    loop {
        let Some(strong) = shared.upgrade() else { return };
        let now = strong.now();
        strong.look_after_the_directory();
        if is_due(last_scan, now, strong.quota.has_grown()) || strong.quota.wants_scan() {
            match scan(&strong, shared) {
                Ok(Scanned::Done) => last_scan = Some(now),
                // Its count is not ours: ask again, soon.
                Ok(Scanned::ByAnother) | Err(Fault::Gone) => {}
                Err(fault) => {
                    tracing::debug!(target: "cached_handler", error = %fault, "a scan of the directory of the backend `fs` broke off");
                    last_scan = Some(now);
                }
            }
        }
        strong.close_unneeded();
        drop(strong);
        let (mut used, mut next) = (0, notes.recv_timeout(LONGEST_REST));
        loop {
            match next {
                Ok(Note::Used(name)) => {
                    let Some(shared) = shared.upgrade() else { return };
                    shared.note_use(&name);
                    used += 1;
                }
                Ok(Note::Scan | Note::Close | Note::Look) | Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if used >= BATCH {
                break;
            }
            next = notes.recv_timeout(Duration::ZERO);
        }
        std::thread::sleep(SHORT_REST);
    }
}

/// At the start, and every ten minutes, or half a minute where much has been written: other processes write too. A clock
/// that was set back counts as due.
fn is_due(last: Option<SystemTime>, now: SystemTime, has_grown: bool) -> bool {
    let between = if has_grown { BETWEEN_SCANS_THAT_GROW } else { BETWEEN_SCANS };
    last.is_none_or(|last| now.duration_since(last).map_or(true, |since| since >= between))
}

enum Scanned {
    Done,
    ByAnother,
}

fn scan(shared: &Arc<Shared>, alive: &Weak<Shared>) -> Result<Scanned, Fault> {
    let place = shared.place()?;
    let turn = place.home().open_to_share("sweep")?;
    if flock(&turn, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(Scanned::ByAnother);
    }
    remove_trash(&place)?;
    let written = shared.quota.written();
    let mut ages = Ages::new();
    walk(shared, alive, &place, |found| {
        ages.add(found.age, found.allocated);
        Ok(())
    })?;
    let mut total = ages.total();
    shared.quota.counted(total, written);
    if shared.quota.is_over(total) {
        let mut cut = ages.cut(shared.quota.goal());
        walk(shared, alive, &place, |found| {
            if cut.takes(found.age, found.allocated) && found.folder.remove(found.leaf)? {
                total = total.saturating_sub(found.allocated);
            }
            Ok(())
        })?;
        shared.quota.counted(total, 0);
    }
    Ok(Scanned::Done)
}

/// A stored response that is alive.
struct Found<'a> {
    folder: &'a Folder,
    leaf: &'a [u8],
    allocated: u64,
    /// Seconds since it was last used.
    age: u64,
}

/// Sees each of them; what is not alive is removed on the way.
fn walk(shared: &Shared, alive: &Weak<Shared>, place: &Place, mut see: impl FnMut(&Found<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    let responses = place.home().child(RESPONSES)?;
    let mut seen = 0;
    for folder in responses.names()? {
        let Ok(folder) = responses.open_folder(&folder?) else { continue };
        let now = secs(shared.now());
        for leaf in folder.names()? {
            let leaf = leaf?;
            let kind = kind_of(&leaf);
            if kind == Kind::Foreign {
                continue;
            }
            // Another process may have removed it since.
            let Some(facts) = folder.stat(&leaf)? else { continue };
            if is_dead(kind, &facts, now) {
                folder.remove(&leaf)?;
            } else if kind == Kind::Response {
                let age = u64::try_from(now.saturating_sub(facts.used)).unwrap_or(0);
                see(&Found { folder: &folder, leaf: &leaf, allocated: facts.allocated, age })?;
            }
            seen += 1;
            if seen % BATCH == 0 {
                rest(shared, alive)?;
            }
        }
    }
    Ok(())
}

fn is_dead(kind: Kind, facts: &Facts, now: i64) -> bool {
    match kind {
        Kind::Response => facts.expires <= now,
        Kind::Temporary => now.saturating_sub(facts.changed) >= OLD_TEMPORARY,
        Kind::Foreign => false,
    }
}

/// A pause after each batch, about twenty times as long as the batch took, unless space is short.
fn rest(shared: &Shared, alive: &Weak<Shared>) -> Result<(), Fault> {
    if !shared.quota.wants_scan() {
        std::thread::sleep(SHORT_REST);
    }
    // The blocks of what was just evicted may be held there.
    shared.close_unneeded();
    // This thread's own handle may be the last.
    if alive.strong_count() <= 1 { Err(Fault::GivenUp) } else { Ok(()) }
}

/// What `clear` left, and what an earlier sweep did not finish. What is not ours stays where it is, and its folder with it.
fn remove_trash(place: &Place) -> Result<(), Fault> {
    for name in place.home().names()? {
        let name = name?;
        if !name.starts_with(TRASH.as_bytes()) {
            continue;
        }
        let Ok(trash) = place.home().open_folder(&name) else { continue };
        for folder_name in trash.names()? {
            let folder_name = folder_name?;
            let Ok(folder) = trash.open_folder(&folder_name) else { continue };
            for leaf in folder.names()? {
                _ = folder.remove(&leaf?);
            }
            _ = trash.remove_folder(&folder_name);
        }
        _ = place.home().remove_folder(&name);
    }
    Ok(())
}

fn secs(time: SystemTime) -> i64 {
    i64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// Notes that wait at most.
const NOTES: usize = 1024;
/// Files or notes between two pauses: about half a millisecond's work.
const BATCH: usize = 256;
const SHORT_REST: Duration = Duration::from_millis(10);
const LONGEST_REST: Duration = Duration::from_secs(5);
const BETWEEN_SCANS: Duration = Duration::from_secs(600);
const BETWEEN_SCANS_THAT_GROW: Duration = Duration::from_secs(30);
/// Nobody writes a file for an hour.
const OLD_TEMPORARY: i64 = 3600;
