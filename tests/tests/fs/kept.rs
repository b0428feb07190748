//! Files that were read lately stay open: a few, for a moment, and nobody is given what they held before.

use std::{path::Path, sync::atomic::Ordering, time::Duration};

use cached_handler::{
    Target,
    testing::{TestCache, assert_hit},
};
use cached_handler_tests::{
    files::{Scratch, page_is_right, processes::start},
    harness::ask,
};

use super::{on, space::wait_until, started, with};

/// Where nobody has changed a file for long.
async fn at_rest(scratch: &Scratch) -> TestCache {
    let cache = on(&scratch.cache()).await;
    cache.clock().advance(Duration::from_secs(600));
    cache
}

/// What of the directory's responses this process holds open, as the system shows it.
fn open_files(scratch: &Scratch) -> Vec<String> {
    let (open, directory) = (std::fs::read_dir("/proc/self/fd").unwrap().flatten(), scratch.cache());
    let open = open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).filter(|path| path.starts_with(&directory));
    open.map(|path| path.to_string_lossy().into_owned()).filter(|path| path.contains("/r/")).collect()
}

#[tokio::test]
async fn what_another_process_has_stored_answers_though_the_file_before_it_is_open() {
    let scratch = Scratch::new("kept-process");
    let cache = at_rest(&scratch).await;
    let (app, source) = started(&cache);
    assert!(page_is_right(&app, 3).await);
    assert_hit!(ask(&app, "/page/3").await);
    assert_eq!(open_files(&scratch).len(), 1);
    for _ in 0..3 {
        cache.cache().invalidate(Target::group("page:3")).await.unwrap();
        start(Path::new(env!("CARGO_BIN_EXE_fs_process")), &[], scratch.path(), &["hits", "1"]).result().unwrap();
        // Nothing runs here: the response is the other's.
        assert_hit!(ask(&app, "/page/3").await);
        assert_hit!(ask(&app, "/page/3").await);
        assert_eq!(source.runs.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn files_that_were_removed_by_hand_or_evicted_do_not_keep_their_blocks() {
    let scratch = Scratch::new("kept-blocks");
    let cache = at_rest(&scratch).await;
    let (app, _) = started(&cache);
    for id in 0..20 {
        assert!(page_is_right(&app, id).await);
        assert_hit!(ask(&app, &format!("/page/{id}")).await);
    }
    assert!(open_files(&scratch).len() > 10, "{:?}", open_files(&scratch));
    scratch.responses().iter().for_each(|file| std::fs::remove_file(file).unwrap());
    wait_until("no removed file is open", || open_files(&scratch).is_empty());

    let scratch = Scratch::new("kept-evicted");
    let cache = with(&scratch.cache(), |builder| builder.fs_capacity(1 << 20)).await;
    cache.clock().advance(Duration::from_secs(600));
    let (app, _) = started(&cache);
    let mut most = 0;
    for id in 0..1000 {
        assert!(page_is_right(&app, id).await && page_is_right(&app, id).await);
        most = most.max(open_files(&scratch).len());
    }
    assert!((1..=128).contains(&most), "{most}");
    wait_until("no evicted file is open", || open_files(&scratch).iter().all(|path| !path.ends_with("(deleted)")));
}
