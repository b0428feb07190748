//! A disk that does not answer: the threads that wait for it are few, and none of them is the runtime's (law L9).

use std::path::Path;

use cached_handler_tests::{
    files::{
        Scratch,
        processes::{number_after, start},
    },
    harness::measures,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");
const PAGES: usize = 60;
/// As many as may wait for the disk.
const THREADS: usize = 16;

/// Every read of a response that may wait for the disk takes fifteen seconds; those that may not are left alone.
#[test]
fn a_disk_that_hangs_stalls_sixteen_threads_and_no_task_of_a_runtime() {
    let scratch = Scratch::new("stalled");
    let line = start(Path::new(PROGRAM), &[], scratch.path(), &["fill", "0", &PAGES.to_string()]).result().unwrap();
    assert_eq!(number_after(&line, "wrong"), 0);
    let log = scratch.path().join("log").to_string_lossy().into_owned();
    let mut wrapper =
        ["strace", "-f", "-qq", "-o", &log, "-e", "trace=preadv", "-e", "inject=preadv:delay_enter=15s"].map(str::to_owned).to_vec();
    for file in scratch.responses() {
        wrapper.extend(["-P".to_owned(), file.to_string_lossy().into_owned()]);
    }
    let wrapper: Vec<_> = wrapper.iter().map(String::as_str).collect();
    let line = start(Path::new(PROGRAM), &wrapper, scratch.path(), &["stalled", &PAGES.to_string()]).result().unwrap();
    let stuck = std::fs::read_to_string(&log).unwrap().lines().filter(|line| line.contains("preadv(")).count();
    let [slowest, p99, longest, runs, hits] = ["slowest", "p99", "longest", "runs", "hits"].map(|word| number_after(&line, word));
    println!(
        "- {stuck} threads wait for a disk that hangs: {PAGES} pages at once are answered after {slowest} ms at most, a task that is due each millisecond is 99 times in 100 after {p99} µs, at the latest after {longest} µs"
    );
    assert_eq!((stuck, (hits + runs) as usize), (THREADS, 2 * PAGES), "{line}");
    // The system is free to keep what it was advised to forget.
    assert!(hits as usize <= PAGES / 10, "{line}");
    // A stalled runtime would have waited fifteen seconds.
    assert!(!measures() || (p99 < 50_000 && slowest < 5000 && longest < 5_000_000), "{line}");
}
