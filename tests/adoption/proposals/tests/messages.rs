//! What the compiler proposes for the arguments of `bare/main.rs`, and which test of `typed.rs` has typed it.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

const DERIVE: &str = "#[derive(cached_handler::CacheKey)]";

/// For each handler what is proposed, and the test that types it.
const PROPOSED: &[(&str, &[(&str, &str)])] = &[
    (
        "axum_login",
        &[
            ("bypass(auth.user.is_some()), skip(auth)", "auth_session_by_bypass"),
            (DERIVE, "auth_session_by_an_extractor"),
            ("key(auth.user.as_ref().map(axum_login::AuthUser::id))", "auth_session_by_the_users_id"),
        ],
    ),
    ("messages", &[("bypass(!messages.is_empty()), skip(messages)", "messages_by_bypass"), (DERIVE, "")]),
    ("session", &[(DERIVE, "session_by_an_extractor"), ("skip(session)", "session_by_skip")]),
    ("graphql", &[("RawQuery(query): RawQuery", "graphql_by_the_raw_query")]),
    (
        "cookie",
        &[
            ("bypass(cookie.as_ref().is_some_and(|cookie| cookie.get(\"session\").is_some())), skip(cookie)", "cookies_by_bypass"),
            (DERIVE, "cookies_by_an_extractor_that_looks_the_login_up"),
            ("skip(cookie)", "cookies_by_skip"),
        ],
    ),
    (
        "jar",
        &[
            ("bypass(jar.get(\"session\").is_some()), skip(jar)", "jar_by_bypass"),
            (DERIVE, "cookies_by_an_extractor_that_looks_the_login_up"),
            ("skip(jar)", "jar_by_skip"),
        ],
    ),
    (
        "signed",
        &[
            ("bypass(jar.get(\"session\").is_some()), skip(jar)", "signed_jar_by_bypass"),
            (DERIVE, "signed_jar_by_an_extractor_of_one_cookie"),
            ("skip(jar)", "signed_jar_by_skip"),
        ],
    ),
    (
        "extension",
        &[(DERIVE, "extension_by_derive"), ("key(id)", "extension_by_key"), ("skip_credentials(id)", "extension_by_skip_credentials")],
    ),
    // That it affects the response goes without saying.
    ("password", &[(DERIVE, "secret_by_derive"), ("key(password.part)", "secret_by_key"), ("skip_credentials(password)", "")]),
    ("user", &[(DERIVE, "extension_by_derive"), ("key(user)", "extension_by_key"), ("skip_credentials(user)", "")]),
    (
        "member",
        &[
            ("bypass(member.is_some()), skip(member)", "member_by_bypass"),
            (DERIVE, "cookies_by_an_extractor_that_looks_the_login_up"),
            ("skip_credentials(member)", ""),
        ],
    ),
];

/// `#[cached(…, X)]` is X. What a note says never to type is left out.
fn proposals(note: &str) -> Vec<String> {
    if note.starts_with("never ") || note.contains("#[cached_handler::invalidates(") {
        return Vec::new();
    }
    let code = note.split('`').skip(1).step_by(2).filter_map(|code| match code.strip_prefix("#[cached(…, ") {
        Some(inside) => inside.strip_suffix(")]"),
        None if code == DERIVE || code.starts_with("RawQuery(") => Some(code),
        None => None,
    });
    code.map(str::to_owned).collect()
}

fn texts(message: &Value) -> Vec<&str> {
    let children = message["children"].as_array().into_iter().flatten();
    children.filter_map(|child| child["message"].as_str()).collect()
}

#[test]
fn everything_that_is_proposed_is_typed() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    // All packages, as where the tests are built: with fewer, dependencies would have other features, and be built again.
    let output = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--locked", "--workspace", "--examples", "--features", "proposals/bare", "--message-format=json"])
        .current_dir(workspace)
        .output()
        .expect("cargo");
    let lines = String::from_utf8_lossy(&output.stdout);
    let source = include_str!("../bare/main.rs");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let message = &line["message"];
        let primary = message["spans"].as_array().into_iter().flatten().find(|span| span["is_primary"] == true);
        let Some(at) = primary.and_then(|span| span["line_start"].as_u64()) else { continue };
        if line["target"]["name"] != "bare" {
            continue;
        }
        let written = source.lines().nth(usize::try_from(at).expect("a line") - 1).expect("a line");
        let name = written.split("async fn ").nth(1).and_then(|rest| rest.split('(').next());
        let name = name.unwrap_or_else(|| panic!("an error elsewhere: {written}: {message}"));
        found.entry(name.to_owned()).or_default().extend(texts(message).into_iter().flat_map(proposals));
    }
    let expected: BTreeMap<String, Vec<String>> =
        PROPOSED.iter().map(|(name, all)| ((*name).to_owned(), all.iter().map(|(code, _)| (*code).to_owned()).collect())).collect();
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(&output.stderr));

    let typed = include_str!("typed.rs");
    for test in PROPOSED.iter().flat_map(|(_, all)| *all).map(|(_, test)| *test).filter(|test| !test.is_empty()) {
        assert!(typed.contains(&format!("\n    {test}: ")), "{test} is no test of typed.rs");
    }
}
