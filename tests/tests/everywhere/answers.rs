//! The laws for each way in which a request is answered: whole, its fields alone, 304, a part; from what is fresh, from what
//! is stale, from another's run.

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header, request, response::Parts};
use cached_handler::{Outcome, Target, secs};

use super::{
    site::{Kind, Kind::Behind, Kind::Plain, Place, Site, Way},
    source::Mood,
};

/// How a client asks for the page that it may have a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Whole,
    Head,
    Unchanged,
    Part,
}

pub const ASKS: [Ask; 4] = [Ask::Whole, Ask::Head, Ask::Unchanged, Ask::Part];

impl Ask {
    pub fn of(self, uri: &str, tag: &str) -> request::Builder {
        match self {
            Self::Whole => Request::get(uri),
            Self::Head => Request::head(uri),
            Self::Unchanged => Request::get(uri).header(header::IF_NONE_MATCH, tag),
            Self::Part => Request::get(uri).header(header::RANGE, "bytes=0-0"),
        }
    }

    /// What it is answered where there is something.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Whole | Self::Head => StatusCode::OK,
            Self::Unchanged => StatusCode::NOT_MODIFIED,
            Self::Part => StatusCode::PARTIAL_CONTENT,
        }
    }
}

/// A copy that a client has: the number of its run, and its tag.
#[derive(Debug, Clone)]
pub struct Copy {
    pub run: String,
    pub tag: String,
    fields: HeaderMap,
}

impl Copy {
    pub async fn of(site: &Site, uri: &str) -> Self {
        let (parts, run) = site.send(Request::get(uri)).await;
        assert_eq!(parts.headers["x-run"], run, "{uri}");
        let tag = parts.headers.get(header::ETAG).map_or("", |tag| tag.to_str().unwrap()).to_owned();
        Self { run, tag, fields: parts.headers }
    }

    /// Whose run made an answer to a client that has this copy.
    pub fn run_of(&self, parts: &Parts) -> String {
        match parts.status {
            StatusCode::NOT_MODIFIED if parts.headers[header::ETAG] == self.tag.as_str() => self.run.clone(),
            _ => parts.headers.get("x-run").map_or("none", |run| run.to_str().unwrap()).to_owned(),
        }
    }
}

fn uri(kind: Kind, id: &str) -> String {
    format!("/{}/{id}", kind.name())
}

everywhere! { requests:
    l1_no_answer_of_any_form_is_another_variants,
    l3_every_form_of_a_hit_has_the_fields_of_the_miss,
    l4_no_form_of_an_answer_is_older_than_an_invalidation_by_any_target,
    l4_no_form_of_an_answer_is_fresh_after_it_was_expired,
    l4_no_form_of_an_answer_comes_from_a_run_that_an_invalidation_overtook,
    l5_all_forms_share_a_run,
    l5_a_client_of_any_form_who_leaves_stops_nobody,
    l6_what_is_stale_stands_in_for_a_failure_in_every_form,
    l8_no_form_of_an_answer_is_another_clients,
    l10_clients_revalidate_after_each_form_of_an_answer,
}

async fn l1_no_answer_of_any_form_is_another_variants(site: Site) {
    let mut copies = Vec::new();
    for language in ["de", "fr"] {
        let (parts, run) = site.send(Request::get("/language/a").header(header::ACCEPT_LANGUAGE, language)).await;
        let tag = parts.headers[header::ETAG].to_str().unwrap().to_owned();
        copies.push((language, Copy { run, tag, fields: parts.headers }));
    }
    assert_ne!(copies[0].1.run, copies[1].1.run);
    for ask in ASKS {
        for (language, copy) in &copies {
            for (_, held) in &copies {
                let (parts, _) = site.send(ask.of("/language/a", &held.tag).header(header::ACCEPT_LANGUAGE, *language)).await;
                assert_eq!(held.run_of(&parts), copy.run, "{ask:?} {language}, with a copy of {}", held.run);
                assert_eq!(parts.status == StatusCode::NOT_MODIFIED, ask == Ask::Unchanged && held.run == copy.run, "{ask:?} {language}");
            }
        }
    }
    assert_eq!(site.source.runs(), 2);
}

/// Fields that a hit may add, or that its form of an answer changes (RFC 9110 §15.3.7, §15.4.5).
fn comparable(fields: &HeaderMap, ask: Ask) -> Vec<(String, HeaderValue)> {
    let left_out: &[&str] = match ask {
        Ask::Whole | Ask::Head => &["age"],
        Ask::Unchanged => &["age", "content-type", "content-length", "x-run", "accept-ranges", "last-modified"],
        Ask::Part => &["age", "content-length", "content-range"],
    };
    let lines = fields.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
    let mut lines: Vec<_> = lines.map(|(name, value)| (name.to_string(), value.clone())).collect();
    lines.sort();
    lines
}

