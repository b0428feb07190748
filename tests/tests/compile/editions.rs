//! The shapes of handlers in edition 2021, and under a name of the crate that only the author knows.

use super::runner::{Package, root};

fn compiles(name: &str, edition: &str, crate_name: &str, source: &str) {
    let source = root().join("tests/fixtures").join(source);
    let package = Package::new(name, edition, crate_name, &format!("[lib]\npath = '{}'\n", source.display()));
    let said = package.diagnostics(&["check", "--lib"]);
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn every_shape_compiles_in_edition_2021() {
    compiles("shapes-2021", "2021", "cached-handler", "editions.rs");
}

#[test]
fn the_crate_may_have_any_name() {
    compiles("any-name", "2024", "any-name", "any_name.rs");
}
