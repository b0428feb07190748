use std::time::Duration;

use bazaar::{app, settings};
use harness::{Site, assert_cached, assert_never_cached, assert_no_wrong_page};

fn site() -> Site {
    Site::with_settings(app(), settings)
}

#[test]
fn the_settings_of_the_house_hold_where_a_handler_has_none() {
    let site = site();
    let browser = site.browser();
    let offer = assert_cached(&site, &browser, "/offers/1");
    assert_eq!(offer.field("cache-control"), Some("public, max-age=30"));
    assert!(offer.field("etag").is_some_and(|tag| tag.starts_with("W/")), "{offer:?}");
    let price = assert_cached(&site, &browser, "/price/5");
    assert_eq!(price.field("cache-control"), None, "{price:?}");
    // Which statuses are stored adds up.
    assert_eq!(browser.get("/offers/2").status, 410);
    assert!(browser.get("/offers/2").is_hit());
}

#[test]
fn an_offer_is_fresh_until_its_end() {
    let site = site();
    let browser = site.browser();
    assert_cached(&site, &browser, "/offers/1");
    site.advance(Duration::from_secs(19));
    assert!(browser.get("/offers/1").is_hit());
    site.advance(Duration::from_secs(2));
    assert!(!browser.get("/offers/1").is_hit());
}

#[test]
fn what_is_not_there_is_stored_for_five_seconds() {
    let site = site();
    let browser = site.browser();
    for path in ["/offers/9", "/to/nowhere"] {
        assert_eq!(browser.get(path).status, 404);
        assert!(browser.get(path).is_hit(), "{path}");
    }
    site.advance(Duration::from_secs(6));
    for path in ["/offers/9", "/to/nowhere"] {
        assert!(!browser.get(path).is_hit(), "{path}");
    }
}

#[test]
fn a_redirect_is_stored_until_its_link_changes() {
    let site = site();
    let browser = site.browser();
    for target in ["/offers/1", "/offers/2"] {
        assert_eq!(browser.send("PUT", "/to/best", &["-d", target]).status, 201);
        for is_hit in [false, true] {
            let answer = browser.get("/to/best");
            assert_eq!((answer.status, answer.field("location"), answer.is_hit()), (302, Some(target), is_hit));
        }
    }
}

#[test]
fn a_hit_takes_no_rate_and_a_mistake_is_not_stored() {
    let site = site();
    let browser = site.browser();
    assert_cached(&site, &browser, "/price/5");
    assert_eq!(browser.get("/price/5").body, "5 in euros, by rate 1");
    assert_eq!(browser.get("/price/6").body, "6 in euros, by rate 2");
    assert_never_cached(&browser, "/price/much");
    let mistake = browser.get("/price/much");
    assert_eq!((mistake.status, mistake.body.as_str()), (200, "how much is that?"));
}

#[test]
fn an_attribute_that_does_nothing_is_counted_after_a_hundred_answers() {
    let site = site();
    let browser = site.browser();
    for _ in 0..99 {
        assert!(!browser.get("/").is_hit());
    }
    assert_eq!(site.stats().unused, 0);
    browser.get("/");
    assert_eq!(site.stats().unused, 1);
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 4, |site| {
        let (one, other) = (site.browser(), site.browser());
        for target in ["/offers/1", "/offers/2"] {
            for browser in [&one, &other, &one] {
                for path in ["/", "/offers/1", "/offers/2", "/offers/3", "/to/best", "/to/nowhere", "/price/much"] {
                    browser.get(path);
                }
            }
            one.send("PUT", "/to/best", &["-d", target]);
        }
    });
}
