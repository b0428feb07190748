//! The attribute, the layer and typed values, in memory, in files, in a Redis and in stores of one's own: what they have in
//! common is written once, and tested for each. A test is named by what holds, how it is cached and where:
//! `an_error_is_not_stored::values_in_redis`.

#[macro_use]
mod matrix;
mod site;
mod source;

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use cached_handler::{
    Target, secs,
    testing::{Call, Fault},
};
use tokio::time::Instant;

use self::{
    site::{
        Kind::{Behind, Instead, Plain},
        Place, Site, Way,
    },
    source::Mood,
};

mod answers;
mod composed;
mod overtaken;
mod shared_path;
mod trouble;
mod writes;

everywhere! { values too:
    what_is_fresh_answers_and_what_is_not_is_made_anew,
    keys_do_not_meet,
    every_target_invalidates_all_of_it_and_nothing_else,
    what_is_expired_is_stale_and_no_more,
    an_invalidation_wins_over_a_run_under_way,
    concurrent_requests_share_a_run,
    who_leaves_stops_nobody,
    what_is_stale_is_given_while_it_is_made_anew,
    what_is_stale_stands_in_for_a_failure,
    an_error_is_not_stored,
    a_panic_is_not_stored_and_poisons_nothing,
    what_is_too_long_is_given_and_not_stored,
    a_key_that_is_too_long_is_none,
    processes_share_what_is_stored_and_what_is_invalidated,
}

everywhere! { requests:
    a_path_invalidates,
    languages_do_not_meet,
    a_stream_is_stored_while_it_is_sent,
    a_stream_that_breaks_off_is_not_stored,
    head_and_preconditions_are_answered_from_what_get_stored,
}

everywhere! { sick:
    a_backend_that_fails_fails_nobody,
    a_backend_that_hangs_delays_nobody_past_its_limits,
    what_is_damaged_is_a_miss,
    what_could_not_be_invalidated_is_an_error_and_is_retried,
}

async fn what_is_fresh_answers_and_what_is_not_is_made_anew(site: Site) {
    for (pause, run) in [(0, "1"), (0, "1"), (59, "1"), (2, "2"), (0, "2")] {
        site.waits(secs(pause));
        assert_eq!(site.get(Plain, "a").await, run);
    }
}

async fn keys_do_not_meet(site: Site) {
    let mut made = Vec::new();
    for kind in [Plain, Behind, Instead] {
        for id in ["a", "A", "aa", "b", "1", "01"] {
            made.push((kind, id, site.get(kind, id).await));
        }
    }
    assert_eq!(site.source.runs(), 18);
    for (kind, id, run) in made {
        assert_eq!(site.get(kind, id).await, run, "{kind:?} {id}");
    }
}

async fn every_target_invalidates_all_of_it_and_nothing_else(site: Site) {
    let targets = [(Target::all(), true), (Target::named("plain"), true), (Target::group("pages"), true), (Target::group("page:a"), false)];
    for (target, is_of_b) in targets {
        let (a, b, other) = (site.get(Plain, "a").await, site.get(Plain, "b").await, site.get(Behind, "c").await);
        let foreign = [Target::named("plainer"), Target::group("page"), Target::group("page:"), Target::path("/plain/c")];
        for foreign in foreign.into_iter().filter(|_| site.tells_names_apart()) {
            site.cache.invalidate(foreign).await.unwrap();
        }
        assert_eq!((site.get(Plain, "a").await, site.get(Plain, "b").await), (a.clone(), b.clone()), "{target:?}");
        site.cache.invalidate(target.clone()).await.unwrap();
        assert_ne!(site.get(Plain, "a").await, a, "{target:?}");
        let is_gone = site.get(Plain, "b").await != b;
        assert!(is_gone == is_of_b || is_gone && !site.tells_names_apart(), "{target:?}");
        let is_of_others = matches!(format!("{target:?}"), text if !text.contains("plain") && is_of_b);
        assert_eq!(site.get(Behind, "c").await != other && is_of_others, is_of_others, "{target:?}");
    }
}