async fn l3_every_form_of_a_hit_has_the_fields_of_the_miss(site: Site) {
    for kind in [Plain, Behind] {
        let uri = uri(kind, "a");
        let miss = Copy::of(&site, &uri).await;
        let mut waits = vec![7];
        if kind == Behind {
            // It is stale by then, and each answer of it makes it anew: but not while the server takes its time.
            waits.push(60);
        }
        for wait in waits {
            site.waits(secs(wait));
            site.source.is(Mood::Waits);
            for ask in ASKS {
                let (parts, text) = site.sends(ask.of(&uri, &miss.tag)).await.unwrap();
                assert_eq!(parts.status, ask.status(), "{ask:?}");
                assert_eq!(comparable(&parts.headers, ask), comparable(&miss.fields, ask), "{ask:?} {kind:?}");
                let content = if matches!(ask, Ask::Whole | Ask::Part) { &*miss.run } else { "" };
                assert_eq!(text, content, "{ask:?}");
                assert!(parts.headers.contains_key(header::AGE), "{ask:?}: it says its age");
            }
            site.source.lets_go(4);
            site.settled().await;
            site.source.forgets_permits();
            site.source.is(Mood::Well);
        }
    }
}

async fn l4_no_form_of_an_answer_is_older_than_an_invalidation_by_any_target(site: Site) {
    let other = site.another().await;
    for kind in [Plain, Behind] {
        let uri = uri(kind, "a");
        let groups = ["pages", "page:a", "said"].map(Target::group).into_iter();
        let targets: Vec<_> = groups.chain([Target::named(kind.name()), Target::path(&uri), Target::all()]).collect();
        for target in targets {
            for ask in ASKS {
                for wait in [0, 61] {
                    site.cache.invalidate(Target::all()).await.unwrap();
                    let copy = Copy::of(&site, &uri).await;
                    let (found, _) = site.send(ask.of(&uri, &copy.tag)).await;
                    assert_eq!((copy.run_of(&found), found.status), (copy.run.clone(), ask.status()), "{ask:?}");
                    // By now it is stale, and in the window.
                    site.waits(secs(wait));
                    other.cache.invalidate(target.clone()).await.unwrap();
                    let runs = site.source.runs();
                    let (parts, _) = site.send(ask.of(&uri, &copy.tag)).await;
                    assert_ne!(copy.run_of(&parts), copy.run, "{ask:?} {target:?} {kind:?} after {wait} s");
                    assert_eq!(site.source.runs(), runs + 1, "{ask:?} {target:?} {kind:?} after {wait} s");
                }
            }
        }
    }
}

async fn l4_no_form_of_an_answer_is_fresh_after_it_was_expired(site: Site) {
    for ask in ASKS {
        for kind in [Plain, Behind] {
            let uri = uri(kind, "a");
            site.cache.invalidate(Target::all()).await.unwrap();
            let copy = Copy::of(&site, &uri).await;
            site.cache.expire(Target::group("page:a")).await.unwrap();
            let (parts, _) = site.send(ask.of(&uri, &copy.tag)).await;
            assert_eq!(copy.run_of(&parts) == copy.run, kind == Behind, "{ask:?} {kind:?}: it may be used in a stale window alone");
            // A HEAD that a layer could not store makes nothing anew; a GET does.
            Copy::of(&site, &uri).await;
            assert_ne!(Copy::of(&site, &uri).await.run, copy.run, "{ask:?} {kind:?}: it has been made anew");
        }
    }
}

async fn l4_no_form_of_an_answer_comes_from_a_run_that_an_invalidation_overtook(site: Site) {
    let other = site.another().await;
    for ask in ASKS {
        for first in [Ask::Whole, Ask::Unchanged] {
            site.cache.invalidate(Target::all()).await.unwrap();
            let runs = site.source.runs();
            site.source.is(Mood::Waits);
            let before = site.sends(first.of("/plain/a", "\"none\""));
            site.source.has_begun(runs + 1).await;
            other.cache.invalidate(Target::group("page:a")).await.unwrap();
            // It waits for none that began before.
            let after = site.sends(ask.of("/plain/a", "\"none\""));
            site.source.has_begun(runs + 2).await;
            site.source.lets_go(2);
            let (parts, _) = before.await.unwrap();
            assert_eq!(parts.headers["x-run"], (runs + 1).to_string(), "{ask:?} after {first:?}");
            let (parts, _) = after.await.unwrap();
            assert_eq!(parts.headers["x-run"], (runs + 2).to_string(), "{ask:?} after {first:?}");
            site.settled().await;
            site.source.is(Mood::Well);
            site.source.forgets_permits();
            for reader in [&site, &other] {
                let (parts, _) = reader.send(ask.of("/plain/a", "\"none\"")).await;
                assert_ne!(parts.headers["x-run"], (runs + 1).to_string(), "{ask:?} after {first:?}");
            }
        }
    }
}

