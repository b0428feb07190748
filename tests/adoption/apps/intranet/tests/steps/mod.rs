//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::Site;

/// Three users of two tenants, an admin, and somebody without a token.
pub fn users(site: &Site) {
    let tokens = ["anna@1", "bert@1", "carl@2", "root@1", "root@2", "nobody"];
    for text in ["a party", "a fire drill"] {
        for token in tokens.iter().chain(tokens.iter().rev()) {
            let browser = site.browser().with(format!("Authorization: Bearer {token}"));
            for path in ["/", "/news", "/tenant", "/handbook/1", "/handbook/2"] {
                browser.get(path);
            }
        }
        site.browser().get("/");
        site.browser().with("Authorization: Bearer root@1").send("POST", "/news", &["-d", text]);
    }
}
