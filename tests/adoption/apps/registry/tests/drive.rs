use harness::{Browser, Site, assert_cached, assert_no_wrong_page};
use registry::app;

fn owner(site: &Site, name: &str) -> Browser {
    site.browser().with(format!("Authorization: {name}"))
}

fn publish(owner: &Browser, name: &str) {
    assert_eq!(owner.json("PUT", "/packages/new", &format!(r#"{{"name":"{name}"}}"#)).status, 200);
}

#[test]
fn handlers_that_openapi_documents_are_cached() {
    let site = Site::new(app());
    let anna = owner(&site, "anna");
    publish(&anna, "My_Package");
    let reader = site.browser();
    for path in ["/packages", "/packages?q=My&per_page=5", "/packages/my-package", "/packages/MY_PACKAGE", "/summary"] {
        assert_cached(&site, &reader, path);
    }
    assert_cached(&site, &reader, "/ids/00000000-0000-0000-0000-000000000001");
    assert!(assert_cached(&site, &anna, "/me").is_private());
    assert_eq!(reader.get("/packages?per_page=0").status, 400);
    assert_eq!(reader.get("/me").status, 401);
    let document = reader.get("/openapi.json").body;
    for path in ["/packages", "/packages/{name}", "/ids/{id}", "/me", "/summary", "/packages/new"] {
        assert!(document.contains(&format!("{path:?}")), "{path} is not documented: {document}");
    }
}

#[test]
fn what_is_published_shows_at_once_under_any_spelling() {
    let site = Site::new(app());
    let (anna, bert, reader) = (owner(&site, "anna"), owner(&site, "bert"), site.browser());
    publish(&anna, "my-package");
    for path in ["/packages/my-package", "/packages/My_Package"] {
        assert!(assert_cached(&site, &reader, path).body.contains("anna"));
    }
    publish(&bert, "MY_PACKAGE");
    for path in ["/packages/my-package", "/packages/My_Package", "/packages"] {
        assert!(reader.get(path).body.contains("bert"));
    }
    assert_eq!(anna.send("DELETE", "/packages/my_package", &[]).status, 403);
    assert!(reader.get("/packages/my-package").is_hit());
    assert_eq!(bert.send("DELETE", "/packages/my_package", &[]).status, 204);
    for path in ["/packages/my-package", "/packages/My_Package"] {
        assert_eq!(reader.get(path).status, 404);
    }
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 20, |site| {
        let (anna, bert, reader) = (owner(site, "anna"), owner(site, "bert"), site.browser());
        for name in ["one", "Two", "TWO"] {
            publish(if name == "Two" { &bert } else { &anna }, name);
            for browser in [&reader, &anna, &bert, &reader] {
                for path in [
                    "packages",
                    "packages?q=one",
                    "packages?page=2&per_page=1",
                    "packages/one",
                    "packages/two",
                    "packages/Two",
                    "me",
                    "summary",
                ] {
                    browser.get(&format!("/{path}"));
                }
            }
        }
    });
}
