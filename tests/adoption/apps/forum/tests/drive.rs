mod steps;

use forum::app;
use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};
use steps::{sign_in, two_users};

#[test]
fn pages_are_cached_for_visitors_who_are_not_signed_in() {
    let site = Site::new(app());
    let anna = sign_in(&site, "anna");
    assert_eq!(anna.post("/section/rust", &[("text", "hello")]).status, 201);
    let visitor = site.browser();
    assert_cached(&site, &visitor, "/");
    assert_cached(&site, &visitor, "/?page=1");
    assert_cached(&site, &visitor, "/section/rust");
    assert_cached(&site, &visitor, "/author/anna");
    assert_cached(&site, &visitor, "/signin");
    // A cookie of somebody else, such as that of an analytics script, changes nothing.
    let counted = site.browser().with("Cookie: _ga=GA1.1");
    assert!(counted.get("/").is_hit());
}

#[test]
fn a_page_for_somebody_who_is_signed_in_is_the_handlers_own() {
    let site = Site::new(app());
    let anna = sign_in(&site, "anna");
    assert_never_cached(&anna, "/");
    let page = anna.get("/");
    assert!(page.body.starts_with("anna, "));
    for field in ["etag", "cache-control", "vary"] {
        assert_eq!(page.field(field), None, "{page:?}");
    }
}

#[test]
fn an_error_that_is_rendered_with_200_is_not_stored() {
    let site = Site::new(app());
    let visitor = site.browser();
    assert_never_cached(&visitor, "/section/none");
    let page = visitor.get("/section/none");
    assert_eq!((page.status, page.body.as_str()), (200, "<h1>there is no such section</h1>"));
}

#[test]
fn a_post_shows_at_once() {
    let site = Site::new(app());
    let anna = sign_in(&site, "anna");
    let visitor = site.browser();
    for text in ["first", "second"] {
        anna.post("/section/rust", &[("text", text)]);
        for path in ["/", "/section/rust"] {
            assert!(visitor.get(path).body.contains(text));
            assert!(visitor.get(path).is_hit());
        }
    }
    assert_eq!(visitor.post("/section/rust", &[("text", "third")]).status, 401);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 4, two_users);
}
