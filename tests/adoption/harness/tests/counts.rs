//! The README counts what is there.

use std::{fs, path::Path};

/// The handlers of an application, and how many of them are annotated.
struct Row {
    name: String,
    handlers: usize,
    alone: usize,
    said: usize,
    layer: usize,
    signature: usize,
    given_up: usize,
}

fn rows(readme: &str) -> Vec<Row> {
    let table = readme.split("## What their GET handlers needed").nth(1).expect("the table");
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, numbers @ ..] = cells.as_slice() else { panic!("{line}") };
        let numbers: Vec<usize> = numbers.iter().map(|cell| if cell.is_empty() { 0 } else { cell.parse().expect("a number") }).collect();
        let [handlers, alone, said, layer, signature, given_up] = numbers[..] else { panic!("{line}") };
        Row { name: name.trim_matches('`').to_owned(), handlers, alone, said, layer, signature, given_up }
    });
    rows.collect()
}

#[test]
fn the_readme_counts_the_handlers_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut rows = rows(&fs::read_to_string(root.join("README.md")).expect("README.md"));
    let all = rows.pop().expect("the sums");
    assert_eq!(all.name, "all");
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    assert_eq!(sum(|row| row.handlers), all.handlers);
    assert_eq!(sum(|row| row.alone), all.alone);
    assert_eq!(sum(|row| row.said), all.said);
    assert_eq!(sum(|row| row.layer), all.layer);
    assert_eq!(sum(|row| row.signature), all.signature);
    assert_eq!(sum(|row| row.given_up), all.given_up);
    for row in &rows {
        let annotated = row.alone + row.said + row.signature;
        assert_eq!(row.handlers, annotated + row.layer + row.given_up, "{}", row.name);
        let source = fs::read_to_string(root.join("apps").join(&row.name).join("src/lib.rs")).expect("an application");
        assert_eq!(source.matches("\n#[cached(").count(), annotated, "{}", row.name);
    }
    let applications = fs::read_dir(root.join("apps")).expect("applications").count();
    assert_eq!(rows.len(), applications);
}
