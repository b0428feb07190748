//! The power fails: of what a process has written, the disk has what was synced, and of the rest any part.
//!
//! What the process does to files is recorded (`strace`). Then the directory is made as a disk could have it after each
//! call: every write and every name that no `fsync` has covered yet is there or not, whole, half or as zeros. On each of
//! these a cache is started, and asked.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cached_handler::{Outcome, Target, testing::TestCache};
use cached_handler_tests::{
    files::{Scratch, Source, Truth, app, processes::start, source},
    harness::{Random, ask, is_full, text},
};

use super::full::apart;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");
/// What a handler sees that runs after the power came back: later than all that was ever stored.
const NOW: u64 = 1_000_000;

/// What the process did, in this order.
#[derive(Debug)]
enum Done {
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
enum Fate {
    Lost,
    Whole,
    /// Of a write: its first half, and its length in zeros.
    Half,
    Zeros,
}

/// A directory at a moment: files by number, and their names.
#[derive(Debug, Clone, Default, Hash)]
struct Disk {
    files: Vec<Vec<u8>>,
    names: BTreeMap<String, usize>,
    folders: Vec<String>,
}

impl Disk {
    fn of(home: &Path) -> Self {
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

    fn take(&mut self, done: &Done, fate: Fate) {
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
    fn make(&self, home: &Path, kept: &Path) {
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
fn parse(log: &str, home: &Path, disk: &mut Disk) -> Vec<Done> {
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
fn is_synced(done: &[Done], at: usize, until: usize) -> bool {
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
fn fates(calls: &[&Done], most: usize, random: &mut Random) -> Vec<Vec<Fate>> {
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

/// What was found on the disks that were tried.
#[derive(Debug, Default)]
struct Found {
    disks: usize,
    hits: usize,
    /// A response from before an invalidation that had returned, or none that ever was.
    wrong: usize,
}

/// How the process keeps what it writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kept {
    Durably,
    /// For this boot alone. Of the recorded process's, that is another than this one.
    ForABoot,
}

/// Records a process on a directory that another left, and tries what its disk may be. `believes_in_sync`: whether what
/// was synced counts; otherwise the mistake that has to be found.
async fn power_fails(name: &str, before: Kept, kept: Kept, believes_in_sync: bool) -> Option<Found> {
    let scratch = Scratch::new(name);
    let word = |kept| if kept == Kept::Durably { "durable" } else { "not" };
    let log = scratch.path().join("log").to_string_lossy().into_owned();
    let boot = scratch.path().join("boot");
    fs::write(&boot, "11111111-2222-3333-4444-555555555555\n").unwrap();
    let mounted = format!("mount --bind '{}' /proc/sys/kernel/random/boot_id && exec \"$@\"", boot.display());
    let mut wrapper = Vec::new();
    if before == Kept::ForABoot || kept == Kept::ForABoot {
        wrapper.extend(apart()?.iter().copied().chain(["sh", "-c", &mounted, "sh"]));
    }
    drop(Truth::open(scratch.path()).unwrap());
    // Two responses; one of them is never invalidated.
    start(Path::new(PROGRAM), &wrapper, scratch.path(), &["power", "1", word(before)]).result().unwrap();
    let home = fs::read_dir(scratch.cache()).unwrap().next().unwrap().unwrap().path();
    let mut disk = Disk::of(&home);
    let rounds = if is_full() { 10 } else { 4 };
    let calls = "trace=openat2,mkdirat,pwritev,renameat,unlinkat,fsync,fdatasync,write";
    wrapper.extend(["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-o", &log, "-e", calls]);
    start(Path::new(PROGRAM), &wrapper, scratch.path(), &["power", &rounds.to_string(), word(kept)]).result().unwrap();
    let done = parse(&fs::read_to_string(&log).unwrap(), &home, &mut disk);
    assert!(done.iter().any(|done| matches!(done, Done::Said(said) if *said == format!("invalidated {rounds}"))), "{done:?}");
    let table = scratch.path().join("table-kept");
    fs::hard_link(home.join("table"), &table).unwrap();
    Truth::open(scratch.path()).unwrap().set_version(0, NOW);
    let (mut tried, mut found, mut random) = (HashSet::new(), Found::default(), Random::new(7));
    let mut least = 0;
    for until in 0..=done.len() {
        if let Some(Done::Said(said)) = until.checked_sub(1).map(|last| &done[last])
            && let Some(version) = said.strip_prefix("invalidated ")
        {
            least = version.parse().unwrap();
        }
        let is_unsure = |at: &usize| !believes_in_sync || !is_synced(&done, *at, until);
        let unsure: Vec<usize> = (0..until).filter(|at| is_change(&done[*at])).filter(is_unsure).collect();
        let calls: Vec<_> = unsure.iter().map(|at| &done[*at]).collect();
        let most = match (is_full(), calls.len()) {
            (true, 0..=8) => 400,
            (true, _) => 20,
            (false, _) => 12,
        };
        // Of a table that is written anew one moment in some is enough every day: they are all alike.
        if believes_in_sync && calls.len() > 20 && until % 6 != 0 && !is_full() {
            continue;
        }
        for fates in fates(&calls, most, &mut random) {
            let mut disk = disk.clone();
            for (at, done) in done[..until].iter().enumerate() {
                let fate = unsure.iter().position(|unsure| *unsure == at).map_or(Fate::Whole, |which| fates[which]);
                disk.take(done, fate);
            }
            let mut hasher = DefaultHasher::new();
            (&disk, least).hash(&mut hasher);
            if tried.insert(hasher.finish()) {
                disk.make(&home, &table);
                found.disks += 1;
                look(&scratch, kept, least, &mut found).await;
            }
            if !believes_in_sync && found.wrong > 0 {
                return Some(found);
            }
        }
    }
    Some(found)
}

fn is_change(done: &Done) -> bool {
    !matches!(done, Done::Sync(..) | Done::SyncNames(..) | Done::Said(_))
}

/// Starts a cache on the directory, and asks it.
async fn look(scratch: &Scratch, kept: Kept, least: u64, found: &mut Found) {
    let cache = TestCache::with(|builder| {
        let builder = builder.namespace("tests").fs(scratch.cache());
        if kept == Kept::Durably { builder.fs_durable() } else { builder }
    });
    // Opens it: the table may have to be read or written as a whole, which takes a slow disk longer than a request waits.
    while cache.cache().invalidate(Target::path("/nowhere")).await.is_err() {}
    let source: Arc<Source> = source(Truth::open(scratch.path()).unwrap());
    let app = app(cache.cache().clone(), source);
    for (resource, right) in [(0, least..=NOW - 1), (1, 0..=0)] {
        let response = ask(&app, &format!("/version/{resource}")).await;
        let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
        let version: u64 = text(response).await.parse().unwrap();
        found.hits += usize::from(is_hit);
        // The handler sees other numbers by now.
        let is_right = if is_hit { right.contains(&version) } else { version == if resource == 0 { NOW } else { 0 } };
        found.wrong += usize::from(!is_right);
        if !is_right {
            eprintln!("version {version} of {resource}, after {least} was invalidated for");
        }
    }
}

#[tokio::test]
async fn when_the_power_fails_what_was_invalidated_durably_stays_invalidated() {
    let found = power_fails("power-durable", Kept::Durably, Kept::Durably, true).await.unwrap();
    println!("- the power fails at any call, `durable`: {} disks, {} hits, wrong {}", found.disks, found.hits, found.wrong);
    assert!(found.disks > 50 && found.hits > found.disks / 4, "{found:?}");
    assert_eq!(found.wrong, 0);
}

#[tokio::test]
async fn when_the_power_fails_while_a_table_begins_anew_nothing_older_is_served() {
    let Some(found) = power_fails("power-anew", Kept::ForABoot, Kept::Durably, true).await else {
        return println!("- LEFT OUT: nothing can be mounted here, so that no other boot can be played");
    };
    println!("- the power fails while a table begins anew: {} disks, {} hits, wrong {}", found.disks, found.hits, found.wrong);
    assert!(found.disks > 100 && found.hits > 0, "{found:?}");
    assert_eq!(found.wrong, 0);
}

#[tokio::test]
async fn when_the_power_fails_nothing_from_before_is_served_unless_it_is_durable() {
    let Some(found) = power_fails("power-boot", Kept::ForABoot, Kept::ForABoot, true).await else {
        return println!("- LEFT OUT: nothing can be mounted here, so that no other boot can be played");
    };
    println!("- the power fails at any call, not `durable`: {} disks, {} hits, wrong {}", found.disks, found.hits, found.wrong);
    assert!(found.disks > 100, "{found:?}");
    assert_eq!((found.wrong, found.hits), (0, 0));
}

#[tokio::test]
async fn the_same_disks_find_an_invalidation_that_is_not_synced() {
    let found = power_fails("power-unsynced", Kept::Durably, Kept::Durably, false).await.unwrap();
    assert!(found.wrong > 0, "{found:?}");
}
