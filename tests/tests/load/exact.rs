//! Law L4 exactly, over several processes: each task writes down when each of its operations began and ended and what it
//! saw, and a judge that knows nothing of caches decides. Reads, invalidations of all kinds, expiries, refreshes, clients
//! that leave; processes that are stopped and go on. The judge is shown to find caches with a copy in memory that go wrong.

mod history;
mod judge;
mod member;
mod site;

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use cached_handler_tests::{
    files::{Scratch, processes::number_after},
    harness::{Random, is_full},
    redis_server::RedisServer,
};

use self::{
    judge::{Verdict, judge},
    member::Share,
    site::Truth,
};

const PROCESSES: usize = 3;
const TASKS: usize = 8;

/// Where stored responses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    /// Of each process: no other hears of its invalidations.
    Memory,
    Files,
    Redis,
    MemoryAndFiles,
    MemoryAndRedis,
}

const BACKENDS: [(Backend, &str); 5] = [
    (Backend::Memory, "memory"),
    (Backend::Files, "fs"),
    (Backend::Redis, "redis"),
    (Backend::MemoryAndFiles, "memory+fs"),
    (Backend::MemoryAndRedis, "memory+redis"),
];

impl Backend {
    fn name(self) -> &'static str {
        BACKENDS.iter().find(|(backend, _)| *backend == self).unwrap().1
    }

    fn of(name: &str) -> Self {
        BACKENDS.iter().find(|(_, known)| *known == name).unwrap().0
    }

    fn has_server(self) -> bool {
        matches!(self, Self::Redis | Self::MemoryAndRedis)
    }
}

/// What a cache in front of the backend does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    /// There is none.
    None,
    /// It uses a copy for a moment, and asks nobody.
    AsksNobody,
    /// It asks the clock, and takes a copy to be of the time at which it has it.
    StampsLate,
    /// It takes it to be of the time before it was asked for, which is right.
    Right,
}

const MISTAKES: [(Mistake, &str); 4] =
    [(Mistake::None, "none"), (Mistake::AsksNobody, "asks-nobody"), (Mistake::StampsLate, "stamps-late"), (Mistake::Right, "right")];

impl Mistake {
    fn word(self) -> &'static str {
        MISTAKES.iter().find(|(mistake, _)| *mistake == self).unwrap().1
    }

    fn of(word: &str) -> Self {
        MISTAKES.iter().find(|(_, known)| *known == word).unwrap().0
    }
}

/// Whether processes are stopped now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stops {
    Never,
    UpToTwoSeconds,
}

/// The processes, which end with this.
struct Processes(Vec<Child>);

impl Processes {
    fn signal(&self, which: usize, signal: &str) {
        let process = self.0[which].id().to_string();
        Command::new("kill").args([signal, &process]).stderr(Stdio::null()).status().unwrap();
    }

    fn all_have_ended(&mut self) -> bool {
        self.0.iter_mut().all(|process| process.try_wait().unwrap().is_some())
    }

    /// Stops one of them for a while, again and again.
    fn stop_at_random(&mut self) {
        let mut random = Random::new(15);
        while !self.all_have_ended() {
            let which = random.below(self.0.len());
            self.signal(which, "-STOP");
            // How long is the chance here.
            std::thread::sleep(Duration::from_millis(random.below(2000) as u64));
            self.signal(which, "-CONT");
            std::thread::sleep(Duration::from_millis(random.below(300) as u64));
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in &mut self.0 {
            _ = process.kill();
            _ = process.wait();
        }
    }
}

const SIGN: &str = "CACHED_HANDLER_TEST_MEMBER";

/// In a process that was started: does its share. In the test: starts them, and judges what they saw.
fn history_of(test: &str, backend: Backend, mistake: Mistake, stops: Stops, operations: usize) -> Option<Verdict> {
    if let Ok(words) = std::env::var(SIGN) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(member::run(Share::of_words(&words)));
        return None;
    }
    let scratch = Scratch::new(test.rsplit(':').next().unwrap());
    let server = backend.has_server().then(RedisServer::start);
    drop(Truth::open(scratch.path()));
    let start = |process| {
        let share = Share {
            backend,
            mistake,
            process,
            operations: operations / PROCESSES,
            url: server.as_ref().map_or_else(|| "redis://127.0.0.1:1".to_owned(), RedisServer::url),
            directory: scratch.path().to_owned(),
        };
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(SIGN, share.to_words());
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut processes = Processes((0..PROCESSES).map(start).collect());
    if stops == Stops::UpToTwoSeconds {
        processes.stop_at_random();
    }
    let mut sums = [0; 3];
    for process in std::mem::take(&mut processes.0) {
        let output = process.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}");
        let line = printed.lines().find_map(|line| line.strip_prefix("saw ")).unwrap_or_else(|| panic!("{printed}"));
        for (sum, word) in sums.iter_mut().zip(["hits", "unpromised", "failed"]) {
            *sum += number_after(line, word);
        }
    }
    let files = history::all(scratch.path());
    assert_eq!(files.len(), PROCESSES * TASKS);
    let verdict = judge(|| files.iter().flat_map(|file| history::events(file)));
    let [hits, unpromised, failed] = sums;
    println!(
        "- {}, {mistake:?}, stops {stops:?}: {} reads in three processes, {hits} hits, {} invalidations: stale {}; promised nothing: {unpromised} reads, {failed} invalidations",
        backend.name(),
        verdict.reads,
        verdict.invalidations,
        verdict.stale,
    );
    assert_eq!(verdict.unborn, 0, "the history is wrong: {verdict:?}");
    assert!(hits as usize * 4 > verdict.reads || mistake != Mistake::None, "some reads are hits: {hits} of {}", verdict.reads);
    assert!((unpromised as usize) * 10 < verdict.reads, "most reads are promised something");
    Some(verdict)
}

