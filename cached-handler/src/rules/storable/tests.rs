//! Storability (RFC 9111 §3), as tables and against a naive reading.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// The verdict on a response with these lines, from a handler with `ttl = 60` that varies on `accept`.
fn verdict(status: u16, lines: &[(&str, &str)]) -> Result<Storable, NotStored> {
    ask(status, lines, |_| {})
}

fn ask(status: u16, lines: &[(&str, &str)], change: impl FnOnce(&mut Question<'_>)) -> Result<Storable, NotStored> {
    let mut fields = HeaderMap::new();
    for (name, value) in lines {
        fields.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let mut question = Question {
        method: &Method::GET,
        names_its_target: false,
        credentials: Credentials::Unseen,
        status: StatusCode::from_u16(status).unwrap(),
        fields: &fields,
        covered: &|name| name == "accept",
        vary_from_response: false,
        targeted_fields: targeted::DEFAULT,
        by_policy: (status == 404).then_some(Duration::from_secs(5)),
        heuristic: false,
        ttl: Some(Duration::from_secs(60)),
        fresh_for: None,
        at_most: None,
        do_not_store: false,
        may_ask: false,
        may_be_stale: false,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
    };
    change(&mut question);
    storable(&question)
}

fn lifetime_of(verdict: Result<Storable, NotStored>) -> Result<u64, &'static str> {
    verdict.map(|storable| storable.freshness_lifetime.as_secs()).map_err(|reason| reason.as_str())
}

#[test]
fn with_a_ttl_four_statuses_are_stored_and_those_of_the_policy() {
    for status in 200..=999 {
        let expected = match status {
            200 | 203 | 301 | 308 => Ok(60),
            404 => Ok(5),
            206 | 416 => Err("partial"),
            _ => Err("status"),
        };
        assert_eq!(lifetime_of(verdict(status, &[])), expected, "{status}");
    }
}

#[test]
fn with_a_ttl_no_failure_or_answer_about_the_request_is_stored() {
    for status in 200..=999 {
        let expected = match status {
            206 | 416 => Err("partial"),
            304 | 400..=403 | 406..=408 | 411..=415 | 417 | 421 | 422 | 424..=426 | 428 | 429 | 431 | 451 | 500..=599 => Err("status"),
            _ => Ok(9),
        };
        for field in ["cache-control", "cdn-cache-control"] {
            assert_eq!(lifetime_of(verdict(status, &[(field, "max-age=9")])), expected, "{status} {field}");
        }
        let asked_for = ask(status, &[("etag", "\"1\""), ("cache-control", "max-age=9, no-cache")], |question| question.may_ask = true);
        assert_eq!(lifetime_of(asked_for).is_ok(), expected.is_ok(), "{status}: asked for each time");
    }
}

#[test]
fn from_responses_any_final_status_is_stored_by_its_freshness_but_206_304_and_416() {
    for status in 200..=999 {
        let expected = match status {
            206 | 416 => Err("partial"),
            304 => Err("status"),
            _ => Ok(9),
        };
        let verdict = ask(status, &[("cache-control", "max-age=9")], |question| question.ttl = None);
        assert_eq!(lifetime_of(verdict), expected, "{status}");
    }
}

#[test]
fn private_stays_private_in_every_spelling() {
    for (lines, reason) in [
        (&[("set-cookie", "a=b")][..], "set-cookie"),
        (&[("cache-control", "NO-STORE")], "no-store"),
        (&[("cache-control", "max-age=60"), ("cache-control", "Private")], "private"),
        (&[("cache-control", "private=\"x\", max-age=60")], "private"),
        (&[("cache-control", "no-cache")], "no-cache"),
        (&[("cache-control", "no-cache=\"x\"")], "no-cache"),
        (&[("cdn-cache-control", "no-store")], "no-store"),
        (&[("cache-control", "max-age=60; private")], "malformed-cache-control"),
        (&[("vary", "accept, *")], "vary-any"),
        (&[("vary", "accept"), ("vary", "Cookie")], "vary-unkeyed"),
        (&[("vary", "a b")], "malformed-vary"),
        (&[("content-range", "bytes 0-1/2")], "partial"),
        (&[("cache-control", "max-age=0")], "already-stale"),
        (&[("cache-control", "max-age=9"), ("age", "9")], "already-stale"),
    ] {
        assert_eq!(lifetime_of(verdict(200, lines)), Err(reason), "{lines:?}");
    }
    assert_eq!(lifetime_of(verdict(200, &[("vary", "Accept")])), Ok(60));
}

#[test]
fn a_no_cache_response_is_stored_by_its_status_or_by_public() {
    let asked = |status, cache_control| {
        lifetime_of(ask(status, &[("etag", "\"1\""), ("cache-control", cache_control)], |question| {
            question.ttl = None;
            question.may_ask = true;
        }))
    };
    for cache_control in ["no-cache", "x"] {
        assert_eq!(asked(200, cache_control), Ok(0));
        assert_eq!(asked(503, cache_control), Err("status"), "RFC 9111 §3 lets no cache guess for it");
    }
    assert_eq!(asked(503, "public"), Ok(0));
    assert_eq!(asked(503, "no-cache, max-age=9"), Ok(0));
}

#[test]
fn a_targeted_field_replaces_cache_control() {
    let both = |own, cdn| lifetime_of(verdict(200, &[("cache-control", own), ("cdn-cache-control", cdn)]));
    assert_eq!(both("no-store", "max-age=9"), Ok(9));
    assert_eq!(both("a b", "max-age=9"), Ok(9));
    assert_eq!(both("max-age=9", "no-store"), Err("no-store"));
    assert_eq!(both("max-age=9", "max-age=5, private"), Err("private"));
    assert_eq!(both("no-store", "x"), Err("no-store"), "it says nothing of freshness");
    assert_eq!(both("no-store", "max-age=\""), Err("no-store"), "it is no dictionary");
}

#[test]
fn freshness_is_estimated_only_if_the_policy_says_so() {
    let modified = [("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")];
    let from_response = |heuristic: bool| {
        lifetime_of(ask(200, &modified, |question| {
            question.ttl = None;
            question.heuristic = heuristic;
        }))
    };
    assert_eq!(from_response(false), Err("no-freshness"));
    assert_eq!(from_response(true), Ok(24 * 60 * 60));
    assert_eq!(lifetime_of(ask(200, &modified, |question| question.heuristic = true)), Ok(60), "a `ttl` is no guess");
}

#[test]
fn a_response_to_credentials_has_to_say_that_it_is_shareable() {
    let with = |cache_control| ask(200, &[("cache-control", cache_control)], |question| question.credentials = Credentials::Forwarded);
    assert_eq!(lifetime_of(with("max-age=9")), Err("credentials"));
    for shareable in ["public, max-age=9", "s-maxage=9", "max-age=9, must-revalidate"] {
        assert_eq!(lifetime_of(with(shareable)), Ok(9));
        let withheld = ask(200, &[("cache-control", shareable)], |question| question.credentials = Credentials::Withheld);
        assert_eq!(lifetime_of(withheld), Err("credentials"));
    }
}

#[test]
fn the_handlers_word_to_this_cache_counts_above_fields_but_not_above_prohibitions() {
    let with = |status, lines: &[(&str, &str)], fresh_for| {
        lifetime_of(ask(status, lines, |question| question.fresh_for = Some(Duration::from_secs(fresh_for))))
    };
    assert_eq!(with(200, &[("cache-control", "max-age=9")], 7), Ok(7));
    assert_eq!(with(200, &[("cache-control", "private")], 7), Err("private"));
    assert_eq!(with(200, &[], 0), Err("already-stale"));
    assert_eq!(with(500, &[], 7), Err("status"));
    assert_eq!(with(410, &[], 7), Ok(7));
    assert_eq!(with(403, &[], 7), Err("status"));
    assert_eq!(lifetime_of(ask(200, &[], |question| question.do_not_store = true)), Err("do-not-store"));
}

#[test]
fn from_response_asks_for_a_freshness_and_lets_it_vary() {
    let with = |lines: &[(&str, &str)]| {
        lifetime_of(ask(200, lines, |question| {
            question.ttl = None;
            question.vary_from_response = true;
        }))
    };
    assert_eq!(with(&[]), Err("no-freshness"));
    assert_eq!(with(&[("cache-control", "max-age=9"), ("vary", "cookie, origin")]), Ok(9));
    assert_eq!(with(&[("cache-control", "max-age=9"), ("vary", "*")]), Err("vary-any"));
}

#[test]
fn an_answer_to_post_is_stored_if_it_names_its_target_and_its_freshness() {
    let old = ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT");
    let of = |method, names_its_target, status, lines: &[(&str, &str)]| {
        lifetime_of(ask(status, lines, |question| {
            (question.method, question.names_its_target) = (method, names_its_target);
            (question.heuristic, question.ttl, question.may_ask) = (true, None, true);
        }))
    };
    // RFC 9110 §9.3.3.
    for fresh in [("cache-control", "max-age=9"), ("cache-control", "s-maxage=9"), ("cdn-cache-control", "max-age=9")] {
        assert_eq!(of(&Method::POST, true, 200, &[fresh]), Ok(9), "{fresh:?}");
        for (method, names_its_target, status) in [
            (&Method::POST, false, 200),
            (&Method::POST, true, 201),
            (&Method::POST, true, 404),
            (&Method::PUT, true, 200),
            (&Method::DELETE, true, 200),
            (&Method::PATCH, true, 200),
        ] {
            assert_eq!(of(method, names_its_target, status, &[fresh]), Err("method"), "{method} {status} {fresh:?}");
        }
    }
    // A heuristic, expired or `no-cache` lifetime is not explicit freshness.
    for lines in [
        &[old][..],
        &[old, ("cache-control", "public")],
        &[old, ("cache-control", "max-age=9"), ("age", "9")],
        &[old, ("cache-control", "max-age=9, no-cache")],
        &[old, ("cache-control", "max-age=0")],
    ] {
        assert_eq!(of(&Method::POST, true, 200, lines), Err("method"), "{lines:?}");
    }
    assert_eq!(of(&Method::POST, true, 200, &[("cache-control", "max-age=9, private")]), Err("private"));
}

#[test]
fn must_understand_counts_above_no_store_for_statuses_that_are_understood() {
    let line = [("cache-control", "must-understand, no-store, max-age=9")];
    assert_eq!(lifetime_of(verdict(200, &line)), Ok(9));
    assert_eq!(lifetime_of(verdict(599, &line)), Err("no-store"));
}

#[test]
fn a_ttl_begins_when_the_response_is_complete() {
    let old = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(verdict(200, &[old]).map(|storable| storable.initial_age.as_secs()), Ok(0));
    assert_eq!(verdict(200, &[("age", "7")]).map(|storable| storable.initial_age.as_secs()), Ok(7));
}

proptest! {
    /// RFC 9111 §3 in its simplest reading.
    #[test]
    fn nothing_is_stored_that_a_naive_reading_refuses(
        status in 200_u16..600,
        directives in proptest::collection::vec(proptest::sample::select(vec!["no-store", "private", "no-cache", "max-age=9", "s-maxage=9", "public", "x"]), 0..4),
        others in proptest::collection::vec(proptest::sample::select(vec![("set-cookie", "a"), ("vary", "*"), ("vary", "cookie"), ("vary", "accept"), ("age", "1"), ("x", "y")]), 0..3),
        credentials in proptest::sample::select(vec![Credentials::Unseen, Credentials::Forwarded, Credentials::Withheld]),
        method in proptest::sample::select(vec![&Method::GET, &Method::GET, &Method::HEAD, &Method::POST, &Method::PUT]),
        names_its_target in proptest::bool::ANY,
    ) {
        let line = directives.join(", ");
        let mut lines = others.clone();
        lines.push(("cache-control", &line));
        let stored = ask(status, &lines, |question| {
            (question.credentials, question.method, question.names_its_target) = (credentials, method, names_its_target);
        });
        let says_how_long = directives.contains(&"max-age=9") || directives.contains(&"s-maxage=9");
        let forbidden = ["no-store", "private", "no-cache"].iter().any(|word| directives.contains(word))
            || others.iter().any(|line| [("set-cookie", "a"), ("vary", "*"), ("vary", "cookie")].contains(line))
            || matches!(status, 206 | 304 | 400..=403 | 406..=408 | 411..=417 | 421 | 422 | 424..=426 | 428 | 429 | 431 | 451 | 500..)
            || *method == Method::PUT
            || (*method == Method::POST && !(names_its_target && status == 200 && says_how_long))
            || credentials == Credentials::Withheld
            || (credentials == Credentials::Forwarded && !directives.contains(&"public") && !directives.contains(&"s-maxage=9"));
        let fresh = says_how_long || matches!(status, 200 | 203 | 301 | 308 | 404);
        prop_assert_eq!(stored.is_ok(), !forbidden && fresh);
    }

    #[test]
    fn private_added_anywhere_outside_quotes_never_makes_it_storable(before in "[a-z=0-9, ]{0,20}", after in "[a-z=0-9, ]{0,20}") {
        let line = format!("{before},private,{after}");
        prop_assert!(verdict(200, &[("cache-control", &line)]).is_err());
    }
}

#[test]
fn a_prohibition_for_cdns_is_not_lifted_by_must_understand_for_all() {
    let lines = [("cache-control", "must-understand, max-age=9"), ("cdn-cache-control", "no-store")];
    assert_eq!(lifetime_of(verdict(200, &lines)), Err("no-store"));
}

#[test]
fn must_understand_refuses_statuses_that_are_not_understood_with_a_ttl_and_without() {
    let line = [("cache-control", "must-understand, max-age=9")];
    assert_eq!(lifetime_of(verdict(599, &line)), Err("must-understand"));
    assert_eq!(lifetime_of(ask(599, &line, |question| question.ttl = None)), Err("must-understand"));
    assert_eq!(lifetime_of(verdict(200, &line)), Ok(9));
}

#[test]
fn a_bound_shortens_a_lifetime_and_makes_none_longer() {
    let bounded = |status, lines: &[(&str, &str)], fresh_for: Option<u64>, limit| {
        lifetime_of(ask(status, lines, |question| {
            question.fresh_for = fresh_for.map(Duration::from_secs);
            question.at_most = Some(Duration::from_secs(limit));
        }))
    };
    assert_eq!(bounded(200, &[], None, 20), Ok(20));
    assert_eq!(bounded(200, &[], None, 600), Ok(60), "the `ttl`");
    assert_eq!(bounded(404, &[], None, 20), Ok(5), "the policy's");
    assert_eq!(bounded(200, &[("cache-control", "max-age=90")], None, 20), Ok(20));
    assert_eq!(bounded(200, &[("cache-control", "max-age=90"), ("age", "50")], None, 20), Ok(70), "20 of them are left");
    assert_eq!(bounded(200, &[], Some(600), 300), Ok(300));
    assert_eq!(bounded(200, &[], None, 0), Err("already-stale"));
    assert_eq!(bounded(500, &[], None, 20), Err("status"));
}
