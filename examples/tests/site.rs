//! The site as its visitors see it: what the program says to try, and that nothing leads out of the directory.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use cached_handler::testing::{TestCache, assert_hit, assert_miss};
use cached_handler_examples::site::{Directory, Entry, app};
use cached_handler_tests::redis_server::RedisServer;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

#[tokio::test]
async fn what_the_program_says_to_try_goes_as_it_says() {
    let site = Site::of("transcript", &[("short.md", "# Short\n"), ("other.md", "# Other\n")]);

    let miss = site.get("/page/short.md").await.miss();
    assert_eq!(miss.status, StatusCode::OK);
    assert!(miss.text.contains("<h1 id=\"short\">Short</h1>"), "{}", miss.text);
    assert!(miss.field("cache-status").starts_with("site; fwd=uri-miss"), "{}", miss.field("cache-status"));
    assert_eq!(miss.parts.headers.get(header::AGE), None);

    site.cache.clock().advance(Duration::from_secs(7));
    let hit = site.get("/page/short.md").await.hit();
    assert_eq!(hit.text, miss.text, "the same bytes, the time it took to render them included");
    assert_eq!(hit.field("age"), "7");
    assert!(hit.field("cache-status").starts_with("site; hit"), "{}", hit.field("cache-status"));
    assert_eq!(hit.field("etag"), miss.field("etag"));

    let not_modified = site.ask(Request::get("/page/short.md").header(header::IF_NONE_MATCH, hit.field("etag")), "").await.hit();
    assert_eq!(not_modified.status, StatusCode::NOT_MODIFIED);
    assert_eq!(not_modified.text, "");
    assert_eq!(not_modified.field("etag"), hit.field("etag"));

    site.get("/page/other.md").await.miss();
    let edited = site.ask(Request::put("/page/short.md"), "# Edited").await;
    assert_eq!(edited.status, StatusCode::NO_CONTENT);
    let after = site.get("/page/short.md").await.miss();
    assert!(after.text.contains("<h1 id=\"edited\">Edited</h1>"), "{}", after.text);
    assert_ne!(after.field("etag"), hit.field("etag"));
    site.get("/page/other.md").await.hit();
}

