//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::{Browser, Site};

pub fn log_in(site: &Site, name: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post("/login", &[("name", name)]).status, 303);
    browser
}

/// Two visitors who are logged in, one who is not, one who has made a mistake, and a cookie of a session that has ended.
pub fn shoppers(site: &Site) {
    let (anna, bert, visitor, clumsy) = (log_in(site, "anna"), log_in(site, "bert"), site.browser(), site.browser());
    let kept = site.browser().with(format!("Cookie: {}", anna.cookies()));
    let ask_all = || {
        for browser in [&clumsy, &anna, &visitor, &bert, &kept, &clumsy, &visitor, &anna] {
            for path in ["/login", "/", "/shows/1", "/account", "/basket"] {
                browser.get(path);
            }
        }
    };
    ask_all();
    clumsy.post("/login", &[("name", "")]);
    bert.post("/shows/1", &[]);
    ask_all();
    anna.post("/shows/2", &[]);
    clumsy.post("/login", &[("name", "")]);
    ask_all();
    anna.post("/logout", &[]);
    ask_all();
}