async fn l5_all_forms_share_a_run(site: Site) {
    // What a HEAD makes is nobody's where a layer has shown it the method.
    for first in ASKS.into_iter().filter(|ask| site.way == Way::Attribute || *ask != Ask::Head) {
        let (uri, runs) = (format!("/plain/{first:?}"), site.source.runs());
        site.source.is(Mood::Waits);
        let leader = site.sends(first.of(&uri, "*"));
        site.source.has_begun(runs + 1).await;
        let asked: Vec<_> = ASKS.repeat(10).into_iter().map(|ask| (ask, site.sends(ask.of(&uri, "*")))).collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        site.source.lets_go(50);
        for (ask, answer) in [(first, leader)].into_iter().chain(asked) {
            let (parts, text) = answer.await.unwrap();
            assert_eq!(parts.status, ask.status(), "{ask:?} after {first:?}");
            let run = (runs + 1).to_string();
            let content = if matches!(ask, Ask::Whole | Ask::Part) { &*run } else { "" };
            assert_eq!(text, content, "{ask:?} after {first:?}");
        }
        site.settled().await;
        assert_eq!(site.source.runs(), runs + 1, "after {first:?}");
        site.source.forgets_permits();
    }
}

async fn l5_a_client_of_any_form_who_leaves_stops_nobody(site: Site) {
    for first in ASKS.into_iter().filter(|ask| site.way == Way::Attribute || *ask != Ask::Head) {
        let (uri, runs) = (format!("/plain/{first:?}"), site.source.runs());
        site.source.is(Mood::Waits);
        let leaves = site.sends(first.of(&uri, "*"));
        site.source.has_begun(runs + 1).await;
        let stays = site.sends(Ask::Whole.of(&uri, "*"));
        tokio::task::yield_now().await;
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
        site.source.lets_go(2);
        assert_eq!(stays.await.unwrap().1, (runs + 1).to_string(), "after {first:?}");
        site.settled().await;
        site.source.is(Mood::Well);
        site.source.forgets_permits();
        assert_eq!(Copy::of(&site, &uri).await.run, (runs + 1).to_string(), "after {first:?}");
    }
}

async fn l6_what_is_stale_stands_in_for_a_failure_in_every_form(site: Site) {
    for mood in [Mood::Fails, Mood::Panics] {
        for ask in ASKS {
            let uri = format!("/instead/{ask:?}{mood:?}");
            site.source.is(Mood::Well);
            let copy = Copy::of(&site, &uri).await;
            site.waits(secs(61));
            site.source.is(mood);
            let runs = site.source.runs();
            let (parts, _) = site.send(ask.of(&uri, &copy.tag)).await;
            assert_eq!((copy.run_of(&parts), parts.status), (copy.run.clone(), ask.status()), "{ask:?} {mood:?}");
            assert_eq!(site.source.runs(), runs + 1, "{ask:?} {mood:?}: it was tried");
            site.waits(secs(60));
            let after = site.sends(ask.of(&uri, &copy.tag)).await;
            let is_over = after.as_ref().map_or(true, |(parts, _)| parts.status.is_server_error());
            assert!(is_over, "{ask:?} {mood:?}: the window is over");
        }
    }
}

async fn l8_no_form_of_an_answer_is_another_clients(site: Site) {
    site.source.is(Mood::Private);
    for kind in [Plain, Behind] {
        for ask in ASKS {
            let mut runs = Vec::new();
            for _ in 0..3 {
                let (parts, _) = site.send(ask.of(&uri(kind, "a"), "\"none\"")).await;
                let run = parts.headers["x-run"].to_str().unwrap().to_owned();
                assert_eq!(parts.headers[header::SET_COOKIE], format!("sid={run}"), "{ask:?}");
                assert!(!matches!(parts.extensions.get(), Some(Outcome::Hit { .. } | Outcome::Stale { .. })), "{ask:?}");
                assert!(!runs.contains(&run), "{ask:?}: {run} answers a second client");
                runs.push(run);
            }
        }
    }
    // What is made anew behind a stale answer is nobody's.
    site.source.is(Mood::Well);
    let copy = Copy::of(&site, "/behind/b").await;
    for ask in ASKS {
        site.waits(secs(if ask == Ask::Whole { 61 } else { 1 }));
        site.source.is(Mood::Private);
        let (parts, _) = site.send(ask.of("/behind/b", &copy.tag)).await;
        let run = copy.run_of(&parts);
        let is_its_own = parts.headers.get(header::SET_COOKIE).is_some_and(|cookie| cookie == format!("sid={run}").as_str());
        assert!(is_its_own || run == copy.run && !parts.headers.contains_key(header::SET_COOKIE), "{ask:?}: {parts:?}");
    }
}

async fn l10_clients_revalidate_after_each_form_of_an_answer(site: Site) {
    let copy = Copy::of(&site, "/behind/a").await;
    for wait in [0, 61] {
        site.waits(secs(wait));
        site.source.is(Mood::Waits);
        for ask in ASKS {
            let (parts, _) = site.sends(ask.of("/behind/a", &copy.tag)).await.unwrap();
            assert_eq!(parts.headers[header::CACHE_CONTROL], "no-cache", "{ask:?} after {wait} s");
            assert_eq!(parts.headers[header::ETAG], copy.tag.as_str(), "{ask:?} after {wait} s");
        }
        site.source.lets_go(1);
        site.settled().await;
        site.source.forgets_permits();
    }
}
