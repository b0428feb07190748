use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use downloads::app;
use harness::{Site, assert_cached, assert_no_wrong_page};

fn files(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&directory).expect("a directory");
    for (name, text) in [("a.txt", "a file"), ("b.txt", "another file")] {
        fs::write(directory.join(name), text).expect("a file");
        // Before the time at which the clocks of tests stand.
        let file = fs::File::options().write(true).open(directory.join(name)).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).expect("a time");
    }
    directory
}

#[test]
fn versions_of_an_api_share_handlers_and_no_pages() {
    let site = Site::new(app(&files("versions")));
    let browser = site.browser();
    for version in ["v1", "v2"] {
        let page = assert_cached(&site, &browser, &format!("/{version}/latest"));
        assert_eq!(page.body, format!(r#"["/{version}","1.2.3"]"#));
        let page = assert_cached(&site, &browser, &format!("/{version}/releases/1.0"));
        assert_eq!(page.body, format!(r#"["/{version}/releases/1.0","1.0"]"#));
    }
    assert_eq!(browser.get("/v1/releases/9.9.9").status, 404);
    assert!(!browser.get("/v1/releases/9.9.9").is_hit());
}

#[test]
fn no_field_is_added_where_none_is_asked_for_or_the_cache_is_off() {
    let directory = files("fields");
    let site = Site::new(app(&directory));
    let release = assert_cached(&site, &site.browser(), "/v1/releases/1.0");
    assert_eq!(release.field("cache-control"), None, "{release:?}");
    let off = Site::without_cache(app(&directory));
    for path in ["/v1/latest", "/v1/releases/1.0", "/v0/releases/1.0"] {
        let answer = off.browser().get(path);
        let names: Vec<_> = answer.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "content-length", "date"], "{path}");
    }
}

#[test]
fn a_layer_caches_a_nest_whose_handlers_nobody_touches() {
    let site = Site::new(app(&files("nests")));
    let browser = site.browser();
    assert_cached(&site, &browser, "/v0/releases/1.0");
    assert_eq!(browser.get("/v0/releases/2.0").body, "release 2.0");
    assert_eq!(browser.get("/v3/releases/2.0").status, 404);
}

#[test]
fn files_are_cached_with_conditions_and_ranges() {
    let site = Site::new(app(&files("files")));
    let browser = site.browser();
    let first = browser.get("/files/a.txt");
    let second = browser.get("/files/a.txt");
    assert_eq!((first.body.as_str(), second.body.as_str()), ("a file", "a file"));
    assert!(second.is_hit(), "{first:?} {second:?}");
    assert_eq!(browser.send("GET", "/files/a.txt", &["-r", "2-5"]).body, "file");
    let head = browser.send("HEAD", "/files/a.txt", &[]);
    assert_eq!((head.field("content-length"), head.body.as_str()), (Some("6"), ""));
    let since = second.field("last-modified").expect("a date").to_owned();
    assert_eq!(browser.send("GET", "/files/a.txt", &["-H", &format!("If-Modified-Since: {since}")]).status, 304);
    assert_eq!(browser.get("/files/none.txt").status, 404);
    assert_eq!(browser.get("/files/../Cargo.toml").status, 404);
}

#[test]
fn nobody_gets_another_page() {
    let directory = files("pages");
    assert_no_wrong_page(
        || app(&directory),
        12,
        |site| {
            let browser = site.browser();
            for _ in 0..2 {
                for path in
                    ["v1/latest", "v2/latest", "v0/releases/1", "v1/releases/1", "v2/releases/1", "v1/releases/1?a", "v1/releases/9.9.9"]
                {
                    browser.get(&format!("/{path}"));
                }
                for path in ["a.txt", "b.txt", "a.txt?download", "none.txt"] {
                    browser.get(&format!("/files/{path}"));
                    browser.send("GET", &format!("/files/{path}"), &["-r", "0-1"]);
                }
            }
        },
    );
}
