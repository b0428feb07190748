use blog::app;
use harness::{Site, assert_cached, assert_no_wrong_page};

#[test]
fn pages_are_cached_and_hits_take_no_connection() {
    let site = Site::new(app("connections"));
    let reader = site.browser();
    for path in ["/", "/?page=1", "/articles/2", "/feed", "/style.css"] {
        assert_cached(&site, &reader, path);
    }
    let before = reader.get("/handed-out").body;
    for path in ["/", "/?page=1", "/articles/2", "/feed"] {
        assert!(reader.get(path).is_hit());
    }
    assert_eq!(reader.get("/handed-out").body, before);
}

#[test]
fn a_comment_and_an_article_show_at_once() {
    let site = Site::new(app("writes"));
    let reader = site.browser();
    for path in ["/articles/1", "/articles/2", "/?page=1", "/feed"] {
        reader.get(path);
    }
    assert_eq!(reader.post("/articles/1/comments", &[("text", "well <said>")]).status, 201);
    assert!(reader.get("/articles/1").body.contains("well &#60;said&#62;"));
    assert!(reader.get("/articles/2").is_hit(), "a comment on another article");
    assert_eq!(reader.post("/articles", &[("text", "four")]).status, 201);
    assert!(reader.get("/?page=1").body.contains("four"));
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(
        || app("pages"),
        10,
        |site| {
            let reader = site.browser();
            for text in ["one", "two"] {
                for path in
                    ["/", "/?page=0", "/?page=1", "/?page=2", "/articles/1", "/articles/2", "/articles/9", "/feed", "/", "/articles/1"]
                {
                    reader.get(path);
                    reader.get(path);
                }
                reader.post("/articles/1/comments", &[("text", text)]);
                reader.post("/articles", &[("text", text)]);
            }
        },
    );
}
