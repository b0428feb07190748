//! The directory of one namespace, open: stored responses and the table of epochs.

use std::{
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use bytes::{Buf, Bytes, BytesMut};
use rustix::io::Errno;

use super::{
    Settings,
    disk::{self, Folder, Identity, Patience, lock, read_at, read_begin, write_at},
    entry::{FileName, HEAD, Head, temporary},
    fault::Fault,
    kept::Kept,
    settings,
    table::{Moment, Spot, Table},
};
use crate::{
    epoch::{Effect, EpochSnapshot, Moved, Order, target::Mark},
    storage::remote::Put,
    stored::codec::order::{ORDER_END, order_of},
    util::{digest::Digest, random::random},
};

/// A namespace's directory.
#[derive(Debug)]
pub(super) struct Place {
    home: Arc<Folder>,
    table: Table,
    kept: Kept,
    /// Where it was when it was opened, and which it is.
    path: PathBuf,
    identity: Identity,
}

/// What a response is stored with.
#[derive(Debug)]
pub(super) struct New {
    pub(super) name: FileName,
    pub(super) head: Head,
    pub(super) bytes: Bytes,
    pub(super) now: SystemTime,
    /// Not in place of what lies there under this key of a run that began later.
    pub(super) unless_after: Option<(Order, Digest)>,
    /// On the disk before it is said to be stored.
    pub(super) durable: bool,
}

impl Place {
    /// `unless_after`: nothing that lies there is to be used, unless it began after this moment.
    pub(super) fn open(settings: &Settings, unless_after: Option<Moment>) -> Result<Self, Fault> {
        let root = Folder::root(&settings.directory)?;
        let home = Arc::new(root.child(&settings.home)?);
        let table = Table::open(root, &home, settings.boot(), unless_after)?;
        // Made here, so that what is wrong with it is said at once.
        home.child(RESPONSES)?;
        let (identity, path) = (home.identity()?, settings.directory.join(&settings.home));
        settings::was_seen(&path, identity);
        Ok(Self { identity, path, home, table, kept: Kept::new() })
    }

    pub(super) fn home(&self) -> &Folder {
        &self.home
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Whether its path still leads to it.
    pub(super) fn is_in_place(&self) -> Result<bool, Fault> {
        let is_in_place = disk::identity_at(&self.path)? == Some(self.identity);
        if is_in_place {
            settings::was_seen(&self.path, self.identity);
        }
        Ok(is_in_place)
    }

    /// The bytes, and then the epochs.
    pub(super) fn look_up(
        &self,
        name: &FileName,
        spots: &[Spot],
        now: SystemTime,
        patience: Patience,
    ) -> Result<(Option<Bytes>, EpochSnapshot), Fault> {
        let bytes = self.get(name, now, patience)?;
        Ok((bytes, self.table.read(spots, patience)?))
    }

    /// What is stored under a name, if it is whole and alive.
    pub(super) fn get(&self, name: &FileName, now: SystemTime, patience: Patience) -> Result<Option<Bytes>, Fault> {
        if patience == Patience::None
            && let Some(bytes) = self.get_kept(name, now)
        {
            return Ok(Some(bytes));
        }
        let Some(file) = self.home.open_to_read(name.path(), patience)? else { return Ok(None) };
        match read(&file, now, patience) {
            // Read by now, it answers without a wait; also where the system cannot open a file without one.
            Ok(Some(bytes)) => {
                self.kept.keep(name, file, HEAD.saturating_add(bytes.len()), now);
                Ok(Some(bytes))
            }
            // A folder, or a pipe, that somebody put there.
            Err(fault) if fault.is(Errno::ISDIR) || fault.is(Errno::SPIPE) => Ok(None),
            outcome => outcome,
        }
    }

    /// By a file that is open still. Whatever is odd about it is left to those who open it by name.
    fn get_kept(&self, name: &FileName, now: SystemTime) -> Option<Bytes> {
        let (file, length) = self.kept.find(name, now)?;
        let mut bytes = BytesMut::zeroed(length);
        let got = read_at(&file, &mut bytes, 0, Patience::None).ok()?;
        let head = Head::decode(&bytes).filter(|head| head.lives(now))?;
        if got < length || usize::try_from(head.length).ok()?.checked_add(HEAD)? != length {
            return None;
        }
        bytes.advance(HEAD);
        Some(bytes.freeze())
    }

    /// Stores whole or not at all: written under another name, then renamed. A reader sees the old or the new.
    pub(super) fn put(&self, new: &New, given_up: &AtomicBool) -> Result<Put, Fault> {
        let Some(folder) = self.put_in_place(new, given_up)? else { return Ok(Put::Overtaken) };
        self.kept.forget(&new.name);
        if new.durable {
            folder.sync()?;
        }
        Ok(Put::Stored)
    }

    /// Gives its folder, whose names are not on the disk yet, and in which others may store meanwhile; none, where what lies there
    /// is newer.
    pub(super) fn put_in_place(&self, new: &New, given_up: &AtomicBool) -> Result<Option<Folder>, Fault> {
        let folder = self.folder_of(&new.name)?;
        let name = temporary(random());
        let file = folder.create(&name)?;
        let written = fill(&file, new).and_then(|()| {
            // A caller who has gone may have stored something newer since.
            if given_up.load(Ordering::SeqCst) {
                return Err(Fault::GivenUp);
            }
            // Nobody else takes the name meanwhile.
            let _turn = new.unless_after.as_ref().map(|_| lock(&folder)).transpose()?;
            if let Some((order, key)) = &new.unless_after
                && Self::order_at(&folder, &new.name, key, new.now)?.is_some_and(|found| found.is_after(order))
            {
                return Ok(Put::Overtaken);
            }
            folder.rename(name.as_bytes(), new.name.leaf())?;
            Ok(Put::Stored)
        });
        if !matches!(written, Ok(Put::Stored)) {
            // Where this fails too, a sweep removes it.
            _ = folder.remove(name.as_bytes());
        }
        Ok((written? == Put::Stored).then_some(folder))
    }

    /// Of the run that what lies there alive is of.
    fn order_at(folder: &Folder, name: &FileName, key: &Digest, now: SystemTime) -> Result<Option<Order>, Fault> {
        let Some(file) = folder.open_to_read(name.leaf(), Patience::AnyTime)? else { return Ok(None) };
        let mut begin = [0; HEAD + ORDER_END];
        match read_begin(&file, &mut begin, Patience::AnyTime) {
            Err(fault) if fault.is(Errno::ISDIR) || fault.is(Errno::SPIPE) => Ok(None),
            got => {
                let begin = begin.get(..got?).unwrap_or_default();
                let is_alive = Head::decode(begin).is_some_and(|head| head.lives(now));
                Ok(begin.get(HEAD..).filter(|_| is_alive).and_then(|begin| order_of(begin, key)))
            }
        }
    }

    pub(super) fn remove(&self, name: &FileName) -> Result<(), Fault> {
        let removed = match self.home.open_folder(name.folder()) {
            Err(fault) if fault.is(Errno::NOENT) => Ok(()),
            folder => folder?.remove(name.leaf()).map(drop),
        };
        self.kept.forget(name);
        removed
    }

    /// Forgets all, at once: the folder gets another name, and whoever sweeps removes it.
    pub(super) fn clear(&self) -> Result<(), Fault> {
        let trash = format!("{TRASH}{:016x}", random());
        let renamed = match self.home.rename(RESPONSES.as_bytes(), trash.as_bytes()) {
            Err(fault) if fault.is(Errno::NOENT) => Ok(()),
            outcome => outcome,
        };
        self.kept.close_all();
        renamed
    }

    pub(super) fn advance(&self, mark: Mark<'_>, effect: Effect) -> Result<Moved, Fault> {
        self.table.advance(mark, effect, || self.is_in_place())
    }

    /// The folder of a name, made where it is missing.
    fn folder_of(&self, name: &FileName) -> Result<Folder, Fault> {
        match self.home.open_folder(name.folder()) {
            Err(fault) if fault.is(Errno::NOENT) => {
                self.home.make_folder(RESPONSES.as_bytes())?;
                self.home.make_folder(name.folder())?;
                self.home.open_folder(name.folder())
            }
            folder => folder,
        }
    }
}

fn fill(file: &OwnedFd, new: &New) -> Result<(), Fault> {
    write_at(file, &[&new.head.encode(), &new.bytes], 0)?;
    disk::set_times(file, new.now, new.head.expires())?;
    if new.durable { disk::sync(file) } else { Ok(()) }
}

/// One read for what is small; two for what is not.
fn read(file: &OwnedFd, now: SystemTime, patience: Patience) -> Result<Option<Bytes>, Fault> {
    let mut first = [0; FIRST];
    let got = read_begin(file, &mut first, patience)?;
    let (first, _) = first.split_at_checked(got).unwrap_or((&[], &[]));
    let Some(head) = Head::decode(first).filter(|head| head.lives(now)) else { return Ok(None) };
    let Some(begin) = first.get(HEAD..) else { return Ok(None) };
    let Ok(length) = usize::try_from(head.length) else { return Ok(None) };
    if let Some(all) = begin.get(..length) {
        return Ok(Some(Bytes::copy_from_slice(all)));
    }
    // No memory for a length that the file does not have.
    if got < HEAD || disk::state(file)?.length < head.length.saturating_add(HEAD as u64) {
        return Ok(None);
    }
    let mut bytes = BytesMut::zeroed(length);
    let Some((front, rest)) = bytes.split_at_mut_checked(begin.len()) else { return Ok(None) };
    front.copy_from_slice(begin);
    let whole = read_at(file, rest, got as u64, patience)? == rest.len();
    Ok(whole.then(|| bytes.freeze()))
}

/// A page: most responses, and what comes in one piece from the system.
const FIRST: usize = 4096;
pub(super) const RESPONSES: &str = "r";
pub(super) const TRASH: &str = "trash-";