async fn what_is_expired_is_stale_and_no_more(site: Site) {
    assert_eq!((site.get(Plain, "a").await, site.get(Behind, "a").await), ("1".to_owned(), "2".to_owned()));
    site.cache.expire(Target::group("page:a")).await.unwrap();
    assert_eq!(site.get(Plain, "a").await, "3", "no window allows it");
    assert_eq!(site.get(Behind, "a").await, "2", "once more, while it is made anew");
    assert_eq!((site.get(Plain, "a").await, site.get(Behind, "a").await), ("3".to_owned(), "4".to_owned()));
}

async fn an_invalidation_wins_over_a_run_under_way(site: Site) {
    let other = site.another().await;
    for kind in [Plain, Behind] {
        for target in [Target::group("pages"), Target::group("page:a"), Target::named(kind.name()), Target::all()] {
            for (by, is_asked_again) in [(&site, false), (&site, true), (&other, false), (&other, true)] {
                site.cache.invalidate(Target::all()).await.unwrap();
                site.source.is(Mood::Waits);
                let runs = site.source.runs();
                let before = site.asks(kind, "a");
                site.source.has_begun(runs + 1).await;
                by.cache.invalidate(target.clone()).await.unwrap();
                // It does not wait for what began before.
                let after = is_asked_again.then(|| site.asks(kind, "a"));
                site.source.has_begun(runs + 1 + u64::from(is_asked_again)).await;
                site.source.lets_go(2);
                assert_eq!(before.await.unwrap(), (runs + 1).to_string(), "{target:?}");
                if let Some(after) = after {
                    assert_eq!(after.await.unwrap(), (runs + 2).to_string(), "{target:?}");
                }
                site.settled().await;
                site.source.is(Mood::Well);
                for reader in [&site, &other] {
                    assert_ne!(reader.get(kind, "a").await, (runs + 1).to_string(), "{target:?}");
                }
                site.source.forgets_permits();
            }
        }
    }
}

async fn concurrent_requests_share_a_run(site: Site) {
    site.source.is(Mood::Waits);
    let asked: Vec<_> = (0..100).map(|_| site.asks(Plain, "a")).collect();
    site.source.has_begun(1).await;
    site.source.lets_go(100);
    for answer in asked {
        assert_eq!(answer.await.unwrap(), "1");
    }
    assert_eq!(site.source.runs(), 1);
}

async fn who_leaves_stops_nobody(site: Site) {
    site.source.is(Mood::Waits);
    let leaves = site.asks(Plain, "a");
    site.source.has_begun(1).await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    site.source.lets_go(1);
    site.settled().await;
    assert_eq!(site.get(Plain, "a").await, "1");
}

async fn what_is_stale_is_given_while_it_is_made_anew(site: Site) {
    assert_eq!(site.get(Behind, "a").await, "1");
    site.waits(secs(61));
    site.source.is(Mood::Waits);
    for _ in 0..3 {
        assert_eq!(site.asks(Behind, "a").await.unwrap(), "1");
    }
    site.source.has_begun(2).await;
    site.source.lets_go(1);
    site.settled().await;
    site.source.is(Mood::Well);
    assert_eq!(site.get(Behind, "a").await, "2");
    site.waits(secs(121));
    assert_eq!(site.get(Behind, "a").await, "3", "the window is over");
    site.waits(secs(61));
    site.cache.invalidate(Target::group("pages")).await.unwrap();
    assert_eq!(site.get(Behind, "a").await, "4", "what is invalidated is not stale");
}

