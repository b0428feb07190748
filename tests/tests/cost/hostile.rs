//! What fields cost that someone sends to keep the server busy: no parser looks twice at what it has read. Counted by
//! valgrind, so only on Linux.

#![cfg(target_os = "linux")]

use std::{path::Path, process::Command, sync::Mutex, thread};

use cached_handler_tests::built;

const FIELDS: [&str; 20] = [
    "if-none-match",
    "if-match",
    "if-range",
    "if-modified-since",
    "if-unmodified-since",
    "range",
    "cache-control",
    "pragma",
    "cookie",
    "accept-language",
    "host",
    "response:cache-control",
    "response:cdn-cache-control",
    "response:vary",
    "response:etag",
    "response:expires",
    "response:age",
    "response:connection",
    "response:location",
    "response:content-location",
];

/// Fewer instructions than the requests of one count take, whatever their field: a hit takes 10 000, and there are sixteen.
const A_FEW_REQUESTS: f64 = 100_000.0;

#[test]
fn eight_times_as_long_a_field_costs_at_most_ten_times_as_much() {
    // The counts repeat in any profile, but valgrind takes its time.
    let program = built::for_speed("cached-handler-cost", "cost", "");
    let left = Mutex::new(FIELDS.iter());
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(field) = left.lock().unwrap().next() else { break };
                    let [short, long] = [8, 64].map(|kib| instructions(&program, field, kib << 10));
                    found.lock().unwrap().push((long / short, *field));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("- 64 KiB against 8 KiB of a field, at most: {:.2} x ({})", found[0].0, found[0].1);
    println!("all of them: {found:.2?}");
    assert_eq!(found.len(), FIELDS.len());
    assert!(found[0].0 <= 10.0, "{found:?}");
    assert!(found[0].0 > 4.0, "no field is read to its end, so what is counted? {found:?}");
}

fn instructions(program: &Path, field: &str, size: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=cost::hostile::measured*", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["hostile", field, &size.to_string()])
        .output()
        .expect("valgrind is needed: `apt-get install valgrind`");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let collected = text.split("Collected :").nth(1).unwrap_or_else(|| panic!("{text}"));
    let counted = collected.split_whitespace().next().unwrap().parse().unwrap();
    assert!(counted > A_FEW_REQUESTS, "{field}: {counted} instructions are no requests");
    counted
}
