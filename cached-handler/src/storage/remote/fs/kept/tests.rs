use std::{
    cell::Cell,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use rustix::io::Errno;

use super::*;
use crate::{
    key::storage_key::StoreKey,
    storage::remote::{
        fs::{Fs, Settings, Shared, disk::Patience, fault::Fault},
        store::Store,
    },
    util::clock::{Clock, ManualClock},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A directory, and two caches on it that know nothing of each other, as two processes are.
struct Two {
    directory: PathBuf,
    clock: ManualClock,
    here: Fs,
    elsewhere: Fs,
}

impl Two {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("cached-handler-{}-kept-{name}", std::process::id()));
        _ = std::fs::remove_dir_all(&directory);
        let clock = ManualClock::new();
        let fs = || {
            let fs = Fs::new(Settings::new(directory.clone(), "tests", 1 << 30, false, Clock::Manual(clock.clone())));
            // No thread sweeps: what it does, these tests do.
            assert!(fs.shared.notes.set(None).is_ok());
            assert!(fs.shared.place().is_ok());
            fs
        };
        Self { here: fs(), elsewhere: fs(), directory, clock }
    }

    /// Nobody has changed a file for long.
    fn at_rest(name: &str) -> Self {
        let two = Self::new(name);
        two.clock.advance(Duration::from_secs(600));
        two
    }

    /// The one stored response.
    fn file(&self) -> PathBuf {
        only_file_below(&self.directory.join(&self.here.shared.settings.home).join("r")).unwrap()
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn only_file_below(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).find_map(|path| match path {
        path if path.is_dir() => only_file_below(&path),
        path => Some(path),
    })
}

fn key() -> StoreKey {
    StoreKey::for_tests("key")
}

async fn get(fs: &Fs) -> Option<Bytes> {
    Store::get(fs, &key()).await.unwrap()
}

async fn put(fs: &Fs, bytes: &'static str) {
    Store::put(fs, &key(), Bytes::from_static(bytes.as_bytes()), MINUTE).await.unwrap();
}

fn kept(fs: &Fs) -> usize {
    fs.shared.current().map_or(0, |place| place.kept().count())
}

/// Waits for the clock by which the system stamps changes to go on, which may take ten milliseconds.
fn wait_for_a_tick_since(file: &Path) {
    let probe = file.with_file_name("probe");
    let changed = |file: &Path| std::fs::metadata(file).map(|metadata| (metadata.ctime(), metadata.ctime_nsec())).unwrap();
    let last = changed(file);
    while std::fs::write(&probe, "").map(|()| changed(&probe)).unwrap() == last {}
    std::fs::remove_file(probe).unwrap();
}

#[tokio::test]
async fn a_file_that_another_thread_opened_is_kept_as_well() {
    let two = Two::at_rest("hop");
    put(&two.here, "one").await;
    let (place, now) = (two.here.shared.current().unwrap(), two.here.shared.now());
    let look = |patience| place.get(&FileName::of(&key()), now, patience);
    assert_eq!(look(Patience::AnyTime).unwrap().unwrap(), "one");
    assert_eq!(kept(&two.here), 1);
    // It is not asked for by name any more.
    std::fs::rename(two.file().parent().unwrap(), two.directory.join("aside")).unwrap();
    assert_eq!(look(Patience::None).unwrap().unwrap(), "one");
    assert_eq!(look(Patience::AnyTime).unwrap(), None);
}

#[tokio::test]
async fn what_was_read_is_read_again_without_its_name_for_a_second_at_most() {
    let two = Two::at_rest("second");
    put(&two.here, "one").await;
    assert_eq!(get(&two.here).await.unwrap(), "one");
    assert_eq!(kept(&two.here), 1);
    // What no open file tells of: its folder has another name.
    let folder = two.file().parent().unwrap().to_owned();
    std::fs::rename(&folder, folder.with_file_name("zz")).unwrap();
    assert_eq!(get(&two.here).await.unwrap(), "one");
    two.clock.advance(KEPT_FOR.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(get(&two.here).await.unwrap(), "one");
    two.clock.advance(Duration::from_millis(1));
    assert_eq!(get(&two.here).await, None);
    two.here.shared.close_unneeded();
    assert_eq!(kept(&two.here), 0);
}

#[tokio::test]
async fn what_becomes_of_a_file_elsewhere_is_seen_by_the_next_look_up() {
    type Change = fn(&Path);
    let changes: [(&str, Change, Option<&str>); 6] = [
        ("nothing", |_| {}, Some("two")),
        ("it is linked, too", |file| std::fs::hard_link(file, file.with_file_name("copy")).unwrap(), Some("two")),
        ("its name is another's", |file| std::fs::rename(file, file.with_file_name("copy")).unwrap(), Some("two")),
        ("it is removed", |file| std::fs::remove_file(file).unwrap(), Some("two")),
        ("it is cut off", |file| std::fs::File::options().write(true).open(file).unwrap().set_len(41).unwrap(), Some("two")),
        ("all is removed", |file| std::fs::remove_dir_all(file.ancestors().nth(3).unwrap()).unwrap(), None),
    ];
    for (what, change, replaced) in changes {
        let two = Two::at_rest("elsewhere");
        put(&two.here, "one").await;
        for _ in 0..2 {
            assert_eq!(get(&two.here).await.unwrap(), "one");
        }
        assert_eq!(kept(&two.here), 1);
        let file = two.file();
        wait_for_a_tick_since(&file);
        change(&file);
        let (after, by_name) = (get(&two.here).await, get(&two.elsewhere).await);
        assert_eq!(after, by_name, "{what}");
        if let Some(replaced) = replaced {
            put(&two.elsewhere, "two").await;
            assert_eq!(get(&two.here).await.as_deref(), Some(replaced.as_bytes()), "replaced, after {what}");
            Store::remove(&two.elsewhere, &key()).await.unwrap();
            assert_eq!(get(&two.here).await, None, "removed, after {what}");
        }
    }
}

/// One writes a number, and says that it is written, for a while; the other never finds a lower one than was said before it
/// looked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_look_up_finds_what_was_replaced_before_it_began() {
    let two = Arc::new(Two::at_rest("race"));
    let written = Arc::new(AtomicU64::new(0));
    let writer = tokio::spawn({
        let (two, written) = (Arc::clone(&two), Arc::clone(&written));
        async move {
            for number in 1..=3000_u64 {
                Store::put(&two.elsewhere, &key(), Bytes::copy_from_slice(&number.to_le_bytes()), MINUTE).await.unwrap();
                written.store(number, Ordering::SeqCst);
            }
        }
    });
    let mut most_kept = 0;
    while !writer.is_finished() {
        let least = written.load(Ordering::SeqCst);
        let found = get(&two.here).await.map_or(0, |bytes| u64::from_le_bytes(*bytes.first_chunk().unwrap()));
        assert!(found >= least, "{found}, after {least} was written");
        most_kept = most_kept.max(kept(&two.here));
    }
    writer.await.unwrap();
    assert!(most_kept > 0);
}

/// It could have been linked and replaced since it was opened, and the system's clock would not tell.
#[tokio::test]
async fn what_was_changed_a_moment_ago_is_not_kept() {
    let two = Two::new("moment");
    put(&two.here, "one").await;
    for _ in 0..3 {
        assert_eq!(get(&two.here).await.unwrap(), "one");
    }
    assert_eq!(kept(&two.here), 0);
    two.clock.advance(Duration::from_secs(30));
    assert_eq!(get(&two.here).await.unwrap(), "one");
    assert_eq!(kept(&two.here), 1);
    // Nor where changes are counted in whole seconds.
    assert!(!Changed::for_tests(5, 0).is_before(UNIX_EPOCH + MINUTE, CLOCK_LAG));
    assert!(Changed::for_tests(5, 1).is_before(UNIX_EPOCH + MINUTE, CLOCK_LAG));
}

#[tokio::test]
async fn own_changes_close_files_at_once_and_others_removals_close_them_soon() {
    let two = Two::at_rest("closed");
    let read = async || {
        put(&two.elsewhere, "one").await;
        assert_eq!(get(&two.here).await.unwrap(), "one");
        assert_eq!(kept(&two.here), 1);
    };
    read().await;
    put(&two.here, "two").await;
    assert_eq!(kept(&two.here), 0);
    read().await;
    Store::remove(&two.here, &key()).await.unwrap();
    assert_eq!(kept(&two.here), 0);
    read().await;
    Store::clear(&two.here).await.unwrap();
    assert_eq!(kept(&two.here), 0);
    read().await;
    Store::remove(&two.elsewhere, &key()).await.unwrap();
    let place = two.here.shared.current().unwrap();
    assert!(!place.kept().wants_closing());
    assert!(place.kept().find(&FileName::of(&key()), two.here.shared.now()).is_none());
    assert!(place.kept().wants_closing() && !place.kept().wants_closing(), "said once");
    place.kept().close_unneeded(two.here.shared.now());
    assert_eq!(kept(&two.here), 0);
}

#[tokio::test]
async fn a_process_without_descriptors_gets_these_back() {
    let two = Two::at_rest("descriptors");
    put(&two.here, "one").await;
    assert_eq!(get(&two.here).await.unwrap(), "one");
    assert_eq!(kept(&two.here), 1);
    let shared: &Arc<Shared> = &two.here.shared;
    for (errno, calls) in [(Errno::MFILE, 2), (Errno::NFILE, 1)] {
        let called = Cell::new(0);
        let outcome = shared.with_place(|place| {
            called.set(called.get() + 1);
            if place.kept().count() > 0 || calls == 1 { Err(Fault::of("open")(errno)) } else { Ok(()) }
        });
        assert_eq!((outcome.is_ok(), called.get()), (calls == 2, calls), "{errno}");
    }
    assert_eq!(get(&two.here).await.unwrap(), "one");
    assert_eq!(kept(&two.here), 0, "and takes none for a while");
    two.clock.advance(Duration::from_secs(PAUSE + 1));
    put(&two.here, "two").await;
    assert_eq!(get(&two.here).await.unwrap(), "two");
    assert_eq!(kept(&two.here), 1);
}

/// How many descriptors of this process lead to a file.
fn descriptors_of(file: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path == *file)).count()
}

