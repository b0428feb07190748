//! What a process of its own does on the directory, and how it is started.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::Router;
use cached_handler::{Bypass, Cache, CacheBuilder, Forward, Outcome, Target};

use super::{
    Source, Truth, app,
    by_hand::ByHand,
    disks::{self, responses},
    page_is_right, source,
};
use crate::harness::{Random, ask, moment, text};

/// The program's part; see [`start`] for the commands.
pub async fn run(directory: &Path, words: &[&str]) {
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).expect("a number");
    let cache = Cache::builder().namespace("tests").fs(directory.join("cache")).shares_namespace().outcome_on_hits();
    match words.first().copied() {
        Some("fill") => fill(cache.build().await, number(1), number(2)).await,
        Some("churn") => churn(cache.build().await.expect("a cache"), number(1)).await,
        Some("race") => race(cache.build().await.expect("a cache"), directory, words, &number).await,
        Some("answer") => answer(cache, directory, number(1)).await,
        Some("speed") => speed(cache.build().await.expect("a cache"), directory, number(1)).await,
        Some("hits") => hits(cache.build().await.expect("a cache"), directory, number(1)).await,
        Some("stall") => stall(cache.build().await.expect("a cache"), number(1)).await,
        Some("stalled") => disks::stalled(directory, number(1)),
        Some("full") => disks::full(cache.build().await, directory).await,
        Some("power") => {
            let cache = if words.get(2) == Some(&"durable") { cache.fs_durable() } else { cache };
            disks::power(cache.build().await.expect("a cache"), directory, number(1)).await;
        }
        _ => panic!("commands: fill, churn, race, answer, speed, hits, stall, stalled, full, power"),
    }
}

/// `fill FROM TO`: asks for the pages once; where the directory cannot be used, nothing is cached, and no request fails.
async fn fill(cache: Result<Cache, cached_handler::Error>, from: usize, to: usize) {
    let Ok(cache) = cache else {
        println!("ready\nrefused");
        return;
    };
    println!("ready");
    let app = app(cache.clone(), Arc::default());
    let mut wrong = 0;
    for id in from..to {
        wrong += usize::from(!page_is_right(&app, id).await);
        wrong += usize::from(!page_is_right(&app, id).await);
        // It may fail, and says so.
        _ = cache.invalidate(Target::group(format!("page:{}", id + 1))).await;
    }
    println!("wrong {wrong}");
}

/// `churn SEED`: asks, stores and invalidates until it is killed.
async fn churn(cache: Cache, seed: usize) {
    println!("ready");
    let app = app(cache.clone(), Arc::default());
    let mut random = Random::new(seed as u64);
    loop {
        let id = random.below(200);
        assert!(page_is_right(&app, id).await, "page {id}");
        if random.one_in(4) {
            cache.invalidate(Target::group(format!("page:{id}"))).await.expect("an invalidation");
        }
    }
}

/// `race WHO OF COUNT honest|forgetful`: this process writes every OF-th resource, and reads all.
async fn race(cache: Cache, directory: &Path, words: &[&str], number: &impl Fn(usize) -> usize) {
    const RESOURCES: usize = 3;
    let (who, of, rounds) = (number(1), number(2), number(3));
    let forgets = words.get(4) == Some(&"forgetful");
    let truth = Truth::open(directory).expect("a truth");
    let app = app(cache.clone(), source(Truth::open(directory).expect("a truth")));
    println!("ready");
    let mut random = Random::new(who as u64 + 1);
    let (mut stale, mut joined, mut hits, mut failed, mut writes) = (0, 0, 0, 0, 0);
    for _ in 0..rounds {
        let resource = random.below(RESOURCES);
        if resource % of == who && random.one_in(3) {
            let version = truth.version(resource) + 1;
            truth.set_version(resource, version);
            if forgets || cache.invalidate(Target::group(format!("version:{resource}"))).await.is_ok() {
                truth.settle(resource, version);
                writes += 1;
            }
        }
        let floor = truth.settled(resource);
        let response = ask(&app, &format!("/version/{resource}")).await;
        let outcome = response.extensions().get::<Outcome>().cloned();
        hits += usize::from(matches!(outcome, Some(Outcome::Hit { .. })));
        match text(response).await.parse::<u64>() {
            // The one exception of law L4: it joined a run under way while the backend was too slow to be asked.
            Ok(version) if version < floor && joined_unasked(outcome.as_ref()) => joined += 1,
            Ok(version) if version < floor => {
                eprintln!("version {version} of {resource}, after {floor} was settled: {outcome:?}");
                stale += 1;
            }
            Ok(_) => {}
            Err(_) => failed += 1,
        }
    }
    println!("stale {stale} failed {failed} hits {hits} writes {writes} joined {joined}");
}

