//! The customers of `load`, for a moment, on every backend: none is turned away, and none sees an old price.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::process::Command;

use cached_handler_tests::redis_server::RedisServer;

#[test]
fn in_memory_nobody_sees_an_old_price() {
    shops("memory", "");
}

#[cfg(unix)]
#[test]
fn in_files_nobody_sees_an_old_price() {
    shops("fs", "");
}

#[test]
fn in_redis_nobody_sees_an_old_price() {
    shops("redis", &RedisServer::start().url());
}

#[test]
fn what_is_not_understood_is_refused() {
    for words in [&["--backend", "disk"][..], &["--backend"], &["--bakend", "fs"], &["--seconds", "x"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_load")).args(words).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{words:?}");
    }
}

fn shops(backend: &str, url: &str) {
    let mut load = Command::new(env!("CARGO_BIN_EXE_load"));
    load.args(["--seconds", "1", "--clients", "4", "--backend", backend]).env("CACHED_HANDLER_REDIS_URL", url);
    let output = load.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Vec<&str>> = printed.lines().map(|row| row.split('|').map(str::trim).collect()).collect();
    let with = rows.iter().find(|row| row.get(1) == Some(&"with")).unwrap();
    let (hits, stale) = (with.get(7).unwrap(), with.get(9).unwrap());
    assert_eq!(*stale, "0", "{printed}");
    assert!(hits.trim_end_matches(" %").parse::<f64>().unwrap() > 10.0, "{printed}");
}
