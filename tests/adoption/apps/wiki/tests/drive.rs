use harness::{Site, assert_cached, assert_no_wrong_page};
use wiki::app;

#[test]
fn pages_are_cached_until_they_are_edited_under_any_spelling() {
    let site = Site::new(app());
    let reader = site.browser();
    assert_eq!(reader.send("PUT", "/wiki/Rust", &["-d", "a language"]).status, 204);
    assert_cached(&site, &reader, "/");
    assert_cached(&site, &reader, "/wiki/Rust");
    assert_cached(&site, &reader, "/wiki/rust");
    assert_cached(&site, &reader, "/wiki/rust/1");

    reader.send("PUT", "/wiki/RUST", &["-d", "an oxide"]);
    assert_eq!(reader.get("/wiki/Rust").body, "<h1>Rust</h1>an oxide");
    assert_eq!(reader.get("/wiki/rust").body, "<h1>rust</h1>an oxide");
    assert_eq!(reader.get("/wiki/rust/2").body, "an oxide");
}

#[test]
fn a_search_is_keyed_by_its_terms_and_by_nothing_else() {
    let site = Site::new(app());
    let reader = site.browser();
    assert_cached(&site, &reader, "/search?q=rust&page=2");
    assert!(reader.get("/search?q=rust&page=2&utm_source=mail").is_hit());
    assert!(!reader.get("/search?q=rust&page=3").is_hit());
    assert_eq!(reader.get("/search?q=rust&page=0").status, 400);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 4, |site| {
        let reader = site.browser();
        for title in ["Rust", "Axum", "rust"] {
            reader.send("PUT", &format!("/wiki/{title}"), &["-d", title]);
            for path in ["/", "/wiki/Rust", "/wiki/rust", "/wiki/Axum", "/wiki/rust/1", "/wiki/rust/2", "/search?q=rust", "/search?q=Axum"]
            {
                reader.get(path);
                reader.get(path);
            }
        }
    });
}
