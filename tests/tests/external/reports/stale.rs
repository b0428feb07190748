//! Stale windows (RFC 5861), and what stands in for a server that fails.

use super::origin::{FORWARDING, Reply, Site, answer, behind, numbered};

const BOTH: [(&str, &str); 2] = [("cache-control", "max-age=10, stale-while-revalidate=20, stale-if-error=100"), ("etag", "\"1\"")];

async fn is_stale(site: &Site) -> bool {
    let Reply { outcome, .. } = site.get("/").await;
    matches!(outcome, Some(cached_handler::Outcome::Stale { .. }))
}

/// nodejs/undici#4596: a 304 to the validation behind the answer freshened nothing, so each request validated.
#[tokio::test]
async fn a_304_behind_a_stale_answer_makes_the_next_answer_fresh() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match asked.field("if-none-match") {
            "" => numbered(asked, &BOTH),
            _ => answer(304, &BOTH, ""),
        });
        site.get("/").await;
        for runs in 2..5 {
            site.later(11);
            assert!(is_stale(site).await, "{}", site.name());
            let reply = site.get("/").await;
            assert_eq!((reply.is_hit(), reply.text(), site.runs()), (true, "1", runs), "{}", site.name());
        }
    })
    .await;
}

/// nodejs/undici#4471: the client waited for the validation. Kevinrob/guzzle-cache-middleware#57: the window was counted from
/// when the response was made.
#[tokio::test]
async fn the_window_begins_when_a_response_is_stale_and_nobody_waits_in_it() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| numbered(asked, &BOTH));
        site.get("/").await;
        site.later(10 + 19);
        // The server does not answer before the client has been answered.
        let (go, wait) = tokio::sync::watch::channel(false);
        site.does(move |asked| {
            let mut wait = wait.clone();
            Box::pin(async move {
                wait.wait_for(|go| *go).await.unwrap();
                numbered(&asked, &BOTH)
            })
        });
        let Ok(response) = tower::ServiceExt::oneshot(site.router.clone(), super::origin::request("GET", "/", &[], "")).await;
        assert!(matches!(response.extensions().get(), Some(cached_handler::Outcome::Stale { .. })), "{}", site.name());
        go.send(true).unwrap();
        assert!(site.cache.cache().drain(std::time::Duration::from_secs(10)).await);
        assert_eq!(site.get("/").await.text(), "2", "{}", site.name());
        site.later(10 + 20);
        assert_eq!(site.get("/").await.text(), "3", "{}: the window is over", site.name());
    })
    .await;
}

/// apache/trafficserver#6649: it stood in for the first failure alone. caddyserver/cache-handler#2: for none.
/// karpetrosyan/hishel#306: for ever.
#[tokio::test]
async fn a_stale_response_stands_in_for_each_failure_until_its_window_is_over() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| if asked.run == 1 { numbered(asked, &BOTH) } else { answer(503, &[], "away") });
        site.get("/").await;
        site.later(40);
        for _ in 0..6 {
            let reply = site.get("/").await;
            assert_eq!((reply.status.as_u16(), reply.text()), (200, "1"), "{}", site.name());
            site.later(11);
        }
        site.later(10);
        assert_eq!(site.get("/").await.status, 503, "{}", site.name());
    })
    .await;
}
