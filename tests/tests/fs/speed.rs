//! What a hit from a file costs: in calls of the system, which repeat, and in time, against reading its file.

use std::path::Path;

use cached_handler_tests::{
    built,
    files::{
        Scratch,
        processes::{number_after, start},
    },
};

/// How often the process makes a call, with so many hits.
fn calls(program: &Path, scratch: &Scratch, call: &str, hits: &str) -> usize {
    let log = scratch.path().join("calls");
    let (trace, log_name) = (format!("trace={call}"), log.to_string_lossy().into_owned());
    let wrapper = ["strace", "-f", "-qq", "-o", &log_name, "-e", &trace];
    start(program, &wrapper, scratch.path(), &["hits", hits]).result().unwrap();
    let lines = std::fs::read_to_string(log).unwrap();
    lines.lines().filter(|line| line.contains(&format!(" {call}("))).count()
}

#[test]
fn a_hit_is_four_calls_of_the_system_and_no_hop_to_another_thread() {
    let scratch = Scratch::new("calls");
    let program = Path::new(env!("CARGO_BIN_EXE_fs_process"));
    start(program, &[], scratch.path(), &["hits", "1"]).result().unwrap();
    for (call, each) in [("openat2", 0), ("preadv2", 2), ("fstat", 2), ("close", 0), ("futex", 0), ("pwritev", 0), ("read", 0)] {
        let (few, many) = (calls(program, &scratch, call, "100"), calls(program, &scratch, call, "1100"));
        let difference = many.abs_diff(few);
        // The sweeping thread makes some of its own.
        assert!(difference.abs_diff(1000 * each) < 200, "{call}: {few} with 100 hits, {many} with 1100");
    }
}

#[test]
fn a_hit_takes_about_as_long_as_reading_its_file() {
    let scratch = Scratch::new("speed");
    let line = start(&built::for_speed("fs_process", ""), &[], scratch.path(), &["speed", "20000"]).result().unwrap();
    let [hit, memory, read, cold, cold_read] =
        ["hit", "memory", "read", "cold", "cold-read"].map(|word| number_after(&line, word) as f64 / 1000.0);
    println!(
        "- a hit of 1 KiB, 3 groups: {hit:.1} µs, in memory {memory:.1}, `std::fs::read` of its file {read:.1}: {:.2} x, {:.2} x for what is more than in memory; out of the page cache {cold:.0}, `spawn_blocking(std::fs::read)` {cold_read:.0}: {:.2} x",
        hit / read,
        (hit - memory) / read,
        (cold - memory) / cold_read,
    );
    // Found are 1.3.
    assert!(hit / read <= 1.6, "{line}");
}
