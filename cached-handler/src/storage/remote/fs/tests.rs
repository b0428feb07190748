//! The laws of a backend, on a directory of this test's own.

use std::{
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::*;
use crate::storage::remote::{
    conformance,
    mutations::{WHOLE, mutations, read},
};
use crate::util::clock::Clock;

fn fs(name: &str, set: impl FnOnce(&mut Settings)) -> Fs {
    let directory = std::env::temp_dir().join(format!("cached-handler-{}-{name}", std::process::id()));
    _ = std::fs::remove_dir_all(&directory);
    let mut settings = Settings::new(directory, "tests", 1 << 30, false, Clock::System);
    set(&mut settings);
    Fs::new(settings)
}

/// Removes a test's directory when the test is over.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(self.0);
    }
}

#[tokio::test]
async fn files_keep_the_laws_of_a_store_and_of_epochs() {
    for durable in [false, true] {
        let fs = fs(&format!("laws-{durable}"), |settings| settings.durable = durable);
        let _removed = Removed(&fs.shared.settings.directory);
        conformance::store(&fs).await;
        conformance::epochs(&fs).await;
    }
}

/// In the file itself, its head included, and by the way that a hit goes.
#[tokio::test]
async fn of_a_million_mutations_of_a_stored_response_none_is_read() {
    let fs = fs("mutations", |_| {});
    let _removed = Removed(&fs.shared.settings.directory);
    // A sweep that came only now would remove what it cannot read.
    let _turn = turn_to_sweep(&fs.shared.settings);
    let key = StoreKey::for_tests("key");
    Store::put(&fs, &key, Bytes::from_static(WHOLE), Duration::from_secs(600)).await.unwrap();
    let path = only_response_below(&fs.shared.settings.directory).unwrap();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let (mut tried, mut damaged) = (0, 0);
    for bytes in mutations(&whole, 24) {
        file.write_all_at(&bytes, 0).unwrap();
        if let Some(found) = Store::get(&fs, &key).await.unwrap() {
            assert!(read(&found).is_err(), "{bytes:?}");
            damaged += 1;
        }
        tried += 1;
    }
    println!("- mutations of a file: {tried}, of which {damaged} were given out and refused, and none was read");
    assert!(damaged > tried / 2, "most are not in the head");
    file.write_all_at(&whole, 0).unwrap();
    assert!(read(&Store::get(&fs, &key).await.unwrap().unwrap()).is_ok());
}

/// As another process has it, while it sweeps.
fn turn_to_sweep(settings: &Settings) -> std::fs::File {
    let home = settings.directory.join(&settings.home);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&home).unwrap();
    let turn = std::fs::File::options().write(true).create(true).truncate(false).mode(0o600).open(home.join("sweep")).unwrap();
    flock(&turn, FlockOperation::LockExclusive).unwrap();
    turn
}

fn only_response_below(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => only_response_below(&path),
        path => (entry.file_name().len() == 62).then_some(path),
    })
}

/// Of one response, and its run that began later than any.
fn ordered(fs: &Fs, key: &StoreKey) -> New {
    let (now, order) = (fs.shared.now(), Order { stamp: Stamp { incarnation: 1, clock: u64::MAX }, began: 0 });
    let head = Head::new(now, Duration::from_secs(600), WHOLE.len() as u64);
    let unless_after = Some((order, *key.digest()));
    New { name: FileName::of(key), head, bytes: Bytes::from_static(WHOLE), now, unless_after, durable: true }
}

#[test]
fn nobody_who_stores_waits_for_the_disk_that_another_waits_for() {
    let fs = fs("turns", |settings| settings.durable = true);
    let _removed = Removed(&fs.shared.settings.directory);
    let place = fs.shared.place().unwrap();
    let new = ordered(&fs, &StoreKey::for_tests("key"));
    let never = std::sync::atomic::AtomicBool::new(false);
    // The names in this folder are not on the disk yet.
    let folder = place.put_in_place(&new, &never).unwrap().unwrap();
    assert_eq!(place.put(&new, &never).unwrap(), Put::Stored);
    folder.sync().unwrap();
}

/// It says something of that folder, and nothing of the disk.
#[tokio::test]
async fn a_folder_that_another_process_holds_is_no_failure_of_the_backend() {
    let fs = fs("held", |_| {});
    let _removed = Removed(&fs.shared.settings.directory);
    let key = StoreKey::for_tests("key");
    Store::put(&fs, &key, Bytes::from_static(WHOLE), Duration::from_secs(600)).await.unwrap();
    let path = only_response_below(&fs.shared.settings.directory).unwrap();
    let held = std::fs::File::open(path.parent().unwrap()).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let order = Order { stamp: Stamp { incarnation: 1, clock: 1 }, began: 0 };
    let refused = fs.put_unless(&key, Bytes::from_static(WHOLE), Duration::from_secs(600), Some(order)).await.unwrap_err();
    assert_eq!(refused.as_fault(), crate::error::Fault::Refused("contended"));
    assert!(refused.to_string().contains("the folder of this response"), "{refused}");
    drop(held);
    assert_eq!(fs.put_unless(&key, Bytes::from_static(WHOLE), Duration::from_secs(600), Some(order)).await.unwrap(), Put::Stored);
}
