//! Every extractor of axum and axum-extra has its place: how it adds to a key.
//!
//! Their sources are searched for the traits of extractors, so that an update of axum with a new one fails here, and
//! nobody learns from a user that it does not compile, or worse, that it does.

#![expect(clippy::expect_used, clippy::panic, reason = "a test's helpers")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// In the key by what they are, or by what they were read from.
const KEYED: &[(&str, &str)] = &[
    ("axum-core", "Method"),
    ("axum-core", "Uri"),
    ("axum-core", "Version"),
    ("axum", "MatchedPath"),
    ("axum", "NestedPath"),
    ("axum", "OriginalUri"),
    ("axum", "Query"),
    ("axum", "RawPathParams"),
    ("axum", "RawQuery"),
    ("axum-extra", "Host"),
    ("axum-extra", "OptionalQuery"),
    ("axum-extra", "Query"),
    ("axum-extra", "Scheme"),
    // Of headers that make sense in a key, and of an author's own with `CacheKey`.
    ("axum-extra", "TypedHeader"),
];

/// The query on GET; content on other methods, and on HEAD, which bypass.
const FORMS: &[(&str, &str)] = &[("axum", "Form"), ("axum", "RawForm"), ("axum-extra", "Form")];

/// Nothing of their own: the path covers them, or they belong to the process.
const NOTHING: &[(&str, &str)] = &[("axum-core", "()"), ("axum", "Path"), ("axum", "State"), ("axum-extra", "OptionalPath")];

/// As what they hold.
const HOLDERS: &[(&str, &str)] = &[
    // With `CacheKey` on what it holds.
    ("axum", "Extension"),
    ("axum-core", "Option"),
    ("axum-core", "Result"),
    // Tuples.
    ("axum-core", "($($ty,)* $last,)"),
    // Whatever is made of the head is made of the request.
    ("axum-core", "T"),
    ("axum-extra", "Cached"),
    ("axum-extra", "WithRejection"),
    // `Either` to `Either8`.
    ("axum-extra", "$either"),
];

/// Only with a `vary` in the attribute: all fields.
const WITH_VARY: &[(&str, &str)] = &[("axum-core", "HeaderMap"), ("axum-core", "Parts"), ("axum-core", "Request")];

/// Compile errors with advice.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("axum-core", "Body"),
    ("axum-core", "Bytes"),
    ("axum-core", "BytesMut"),
    ("axum-core", "Extensions"),
    ("axum-core", "String"),
    ("axum", "ConnectInfo"),
    ("axum", "Json"),
    ("axum", "Multipart"),
    ("axum", "WebSocketUpgrade"),
    ("axum-extra", "CookieJar"),
    ("axum-extra", "JsonDeserializer"),
    ("axum-extra", "JsonLines"),
    ("axum-extra", "Multipart"),
    ("axum-extra", "PrivateCookieJar"),
    ("axum-extra", "Protobuf"),
    ("axum-extra", "SignedCookieJar"),
];

#[test]
fn every_extractor_of_axum_has_its_place() {
    let known: BTreeSet<(String, String)> = [KEYED, FORMS, NOTHING, HOLDERS, WITH_VARY, REFUSED]
        .concat()
        .into_iter()
        .map(|(package, name)| (package.to_owned(), name.to_owned()))
        .collect();
    let found = extractors();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty(), "decide how these add to a key, in `attribute/argument.rs`, here and in `guide/keys.rs`: {new:?}");
    assert!(gone.is_empty(), "these are extractors no more: {gone:?}");
}

/// What the table promises, as far as axum's default features go, is what compiles.
#[test]
fn what_the_table_calls_keyed_is_an_argument() {
    use axum::{
        Extension, Form,
        extract::{MatchedPath, NestedPath, OriginalUri, Path, Query, RawForm, RawPathParams, RawQuery, Request, State},
        http::{HeaderMap, Method, Uri, Version, request::Parts},
    };
    use cached_handler::__private::{Fields, FromResponse, Keyed, Undeclared};

    fn argument<T: Keyed<Undeclared> + Keyed<Fields> + Keyed<FromResponse>>() {}
    fn with_fields<T: Keyed<Fields> + Keyed<FromResponse>>() {}
    fn from_response<T: Keyed<FromResponse>>() {}

    argument::<(Method, Uri, Version, OriginalUri)>();
    argument::<(MatchedPath, NestedPath, RawPathParams, Path<u64>)>();
    argument::<(Query<Vec<(String, String)>>, RawQuery)>();
    argument::<(Form<Vec<(String, String)>>, RawForm)>();
    argument::<((), State<String>, Option<Extension<Own>>, Result<Own, String>)>();
    with_fields::<HeaderMap>();
    from_response::<Request>();
    from_response::<Parts>();
}

struct Own;

impl cached_handler::CacheKey for Own {
    fn cache_key(&self, key: &mut cached_handler::KeyWriter<'_>) {
        key.part("own");
    }
}

/// Package and name of every type with an extractor's trait, in the versions that this workspace is built with.
fn extractors() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (package, sources) in packages() {
        for file in rust_files(&sources) {
            let text = fs::read_to_string(file).expect("a readable source");
            found.extend(text.lines().take_while(|line| !opens_tests(line)).filter_map(implements).map(|name| (package.to_owned(), name)));
        }
    }
    found
}

/// Unit tests stand at the end of a file.
fn opens_tests(line: &str) -> bool {
    line.contains("mod tests {")
}

/// The type in `impl<…> FromRequestParts<S> for Type<…>`.
fn implements(line: &str) -> Option<String> {
    let head = line.trim_start();
    let traits = ["FromRequest<", "FromRequestParts<", "OptionalFromRequest<", "OptionalFromRequestParts<"];
    if !head.starts_with("impl") || !traits.iter().any(|name| head.contains(&format!(" {name}"))) {
        return None;
    }
    let (_, name) = head.split_once(" for ")?;
    let end = if name.starts_with('(') { name.len() } else { name.find(['<', ' ']).unwrap_or(name.len()) };
    name.get(..end).map(|name| name.trim_end_matches('{').trim_end().to_owned())
}

/// The source folders of the three packages, as Cargo names them.
fn packages() -> Vec<(&'static str, PathBuf)> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo metadata runs");
    let metadata = String::from_utf8(metadata.stdout).expect("JSON");
    let manifests: BTreeSet<&str> = metadata.split("\"manifest_path\":\"").filter_map(|rest| rest.split('"').next()).collect();
    ["axum", "axum-core", "axum-extra"]
        .map(|package| {
            let folder =
                manifests.iter().map(|manifest| Path::new(manifest).parent().expect("a folder")).find(|folder| is_of(folder, package));
            (package, folder.unwrap_or_else(|| panic!("{package} is among the dependencies")).join("src"))
        })
        .to_vec()
}

/// Whether a folder is called `package-1.2.3`.
fn is_of(folder: &Path, package: &str) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let version = name.strip_prefix(package).and_then(|rest| rest.strip_prefix('-'));
    version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
