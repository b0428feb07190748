//! A page with its style, script, image and data in Chromium, over TLS and HTTP/2 and through all layers: it is loaded, loaded
//! again, edited, and loaded again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse},
    routing::{get, post},
};
use cached_handler::{cached, invalidates, testing::TestCache};
use cached_handler_tests::curl::{Http, Site};
use serde_json::{Value, json};

use super::{
    chromium::Chromium,
    stack::{Order, app},
};

#[derive(Clone, Default)]
struct Note(Arc<Mutex<u32>>);

impl Note {
    fn text(&self) -> String {
        format!("note {}", self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cached(ttl = 600, group = "note")]
async fn page(State(note): State<Note>) -> Html<String> {
    let (note, filling) = (note.text(), "<!-- worth to be compressed -->".repeat(40));
    Html(format!(
        "<!doctype html><title>a page</title><link rel=icon href='data:,'><link rel=stylesheet href=/style.css>\
         <script src=/script.js defer></script><p id=note>{note}</p><img id=dot src=/dot.svg>{filling}"
    ))
}

#[cached(ttl = 600)]
async fn style() -> impl IntoResponse {
    ([("content-type", "text/css")], format!("p {{ color: rgb(1, 2, 3); }} {}", "/* filling */".repeat(40)))
}

#[cached(ttl = 600)]
async fn image() -> impl IntoResponse {
    let filling = "<!-- filling -->".repeat(40);
    let dot = format!("<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'><circle r='3'/>{filling}</svg>");
    ([("content-type", "image/svg+xml")], dot)
}

#[cached(ttl = 600)]
async fn injected() -> impl IntoResponse {
    ([("content-type", "text/javascript")], "window.injected = true;")
}

/// Says what is to be seen, once all of it is there.
#[cached(ttl = 600)]
async fn script() -> impl IntoResponse {
    let script = "addEventListener('load', async () => {
        const note = await (await fetch('/note')).json();
        const shown = document.getElementById('note');
        const seen = [shown.textContent, getComputedStyle(shown).color, document.getElementById('dot').naturalWidth, note.text, window.injected];
        console.log('seen', JSON.stringify(seen));
    });";
    ([("content-type", "text/javascript")], script)
}

#[cached(ttl = 600, group = "note")]
async fn note(State(note): State<Note>) -> Json<Value> {
    Json(json!({ "text": note.text() }))
}

#[invalidates(group = "note")]
async fn edit(State(note): State<Note>, content: String) -> StatusCode {
    *note.0.lock().unwrap_or_else(PoisonError::into_inner) = content.parse().expect("a number");
    StatusCode::NO_CONTENT
}

/// What a visit has shown, and the status of each answer as it came over the network. Some of it is told by the page's process
/// and some by that of the network, in any order.
async fn visit(browser: &mut Chromium) -> (Value, BTreeMap<String, u64>) {
    let (mut names, mut answers, mut seen) = (BTreeMap::new(), BTreeMap::new(), None);
    loop {
        let event = browser.event().await;
        let parameters = &event["params"];
        let id = parameters["requestId"].as_str().unwrap_or_default().to_owned();
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                // The edit is none of the visit.
                if parameters["request"]["method"] == "GET" {
                    names.insert(id, url.splitn(4, '/').nth(3).unwrap_or_default().to_owned());
                }
            }
            "Network.responseReceived" => {
                let protocol = parameters["response"]["protocol"].as_str().unwrap_or_default();
                assert!(["h2", "data"].contains(&protocol), "{event}");
            }
            "Network.responseReceivedExtraInfo" => {
                answers.insert(id, parameters["statusCode"].as_u64().expect("a status"));
            }
            "Runtime.consoleAPICalled" => seen = parameters["args"][1]["value"].as_str().map(str::to_owned),
            "Network.loadingFailed" => panic!("{event}: {names:?}"),
            _ => {}
        }
        let known = answers.iter().filter_map(|(id, status)| Some((names.get(id)?.clone(), *status)));
        let statuses: BTreeMap<_, _> = known.collect();
        if let Some(seen) = seen.as_ref().filter(|_| ALL.iter().all(|name| statuses.contains_key(*name))) {
            return (serde_json::from_str(seen).expect("JSON"), statuses);
        }
    }
}

const ALL: [&str; 6] = ["page", "style.css", "script.js", "dot.svg", "injected.js", "note"];

fn are(statuses: &BTreeMap<String, u64>, status: impl Fn(&str) -> u64) {
    for name in ALL {
        assert_eq!(statuses.get(name), Some(&status(name)), "{name}: {statuses:?}");
    }
}

#[tokio::test]
async fn a_page_is_loaded_revalidated_and_seen_anew_after_its_edit_in_a_browser() {
    let cache = TestCache::new();
    let router = Router::new()
        .route("/page", get(page))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/injected.js", get(injected))
        .route("/dot.svg", get(image))
        .route("/note", get(note).merge(post(edit)))
        .with_state(Note::default())
        .layer(cache.layer());
    let site = Site::start(app(router, Order::Within)).await;
    let Some(mut browser) = Chromium::start(site.address(Http::Two)).await else {
        println!("left out, as there is no Chromium: a page in a browser");
        return;
    };
    let address = format!("https://{}/page", site.address(Http::Two));
    let shown = |number: u32| json!([format!("note {number}"), "rgb(1, 2, 3)", 7, format!("note {number}"), true]);

    browser.call("Page.navigate", json!({ "url": address })).await;
    let (seen, statuses) = visit(&mut browser).await;
    assert_eq!(seen, shown(0));
    are(&statuses, |_| 200);

    browser.call("Page.reload", json!({})).await;
    let (seen, statuses) = visit(&mut browser).await;
    assert_eq!(seen, shown(0));
    are(&statuses, |_| 304);

    for number in 1..=3 {
        let edits =
            format!("fetch('/note', {{ method: 'POST', body: '{number}' }}).then(answer => answer.text().then(() => answer.status))");
        let edited = browser.call("Runtime.evaluate", json!({ "expression": edits, "awaitPromise": true, "returnByValue": true })).await;
        assert_eq!(edited["result"]["value"], 204, "{edited}");
        for (visits, of_note) in [200, 304].into_iter().enumerate() {
            browser.call("Page.reload", json!({})).await;
            let (seen, statuses) = visit(&mut browser).await;
            assert_eq!(seen, shown(number), "{number}, {visits}");
            are(&statuses, |name| if ["page", "note"].contains(&name) { of_note } else { 304 });
        }
    }

    let log = browser.end().await;
    let count = |name: &str| log.iter().filter(|(known, _)| known == name).count();
    assert!(count("HTTP2_SESSION_INITIALIZED") > 0 && count("HTTP2_SESSION_RECV_HEADERS") > 40, "{} events", log.len());
    let faults =
        ["HTTP2_STREAM_ERROR", "HTTP2_SESSION_RECV_INVALID_HEADER", "HTTP2_SESSION_RECV_RST_STREAM", "HTTP2_SESSION_SEND_RST_STREAM"];
    for fault in faults {
        // A browser cancels what it does not want any more.
        let is_cancelled = |parameters: &Value| parameters["error_code"].as_str().is_some_and(|code| code.starts_with("8 "));
        let found: Vec<_> = log.iter().filter(|(known, parameters)| known == fault && !is_cancelled(parameters)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
    println!("- a page in Chromium over TLS and HTTP/2, loaded, reloaded, edited and reloaded: 8 visits, 0 errors of the network");
}
