//! A table that goes on from where it was left, or begins anew.

use std::sync::atomic::Ordering;

use super::{
    Boot, PLACES, Table,
    record::{CLOCK, Entry, Epoch, Front, Moment, PLACE},
    seal::{number_of, seal},
    sets::{END, PAGES},
};
use crate::{
    storage::remote::fs::{
        disk::{Patience, read_at, state, sync, write_at},
        fault::Fault,
    },
    util::random::random,
};

impl Table {
    /// Makes a damaged table anew. Another may have done so since.
    pub(in crate::storage::remote::fs) fn mend(&self) -> Result<(), Fault> {
        self.locked(|| self.mend_locked(None))
    }

    /// Begins anew where a place is not as it was written, or the table is of another boot. `boot`: it is being opened.
    pub(super) fn mend_locked(&self, boot: Option<Boot>) -> Result<(), Fault> {
        self.number.store(number_of(&self.file, &self.folders)?, Ordering::Relaxed);
        let front = match self.front(Patience::AnyTime) {
            Err(Fault::Damaged) => None,
            front => Some(front?),
        };
        let is_same = |front: &Front| boot.is_none_or(|boot| boot == front.boot);
        if let Some(front) = front.filter(is_same)
            && self.is_as_it_was_kept(front.boot)?
        {
            // Within one boot a table is what was written, unless somebody harms it: whoever reads the place finds out.
            if boot.is_some() && front.boot != Boot::Any && state(&self.file)?.length == END {
                return Ok(());
            }
            if let Some(latest) = self.latest(front.incarnation)? {
                return self.go_on(&front, latest);
            }
        }
        tracing::info!(target: "cached_handler", "the table of epochs begins anew; nothing stored before is used");
        self.begin(boot.or(front.map(|front| front.boot)))
    }

    /// A clock that is later than any that was read before: when the power failed, the disk may have missed its last steps,
    /// with which responses were stamped that it did not miss.
    fn go_on(&self, front: &Front, latest: u64) -> Result<(), Fault> {
        let clock = latest.max(front.clock);
        if front.boot != Boot::Any {
            if clock > front.clock {
                self.put(CLOCK, front.incarnation, Epoch::at(clock))?;
                seal(&self.file, &self.lock)?;
            }
            return Ok(());
        }
        self.put(CLOCK, front.incarnation, Epoch::at(clock.saturating_add(MORE_THAN_UNSYNCED)))?;
        sync(&self.file)
    }

    /// The latest of all epochs; `None` where one is damaged.
    fn latest(&self, incarnation: u64) -> Result<Option<u64>, Fault> {
        let Some(mut latest) = self.latest_in_sets(incarnation)? else { return Ok(None) };
        let mut buffer = vec![0; CHUNK];
        for start in (PLACES..PAGES).step_by(CHUNK) {
            let read = read_at(&self.file, &mut buffer, start, Patience::AnyTime)?;
            let wanted = CHUNK.min(usize::try_from(PAGES - start).unwrap_or(CHUNK));
            if read < wanted {
                return Ok(None);
            }
            for (place, position) in buffer.chunks_exact(PLACE).take(wanted / PLACE).zip((start..).step_by(PLACE)) {
                match Entry::decode(place, position, incarnation) {
                    Some(entry) => latest = latest.max(entry.epoch.latest()),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(latest))
    }

    /// A new incarnation: its number first, so that from then on nobody takes an older place for one of it.
    pub(super) fn begin(&self, boot: Option<Boot>) -> Result<(), Fault> {
        let number = self.number.load(Ordering::Relaxed);
        let boot = boot.unwrap_or(Boot::Any);
        let incarnation = random();
        let front = Front { incarnation, boot, begun: Moment::now(), clock: 1, settled: 1, all: Epoch::default() };
        write_at(&self.file, &[&front.encode(number)], 0)?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for start in (PLACES..PAGES).step_by(CHUNK) {
            chunk.clear();
            let end = PAGES.min(start + CHUNK as u64);
            for position in (start..end).step_by(PLACE) {
                chunk.extend_from_slice(&Epoch::default().encode(position, incarnation));
            }
            write_at(&self.file, &[&chunk], start)?;
        }
        self.begin_pages(incarnation)?;
        self.keep(boot)
    }
}

const CHUNK: usize = 64 << 10;
/// Steps of the clock that are not on the disk: one at most, as each waits for its own.
const MORE_THAN_UNSYNCED: u64 = 16;
