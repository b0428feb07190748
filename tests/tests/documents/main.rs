//! What the documents say is there is there: tests by name, files by address, pages of the guide, words of outcomes.

mod dependencies;
mod public;
mod sizes;
mod stack;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cached_handler::{Bypass, Forward, NotStored};

const ON_THE_WEB: &str = "https://github.com/cached-handler/cached-handler/blob/main/";
const GUIDE_ON_THE_WEB: &str = "https://docs.rs/cached-handler/latest/cached_handler/guide/";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// The cells of each row of a table, by what the rows begin with.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| line.starts_with("| ")).map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The file that a test's name begins with.
fn file_of(name: &str) -> PathBuf {
    let (folder, name) = match name.split_once('/').unwrap_or((name, "main")) {
        ("src", name) => ("cached-handler/src", name),
        ("macros", name) => ("cached-handler-macros/src", name),
        ("examples", name) => ("examples/tests", name),
        ("adoption", name) => ("tests/adoption", name),
        ("laws", name) => ("cached-handler/tests/laws", name),
        (program, name) => return Path::new("tests/tests").join(program).join(format!("{name}.rs")),
    };
    Path::new(folder).join(format!("{name}.rs"))
}

/// Where a function of this name is no test, it is no answer to a fault. Those of `everywhere` are stories, in the list of a
/// macro that makes a test of each for every way and place.
fn has_test(source: &str, name: &str) -> bool {
    let is_in_a_list = source.contains("everywhere! { ") && source.contains(&format!("\n    {name},\n"));
    if is_in_a_list && source.contains(&format!("\nasync fn {name}(")) {
        return true;
    }
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else { return false };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    attributes.contains("#[test]") || attributes.contains("#[tokio::test")
}