fn joined_unasked(outcome: Option<&Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. }))
}

/// `answer ID`: how long it takes from the start to the first answer, whether that came from a file, and how much memory
/// the scan of all files takes.
async fn answer(cache: CacheBuilder, directory: &Path, id: usize) {
    println!("ready");
    let before = moment();
    let source: Arc<Source> = Arc::default();
    let cache = cache.build().await.expect("a cache");
    let is_right = page_is_right(&app(cache.clone(), Arc::clone(&source)), id).await;
    let micros = before.elapsed().as_micros();
    assert!(is_right, "page {id}");
    let resident = resident();
    // The scan is over when what has expired is gone everywhere.
    let homes = || std::fs::read_dir(directory.join("cache")).into_iter().flatten().flatten();
    let dead = "d".repeat(62);
    let mut folders: Vec<_> = homes().flat_map(|home| std::fs::read_dir(home.path().join("r")).into_iter().flatten().flatten()).collect();
    while !folders.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        folders.retain(|folder| folder.path().join(&dead).exists());
    }
    // With it the scan would have ended.
    drop(cache);
    let grown = self::resident().saturating_sub(resident);
    println!("micros {micros} grown {grown} runs {}", source.runs.load(Ordering::SeqCst));
}

/// The resident memory, where it can be told.
fn resident() -> u64 {
    #[cfg(target_os = "linux")]
    return crate::harness::resident().0;
    #[cfg(not(target_os = "linux"))]
    0
}

/// `hits COUNT`: so many requests for one page, whose file is at rest.
async fn hits(cache: Cache, directory: &Path, count: usize) {
    println!("ready");
    let app = app(cache, Arc::default());
    let before = responses(directory).into_iter().next().and_then(|file| changed(&file));
    assert!(page_is_right(&app, 3).await);
    is_stored(&app, "/page/3").await;
    let file = responses(directory).into_iter().next().expect("a stored response");
    rests(&file, before).await;
    for _ in 0..count {
        assert!(page_is_right(&app, 3).await);
    }
    println!("done");
}

/// How long the slowest of so many pages takes that are asked for at once.
pub(super) async fn slowest_of(app: &Router, count: usize) -> Duration {
    let ask = |id| {
        let app = app.clone();
        tokio::spawn(async move {
            let before = moment();
            assert!(page_is_right(&app, id).await, "page {id}");
            before.elapsed()
        })
    };
    let asked: Vec<_> = (0..count).map(ask).collect();
    let mut slowest = Duration::ZERO;
    for answer in asked {
        slowest = slowest.max(answer.await.expect("an answer"));
    }
    slowest
}

/// `stall COUNT`: so many pages at once, twice; how long the slowest took, and how many threads there were.
async fn stall(cache: Cache, count: usize) {
    println!("ready");
    let app = app(cache, Arc::default());
    let mut slowest = Duration::ZERO;
    for _ in 0..2 {
        slowest = slowest.max(slowest_of(&app, count).await);
    }
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    println!("slowest {} threads {threads}", slowest.as_millis());
    // What is stuck is not waited for.
    std::process::exit(0);
}

