//! Of two runs for one key that end in another order than they began, the answer of the later one is kept.

use cached_handler::secs;

use super::{
    site::{Kind::Hasty, Place, Site, Way},
    source::Mood,
};

everywhere! { values too:
    no_run_replaces_what_one_that_began_later_has_stored,
    a_run_replaces_what_one_that_began_earlier_has_stored,
}

async fn no_run_replaces_what_one_that_began_later_has_stored(site: Site) {
    let other = site.another().await;
    for (id, overtakes) in [("a", &site), ("b", &other)] {
        let runs = site.source.runs();
        site.source.is(Mood::Waits);
        let older = site.asks(Hasty, id);
        site.source.has_begun(runs + 1).await;
        site.waits(secs(1));
        site.source.is(Mood::Well);
        let stored = overtakes.stored();
        assert_eq!(overtakes.asks(Hasty, id).await.unwrap(), (runs + 2).to_string(), "nobody waits for the older run");
        overtakes.has_stored(stored + 1).await;
        site.source.lets_go(1);
        assert_eq!(older.await.unwrap(), (runs + 1).to_string());
        site.settled().await;
        for reader in [&site, &other] {
            assert_eq!(reader.get(Hasty, id).await, (runs + 2).to_string());
        }
        assert_eq!(site.source.runs(), runs + 2);
    }
}

async fn a_run_replaces_what_one_that_began_earlier_has_stored(site: Site) {
    let other = site.another().await;
    for (id, is_later) in [("a", &site), ("b", &other)] {
        let runs = site.source.runs();
        site.source.is(Mood::Waits);
        let older = site.asks(Hasty, id);
        site.source.has_begun(runs + 1).await;
        site.waits(secs(1));
        let newer = is_later.asks(Hasty, id);
        site.source.has_begun(runs + 2).await;
        // In the order in which they wait.
        for (run, ends, of) in [(runs + 1, older, &site), (runs + 2, newer, is_later)] {
            let stored = of.stored();
            site.source.lets_go(1);
            assert_eq!(ends.await.unwrap(), run.to_string());
            of.has_stored(stored + 1).await;
            for reader in [&site, &other] {
                // A copy in another process is as good as long as it is fresh, and nothing has invalidated it.
                let is_copied = reader.has_near() && !std::ptr::eq(reader, of);
                let expected = if is_copied { runs + 1 } else { run };
                assert_eq!(reader.asks(Hasty, id).await.unwrap(), expected.to_string());
            }
        }
    }
}
