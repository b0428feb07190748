//! What the crate adds to a program that has axum already: the list of crates, which grows only with a reason.

use std::{collections::BTreeSet, process::Command};

/// Besides axum's own, with the default features.
const ADDED: &[&str] = &[
    // Its own.
    "cached-handler",
    "cached-handler-macros",
    // Entity tags and names at rest.
    "blake3",
    "arrayvec",
    "constant_time_eq",
    "cpufeatures",
    // A checksum of what rests.
    "xxhash-rust",
    // The memory, and the hash of its keys.
    "moka",
    "crossbeam-channel",
    "crossbeam-epoch",
    "crossbeam-utils",
    "portable-atomic",
    "tagptr",
    "uuid",
    "equivalent",
    "ahash",
    "getrandom",
    "zerocopy",
    // Handlers register at link time.
    "inventory",
];

fn crates(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--no-dedupe",
            "--target",
            "x86_64-unknown-linux-gnu",
            "-p",
            package,
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_program_with_axum_builds_no_more_than_these_crates_besides() {
    let added: BTreeSet<String> = crates("cached-handler").difference(&crates("axum")).cloned().collect();
    let known: BTreeSet<String> = ADDED.iter().map(ToString::to_string).collect();
    let new: Vec<_> = added.difference(&known).collect();
    assert!(new.is_empty(), "{new:?}: is what they do worth it? then list them here");
    let gone: Vec<_> = known.difference(&added).collect();
    assert!(gone.is_empty(), "{gone:?} are not needed any more");
    assert!(added.len() <= 30);
}
