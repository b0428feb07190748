//! Parts of a response (RFC 9110 §14, RFC 9111 §3.3).

use super::origin::{ALL, FORWARDING, answer, behind};

const WHOLE: &str = "0123456789";

/// fabiocicerchia/go-proxy-cache#265, dotnet/aspnetcore#2624: whoever asked for a part of what was stored got the whole.
#[tokio::test]
async fn a_part_of_what_is_stored_is_cut_from_it_and_leaves_the_whole_whole() {
    behind(&ALL, async |site| {
        site.answers(|_| answer(200, &[("cache-control", "max-age=60"), ("etag", "\"1\"")], WHOLE));
        site.get("/").await;
        for (range, part, said) in
            [("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=-3", "789", "bytes 7-9/10"), ("bytes=8-", "89", "bytes 8-9/10")]
        {
            let reply = site.ask("GET", "/", &[("range", range)]).await;
            assert_eq!((reply.status.as_u16(), reply.text()), (206, part), "{} {range}", site.name());
            assert_eq!((reply.field("content-range"), reply.field("content-length")), (said, part.len().to_string().as_str()), "{range}");
            let whole = site.get("/").await;
            assert_eq!((whole.status.as_u16(), whole.text(), whole.is_hit()), (200, WHOLE, true), "{} {range}", site.name());
        }
        assert_eq!(site.ask("GET", "/", &[("range", "bytes=10-")]).await.status, 416, "{}", site.name());
        assert_eq!(site.runs(), 1, "{}", site.name());
    })
    .await;
}

/// kornelski/rusty-http-cache-semantics#17, nodejs/undici#4334: a part that a server sent was stored, and answered those who
/// asked for the whole or for another part.
#[tokio::test]
async fn a_part_that_a_server_sends_is_never_stored() {
    behind(&FORWARDING, async |site| {
        site.answers(|_| {
            let fields = [("cache-control", "max-age=60"), ("etag", "\"1\""), ("content-range", "bytes 0-3/10")];
            answer(206, &fields, &WHOLE[..4])
        });
        for (runs, fields) in [&[][..], &[("range", "bytes=0-3")], &[("range", "bytes=4-7")], &[]].into_iter().enumerate() {
            let reply = site.ask("GET", "/", fields).await;
            assert_eq!((reply.is_hit(), site.runs()), (false, runs + 1), "{} {fields:?}", site.name());
        }
    })
    .await;
}

/// aio-libs/aiohttp#13480, BitMiracle-AI/Dormice#86: `If-Range` was not read, and what was resumed was of two files
/// (RFC 9110 §13.1.5).
#[tokio::test]
async fn who_resumes_another_version_is_given_the_whole() {
    behind(&ALL, async |site| {
        site.answers(|_| {
            let fields = [("cache-control", "max-age=60"), ("etag", "\"1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
            answer(200, &fields, WHOLE)
        });
        for _ in ["a miss", "a hit"] {
            for other in ["\"0\"", "W/\"1\"", "1", "Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"] {
                let reply = site.ask("GET", "/", &[("range", "bytes=5-"), ("if-range", other)]).await;
                assert_eq!((reply.status.as_u16(), reply.text()), (200, WHOLE), "{} {other}", site.name());
            }
        }
        let reply = site.ask("GET", "/", &[("range", "bytes=5-"), ("if-range", "\"1\"")]).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (206, "56789"), "{}", site.name());
    })
    .await;
}
