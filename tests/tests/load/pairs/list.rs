//! The pairs: what is asked first, what second, and what the second answer has to be.

use self::Right::{Differs, Judged, Same, Says};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};

/// A request in one line: method, target, and fields.
#[derive(Clone, Copy)]
pub(super) struct Ask(pub(super) &'static str, pub(super) &'static str, pub(super) &'static [(&'static str, &'static str)]);

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) fields: HeaderMap,
    pub(super) content: Bytes,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

pub(super) enum Right {
    /// The victim gets another content than the first.
    Differs,
    /// The victim gets this.
    Says(&'static str),
    /// The victim gets the same, as it may: that the pair is no attack shows that the cache works at all.
    Same,
    /// Anything, judged by both answers.
    Judged(fn(&Answer, &Answer) -> bool),
}

const NONE: &[(&str, &str)] = &[];
const TOKEN_A: &[(&str, &str)] = &[("authorization", "Bearer a")];
const TOKEN_B: &[(&str, &str)] = &[("authorization", "Bearer b")];

pub(super) fn gets(uri: &'static str) -> Ask {
    Ask("GET", uri, NONE)
}

fn with(uri: &'static str, fields: &'static [(&'static str, &'static str)]) -> Ask {
    Ask("GET", uri, fields)
}

/// Name, first request, victim's request, what is right.
pub(super) fn pairs() -> Vec<(&'static str, Ask, Ask, Right)> {
    let no_cookie_of_another = |_: &Answer, victim: &Answer| victim.fields.get_all(header::SET_COOKIE).iter().count() == 1;
    let differs_in_cookie = |first: &Answer, victim: &Answer| first.fields[header::SET_COOKIE] != victim.fields[header::SET_COOKIE];
    let whole = |_: &Answer, victim: &Answer| victim.status == StatusCode::OK && victim.text() == "the page";
    // A good answer may be shared, a bad one never.
    let good_after_bad =
        |first: &Answer, victim: &Answer| first.status == StatusCode::OK || first.fields["x-run"] != victim.fields["x-run"];
    vec![
        ("the cookie that a handler sets", gets("/sets-cookie"), gets("/sets-cookie"), Judged(differs_in_cookie)),
        ("one of two cookies", gets("/adds-cookie-twice"), gets("/adds-cookie-twice"), Judged(differs_in_cookie)),
        (
            "a cookie on a response that clients may keep",
            gets("/sets-cookie-though-public"),
            gets("/sets-cookie-though-public"),
            Judged(no_cookie_of_another),
        ),
        (
            "a cookie's answer told to be kept",
            gets("/sets-cookie-though-public"),
            gets("/sets-cookie-though-public"),
            Judged(|_, victim| victim.fields.get(header::CACHE_CONTROL).is_none_or(|said| !said.to_str().unwrap().contains("public"))),
        ),
        ("another's typed token", with("/typed-authorization", TOKEN_A), with("/typed-authorization", TOKEN_B), Says("for b")),
        ("a token's answer without one", with("/optional-authorization", TOKEN_A), gets("/optional-authorization"), Says("for None")),
        (
            "an anonymous answer to a token",
            gets("/optional-authorization"),
            with("/optional-authorization", TOKEN_A),
            Says("for Some(\"a\")"),
        ),
        (
            "two tokens against one",
            with("/optional-authorization", &[("authorization", "Bearer a"), ("authorization", "Bearer c")]),
            with("/optional-authorization", TOKEN_A),
            Says("for Some(\"a\")"),
        ),
        (
            "an answer for a token that goes out as private",
            with("/typed-authorization", TOKEN_A),
            with("/typed-authorization", TOKEN_A),
            // A handler without a cache says nothing of it: what comes of a token is for nobody else then (RFC 9111 §3.5).
            Judged(|_, victim| victim.fields.get(header::CACHE_CONTROL).is_none_or(|said| said.to_str().unwrap().contains("private"))),
        ),
        ("a forwarded token's answer", with("/forwards", TOKEN_A), gets("/forwards"), Says("nobody nobody /forwards")),
        ("an anonymous answer forwarded to a token", gets("/forwards"), with("/forwards", TOKEN_A), Says("Bearer a nobody /forwards")),
        (
            "a forwarded basic token",
            with("/forwards", &[("authorization", "Basic YTph")]),
            with("/forwards", &[("authorization", "Basic YTpi")]),
            Says("Basic YTpi nobody /forwards"),
        ),
        ("a forwarded empty token", with("/forwards", &[("authorization", "")]), gets("/forwards"), Says("nobody nobody /forwards")),
        ("a forwarded cookie", with("/forwards", &[("cookie", "sid=a")]), gets("/forwards"), Says("nobody nobody /forwards")),
        ("a forwarded cookie's stranger", gets("/forwards"), with("/forwards", &[("cookie", "sid=b")]), Says("nobody sid=b /forwards")),
        (
            "a cookie in an argument that `skip` names, of a response that says it is public",
            with("/skips-and-says-public", &[("cookie", "sid=a")]),
            with("/skips-and-says-public", &[("cookie", "sid=b")]),
            Says("Some(\"sid=b\")"),
        ),
        (
            "a token in an argument of which `key` names a part, of a response that says it is shared",
            with("/reduces-and-says-public", TOKEN_A),
            with("/reduces-and-says-public", TOKEN_B),
            Says("Some(\"Bearer b\")"),
        ),
        (
            "whom a middleware found out, to another",
            with("/whom", &[("x-token", "ann")]),
            with("/whom", &[("x-token", "bob")]),
            Says("nobody"),
        ),
        (
            "whom a middleware found out, in parts",
            with("/whom-in-parts", &[("x-token", "ann")]),
            with("/whom-in-parts", &[("x-token", "bob")]),
            Says("nobody"),
        ),
        ("a query that was taken away on the way", gets("/where?a=1"), gets("/where?a=2"), Says("/where?a=2")),
        ("a forwarded query", gets("/forwards?a=1"), gets("/forwards?a=2"), Says("nobody nobody /forwards?a=2")),
        ("a forwarded method", Ask("POST", "/forwards", NONE), gets("/forwards"), Says("nobody nobody /forwards")),
        (
            "a variant by language",
            with("/forwards-by-language", &[("accept-language", "de")]),
            with("/forwards-by-language", &[("accept-language", "fr")]),
            Says("fr"),
        ),
        (
            "a variant without language",
            with("/forwards-by-language", &[("accept-language", "de")]),
            gets("/forwards-by-language"),
            Says("none"),
        ),
        (
            "a field that `vary` does not name",
            with("/all-fields", &[("x-secret", "a"), ("cookie", "sid=a"), ("x-forwarded-host", "evil")]),
            gets("/all-fields"),
            Says(""),
        ),
        (
            "a field that `vary` names",
            with("/all-fields", &[("accept-language", "de")]),
            with("/all-fields", &[("accept-language", "fr")]),
            Says("accept-language=fr"),
        ),
        (
            "a field on two lines against one",
            with("/all-fields", &[("accept-language", "de"), ("accept-language", "fr")]),
            with("/all-fields", &[("accept-language", "de, fr")]),
            Says("accept-language=de, fr"),
        ),
        ("`Vary: authorization` that nobody declared", with("/varies-unasked", TOKEN_A), with("/varies-unasked", TOKEN_B), Differs),
        (
            "a `Vary` on the second line",
            with("/varies-on-two-lines", &[("cookie", "a")]),
            with("/varies-on-two-lines", &[("cookie", "b")]),
            Differs,
        ),
        ("`Vary: *`", gets("/varies-on-anything"), gets("/varies-on-anything"), Differs),
        ("a cookie that `skip` hides", with("/skips-what-it-reads", &[("cookie", "a")]), gets("/skips-what-it-reads"), Says("None")),
        (
            "a cookie's stranger that `skip` hides",
            gets("/skips-what-it-reads"),
            with("/skips-what-it-reads", &[("cookie", "b")]),
            Says("Some(\"b\")"),
        ),
        (
            "one keyed cookie",
            with("/one-cookie", &[("cookie", "theme=dark")]),
            with("/one-cookie", &[("cookie", "theme=red; sid=1")]),
            Says("red"),
        ),
        ("a missing keyed cookie", with("/one-cookie", &[("cookie", "theme=dark")]), gets("/one-cookie"), Says("light")),
        ("`private`", gets("/private"), gets("/private"), Differs),
        ("`Private` in odd case", gets("/private-cased"), gets("/private-cased"), Differs),
        ("`private` with a name", gets("/private-named"), gets("/private-named"), Differs),
        ("`NO-STORE`", gets("/no-store"), gets("/no-store"), Differs),
        ("`no-cache`", gets("/no-cache"), gets("/no-cache"), Differs),
        ("`no-store` after quotes", gets("/no-store-after-quotes"), gets("/no-store-after-quotes"), Differs),
        ("`no-store` past junk", gets("/no-store-past-junk"), gets("/no-store-past-junk"), Differs),
        (
            "a reflected host",
            with("/host", &[("x-forwarded-host", "evil")]),
            gets("/host"),
            Judged(|_, victim| !victim.text().contains("evil")),
        ),
        (
            "a reflected host in `Forwarded`",
            with("/host", &[("forwarded", "host=evil")]),
            gets("/host"),
            Judged(|_, victim| !victim.text().contains("evil")),
        ),
        ("the query of a shown target", gets("/target?a"), gets("/target?b"), Says("/target?b /target?b")),
        ("an empty query against none", gets("/raw-query?"), gets("/raw-query"), Says("None")),
        ("the order of a raw query", gets("/raw-query?a&b"), gets("/raw-query?b&a"), Says("Some(\"b&a\")")),
        ("another search", gets("/search?q=a"), gets("/search?q=b"), Says("Search { q: \"b\", page: None }")),
        ("a search by its other name", gets("/search?q=a"), gets("/search?query=b"), Says("Search { q: \"b\", page: None }")),
        ("a second parameter", gets("/search?q=a&page=1"), gets("/search?q=a&page=2"), Says("Search { q: \"a\", page: Some(2) }")),
        (
            "a parameter hidden behind `;`",
            gets("/search?q=a;page=2"),
            gets("/search?q=a&page=2"),
            Says("Search { q: \"a\", page: Some(2) }"),
        ),
        ("an escaped separator", gets("/search?q=a%26page=2"), gets("/search?q=a&page=2"), Says("Search { q: \"a\", page: Some(2) }")),
        ("an escaped null", gets("/search?q=a%00"), gets("/search?q=a"), Says("Search { q: \"a\", page: None }")),
        ("a plus against its escape", gets("/search?q=a+b"), gets("/search?q=a%2Bb"), Says("Search { q: \"a+b\", page: None }")),
        ("a parameter in other letter case", gets("/search?q=a"), gets("/search?q=a&Q=b"), Says("Search { q: \"a\", page: None }")),
        (
            "a repeated parameter",
            gets("/search?q=a"),
            gets("/search?q=a&q=b"),
            Judged(|_, victim| victim.status == StatusCode::BAD_REQUEST),
        ),
        ("a parameter that nobody reads", gets("/search?q=z"), gets("/search?utm=1&q=z&x"), Same),
        ("a parameter of a map", gets("/map?a=1"), gets("/map?a=1&b=2"), Says("[(\"a\", \"1\"), (\"b\", \"2\")]")),
        ("a shown method", gets("/method"), Ask("HEAD", "/method", NONE), Judged(|_, victim| victim.content.is_empty())),
        ("an unsafe method's answer", Ask("POST", "/nothing", NONE), gets("/nothing"), Differs),
        ("a page to an unsafe method", gets("/nothing"), Ask("POST", "/nothing", NONE), Differs),
        ("an overridden method", with("/nothing", &[("x-http-method-override", "DELETE")]), gets("/nothing"), Same),
        ("HEAD's empty page", Ask("HEAD", "/head", NONE), gets("/head"), Judged(whole)),
        ("HEAD's page", Ask("HEAD", "/nothing", NONE), gets("/nothing"), Judged(|_, victim| victim.text().starts_with("page"))),
        ("the same handler under two nests", gets("/a/me/1"), gets("/b/me/1"), Says("/b/me/{id} 1")),
        ("the same handler under two tenants", gets("/a/tenant"), gets("/b/tenant"), Says("/b/tenant")),
        ("a rewritten path", gets("/fr/page"), gets("/de/page"), Says("/de/page")),
        ("an escaped letter in a path", gets("/path/%61"), gets("/path/a"), Differs),
        ("a double slash in a path", gets("/path/a//b"), gets("/path/a/b"), Differs),
        ("a parameter in a path", gets("/path/a;x"), gets("/path/a"), Differs),
        ("a path in other letter case", gets("/path/A"), gets("/path/a"), Differs),
        ("an ending that looks like a file", gets("/path/a/x.css"), gets("/path/a"), Differs),
        ("an error of the server", gets("/fails?1"), gets("/fails?1"), Judged(good_after_bad)),
        ("an error of a client", gets("/refuses?1"), gets("/refuses?1"), Judged(good_after_bad)),
        ("a missing page", gets("/is-missing?1"), gets("/is-missing?1"), Judged(good_after_bad)),
        ("an empty answer", gets("/has-nothing?1"), gets("/has-nothing?1"), Judged(good_after_bad)),
        ("a limited client", gets("/is-limited?1"), gets("/is-limited?1"), Judged(good_after_bad)),
        ("a part of a page", gets("/is-partial?1"), gets("/is-partial?1"), Judged(good_after_bad)),
        ("a handler's own 304", gets("/is-unchanged?1"), gets("/is-unchanged?1"), Judged(good_after_bad)),
        ("a missing page by policy", gets("/policy/1"), gets("/policy/2"), Says("2")),
        ("a response that says not to be stored", gets("/not-stored"), gets("/not-stored"), Differs),
        ("two handlers of one name", gets("/list"), with("/list", &[("x-two", "1")]), Says("two")),
        ("one method name on two types", gets("/of"), with("/of", &[("x-two", "1")]), Says("B")),
        ("two instances of a generic handler", gets("/generic"), with("/generic", &[("x-two", "1")]), Says("2")),
        ("another user", with("/user", &[("x-token", "ann")]), with("/user", &[("x-token", "bob")]), Says("for bob")),
        (
            "another user where `key` has a variable of the argument's name",
            with("/user-and-cookie", &[("x-token", "ann")]),
            with("/user-and-cookie", &[("x-token", "bob")]),
            Says("for bob in None"),
        ),
        (
            "a user's page without login",
            with("/user", &[("x-token", "ann")]),
            gets("/user"),
            Judged(|_, victim| victim.status == StatusCode::UNAUTHORIZED),
        ),
        (
            "a revoked token on a warm key",
            with("/checks-user", &[("x-token", "regular")]),
            with("/checks-user", &[("x-token", "revoked")]),
            Judged(|_, victim| victim.status == StatusCode::UNAUTHORIZED),
        ),
        ("a rejection on a warm key", gets("/maybe-user"), with("/maybe-user", &[("x-token", "ann")]), Says("ann")),
        ("a user's page to a rejected one", with("/maybe-user", &[("x-token", "ann")]), gets("/maybe-user"), Says("401 Unauthorized")),
        (
            "a rejection that `OnMiss` made",
            gets("/user-on-miss"),
            with("/user-on-miss", &[("x-token", "ann")]),
            Says("the same for all users"),
        ),
        ("parts that a join would mix up", gets("/joins/a:b/c?q=1"), gets("/joins/a/b:c?q=1"), Says("a|b:c")),
        (
            "parts that differ by where they end",
            with("/two-parts", &[("x-first", "ab"), ("x-second", "c")]),
            with("/two-parts", &[("x-first", "a"), ("x-second", "bc")]),
            Says("(\"a\", \"bc\")"),
        ),
        ("an empty part", with("/two-parts", &[("x-first", "ab")]), with("/two-parts", &[("x-second", "ab")]), Says("(\"\", \"ab\")")),
        (
            "a range",
            with("/path/range", &[("range", "bytes=0-0")]),
            gets("/path/range"),
            Judged(|first, victim| {
                victim.status == StatusCode::OK && victim.content.len() > 1 && victim.content.starts_with(&first.content)
            }),
        ),
        (
            "a client's precondition",
            with("/path/condition", &[("if-none-match", "*")]),
            gets("/path/condition"),
            Judged(|_, victim| victim.status == StatusCode::OK && !victim.content.is_empty()),
        ),
        (
            "another's host in the target's place",
            with("/typed-host", &[("host", "one.example")]),
            with("/typed-host", &[("host", "two.example")]),
            Judged(|first, victim| first.content != victim.content),
        ),
        (
            "fields that purge elsewhere",
            with("/path/purge", &[("x-cache-bypass", "1"), ("cache-control", "no-cache"), ("pragma", "no-cache")]),
            with("/path/purge", &[("cache-control", "no-cache")]),
            Same,
        ),
    ]
}
