//! Cookies and credentials (RFC 9111 §3.5, §7.3).

use std::collections::BTreeSet;

use axum::{http::HeaderValue, middleware::map_response, response::Response};
use tower::ServiceExt;

use super::origin::{ALL, Entrance, answer, behind, numbered, request};

/// darkweak/souin#805, pathosDev/actor-ts#980, nuxt/nuxt#28527: a cookie was stored with its response, and set for all.
#[tokio::test]
async fn a_cookie_is_set_for_nobody_but_whom_it_was_made_for() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let cookie = format!("sid={}; Path=/", asked.run);
            numbered(asked, &[("cache-control", "public, max-age=60"), ("set-cookie", &cookie), ("set-cookie", "theme=dark")])
        });
        let mut cookies = BTreeSet::new();
        for _ in 0..4 {
            let reply = site.get("/").await;
            assert_eq!(reply.lines("set-cookie")[0], format!("sid={}; Path=/", reply.text()), "{}", site.name());
            assert_eq!(reply.lines("set-cookie").len(), 2, "{}", site.name());
            cookies.insert(reply.text().to_owned());
        }
        assert_eq!(cookies.len(), 4, "{}", site.name());
    })
    .await;
}

/// ujeenet/rustango#1259, jsr-io/jsr#167: one page for those who had logged in and those who had not. nodejs/undici#4911: the
/// credentials were looked for on the response.
#[tokio::test]
async fn who_is_logged_in_and_who_is_not_have_pages_of_their_own() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let who = format!("{}{}", asked.field("authorization"), asked.field("cookie"));
            answer(200, &[("cache-control", "max-age=60")], who)
        });
        let clients: [&[(&str, &str)]; 6] = [
            &[],
            &[("authorization", "Bearer a")],
            &[("authorization", "Bearer b")],
            &[("cookie", "sid=a")],
            &[("cookie", "sid=b")],
            &[("authorization", "")],
        ];
        for _ in 0..2 {
            for client in clients {
                let who: String = client.iter().map(|(_, value)| *value).collect();
                assert_eq!(site.ask("GET", "/", client).await.text(), who, "{} {client:?}", site.name());
            }
        }
    })
    .await;
}

/// apache/trafficserver#12668: a response that says that it is for all was of no use to those with credentials. A layer lets
/// these pass untouched, as it does not know what the service inside makes of them.
#[tokio::test]
async fn what_says_that_it_is_for_all_answers_those_with_credentials_too() {
    behind(&[Entrance::Forwarding], async |site| {
        site.answers(|asked| {
            let said = ["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"];
            numbered(asked, &[("cache-control", said[asked.path[1..].parse::<usize>().expect("a number")])])
        });
        for target in ["/0", "/1", "/2"] {
            let first = site.ask("GET", target, &[("authorization", "Bearer a")]).await;
            for fields in [&[("authorization", "Bearer a")][..], &[("authorization", "Bearer b")], &[]] {
                assert_eq!(site.ask("GET", target, fields).await.text(), first.text(), "{} {target} {fields:?}", site.name());
            }
        }
    })
    .await;
}

/// nitrojs/nitro#1837: the cookie of a middleware was lost where the handler set one, too.
#[tokio::test]
async fn cookies_of_a_layer_outside_stand_beside_those_of_the_handler() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let cookie = [("cache-control", "max-age=60"), ("set-cookie", "handler=1")];
            numbered(asked, if asked.path == "/sets" { &cookie } else { &cookie[..1] })
        });
        let router = site.router.clone().layer(map_response(async |mut response: Response| {
            response.headers_mut().append("set-cookie", HeaderValue::from_static("layer=1"));
            response
        }));
        for (target, cookies) in [("/sets", &["handler=1", "layer=1"][..]), ("/sets-none", &["layer=1"])] {
            for _ in 0..2 {
                let response = router.clone().oneshot(request("GET", target, &[], "")).await.unwrap();
                let lines: Vec<_> = response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
                assert_eq!(lines, cookies, "{} {target}", site.name());
            }
        }
    })
    .await;
}
