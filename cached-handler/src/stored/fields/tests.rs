use std::sync::Arc;

use super::*;
use crate::rules::client::{CacheControlSetting, Terms};

fn of(lines: &[(&'static str, HeaderValue)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(*name, value.clone());
    }
    map
}

fn text(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    of(&lines.iter().map(|(name, value)| (*name, HeaderValue::from_static(value))).collect::<Vec<_>>())
}

fn terms(of_head: bool) -> FormTerms {
    FormTerms { for_clients: ForClients::silent(), tells_clients: false, targeted: &["cdn-cache-control"], of_head }
}

fn kept(map: &HeaderMap, forms: &Forms) -> Fields {
    Fields::kept(map.clone(), &mut Tag::Own, terms(false), forms)
}

/// Without the age, which is the answer's own.
fn stored(fields: &Fields) -> HeaderMap {
    let mut map = fields.map().into_owned();
    map.remove(header::AGE);
    map
}

fn form(fields: &Fields) -> &Arc<Form> {
    match fields {
        Fields::Kept { form, .. } => form,
        Fields::Read(_) => unreachable!("it was read from nowhere"),
    }
}

#[test]
fn values_stay_what_they_are_in_their_order_and_keep_nothing_alive() {
    let head = Bytes::from(vec![b'v'; 1 << 20]);
    let piece = |length| HeaderValue::from_maybe_shared(head.slice(..length)).unwrap();
    let mut secret = HeaderValue::from_static("no-cache");
    secret.set_sensitive(true);
    let map = of(&[
        ("a", piece(3)),
        ("content-type", HeaderValue::from_static("application/json")),
        ("b", piece(0)),
        ("a", HeaderValue::from_bytes(b"\xff x").unwrap()),
        ("etag", piece(5)),
        ("etag", piece(6)),
        ("c", secret),
    ]);
    let fields = kept(&map, &Forms::new());
    assert_eq!(stored(&fields), map);
    for name in map.keys() {
        assert_eq!(fields.get(name), map.get(name), "{name}");
        let lines = |map: &HeaderMap| map.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(lines(&fields.answer(7)), lines(&map), "{name}");
    }
    assert!(fields.map()["c"].is_sensitive() && !fields.map()["a"].is_sensitive());
    assert_eq!(fields.get(&header::DATE), None);
    drop(map);
    assert!(head.is_unique(), "nothing of it is kept");
}

#[test]
fn an_answer_has_its_age_first_and_then_the_tag_and_room_for_a_length() {
    let map = text(&[("content-type", "text/html"), ("date", "now"), ("etag", "W/\"1\""), ("x", "y")]);
    let mut answer = kept(&map, &Forms::new()).answer(7);
    let lines: Vec<_> = answer.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(lines, [("age", "7"), ("etag", "W/\"1\""), ("date", "now"), ("x", "y"), ("content-type", "text/html")]);
    let capacity = answer.capacity();
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from_static("5"));
    assert_eq!(answer.capacity(), capacity);
}

#[test]
fn the_answer_to_a_head_says_the_length_that_its_handler_said() {
    let map = text(&[("content-length", "9")]);
    let fields = Fields::kept(map, &mut Tag::Own, terms(true), &Forms::new());
    assert_eq!(fields.answer(0)["content-length"], "9");
}

#[test]
fn a_304_has_what_matters_to_a_cache() {
    let lines = [("x", "y"), ("date", "now"), ("last-modified", "then"), ("cdn-cache-control", "max-age=9"), ("vary", "accept")];
    let with_a_tag = [&lines[..], &[("etag", "\"1\"")]].concat();
    for (lines, expected) in [
        (&lines[..], &["age", "cdn-cache-control", "date", "last-modified", "vary"][..]),
        (&with_a_tag, &["age", "cdn-cache-control", "date", "etag", "vary"]),
    ] {
        let map = text(lines);
        for fields in [kept(&map, &Forms::new()), Fields::read(map.clone(), ForClients::silent())] {
            let answer = fields.not_modified(&["cdn-cache-control"], 7);
            let mut names: Vec<_> = answer.keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, expected);
            assert_eq!(answer["age"], "7");
            assert!(names[1..].iter().all(|name| answer.get(*name) == map.get(*name)));
        }
    }
}

