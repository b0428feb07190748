//! What the service inside is shown of a request.

use super::*;

/// Shows what it is shown.
async fn mirror(headers: HeaderMap) -> Response {
    ([("x-seen", fields_of(&headers))], "mirror").into_response()
}

fn mirrored(set: impl FnOnce(CacheLayer) -> CacheLayer) -> (TestCache, CacheService<Router>) {
    let cache = TestCache::new();
    let app = set(layer(&cache)).around(Router::new().route("/", get(mirror).post(mirror)));
    (cache, app)
}

fn seen(response: &Response) -> &str {
    response.headers()["x-seen"].to_str().unwrap()
}

const SENT: &[(&str, &str)] = &[
    ("host", "one.example"),
    ("accept-language", "de"),
    ("x-tenant", "a"),
    ("user-agent", "test"),
    ("traceparent", "00-1-2-01"),
    ("tracestate", "x=1"),
    ("if-none-match", "\"1\""),
    ("if-modified-since", "Tue, 24 Nov 2026 01:00:00 GMT"),
    ("if-match", "*"),
    ("range", "bytes=0-0"),
    ("connection", "x-hop"),
    ("x-hop", "1"),
    ("te", "trailers"),
];

#[tokio::test]
async fn the_service_sees_what_the_key_holds() {
    let (_cache, app) = mirrored(|layer| layer);
    let response = send(&app, get_with("/", SENT)).await;
    assert_eq!(seen(&response), "host=one.example", "who traced a request is told to nobody else");
    assert_eq!(response.headers().get(header::VARY), None);

    let (_cache, app) = mirrored(|layer| layer.vary(["Accept-Language", "x-absent", "range"]));
    let response = send(&app, get_with("/", SENT)).await;
    assert_eq!(seen(&response), "accept-language=de host=one.example");
    assert_eq!(response.headers()[header::VARY], "accept-language, x-absent, range");
}

#[tokio::test]
async fn all_fields_are_seen_where_the_author_says_so_but_those_that_the_cache_evaluates() {
    let all = "accept-language=de host=one.example traceparent=00-1-2-01 tracestate=x=1 user-agent=test x-tenant=a";
    for (_cache, app) in [mirrored(CacheLayer::see_all_fields), mirrored(CacheLayer::vary_from_response)] {
        assert_eq!(seen(&send(&app, get_with("/", SENT)).await), all);
    }
}

#[tokio::test]
async fn what_passes_is_shown_whole() {
    let (_cache, app) = mirrored(|layer| layer);
    let mut fields = SENT.to_vec();
    fields.push(("cookie", "a=1"));
    let response = send(&app, get_with("/", &fields)).await;
    assert_eq!(seen(&response).split(' ').filter(|field| field.contains('=')).count(), 14, "{}", seen(&response));
}

#[tokio::test]
async fn named_fields_tell_responses_apart() {
    let (_cache, app) = mirrored(|layer| layer.vary(["accept-language"]));
    for language in ["de", "fr"] {
        assert_miss!(send(&app, get_with("/", &[("accept-language", language)])).await);
        assert_hit!(send(&app, get_with("/", &[("accept-language", language), ("x-other", "1")])).await);
    }
    assert_miss!(ask(&app, "/").await);
}

#[tokio::test]
async fn named_credentials_are_keyed_and_their_answers_private() {
    let (_cache, app) = mirrored(|layer| layer.vary(["authorization"]));
    for token in ["Bearer a", "Bearer b"] {
        let response = assert_miss!(send(&app, get_with("/", &[("authorization", token)])).await);
        assert_eq!(seen(&response), format!("authorization={token}"));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-cache");
        assert_hit!(send(&app, get_with("/", &[("authorization", token)])).await);
    }
    let both = get_with("/", &[("authorization", "Bearer a"), ("cookie", "a=1")]);
    assert_eq!(why(&send(&app, both).await), Forward::Bypass(Bypass::Credentials));
}

#[tokio::test]
async fn a_response_that_varies_on_what_is_not_shown_is_not_stored() {
    async fn varies() -> Response {
        ([(header::VARY, "accept-language")], "x").into_response()
    }
    let cache = TestCache::new();
    let app = layer(&cache).around(Router::new().route("/", get(varies)));
    assert_eq!(not_stored(&ask(&app, "/").await), NotStored::VaryUnkeyed("accept-language".to_owned()));
}

#[tokio::test]
async fn with_vary_from_response_the_responses_name_what_they_depend_on() {
    async fn by_language(headers: HeaderMap) -> Response {
        let language = headers.get("accept-language").map_or("none", |value| value.to_str().unwrap()).to_owned();
        ([(header::VARY, "accept-language")], language).into_response()
    }
    let cache = TestCache::new();
    let app = layer(&cache).vary_from_response().around(Router::new().route("/", get(by_language)));
    for language in ["de", "fr"] {
        let miss = assert_miss!(send(&app, get_with("/", &[("accept-language", language)])).await);
        assert_eq!(text(miss).await, language);
        let hit = assert_hit!(send(&app, get_with("/", &[("accept-language", language), ("user-agent", "x")])).await);
        assert_eq!(text(hit).await, language);
    }
}

#[tokio::test]
async fn the_service_is_asked_whether_what_is_stored_still_holds() {
    async fn tagged(State(runs): State<Runs>, headers: HeaderMap) -> Response {
        runs.next();
        match headers.get(header::IF_NONE_MATCH) {
            Some(tag) if tag == "\"1\"" => (StatusCode::NOT_MODIFIED, [(header::ETAG, "\"1\"")]).into_response(),
            _ => ([(header::ETAG, "\"1\"")], "tagged").into_response(),
        }
    }
    let (cache, runs) = (TestCache::new(), Runs::default());
    let app = layer(&cache).around(Router::new().route("/", get(tagged)).with_state(runs.clone()));
    ask(&app, "/").await;
    cache.clock().advance(secs(61));
    let fresh_again = ask(&app, "/").await;
    assert!(matches!(outcome_of(&fresh_again), Outcome::Forward { kept: Kept::Freshened, .. }), "{}", outcome_of(&fresh_again));
    assert_eq!(text(fresh_again).await, "tagged");
    assert_hit!(ask(&app, "/").await);
    assert_eq!(runs.count(), 2);
}
