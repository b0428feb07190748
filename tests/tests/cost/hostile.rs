//! What fields cost that someone sends to keep the server busy: no parser looks twice at what it has read. Counted by
//! valgrind, so only on Linux.

#![cfg(target_os = "linux")]

use std::{fs, path::Path, process::Command, thread};

use cached_handler_tests::{built, files::Scratch};

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
    // The counts repeat in any profile, but valgrind takes its time, also to begin: so half of the fields go into one process.
    let program = built::for_speed("cached-handler-cost", "cost", "");
    let mut found: Vec<(f64, &str)> = thread::scope(|scope| {
        let halves = FIELDS.chunks(FIELDS.len() / 2).map(|fields| (fields, scope.spawn(|| instructions(&program, fields))));
        let halves: Vec<_> = halves.collect();
        let counted = halves.into_iter().map(|(fields, counts)| (fields, counts.join().expect("counts")));
        let growth = |(fields, counts): (&[&'static str], Vec<[f64; 2]>)| {
            fields.iter().zip(counts).map(|(field, [short, long])| (long / short, *field)).collect::<Vec<_>>()
        };
        counted.flat_map(growth).collect()
    });
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("- 64 KiB against 8 KiB of a field, at most: {:.2} x ({})", found[0].0, found[0].1);
    println!("all of them: {found:.2?}");
    assert_eq!(found.len(), FIELDS.len());
    assert!(found[0].0 <= 10.0, "{found:?}");
    assert!(found[0].0 > 4.0, "no field is read to its end, so what is counted? {found:?}");
}

/// Of each field, where it is short and where it is long.
fn instructions(program: &Path, fields: &[&str]) -> Vec<[f64; 2]> {
    let scratch = Scratch::new(&format!("hostile-{}", fields[0]));
    let counts = scratch.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=cost::hostile::measured*", "--dump-after=cost::hostile::ends*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(program)
        .args(["hostile", &fields.join(","), &format!("{},{}", 8 << 10, 64 << 10)])
        .output()
        .expect("valgrind is needed: `apt-get install valgrind`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A file for each part, which begin with 1.
    let count = |part: usize, field: &str| {
        let text = fs::read_to_string(format!("{}.{part}", counts.display())).unwrap();
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
        let counted: f64 = total.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap();
        assert!(counted > A_FEW_REQUESTS, "{field}: {counted} instructions are no requests");
        counted
    };
    fields.iter().enumerate().map(|(at, field)| [count(2 * at + 1, field), count(2 * at + 2, field)]).collect()
}
