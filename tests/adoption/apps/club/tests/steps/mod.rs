//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::{Browser, Site};

pub fn log_in(site: &Site, name: &str, password: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post("/login", &[("name", name), ("password", password)]).status, 303);
    browser
}

/// Two members, a visitor, a wrong password, and a cookie of a session that has ended.
pub fn members(site: &Site) {
    let (anna, bert, visitor) = (log_in(site, "anna", "a"), log_in(site, "bert", "b"), site.browser());
    let stranger = site.browser();
    stranger.post("/login", &[("name", "anna"), ("password", "b")]);
    let kept = site.browser().with(format!("Cookie: {}", anna.cookies()));
    let ask_all = || {
        for browser in [&anna, &visitor, &bert, &stranger, &kept, &visitor, &anna] {
            for path in ["/", "/events/1", "/events/2", "/membership", "/statutes", "/login"] {
                browser.get(path);
            }
        }
    };
    ask_all();
    bert.post("/events/2", &[("title", "autumn walk")]);
    ask_all();
    anna.post("/logout", &[]);
    ask_all();
}