fn name_of(at: usize) -> FileName {
    FileName::of(&StoreKey::for_tests(&at.to_string()))
}

#[tokio::test]
async fn however_many_are_asked_for_so_many_stay_open_and_no_more() {
    let two = Two::at_rest("many");
    put(&two.elsewhere, "one").await;
    let (file, now) = (two.file(), two.here.shared.now());
    for (most, open) in [(128, 128), (64, 64), (7, 4), (3, 0), (0, 0)] {
        let kept = Kept::at_most(most);
        for at in 0..100_000 {
            // Whatever its name says.
            kept.keep(&name_of(at), std::fs::File::open(&file).unwrap().into(), 1, now);
            if at % 1000 == 0 {
                kept.close_unneeded(now);
            }
        }
        assert_eq!((descriptors_of(&file), kept.count()), (open, open), "of {most}");
        kept.close_all();
        assert_eq!(descriptors_of(&file), 0);
    }
    assert!(Kept::new().sets.len() as u64 * PLACES as u64 <= MOST);
}

#[tokio::test]
async fn what_is_asked_for_again_gets_the_place_of_what_is_not() {
    let two = Two::at_rest("again");
    put(&two.elsewhere, "one").await;
    let (file, now) = (two.file(), two.here.shared.now());
    let kept = Kept::at_most(PLACES as u64);
    let ask = |at: usize| {
        let name = name_of(at);
        let found = kept.find(&name, now).is_some();
        if !found {
            kept.keep(&name, std::fs::File::open(&file).unwrap().into(), 1, now);
        }
        found
    };
    // One that is asked for all the time stays, among many that are asked for once.
    assert!(!ask(0));
    for at in 1..1000 {
        assert!(ask(0));
        assert!(at < PLACES || !ask(at));
        assert!(!kept.wants_closing());
        kept.close_unneeded(now);
    }
    // Another that is asked for again comes to be kept, too: once somebody has closed what it replaces.
    for at in 1..PLACES {
        ask(at);
    }
    assert!(ask(0) && !ask(2000) && !ask(2000));
    assert!(!ask(2000), "no request closes one");
    assert!(kept.wants_closing());
    kept.close_unneeded(now);
    assert!(!ask(2000) && ask(2000) && ask(0));
}