fn none_is_stale(test: &str, backend: Backend, mistake: Mistake, stops: Stops, operations: usize) {
    let Some(verdict) = history_of(test, backend, mistake, stops, operations) else { return };
    assert_eq!(verdict.stale, 0, "{verdict:?}");
}

fn some_are_stale(test: &str, backend: Backend, mistake: Mistake) {
    let Some(verdict) = history_of(test, backend, mistake, Stops::Never, 15_000) else { return };
    assert!(verdict.stale > 0, "{verdict:?}");
}

/// So many operations: all where that is asked for, otherwise what takes some seconds.
fn most(full: usize) -> usize {
    if is_full() { full } else { 30_000 }
}

#[test]
fn on_files_no_read_is_older_than_an_invalidation_before_it() {
    let test = "exact::on_files_no_read_is_older_than_an_invalidation_before_it";
    none_is_stale(test, Backend::Files, Mistake::None, Stops::Never, most(1_000_000) / 2);
}

#[test]
fn nor_with_memory_in_front_of_files() {
    none_is_stale("exact::nor_with_memory_in_front_of_files", Backend::MemoryAndFiles, Mistake::None, Stops::Never, most(10_000_000));
}

#[test]
fn nor_with_memory_in_front_of_files_where_processes_are_stopped() {
    let test = "exact::nor_with_memory_in_front_of_files_where_processes_are_stopped";
    none_is_stale(test, Backend::MemoryAndFiles, Mistake::None, Stops::UpToTwoSeconds, most(10_000_000));
}

#[test]
fn nor_with_memory_in_front_of_a_redis() {
    none_is_stale("exact::nor_with_memory_in_front_of_a_redis", Backend::MemoryAndRedis, Mistake::None, Stops::Never, most(10_000_000));
}

#[test]
fn nor_with_memory_in_front_of_a_redis_where_processes_are_stopped() {
    let test = "exact::nor_with_memory_in_front_of_a_redis_where_processes_are_stopped";
    none_is_stale(test, Backend::MemoryAndRedis, Mistake::None, Stops::UpToTwoSeconds, most(10_000_000));
}

#[test]
fn the_judge_finds_processes_that_do_not_hear_of_each_other() {
    some_are_stale("exact::the_judge_finds_processes_that_do_not_hear_of_each_other", Backend::Memory, Mistake::None);
}

#[test]
fn the_judge_finds_a_copy_that_is_used_for_a_moment_without_asking() {
    let test = "exact::the_judge_finds_a_copy_that_is_used_for_a_moment_without_asking";
    some_are_stale(test, Backend::Files, Mistake::AsksNobody);
}

#[test]
fn the_judge_finds_a_copy_with_the_clock_of_when_it_came() {
    some_are_stale("exact::the_judge_finds_a_copy_with_the_clock_of_when_it_came", Backend::Files, Mistake::StampsLate);
}

#[test]
fn a_copy_with_the_clock_of_when_it_was_asked_for_is_right() {
    let test = "exact::a_copy_with_the_clock_of_when_it_was_asked_for_is_right";
    none_is_stale(test, Backend::Files, Mistake::Right, Stops::Never, 15_000);
}