/// `speed ROUNDS`: medians in nanoseconds, of a hit, of one in memory, of `std::fs::read` of the hit's file, of what a program
/// without this crate would do for it, and of the four calls of a hit; and of hits and reads of files that are not in the page
/// cache.
async fn speed(cache: Cache, directory: &Path, rounds: usize) {
    println!("ready");
    let source: Arc<Source> = Arc::default();
    let app = app(cache, Arc::clone(&source));
    let app = &app;
    is_stored(app, "/page/3").await;
    let file = responses(directory).into_iter().next().expect("a stored response");
    rests(&file, None).await;
    let by_hand = ByHand::of(&file, directory);
    let (mut hits, mut memory, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bare, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        hits.push(timed(app, "/page/3").await);
        memory.push(timed(app, "/in-memory/3").await);
        let before = moment();
        std::hint::black_box(std::fs::read(&file).expect("a file"));
        reads.push(before.elapsed());
        let before = moment();
        by_hand.opens_and_reads(&file);
        bare.push(before.elapsed());
        let before = moment();
        by_hand.reads_what_is_open();
        calls.push(before.elapsed());
    }
    // Pages of 1 KiB each, every other one for the one that reads by hand.
    let pages: Vec<usize> = (0..400).map(|at| 10 + at * 7).collect();
    for id in &pages {
        is_stored(app, &format!("/page/{id}")).await;
    }
    let runs = source.runs.load(Ordering::SeqCst);
    let mut all = responses(directory);
    all.sort();
    let (mut cold, mut cold_reads) = (Vec::new(), Vec::new());
    forget(&all);
    for id in &pages {
        cold.push(timed(app, &format!("/page/{id}")).await);
    }
    forget(&all);
    for file in all {
        let before = moment();
        std::hint::black_box(tokio::task::spawn_blocking(move || std::fs::read(file)).await.expect("a thread").expect("a file"));
        cold_reads.push(before.elapsed());
    }
    assert_eq!(source.runs.load(Ordering::SeqCst), runs, "all were hits");
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos()
    };
    let [hit, memory, read, bare, calls, cold, cold_read] = [hits, memory, reads, bare, calls, cold, cold_reads].map(median);
    println!("hit {hit} memory {memory} read {read} bare {bare} calls {calls} cold {cold} cold-read {cold_read}");
}

/// Has the system forget what it holds of these files.
#[cfg(target_os = "linux")]
pub(super) fn forget(files: &[std::path::PathBuf]) {
    for file in files {
        let file = std::fs::File::open(file).expect("a file");
        file.sync_all().expect("a disk");
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("advice");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn forget(_: &[std::path::PathBuf]) {}

/// Asks until the answer comes from where it is stored: that is done after the first answer.
pub(super) async fn is_stored(app: &Router, uri: &str) {
    while !matches!(ask(app, uri).await.extensions().get(), Some(Outcome::Hit { .. })) {
        tokio::task::yield_now().await;
    }
}

/// Waits until nothing has changed a file for a while: neither who stored it, nor the note that it is used, which is taken
/// once a minute. Where it was there `before`, that note has to come yet.
async fn rests(file: &Path, before: Option<Changed>) {
    let (mut last, mut since) = (changed(file), moment());
    while last == before || since.elapsed() < Duration::from_millis(300) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = changed(file);
        if now != last {
            (last, since) = (now, moment());
        }
    }
}

/// Seconds and nanoseconds.
type Changed = (i64, i64);

fn changed(file: &Path) -> Option<Changed> {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata(file).ok().map(|metadata| (metadata.ctime(), metadata.ctime_nsec()))
}

async fn timed(app: &Router, uri: &str) -> Duration {
    let before = moment();
    std::hint::black_box(text(ask(app, uri).await).await);
    before.elapsed()
}

pub(super) fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten()).map(|file| file.path()).collect()
}

/// A process that has begun.
#[derive(Debug)]
pub struct Running {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

/// Starts `program` on a directory, by way of `wrapper` if there is one, and waits until it is ready.
pub fn start(program: &Path, wrapper: &[&str], directory: &Path, words: &[&str]) -> Running {
    let mut command = match wrapper.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
        None => Command::new(program),
    };
    let mut child = command.arg(directory).args(words).stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("a process");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("its output");
    Running { child, output }
}

impl Running {
    /// Ends it as a power cut would, as far as this process goes.
    pub fn kill(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }

    /// Waits for its end, and gives the line that it printed last; `None` where it was killed.
    pub fn result(mut self) -> Option<String> {
        let lines = self.output.lines().map_while(Result::ok).collect::<Vec<_>>();
        let ended = self.child.wait().expect("its end");
        ended.success().then(|| lines.last().cloned().unwrap_or_default())
    }
}

/// The number after a word in a line of results.
pub fn number_after(line: &str, word: &str) -> u64 {
    let mut words = line.split(' ').skip_while(|found| *found != word);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no `{word}` in `{line}`"))
}
