//! What a process has done to files, and the disks that the power may leave of it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use cached_handler_tests::harness::Random;

/// What the process did, in this order.
#[derive(Debug)]
pub(super) enum Done {
    /// A name for a file that is empty.
    Create(String, usize),
    Folder(String),
    Write(usize, usize, Vec<u8>),
    Rename(String, String),
    Remove(String),
    /// The bytes of a file that were written before the given call are on the disk, whatever comes.
    Sync(usize, usize),
    /// The names in a folder.
    SyncNames(String, usize),
    Said(String),
}

/// What a disk has made of a call that was not synced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Lost,
    Whole,
    /// Of a write: its first half, and its length in zeros.
    Half,
    Zeros,
}

/// A directory at a moment: files by number, and their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    pub(super) files: Vec<Vec<u8>>,
    pub(super) names: BTreeMap<String, usize>,
    pub(super) folders: Vec<String>,
}

impl Disk {
    pub(super) fn of(home: &Path) -> Self {
        let (mut disk, mut todo) = (Self::default(), vec![String::new()]);
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(home.join(&folder)).unwrap() {
                let (entry, name) = (entry.as_ref().unwrap(), entry.as_ref().unwrap().file_name().into_string().unwrap());
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if entry.file_type().unwrap().is_dir() {
                    disk.folders.push(path.clone());
                    todo.push(path);
                } else {
                    disk.names.insert(path, disk.files.len());
                    disk.files.push(fs::read(entry.path()).unwrap());
                }
            }
        }
        disk
    }

    pub(super) fn take(&mut self, done: &Done, fate: Fate) {
        match done {
            _ if fate == Fate::Lost => {}
            Done::Create(name, file) => _ = self.names.insert(name.clone(), *file),
            Done::Folder(name) => self.folders.push(name.clone()),
            Done::Rename(from, to) => {
                // Its file is known by number: the name that it had may be lost.
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Done::Remove(name) => _ = self.names.remove(name),
            Done::Write(file, at, bytes) => {
                let file = &mut self.files[*file];
                let end = at + bytes.len();
                file.resize(file.len().max(end), 0);
                match fate {
                    Fate::Half => file[*at..*at + bytes.len() / 2].copy_from_slice(&bytes[..bytes.len() / 2]),
                    Fate::Zeros => file[*at..end].fill(0),
                    _ => file[*at..end].copy_from_slice(bytes),
                }
            }
            Done::Sync(..) | Done::SyncNames(..) | Done::Said(_) => {}
        }
    }

    /// Makes the directory so. The table keeps its file, as a disk would: `kept` is another name of it.
    pub(super) fn make(&self, home: &Path, kept: &Path) {
        for entry in fs::read_dir(home).unwrap() {
            let path = entry.unwrap().path();
            _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        for folder in &self.folders {
            // Where the folder above is lost, so is this.
            _ = fs::create_dir(home.join(folder));
        }
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        for (name, file) in &self.names {
            let path = home.join(name);
            if name == "table" {
                fs::write(kept, &self.files[*file]).unwrap();
                fs::hard_link(kept, path).unwrap();
            } else if path.parent().unwrap().is_dir() {
                fs::write(&path, &self.files[*file]).unwrap();
                // When it expires. Where that is lost as well, it is swept, which is no more than a miss.
                fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
            }
        }
        for path in fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()) {
            let mode = if path.is_dir() { 0o700 } else { 0o600 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

/// Reads a recording. Paths are those below `home`.
pub(super) fn parse(log: &str, home: &Path, disk: &mut Disk) -> Vec<Done> {
    let mut names = disk.names.clone();
    let (mut done, mut begun) = (Vec::new(), BTreeMap::new());
    let prefix = format!("{}/", home.display());
    let below =
        |path: &str| if path == home.to_str().unwrap() { Some(String::new()) } else { path.strip_prefix(&prefix).map(str::to_owned) };
    for line in log.lines() {
        let (process, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        // A call that was interrupted in the recording by another thread's, put together again.
        let (line, from) = if let Some(first) = line.strip_suffix(" <unfinished ...>") {
            begun.insert(process.to_owned(), (first.to_owned(), done.len()));
            continue;
        } else if let Some(rest) = line.strip_prefix("<... ") {
            let Some((first, from)) = begun.remove(process) else { continue };
            (first + rest.split_once(" resumed>").unwrap().1, from)
        } else {
            (line.to_owned(), done.len())
        };
        let Some((call, _)) = line.split_once('(') else { continue };
        let Some((arguments, result)) = line.rsplit_once(" = ") else { continue };
        let Ok(result) = result.split([' ', '<']).next().unwrap().parse::<usize>() else { continue };
        let path = |at: usize| line.split('<').nth(at).and_then(|rest| Some(unescaped(rest.split_once('>')?.0)));
        let strings: Vec<Vec<u8>> = line.split('"').skip(1).step_by(2).map(unescape).collect();
        let string = |at: usize| String::from_utf8(strings[at].clone()).unwrap();
        let Some(of) = path(1) else { continue };
        if call == "write" {
            if of.starts_with("pipe:") {
                string(0).lines().for_each(|said| done.push(Done::Said(said.to_owned())));
            }
            continue;
        }
        let Some(of) = below(&of) else { continue };
        let joined = |name: String| if of.is_empty() { name } else { format!("{of}/{name}") };
        match call {
            "openat2" if line.contains("O_CREAT") && !names.contains_key(&joined(string(0))) => {
                names.insert(joined(string(0)), disk.files.len());
                done.push(Done::Create(joined(string(0)), disk.files.len()));
                disk.files.push(Vec::new());
            }
            "mkdirat" => done.push(Done::Folder(joined(string(0)))),
            "pwritev" => {
                let at = arguments.trim_end().trim_end_matches(')').rsplit_once(", ").unwrap().1.parse().unwrap();
                let bytes: Vec<u8> = strings.concat().into_iter().take(result).collect();
                assert_eq!(bytes.len(), result, "all that was written is recorded");
                done.push(Done::Write(names[&of], at, bytes));
            }
            "renameat" => {
                let (from, to) = (joined(string(0)), joined(string(1)));
                let file = names.remove(&from).unwrap();
                names.insert(to.clone(), file);
                done.push(Done::Rename(from, to));
            }
            "unlinkat" => {
                names.remove(&joined(string(0)));
                done.push(Done::Remove(joined(string(0))));
            }
            "fsync" | "fdatasync" => match names.get(&of) {
                Some(file) => done.push(Done::Sync(*file, from)),
                None => done.push(Done::SyncNames(of, from)),
            },
            _ => {}
        }
    }
    done
}

fn unescape(hex: &str) -> Vec<u8> {
    let digits = hex.split("\\x").skip(1);
    digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

fn unescaped(path: &str) -> String {
    if path.starts_with("\\x") { String::from_utf8(unescape(path)).unwrap() } else { path.to_owned() }
}

/// Whether the call is on the disk for certain, once the first `until` calls are done.
pub(super) fn is_synced(done: &[Done], at: usize, until: usize) -> bool {
    let parent = |name: &str| name.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    done[at..until].iter().any(|later| match (later, &done[at]) {
        (Done::Sync(file, from), Done::Write(of, ..)) => at < *from && file == of,
        (Done::SyncNames(folder, from), Done::Create(name, _) | Done::Folder(name) | Done::Remove(name) | Done::Rename(_, name)) => {
            at < *from && *folder == parent(name)
        }
        _ => false,
    })
}

/// All that can have become of `calls`, or some by chance where that is too many; the first two are none and all.
pub(super) fn fates(calls: &[&Done], most: usize, random: &mut Random) -> Vec<Vec<Fate>> {
    let of = |done: &&Done| match done {
        Done::Write(..) => &[Fate::Lost, Fate::Whole, Fate::Half, Fate::Zeros][..],
        _ => &[Fate::Lost, Fate::Whole],
    };
    let kinds: Vec<_> = calls.iter().map(of).collect();
    let mut all = vec![vec![Fate::Lost; calls.len()], vec![Fate::Whole; calls.len()]];
    let number = kinds.iter().try_fold(1_usize, |product, kinds| product.checked_mul(kinds.len()));
    match number {
        Some(number) if number <= most => all.extend((0..number).map(|mut index| {
            let fate = |kinds: &&[Fate]| {
                let fate = kinds[index % kinds.len()];
                index /= kinds.len();
                fate
            };
            kinds.iter().map(fate).collect()
        })),
        // Most calls are on the disk, or few are: where each is a coin's toss, hardly anything is whole.
        _ => all.extend((0..most).map(|at| {
            let often = [2, 6, 20][at % 3];
            let (usual, flipped) = if at % 2 == 0 { (Fate::Whole, Fate::Lost) } else { (Fate::Lost, Fate::Whole) };
            let fate = |kinds: &&[Fate]| match random.one_in(often) {
                true if random.one_in(2) => flipped,
                true => kinds[random.below(kinds.len())],
                false => usual,
            };
            kinds.iter().map(fate).collect()
        })),
    }
    all
}
