//! A cached page that is made of another one is bound to it, wherever both rest, and in every process.

use axum::http::Request;
use cached_handler::{Target, secs};

use super::{
    site::{Kind::Plain, Place, Site, Way},
    source::Mood,
};

everywhere! { attribute:
    l4_what_invalidates_a_part_invalidates_the_page_in_every_process,
    l4_a_part_that_is_invalidated_while_the_page_is_made_is_in_no_later_page,
    a_page_is_kept_beside_what_was_invalidated_of_it_alone,
    a_part_that_is_expired_or_stale_makes_the_page_stale,
}

async fn page(site: &Site) -> String {
    site.send(Request::get("/whole/a")).await.1
}

async fn l4_what_invalidates_a_part_invalidates_the_page_in_every_process(site: Site) {
    let other = site.another().await;
    let targets = || [Target::group("page:a"), Target::group("said"), Target::path("/plain/a"), Target::named("plain"), Target::all()];
    for by in [&site, &other] {
        for reader in [&site, &other] {
            for target in targets() {
                let made = page(&site).await;
                let runs = site.source.runs();
                assert_eq!((page(&site).await, page(&other).await), (made.clone(), made.clone()), "it is stored");
                assert_eq!(site.source.runs(), runs, "it is stored");
                by.cache.invalidate(target.clone()).await.unwrap();
                assert_eq!(page(reader).await, format!("{} of {}", runs + 2, runs + 1), "{target:?}");
            }
        }
    }
}

async fn l4_a_part_that_is_invalidated_while_the_page_is_made_is_in_no_later_page(site: Site) {
    let other = site.another().await;
    for by in [&site, &other] {
        let part = site.get(Plain, "a").await;
        let runs = site.source.runs();
        site.source.is(Mood::Waits);
        let under_way = site.sends(Request::get("/whole/a"));
        site.source.has_begun(runs + 1).await;
        by.cache.invalidate(Target::group("page:a")).await.unwrap();
        site.source.lets_go(1);
        assert_eq!(under_way.await.unwrap().1, format!("{} of {part}", runs + 1));
        site.settled().await;
        site.source.is(Mood::Well);
        for reader in [&site, &other] {
            assert_eq!(page(reader).await, format!("{} of {}", runs + 3, runs + 2));
        }
        by.cache.invalidate(Target::all()).await.unwrap();
    }
}

async fn a_page_is_kept_beside_what_was_invalidated_of_it_alone(site: Site) {
    assert_eq!(page(&site).await, "2 of 1");
    assert_eq!(page(&site).await, "2 of 1");
    for (target, made) in [("wholes", "3 of 1"), ("nobody's", "3 of 1"), ("wholes", "4 of 1")] {
        site.cache.invalidate(Target::group(target)).await.unwrap();
        assert_eq!((page(&site).await, page(&site).await), (made.to_owned(), made.to_owned()));
    }
}

async fn a_part_that_is_expired_or_stale_makes_the_page_stale(site: Site) {
    assert_eq!(page(&site).await, "2 of 1");
    site.cache.expire(Target::group("page:a")).await.unwrap();
    assert_eq!(page(&site).await, "4 of 3");
    site.waits(secs(40));
    site.cache.invalidate(Target::group("wholes")).await.unwrap();
    assert_eq!(page(&site).await, "5 of 3");
    site.waits(secs(19));
    assert_eq!(page(&site).await, "5 of 3");
    site.waits(secs(1));
    assert_eq!(page(&site).await, "7 of 6", "its part is 60 s old");
}
