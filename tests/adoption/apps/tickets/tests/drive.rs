mod steps;

use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};
use steps::{log_in, shoppers};
use tickets::app;

#[test]
fn pages_are_cached_for_visitors_until_a_ticket_is_sold() {
    let site = Site::new(app());
    let visitor = site.browser();
    for path in ["/", "/login", "/shows/1"] {
        assert_cached(&site, &visitor, path);
    }
    let anna = log_in(&site, "anna");
    assert_eq!(anna.post("/shows/1", &[]).status, 303);
    assert_eq!(visitor.get("/").body, "show 1: 9 left, show 2: 20 left");
    assert_eq!(visitor.get("/shows/1").body, "show 1: 9 left");
    assert!(visitor.get("/").is_hit());
    assert_never_cached(&anna, "/basket");
    assert_eq!(anna.get("/basket").body, "[1]");
}

#[test]
fn a_message_is_shown_once_to_its_visitor_and_to_nobody_else() {
    let site = Site::new(app());
    let (visitor, other) = (site.browser(), site.browser());
    let plain = assert_cached(&site, &visitor, "/login").body;
    other.post("/login", &[("name", "")]);
    let told = other.get("/login");
    assert!(told.body.starts_with("<p>a name is needed</p>") && !told.is_hit(), "{told:?}");
    assert_eq!(other.get("/login").body, plain);
    assert_eq!(visitor.get("/login").body, plain);
}

#[test]
fn each_visitor_has_an_own_account() {
    let site = Site::new(app());
    let (anna, bert, visitor) = (log_in(&site, "anna"), log_in(&site, "bert"), site.browser());
    for (browser, body) in [(&anna, "the account of anna"), (&bert, "the account of bert"), (&visitor, "who are you?")] {
        let page = assert_cached(&site, browser, "/account");
        assert_eq!((page.body.as_str(), page.is_private()), (body, true));
    }
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 8, shoppers);
}
