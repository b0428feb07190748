//! HEAD and the response that GET stored.

use std::sync::Arc;

use axum::http::Method;
use cached_handler::{CacheGroups, Target};
use tokio::sync::Notify;

use super::places::{answer, everywhere};

/// What the server says to GET: always the same.
const OLD: [(&str, &str); 3] = [("etag", "\"1\""), ("cache-control", "max-age=5"), ("x-is", "old")];
const NEW: [(&str, &str); 3] = [("etag", "\"1\""), ("cache-control", "max-age=60"), ("x-is", "new")];

fn speaks(method: &Method, status: u16, head: &[(&str, &str)]) -> axum::response::Response {
    if *method == Method::HEAD { answer(status, head, "") } else { answer(200, &OLD, "hello") }
}

#[tokio::test]
async fn an_answer_to_head_freshens_what_get_stored_for_every_process() {
    everywhere("freshens", async |one, other| {
        one.answers(|method| speaks(method, 200, &NEW));
        assert!(!one.ask("GET", "/", &[]).await.is_hit());
        one.later(6);
        assert!(!other.ask("HEAD", "/", &[]).await.is_hit());
        let freshened = one.ask("GET", "/", &[]).await;
        assert!(freshened.is_hit(), "{}: {}", one.backend, freshened.outcome);
        assert_eq!((&*freshened.text, freshened.field("x-is"), freshened.field("content-length")), ("hello", Some("new"), Some("5")));
        one.later(59);
        assert!(one.ask("GET", "/", &[]).await.is_hit(), "{}", one.backend);
        one.later(2);
        assert!(!one.ask("GET", "/", &[]).await.is_hit(), "{}: a lifetime that has passed", one.backend);
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_head_that_names_another_representation_ends_what_get_stored() {
    let tag = ("etag", "\"1\"");
    everywhere("ends", async |one, other| {
        for (number, (status, head, is_left)) in [
            (200, &[("etag", "\"2\""), ("cache-control", "max-age=60")][..], false),
            (200, &[("content-length", "4"), ("cache-control", "max-age=60")], false),
            // It is selected by a field that it was not stored under (RFC 9111 §4.1).
            (200, &[tag, ("cache-control", "max-age=60"), ("vary", "accept-language")], false),
            (200, &[("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"), ("cache-control", "max-age=60")], false),
            // What nobody may store says nothing, and neither does another status.
            (200, &[tag, ("cache-control", "no-store")], true),
            (200, &[tag, ("cache-control", "max-age=60"), ("set-cookie", "a=b")], true),
            (404, &[("cache-control", "max-age=60")], true),
        ]
        .into_iter()
        .enumerate()
        {
            let path = format!("/{number}");
            let head = head.to_vec();
            one.answers(move |method| speaks(method, status, &head));
            one.ask("GET", &path, &[]).await;
            // Another process's copy in memory answers until its lifetime ends.
            let by = if one.has_near() { one } else { other };
            by.ask("HEAD", &path, &[]).await;
            let after = one.ask("GET", &path, &[]).await;
            assert_eq!((after.is_hit(), after.field("x-is")), (is_left, Some("old")), "{}: {path}", one.backend);
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_variant_that_the_head_selects_is_freshened() {
    everywhere("variants", async |one, other| {
        let with_vary = |fields: &[(&'static str, &'static str)]| [fields, &[("vary", "accept")]].concat();
        let (old, new) = (with_vary(&OLD), with_vary(&NEW));
        one.answers(move |method| if *method == Method::HEAD { answer(200, &new, "") } else { answer(200, &old, "hello") });
        for accept in ["a", "b"] {
            one.ask("GET", "/", &[("accept", accept)]).await;
        }
        one.later(6);
        other.ask("HEAD", "/", &[("accept", "a")]).await;
        let (a, b) = (one.ask("GET", "/", &[("accept", "a")]).await, one.ask("GET", "/", &[("accept", "b")]).await);
        assert_eq!((a.is_hit(), a.field("x-is")), (true, Some("new")), "{}: {}", one.backend, a.outcome);
        assert_eq!((b.is_hit(), b.field("x-is")), (false, Some("old")), "{}: {}", one.backend, b.outcome);
    })
    .await;
}

/// What selects one of them does not select the other, and both lie under what selects either.
#[tokio::test]
async fn a_variant_is_freshened_where_others_of_its_key_are_selected_by_other_fields() {
    everywhere("fields", async |one, other| {
        one.answers(move |method| {
            let head = if *method == Method::HEAD { NEW } else { OLD };
            answer(200, &[&head[..], &[("vary", "accept")]].concat(), "hello")
        });
        one.ask("GET", "/", &[("accept", "a")]).await;
        one.answers(|_| answer(200, &[&OLD[..], &[("vary", "accept-language")]].concat(), "hallo"));
        one.ask("GET", "/", &[("accept", "b"), ("accept-language", "de")]).await;
        one.answers(move |method| {
            let head = if *method == Method::HEAD { NEW } else { OLD };
            answer(200, &[&head[..], &[("vary", "accept")]].concat(), if *method == Method::HEAD { "" } else { "hello" })
        });
        // By now it is stored under what selects either.
        one.ask("GET", "/", &[("accept", "a")]).await;
        one.later(6);
        other.ask("HEAD", "/", &[("accept", "a")]).await;
        let freshened = one.ask("GET", "/", &[("accept", "a")]).await;
        assert_eq!((freshened.is_hit(), freshened.field("x-is")), (true, Some("new")), "{}: {}", one.backend, freshened.outcome);
    })
    .await;
}

#[tokio::test]
async fn the_content_length_of_a_head_is_passed_on_and_stored_and_it_makes_no_tag() {
    everywhere("lengths", async |one, other| {
        // Where the handler says nothing, axum adds the length of no content behind a layer, with a cache or without.
        for (path, length) in [("/said", Some("500")), ("/silent", None)] {
            let length = length.map(|length| ("content-length", length));
            let fields: Vec<_> = length.into_iter().chain([("cache-control", "max-age=60")]).collect();
            one.answers(move |_| answer(200, &fields, ""));
            let made = one.ask("HEAD", path, &[]).await;
            let hit = other.ask("HEAD", path, &[]).await;
            assert!(hit.is_hit(), "{} {path}: {} {}", one.backend, made.outcome, hit.outcome);
            for reply in [made, hit] {
                assert_eq!(reply.field("etag"), None, "{} {path}", one.backend);
                assert!(length.is_none_or(|(name, length)| reply.field(name) == Some(length)), "{}: {reply:?}", one.backend);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn l4_no_answer_to_head_brings_back_what_was_invalidated_or_expired() {
    everywhere("l4", async |one, other| {
        one.answers(|method| speaks(method, 200, &NEW));
        one.ask("GET", "/before", &[]).await;
        other.cache.invalidate(Target::path("/before")).await.expect("invalidated");
        one.ask("HEAD", "/before", &[]).await;
        assert!(!one.ask("GET", "/before", &[]).await.is_hit(), "{}", one.backend);

        one.ask("GET", "/expired", &[]).await;
        other.cache.expire(Target::path("/expired")).await.expect("expired");
        one.ask("HEAD", "/expired", &[]).await;
        assert!(!one.ask("GET", "/expired", &[]).await.is_hit(), "{}", one.backend);

        // While the server answers the HEAD.
        one.ask("GET", "/meanwhile", &[]).await;
        let cache = other.cache.clone();
        one.does(move |_| {
            let cache = cache.clone();
            Box::pin(async move {
                cache.invalidate(Target::path("/meanwhile")).await.expect("invalidated");
                answer(200, &NEW, "")
            })
        });
        one.ask("HEAD", "/meanwhile", &[]).await;
        one.answers(|_| answer(200, &OLD, "anew"));
        for method in ["HEAD", "GET"] {
            assert!(!one.ask(method, "/meanwhile", &[]).await.is_hit(), "{}: {method}", one.backend);
        }
    })
    .await;
}

/// The server's price is in a field alone: the content and its tag are always the same.
fn priced(price: u32, freshness: &str) -> axum::response::Response {
    answer(200, &[("etag", "\"1\""), ("cache-control", freshness), ("x-price", &price.to_string())], "hello")
}

#[tokio::test]
async fn l4_a_head_from_before_an_invalidation_changes_nothing_that_get_stored_since() {
    // What GET has stored meanwhile is fresh when the HEAD ends, or stale; and the HEAD describes the same, or what was.
    for (passes, tag) in [(0, "\"1\""), (6, "\"1\""), (0, "\"0\"")] {
        everywhere(&format!("overtaken-{passes}"), async |one, other| {
            let (began, ends) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (starts, ended) = (Arc::clone(&began), Arc::clone(&ends));
            one.does(move |method| {
                let (starts, ended, is_head) = (Arc::clone(&starts), Arc::clone(&ended), *method == Method::HEAD);
                Box::pin(async move {
                    if !is_head {
                        return priced(2, "max-age=5");
                    }
                    let response = answer(200, &[("etag", tag), ("cache-control", "max-age=60"), ("x-price", "1")], "");
                    starts.notify_one();
                    ended.notified().await;
                    response
                })
            });
            let head = one.sends("HEAD", "/");
            began.notified().await;
            other.cache.invalidate(Target::path("/")).await.expect("invalidated");
            other.ask_beside("/").await;
            one.later(passes);
            ends.notify_one();
            head.await.expect("no panic");
            let after = one.ask("GET", "/", &[]).await;
            let expected = (passes == 0, Some("2"));
            assert_eq!((after.is_hit(), after.field("x-price")), expected, "{} {tag}: {}", one.backend, after.outcome);
        })
        .await;
    }
}

#[tokio::test]
async fn l4_a_304_that_adds_a_group_is_checked_against_its_earlier_invalidations() {
    everywhere("groups", async |one, other| {
        one.answers(|_| priced(1, "max-age=5"));
        one.ask("GET", "/", &[]).await;
        one.later(6);
        other.cache.invalidate(Target::group("prices")).await.expect("invalidated");
        one.answers(|_| {
            let mut response = answer(304, &[("etag", "\"1\""), ("cache-control", "max-age=60")], "");
            response.extensions_mut().insert(CacheGroups::of(["prices"]));
            response
        });
        let freshened = one.ask("GET", "/", &[]).await;
        assert_eq!((&*freshened.text, freshened.field("x-price")), ("hello", Some("1")), "{}", one.backend);
        one.answers(|_| priced(2, "max-age=60"));
        let after = one.ask("GET", "/", &[]).await;
        assert_eq!((after.is_hit(), after.field("x-price")), (false, Some("2")), "{}: {}", one.backend, after.outcome);
    })
    .await;
}

#[tokio::test]
async fn a_304_that_names_a_further_group_is_bound_to_it_from_then_on() {
    everywhere("bound", async |one, other| {
        one.answers(|_| priced(1, "max-age=5"));
        one.ask("GET", "/", &[]).await;
        one.later(6);
        one.answers(|_| {
            let mut response = answer(304, &[("cache-control", "max-age=60")], "");
            response.extensions_mut().insert(CacheGroups::of(["prices"]));
            response
        });
        one.ask("GET", "/", &[]).await;
        let hit = one.ask("GET", "/", &[]).await;
        assert!(hit.is_hit(), "{}: {}", one.backend, hit.outcome);
        other.cache.invalidate(Target::group("prices")).await.expect("invalidated");
        one.answers(|_| priced(2, "max-age=60"));
        assert_eq!(one.ask("GET", "/", &[]).await.field("x-price"), Some("2"), "{}", one.backend);
    })
    .await;
}

#[tokio::test]
async fn what_was_only_expired_is_fresh_again_once_a_304_says_that_it_holds() {
    everywhere("renewed", async |one, other| {
        one.answers(|_| priced(1, "max-age=60"));
        one.ask("GET", "/", &[]).await;
        other.cache.expire(Target::path("/")).await.expect("expired");
        one.answers(|_| answer(304, &[("cache-control", "max-age=60")], ""));
        assert!(!one.ask("GET", "/", &[]).await.is_hit(), "{}", one.backend);
        let after = one.ask("GET", "/", &[]).await;
        assert!(after.is_hit(), "{}: {}", one.backend, after.outcome);
    })
    .await;
}

/// An origin that reflects a field of the client's without naming it in `Vary` cannot be poisoned by GET while it is fresh.
#[tokio::test]
async fn no_head_of_a_client_replaces_fields_of_what_is_fresh() {
    everywhere("reflects", async |one, other| {
        one.answers(|method| {
            let host = if *method == Method::HEAD { "evil" } else { "good" };
            answer(200, &[("etag", "\"1\""), ("cache-control", "max-age=60"), ("link", host)], "hello")
        });
        one.ask("GET", "/", &[]).await;
        one.later(1);
        other.ask("HEAD", "/", &[("x-forwarded-host", "evil")]).await;
        let after = one.ask("GET", "/", &[]).await;
        assert_eq!((after.is_hit(), after.field("link"), after.field("age")), (true, Some("good"), Some("1")), "{}", one.backend);
    })
    .await;
}

#[tokio::test]
async fn a_head_that_freshens_a_get_without_content_keeps_the_tag_that_was_made_for_it() {
    for content in ["", "hello"] {
        everywhere("made-tag", async |one, other| {
            one.answers(move |method| {
                let (is, content) = if *method == Method::HEAD { ("new", "") } else { ("old", content) };
                // It is kept for its date.
                answer(200, &[("cache-control", "max-age=5"), ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"), ("x-is", is)], content)
            });
            let path = format!("/{}", content.len());
            let first = one.ask("GET", &path, &[]).await;
            let tag = first.field("etag").map(str::to_owned);
            assert!(tag.is_some(), "{}", one.backend);
            one.later(6);
            other.ask("HEAD", &path, &[]).await;
            let freshened = one.ask("GET", &path, &[]).await;
            assert!(freshened.is_hit(), "{}: {}", one.backend, freshened.outcome);
            assert_eq!(freshened.field("x-is"), Some("new"), "{}", one.backend);
            assert_eq!(freshened.field("etag"), tag.as_deref(), "{}: {content:?}", one.backend);
            // Once more, of what was freshened and has rested.
            one.later(6);
            other.ask("HEAD", &path, &[]).await;
            let tag_now = other.ask("GET", &path, &[]).await.field("etag").map(str::to_owned);
            assert_eq!(tag_now, tag, "{}: {content:?}", one.backend);
        })
        .await;
    }
}
