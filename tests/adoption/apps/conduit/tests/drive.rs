use conduit::app;
use harness::{Browser, Site, assert_cached, assert_no_wrong_page};

/// A client with a token of its own.
fn client(site: &Site, name: &str) -> Browser {
    let token = site.browser().json("POST", "/api/login", &format!(r#"{{"name":"{name}"}}"#)).body;
    site.browser().with(format!("Authorization: Token {token}"))
}

fn publish(client: &Browser, title: &str) {
    assert_eq!(client.json("POST", "/api/articles", &format!(r#"{{"title":"{title}"}}"#)).status, 200);
}

#[test]
fn pages_are_cached_for_all_visitors_and_for_each_user() {
    let site = Site::new(app());
    let anna = client(&site, "anna");
    publish(&anna, "On Caches");
    let visitor = site.browser();
    for path in ["/api/articles", "/api/articles?limit=1&author=anna", "/api/articles/on-caches", "/api/profiles/anna"] {
        assert_cached(&site, &visitor, path);
        let page = assert_cached(&site, &anna, path);
        assert!(page.is_private(), "{path}: {page:?}");
    }
    assert_cached(&site, &anna, "/api/feed");
    assert_cached(&site, &anna, "/api/tags");
    assert!(client(&site, "bert").get("/api/tags").is_hit());
    assert_eq!(visitor.get("/api/tags").status, 401);
}

#[test]
fn a_token_that_nobody_signed_is_nobodys() {
    let site = Site::new(app());
    let anna = client(&site, "anna");
    publish(&anna, "On Caches");
    assert_cached(&site, &anna, "/api/feed");
    let forger = site.browser().with("Authorization: Token anna.00");
    assert_eq!(forger.get("/api/feed").status, 401);
    anna.send("POST", "/api/articles/on-caches/favorite", &[]);
    assert!(anna.get("/api/articles/on-caches").body.contains(r#""favorited":true"#));
    assert!(forger.get("/api/articles/on-caches").body.contains(r#""favorited":false"#));
}

#[test]
fn a_group_that_only_the_content_names_is_invalidated() {
    let site = Site::new(app());
    let (anna, bert) = (client(&site, "anna"), client(&site, "bert"));
    publish(&anna, "On Caches");
    let visitor = site.browser();
    assert!(assert_cached(&site, &visitor, "/api/articles/on-caches").body.contains("anna"));
    publish(&bert, "On Caches");
    assert!(visitor.get("/api/articles/on-caches").body.contains("bert"));
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 20, |site| {
        let (anna, bert, visitor) = (client(site, "anna"), client(site, "bert"), site.browser());
        let forger = site.browser().with("Authorization: Token anna.00");
        let read = || {
            for browser in [&anna, &visitor, &bert, &forger, &visitor, &anna] {
                for path in ["articles", "articles?author=bert", "articles/one", "articles/two", "profiles/anna", "feed", "tags"] {
                    browser.get(&format!("/api/{path}"));
                }
            }
        };
        publish(&anna, "One");
        read();
        publish(&bert, "Two");
        bert.send("POST", "/api/articles/one/favorite", &[]);
        read();
        bert.send("POST", "/api/profiles/anna/follow", &[]);
        anna.send("POST", "/api/articles/two/favorite", &[]);
        read();
    });
}
