//! What a hit costs, in instructions and allocations, against the same handler returning the same lines and content
//! ready. Counted by valgrind, so only on Linux; the counts repeat, whatever else the machine does.

#![cfg(target_os = "linux")]

mod bounds;
mod hostile;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

use cached_handler_tests::{built, harness::measures};

const COUNT: u64 = 2000;

fn valgrind(program: &PathBuf, tool: &[&str], case: &str, count: u64) -> String {
    let output = Command::new("valgrind").args(tool).arg(program).args([case, &count.to_string()]).env("GLIBC_TUNABLES", HEAP).output();
    let output = output.expect("valgrind is needed: `apt-get install valgrind`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).unwrap()
}

fn program(features: &str) -> PathBuf {
    built::for_speed("cached-handler-cost", "cost", features)
}

/// Counted once for all tests.
fn instructions(features: &'static str, case: &'static str) -> f64 {
    static COUNTED: Mutex<BTreeMap<[&str; 2], Arc<OnceLock<f64>>>> = Mutex::new(BTreeMap::new());
    let counted = Arc::clone(COUNTED.lock().unwrap().entry([features, case]).or_default());
    *counted.get_or_init(|| {
        let tool = ["--tool=callgrind", "--toggle-collect=cost::*measured*", "--callgrind-out-file=/dev/null"];
        number_after(&valgrind(&program(features), &tool, case, COUNT), "Collected :") / COUNT as f64
    })
}

/// Those of many requests less those of few: what is made once is in both.
fn allocations(case: &str) -> f64 {
    let total = |count| number_after(&valgrind(&program(""), &["--tool=memcheck", "--leak-check=no"], case, count), "total heap usage:");
    (total(1200) - total(200)) / 1000.0
}

/// Of one request each, without valgrind: medians of several runs in turns. Only to be read.
fn nanoseconds<const N: usize>(cases: [&str; N]) -> [u64; N] {
    let time = |case: &str| {
        let output = Command::new(program("")).args([case, "20000", "timed"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u64>().unwrap()
    };
    let turns: [[u64; N]; 7] = std::array::from_fn(|_| cases.map(time));
    std::array::from_fn(|at| {
        let mut times = turns.map(|turn| turn[at]);
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn number_after(text: &str, label: &str) -> f64 {
    let rest = text.split(label).nth(1).unwrap_or_else(|| panic!("no {label} in {text}"));
    rest.split_whitespace().next().unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn a_hit_costs_little_more_than_the_same_response_ready() {
    let ready = instructions("", "ready");
    let [hit, large, at_rest, not_modified] = ["hit", "hit-large", "at-rest", "not-modified"].map(|case| instructions("", case));
    let [ready_allocations, hit_allocations] = ["ready", "hit"].map(allocations);
    let [ready_time, hit_time] = if measures() { nanoseconds(["ready", "hit"]) } else { [0; 2] };
    println!(
        "- a hit: {hit:.0} instructions, {:.3} x ready ({ready:.0}); {hit_time} ns, ready {ready_time}; at 1 MiB {:.3} x; a 304 {:.3} x a hit; one that is made of bytes at rest {:.3} x; {hit_allocations:.1} allocations, ready {ready_allocations:.1}",
        hit / ready,
        large / ready,
        not_modified / hit,
        at_rest / hit,
    );
    assert!(hit / ready <= LIMIT, "a hit costs {:.3} x a ready response", hit / ready);
    assert!(large / hit <= 1.02, "a hit of 1 MiB costs {:.3} x one of 1 KiB", large / hit);
    assert!(not_modified / hit <= LIMIT_OF_304, "a 304 costs {:.3} x a hit", not_modified / hit);
    assert!(at_rest / hit <= LIMIT_AT_REST, "a hit made of bytes at rest costs {:.3} x one in memory", at_rest / hit);
    assert!(hit_allocations <= ready_allocations + 1.0, "{hit_allocations} allocations, {ready_allocations} for a ready response");
}

#[test]
fn a_hit_from_a_file_costs_about_three_times_one_in_memory() {
    let [hit, file] = ["hit", "file"].map(|case| instructions("", case));
    println!("- a hit from a file: {file:.0} instructions beside those of the system, {:.2} x one in memory ({hit:.0})", file / hit);
    assert!(file / hit <= LIMIT_OF_A_FILE, "a hit from a file costs {:.2} x one in memory", file / hit);
}

/// Against a handler of the same cache that is stored in memory alone.
#[test]
fn a_copy_in_memory_answers_at_the_cost_of_memory_alone() {
    let [beside, near, near_file] = ["beside", "near", "near-file"].map(|case| instructions("", case));
    let [beside_allocations, near_allocations] = ["beside", "near"].map(allocations);
    println!(
        "- a copy in memory: {near:.0} instructions, {:.3} x memory alone ({beside:.0}); in front of files, beside those of the system, {:.3} x; {near_allocations:.1} allocations, memory alone {beside_allocations:.1}",
        near / beside,
        near_file / beside,
    );
    assert!(near / beside <= LIMIT_OF_A_COPY, "a copy costs {:.3} x memory alone", near / beside);
    assert!(near_file / beside <= LIMIT_OF_A_COPY, "a copy in front of files costs {:.3} x memory alone", near_file / beside);
    assert!(near_allocations <= beside_allocations + 0.1, "{near_allocations} allocations, {beside_allocations} in memory alone");
}

#[test]
fn a_hit_of_what_is_being_made_anew_costs_little_more_than_a_fresh_one() {
    let [hit, stale] = ["hit", "stale"].map(|case| instructions("", case));
    println!("- a hit of what is stale: {stale:.0} instructions, {:.3} x a hit ({hit:.0})", stale / hit);
    assert!(stale / hit <= LIMIT_OF_WHAT_IS_STALE, "a hit of what is stale costs {:.3} x a fresh one", stale / hit);
}

#[test]
fn metrics_cost_a_hit_next_to_nothing() {
    let [without, with] = ["", "metrics"].map(|features| instructions(features, "hit"));
    println!("- a hit with metrics: {with:.0} instructions, {:.3} x without ({without:.0})", with / without);
    assert!(with / without <= LIMIT_OF_METRICS, "a hit costs {:.3} x one without metrics", with / without);
}

#[test]
fn a_hit_of_the_layer_costs_half_of_a_ready_response_through_the_router() {
    let [ready, hit] = ["ready", "layer"].map(|case| instructions("", case));
    let hit_allocations = allocations("layer");
    println!("- a hit of the layer: {hit:.0} instructions, {:.3} x ready ({ready:.0}); {hit_allocations:.1} allocations", hit / ready);
    assert!(hit / ready <= LIMIT_OF_THE_LAYER, "a hit of the layer costs {:.3} x a ready response", hit / ready);
}

#[test]
fn a_value_in_memory_costs_little_more_than_in_moka_itself() {
    let [moka, value] = ["moka", "value"].map(|case| instructions("", case));
    println!("- a value: {value:.0} instructions, {:.3} x moka's own get ({moka:.0})", value / moka);
    assert!(value / moka <= LIMIT_OF_A_VALUE, "a value costs {:.3} x moka's own get", value / moka);
}

/// A thread keeps what it has freed. With glibc's own limit of seven pieces of a size, how often it looks further hangs on
/// how the heap happens to lie: a hundredth of a hit or of a ready response, either way.
const HEAP: &str = "glibc.malloc.tcache_count=100";
/// Of moka's own `get`, with a lifetime.
const LIMIT_OF_A_VALUE: f64 = 1.55;
/// Of a ready response's instructions.
const LIMIT_OF_THE_LAYER: f64 = 0.6;
/// Of a ready response's instructions.
const LIMIT: f64 = 1.2;
/// Of a hit's.
const LIMIT_OF_304: f64 = 1.0;
/// Of a hit's, where the store gives its bytes at once.
const LIMIT_AT_REST: f64 = 3.2;
/// Of a hit's in memory: bytes are read and checked, the response is made of them, and so are keys and epochs.
const LIMIT_OF_A_FILE: f64 = 3.3;
/// Of a hit's in memory alone.
const LIMIT_OF_A_COPY: f64 = 1.1;
/// Of a fresh hit's.
const LIMIT_OF_WHAT_IS_STALE: f64 = 1.5;
/// Of a hit's without them.
const LIMIT_OF_METRICS: f64 = 1.05;
