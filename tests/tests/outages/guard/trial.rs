//! Invalidations while the circuit breaker is open: the backend may have recovered since.

use std::sync::Arc;

use cached_handler::secs;
use tokio::time::{Instant, sleep};

use super::*;

/// How long the backend is still slow when the first invalidation comes.
const HICCUP: Duration = Duration::from_millis(30);

#[tokio::test(start_paused = true)]
async fn an_invalidation_is_tried_at_once_and_is_as_good_as_a_probe() {
    let site = Arc::new(Site::new());
    ask(&site.router, "/").await;
    site.fails_until_it_opens().await;
    site.chaos.suffers_at(Call::Advance, Fault::Delay(HICCUP), 1.0);
    let began = Instant::now();
    // Several at once: the others wait for the first, and fail no more than it does.
    let all = (0..10).map(|_| {
        let site = Arc::clone(&site);
        tokio::spawn(async move { site.invalidates("page").await })
    });
    for made in all.collect::<Vec<_>>() {
        assert!(made.await.unwrap());
    }
    assert!(!site.circuit_breaker_is_open() && !site.is_hit().await && site.is_hit().await);
    assert!(began.elapsed() <= 3 * HICCUP, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_retry_queue_is_worked_off_before_anything_is_read_again() {
    let site = Site::new();
    ask(&site.router, "/").await;
    site.chaos.script(Call::Advance, [Fault::Fail]);
    assert!(!site.invalidates("page").await);
    site.fails_until_it_opens().await;
    assert!(site.invalidates("another").await);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!site.circuit_breaker_is_open());
    assert!(!site.is_hit().await);
}

/// An outage of minutes, with a crowd that invalidates all the time.
#[tokio::test(start_paused = true)]
async fn between_two_probes_one_invalidation_waits_and_those_that_came_with_it() {
    let site = Arc::new(Site::new());
    site.chaos.suffers(Fault::Hang, 1.0);
    for _ in 0..5 {
        ask(&site.router, "/").await;
    }
    assert!(site.circuit_breaker_is_open());
    let (mut waited, mut asked) = (0, 0);
    for _ in 0..300 {
        let began = Instant::now();
        let all = (0..10).map(|_| {
            let site = Arc::clone(&site);
            tokio::spawn(async move { site.invalidates("page").await })
        });
        for made in all.collect::<Vec<_>>() {
            assert!(!made.await.unwrap());
        }
        asked += 1;
        let took = began.elapsed();
        assert!(took <= ADVANCE + TICKS, "{took:?}");
        waited += usize::from(!took.is_zero());
        sleep(secs(1)).await;
    }
    println!("- of {asked} crowds in five minutes of an outage, {waited} waited for a second");
    // One after the opening, and one after each probe: after 1, 2, 4, 8, 16, and then 15 to 30 s.
    assert!((10..=30).contains(&waited), "{waited}");
    assert_eq!(site.advances(), waited as u64, "the others asked nobody");
    // Once the backend has recovered, the next one is made.
    site.chaos.heals();
    while !site.invalidates("page").await {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(secs(1)).await;
    assert!(!site.circuit_breaker_is_open());
}
