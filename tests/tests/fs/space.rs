//! The directory is bounded, and what is dead or was left behind goes; in the background, whatever lies there.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};

use cached_handler_tests::{
    files::{
        Scratch, page_is_right,
        processes::{number_after, start},
    },
    harness::{count, measures, moment},
};

use super::{on, started, with};

/// Waits for what the sweeping thread does.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = moment();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Two hours later, the next process to start removes what killed ones left.
pub async fn sweeps_temporary_files(scratch: &Scratch) {
    let later = cached_handler::testing::TestCache::with(|builder| builder.namespace("tests").fs(scratch.cache()));
    later.clock().advance(Duration::from_secs(7200));
    later.cache().invalidate(cached_handler::Target::path("/nowhere")).await.unwrap();
    wait_until("temporary files are gone", || scratch.files("tmp-").is_empty());
}

fn allocated(scratch: &Scratch) -> u64 {
    scratch.responses().iter().filter_map(|file| fs::metadata(file).ok()).map(|metadata| metadata.blocks() * 512).sum()
}

#[tokio::test]
async fn the_directory_keeps_to_its_capacity_and_what_is_used_stays() {
    const CAPACITY: u64 = 2 << 20;
    let scratch = Scratch::new("quota");
    let cache = with(&scratch.cache(), |builder| builder.fs_capacity(CAPACITY)).await;
    let (app, source) = started(&cache);
    let mut most = 0;
    for id in 0..3000 {
        assert!(page_is_right(&app, id).await);
        if id % 50 == 0 {
            // The one that is used, a minute apart.
            cache.clock().advance(Duration::from_secs(61));
            assert!(page_is_right(&app, 2).await);
            most = most.max(allocated(&scratch));
        }
    }
    println!(
        "- {} MiB of responses in a directory of {} MiB: at most {:.2} of the capacity",
        (3000 * 4) >> 10,
        CAPACITY >> 20,
        most as f64 / CAPACITY as f64
    );
    assert!(most <= CAPACITY + CAPACITY / 4, "{most} bytes");
    let runs = source.runs.load(std::sync::atomic::Ordering::SeqCst);
    assert!(page_is_right(&app, 2).await);
    assert_eq!(source.runs.load(std::sync::atomic::Ordering::SeqCst), runs, "what was used all the time is still there");
}

/// Of several processes on a directory one evicts at a time. The one that does is this test.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn while_another_process_sweeps_nothing_is_evicted_and_nothing_grows_without_bound() {
    use rustix::fs::{FlockOperation, flock};

    const CAPACITY: u64 = 1 << 20;
    let scratch = Scratch::new("turns");
    let cache = with(&scratch.cache(), |builder| builder.fs_capacity(CAPACITY)).await;
    let (app, _) = started(&cache);
    wait_until("there is a sweep", || !scratch.files("sweep").is_empty());
    let turn = fs::File::options().write(true).open(scratch.files("sweep").remove(0)).unwrap();
    wait_until("the first sweep is over", || flock(&turn, FlockOperation::NonBlockingLockExclusive).is_ok());
    let mut before = 0;
    for id in 0..1000 {
        assert!(page_is_right(&app, id).await);
        let files = scratch.responses().len();
        assert!(files >= before, "something was evicted: {files}, {before} before");
        before = files;
    }
    let most = allocated(&scratch);
    assert!((CAPACITY..=CAPACITY + CAPACITY / 4).contains(&most), "{most} bytes");
    flock(&turn, FlockOperation::Unlock).unwrap();
    // A sweep that comes as the lock goes finds it taken, and the next begins with the next response that is stored.
    let is_gone = || allocated(&scratch) <= CAPACITY - CAPACITY / 8;
    for id in 1001..1121 {
        assert!(page_is_right(&app, id).await);
        for _ in 0..100 {
            if is_gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    panic!("what is too much is still there: {} bytes", allocated(&scratch));
}

/// Each of several processes knows only by its own scans what the others have written.
#[tokio::test]
async fn several_processes_that_fill_an_empty_directory_keep_to_its_capacity_together() {
    const CAPACITY: u64 = 4 << 20;
    let scratch = Scratch::new("together");
    let mut processes = Vec::new();
    for _ in 0..4 {
        let cache = with(&scratch.cache(), |builder| builder.fs_capacity(CAPACITY)).await;
        let (app, _) = started(&cache);
        processes.push((cache, app));
    }
    // None of them writes as much as makes it scan for itself.
    for id in 0..1000 {
        assert!(page_is_right(&processes[id % 4].1, id).await);
    }
    assert!(allocated(&scratch) > CAPACITY, "{} bytes", allocated(&scratch));
    for (cache, _) in &processes {
        cache.clock().advance(Duration::from_secs(31));
    }
    wait_until("what is too much is gone", || allocated(&scratch) <= CAPACITY);
}

/// Somebody's own file in what was cleared away.
#[tokio::test]
async fn what_lies_in_the_trash_and_is_not_ours_keeps_nothing_from_being_removed() {
    let scratch = Scratch::new("trash");
    let cache = on(&scratch.cache()).await;
    assert!(page_is_right(&started(&cache).0, 3).await);
    let home = scratch.files("table").remove(0).parent().unwrap().to_owned();
    for (trash, stray) in [("trash-0", true), ("trash-1", false), ("trash-2", true)] {
        let folder = home.join(trash).join("5e");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("d".repeat(62)), "a response").unwrap();
        if stray {
            fs::write(home.join(trash).join("notes.txt"), "not ours").unwrap();
            fs::create_dir(folder.join("more")).unwrap();
        }
    }
    fs::write(home.join("trash-3"), "not ours").unwrap();
    drop(cache);
    let later = cached_handler::testing::TestCache::with(|builder| builder.namespace("tests").fs(scratch.cache()));
    later.clock().advance(Duration::from_secs(7200));
    later.cache().invalidate(cached_handler::Target::path("/nowhere")).await.unwrap();
    wait_until("what has expired is gone", || scratch.responses().is_empty());
    assert!(home.join("trash-0/notes.txt").exists() && home.join("trash-2/notes.txt").exists() && home.join("trash-3").exists());
    assert!(!home.join("trash-1").exists() && !home.join("trash-0/5e").join("d".repeat(62)).exists());
}

