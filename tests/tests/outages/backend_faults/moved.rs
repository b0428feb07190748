//! A directory that is moved aside and back, or restored from a copy: what was invalidated does not come back. One that
//! nobody touched goes on.

use std::{fs, path::Path as FilePath, process::Command};

use cached_handler::{Cache, CacheBuilder, Target};
use cached_handler_tests::files::Scratch;

use super::*;

async fn on(scratch: &Scratch, source: &Source) -> App {
    with(scratch, source, |builder| builder).await
}

async fn with(scratch: &Scratch, source: &Source, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> App {
    App::with(set(Cache::builder().shares_namespace().namespace("moved").fs(scratch.cache())), source.clone()).await
}

fn run(program: &str, arguments: &[&str], directory: &FilePath) {
    let output = Command::new(program).args(arguments).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The content changes, and somebody invalidates it.
async fn changes(app: &App) -> usize {
    let version = app.changes();
    app.cache.invalidate(Target::group("page:0")).await.unwrap();
    version
}

/// Who has the directory open sees it, and whoever opens it next.
async fn all_see(version: usize, scratch: &Scratch, open: &[&App], source: &Source) {
    for app in open {
        // Where the process has not noticed yet it does so within a tenth of a second of requests.
        let mut looks = 0;
        while app.sees("/fs/0").await < version {
            tokio::time::sleep(Duration::from_millis(20)).await;
            looks += 1;
            assert!(looks < 500, "still {version} is not seen");
        }
    }
    assert_eq!(on(scratch, source).await.sees("/fs/0").await, version);
}

#[tokio::test]
async fn a_directory_moved_aside_and_back_brings_back_nothing_invalidated() {
    let (scratch, source) = (Scratch::new("aside"), Source::default());
    let aside = scratch.path().join("aside");
    for has_it_open in [false, true] {
        let first = on(&scratch, &source).await;
        first.until_cached("/fs/0").await;
        let first = has_it_open.then_some(first);
        fs::rename(scratch.cache(), &aside).unwrap();
        let other = on(&scratch, &source).await;
        let version = changes(&other).await;
        drop(other);
        fs::rename(scratch.cache(), scratch.path().join(format!("other-{has_it_open}"))).unwrap();
        fs::rename(&aside, scratch.cache()).unwrap();
        let open: Vec<&App> = first.iter().collect();
        all_see(version, &scratch, &open, &source).await;
    }
}

/// The process that has it open invalidates while it is away: first of all it ends what it holds.
#[tokio::test]
async fn a_directory_above_that_is_moved_aside_and_back_brings_nothing_back_either() {
    let (scratch, source) = (Scratch::new("above"), Source::default());
    let (above, aside) = (scratch.path().join("above"), scratch.path().join("aside"));
    let builder = || Cache::builder().shares_namespace().namespace("moved").fs(above.join("cache"));
    let app = App::with(builder(), source.clone()).await;
    app.until_cached("/fs/0").await;
    fs::rename(&above, &aside).unwrap();
    let version = changes(&app).await;
    assert_eq!(app.sees("/fs/0").await, version);
    // Not removed, as somebody may be sweeping it.
    fs::rename(&above, scratch.path().join("other")).unwrap();
    fs::rename(&aside, &above).unwrap();
    assert_eq!(App::with(builder(), source.clone()).await.sees("/fs/0").await, version);
    changes(&app).await;
    assert_eq!(app.sees("/fs/0").await, version + 1);
}

/// What the system cannot say is no answer: the call fails, and nothing is lost.
#[tokio::test]
async fn a_directory_that_the_system_cannot_look_at_for_a_while_loses_nothing() {
    let (scratch, source) = (Scratch::new("unseen"), Source::default());
    let (above, aside) = (scratch.path().join("above"), scratch.path().join("aside"));
    let builder = || Cache::builder().shares_namespace().namespace("moved").fs(above.join("cache"));
    let app = App::with(builder(), source.clone()).await;
    app.until_cached("/fs/0").await;
    fs::rename(&above, &aside).unwrap();
    // Too many links, whoever asks.
    std::os::unix::fs::symlink(&above, &above).unwrap();
    for _ in 0..3 {
        let error = app.cache.invalidate(Target::group("page:1")).await.unwrap_err();
        assert!(error.to_string().contains("stat"), "{error}");
    }
    fs::remove_file(&above).unwrap();
    fs::rename(&aside, &above).unwrap();
    assert!(App::with(builder(), source.clone()).await.is_hit("/fs/0").await);
    app.until_cached("/fs/0").await;
    assert_eq!(source.runs.load(Ordering::SeqCst), 1);
}

/// As a release does it; the old process comes last.
#[tokio::test]
async fn a_replaced_directory_is_used_as_filled_by_those_who_had_the_old_one_open() {
    let (scratch, source) = (Scratch::new("replaced"), Source::default());
    let (above, aside, next) = (scratch.path().join("above"), scratch.path().join("aside"), scratch.path().join("next"));
    let in_folder = |folder: &FilePath| Cache::builder().shares_namespace().namespace("moved").fs(folder.join("cache"));
    let old = App::with(in_folder(&above), source.clone()).await;
    old.until_cached("/fs/0").await;
    fs::rename(&above, &aside).unwrap();
    let version = old.changes();
    let new = App::with(in_folder(&next), source.clone()).await;
    new.until_cached("/fs/0").await;
    // With its directory open it would notice that the directory was moved, which ends what is stored there.
    drop(new);
    while is_open_below(&next) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    fs::rename(&next, &above).unwrap();
    let runs = source.runs.load(Ordering::SeqCst);
    let mut looks = 0;
    while old.sees("/fs/0").await < version {
        tokio::time::sleep(Duration::from_millis(20)).await;
        looks += 1;
        assert!(looks < 500, "the old one is still used");
    }
    assert!(old.is_hit("/fs/0").await);
    assert_eq!(source.runs.load(Ordering::SeqCst), runs, "what the new one has stored was thrown away");
}

/// Whether this process has anything in a folder open, as far as the system says so.
fn is_open_below(folder: &FilePath) -> bool {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return false };
    open.filter_map(|file| fs::read_link(file.ok()?.path()).ok()).any(|file| file.starts_with(folder))
}

/// A warm cache that is unpacked at each start.
#[tokio::test]
async fn a_directory_restored_from_an_archive_at_each_start_begins_a_new_life() {
    for durable in [false, true] {
        let (scratch, source) = (Scratch::new("archive"), Source::default());
        let builder = |builder: CacheBuilder| if durable { builder.fs_durable() } else { builder };
        let app = with(&scratch, &source, builder).await;
        app.until_cached("/fs/0").await;
        run("tar", &["-cf", "warm.tar", "cache"], scratch.path());
        let mut version = changes(&app).await;
        drop(app);
        for _ in 0..3 {
            fs::rename(scratch.cache(), scratch.path().join(format!("before-{version}"))).unwrap();
            run("tar", &["-xf", "warm.tar"], scratch.path());
            let app = with(&scratch, &source, builder).await;
            assert_eq!(app.sees("/fs/0").await, version, "durable: {durable}");
            version = changes(&app).await;
        }
    }
}

/// Over what is there, file by file; and while a process has it open.
#[tokio::test]
async fn a_copy_written_over_the_directory_brings_nothing_back() {
    let (scratch, source) = (Scratch::new("over"), Source::default());
    let app = on(&scratch, &source).await;
    app.until_cached("/fs/0").await;
    run("cp", &["-a", "cache", "warm"], scratch.path());
    for _ in 0..3 {
        let version = changes(&app).await;
        run("cp", &["-a", "warm/.", "cache/"], scratch.path());
        all_see(version, &scratch, &[&app], &source).await;
    }
}

#[tokio::test]
async fn a_directory_that_nobody_touched_goes_on() {
    for durable in [false, true] {
        let (scratch, source) = (Scratch::new("untouched"), Source::default());
        let builder = |builder: CacheBuilder| if durable { builder.fs_durable() } else { builder };
        with(&scratch, &source, builder).await.until_cached("/fs/0").await;
        for _ in 0..3 {
            // What others keep beside it is none of its business.
            fs::write(scratch.path().join("another"), "file").unwrap();
            fs::write(scratch.cache().join("another"), "file").unwrap();
            let app = with(&scratch, &source, builder).await;
            assert!(app.is_hit("/fs/0").await, "durable: {durable}");
            app.cache.invalidate(Target::group("page:1")).await.unwrap();
            fs::remove_file(scratch.cache().join("another")).unwrap();
            assert!(app.is_hit("/fs/0").await, "durable: {durable}");
        }
    }
}

#[tokio::test]
async fn a_relative_directory_is_that_of_the_moment_when_the_cache_was_built() {
    // Alone, as the current directory is the process's.
    if cached_handler_tests::harness::alone("backend_faults::moved::a_relative_directory_is_that_of_the_moment_when_the_cache_was_built")
        .is_some()
    {
        return;
    }
    let (scratch, source) = (Scratch::new("relative"), Source::default());
    std::env::set_current_dir(scratch.path()).unwrap();
    let relative = || Cache::builder().shares_namespace().namespace("moved").fs("cache");
    let (app, absolute) = (App::with(relative(), source.clone()).await, on(&scratch, &source).await);
    app.until_cached("/fs/0").await;
    assert!(absolute.is_hit("/fs/0").await);
    let elsewhere = scratch.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::env::set_current_dir(&elsewhere).unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(app.is_hit("/fs/0").await);
    let version = changes(&app).await;
    assert_eq!(absolute.sees("/fs/0").await, version);
    assert!(!elsewhere.join("cache").exists());
}
