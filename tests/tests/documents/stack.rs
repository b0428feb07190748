//! The crate is a stack of rooms: a module uses what stands below it in CONTRIBUTING's picture, and nothing above.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{between, read, repository};

/// Each room with its line in the picture, counted from the top; two in one line stand beside each other.
fn picture() -> BTreeMap<String, usize> {
    let text = read("CONTRIBUTING.md");
    let lines = between(&text, "cached-handler/src/   ", "cached-handler/recipes/   ").next().unwrap().lines().skip(1).enumerate();
    let names = |line: &str| -> Vec<String> {
        let Some(line) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else { return Vec::new() };
        let names = line.split("  ").next().unwrap_or_default().split(", ");
        names.map(|name| name.trim_end_matches('/').trim_end_matches(".rs").to_owned()).collect()
    };
    lines.flat_map(|(at, line)| names(line).into_iter().map(move |name| (name, at))).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension() == Some("rs".as_ref()))
        .collect()
}

/// The code of a file, without comments, and without tests, which may use anything.
fn code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// What a file names of the crate, by the first segment behind `crate::`, and the line where it does.
fn named(code: &str) -> Vec<(String, usize)> {
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::").filter(|(at, _)| !code[..*at].ends_with(['$', ':', '_'])) {
        let rest = &code[at + "crate::".len()..];
        let line = code[..at].matches('\n').count() + 1;
        if let Some(group) = rest.strip_prefix('{') {
            named.extend(members(group).map(|(name, lines)| (name, line + lines)));
        } else {
            named.push((word(rest), line));
        }
    }
    named
}

/// The first segments in a group of `use`, and how many lines further down they stand.
fn members(group: &str) -> impl Iterator<Item = (String, usize)> {
    let (mut depth, mut members, mut is_begin) = (1, Vec::new(), true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => is_begin = true,
            _ if is_begin && (letter.is_alphabetic() || letter == '_') => {
                members.push((word(&group[at..]), group[..at].matches('\n').count()));
                is_begin = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    members.into_iter()
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn a_module_uses_only_what_stands_below_it() {
    let (picture, source) = (picture(), repository().join("cached-handler/src"));
    assert!(picture.len() > 15, "{picture:?}");
    let (mut above, mut seen) = (Vec::new(), 0);
    for path in sources(&source) {
        let relative = path.strip_prefix(&source).unwrap();
        if relative.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "shuttle_tests.rs"))) {
            continue;
        }
        let room = relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let own = *picture.get(room).unwrap_or_else(|| panic!("`{room}` is missing in CONTRIBUTING's picture; give it its line there"));
        let code = code(&fs::read_to_string(&path).unwrap());
        // A macro that is exported stands at the root, wherever it is written.
        let is_own_macro = |name: &str| code.contains(&format!("macro_rules! {name} "));
        for (name, line) in named(&code).into_iter().filter(|(name, _)| !is_own_macro(name)) {
            seen += 1;
            // What `lib.rs` exports is its face, which stands above all.
            let place = picture.get(&name).copied().unwrap_or(0);
            if place < own || place == own && name != room {
                above.push(format!(
                    "{}:{line} uses `crate::{name}`, which does not stand below `{room}`: move what it needs down, or hand it over as an argument",
                    relative.display()
                ));
            }
        }
    }
    assert!(seen > 500, "{seen}");
    assert!(above.is_empty(), "{above:#?}");
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let code = code(
        "use crate::{\n    a::{b, c},\n    d, // crate::x\n    e::{self, F},\n};\nuse crate::g::h;\nfn f() { crate::i::j($crate::k) }\n",
    );
    let expected = [("a", 2), ("d", 3), ("e", 4), ("g", 6), ("i", 7)].map(|(name, line)| (name.to_owned(), line));
    assert_eq!(named(&code), expected);
}
