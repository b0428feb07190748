//! The attributes neither add findings of rustc and clippy to a handler nor double any, and those that matter stay.

use std::collections::BTreeMap;

use super::runner::{Package, root};

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
    "clippy::implicit_hasher",
    "clippy::items_after_statements",
    "clippy::missing_errors_doc",
    "clippy::needless_return",
    "clippy::unused_async",
    "clippy::unused_unit",
];

/// Lints on a whole signature: the return type is the attribute's, so that rustc lets the signature begin there.
const MOVED: &[&str] = &["missing_docs", "clippy::too_many_arguments"];

/// The place that a finding has without the attribute, which stands at most three lines above.
fn moved_back(findings: Findings, plain: &Findings) -> Findings {
    let back = |finding: (u64, u64, String, String)| {
        let before = plain.keys().find(|plain| {
            MOVED.contains(&finding.2.as_str())
                && (plain.2 == finding.2 && plain.3 == finding.3)
                && (finding.0..=finding.0 + 3).contains(&plain.0)
        });
        before.cloned().unwrap_or(finding)
    };
    findings.into_iter().map(|(finding, count)| (back(finding), count)).collect()
}

#[test]
fn the_attributes_add_no_findings_and_double_none() {
    if !Package::has_clippy() {
        println!("left out: clippy is not installed (`rustup component add clippy`)");
        return;
    }
    let source = root().join("tests/fixtures/lints/lib.rs");
    let package = Package::new("lints", "2024", "cached-handler", &format!("[lib]\npath = '{}'\n", source.display()));
    let plain = findings(&package, &["--features", "plain"]);
    let cached = moved_back(findings(&package, &[]), &plain);
    assert!(plain.len() > 30, "only {} findings without the attributes", plain.len());

    let new: Vec<_> = cached.iter().filter(|(finding, count)| plain.get(finding).is_none_or(|before| before < count)).collect();
    assert!(new.is_empty(), "new or doubled: {new:#?}");
    let lost: Vec<_> = plain.keys().filter(|finding| !cached.contains_key(finding) && !LOST.contains(&finding.2.as_str())).collect();
    assert!(lost.is_empty(), "lost: {lost:#?}");
    for lint in ["dead_code", "unused_variables", "unused_mut", "unreachable_code", "unused_must_use"] {
        assert!(cached.iter().any(|(finding, count)| finding.2 == lint && *count == 1), "no `{lint}`");
    }
}
