//! Several processes on one directory: no request of any of them is answered from before an invalidation by any of them.

use std::path::Path;

use cached_handler_tests::{
    files::{
        Scratch, Truth, page_is_right,
        processes::{number_after, start},
    },
    harness::{Random, count},
};

use super::{on, started};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fs_process");
const PROCESSES: usize = 3;

/// What the processes counted, added up.
fn race(name: &str, rounds: usize, last: &str) -> [u64; 4] {
    let scratch = Scratch::new(name);
    drop(Truth::open(scratch.path()).unwrap());
    let rounds = (rounds / PROCESSES).to_string();
    let words = |who: usize| [who.to_string(), PROCESSES.to_string()];
    let running: Vec<_> = (0..PROCESSES)
        .map(|who| {
            let [number, of] = words(who);
            let honesty = if who + 1 == PROCESSES { last } else { "honest" };
            start(Path::new(PROGRAM), &[], scratch.path(), &["race", &number, &of, &rounds, honesty])
        })
        .collect();
    running.into_iter().fold([0; 4], |sum, process| {
        let line = process.result().expect("it ended well");
        let counts = ["stale", "failed", "hits", "writes"].map(|word| number_after(&line, word));
        std::array::from_fn(|at| sum[at] + counts[at])
    })
}

#[test]
fn three_processes_see_one_anothers_invalidations() {
    let rounds = count(1_000_000);
    let [stale, failed, hits, writes] = race("race", rounds, "honest");
    println!("- three processes, {rounds} requests, {writes} invalidations, {hits} hits: stale {stale}, failed {failed}");
    assert_eq!((stale, failed), (0, 0));
    assert!(hits as usize > rounds / 10 && writes as usize > rounds / 100, "{hits} hits, {writes} invalidations");
}

#[test]
fn a_process_that_forgets_to_invalidate_is_found() {
    let [stale, ..] = race("forgetful", 6000, "forgetful");
    assert!(stale > 0);
}

/// Killed at random under load, again and again, with others going on: nothing wrong is left behind.
#[tokio::test]
async fn processes_killed_under_load_leave_nothing_wrong_behind() {
    let scratch = Scratch::new("kills");
    let mut random = Random::new(90);
    let mut other = start(Path::new(PROGRAM), &[], scratch.path(), &["churn", "1"]);
    let kills = count(1000);
    for seed in 0..kills {
        let mut killed = start(Path::new(PROGRAM), &[], scratch.path(), &["churn", &(seed + 2).to_string()]);
        // The moment of the kill is the chance here.
        std::thread::sleep(std::time::Duration::from_micros(random.below(20_000) as u64));
        killed.kill();
    }
    other.kill();
    let cache = on(&scratch.cache()).await;
    let (app, _) = started(&cache);
    for id in 0..200 {
        assert!(page_is_right(&app, id).await, "page {id}");
    }
    let left = scratch.files("tmp-").len();
    super::space::sweeps_temporary_files(&scratch).await;
    println!("- {kills} kills under load: wrong 0, temporary files {left}, after the sweep 0");
}
