//! Handlers that forward the whole request, to an upstream that says in `Vary` what it depends on.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::any,
};
use cached_handler::cached;

use super::{
    case::{Attack, Runs, attack},
    wire::{Ask, get},
};

/// The upstream: each path stands for one that behaves in its own way.
fn upstream(path: &str, uri: &Uri, headers: &HeaderMap, run: usize) -> Response {
    let shown = |names: &[&str]| {
        let lines = |name: &&str| {
            format!("{name}={:?}", headers.get_all(*name).iter().map(|line| line.as_bytes().escape_ascii().to_string()).collect::<Vec<_>>())
        };
        names.iter().map(lines).collect::<Vec<_>>().join(" ")
    };
    let varying = |names: &[&str], fields: &[(&str, &str)]| {
        let mut response = shown(names).into_response();
        for (name, value) in fields {
            response
                .headers_mut()
                .append(HeaderName::from_bytes(name.as_bytes()).expect("a name"), HeaderValue::from_str(value).expect("a value"));
        }
        response
    };
    let language = headers.contains_key("accept-language");
    match path {
        "/language" => varying(&["accept-language"], &[("vary", "Accept-Language")]),
        "/two-lines" => {
            varying(&["accept-language", "cookie"], &[("vary", "accept-language"), ("vary", "cookie"), ("cache-control", "public")])
        }
        "/token" => varying(&["authorization"], &[("vary", "Authorization"), ("cache-control", "public, max-age=60")]),
        "/token-of-its-own" => varying(&["authorization"], &[("vary", "Authorization")]),
        "/secret" => varying(&["authorization", "cookie"], &[]),
        "/secret-for-a-while" => varying(&["authorization", "cookie"], &[("cache-control", "max-age=60")]),
        "/public" => varying(&[], &[("cache-control", "public, max-age=60")]),
        "/proxy" => varying(&["x-forwarded-host"], &[("vary", "x-forwarded-host")]),
        "/any" => varying(&["user-agent"], &[("vary", "*")]),
        "/junk" => varying(&["user-agent"], &[("vary", "user agent")]),
        "/sometimes" if language => varying(&["accept-language"], &[("vary", "accept-language")]),
        "/sometimes-more" if language => varying(&["accept-language", "x-b"], &[("vary", "accept-language, x-b")]),
        "/sometimes-more" => varying(&["accept-language"], &[("vary", "accept-language")]),
        "/sometimes-other" if language => varying(&["accept-language", "x-a"], &[("vary", "accept-language, x-a")]),
        "/sometimes-other" => varying(&["accept-language", "x-b"], &[("vary", "x-b, accept-language")]),
        "/host" => format!("{} {}", uri.authority().map(ToString::to_string).unwrap_or_default(), shown(&["host"])).into_response(),
        "/cookie" => ([(header::SET_COOKIE, format!("sid=secret{run}"))], run.to_string()).into_response(),
        _ => format!("{uri}").into_response(),
    }
}

#[cached(ttl = 60, vary = from_response)]
async fn by_request(State(runs): State<Runs>, request: Request) -> Response {
    upstream(request.uri().path(), request.uri(), request.headers(), runs.next())
}

#[cached(ttl = 60, vary = from_response)]
async fn by_parts(State(runs): State<Runs>, parts: Parts) -> Response {
    upstream(parts.uri.path(), &parts.uri, &parts.headers, runs.next())
}

#[cached(ttl = 60, vary = from_response)]
async fn by_map(State(runs): State<Runs>, uri: Uri, headers: HeaderMap) -> Response {
    upstream(uri.path(), &uri, &headers, runs.next())
}

/// The whole map, and one that the attribute names besides: refused by the compiler, so the named one stands alone.
#[cached(ttl = 60, vary = "accept-language")]
async fn by_named(State(runs): State<Runs>, uri: Uri, headers: HeaderMap) -> Response {
    upstream(uri.path(), &uri, &headers, runs.next())
}

/// Who asks, by a middleware: in an extension, which no `Vary` can name.
#[derive(Clone)]
struct User(String);

async fn know(mut request: Request, next: Next) -> Response {
    let key = request.headers().get("x-api-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    request.extensions_mut().insert(User(key.unwrap_or_default()));
    next.run(request).await
}

#[cached(ttl = 60, vary = from_response)]
async fn extended_request(request: Request) -> String {
    format!("mail of {:?}", request.extensions().get::<User>().map(|user| &user.0))
}

#[cached(ttl = 60, vary = from_response)]
async fn extended_parts(parts: Parts) -> String {
    format!("mail of {:?}", parts.extensions.get::<User>().map(|user| &user.0))
}

fn serve<H: axum::handler::Handler<T, Runs>, T: 'static>(handler: H) -> Router {
    Router::new().route("/{*any}", any(handler)).with_state(Runs::default())
}

