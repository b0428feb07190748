//! A process on a directory of the backend `fs`, for the tests that need several, or one that is killed.
//!
//! `fs_process DIRECTORY COMMAND…`; it prints one line when it begins, and one with what it counted.

#[cfg(unix)]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut words = std::env::args().skip(1);
    let directory = std::path::PathBuf::from(words.next().expect("a directory"));
    let words: Vec<String> = words.collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    cached_handler_tests::files::processes::run(&directory, &words).await;
}

#[cfg(not(unix))]
fn main() {}
