mod steps;

use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};
use pastebin::app;
use steps::readers;

#[test]
fn a_paste_is_cached_until_its_owner_deletes_it() {
    let site = Site::new(app());
    let owner = site.browser();
    assert_eq!(owner.post("/", &[("text", "hello")]).field("location"), Some("/1"));
    let reader = site.browser();
    for path in ["/", "/1", "/1/raw", "/1/dl"] {
        assert_cached(&site, &reader, path);
    }
    assert_eq!(reader.send("DELETE", "/1", &[]).status, 403);
    assert!(reader.get("/1/raw").is_hit());
    assert_eq!(owner.send("DELETE", "/1", &[]).status, 204);
    for path in ["/1", "/1/raw", "/1/dl"] {
        assert_eq!(reader.get(path).status, 404);
    }
}

#[test]
fn the_owner_has_an_own_page() {
    let site = Site::new(app());
    let owner = site.browser();
    owner.post("/", &[("text", "hello")]);
    assert_never_cached(&owner, "/1");
    assert!(owner.get("/1").body.contains("delete"));
    assert!(!site.browser().get("/1").body.contains("delete"));
    let forger = site.browser().with("Cookie: owner=1");
    assert!(!forger.get("/1").body.contains("delete"));
}

#[test]
fn a_password_opens_its_paste_alone() {
    let site = Site::new(app());
    site.browser().post("/", &[("text", "secret"), ("password", "open")]);
    let friend = site.browser().with("Password: open");
    let page = assert_cached(&site, &friend, "/1/raw");
    assert_eq!((page.body.as_str(), page.is_private()), ("secret", true));
    assert_eq!(site.browser().with("Password: wrong").get("/1/raw").status, 403);
    assert_eq!(site.browser().get("/1/raw").status, 403);
}

#[test]
fn a_paste_that_burns_is_read_once() {
    let site = Site::new(app());
    let author = site.browser();
    author.post("/", &[("text", "ashes"), ("burns", "true")]);
    let reader = site.browser();
    assert_eq!(reader.get("/1/raw").body, "ashes");
    assert_eq!(reader.get("/1/raw").status, 404);
    assert_eq!(reader.get("/1").status, 404);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 4, readers);
}
