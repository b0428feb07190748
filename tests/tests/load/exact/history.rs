//! What happened, as each task of each process has written it down: 32 bytes for an event, in a file of the task's own.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

/// One thing that was done, by the clock that all processes of a machine share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub what: What,
    pub resource: usize,
    /// Nanoseconds: taken before it began, and after it had ended.
    pub began: u64,
    pub ended: u64,
    /// Which version of the resource it is about.
    pub version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A read has seen this version.
    Read,
    /// What is older than this version was invalidated, and that returned `Ok`.
    Invalidated,
    /// The same, but made stale.
    Expired,
    /// The source has this version.
    Written,
}

const KINDS: [What; 4] = [What::Read, What::Invalidated, What::Expired, What::Written];
const LENGTH: usize = 32;

impl Event {
    fn encode(&self) -> [u8; LENGTH] {
        let kind = KINDS.iter().position(|kind| *kind == self.what).unwrap_or_default();
        let mut bytes = [0; LENGTH];
        let words = [(kind << 32 | self.resource) as u64, self.began, self.ended, self.version];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8; LENGTH]) -> Self {
        let mut words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let mut next = || words.next().unwrap();
        let (first, began, ended, version) = (next() as usize, next(), next(), next());
        Self { what: KINDS[first >> 32], resource: first & 0xffff_ffff, began, ended, version }
    }
}

/// The file of one task.
pub struct History(BufWriter<File>);

impl History {
    pub fn new(directory: &Path, process: usize, task: usize) -> Self {
        Self(BufWriter::new(File::create(directory.join(format!("{PREFIX}{process}-{task}"))).unwrap()))
    }

    pub fn note(&mut self, event: &Event) {
        self.0.write_all(&event.encode()).unwrap();
    }

    pub fn end(mut self) {
        self.0.flush().unwrap();
    }
}

const PREFIX: &str = "history-";

/// The files of all tasks.
pub fn all(directory: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))).collect()
}

/// The events of one.
pub fn events(file: &Path) -> impl Iterator<Item = Event> + use<> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(file).unwrap());
    std::iter::from_fn(move || {
        let mut bytes = [0; LENGTH];
        file.read_exact(&mut bytes).is_ok().then(|| Event::decode(&bytes))
    })
}

#[test]
fn an_event_is_read_as_it_was_written() {
    for what in KINDS {
        let event = Event { what, resource: 7, began: 1, ended: u64::MAX, version: 1 << 40 };
        assert_eq!(Event::decode(&event.encode()), event);
    }
}
