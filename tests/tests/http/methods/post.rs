//! POST and the GET that its answer says it stands for (RFC 9110 §9.3.3, §8.7; RFC 9111 §4.4).

use axum::http::Method;
use cached_handler::{CacheGroups, Forward, Kept, NotStored, Outcome, Target};

use super::places::{Place, Reply, answer, request, where_post_is_stored};

const STANDS: [(&str, &str); 2] = [("cache-control", "max-age=60"), ("content-location", "/")];

/// What GET is told, unless something is stored.
fn speaks(method: &Method, status: u16, post: &[(&str, &str)]) -> axum::response::Response {
    if *method == Method::POST { answer(status, post, "posted") } else { answer(200, &[("cache-control", "max-age=5")], "got") }
}

fn is_stored(reply: &Reply) -> bool {
    matches!(reply.outcome, Outcome::Forward { why: Forward::Method, kept: Kept::Stored, .. })
}

async fn post(place: &Place, target: &str, fields: &[(&str, &str)]) -> Reply {
    place.ask_with("POST", target, fields, "content").await
}

#[tokio::test]
async fn a_post_response_with_the_new_state_of_its_target_answers_get_in_each_process() {
    where_post_is_stored("stands", async |one, other| {
        one.answers(|method| speaks(method, 200, &[("x", "1"), ("etag", "\"1\""), STANDS[0], STANDS[1]]));
        // What was stored is gone all the same.
        assert_eq!(one.ask("GET", "/", &[]).await.text, "got");
        let posted = post(one, "/", &[]).await;
        assert!(is_stored(&posted), "{}: {}", one.backend, posted.outcome);
        assert_eq!((&*posted.text, posted.field("x"), posted.field("age")), ("posted", Some("1"), None));
        for place in [one, other] {
            let got = place.ask("GET", "/", &[]).await;
            assert!(got.is_hit(), "{}: {}", one.backend, got.outcome);
            assert_eq!((&*got.text, got.field("x"), got.field("content-length")), ("posted", Some("1"), Some("6")));
            // Another address of the same path, and another method, have answers of their own.
            assert_eq!(place.ask("GET", "/?q", &[]).await.text, "got");
        }
        assert_eq!(one.ask("GET", "/", &[("if-none-match", "\"1\"")]).await.status, 304);
        one.later(61);
        assert!(!one.ask("GET", "/", &[]).await.is_hit(), "{}", one.backend);
        // A second time, over what the first has left.
        assert!(is_stored(&post(other, "/", &[]).await), "{}", one.backend);
        assert!(one.ask("GET", "/", &[]).await.is_hit(), "{}", one.backend);
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_post_is_nobodys_where_it_does_not_say_so_in_full() {
    let (fresh, here) = (STANDS[0], STANDS[1]);
    where_post_is_stored("refused", async |one, _| {
        for (status, fields) in [
            (200, &[fresh][..]),
            (200, &[here]),
            (200, &[here, ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")]),
            (200, &[here, ("cache-control", "max-age=0"), ("etag", "\"1\"")]),
            (200, &[here, ("cache-control", "max-age=60"), ("age", "60")]),
            (200, &[here, ("cache-control", "no-cache, max-age=60"), ("etag", "\"1\"")]),
            (200, &[here, ("cache-control", "private, max-age=60")]),
            (200, &[here, ("cache-control", "no-store, max-age=60")]),
            (200, &[here, fresh, ("set-cookie", "a=b")]),
            (200, &[here, fresh, ("vary", "*")]),
            (200, &[fresh, ("content-location", "/other")]),
            (200, &[fresh, ("content-location", "/?q")]),
            (200, &[fresh, ("content-location", "http://other.example/")]),
            (200, &[here, fresh, ("content-location", "/other")]),
            (201, &[here, fresh]),
            (206, &[here, fresh, ("content-range", "bytes 0-5/6")]),
            (404, &[here, fresh]),
        ] {
            let given = fields.to_vec();
            one.answers(move |method| speaks(method, status, &given));
            let posted = post(one, "/", &[]).await;
            let is_refused = matches!(posted.outcome, Outcome::Forward { kept: Kept::Not(NotStored::Method), .. });
            assert!(is_refused, "{}: {status} {fields:?}: {}", one.backend, posted.outcome);
            assert_eq!(one.ask("GET", "/", &[]).await.text, "got", "{}: {status} {fields:?}", one.backend);
            one.later(6);
        }
        // Nor another method's.
        one.answers(|_| answer(200, &STANDS, "changed"));
        for method in ["PUT", "PATCH", "DELETE", "LOCK"] {
            assert!(!is_stored(&one.ask(method, "/", &[]).await), "{}: {method}", one.backend);
            one.answers(|method| if *method == Method::GET { speaks(method, 200, &[]) } else { answer(200, &STANDS, "changed") });
            assert_eq!(one.ask("GET", "/", &[]).await.text, "got", "{}: {method}", one.backend);
        }
    })
    .await;
}

/// What a middleware knows of who asks.
#[derive(Clone)]
struct User;

#[tokio::test]
async fn l8_what_a_post_showed_beside_the_key_is_not_shared() {
    where_post_is_stored("l8", async |one, _| {
        one.answers(|method| speaks(method, 200, &STANDS));
        for fields in [
            &[("authorization", "Basic dTpw")][..],
            &[("cache-control", "no-store")],
            &[("connection", "upgrade"), ("upgrade", "x")],
            &[("host", "a"), ("host", "b")],
        ] {
            assert!(!is_stored(&post(one, "/", fields).await), "{}: {fields:?}", one.backend);
        }
        // What a middleware has left beside a POST stays with it, and no key holds it.
        let mut known = request("POST", "/", &[]);
        known.extensions_mut().insert(User);
        assert!(!is_stored(&one.send(known).await), "{}", one.backend);
        // Said to be for all; and what `Vary` names selects as it does for GET.
        one.answers(|method| speaks(method, 200, &[("cache-control", "public, max-age=60"), STANDS[1], ("vary", "accept")]));
        assert!(is_stored(&post(one, "/", &[("authorization", "Basic dTpw"), ("accept", "a")]).await), "{}", one.backend);
        for (accept, text) in [("a", "posted"), ("b", "got")] {
            assert_eq!(one.ask("GET", "/", &[("accept", accept)]).await.text, text, "{}: {accept}", one.backend);
        }
    })
    .await;
}

#[tokio::test]
async fn l4_what_was_invalidated_while_a_post_ran_is_not_brought_back_by_its_answer() {
    where_post_is_stored("l4post", async |one, other| {
        for (number, (target, concerns)) in [
            (Target::path("/"), true),
            (Target::path("/"), true),
            (Target::all(), true),
            (Target::all(), true),
            (Target::group("its"), true),
            (Target::group("its"), true),
            (Target::path("/elsewhere"), false),
            (Target::group("another"), false),
        ]
        .into_iter()
        .enumerate()
        {
            let (cache, aimed) = (other.cache.clone(), target.clone());
            one.does(move |method| {
                let (cache, aimed, method) = (cache.clone(), aimed.clone(), method.clone());
                Box::pin(async move {
                    if method == Method::POST {
                        if number % 2 == 0 {
                            cache.invalidate(aimed).await.expect("invalidated");
                        } else {
                            cache.expire(aimed).await.expect("expired");
                        }
                    }
                    let mut response = speaks(&method, 200, &STANDS);
                    response.extensions_mut().insert(CacheGroups::of(["its"]));
                    response
                })
            });
            // The group is known by then.
            one.ask("GET", "/", &[]).await;
            assert_eq!(is_stored(&post(one, "/", &[]).await), !concerns, "{}: {target:?}", one.backend);
            assert_eq!(one.ask("GET", "/", &[]).await.is_hit(), !concerns, "{}: {target:?}", one.backend);
        }
        // And after it has been stored.
        one.answers(|method| speaks(method, 200, &STANDS));
        assert!(is_stored(&post(one, "/", &[]).await), "{}", one.backend);
        other.cache.invalidate(Target::path("/")).await.expect("invalidated");
        assert_eq!(one.ask("GET", "/", &[]).await.text, "got", "{}", one.backend);
        // Or by another POST.
        assert!(is_stored(&post(one, "/", &[]).await), "{}", one.backend);
        one.answers(|method| speaks(method, 200, &[]));
        post(one, "/", &[]).await;
        assert_eq!(one.ask("GET", "/", &[]).await.text, "got", "{}", one.backend);
    })
    .await;
}
