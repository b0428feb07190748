//! A disk that is full to the last byte, or has no file left to give: a small `tmpfs`, mounted where only the process
//! that is tested sees it.

use std::{path::Path, process::Command};

use cached_handler_tests::files::{
    Scratch,
    processes::{number_after, start},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");

/// How a process gets mounts of its own here: as root, or as the root of a namespace of users; `None` where neither is
/// allowed.
pub fn apart() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    let is_allowed = |way: &&[&str]| {
        let tried = Command::new(way[0]).args(&way[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    WAYS.into_iter().find(is_allowed)
}

#[test]
fn on_a_full_disk_no_request_fails_and_all_is_cached_again_once_there_is_space() {
    let Some(apart) = apart() else {
        // Elsewhere than on Linux, with the rights to mount, the error is made up.
        println!("- LEFT OUT: nothing can be mounted here; `ENOSPC` comes from strace instead");
        return made_up();
    };
    // No byte left, and no file left: a table takes 2.3 MiB.
    for options in ["size=5m,mode=0700", "size=64m,nr_inodes=400,mode=0700"] {
        let scratch = Scratch::new("full");
        let cache = scratch.cache();
        std::fs::create_dir(&cache).unwrap();
        let mounted = format!("mount -t tmpfs -o {options} none '{}' && exec \"$@\"", cache.display());
        let wrapper: Vec<_> = apart.iter().copied().chain(["sh", "-c", &mounted, "sh"]).collect();
        let line = start(Path::new(PROGRAM), &wrapper, scratch.path(), &["full"]).result().unwrap();
        println!("- a full disk ({options}): {line}");
        let of = |word| number_after(&line, word);
        assert_eq!((of("wrong"), of("invalidated"), of("temporary"), of("new")), (0, 0, 0, 0), "{line}");
        // It was full; and what a busy machine was too slow for is not among the hits.
        assert!(of("errors") >= 100, "{line}");
        assert!(of("before") > 20 && of("old") > 20 && of("again") > 60, "{line}");
    }
}

fn made_up() {
    let scratch = Scratch::new("full");
    assert!(start(Path::new(PROGRAM), &[], scratch.path(), &["fill", "0", "0"]).result().is_some());
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwritev", "-e", "inject=pwritev:error=ENOSPC"];
    let line = start(Path::new(PROGRAM), &wrapper, scratch.path(), &["fill", "0", "100"]).result().unwrap();
    assert_eq!(number_after(&line, "wrong"), 0);
    assert!(scratch.responses().is_empty() && scratch.files("tmp-").is_empty());
    let line = start(Path::new(PROGRAM), &[], scratch.path(), &["fill", "0", "100"]).result().unwrap();
    assert_eq!(number_after(&line, "wrong"), 0);
    assert!(!scratch.responses().is_empty());
}