pub fn attacks() -> Vec<Attack> {
    let mut all = Vec::new();
    for name in ["Request", "Parts", "HeaderMap"] {
        let app = move || match name {
            "Request" => serve(by_request),
            "Parts" => serve(by_parts),
            _ => serve(by_map),
        };
        let mut push = |what: &str, first: Vec<Ask>, victim: Ask| {
            all.push(attack(format!("{what}, forwarded by `{name}`"), app, first, victim));
        };
        let language = |target: &str, value: &str| get(target).with("accept-language", value);
        push("one language for another", vec![language("/language", "de")], language("/language", "en"));
        push("a language for none", vec![language("/language", "de")], get("/language"));
        push("one of three languages", vec![language("/language", "de"), language("/language", "en")], language("/language", "fr"));
        push("two lines for one list", vec![language("/language", "de").with("accept-language", "en")], language("/language", "de, en"));
        push("none for an empty language", vec![get("/language")], language("/language", ""));
        push("a proxy's host", vec![get("/proxy").with("x-forwarded-host", "evil.example")], get("/proxy"));
        push(
            "another's token that `Vary` names, and public",
            vec![get("/token").with("authorization", "a")],
            get("/token").with("authorization", "b"),
        );
        push("a token that `Vary` names, and public, for none", vec![get("/token").with("authorization", "a")], get("/token"));
        push("a cookie that the second line names", vec![get("/two-lines").with("cookie", "a")], get("/two-lines").with("cookie", "b"));
        push("a token's answer for anonymous", vec![get("/secret").with("authorization", "a")], get("/secret"));
        push("a cookie's answer for anonymous", vec![get("/secret").with("cookie", "a")], get("/secret"));
        push("a field that only some answers depend on", vec![language("/sometimes", "de")], get("/sometimes"));
        push(
            "a field that only some answers depend on, after two",
            vec![language("/sometimes", "de"), language("/sometimes", "en")],
            get("/sometimes"),
        );
        push(
            "a second field that only some answers depend on",
            vec![language("/sometimes-more", "de").with("x-b", "evil")],
            language("/sometimes-more", "de").with("x-b", "fine"),
        );
        push(
            "a second field that only some answers depend on, after one without",
            vec![get("/sometimes-more"), language("/sometimes-more", "de").with("x-b", "evil")],
            language("/sometimes-more", "de").with("x-b", "fine"),
        );
        push(
            "two fields, of which each answer depends on another",
            vec![get("/sometimes-other").with("x-b", "evil"), language("/sometimes-other", "de").with("x-a", "evil")],
            get("/sometimes-other").with("x-b", "fine"),
        );
        push(
            "two fields, of which each answer depends on another, in the other order",
            vec![language("/sometimes-other", "de").with("x-a", "evil"), get("/sometimes-other").with("x-b", "evil")],
            language("/sometimes-other", "de").with("x-a", "fine"),
        );
        push("another query", vec![get("/page?evil")], get("/page?fine"));
        push("no query for an empty one", vec![get("/page")], get("/page?"));
        push("another host", vec![get("/host").host("evil.example")], get("/host").host("fine.example"));
        let mut never = |what: &str, first: Vec<Ask>, victim: Ask| {
            all.push(attack(format!("{what}, forwarded by `{name}`"), app, first, victim).never_stored());
        };
        never("another's token", vec![get("/secret").with("authorization", "a")], get("/secret").with("authorization", "b"));
        never("anonymous' answer for a token", vec![get("/secret"), get("/secret")], get("/secret").with("authorization", "b"));
        never("another's cookie", vec![get("/secret").with("cookie", "a")], get("/secret").with("cookie", "b"));
        never("anonymous' answer for a cookie", vec![get("/secret"), get("/secret")], get("/secret").with("cookie", "b"));
        never(
            "a token's answer that states its freshness",
            vec![get("/secret-for-a-while").with("authorization", "a")],
            get("/secret-for-a-while").with("authorization", "b"),
        );
        never(
            "a token that `Vary` names, without a word that it is public",
            vec![get("/token-of-its-own").with("authorization", "a")],
            get("/token-of-its-own").with("authorization", "b"),
        );
        never("an answer that depends on anything", vec![get("/any").with("user-agent", "a")], get("/any").with("user-agent", "b"));
        never("an answer whose `Vary` cannot be read", vec![get("/junk").with("user-agent", "a")], get("/junk").with("user-agent", "b"));
        all.push(attack(format!("a cookie that the upstream sets, forwarded by `{name}`"), app, [get("/cookie")], get("/cookie")).fresh());
    }
    let language = |value: &str| get("/language").with("accept-language", value).with("x-a", "1");
    all.push(attack(
        "one language for another, of an upstream that gets no other field",
        || serve(by_named),
        [language("de")],
        language("en"),
    ));
    let proxy = || get("/proxy");
    all.push(
        attack(
            "a field that `Vary` names and that the handler does not get",
            || serve(by_named),
            [proxy().with("x-forwarded-host", "evil")],
            proxy(),
        )
        .never_stored(),
    );
    let key = |key: &'static str| get("/me").with("x-api-key", key);
    all.push(
        attack("another user, by an extension of `Request`", || serve(extended_request).layer(from_fn(know)), [key("ann")], key("bob"))
            .stored_or_not(),
    );
    all.push(
        attack("another user, by an extension of `Parts`", || serve(extended_parts).layer(from_fn(know)), [key("ann")], key("bob"))
            .stored_or_not(),
    );
    all
}
