mod steps;

use harness::{Site, assert_cached, assert_no_wrong_page};
use intranet::app;
use steps::users;

#[test]
fn each_user_has_an_own_page_and_clients_are_told_that_it_is_private() {
    let site = Site::new(app());
    let anna = site.browser().with("Authorization: Bearer anna@1");
    let page = assert_cached(&site, &anna, "/");
    assert_eq!(page.body, "good morning, anna");
    assert!(page.is_private());
    assert_eq!(page.field("vary"), Some("authorization"));
    let bert = site.browser().with("Authorization: Bearer bert@1");
    assert_eq!(bert.get("/").body, "good morning, bert");
    assert_eq!(site.browser().get("/").status, 401);
}

#[test]
fn a_property_of_the_user_shares_the_page_and_keeps_it_private() {
    let site = Site::new(app());
    let anna = site.browser().with("Authorization: Bearer anna@1");
    let page = assert_cached(&site, &anna, "/tenant");
    assert!(page.is_private(), "{page:?}");
    let bert = site.browser().with("Authorization: Bearer bert@1");
    assert!(bert.get("/tenant").is_hit());
    let carl = site.browser().with("Authorization: Bearer carl@2");
    assert_eq!(carl.get("/tenant").body, r#"{"tenant":2}"#);
    assert_cached(&site, &anna, "/handbook/1");
    assert!(carl.get("/handbook/1").is_hit());
    assert_eq!(site.browser().get("/handbook/1").status, 401);
}

#[test]
fn an_announcement_shows_at_once_and_a_refused_one_spares_the_page() {
    let site = Site::new(app());
    let anna = site.browser().with("Authorization: Bearer anna@1");
    let root = site.browser().with("Authorization: Bearer root@1");
    assert_cached(&site, &anna, "/news");
    assert_eq!(anna.send("POST", "/news", &["-d", "no"]).status, 403);
    assert!(anna.get("/news").is_hit());
    assert_eq!(root.send("POST", "/news", &["-d", "a party"]).status, 201);
    assert_eq!(anna.get("/news").body, r#"["a party"]"#);
    assert_eq!(root.get("/news").body, r#"["a party","for admins"]"#);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 10, users);
}