#[test]
fn every_fault_has_its_tests() {
    let faults = read("tests/FAULTS.md");
    let (with_tests, without) = faults.split_once("## Without a test").unwrap();
    let mut sources = BTreeMap::new();
    let mut missing = Vec::new();
    let mut numbers = BTreeSet::new();
    for row in rows(with_tests).filter(|row| row[0].parse::<u32>().is_ok()) {
        assert!(numbers.insert(row[0].parse::<u32>().unwrap()), "{} stands there twice", row[0]);
        let tests: Vec<_> = between(row[3], "`", "`").filter(|name| name.contains("::")).collect();
        assert!(!tests.is_empty(), "{} has no test", row[0]);
        for (file, name) in tests.iter().filter_map(|test| test.rsplit_once("::")) {
            let source = sources.entry(file_of(file)).or_insert_with_key(|path| read(path));
            if !has_test(source, name) {
                missing.push(format!("{}: {file}::{name}", row[0]));
            }
        }
        let pairs = sources.entry(file_of("load/pairs/list")).or_insert_with_key(|path| read(path));
        for pair in row[3].split('"').skip(1).step_by(2).filter(|pair| !pairs.contains(&format!("\"{pair}\","))) {
            missing.push(format!("{}: the pair {pair}", row[0]));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    numbers.extend(rows(without).filter_map(|row| row[0].parse::<u32>().ok()));
    let last = *numbers.last().unwrap();
    let left_out: Vec<_> = (1..=last).filter(|number| !numbers.contains(number)).collect();
    assert!(last > 100 && left_out.is_empty(), "no word on {left_out:?}");
}

/// A report is named as `owner/repository#number`, once, and each test of `reports` is the answer to one.
#[test]
fn every_report_of_others_has_its_test_and_every_such_test_its_report() {
    let faults = read("tests/FAULTS.md");
    let section = between(&faults, "## Reports of others", "## ").next().unwrap();
    let (mut named, mut reports) = (BTreeSet::new(), BTreeSet::new());
    for (row, number) in rows(section).skip(1).zip(1..) {
        assert_eq!(row[0], format!("R{number}"));
        let report = row[1].trim_matches('`');
        let (repository, issue) = report.split_once('#').unwrap_or_else(|| panic!("{report} is no report"));
        assert!(repository.split('/').count() == 2 && issue.parse::<u32>().is_ok(), "{report} is no report");
        assert!(reports.insert(report), "{report} stands there twice");
        let (file, name) = row[3].trim_matches('`').rsplit_once("::").unwrap();
        let source = read(file_of(file));
        assert!(has_test(&source, name), "R{number}: {file}::{name} is no test");
        let told = source.split(&format!("fn {name}(")).next().unwrap().rsplit("\n\n").next().unwrap();
        assert!(!file.starts_with("external/reports/") || told.contains(report), "R{number}: {file}::{name} does not name {report}");
        named.insert(format!("{file}::{name}"));
    }
    assert!(reports.len() >= 60, "{}", reports.len());
    for entry in fs::read_dir(repository().join("tests/tests/external/reports")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let source = read(format!("tests/tests/external/reports/{name}"));
        for test in between(&source, "#[tokio::test]\nasync fn ", "(") {
            assert!(
                named.contains(&format!("external/reports/{}::{test}", name.trim_end_matches(".rs"))),
                "{name}: {test} answers no report"
            );
        }
    }
}

/// Each law says of each kind of way which test holds it there.
#[test]
fn every_law_has_a_test_for_every_way_that_touches_it() {
    let text = read("tests/LAWS.md");
    let (laws, _) = text.split_once("## Left").unwrap();
    let (mut missing, mut sections) = (Vec::new(), 0);
    for section in laws.split("\n## L").skip(1) {
        sections += 1;
        assert!(section.starts_with(&format!("{sections}: ")), "{}", &section[..20]);
        let rows: Vec<_> = rows(section).filter(|row| row.len() == 3 && row[1] != "way").collect();
        for kind in ["entrances", "forms", "outcomes", "places", "invalidations"] {
            assert!(section.contains(&format!("\n| {kind} | ")) || kind == "forms", "L{sections} says nothing of {kind}");
        }
        let mut tests = 0;
        for name in rows.iter().flat_map(|row| between(row[2], "`", "`").step_by(2)).filter(|name| name.contains("::")) {
            let (file, function) = name.rsplit_once("::").unwrap();
            tests += 1;
            if !has_test(&read(file_of(file)), function) {
                missing.push(format!("L{sections}: {name}"));
            }
        }
        assert!(tests > 5, "L{sections}: {tests}");
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(sections, 10);
}

#[test]
fn each_law_and_each_figure_names_tests_that_exist() {
    let readme = read("README.md");
    let laws = between(&readme, "## Laws", "## ").next().unwrap();
    let (source, mut seen) = (read(file_of("laws")), 0);
    for row in rows(laws).filter(|row| row[0].starts_with("**L")) {
        let law = row[0].trim_matches('*').to_lowercase();
        assert!(source.contains(&format!("]\nasync fn {law}_")), "{law} has no test of its name");
        seen += 1;
    }
    assert_eq!(seen, 10);
    let figures = between(&readme, "## Figures", "## ").next().unwrap();
    let all_figures = read("tests/FIGURES.md");
    let programs = rows(figures).chain(rows(&all_figures)).filter_map(|row| row.last().copied());
    for program in programs.flat_map(|cell| between(cell, "`", "`").step_by(2)).filter(|name| !name.contains(' ')) {
        assert!(repository().join(file_of(program)).is_file(), "{program}");
    }
}

/// crates.io shows the README from another folder, and rustdoc from none: only whole addresses lead somewhere in all places.
#[test]
fn addresses_lead_to_what_exists() {
    let readme = read("README.md");
    let inline = between(&readme, "](", ")");
    let defined = readme.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ").map(|(_, address)| address));
    for address in inline.chain(defined) {
        assert!(address.starts_with("https://") || address.starts_with('#'), "{address} does not work on crates.io");
    }
    let mut texts = vec![readme];
    for entry in fs::read_dir(repository().join("cached-handler/src/guide")).unwrap() {
        texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let end = |address: &str| address.find(|c: char| "()[]#` \n".contains(c)).unwrap_or(address.len());
    let mut seen = 0;
    for text in &texts {
        for address in text.split(ON_THE_WEB).skip(1) {
            let file = &address[..end(address)];
            assert!(repository().join(file).exists(), "{file}");
            seen += 1;
        }
        for address in text.split(GUIDE_ON_THE_WEB).skip(1) {
            let page = address[..end(address)].split('/').next().unwrap();
            assert!(repository().join(format!("cached-handler/src/guide/{page}.rs")).is_file(), "{page}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn every_page_of_the_guide_is_listed_and_says_when_not_and_what_goes_wrong() {
    let list = read("cached-handler/src/guide/mod.rs");
    for entry in fs::read_dir(repository().join("cached-handler/src/guide")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let page = name.strip_suffix(".rs").unwrap();
        if page == "mod" {
            continue;
        }
        assert!(list.contains(&format!("| [`{page}`] |")) && list.contains(&format!("pub mod {page};")), "{page}");
        let text = read(format!("cached-handler/src/guide/{name}"));
        assert!(text.contains("//! # When not\n"), "{page}");
        assert!(["comparison", "errors"].contains(&page) || text.contains("//! # Errors that"), "{page}");
        let code = text.lines().position(|line| line.starts_with("//! ```")).unwrap();
        assert!(code < 5, "{page} opens with something else than code");
    }
}

/// Whoever looks for a test finds its program and file in the map, and the map names none that is gone.
#[test]
fn the_map_of_the_tests_has_every_file() {
    let text = read("CONTRIBUTING.md");
    let map = between(&text, "### The tests\n", "\n#").next().unwrap();
    let mut mapped = BTreeMap::new();
    for row in rows(map).skip(1) {
        let files: BTreeSet<_> = between(row[2], "`", "`").step_by(2).map(str::to_owned).collect();
        assert!(mapped.insert(row[0].trim_matches('`').to_owned(), files).is_none(), "{} stands there twice", row[0]);
    }
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut there = BTreeMap::new();
    for program in ["tests/tests", "cached-handler/tests"].iter().flat_map(|folder| entries(&repository().join(folder))) {
        let files = entries(&program).iter().filter(|path| path.is_file()).map(|path| stem(path)).filter(|name| name != "main").collect();
        there.insert(stem(&program), files);
    }
    assert_eq!(mapped, there);
    assert!(there.len() <= 15, "each program is linked once more: {}", there.len());
}

/// The words of outcomes stand in the first column of the guide's tables of errors, and nothing else does.
#[test]
fn every_reason_is_explained() {
    let mut words: BTreeSet<String> = [Forward::WORDS, Bypass::WORDS, NotStored::WORDS].concat().into_iter().map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    // Said of a request as a whole: `Bypass` has the words, and `invalidated` is a miss of its own.
    words.remove("bypass");
    words.extend(["bypass".to_owned(), "invalidated".to_owned()]);
    let page = read("cached-handler/src/guide/errors.rs").replace("//! ", "");
    for row in rows(&page).filter(|row| row[0].starts_with('`')) {
        seen.extend(between(row[0], "`", "`").step_by(2).map(str::to_owned));
    }
    assert!(words.len() > 40, "{words:?}");
    assert_eq!(seen, words);
}

/// What a constant of the code is, in a sum of numbers, products and shifts, or of other constants.
fn constant(source: &str, name: &str) -> u64 {
    let term = |text: &str| {
        let text = text.trim().trim_end_matches(" as u64");
        let text = text.rsplit("::").next().unwrap_or(text);
        text.replace('_', "").parse().unwrap_or_else(|_| constant(source, text))
    };
    let begin = format!("const {name}: ");
    let declared = between(source, &begin, ";").next().unwrap_or_else(|| panic!("{name}"));
    let value = declared.split_once("= ").unwrap().1;
    // Of several the last is the one of every day: `if cfg!(shuttle) { 1 } else { 4096 }`.
    let value = value.rsplit("{ ").next().unwrap().trim_end_matches([' ', '}']);
    value
        .split(" + ")
        .map(|product| {
            product
                .split(" * ")
                .map(|factor| factor.split_once(" << ").map_or_else(|| term(factor), |(one, by)| term(one) << term(by)))
                .product::<u64>()
        })
        .sum()
}

fn with_thin_spaces(number: u64) -> String {
    format!("{} {:03}", number / 1000, number % 1000)
}

/// Figures that say how much the code holds stand in several documents, each in its own words.
#[test]
fn the_sizes_of_the_epochs_and_the_version_at_rest_are_those_of_the_code() {
    let table =
        ["table", "table/sets", "table/record"].map(|file| read(format!("cached-handler/src/storage/remote/fs/{file}.rs"))).concat();
    let mib = |bytes: u64| format!("{}.{}", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    let (least, most) = (mib(constant(&table, "PAGES")), mib(constant(&table, "END")));
    let [groups, keys] = ["GROUP_SETS", "KEY_SETS"].map(|sets| constant(&table, sets) * 128);
    let with_commas = |number: u64| with_thin_spaces(number).replace(' ', ",");
    let registry = read("cached-handler/src/epoch/in_process/registry.rs");
    let (recent, shared) = (constant(&registry, "MOST_RECENT"), constant(&registry, "REMEMBERED"));
    let (recent, shared) = (with_thin_spaces(recent), with_thin_spaces(shared));
    let version = constant(&read("cached-handler/src/stored/codec.rs"), "VERSION");
    for (file, words) in [
        ("cached-handler/src/guide/operating.rs", format!("{least} MiB for the epochs, up to {most} MiB where")),
        ("cached-handler/src/cache/builder/files.rs", format!("takes {least} to {most} MiB besides")),
        ("cached-handler/src/guide/backends.rs", format!("of {least} MiB, and of at most {most} MiB where")),
        (
            "cached-handler/src/guide/backends.rs",
            format!("latest {} groups and the latest {} keys", with_commas(groups), with_commas(keys)),
        ),
        ("cached-handler/src/guide/backends.rs", format!("last {recent} groups that were invalidated have an epoch each")),
        ("cached-handler/src/guide/backends.rs", format!("older ones, and handlers, share {shared},")),
        (
            "CHANGELOG.md",
            format!("latest {} keys, {} groups, and every handler, have an epoch each", with_commas(keys), with_commas(groups)),
        ),
        (
            "CHANGELOG.md",
            format!("last {recent} groups that were invalidated have an epoch each, and older ones, and handlers, share {shared}."),
        ),
        ("CHANGELOG.md", format!("The format at rest is version {version}:")),
    ] {
        let text = read(file).replace("//!", "").replace("///", "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&words), "{file} does not say `{words}`");
    }
}
