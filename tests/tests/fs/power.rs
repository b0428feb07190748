//! The power fails: of what a process has written, the disk has what was synced, and of the rest any part.
//!
//! What the process does to files is recorded (`strace`). Then the directory is made as a disk could have it after each
//! call: every write and every name that no `fsync` has covered yet is there or not, whole, half or as zeros. On each of
//! these a cache is started, and asked.

mod disk;

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use self::disk::{Disk, Done, Fate, fates, is_synced, parse};
use super::full::apart;
use cached_handler::{EntityTag, Outcome, Target, testing::TestCache};
use cached_handler_tests::{
    files::{Scratch, Source, Truth, app, processes::start, source},
    harness::{Random, ask, is_full, text},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");
/// What a handler sees that runs after the power came back: later than all that was ever stored.
const NOW: u64 = 1_000_000;

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
            // A table has megabytes, which the hasher of a `HashSet` takes a hundred times as long for where tests are built.
            let files: Vec<_> = disk.files.iter().map(|file| EntityTag::of(file)).collect();
            if tried.insert((files, disk.names.clone(), disk.folders.clone(), least)) {
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
