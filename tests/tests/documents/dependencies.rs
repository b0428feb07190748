//! What the crate adds to a program that has axum already: the list of crates, which grows only with a reason. And the
//! licences of everything that is built here.

use std::{collections::BTreeSet, path::Path, process::Command};

/// Besides axum's own, with the default features.
const ADDED: &[&str] = &[
    // Its own.
    "cached-handler",
    "cached-handler-macros",
    // Entity tags and names at rest.
    "blake2b_simd",
    "arrayvec",
    "constant_time_eq",
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
    "foldhash",
    "getrandom",
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

/// What a lock file gains beside these where a program has nothing but axum: the locks of moka, which most programs have by
/// other crates, and what its random numbers are made of on other systems than this one.
const ALSO_LOCKED: &[&str] = &[
    "bitflags",
    "cfg-if",
    "lock_api",
    "parking_lot",
    "parking_lot_core",
    "redox_syscall",
    "scopeguard",
    "bumpalo",
    "js-sys",
    "r-efi",
    "rustversion",
    "wasm-bindgen",
    "wasm-bindgen-macro",
    "wasm-bindgen-macro-support",
    "wasm-bindgen-shared",
];

/// The names in the lock file of a program that has these dependencies.
fn locked(name: &str, dependencies: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(directory.join("src")).unwrap();
    std::fs::write(directory.join("src/main.rs"), "fn main() {}\n").unwrap();
    let manifest =
        format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n");
    std::fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    // The versions of the workspace, so that nothing has to be asked of the network.
    std::fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--offline", "--format-version", "1"]).current_dir(&directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lock = std::fs::read_to_string(directory.join("Cargo.lock")).unwrap();
    lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).map(str::to_owned).collect()
}

/// Audits and licence checks go by the lock file, which has all that could be built for any system.
#[test]
fn the_lock_file_of_a_program_gains_only_what_runs() {
    let axum = "axum = \"0.8\"";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cached-handler");
    let with = locked("lock-with", &format!("{axum}\ncached-handler = {{ path = {path:?} }}"));
    let without = locked("lock-without", axum);
    let known: BTreeSet<&str> = ADDED.iter().chain(ALSO_LOCKED).copied().chain(["lock-with"]).collect();
    let unknown: Vec<_> = with.difference(&without).filter(|name| !known.contains(&***name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}: what are they for? then list them here");
    assert!(!with.contains("shuttle") && with.contains("moka"));
}

/// What `cargo deny check licenses` says, for those who do not have it.
#[test]
fn every_licence_is_one_of_those_that_deny_toml_allows_and_each_of_these_is_needed() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--locked", "--all-features", "--format-version", "1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let settings = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../deny.toml")).unwrap();
    let allow = settings.split_once("\nallow = [").unwrap().1.split_once(']').unwrap().0;
    let allowed: BTreeSet<&str> = allow.split(',').map(|name| name.trim().trim_matches('"')).collect();

    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200);
    let mut needed = BTreeSet::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(may_be_used(licence, &allowed), "{} is under {licence:?}; deny.toml allows {allowed:?}", package["name"]);
        needed.extend(allowed.iter().filter(|one| !may_be_used(licence, &allowed.iter().filter(|other| other != one).copied().collect())));
    }
    // MIT is an alternative to Apache-2.0 almost everywhere, so either may go without the other.
    assert!(needed.is_superset(&allowed.iter().filter(|name| **name != "Apache-2.0").collect()), "needed are {needed:?}, of {allowed:?}");
}

/// Whether an SPDX expression can be met: names, `AND` before `OR`, parentheses; an exception is part of a name.
fn may_be_used(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let mut depth = 0;
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut split_at = |operator: &str| -> Vec<String> {
        let mut parts = vec![Vec::new()];
        for word in &words {
            depth += i32::from(*word == "(") - i32::from(*word == ")");
            if depth == 0 && *word == operator {
                parts.push(Vec::new());
            } else {
                parts.last_mut().unwrap().push(*word);
            }
        }
        parts.into_iter().map(|part| part.join(" ")).collect()
    };
    let alternatives = split_at("OR");
    if alternatives.len() > 1 {
        return alternatives.iter().any(|part| may_be_used(part, allowed));
    }
    let all = split_at("AND");
    if all.len() > 1 {
        return all.iter().all(|part| may_be_used(part, allowed));
    }
    match &*words {
        ["(", inside @ .., ")"] => may_be_used(&inside.join(" "), allowed),
        name => allowed.contains(&*name.join(" ")),
    }
}

/// `runtime::Id`, by which runtimes are told apart, is of 1.49. `.ci/run` builds with the least version.
#[test]
fn of_tokio_no_version_is_allowed_that_lacks_what_is_called() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../cached-handler/Cargo.toml")).unwrap();
    let line = manifest.lines().find(|line| line.starts_with("tokio = { version = \"1.") && line.contains("\"rt\"")).unwrap();
    let minor = line.split('"').nth(1).and_then(|version| version.split('.').nth(1)?.parse::<u32>().ok());
    assert!(minor.is_some_and(|minor| minor >= 49), "{line}");
}

#[test]
fn the_readme_says_which_axum_and_tokio_are_needed() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (manifest, readme) = (read("cached-handler/Cargo.toml"), read("README.md"));
    let least = |name: &str| {
        let version = manifest.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = { version = \"")?.split('"').next());
        format!("{name} {}", version.unwrap())
    };
    let words = format!("needs {} and {}, or later", least("axum"), least("tokio"));
    assert!(readme.contains(&words), "the README does not say `{words}`");
}

#[test]
fn licences_are_read_as_spdx_has_them() {
    let allowed = BTreeSet::from(["MIT", "Zlib"]);
    for met in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND Zlib", "GPL-3.0 AND X OR MIT", "((MIT))"] {
        assert!(may_be_used(met, &allowed), "{met}");
    }
    for not in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR X)", "MIT WITH LLVM-exception", "(MIT) AND (X)"] {
        assert!(!may_be_used(not, &allowed), "{not}");
    }
}
