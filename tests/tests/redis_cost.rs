//! What a hit in Redis takes, beside a bare `GET`, and beside a bare `MGET` of the same keys.

use std::{path::PathBuf, process::Command};

use cached_handler_tests::{harness::count, redis_server::RedisServer};

/// Built for speed, as users build.
fn program() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--profile", "bench", "--package", "cached-handler-tests", "--bin", "redis-cost"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let executable = stdout.lines().filter_map(|line| line.split_once("\"executable\":\"")).next_back().unwrap().1;
    PathBuf::from(executable.split('"').next().unwrap())
}

#[test]
fn a_hit_in_redis_takes_little_more_than_the_bare_command() {
    let (program, server) = (program(), RedisServer::start());
    let output = Command::new(program).args([server.url(), count(100).to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let ratios: Vec<f64> = printed.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    println!(
        "- a hit of 1 KiB in Redis, one at a time: {:.2} x a bare `GET`; 64 at a time: {:.2} x a bare `MGET` of the same keys\n{printed}",
        ratios[0], ratios[1]
    );
    assert!(ratios[0] <= ONE_AT_A_TIME, "{printed}");
    assert!(ratios[1] <= SIXTY_FOUR, "{printed}");
}

/// Found is 1.27, and the aim is 1.3; this much, on a machine that does other things too, keeps it from growing.
const ONE_AT_A_TIME: f64 = 1.6;
/// At 64 at a time only what the client computes counts. Found is 1.9. The aim is 1.2, which a router and its answer
/// alone are beyond.
const SIXTY_FOUR: f64 = 2.5;
