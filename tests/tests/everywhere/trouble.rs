//! Laws L2, L6 and L9 for each form of an answer: who is refused, a backend that fails, hangs or is damaged, and an invalidation
//! that had to be tried again.

use axum::http::StatusCode;
use cached_handler::{
    Outcome, Target, secs,
    testing::{Call, Fault},
};

use super::{
    answers::{ASKS, Copy},
    site::{Place, Site, Way},
};

everywhere! { attribute:
    l2_extractors_are_asked_for_every_form_of_an_answer,
}

everywhere! { sick requests:
    l6_a_backend_that_fails_fails_no_form_of_an_answer,
    l9_what_is_damaged_is_a_miss_in_every_form,
    l4_what_was_invalidated_late_answers_in_no_form_once_it_is,
}

async fn l2_extractors_are_asked_for_every_form_of_an_answer(site: Site) {
    let copy = Copy::of(&site, "/guarded/a").await;
    for wait in [0, 61] {
        site.waits(secs(wait));
        for ask in ASKS {
            let runs = site.source.runs();
            let (parts, text) = site.send(ask.of("/guarded/a", &copy.tag).header("x-refused", "1")).await;
            assert_eq!((parts.status, text.as_str()), (StatusCode::FORBIDDEN, ""), "{ask:?} after {wait} s");
            assert!(!matches!(parts.extensions.get(), Some(Outcome::Hit { .. } | Outcome::Stale { .. })), "{ask:?} after {wait} s");
            assert_eq!(site.source.runs(), runs, "{ask:?} after {wait} s: the body did not run");
        }
    }
    // Nothing of the rejections is stored.
    for ask in ASKS {
        let (parts, _) = site.sends(ask.of("/guarded/a", "\"none\"")).await.unwrap();
        assert!(parts.status.is_success(), "{ask:?}");
    }
}

async fn l6_a_backend_that_fails_fails_no_form_of_an_answer(way: Way) {
    for fault in [Fault::Fail, Fault::Hang, Fault::FailLate] {
        let (site, chaos) = Site::sick(way).await;
        let copy = Copy::of(&site, "/plain/a").await;
        chaos.suffers(fault, 1.0);
        for ask in ASKS.repeat(3) {
            let (parts, _) = site.sends(ask.of("/plain/a", &copy.tag)).await.unwrap();
            let made = copy.run_of(&parts);
            assert!(parts.status.is_success() || made == copy.run, "{ask:?} {fault:?}: {parts:?}");
            assert!(made == copy.run || made == site.source.runs().to_string(), "{ask:?} {fault:?}: {made}");
        }
    }
}

async fn l9_what_is_damaged_is_a_miss_in_every_form(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    for fault in [Fault::Damage, Fault::Lose] {
        for ask in ASKS {
            let copy = Copy::of(&site, "/plain/a").await;
            chaos.script(Call::Get, [fault]);
            let (parts, _) = site.send(ask.of("/plain/a", &copy.tag)).await;
            assert_eq!(copy.run_of(&parts), site.source.runs().to_string(), "{ask:?} {fault:?}");
            site.cache.invalidate(Target::all()).await.unwrap();
        }
    }
}

async fn l4_what_was_invalidated_late_answers_in_no_form_once_it_is(way: Way) {
    let (site, chaos) = Site::sick(way).await;
    for ask in ASKS {
        let copy = Copy::of(&site, "/plain/a").await;
        chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
        assert!(site.cache.invalidate(Target::group("page:a")).await.is_err(), "{ask:?}");
        chaos.heals();
        // It is tried again.
        tokio::time::sleep(secs(60)).await;
        let (parts, _) = site.send(ask.of("/plain/a", &copy.tag)).await;
        assert_ne!(copy.run_of(&parts), copy.run, "{ask:?}");
    }
}
