//! The epochs of handlers, of groups and of the keys of typed values. There may be any number of the latter two: the latest ones
//! each have a place.
//!
//! A name belongs to one **set**, a page of 128 places, and its epoch lies in any of them, under a number that nobody else has.
//! Where all are taken, the name that was invalidated longest ago gives its place away, and its epoch goes into the set's **floor**,
//! which counts for every name without a place: a response is lost to unrelated names only where more of them than there are
//! places were invalidated since it was made. The floor is raised before the place is given away, and read after it was not
//! found, so that whoever reads meanwhile finds one or the other. A page is written with the first place that is taken of it.
//! Until then its floor says that there is none, and it takes no space.

use rustix::io::Errno;

use super::{
    Boot, Table,
    record::{Entry, Epoch, Front, PLACE},
};
use crate::{
    epoch::Effect,
    storage::remote::fs::{
        disk::{Patience, read_at, sync, write_at},
        fault::Fault,
    },
};

/// Sets for groups, the prefixes of paths among them; then those for the keys of typed values: 131,072 and 262,144 places. Then
/// those for handlers, 32,768 places: authors name them, so most sets have one name, or none.
pub(super) const GROUP_SETS: u64 = 1024;
pub(super) const KEY_SETS: u64 = 2048;
pub(super) const HANDLER_SETS: u64 = 256;
const SETS: u64 = GROUP_SETS + KEY_SETS + HANDLER_SETS;
/// Behind the places that several names share: first all floors, then the pages.
const FLOORS: u64 = super::SHARED_END;
pub(super) const PAGES: u64 = FLOORS + SETS * PLACE as u64;
pub(super) const END: u64 = PAGES + SETS * PAGE as u64;
pub(super) const PAGE: usize = 4096;
/// The number of a floor whose page was written.
const HAS_PAGE: u64 = 1;

fn floor_of(set: u64) -> u64 {
    FLOORS + set * PLACE as u64
}

fn page_of(set: u64) -> u64 {
    PAGES + set * PAGE as u64
}

impl Table {
    /// What counts for the name of this number.
    pub(super) fn epoch_in_set(&self, set: u64, number: u64, incarnation: u64, patience: Patience) -> Result<Epoch, Fault> {
        let floor = self.entry(floor_of(set), incarnation, patience)?;
        if floor.number != HAS_PAGE {
            return Ok(floor.epoch);
        }
        match self.page(set, incarnation, patience)?.find(number)? {
            Some((_, epoch)) => Ok(epoch),
            None => Ok(self.entry(floor_of(set), incarnation, patience)?.epoch),
        }
    }

    /// With the lock. Gives what counted for it before.
    pub(super) fn advance_in_set(&self, set: u64, number: u64, now: u64, effect: Effect, front: &Front) -> Result<Epoch, Fault> {
        let mut floor = self.entry(floor_of(set), front.incarnation, Patience::AnyTime)?;
        if floor.number != HAS_PAGE {
            self.begin_page(set, Entry { number, epoch: floor.epoch.moved_to(now, effect) }, floor, front)?;
            return Ok(floor.epoch);
        }
        let page = self.page(set, front.incarnation, Patience::AnyTime)?;
        let (place, before) = match page.find(number)? {
            Some((place, epoch)) => (place, epoch),
            None => (self.free_place(set, &page, &mut floor, front)?, floor.epoch),
        };
        let entry = Entry { number, epoch: before.moved_to(now, effect) };
        self.put_entry(page_of(set) + place * PLACE as u64, front.incarnation, entry)?;
        Ok(before)
    }

    /// A place for another name.
    fn free_place(&self, set: u64, page: &Page, floor: &mut Entry, front: &Front) -> Result<u64, Fault> {
        let (mut place, mut least) = (0, Entry { number: 0, epoch: Epoch::at(u64::MAX) });
        for (at, entry) in page.entries() {
            let entry = entry.ok_or(Fault::Damaged)?;
            if entry.epoch.expired < least.epoch.expired {
                (place, least) = (at, entry);
            }
        }
        // Free places are of no time.
        if least.number != 0 {
            floor.epoch.take(least.epoch);
            self.put_entry(floor_of(set), front.incarnation, *floor)?;
            // The disk may have the one write without the other, of which the epoch would be in neither place.
            if front.boot == Boot::Any {
                sync(&self.file)?;
            }
        }
        Ok(place)
    }

