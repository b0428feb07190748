//! What a key is made of.

use axum::{Router, extract::Request, http::HeaderMap, routing::get};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use cached_handler_tests::harness::text;
use tower::ServiceExt;

use super::origin::{ALL, answer, behind, request};

async fn send(router: &Router, target: &str, fields: &[(&str, &str)]) -> String {
    text(router.clone().oneshot(request("GET", target, fields, "")).await.unwrap()).await
}

/// golang/vulndb#5069 (gofiber/fiber): the key was the path alone, so that `?id=1` answered `?id=2`.
#[tokio::test]
async fn other_queries_are_other_pages() {
    behind(&ALL, async |site| {
        site.answers(|asked| answer(200, &[("cache-control", "max-age=60")], asked.path.clone()));
        let targets = ["/", "/?", "/?id=1", "/?id=2", "/?id=1&id=2", "/?ID=1", "/?id=1;id=2", "/?id=%31", "/%3Fid=1"];
        for _ in ["a miss", "a hit"] {
            for target in targets {
                assert_eq!(site.get(target).await.text(), target, "{}", site.name());
            }
        }
        assert_eq!(site.runs(), targets.len(), "{}", site.name());
    })
    .await;
}

/// gofiber/fiber#4224: values of two fields were joined by a mark that a value may contain.
#[tokio::test]
async fn no_value_of_one_field_reads_like_those_of_two() {
    #[cached(ttl = 60, vary = ["x-a", "x-b"])]
    async fn page(fields: HeaderMap) -> String {
        format!("{:?} {:?}", fields.get("x-a"), fields.get("x-b"))
    }
    async fn plain(request: Request) -> String {
        format!("{:?} {:?}", request.headers().get("x-a"), request.headers().get("x-b"))
    }
    let cache = TestCache::new();
    let layer = CacheLayer::new("pages", secs(60)).vary(["x-a", "x-b"]).cache(cache.cache().clone());
    let router = Router::new().route("/layer", get(plain)).layer(layer).route("/attribute", get(page)).layer(cache.layer());
    let asked: [&[(&str, &str)]; 8] = [
        &[("x-a", "1|x-b:2")],
        &[("x-a", "1"), ("x-b", "2")],
        &[("x-a", "1"), ("x-b", "")],
        &[("x-a", "1")],
        &[("x-b", "1")],
        &[("x-a", "1|x-b:"), ("x-b", "2")],
        &[("x-a", "1\tx-b:2")],
        &[("x-a", ""), ("x-b", "1|x-b:2")],
    ];
    for path in ["/layer", "/attribute"] {
        for _ in ["a miss", "a hit"] {
            for fields in asked {
                let fields_of_it = request("GET", path, fields, "").headers().clone();
                let wanted = format!("{:?} {:?}", fields_of_it.get("x-a"), fields_of_it.get("x-b"));
                assert_eq!(send(&router, path, fields).await, wanted, "{path}");
            }
        }
    }
}

/// aspnet/ResponseCaching#142, arash16/nuxt-ssr-cache#4, femiwiki/femiwiki#464: one page for all hosts, ports and schemes.
/// dokuwiki/dokuwiki#4676: one page for each `Host` that a client makes up, though the page did not depend on it.
#[tokio::test]
async fn the_host_is_in_the_key_where_the_page_can_see_it_and_nowhere_else() {
    #[cached(ttl = 60, vary = "host")]
    async fn shows(fields: HeaderMap) -> String {
        fields["host"].to_str().unwrap().to_owned()
    }
    #[cached(ttl = 60)]
    async fn is_blind() -> String {
        cached_handler_tests::harness::moment().elapsed().as_nanos().to_string()
    }
    async fn plain(request: Request) -> String {
        format!("{:?}", request.headers().get("host"))
    }
    let cache = TestCache::new();
    let layer = CacheLayer::new("pages", secs(60)).cache(cache.cache().clone());
    let router = Router::new().route("/layer", get(plain)).layer(layer);
    let router = router.route("/shows", get(shows)).route("/is-blind", get(is_blind)).layer(cache.layer());
    let hosts = ["one.example", "two.example", "one.example:8080", "a.one.example"];
    let first = send(&router, "/is-blind", &[("host", "first.example")]).await;
    for _ in ["a miss", "a hit"] {
        for host in hosts {
            assert_eq!(send(&router, "/shows", &[("host", host)]).await, host);
            assert_eq!(send(&router, "/layer", &[("host", host)]).await, format!("Some({host:?})"));
            assert_eq!(send(&router, "/is-blind", &[("host", host)]).await, first);
        }
    }
}