#[tokio::test]
async fn a_browser_keeps_its_page_when_it_is_rendered_anew_and_has_not_changed() {
    let site = Site::of("anew", &[("page.md", "# Page\n")]);
    let before = site.get("/page/page.md").await.miss();
    site.cache.clock().advance(Duration::from_secs(61));
    let after = site.ask(Request::get("/page/page.md").header(header::IF_NONE_MATCH, before.field("etag")), "").await.miss();
    assert_eq!(after.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn head_is_answered_from_what_get_stored() {
    let site = Site::of("head", &[("page.md", "# Page\n")]);
    let get = site.get("/page/page.md").await.miss();
    let head = site.ask(Request::head("/page/page.md"), "").await.hit();
    assert_eq!(head.text, "");
    for name in ["etag", "content-type", "content-security-policy"] {
        assert_eq!(head.field(name), get.field(name));
    }
}

#[tokio::test]
async fn a_search_is_keyed_by_what_is_sought_and_nothing_else() {
    let site = Site::of("search", &[("one.md", "# One\n\nA needle & thread.\n"), ("two.md", "# Two\n")]);
    let first = site.get("/search?q=NEEDLE").await.miss();
    assert!(first.text.contains("A <mark>needle</mark> &amp; thread."), "{}", first.text);
    site.get("/search?utm_source=mail&q=NEEDLE").await.hit();
    site.get("/search?q=NEEDLE&fbclid=1").await.hit();
    site.get("/search?q=thread").await.miss();
    site.get("/search").await.miss();
}

#[tokio::test]
async fn an_edit_reaches_every_list() {
    let site = Site::of("lists", &[("one.md", "# One\n")]);
    let lists = ["/", "/api/pages", "/search?q=second"];
    for list in lists {
        site.get(list).await.miss();
        site.get(list).await.hit();
    }
    assert_eq!(site.ask(Request::put("/page/two.md"), "# The second").await.status, StatusCode::NO_CONTENT);
    for list in lists {
        let after = site.get(list).await.miss();
        assert!(after.text.contains("The <mark>second</mark>") || after.text.contains("The second"), "{}", after.text);
    }
    let entries: serde_json::Value = serde_json::from_str(&site.get("/api/pages").await.hit().text).unwrap();
    assert_eq!(
        entries,
        serde_json::json!([
            { "name": "one.md", "title": "One", "bytes": 6 },
            { "name": "two.md", "title": "The second", "bytes": 12 },
        ])
    );
}

#[tokio::test]
async fn a_page_that_is_not_there_is_remembered_until_somebody_writes_it() {
    let site = Site::of("missing", &[]);
    assert_eq!(site.get("/page/new.md").await.miss().status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/page/new.md").await.hit().status, StatusCode::NOT_FOUND);
    site.ask(Request::put("/page/new.md"), "# New").await;
    assert_eq!(site.get("/page/new.md").await.miss().status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_leads_out_of_the_directory() {
    let site = Site::of("inside", &[("page.md", "# Page\n"), (".hidden.md", "secret")]);
    fs::write(site.root.join("../secret.md"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.md", site.root.join("link.md")).unwrap();

    let up = ["../secret.md", "%2e%2e/secret.md", "..%2fsecret.md", "x/../../secret.md", "..%5Csecret.md"];
    let elsewhere = ["/secret.md", "%2Fsecret.md", "c:/secret.md", "link.md", ".hidden.md", "./page.md", "page.md%00"];
    for name in up.into_iter().chain(elsewhere) {
        let read = site.get(&format!("/page/{name}")).await;
        assert_eq!(read.status, StatusCode::NOT_FOUND, "{name}");
        assert!(!read.text.contains("secret"), "{name}");
        if name != "link.md" {
            let written = site.ask(Request::put(format!("/page/{name}")), "x").await;
            assert!(written.status.is_client_error(), "{name}: {}", written.status);
        }
    }
    assert_eq!(fs::read_to_string(site.root.join("page.md")).unwrap(), "# Page\n");
}

#[tokio::test]
async fn an_edit_is_bounded_and_writes_no_file() {
    let site = Site::of("bounded", &[("page.md", "# Page\n")]);
    let too_long = "x".repeat(Directory::LONGEST_EDIT + 1);
    assert_eq!(site.ask(Request::put("/page/page.md"), &too_long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for nth in 0..100 {
        assert_eq!(site.ask(Request::put(format!("/page/{nth}.md")), "x").await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(site.ask(Request::put("/page/100.md"), "x").await.status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(fs::read_dir(&site.root).unwrap().count(), 1);
}

#[tokio::test]
async fn scripts_in_a_page_do_not_run() {
    let site = Site::of("scripts", &[("page.md", "# <script>alert(1)</script>\n")]);
    let page = site.get("/page/page.md").await;
    assert!(page.field("content-security-policy").starts_with("default-src 'none'"));
    assert!(!site.get("/").await.text.contains("<script>"), "titles are text");
    let search = site.get("/search?q=%22%3E%3Cscript%3E").await;
    assert!(!search.text.contains("<script>"), "{}", search.text);
}

#[tokio::test]
async fn browsers_keep_the_style_sheet_and_ask_again_for_pages() {
    let site = Site::of("style", &[("page.md", "# Page\n")]);
    assert_eq!(site.get("/page/page.md").await.field("cache-control"), "no-cache");
    let style = site.get("/style.css").await.miss();
    assert_eq!(style.field("content-type"), "text/css; charset=utf-8");
    assert_eq!(style.field("cache-control"), "public, max-age=600");
    site.cache.clock().advance(Duration::from_secs(3600));
    assert_eq!(site.get("/style.css").await.hit().field("cache-control"), "public, max-age=4200", "ten minutes from now");
}

#[tokio::test]
async fn code_is_coloured_and_headings_can_be_linked_to() {
    let text = "# Title\n\n## The `key` & co\n\n## The `key` & co\n\n```rust\nlet a = \"<b>\";\n```\n\n```nonsense\n<b>\n```\n";
    let site = Site::of("markdown", &[("page.md", text)]);
    let page = site.get("/page/page.md").await.text;
    assert!(page.contains("<h2 id=\"the-key--co\">"), "{page}");
    assert!(page.contains("<h2 id=\"the-key--co-1\">"), "{page}");
    assert!(page.contains("class=\"hl-storage hl-type hl-rust\">let</span>"), "{page}");
    assert!(page.contains("<code>&lt;b&gt;\n</code>"), "{page}");
    assert!(!page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn every_page_of_this_repository_renders_and_links_to_pages_that_exist() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let site = Site::new(repository.clone());
    let entries: Vec<Entry> = Directory::open(&repository).unwrap().entries().unwrap();
    assert!(entries.iter().any(|entry| entry.name == "README.md"));
    for Entry { name, .. } in entries {
        let page = site.get(&format!("/page/{name}")).await.miss();
        assert_eq!(page.status, StatusCode::OK, "{name}");
        let links = page.text.split("<a href=\"").skip(1).filter_map(|link| link.split('"').next());
        for link in links.filter(|link| !link.starts_with('/') && !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let leads_somewhere = if path.is_empty() {
                page.text.contains(&format!("id=\"{heading}\""))
            } else {
                repository.join(&name).with_file_name(path).exists()
            };
            assert!(leads_somewhere, "{name} links to {link}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn in_files_the_pages_survive_a_restart_and_an_edit_reaches_every_list() {
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site-files");
    _ = fs::remove_dir_all(&files);
    let site = Site::of("files", &[("one.md", "# One\n")]);
    let started = async || {
        let cache = TestCache::with(|builder| builder.cache_status("site").namespace("site").fs(&files).default_backend("fs"));
        cache.cache().invalidate(cached_handler::Target::path("/nowhere")).await.unwrap();
        let app = app(Directory::open(&site.root).unwrap()).layer(cache.layer());
        Site { app, cache, root: site.root.clone() }
    };
    let before = started().await;
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        before.get(target).await.miss();
    }
    let after = started().await;
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        after.get(target).await.hit();
    }
    assert_eq!(after.ask(Request::put("/page/one.md"), "# Edited").await.status, StatusCode::NO_CONTENT);
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        before.get(target).await.miss();
    }
    fs::remove_dir_all(&files).unwrap();
}

#[tokio::test]
async fn in_redis_one_process_answers_with_the_pages_of_another_and_an_edit_reaches_both() {
    let server = RedisServer::start();
    let site = Site::of("redis", &[("one.md", "# One\n")]);
    let started = async || {
        let cache = TestCache::with(|builder| builder.cache_status("site").namespace("site").redis(server.url()).default_backend("redis"));
        // Until it is connected: on a busy machine that takes longer than a request waits.
        while cache.cache().invalidate(cached_handler::Target::path("/nowhere")).await.is_err() {}
        let app = app(Directory::open(&site.root).unwrap()).layer(cache.layer());
        Site { app, cache, root: site.root.clone() }
    };
    let (one, other) = (started().await, started().await);
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        one.get(target).await.miss();
    }
    // They are stored behind the answers.
    assert!(one.cache.cache().drain(Duration::from_secs(5)).await);
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        other.get(target).await.hit();
    }
    assert_eq!(other.ask(Request::put("/page/one.md"), "# Edited").await.status, StatusCode::NO_CONTENT);
    for target in ["/", "/page/one.md", "/search?q=one", "/api/pages"] {
        one.get(target).await.miss();
    }
}

struct Site {
    app: Router,
    cache: TestCache,
    root: PathBuf,
}

impl Site {
    /// A site of the given files, in a directory of its own.
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site").join(name).join("pages");
        _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        for (file, text) in files {
            fs::write(root.join(file), text).unwrap();
        }
        Self::new(root)
    }

    fn new(root: PathBuf) -> Self {
        let cache = TestCache::with(|builder| builder.cache_status("site"));
        let app = app(Directory::open(&root).unwrap()).layer(cache.layer());
        Self { app, cache, root }
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask(Request::builder().method(Method::GET).uri(target), "").await
    }

    async fn ask(&self, request: axum::http::request::Builder, content: &str) -> Answer {
        let request = request.body(Body::from(content.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, text, parts }
    }
}

struct Answer {
    status: StatusCode,
    text: String,
    parts: axum::http::response::Parts,
}

impl Answer {
    fn field(&self, name: &str) -> &str {
        self.parts.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn hit(self) -> Self {
        assert_hit!(axum::http::Response::from_parts(self.parts.clone(), ()));
        self
    }

    #[track_caller]
    fn miss(self) -> Self {
        assert_miss!(axum::http::Response::from_parts(self.parts.clone(), ()));
        self
    }
}
