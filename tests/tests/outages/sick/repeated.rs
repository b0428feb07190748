//! The sickness of the test kit repeats: a script in its order, chance by its seed.

use super::{Source, page};
use axum::{Router, routing::get};
use cached_handler::{
    Outcome,
    testing::{Call, Chaos, Fault, TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::ask;

#[tokio::test(start_paused = true)]
async fn a_script_counts_before_chance_and_in_its_order() {
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
    let router = Router::new().route("/page/{id}", get(page)).layer(cache.layer()).with_state(Source::default());
    chaos.suffers(Fault::Fail, 1.0);
    chaos.script(Call::Get, [Fault::None, Fault::None]);
    chaos.script(Call::Put, [Fault::None]);
    assert_miss!(ask(&router, "/page/1").await);
    assert_hit!(ask(&router, "/page/1").await);
    assert_miss!(ask(&router, "/page/1").await);
    assert_eq!((chaos.calls(Call::Get), chaos.calls(Call::Put)), (3, 1));
    chaos.heals();
    assert_hit!(ask(&router, "/page/1").await);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_takes_the_same_course() {
    let course = async |seed| {
        let chaos = Chaos::new();
        chaos.seed(seed);
        chaos.suffers(Fault::Fail, 0.3);
        let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
        let router = Router::new().route("/page/{id}", get(page)).layer(cache.layer()).with_state(Source::default());
        let mut course = Vec::new();
        for _ in 0..30 {
            course.push(ask(&router, "/page/1").await.extensions().get::<Outcome>().unwrap().to_string());
        }
        course
    };
    assert_eq!(course(1).await, course(1).await);
    assert_ne!(course(1).await, course(2).await);
}
