//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::{Browser, Site};

pub fn sign_in(site: &Site, name: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post("/signin", &[("name", name)]).status, 303);
    browser
}

/// Two users, a visitor, one with a cookie that nobody issued, and one who has kept the cookie of a session that has ended.
pub fn two_users(site: &Site) {
    let anna = sign_in(site, "anna");
    anna.post("/section/rust", &[("text", "hello")]);
    let bert = sign_in(site, "bert");
    let visitor = site.browser();
    let forger = site.browser().with("Cookie: id=s9");
    let kept = site.browser().with(format!("Cookie: {}", anna.cookies()));
    let ask_all = || {
        for browser in [&anna, &visitor, &bert, &forger, &kept, &visitor, &anna] {
            for path in ["/", "/section/rust", "/section/none", "/author/anna", "/account"] {
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