#[tokio::test]
async fn what_has_expired_and_what_killed_processes_left_is_removed_and_nothing_else() {
    let scratch = Scratch::new("sweep");
    let cache = on(&scratch.cache()).await;
    assert!(page_is_right(&started(&cache).0, 3).await);
    let folder = scratch.responses().remove(0).parent().unwrap().to_owned();
    fs::write(folder.join("tmp-0123456789abcdef"), "half of a resp").unwrap();
    fs::write(folder.join("notes.txt"), "not ours").unwrap();
    drop(cache);
    let again = on(&scratch.cache()).await;
    assert!(page_is_right(&started(&again).0, 4).await);
    assert_eq!(scratch.files("tmp-").len(), 1, "it may be being written");
    sweeps_temporary_files(&scratch).await;
    wait_until("what has expired is gone", || scratch.responses().is_empty());
    assert!(folder.join("notes.txt").exists());
}

/// `count` files of responses nobody will ask for, and in each folder one that has expired.
fn fill(scratch: &Scratch, count: usize) {
    let home = scratch.files("table").remove(0).parent().unwrap().join("r");
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    for at in 0..count {
        let folder = home.join(format!("{:02x}", at % 256));
        if at < 256 {
            fs::create_dir_all(&folder).unwrap();
            fs::File::create(folder.join("d".repeat(62))).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let file = fs::File::create(folder.join(format!("{at:062x}"))).unwrap();
        file.set_modified(later).unwrap();
    }
}

#[tokio::test]
async fn with_many_files_the_first_answer_does_not_wait_and_memory_does_not_grow() {
    let scratch = Scratch::new("million");
    let files = count(1_000_000);
    drop(on(&scratch.cache()).await);
    assert!(page_is_right(&started(&on(&scratch.cache()).await).0, 3).await);
    fill(&scratch, files);
    let running = start(Path::new(env!("CARGO_BIN_EXE_fs_process")), &[], scratch.path(), &["answer", "3"]);
    let line = running.result().unwrap();
    let (micros, grown, runs) = (number_after(&line, "micros"), number_after(&line, "grown"), number_after(&line, "runs"));
    println!(
        "- {files} files: the first answer after {} ms, from a file; {} MiB more memory by the end of the scan",
        micros / 1000,
        grown >> 20
    );
    assert_eq!(runs, 0, "{line}");
    assert!(grown <= 64 << 20 && (!measures() || micros <= 50_000), "{line}");
}
