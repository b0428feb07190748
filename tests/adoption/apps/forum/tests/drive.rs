use forum::app;
use harness::{Browser, Site, assert_cached, assert_never_cached, assert_no_wrong_page};

pub fn sign_in(site: &Site, name: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post("/signin", &[("name", name)]).status, 303);
    browser
}

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
    assert_no_wrong_page(app, 4, |site| two_users(site, "/"));
}

/// Two users, a visitor, one with a cookie that nobody issued, and one who has kept the cookie of a session that has ended.
pub fn two_users(site: &Site, path: &str) {
    let anna = sign_in(site, "anna");
    anna.post("/section/rust", &[("text", "hello")]);
    let bert = sign_in(site, "bert");
    let visitor = site.browser();
    let forger = site.browser().with("Cookie: id=s9");
    let kept = site.browser().with(format!("Cookie: {}", anna.cookies()));
    let ask_all = || {
        for browser in [&anna, &visitor, &bert, &forger, &kept, &visitor, &anna] {
            for path in [path, "/section/rust", "/section/none", "/author/anna", "/account"] {
                browser.get(path);
            }
        }
    };
    ask_all();
    anna.post("/signout", &[]);
    ask_all();
    anna.post("/signin", &[("name", "carl")]);
    ask_all();
}
