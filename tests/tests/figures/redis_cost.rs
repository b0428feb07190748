//! What a hit in Redis takes, beside a bare `GET`, and beside a bare `MGET` of the same keys; and what a request takes while
//! Redis is away.

use std::process::Command;

use cached_handler_tests::{built, harness::count, redis_server::RedisServer};

#[test]
fn a_hit_in_redis_takes_little_more_than_the_bare_command() {
    let (program, server) = (built::for_speed("cached-handler-cost", "redis-cost", "redis"), RedisServer::start());
    let output = Command::new(program).args([server.url(), count(100).to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let ratios: Vec<f64> = printed.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    println!(
        "- a hit of 1 KiB in Redis, one at a time: {:.2} x a bare `GET`; 64 at a time: {:.2} x a bare `MGET` of the same keys, and {:.2} x where each asks for another\n- while Redis is away 99 in 100 requests take at most {:.2} x what they take with the cache switched off\n{printed}",
        ratios[0], ratios[1], ratios[2], ratios[3]
    );
    assert!(ratios[0] <= ONE_AT_A_TIME, "{printed}");
    assert!(ratios[1] <= SIXTY_FOUR, "{printed}");
    assert!(ratios[2] <= EACH_ITS_OWN, "{printed}");
    assert!(ratios[3] <= AWAY, "{printed}");
}

/// Found is 1.27, and the aim is 1.3; this much, on a machine that does other things too, keeps it from growing.
const ONE_AT_A_TIME: f64 = 1.6;
/// Found is 1.1 to 1.2, which is the aim, and up to 1.3 beside other work.
const SIXTY_FOUR: f64 = 1.5;
/// The client of Redis takes as long for each response in a long answer as in a short one, and the router comes on top.
const EACH_ITS_OWN: f64 = 2.0;
/// The aim is 1.1; what else the machine does comes on top.
const AWAY: f64 = 1.3;
