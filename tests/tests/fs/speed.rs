//! What a hit from a file costs in calls of the system, which repeat. `timing` measures what it takes.

use std::{collections::HashMap, path::Path};

use cached_handler_tests::files::{Scratch, processes::start};

/// How often the thread that makes a call most often makes it, with so many hits: the sweeping thread makes calls of its own, the
/// more of them the longer the hits take.
fn calls(program: &Path, scratch: &Scratch, call: &str, hits: &str) -> usize {
    let log = scratch.path().join("calls");
    let (trace, log_name) = (format!("trace={call}"), log.to_string_lossy().into_owned());
    let wrapper = ["strace", "-f", "-qq", "-o", &log_name, "-e", &trace];
    start(program, &wrapper, scratch.path(), &["hits", hits]).result().unwrap();
    let lines = std::fs::read_to_string(log).unwrap();
    let mut by_thread: HashMap<&str, usize> = HashMap::new();
    for line in lines.lines().filter(|line| line.contains(&format!(" {call}("))) {
        *by_thread.entry(line.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    by_thread.into_values().max().unwrap_or_default()
}

#[test]
fn a_hit_is_four_calls_of_the_system_and_no_hop_to_another_thread() {
    let scratch = Scratch::new("calls");
    let program = Path::new(env!("CARGO_BIN_EXE_fs_process"));
    start(program, &[], scratch.path(), &["hits", "1"]).result().unwrap();
    for (call, each) in [("openat2", 0), ("preadv2", 2), ("fstat", 2), ("close", 0), ("futex", 0), ("pwritev", 0), ("read", 0)] {
        let (few, many) = (calls(program, &scratch, call, "100"), calls(program, &scratch, call, "1100"));
        let difference = many.abs_diff(few);
        assert!(difference.abs_diff(1000 * each) < 200, "{call}: {few} with 100 hits, {many} with 1100");
    }
}
