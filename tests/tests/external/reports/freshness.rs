//! For how long a response is fresh, who says so, and what requests may say of it (RFC 9111 §4.2, §5.2).

use super::origin::{ALL, FORWARDING, TIMED, answer, behind, numbered};

/// lisaogren/axios-cache-adapter#243: any `Cache-Control` made `Expires` nothing (RFC 9111 §5.3).
#[tokio::test]
async fn expires_counts_beside_a_cache_control_without_a_lifetime() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "public"), ("expires", "Fri, 31 Dec 2999 23:59:59 GMT")]));
        site.get("/").await;
        assert!(site.get("/").await.is_hit(), "{}", site.name());
    })
    .await;
}

/// HtmlUnit/htmlunit#62: an `Expires` in the past won over `max-age` (RFC 9111 §5.3).
#[tokio::test]
async fn a_max_age_wins_over_an_expires_in_the_past() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "max-age=30"), ("expires", "Thu, 01 Jan 1970 00:00:00 GMT")]));
        site.get("/").await;
        assert!(site.get("/").await.is_hit(), "{}", site.name());
        site.later(31);
        assert!(!site.get("/").await.is_hit(), "{}", site.name());
    })
    .await;
}

/// jonbaldie/varnish#64: an `Expires` that is no date was taken for none, and the default lifetime for the answer
/// (RFC 9111 §5.3: it is in the past).
#[tokio::test]
async fn an_expires_that_is_no_date_has_passed() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let expires = match asked.path.as_str() {
                "/zero" => "0",
                "/negative" => "-1",
                _ => "not-a-date",
            };
            numbered(asked, &[("expires", expires)])
        });
        for path in ["/zero", "/negative", "/words"] {
            site.get(path).await;
            assert!(!site.get(path).await.is_hit(), "{} {path}", site.name());
        }
    })
    .await;
}

/// kornelski/http-cache-semantics#54, lysine-dev/okhttp#4043: it was validated while fresh, or not validated when stale
/// (RFC 9111 §5.2.2.2).
#[tokio::test]
async fn must_revalidate_begins_when_a_response_is_stale() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "max-age=30, must-revalidate"), ("etag", "\"1\"")]));
        site.get("/").await;
        site.later(29);
        assert!(site.get("/").await.is_hit(), "{}", site.name());
        site.later(2);
        assert_eq!(site.get("/").await.text(), "2", "{}", site.name());
    })
    .await;
}

/// nodejs/undici#5508, nodejs/undici#5511: `max-stale` of a request, or `stale-if-error`, overruled it (RFC 9111 §5.2.2.2).
#[tokio::test]
async fn neither_a_client_nor_a_failure_overrules_must_revalidate() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match (asked.run, asked.path.as_str()) {
            (1, _) | (_, "/client") => {
                numbered(asked, &[("cache-control", "max-age=5, must-revalidate, stale-if-error=600"), ("etag", "\"1\"")])
            }
            _ => answer(503, &[], "away"),
        });
        site.get("/").await;
        site.later(6);
        let reply = site.ask("GET", "/", &[("cache-control", "max-stale=600")]).await;
        assert_eq!((reply.status.as_u16(), site.runs()), (503, 2), "{}", site.name());

        let first = site.get("/client").await;
        site.later(6);
        let reply = site.ask("GET", "/client", &[("cache-control", "max-stale=600")]).await;
        assert_ne!(reply.text(), first.text(), "{}", site.name());
    })
    .await;
}

/// kornelski/http-cache-semantics#22: it was taken for a lifetime. nodejs/undici#5510: zero was taken for none, and what was
/// made in its place was not stored. LadybirdBrowser/ladybird#11004: an age of just that was too much (RFC 9111 §5.2.1.1).
#[tokio::test]
async fn a_max_age_of_a_request_refuses_what_is_older_and_changes_nobody_elses_answer() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "max-age=3600"), ("etag", "\"1\"")]));
        site.get("/").await;
        site.later(3);
        assert!(site.ask("GET", "/", &[("cache-control", "max-age=3")]).await.is_hit(), "{}: as old as that", site.name());
        assert_eq!(site.get("/").await.text(), "1", "{}", site.name());
        assert_eq!(site.ask("GET", "/", &[("cache-control", "max-age=2")]).await.text(), "2", "{}", site.name());
        assert_eq!(site.get("/").await.text(), "2", "{}: it has taken the place of the first", site.name());
        site.later(1);
        assert_eq!(site.ask("GET", "/", &[("cache-control", "max-age=0")]).await.text(), "3", "{}", site.name());
        site.later(3000);
        assert_eq!(site.get("/").await.text(), "3", "{}: it lives as long as its response says", site.name());
    })
    .await;
}

/// requests-cache/requests-cache#429: the lifetime of the set-up won over that of the response.
#[tokio::test]
async fn a_responses_own_lifetime_wins_over_that_of_the_set_up() {
    behind(&TIMED, async |site| {
        site.answers(|asked| match asked.path.as_str() {
            "/none" => numbered(asked, &[]),
            "/shorter" => numbered(asked, &[("cache-control", "max-age=10")]),
            _ => numbered(asked, &[("cache-control", "max-age=100")]),
        });
        for (path, lifetime) in [("/none", 60), ("/shorter", 10), ("/longer", 100)] {
            let first = site.get(path).await;
            site.later(lifetime - 1);
            assert_eq!(site.get(path).await.text(), first.text(), "{} {path}", site.name());
            site.later(2);
            assert_ne!(site.get(path).await.text(), first.text(), "{} {path}", site.name());
        }
    })
    .await;
}

/// psf/cachecontrol#467, envoyproxy/envoy#47380: names of directives were compared by letter case (RFC 9111 §5.2).
/// apache/trafficserver#12670: of what cannot be read the first half counted.
#[tokio::test]
async fn directives_are_read_in_any_case_on_any_line_and_junk_is_not_half_read() {
    behind(&ALL, async |site| {
        let refused: [&[(&str, &str)]; 6] = [
            &[("cache-control", "No-Store")],
            &[("cache-control", "PRIVATE, max-age=60")],
            &[("cache-control", "max-age=60"), ("cache-control", "NO-CACHE")],
            &[("cache-control", "x=\"a, b\", no-store, max-age=60")],
            &[("cache-control", "Max-Age=0")],
            &[("cache-control", "public; max-age=60")],
        ];
        site.answers(move |asked| {
            let at: usize = asked.path[1..].parse().expect("a number");
            numbered(asked, refused[at])
        });
        for (at, fields) in refused.iter().enumerate() {
            site.get(&format!("/{at}")).await;
            assert!(!site.get(&format!("/{at}")).await.is_hit(), "{} {fields:?}", site.name());
        }
    })
    .await;
}
