//! Several targets and backends: all at the same time.

use std::sync::Arc;

use axum::{http::Method, routing::post};
use cached_handler_tests::harness::send;
use tokio::time::Instant;

use super::*;

#[invalidates(group = ["a", "b", "c", "d", "e", "f", "g", "h"], path = "/other")]
async fn edit() -> &'static str {
    "done"
}

/// Eight groups, a path, and the request's own, on two backends.
#[tokio::test(start_paused = true)]
async fn however_many_they_are_they_take_as_long_as_one() {
    for (fault, millis) in [(Fault::Delay(Duration::from_millis(900)), 900), (Fault::Hang, 1000)] {
        let other = Arc::new(Chaos::new());
        let site = Site::with(Chaos::new(), |builder, chaos| {
            builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()).backend_with_epochs(
                "other",
                Chaos::clone(&other),
                other.epochs(),
            )
        });
        let router = Router::new().route("/edit", post(edit)).layer(site.cache.layer());
        for chaos in [&site.chaos, &*other] {
            chaos.suffers_at(Call::Advance, fault, 1.0);
        }
        let began = Instant::now();
        assert_eq!(send(&router, Method::POST, "/edit").await.status(), 200);
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(millis) && took <= Duration::from_millis(millis) + TICKS, "{took:?}");
        assert_eq!((site.advances(), other.calls(Call::Advance)), (10, 10));
    }
}
