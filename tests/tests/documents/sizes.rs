//! How long files and the names of tests may be.

use std::{fs, path::Path};

use super::repository;

/// Of lines.
const LONGEST_FILE: usize = 350;
/// Of characters.
const LONGEST_NAME: usize = 80;

/// Each source file below a folder.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["cached-handler", "cached-handler-macros", "examples", "tests"] {
        sources(&repository().join(folder), &mut found);
    }
    assert!(found.len() > 500, "{}", found.len());
    found
}

/// Pages of the guide are not: a page is one subject.
#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let is_long = |text: &str| text.lines().count() > LONGEST_FILE;
    let too_long: Vec<_> = all().into_iter().filter(|(path, text)| !path.contains("/src/guide/") && is_long(text)).collect();
    assert!(too_long.is_empty(), "{:#?}", too_long.iter().map(|(path, text)| (path, text.lines().count())).collect::<Vec<_>>());
}

#[test]
fn the_name_of_a_test_is_a_short_sentence() {
    let mut tests = 0;
    let mut too_long = Vec::new();
    for (path, text) in all() {
        for (attribute, rest) in text.split('\n').zip(text.split('\n').skip(1)) {
            let attribute = attribute.trim();
            if !(attribute == "#[test]" || attribute.starts_with("#[tokio::test")) {
                continue;
            }
            let Some(name) = rest.split_once("fn ").and_then(|(_, rest)| rest.split('(').next()) else { continue };
            tests += 1;
            if name.len() > LONGEST_NAME {
                too_long.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(tests > 1000, "{tests}");
    assert!(too_long.is_empty(), "{too_long:#?}");
}
