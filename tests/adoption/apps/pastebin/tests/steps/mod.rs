//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::Site;

/// An owner, readers with the right password, a wrong one and none, and pastes that burn.
pub fn readers(site: &Site) {
    let owner = site.browser();
    owner.post("/", &[("text", "open to all")]);
    owner.post("/", &[("text", "secret"), ("password", "open")]);
    site.browser().post("/", &[("text", "ashes"), ("burns", "true")]);
    site.browser().post("/", &[("text", "secret ashes"), ("password", "open"), ("burns", "true")]);
    let (friend, stranger, visitor) = (site.browser().with("Password: open"), site.browser().with("Password: no"), site.browser());
    let forger = site.browser().with("Cookie: owner=2");
    for browser in [&friend, &stranger, &visitor, &forger, &owner, &visitor, &stranger, &friend] {
        for id in 1..5 {
            browser.get(&format!("/{id}"));
            browser.get(&format!("/{id}/raw"));
        }
    }
    owner.send("DELETE", "/2", &[]);
    for browser in [&friend, &stranger, &visitor, &owner] {
        browser.get("/2");
        browser.get("/2/raw");
    }
}
