//! The attributes neither add findings of rustc and clippy to a handler nor double any, and those that matter stay.

#![expect(clippy::expect_used, clippy::panic, reason = "a test's helpers")]

#[path = "../fixtures/runner.rs"]
#[allow(clippy::pedantic, clippy::restriction, clippy::indexing_slicing, unreachable_pub, missing_docs, dead_code)]
mod runner;

use std::collections::BTreeMap;

use runner::{Package, root};

/// Line, column, lint and message, and how often that is said.
type Findings = BTreeMap<(u64, u64, String, String), usize>;

fn findings(package: &Package, features: &[&str]) -> Findings {
    let mut findings = Findings::new();
    for finding in package.diagnostics(&[&["clippy", "--lib"], features].concat()) {
        assert!(!finding.is_error(), "{finding:?}");
        *findings.entry((finding.line, finding.column, finding.code, finding.message)).or_default() += 1;
    }
    findings
}

/// Lints about the outermost statements of a function, or its signature, which the attribute's own surround or replace.
const LOST: &[&str] = &[
    "clippy::items_after_statements",
    "clippy::missing_errors_doc",
    "clippy::needless_return",
    "clippy::unused_async",
    "clippy::unused_unit",
];

#[test]
fn the_attributes_add_no_findings_and_double_none() {
    let source = root().join("tests/fixtures/lints/lib.rs");
    let package = Package::new("lints", "2024", "cached-handler", &format!("[lib]\npath = {source:?}\n"));
    let plain = findings(&package, &["--features", "plain"]);
    let cached = findings(&package, &[]);
    assert!(plain.len() > 30, "only {} findings without the attributes", plain.len());

    let new: Vec<_> = cached.iter().filter(|(finding, count)| plain.get(finding).is_none_or(|before| before < count)).collect();
    assert!(new.is_empty(), "new or doubled: {new:#?}");
    let lost: Vec<_> = plain.keys().filter(|finding| !cached.contains_key(finding) && !LOST.contains(&finding.2.as_str())).collect();
    assert!(lost.is_empty(), "lost: {lost:#?}");
    for lint in ["dead_code", "unused_variables", "unused_mut", "unreachable_code", "unused_must_use"] {
        assert!(cached.iter().any(|(finding, count)| finding.2 == lint && *count == 1), "no `{lint}`");
    }
}
