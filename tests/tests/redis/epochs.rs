//! How long epochs live in Redis, whose names clients may choose.

use axum::http::StatusCode;

use super::*;

#[cached(ttl = 600, backend = "redis", group = "page:{id}")]
async fn unknown(Path(id): Path<u64>) -> StatusCode {
    if id < 1000 { StatusCode::NOT_FOUND } else { StatusCode::OK }
}

/// Those of what clients ask for in vain, and of what is invalidated by names of theirs.
#[tokio::test]
async fn epochs_without_a_stored_response_live_for_two_minutes_and_others_as_long_as_it() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let router = Router::new().route("/unknown/{id}", get(unknown)).layer(axum::Extension(one.cache.clone()));
    one.ask("/grouped/1").await;
    for id in 0..50 {
        assert_eq!(ask(&router, &format!("/unknown/{id}")).await.status(), 404);
        one.invalidate(Target::group(format!("nobody's:{id}"))).await;
        one.invalidate(Target::path(format!("/nowhere/{id}"))).await;
    }
    let (mut short, mut long) = (0, 0);
    for key in server.keys().await.iter().filter(|key| key.contains(":g:") || key.contains(":p:")) {
        let lives: i64 = server.say(&format!("PTTL {key}")).await[0].parse().unwrap();
        match lives {
            1..=120_000 => short += 1,
            600_000..=720_000 => long += 1,
            _ => panic!("{key} lives for {lives} ms"),
        }
    }
    assert_eq!(long, 4, "three groups and a path, of the one response that is stored");
    assert!((150..=201).contains(&short), "{short}: one each");
}