async fn what_is_stale_stands_in_for_a_failure(site: Site) {
    for (id, mood) in [("a", Mood::Fails), ("b", Mood::Panics)] {
        site.source.is(Mood::Well);
        let made = site.get(Instead, id).await;
        site.waits(secs(61));
        site.source.is(mood);
        let runs = site.source.runs();
        assert_eq!(site.get(Instead, id).await, made, "{mood:?}");
        assert_eq!(site.source.runs(), runs + 1, "it was tried");
        site.waits(secs(60));
        assert_ne!(site.get(Instead, id).await, made, "{mood:?}: the window is over");
    }
}

async fn an_error_is_not_stored(site: Site) {
    for kind in [Plain, Behind, Instead] {
        site.source.is(Mood::Fails);
        for _ in 0..3 {
            let runs = site.source.runs();
            assert_eq!(site.get(kind, "a").await, format!("failed {}", runs + 1));
        }
        site.source.is(Mood::Well);
        let made = site.get(kind, "a").await;
        assert_eq!(made, site.source.runs().to_string());
        assert_eq!(site.get(kind, "a").await, made);
    }
}

async fn a_panic_is_not_stored_and_poisons_nothing(site: Site) {
    site.source.is(Mood::Panics);
    for _ in 0..2 {
        assert_eq!(site.get(Plain, "a").await, "panicked");
    }
    site.source.is(Mood::Well);
    assert_eq!((site.get(Plain, "a").await, site.get(Plain, "a").await), ("3".to_owned(), "3".to_owned()));
}

async fn what_is_too_long_is_given_and_not_stored(site: Site) {
    site.source.is(Mood::Long);
    assert_eq!((site.get(Plain, "a").await, site.get(Plain, "a").await), ("1".to_owned(), "2".to_owned()));
    site.source.is(Mood::Well);
    assert_eq!((site.get(Plain, "a").await, site.get(Plain, "a").await), ("3".to_owned(), "3".to_owned()));
}

async fn a_key_that_is_too_long_is_none(site: Site) {
    let (long, longest) = ("x".repeat(9 << 10), "x".repeat(7 << 10));
    assert_eq!((site.get(Plain, &long).await, site.get(Plain, &long).await), ("1".to_owned(), "2".to_owned()));
    // One of its groups is too long, too.
    assert_eq!((site.get(Plain, &longest).await, site.get(Plain, &longest).await), ("3".to_owned(), "4".to_owned()));
    assert_eq!((site.get(Plain, "x").await, site.get(Plain, "x").await), ("5".to_owned(), "5".to_owned()));
}

async fn processes_share_what_is_stored_and_what_is_invalidated(site: Site) {
    let other = site.another().await;
    assert_eq!((site.get(Plain, "a").await, other.get(Plain, "a").await), ("1".to_owned(), "1".to_owned()));
    other.cache.invalidate(Target::group("page:a")).await.unwrap();
    assert_eq!((site.get(Plain, "a").await, other.get(Plain, "a").await), ("2".to_owned(), "2".to_owned()));
    site.cache.expire(Target::named("behind")).await.unwrap();
    assert_eq!(other.get(Behind, "a").await, "3");
    site.cache.expire(Target::named("behind")).await.unwrap();
    assert_eq!(other.get(Behind, "a").await, "3");
    assert_eq!(site.get(Behind, "a").await, "4");
}

async fn a_path_invalidates(site: Site) {
    let (a, b) = (site.get(Plain, "a").await, site.get(Plain, "b").await);
    site.cache.invalidate(Target::path("/plain/a")).await.unwrap();
    assert_ne!(site.get(Plain, "a").await, a);
    assert_eq!(site.get(Plain, "b").await, b);
}

async fn languages_do_not_meet(site: Site) {
    let ask = async |language| site.send(Request::get("/language/a").header(header::ACCEPT_LANGUAGE, language)).await;
    for _ in 0..2 {
        for (language, run) in [("fr", "1"), ("de", "2"), ("fr, de", "3")] {
            let (head, text) = ask(language).await;
            assert_eq!((text.as_str(), &head.headers[header::VARY]), (run, &header::HeaderValue::from_static("accept-language")));
        }
    }
    assert_eq!(site.send(Request::get("/language/a")).await.1, "4");
}