#[test]
fn the_strong_form_of_a_tag_is_a_piece_of_the_weak_one() {
    let mut tag = Tag::ByRequest(HeaderValue::from_static("\"1\""));
    let Fields::Kept { own, .. } = Fields::kept(text(&[("etag", "W/\"1\"")]), &mut tag, terms(false), &Forms::new()) else {
        unreachable!()
    };
    let Tag::ByRequest(strong) = tag else { unreachable!() };
    assert_eq!(strong, "\"1\"");
    assert_eq!(strong.as_bytes().as_ptr(), own[0].as_bytes()[2..].as_ptr());
}

#[test]
fn responses_share_a_form_where_they_differ_in_their_own_values_alone() {
    let forms = Forms::new();
    let of = |lines: &[(&'static str, &'static str)]| kept(&text(lines), &forms);
    let one = of(&[("content-type", "text/html"), ("etag", "\"1\"")]);
    assert!(Arc::ptr_eq(form(&one), form(&of(&[("etag", "\"2\""), ("content-type", "text/html")]))));
    for other in [
        of(&[("content-type", "text/css"), ("etag", "\"1\"")]),
        of(&[("content-type", "text/x"), ("etag", "\"1\"")]),
        of(&[("content-type", "text/html"), ("etag", "\"1\""), ("etag", "\"2\"")]),
        of(&[("content-type", "text/html")]),
        Fields::kept(text(&[("content-type", "text/html"), ("etag", "\"1\"")]), &mut Tag::Own, terms(true), &forms),
    ] {
        assert!(!Arc::ptr_eq(form(&one), form(&other)), "{other:?}");
    }
}

#[test]
fn what_clients_are_told_by_the_attribute_is_the_same_in_all() {
    let forms = Forms::new();
    let of = |cache_control, etag| {
        let mut map = text(&[("etag", etag)]);
        let told = Terms { cache_control: CacheControlSetting::Is(cache_control), private: false, forwards: false, targeted: &[] };
        let for_clients = ForClients::of(&told).write(&mut map);
        Fields::kept(map, &mut Tag::Own, FormTerms { for_clients, tells_clients: true, ..terms(false) }, &forms)
    };
    let (one, other) = (of("max-age=60", "\"1\""), of("max-age=60", "\"2\""));
    assert!(Arc::ptr_eq(form(&one), form(&other)) && !Arc::ptr_eq(form(&one), form(&of("max-age=70", "\"1\""))));
    assert_eq!(one.answer(9)["cache-control"], "max-age=60");
    assert_eq!(one.cache_control_at(9).unwrap(), "max-age=69");
}

#[test]
fn forms_beyond_a_number_are_not_shared_and_count_with_their_response() {
    let forms = Forms::new();
    let of = |at: usize| {
        let mut map = HeaderMap::new();
        map.insert(HeaderName::try_from(format!("x-{at}")).unwrap(), HeaderValue::from_static("y"));
        kept(&map, &forms)
    };
    let shared: Vec<_> = (0..128).map(of).collect();
    assert!(shared.iter().all(|fields| form(fields).of_one_response().is_none()));
    let alone = of(128);
    assert!(form(&alone).of_one_response().is_some() && alone.weight() > 2 * shared[0].weight());
    drop(shared);
    assert!(form(&of(129)).of_one_response().is_none(), "those that nobody has give their places away");
    let many: HeaderMap = (0..33).map(|at| (HeaderName::try_from(format!("x-{at}")).unwrap(), HeaderValue::from_static("y"))).collect();
    assert!(form(&kept(&many, &Forms::new())).of_one_response().is_some());
}