    /// The page and its first place. On a disk without room for it, all names of the set are advanced, for which there is room.
    fn begin_page(&self, set: u64, first: Entry, floor: Entry, front: &Front) -> Result<(), Fault> {
        let written = write_at(&self.file, &[&blank(page_of(set), front.incarnation, first)], page_of(set));
        let floor = match written {
            Err(fault) if fault.is(Errno::NOSPC) || fault.is(Errno::DQUOT) => Entry { epoch: first.epoch, ..floor },
            written => written.map(|()| Entry { number: HAS_PAGE, ..floor })?,
        };
        self.put_entry(floor_of(set), front.incarnation, floor)
    }

    /// With the file's length, for a table that begins: the last page, which no floor says that there is.
    pub(super) fn begin_pages(&self, incarnation: u64) -> Result<(), Fault> {
        let last = page_of(SETS - 1);
        write_at(&self.file, &[&blank(last, incarnation, Entry::default())], last)
    }

    /// The latest of all epochs in the pages that there are; `None` where one is damaged.
    pub(super) fn latest_in_sets(&self, incarnation: u64) -> Result<Option<u64>, Fault> {
        let mut latest = 0;
        for set in 0..SETS {
            match self.entry(floor_of(set), incarnation, Patience::AnyTime) {
                Ok(Entry { number: HAS_PAGE, .. }) => {}
                Ok(_) => continue,
                Err(Fault::Damaged) => return Ok(None),
                Err(fault) => return Err(fault),
            }
            let page = match self.page(set, incarnation, Patience::AnyTime) {
                Err(Fault::Damaged) => return Ok(None),
                page => page?,
            };
            for (_, entry) in page.entries() {
                let Some(entry) = entry else { return Ok(None) };
                latest = latest.max(entry.epoch.latest());
            }
        }
        Ok(Some(latest))
    }

    fn page(&self, set: u64, incarnation: u64, patience: Patience) -> Result<Page, Fault> {
        let mut bytes = [0; PAGE];
        if read_at(&self.file, &mut bytes, page_of(set), patience)? < PAGE {
            return Err(Fault::Damaged);
        }
        Ok(Page { bytes, position: page_of(set), incarnation })
    }
}

/// As it was read.
struct Page {
    bytes: [u8; PAGE],
    position: u64,
    incarnation: u64,
}

impl Page {
    /// Each with its place in the page; none where it is not whole.
    fn entries(&self) -> impl Iterator<Item = (u64, Option<Entry>)> + '_ {
        let positions = (self.position..).step_by(PLACE);
        let decoded = move |(place, position): (&[u8], u64)| Entry::decode(place, position, self.incarnation);
        (0..).zip(self.bytes.chunks_exact(PLACE).zip(positions).map(decoded))
    }

    /// The place of a name. All have to be whole: one that is not may have been its.
    fn find(&self, number: u64) -> Result<Option<(u64, Epoch)>, Fault> {
        let mut found = None;
        for (place, entry) in self.entries() {
            let entry = entry.ok_or(Fault::Damaged)?;
            if entry.number == number {
                found = Some((place, entry.epoch));
            }
        }
        Ok(found)
    }
}

/// A page with nothing but its first entry.
fn blank(page: u64, incarnation: u64, first: Entry) -> Vec<u8> {
    let entries = std::iter::once(first).chain(std::iter::repeat(Entry::default()));
    let positions = (page..).step_by(PLACE).take(PAGE / PLACE);
    positions.zip(entries).flat_map(|(position, entry)| entry.encode(position, incarnation)).collect()
}

const _: () = assert!(PAGES.is_multiple_of(PAGE as u64));
