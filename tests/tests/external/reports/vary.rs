//! Variants, and what selects them (RFC 9110 §12.5.5, RFC 9111 §4.1).

use super::origin::{ALL, answer, behind, numbered, request};

/// nodejs/undici#3959, platformatic/undici-cache-redis#53: a field that `Vary` named and a client did not send was an error,
/// or never the same at rest.
#[tokio::test]
async fn a_selecting_field_that_is_absent_is_a_value_like_others() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("vary", "accept-encoding, x-none"), ("cache-control", "max-age=60")]));
        for (fields, run) in [(&[][..], "1"), (&[("accept-encoding", "gzip")], "2"), (&[("accept-encoding", "")], "3")] {
            for is_hit in [false, true] {
                let reply = site.ask("GET", "/", fields).await;
                // An empty line says the same as none does, or something else: it is never an answer to `gzip`.
                if run != "3" {
                    assert_eq!((reply.text(), reply.is_hit()), (run, is_hit), "{} {fields:?}", site.name());
                }
                assert_eq!(reply.text() == "2", run == "2", "{} {fields:?}", site.name());
            }
        }
    })
    .await;
}

/// darkweak/souin#192: `Vary` was not read at all, not even `*`.
#[tokio::test]
async fn other_values_of_a_selecting_field_are_other_responses() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let vary = if asked.path == "/any" { "*" } else { "Service" };
            answer(200, &[("vary", vary), ("cache-control", "max-age=60")], format!("{} {}", asked.field("service"), asked.run))
        });
        assert_eq!(site.ask("GET", "/", &[("service", "a")]).await.text(), "a 1", "{}", site.name());
        assert_eq!(site.ask("GET", "/", &[("service", "b")]).await.text(), "b 2", "{}", site.name());
        assert_eq!(site.ask("GET", "/", &[("service", "a")]).await.text(), "a 1", "{}", site.name());
        for run in ["a 3", "a 4"] {
            assert_eq!(site.ask("GET", "/any", &[("service", "a")]).await.text(), run, "{}", site.name());
        }
    })
    .await;
}

/// dotnet/aspnetcore#66721: lines were joined by nothing, so that two of them were the same as one.
#[tokio::test]
async fn two_lines_of_a_selecting_field_are_not_one_that_reads_alike() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("vary", "x-custom"), ("cache-control", "max-age=60")]));
        let values: [&[(&str, &str)]; 4] = [
            &[("x-custom", "a"), ("x-custom", "b")],
            &[("x-custom", "ab")],
            &[("x-custom", "a"), ("x-custom", "")],
            &[("x-custom", "b a")],
        ];
        for (fields, run) in values.iter().zip(["1", "2", "3", "4"]) {
            assert_eq!(site.ask("GET", "/", fields).await.text(), run, "{} {fields:?}", site.name());
        }
        for (fields, run) in values.iter().zip(["1", "2", "3", "4"]) {
            assert_eq!(site.ask("GET", "/", fields).await.text(), run, "{} {fields:?}", site.name());
        }
    })
    .await;
}

/// cherrypy/cherrypy#770, lysine-dev/okhttp#6214: one variant took the place of another.
#[tokio::test]
async fn variants_that_take_turns_are_all_kept() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("vary", "accept-language"), ("cache-control", "max-age=60")]));
        for _ in 0..3 {
            for (language, run) in [("de", "1"), ("fr", "2"), ("it", "3")] {
                assert_eq!(site.ask("GET", "/", &[("accept-language", language)]).await.text(), run, "{}", site.name());
            }
        }
    })
    .await;
}

/// 06chaynes/http-cache#119: of several lines of a field one was left, so that the others selected nothing.
#[tokio::test]
async fn every_line_of_vary_counts_and_none_is_lost() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let lines = [("vary", "Prefer"), ("vary", "Accept"), ("vary", "Accept-Language"), ("link", "</a>"), ("link", "</b>")];
            numbered(asked, &[&lines[..], &[("cache-control", "max-age=60")]].concat())
        });
        for (field, run) in [("prefer", "1"), ("accept", "2"), ("accept-language", "3")] {
            for is_hit in [false, true] {
                let reply = site.send(request("GET", "/", &[(field, "x")], "")).await;
                assert_eq!((reply.text(), reply.is_hit()), (run, is_hit), "{} {field}", site.name());
                let names = reply.lines("vary").join(",").to_lowercase().replace(' ', "");
                assert_eq!(names, "prefer,accept,accept-language", "{}", site.name());
                assert_eq!(reply.lines("link"), ["</a>", "</b>"], "{}", site.name());
            }
        }
    })
    .await;
}

/// unjs/ocache#49, vercel/next.js#52745: caches outside were not told what selects a response.
#[tokio::test]
async fn what_the_attribute_or_the_layer_varies_by_is_named_in_vary() {
    use axum::{Router, http::HeaderMap, routing::get};
    use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
    use tower::ServiceExt;

    #[cached(ttl = 60, vary = ["accept-language", "rsc"])]
    async fn page(fields: HeaderMap) -> String {
        format!("{fields:?}")
    }
    async fn plain() -> &'static str {
        "plain"
    }
    let cache = TestCache::new();
    let layer = CacheLayer::new("pages", secs(60)).vary(["accept-language", "rsc"]).cache(cache.cache().clone());
    let router = Router::new().route("/layer", get(plain)).layer(layer).route("/attribute", get(page)).layer(cache.layer());
    for path in ["/layer", "/attribute"] {
        for _ in ["a miss", "a hit", "a 304"] {
            let response = router.clone().oneshot(request("GET", path, &[("if-none-match", "*")], "")).await.unwrap();
            let vary = response.headers().get_all("vary").iter().map(|line| line.to_str().unwrap()).collect::<Vec<_>>().join(",");
            let names = vary.to_lowercase().replace(' ', "");
            assert!(names.contains("accept-language") && names.contains("rsc"), "{path}: {vary}");
        }
    }
}