async fn a_stream_is_stored_while_it_is_sent(site: Site) {
    site.source.is(Mood::Streams);
    let ask = async || site.send(Request::get("/plain/a")).await;
    assert_eq!(ask().await.1, "1");
    let (head, text) = ask().await;
    assert_eq!((text.as_str(), &head.headers[header::CONTENT_LENGTH]), ("1", &header::HeaderValue::from_static("2")));
}

async fn a_stream_that_breaks_off_is_not_stored(site: Site) {
    site.source.is(Mood::BreaksOff);
    for runs in 1..3 {
        assert_eq!(site.get(Plain, "a").await, "broken off");
        assert_eq!(site.source.runs(), runs);
    }
    site.source.is(Mood::Well);
    assert_eq!(site.get(Plain, "a").await, "3");
}

async fn head_and_preconditions_are_answered_from_what_get_stored(site: Site) {
    let (made, _) = site.send(Request::get("/plain/a")).await;
    let (head, content) = site.send(Request::head("/plain/a")).await;
    assert_eq!((head.status, content.as_str(), &head.headers[header::ETAG]), (StatusCode::OK, "", &made.headers[header::ETAG]));
    let conditional = Request::get("/plain/a").header(header::IF_NONE_MATCH, &made.headers[header::ETAG]);
    assert_eq!(site.send(conditional).await.0.status, StatusCode::NOT_MODIFIED);
    let ranged = site.send(Request::get("/plain/a").header(header::RANGE, "bytes=0-0")).await;
    assert_eq!((ranged.0.status, ranged.1.as_str()), (StatusCode::PARTIAL_CONTENT, "1"));
    assert_eq!(site.source.runs(), 1);
}

async fn a_backend_that_fails_fails_nobody(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    assert_eq!(site.get(Plain, "a").await, "1");
    chaos.suffers(Fault::Fail, 1.0);
    for run in 2..10 {
        assert_eq!(site.get(Plain, "a").await, run.to_string());
    }
    chaos.heals();
    // By now the circuit breaker is open, until a probe is answered.
    tokio::time::sleep(secs(30)).await;
    assert_eq!(site.get(Plain, "a").await, "1");
}

async fn a_backend_that_hangs_delays_nobody_past_its_limits(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    assert_eq!(site.get(Plain, "a").await, "1");
    chaos.suffers_at(Call::Get, Fault::Hang, 1.0);
    chaos.suffers_at(Call::Read, Fault::Hang, 1.0);
    chaos.suffers_at(Call::Put, Fault::Hang, 1.0);
    for (id, run) in [("a", "2"), ("b", "3")] {
        let began = Instant::now();
        assert_eq!(site.asks(Plain, id).await.unwrap(), run);
        // 50 ms to read, and what timers round up to; it is stored behind the answer.
        assert!(began.elapsed() <= Duration::from_millis(55), "{:?}", began.elapsed());
    }
}

async fn what_is_damaged_is_a_miss(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    for (fault, run) in [(Fault::Damage, "2"), (Fault::Lose, "3"), (Fault::Damage, "4")] {
        site.get(Plain, "a").await;
        chaos.script(Call::Get, [fault]);
        assert_eq!(site.get(Plain, "a").await, run, "{fault:?}");
        assert_eq!(site.get(Plain, "a").await, run, "it is stored anew");
    }
}

async fn what_could_not_be_invalidated_is_an_error_and_is_retried(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    assert_eq!(site.get(Plain, "a").await, "1");
    chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
    assert!(site.cache.invalidate(Target::group("page:a")).await.is_err());
    chaos.heals();
    // It is tried again.
    tokio::time::sleep(secs(60)).await;
    assert_eq!(site.get(Plain, "a").await, "2");
}
