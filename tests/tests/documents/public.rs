//! The public items: a list that grows only with a line in the CHANGELOG.

const ITEMS: &[&str] = &[
    "Bypass",
    "Cache",
    "CacheBuilder",
    "CacheFuture",
    "CacheGroups",
    "CacheKey",
    "CacheLayer",
    "CacheService",
    "CachedHandler",
    "Collapse",
    "ComputeError",
    "DoNotStore",
    "ETag",
    "EntityTag",
    "Error",
    "Forward",
    "FreshFor",
    "FreshForAtMost",
    "HandlerInfo",
    "HandlerKind",
    "Invalidation",
    "Kept",
    "KeyPart",
    "KeyWriter",
    "ManualClock",
    "NotStored",
    "OnMiss",
    "Outcome",
    "Policy",
    "Preconditions",
    "Rejected",
    "Revalidate",
    "StaleUse",
    "Stats",
    "Target",
    "ValueOptions",
    "Values",
    "backend",
    "cached",
    "expire_all",
    "expire_group",
    "expire_handler",
    "expire_path",
    "expire_path_prefix",
    "guide",
    "handlers",
    "invalidate_all",
    "invalidate_group",
    "invalidate_handler",
    "invalidate_path",
    "invalidate_path_prefix",
    "invalidates",
    "secs",
    "testing",
];

#[test]
fn the_public_items_are_those_of_the_list() {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../cached-handler/src/lib.rs")).unwrap();
    let mut found: Vec<String> = Vec::new();
    for statement in source.split("\npub use ").skip(1) {
        let statement = statement.split(';').next().unwrap();
        let names = statement.split(['{', '}', ',']).filter(|name| !name.trim().ends_with("::"));
        found.extend(names.map(|name| name.trim().rsplit("::").next().unwrap().to_owned()).filter(|name| !name.is_empty()));
    }
    let modules =
        source.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|name| name.trim_end_matches([';', '{']).trim().to_owned());
    found.extend(modules.filter(|name| !name.starts_with("__")));
    found.sort();
    found.dedup();
    assert_eq!(found, ITEMS, "a new public item needs a line in CHANGELOG.md, and one here");
    let changelog = include_str!("../../../CHANGELOG.md");
    let told = |item: &&&str| changelog.contains(&format!("`{item}`")) || changelog.contains(&format!("`#[{item}]`"));
    let untold: Vec<_> = ITEMS.iter().filter(|item| !told(item)).collect();
    assert!(untold.is_empty(), "not in CHANGELOG.md: {untold:?}");
}
