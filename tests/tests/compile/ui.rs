//! What the attributes say to mistakes: every case in `ui/fail` fails with exactly the errors that its comments expect, and
//! so does every case in `ui/features`, for which cached-handler has no feature on. What messages and documentation advise
//! compiles: those are the cases in `ui/pass`.
//!
//! `//~ TOKENS => MESSAGE` stands on the line of an error, or below it as `//~^`, with a `^` for each line. The error
//! begins at those tokens; its message or one of its notes has that text in it. An error that no comment expects fails
//! the test, so that no second error follows from a first.

#![expect(clippy::expect_used, reason = "a test's helpers")]

/// The table that the macros are made of.
#[path = "../../../cached-handler-macros/src/arguments.rs"]
#[allow(unreachable_pub, missing_docs, dead_code, unused_macros)]
mod arguments;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::PathBuf,
    sync::OnceLock,
};

use super::{
    extractors::REFUSED,
    runner::{Diagnostic, Package, root},
};

/// One file.
struct Case {
    class: String,
    name: String,
    path: PathBuf,
    source: String,
}

impl Case {
    fn target(&self) -> String {
        format!("{}-{}", self.class, self.name)
    }
}

fn cases() -> Vec<Case> {
    let folder =
        |path: &str| fs::read_dir(root().join("tests/ui").join(path)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut cases = Vec::new();
    for class in folder("fail").chain(["pass", FEATURES].map(|class| root().join("tests/ui").join(class))) {
        for file in fs::read_dir(&class).expect("a class") {
            let path = file.expect("a case").path();
            let stem = |path: &PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
            let source = fs::read_to_string(&path).expect("a case");
            cases.push(Case { class: stem(&class), name: stem(&path), path, source });
        }
    }
    cases.sort_by_key(Case::target);
    cases
}

/// The class of those without any feature.
const FEATURES: &str = "features";

/// The errors of every case, compiled once for all tests.
fn errors() -> &'static BTreeMap<String, Vec<Diagnostic>> {
    static ERRORS: OnceLock<BTreeMap<String, Vec<Diagnostic>>> = OnceLock::new();
    ERRORS.get_or_init(|| {
        let (without, with): (Vec<Case>, Vec<Case>) = cases().into_iter().partition(|case| case.class == FEATURES);
        let packages = [
            Package::new("ui", "2024", "cached-handler", &targets(&with)),
            Package::with_features("ui-without", "2024", "cached-handler", "", &targets(&without)),
        ];
        let mut errors: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        let found = packages.iter().flat_map(|package| package.diagnostics(&["check", "--keep-going"]));
        for error in found.filter(Diagnostic::is_error) {
            errors.entry(error.target.clone()).or_default().push(error);
        }
        errors
    })
}

fn targets(cases: &[Case]) -> String {
    let target = |case: &Case| format!("[[bin]]\nname = \"{}\"\npath = '{}'\n\n", case.target(), case.path.display());
    cases.iter().map(target).collect()
}

/// An expectation: its line, the tokens, the text.
fn expected(source: &str) -> Vec<(u64, String, String)> {
    let mut expected = Vec::new();
    for (number, line) in (1..).zip(source.lines()) {
        for comment in line.split("//~").skip(1) {
            let up = comment.chars().take_while(|letter| *letter == '^').count();
            let (tokens, text) = comment.trim_start_matches('^').split_once(" => ").expect("`//~ TOKENS => MESSAGE`");
            expected.push((number - u64::try_from(up).expect("small"), tokens.trim().to_owned(), text.trim().to_owned()));
        }
    }
    expected
}

fn meets(error: &Diagnostic, (line, tokens, text): &(u64, String, String)) -> bool {
    let says = error.message.contains(text.as_str()) || error.notes.iter().any(|note| note.contains(text.as_str()));
    error.line == *line && error.text == *tokens && says
}

#[test]
fn every_mistake_is_told_once_on_its_tokens() {
    let mut wrong = String::new();
    let mut count = 0;
    for case in cases() {
        let mut errors = errors().get(&case.target()).cloned().unwrap_or_default();
        for expectation in expected(&case.source) {
            count += 1;
            match errors.iter().position(|error| meets(error, &expectation)) {
                Some(at) => drop(errors.remove(at)),
                None => writeln!(wrong, "{}:{}: missing: {} => {}", case.path.display(), expectation.0, expectation.1, expectation.2)
                    .expect("text"),
            }
        }
        for error in errors {
            writeln!(wrong, "{}:{}: unexpected: {} => {}", case.path.display(), error.line, error.text, error.message).expect("text");
            for note in error.notes {
                writeln!(wrong, "        {note}").expect("text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 100, "only {count} mistakes are tried");
}

#[test]
fn every_argument_of_the_attributes_has_a_case() {
    for table in [arguments::CACHED, arguments::INVALIDATES] {
        let class = table.attribute;
        let tried: BTreeSet<String> = cases().into_iter().filter(|case| case.class == class).map(|case| case.name).collect();
        let missing: Vec<_> = table.names().filter(|name| !tried.contains(*name)).collect();
        assert!(missing.is_empty(), "no case in tests/ui/fail/{class} for {missing:?}");
    }
}

/// They need features of axum-extra that nothing else here needs; the generic advice covers them.
const WITHOUT_CASE: &[&str] = &["JsonLines", "Protobuf"];

#[test]
fn every_extractor_that_is_refused_has_a_case() {
    let refused: BTreeSet<&str> = REFUSED.iter().map(|(_, name)| *name).collect();
    let cases: Vec<_> = cases().into_iter().filter(|case| case.class == "extractors").collect();
    let tried = |name: &str| cases.iter().flat_map(|case| expected(&case.source)).any(|(_, tokens, _)| last_name(&tokens) == name);
    let missing: Vec<_> = refused.into_iter().filter(|name| !WITHOUT_CASE.contains(name) && !tried(name)).collect();
    assert!(missing.is_empty(), "no case in tests/ui/fail/extractors for {missing:?}");
}

/// `Json` of `axum::Json<u64>`.
fn last_name(ty: &str) -> &str {
    let path = ty.split('<').next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default()
}

/// Whoever has to choose among more reads none: at most three notes say what to type, of which rustc's own are none.
#[test]
fn no_argument_is_answered_with_more_than_three_pieces_of_advice() {
    let mut count = 0;
    for error in errors().values().flatten().filter(|error| error.target.starts_with("extractors-")) {
        let of_rustc =
            ["required ", "the trait ", "this error ", "the following ", "the full name ", "consider ", "for ", "add ", "1 redundant "];
        let advice = error.notes.iter().filter(|note| !of_rustc.iter().any(|begin| note.starts_with(begin))).skip(1);
        count += 1;
        assert!(advice.clone().count() <= 3, "{}: {:#?}", error.message, advice.collect::<Vec<_>>());
    }
    assert!(count > 40, "{count}");
}

#[test]
fn every_message_begins_in_lower_case_and_names_what_to_type() {
    let of_rustc = ["functions-body", "functions-names", "functions-not_send", "functions-trait_impl", "types-values", "types-names"];
    let ours = errors().values().flatten().filter(|error| error.code.is_empty() && !of_rustc.contains(&error.target.as_str()));
    let mut count = 0;
    for error in ours {
        count += 1;
        let message = &error.message;
        assert!(message.starts_with(|first: char| first.is_lowercase() || "`{".contains(first)), "{message}");
        assert!(!message.ends_with(['.', '!']), "{message}");
        assert!(message.contains('`'), "{message}");
    }
    assert!(count > 80, "{count}");
}
