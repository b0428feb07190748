mod steps;

use club::app;
use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};
use steps::{log_in, members};

#[test]
fn pages_are_cached_for_visitors_and_members_have_own_ones() {
    let site = Site::new(app());
    let visitor = site.browser();
    for path in ["/", "/events/1", "/login"] {
        assert_cached(&site, &visitor, path);
    }
    let anna = log_in(&site, "anna", "a");
    assert_never_cached(&anna, "/");
    assert_eq!(anna.get("/").body, "welcome back, anna: spring walk");
    assert!(anna.get("/events/1").is_hit());
    let page = assert_cached(&site, &anna, "/membership");
    assert_eq!((page.body.as_str(), page.is_private()), ("anna is member 1", true));
    let bert = log_in(&site, "bert", "b");
    assert_eq!(bert.get("/membership").body, "bert is member 2");
}

#[test]
fn what_is_for_members_is_theirs_on_hits_too() {
    let site = Site::new(app());
    let anna = log_in(&site, "anna", "a");
    assert_cached(&site, &anna, "/statutes");
    assert!(log_in(&site, "bert", "b").get("/statutes").is_hit());
    assert_eq!(site.browser().get("/statutes").status, 303);
    let kept = site.browser().with(format!("Cookie: {}", anna.cookies()));
    assert!(kept.get("/statutes").is_hit());
    anna.post("/logout", &[]);
    assert_eq!(kept.get("/statutes").status, 303);
    assert_eq!(kept.get("/membership").status, 303);
}

#[test]
fn a_new_event_shows_at_once() {
    let site = Site::new(app());
    let (visitor, anna) = (site.browser(), log_in(&site, "anna", "a"));
    assert_cached(&site, &visitor, "/");
    assert_cached(&site, &visitor, "/events/1");
    assert_eq!(anna.post("/events/1", &[("title", "summer walk")]).status, 204);
    assert_eq!(visitor.get("/").body, "log in: summer walk");
    assert_eq!(visitor.get("/events/1").body, "summer walk");
    assert_eq!(visitor.post("/events/1", &[("title", "no walk")]).status, 303);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 8, members);
}
