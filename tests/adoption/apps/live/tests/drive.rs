use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};
use live::app;

#[test]
fn pages_are_cached_beside_streams_and_sockets_that_are_not() {
    let site = Site::new(app());
    let browser = site.browser();
    assert_cached(&site, &browser, "/");
    assert_cached(&site, &browser, "/messages");
    browser.send("POST", "/messages", &["-d", "hello"]);
    assert_eq!(browser.get("/messages").body, r#"["hello"]"#);

    for path in ["/events", "/annotated-events"] {
        assert_never_cached(&browser, path);
        let events = browser.get(path);
        assert_eq!(events.field("content-type"), Some("text/event-stream"));
        assert_eq!(events.body, "data: hello\n\n");
    }
}

#[test]
fn a_socket_opens_in_a_router_with_cached_pages() {
    let site = Site::new(app());
    let browser = site.browser();
    browser.send("POST", "/messages", &["-d", "hello"]);
    let upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="];
    let fields: Vec<_> = upgrade.iter().flat_map(|field| ["-H", field]).collect();
    let answer = browser.send("GET", "/ws", &fields);
    assert_eq!(answer.status, 101, "{answer:?}");
    assert!(answer.body.contains("1 messages"), "{answer:?}");
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 4, |site| {
        let browser = site.browser();
        for text in ["one", "two", "three"] {
            for path in ["/", "/messages", "/events", "/annotated-events", "/messages"] {
                browser.get(path);
            }
            browser.send("POST", "/messages", &["-d", text]);
        }
    });
}
