//! The system fails or kills the process at every call that it makes on files (`strace` sees to it): nothing wrong is
//! served, no request fails, and nothing is left behind.

use std::path::Path;

use cached_handler_tests::{
    files::{
        Scratch, page_is_right,
        processes::{number_after, start},
    },
    harness::{is_full, measures},
};

use super::{on, space, started};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");
/// The calls that change something.
const WRITES: [&str; 7] = ["openat2", "pwritev", "utimensat", "renameat", "mkdirat", "flock", "unlinkat"];
const READS: [&str; 3] = ["preadv2", "fstat", "getdents64"];
const ERRORS: [&str; 10] = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EMFILE", "ENFILE", "ENOENT", "ENOTDIR", "ESTALE"];

/// Runs `fill` with something injected at a call; its last line, or `None` where it was killed.
fn injected(scratch: &Scratch, call: &str, what: &str) -> Option<String> {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}"));
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    start(Path::new(PROGRAM), &wrapper, scratch.path(), &["fill", "0", "4"]).result()
}

/// Without injection: how the calls of a kind go in a fresh directory, and in one that is there.
#[tokio::test]
async fn a_process_killed_at_any_call_of_a_write_leaves_nothing_wrong_behind() {
    let (mut kills, mut left) = (0, 0);
    for call in WRITES {
        for is_new in [true, false] {
            // Of the writes of a new table one in some is enough: they are all alike.
            let step = if call == "pwritev" && is_new && !is_full() { 9 } else { 1 };
            for when in (1..).step_by(step) {
                let scratch = Scratch::new("killed");
                if !is_new {
                    assert!(page_is_right(&started(&on(&scratch.cache()).await).0, 1).await);
                }
                let result = injected(&scratch, call, &format!("signal=KILL:when={when}"));
                left += scratch.files("tmp-").len();
                let (app, _) = started(&on(&scratch.cache()).await);
                for id in 0..6 {
                    assert!(page_is_right(&app, id).await, "page {id} after a kill at call {when} of {call}");
                    assert!(page_is_right(&app, id).await);
                }
                space::sweeps_temporary_files(&scratch).await;
                match result {
                    None => kills += 1,
                    Some(line) => {
                        assert_eq!(number_after(&line, "wrong"), 0);
                        break;
                    }
                }
            }
        }
    }
    println!("- {kills} kills, at every call of the write path: wrong 0, temporary files {left}, after the sweep 0");
    assert!(kills > 30, "{kills}");
}

#[tokio::test]
async fn no_error_of_the_system_at_any_call_fails_a_request() {
    let mut tried = 0;
    for call in WRITES.into_iter().chain(READS) {
        for (at, error) in ERRORS.into_iter().enumerate() {
            // Once, and from then on.
            for (when, plus) in (1..).zip(["", "+"].into_iter().cycle()).skip(if is_full() { 0 } else { at % 2 }) {
                let scratch = Scratch::new("errors");
                if when % 4 < 2 {
                    assert!(page_is_right(&started(&on(&scratch.cache()).await).0, 1).await);
                }
                let when = when * if is_full() { 1 } else { 3 };
                let line = injected(&scratch, call, &format!("error={error}:when={when}{plus}")).expect("it goes on");
                assert!(line == "refused" || number_after(&line, "wrong") == 0, "{error} at call {when}{plus} of {call}: {line}");
                tried += 1;
                if when > if is_full() { 60 } else { 12 } {
                    break;
                }
            }
        }
    }
    println!("- {tried} runs with an error of the system injected: failed requests 0");
}

/// The calls on a file that is kept open, and on the table, fail now and then.
#[test]
fn no_error_of_the_system_on_the_way_of_a_hit_fails_it() {
    let scratch = Scratch::new("kept-errors");
    for call in ["fstat", "preadv2"] {
        for error in ERRORS.into_iter().chain(["EAGAIN", "EINTR"]).step_by(if is_full() { 1 } else { 4 }) {
            let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}:when=20+7"));
            let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
            let line = start(Path::new(PROGRAM), &wrapper, scratch.path(), &["hits", "200"]).result();
            assert_eq!(line.as_deref(), Some("done"), "{error} at {call}");
        }
    }
}

/// Writes that take five seconds each, for many pages at once: answers do not wait for them, and no more threads than a
/// few are stuck.
#[test]
fn a_disk_that_is_slow_to_write_slows_no_answer_past_the_limit() {
    let scratch = Scratch::new("slow");
    assert!(start(Path::new(PROGRAM), &[], scratch.path(), &["fill", "0", "0"]).result().is_some());
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwritev", "-e", "inject=pwritev:delay_enter=5s"];
    let line = start(Path::new(PROGRAM), &wrapper, scratch.path(), &["stall", "200"]).result().unwrap();
    let (slowest, threads) = (number_after(&line, "slowest"), number_after(&line, "threads"));
    println!("- 200 pages at once on a disk that takes 5 s for a write: the slowest answer after {slowest} ms, {threads} threads");
    // Sixteen that are stuck, two of the runtime, one that sweeps, the first; and some that the runtime has begun because
    // another was about to rest.
    assert!(threads < 60 && (!measures() || slowest < 2500), "{line}");
}

#[test]
fn a_process_with_few_files_to_open_fails_no_request() {
    for limit in [8, 10, 12, 16, 64] {
        let scratch = Scratch::new("few-files");
        let limited = format!("ulimit -n {limit}; exec \"$@\"");
        let line = start(Path::new(PROGRAM), &["sh", "-c", &limited, "sh"], scratch.path(), &["fill", "0", "20"]).result();
        let Some(line) = line else {
            assert!(limit < 12, "the runtime itself needs some files");
            continue;
        };
        assert!(line == "refused" || number_after(&line, "wrong") == 0, "with {limit} files: {line}");
    }
}
