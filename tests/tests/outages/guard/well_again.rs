//! A backend that was left alone, and is well again before anybody has looked.

use std::sync::Arc;

use cached_handler::secs;
use tokio::time::{Instant, sleep};

use super::*;

/// What is left of it when the first invalidation comes.
const HICCUP: Duration = Duration::from_millis(30);

#[tokio::test(start_paused = true)]
async fn an_invalidation_is_tried_at_once_and_as_good_as_a_probe() {
    let site = Arc::new(Site::new());
    ask(&site.router, "/").await;
    site.is_given_up().await;
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
    assert!(!site.is_left_alone() && !site.is_hit().await && site.is_hit().await);
    assert!(began.elapsed() <= 3 * HICCUP, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_overdue_is_made_up_for_before_it_is_read_again() {
    let site = Site::new();
    ask(&site.router, "/").await;
    site.chaos.script(Call::Advance, [Fault::Fail]);
    assert!(!site.invalidates("page").await);
    site.is_given_up().await;
    assert!(site.invalidates("another").await);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!site.is_left_alone());
    assert!(!site.is_hit().await);
}

/// An outage of minutes, with a crowd that invalidates all the time.
#[tokio::test(start_paused = true)]
async fn as_long_as_it_is_ill_one_in_the_time_between_two_probes_waits_and_the_others_that_came_with_it() {
    let site = Arc::new(Site::new());
    site.chaos.suffers(Fault::Hang, 1.0);
    for _ in 0..5 {
        ask(&site.router, "/").await;
    }
    assert!(site.is_left_alone());
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
    // One after it was left alone, and one after each probe: after 1, 2, 4, 8, 16, and then 15 to 30 s.
    assert!((10..=30).contains(&waited), "{waited}");
    assert_eq!(site.advances(), waited as u64, "the others asked nobody");
    // Once it is well the next is made.
    site.chaos.heals();
    while !site.invalidates("page").await {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(secs(1)).await;
    assert!(!site.is_left_alone());
}
