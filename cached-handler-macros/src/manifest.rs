//! Finds the name under which the author's Cargo.toml depends on cached-handler, for attributes without `crate = …`. The emitted
//! code has to name the crate, and an author may have renamed it: `web-cache = { package = "cached-handler" }`.

use std::{env, fs, path::Path};

use syn::{Ident, parse_quote};

/// The path of the crate under the name that the author's package gives it; `None` if it is not renamed.
///
/// Not cached between attributes: reading a manifest is cheap, and one process (rust-analyzer's) may expand macros of several
/// packages.
pub(crate) fn renamed_crate() -> Option<syn::Path> {
    let directory = env::var_os("CARGO_MANIFEST_DIR")?;
    let own = fs::read_to_string(Path::new(&directory).join("Cargo.toml")).ok()?;
    let above = || {
        let manifests = Path::new(&directory).ancestors().skip(1).map(|above| above.join("Cargo.toml"));
        manifests.filter_map(|path| fs::read_to_string(path).ok()).find(|text| text.contains("[workspace"))
    };
    let name = renamed(&own, above)?;
    let name = syn::parse_str::<Ident>(&name.replace('-', "_")).ok()?;
    Some(parse_quote!(::#name))
}

/// The name that a manifest gives to cached-handler. With `web-cache.workspace = true`, the workspace's manifest says which package
/// that is.
fn renamed(own: &str, workspace: impl FnOnce() -> Option<String>) -> Option<String> {
    let own = dependencies(own);
    if own.iter().any(|dependency| dependency.name == PACKAGE && !dependency.is_renamed) {
        return None;
    }
    let is_here = |dependency: &Dependency| own.iter().any(|own| own.name == dependency.name);
    own.iter()
        .find(|dependency| dependency.is_renamed)
        .map(|dependency| dependency.name.clone())
        .or_else(|| dependencies(&workspace()?).into_iter().find(|one| one.is_renamed && is_here(one)).map(|one| one.name))
}

const PACKAGE: &str = "cached-handler";

/// A dependency of a manifest.
struct Dependency {
    name: String,
    /// Whether the dependency is cached-handler under another name.
    is_renamed: bool,
}

/// The kind of table in a manifest that a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    /// `[dependencies]`: each key is a dependency.
    OfMany,
    /// `[dependencies.web-cache]`: each key is a property of this dependency.
    OfOne,
    Other,
}

/// The dependencies in all dependency tables of a manifest, those of the workspace included. Parses the part of TOML that manifests
/// use: a table's header on a line of its own, one key per line, and values that may span several lines.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut table = Table::Other;
    let mut open = 0;
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let is_continued = open > 0;
        open += opened(line);
        let header = line.strip_prefix('[').and_then(|line| line.split_once(']')).filter(|_| !is_continued);
        if let Some((header, _)) = header {
            let (above, last) = header.rsplit_once('.').unwrap_or(("", header));
            table = if is_table(last) {
                Table::OfMany
            } else if is_table(above.rsplit('.').next().unwrap_or_default()) {
                found.push(Dependency { name: unquoted(last).to_owned(), is_renamed: false });
                Table::OfOne
            } else {
                Table::Other
            };
            continue;
        }
        if table == Table::Other {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let (name, field) = match key.trim().split_once('.') {
            // A property of the dependency that was found last.
            _ if table == Table::OfOne || is_continued => ("", key.trim()),
            Some((name, field)) => (name.trim(), field.trim()),
            None => (key.trim(), ""),
        };
        if is_name(name) && found.last().is_none_or(|last| last.name != unquoted(name)) {
            found.push(Dependency { name: unquoted(name).to_owned(), is_renamed: false });
        }
        let named = |text: &str| text.replace(' ', "").replace('\'', "\"").contains("package=\"cached-handler\"");
        let is_package = named(line) || (field == "package" && unquoted(value.trim()) == PACKAGE);
        if is_package && let Some(last) = found.last_mut() {
            last.is_renamed = last.name != PACKAGE;
        }
    }
    found
}

/// How many brackets and braces a line opens, less those that it closes.
fn opened(line: &str) -> i32 {
    let mut within = None;
    line.chars().fold(0, |open, letter| match (within, letter) {
        (Some(quote), _) => {
            within = within.filter(|_| letter != quote);
            open
        }
        (None, '"' | '\'') => {
            within = Some(letter);
            open
        }
        (None, '[' | '{') => open + 1,
        (None, ']' | '}') => open - 1,
        (None, _) => open,
    })
}

fn is_table(name: &str) -> bool {
    ["dependencies", "dev-dependencies", "build-dependencies"].contains(&name)
}

fn is_name(key: &str) -> bool {
    let key = unquoted(key);
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(|quote| matches!(quote, '"' | '\''))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    fn name(own: &str, workspace: &str) -> Option<String> {
        renamed(own, || Some(workspace.to_owned()))
    }

    #[test]
    fn a_renamed_dependency_is_found_however_it_is_written() {
        for own in [
            "[package]\nname = \"x\"\n[dependencies]\naxum = \"0.8\"\nweb-cache = { package = \"cached-handler\", version = \"0.1\" }\n",
            "[dependencies]\nweb-cache = { version = \"0.1\", features = [\n    \"redis\",\n], package=\"cached-handler\" }\n",
            "[dependencies.web-cache]\nversion = \"0.1\"\npackage = \"cached-handler\"\n[features]\nx = []\n",
            "[dependencies.web-cache]\ndefault-features = false\npackage = \"cached-handler\"\nversion = \"0.1\"\n",
            "[dependencies.web-cache]\npublic = true\nfeatures = [\n    \"redis\"\n]\nlib.x = 1\npackage = 'cached-handler'\n",
            "[dependencies]\nweb-cache = { features = [\n    \"redis\"\n], package = 'cached-handler' }\n",
            "[dependencies]\nweb-cache = {\n    default-features = false,\n    package = \"cached-handler\",\n}\n",
            "[dependencies]\nweb-cache.version = \"0.1\"\nweb-cache.package = \"cached-handler\"\n",
            "[target.'cfg(unix)'.dependencies]\n\"web-cache\" = { package = \"cached-handler\" }\n",
            "[dev-dependencies]\nweb-cache = { package = \"cached-handler\" }\n",
        ] {
            assert_eq!(name(own, "").as_deref(), Some("web-cache"), "{own}");
        }
    }

    #[test]
    fn a_dependency_under_its_own_name_has_no_other() {
        for own in [
            "[dependencies]\ncached-handler = \"0.1\"\n",
            "[dependencies]\ncached-handler = { package = \"cached-handler\", version = \"0.1\" }\n",
            "[dependencies]\ncached-handler.workspace = true\nold = { package = \"cached-handler\", version = \"0.0\" }\n",
            "[dependencies]\n# old = { package = \"cached-handler\" }\naxum = \"0.8\"\n",
            "[package]\nname = \"cached-handler\"\n",
            "",
        ] {
            assert_eq!(name(own, ""), None, "{own}");
        }
    }

    #[test]
    fn a_name_in_the_workspace_counts_for_those_that_use_it() {
        let workspace = "[workspace.dependencies]\nweb-cache = { package = \"cached-handler\", version = \"0.1\" }\n";
        assert_eq!(name("[dependencies]\nweb-cache.workspace = true\n", workspace).as_deref(), Some("web-cache"));
        assert_eq!(name("[dependencies]\nweb-cache = { workspace = true }\n", workspace).as_deref(), Some("web-cache"));
        assert_eq!(name("[dependencies]\naxum = \"0.8\"\n", workspace), None);
    }
}
