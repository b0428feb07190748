//! Statuses and fields: what is stored, and what a hit says (RFC 9110 §15, RFC 9111 §3).

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Policy, cached, secs, testing::TestCache};
use tower::ServiceExt;

use super::origin::{ALL, FORWARDING, TIMED, answer, behind, numbered, request};

/// long2ice/fastapi-cache#554: an error that was returned, not raised, was stored, and the next answer was 200 with its text.
#[tokio::test]
async fn an_error_that_a_handler_returns_is_not_stored() {
    behind(&TIMED, async |site| {
        site.answers(|asked| {
            let status: u16 = asked.path[1..].parse().expect("a status");
            answer(status, &[], format!("error {}", asked.run))
        });
        for status in [400, 401, 403, 404, 409, 418, 429, 500, 502, 503] {
            for _ in 0..2 {
                let reply = site.get(&format!("/{status}")).await;
                assert_eq!((reply.status.as_u16(), reply.text()), (status, format!("error {}", site.runs()).as_str()), "{}", site.name());
            }
        }
    })
    .await;
}

const MISSING: Policy = Policy::new().status(404, secs(60));

#[cached(ttl = 60, policy = MISSING)]
async fn missing() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "no such place")
}

/// chubin/wttr.in#646: a stored 404 came back as 200. justrach/turboAPI#226: a status of one's own, and fields, were lost on a
/// hit.
#[tokio::test]
async fn a_hit_has_the_status_and_the_fields_of_the_miss() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| {
            let status: u16 = asked.path[1..].parse().expect("a status");
            let fields = [("cache-control", "max-age=60"), ("x-repro-header", "present"), ("x-line", "1"), ("x-line", "2")];
            answer(status, &fields, "text")
        });
        for status in [200, 203, 404, 405, 410, 414] {
            for is_hit in [false, true] {
                let reply = site.get(&format!("/{status}")).await;
                assert_eq!((reply.status.as_u16(), reply.is_hit(), reply.text()), (status, is_hit, "text"), "{}", site.name());
                assert_eq!((reply.field("x-repro-header"), reply.lines("x-line")), ("present", vec!["1", "2"]), "{}", site.name());
            }
        }
    })
    .await;

    let cache = TestCache::new();
    let router = Router::new().route("/", get(missing)).layer(cache.layer());
    for _ in ["a miss", "a hit"] {
        assert_eq!(router.clone().oneshot(request("GET", "/", &[], "")).await.unwrap().status(), 404);
    }
}

/// lysine-dev/okhttp#1158 (and nodejs/undici#4334): a redirection for now was stored though nothing said that it may be, or never.
#[tokio::test]
async fn a_redirection_for_now_is_stored_where_it_says_for_how_long() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let status: u16 = asked.path[1..4].parse().expect("a status");
            let fields = [("location", "/elsewhere"), ("cache-control", "max-age=60")];
            answer(status, if asked.path.ends_with("fresh") { &fields } else { &fields[..1] }, asked.run.to_string())
        });
        for status in [302, 303, 307] {
            for (end, is_stored) in [("fresh", true), ("silent", false)] {
                let target = format!("/{status}/{end}");
                site.get(&target).await;
                let again = site.get(&target).await;
                assert_eq!((again.is_hit(), again.field("location")), (is_stored, "/elsewhere"), "{} {target}", site.name());
            }
        }
    })
    .await;
}

/// dotnet/aspnetcore#51050: what could not be read of a request became an empty 200.
#[tokio::test]
async fn a_rejection_is_what_it_is_without_a_cache_and_is_not_stored() {
    #[cached(ttl = 60)]
    async fn page(Path(id): Path<u64>) -> String {
        id.to_string()
    }
    async fn plain(Path(id): Path<u64>) -> String {
        id.to_string()
    }
    let cache = TestCache::new();
    let router = Router::new().route("/page/{id}", get(page)).route("/plain/{id}", get(plain)).layer(cache.layer());
    for _ in 0..2 {
        for id in ["a", "-1", "%20", "18446744073709551616"] {
            let mut answers = Vec::new();
            for kind in ["page", "plain"] {
                let response = router.clone().oneshot(request("GET", &format!("/{kind}/{id}"), &[], "")).await.unwrap();
                answers.push((response.status(), cached_handler_tests::harness::text(response).await));
            }
            assert_eq!(answers[0], answers[1], "{id}");
            assert_eq!(answers[0].0, StatusCode::BAD_REQUEST, "{id}");
        }
    }
}

/// long2ice/fastapi-cache#50: the first answer lacked the tag and the lifetime that the second had.
#[tokio::test]
async fn the_first_answer_has_every_field_that_a_hit_has() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "max-age=60")]));
        let (miss, hit) = (site.get("/").await, site.get("/").await);
        let names = |fields: &axum::http::HeaderMap| {
            let mut names: Vec<_> = fields.keys().map(ToString::to_string).filter(|name| name != "age").collect();
            names.sort();
            names
        };
        assert!(hit.is_hit(), "{}", site.name());
        assert_eq!(names(&miss.fields), names(&hit.fields), "{}", site.name());
        assert_ne!(miss.field("etag"), "", "{}", site.name());
    })
    .await;
}

/// dotnet/aspnetcore#45016: what a layer outside added was missing on hits.
#[tokio::test]
async fn what_a_layer_outside_adds_is_there_on_hits_too() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "max-age=60")]));
        let router = site.router.clone().layer(map_response(async |mut response: Response| {
            response.headers_mut().insert("api-supported-versions", HeaderValue::from_static("1.0"));
            response
        }));
        for _ in ["a miss", "a hit"] {
            let response = router.clone().oneshot(request("GET", "/", &[], "")).await.unwrap();
            assert_eq!(response.headers()["api-supported-versions"], "1.0", "{}", site.name());
        }
        assert_eq!(site.runs(), 1, "{}", site.name());
    })
    .await;
}
