//! Conditions of clients, and validation by the server (RFC 9110 §13, RFC 9111 §4.3).

use super::origin::{ALL, FORWARDING, answer, behind, numbered};

const TAG: &str = "\"1\"";

/// Kikobeats/cacheable-response#42, openresty/srcache-nginx-module#48: 304 was the answer, so nothing was stored.
#[tokio::test]
async fn what_is_made_for_a_client_with_a_copy_is_stored_too() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("etag", TAG), ("cache-control", "max-age=60")]));
        for runs in 1..=2 {
            let unchanged = site.ask("GET", "/", &[("if-none-match", TAG)]).await;
            assert_eq!((unchanged.status.as_u16(), unchanged.text()), (304, ""), "{}", site.name());
            let whole = site.get("/").await;
            assert_eq!((whole.status.as_u16(), whole.is_hit(), site.runs()), (200, true, runs), "{}", site.name());
            site.later(61);
        }
    })
    .await;
}

/// a-luna/fastapi-redis-cache#39: they were missing (RFC 9110 §15.4.5).
#[tokio::test]
async fn a_304_says_what_the_200_said_of_freshness_and_selection() {
    let fields = [
        ("cache-control", "max-age=60"),
        ("expires", "Fri, 31 Dec 2999 23:59:59 GMT"),
        ("etag", TAG),
        ("vary", "accept"),
        ("content-location", "/elsewhere"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    behind(&ALL, async |site| {
        site.answers(move |asked| numbered(asked, &fields));
        for _ in ["a miss", "a hit"] {
            let unchanged = site.ask("GET", "/", &[("if-none-match", TAG)]).await;
            assert_eq!(unchanged.status, 304, "{}", site.name());
            for (name, value) in fields {
                assert_eq!(unchanged.field(name).to_lowercase(), value.to_lowercase(), "{}: {name}", site.name());
            }
        }
    })
    .await;
}

/// rtomayko/rack-cache#44: a log-in was answered 304, and the client used its old token (RFC 9110 §13.1.2).
#[tokio::test]
async fn no_unsafe_method_is_answered_304() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("etag", TAG), ("cache-control", "max-age=60")]));
        site.get("/").await;
        for (method, run) in ["POST", "PUT", "PATCH", "DELETE"].into_iter().zip(2..) {
            let reply = site.ask(method, "/", &[("if-none-match", TAG)]).await;
            assert_eq!((reply.status.as_u16(), reply.text()), (200, run.to_string().as_str()), "{} {method}", site.name());
        }
    })
    .await;
}

/// rtomayko/rack-cache#24: conditions were taken away, and nobody answered them.
#[tokio::test]
async fn a_condition_is_met_also_where_the_response_may_not_be_stored() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("etag", TAG), ("cache-control", "private, max-age=60")]));
        for runs in 1..=2 {
            let reply = site.ask("GET", "/", &[("if-none-match", TAG)]).await;
            assert_eq!((reply.status.as_u16(), site.runs()), (304, runs), "{}", site.name());
        }
        assert_eq!(site.ask("GET", "/", &[("if-none-match", "\"0\"")]).await.text(), "3", "{}", site.name());
    })
    .await;
}

/// nodejs/undici#5505: its fields were dropped, and the response stayed stale for ever (RFC 9111 §4.3.4).
#[tokio::test]
async fn a_304_of_the_server_freshens_with_its_fields_and_without_any() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match asked.field("if-none-match") {
            "" => numbered(asked, &[("etag", TAG), ("cache-control", "max-age=5"), ("x-is", "old")]),
            _ if asked.path == "/bare" => answer(304, &[], ""),
            _ => answer(304, &[("etag", TAG), ("cache-control", "max-age=60"), ("x-is", "new")], ""),
        });
        for (path, lifetime, is) in [("/bare", 5, "old"), ("/with-fields", 60, "new")] {
            let first = site.get(path).await;
            site.later(6);
            let runs = site.runs();
            for _ in ["validated", "fresh"] {
                let reply = site.get(path).await;
                assert_eq!((reply.status.as_u16(), reply.text()), (200, first.text()), "{} {path}", site.name());
                assert_eq!((reply.field("x-is"), reply.field("warning")), (is, ""), "{} {path}", site.name());
                assert_eq!(site.runs(), runs + 1, "{} {path}", site.name());
                site.later(lifetime - 1);
            }
        }
    })
    .await;
}

/// envoyproxy/envoy#15830, httpcache4j/httpcache4j#6: `Age` was missing after a validation, or that of what was replaced.
#[tokio::test]
async fn age_counts_from_the_validation_and_is_absent_on_what_is_made_anew() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match (asked.path.as_str(), asked.field("if-none-match")) {
            ("/validated", TAG) => answer(304, &[("cache-control", "max-age=60")], ""),
            _ => numbered(asked, &[("etag", TAG), ("cache-control", "max-age=60")]),
        });
        for path in ["/validated", "/made-anew"] {
            assert_eq!(site.get(path).await.field("age"), "", "{} {path}", site.name());
            site.later(70);
            let again = site.get(path).await;
            assert!(["", "0"].contains(&again.field("age")), "{} {path}: {}", site.name(), again.field("age"));
            site.later(10);
            let hit = site.get(path).await;
            assert_eq!((hit.is_hit(), hit.field("age")), (true, "10"), "{} {path}", site.name());
        }
    })
    .await;
}

/// karpetrosyan/hishel#239: the answer to a validation was not stored, so that each request was validated again.
#[tokio::test]
async fn a_whole_response_to_a_validation_takes_the_place_of_the_stored_one() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| numbered(asked, &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("cache-control", "max-age=10")]));
        for run in ["1", "2", "3"] {
            for is_hit in [false, true, true] {
                let reply = site.get("/").await;
                assert_eq!((reply.text(), reply.is_hit()), (run, is_hit), "{}", site.name());
            }
            site.later(11);
        }
    })
    .await;
}

/// apache/trafficserver#6852: a 304 without `Content-Encoding` made the stored bytes look as if they had none.
#[tokio::test]
async fn a_304_without_a_coding_leaves_the_stored_coding() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match asked.field("if-none-match") {
            "" => answer(200, &[("etag", TAG), ("cache-control", "max-age=5"), ("content-encoding", "gzip")], "\x1f\x08"),
            _ => answer(304, &[("etag", TAG), ("cache-control", "max-age=60")], ""),
        });
        for _ in ["a miss", "validated", "a hit"] {
            let reply = site.get("/").await;
            assert_eq!((reply.field("content-encoding"), reply.text()), ("gzip", "\x1f\x08"), "{}", site.name());
            site.later(6);
        }
    })
    .await;
}
