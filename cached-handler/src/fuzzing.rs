//! The functions that the fuzzers of `tests/fuzz` call, and a short run of them on stable. Each checks that no bytes make a parser
//! panic, and a property of what was parsed; it returns whether its input could be parsed.

#![allow(missing_docs, reason = "not a public interface")]
#![allow(clippy::panic, clippy::expect_used, clippy::missing_panics_doc, reason = "these are assertions")]
#![allow(clippy::must_use_candidate, reason = "fuzzers look for panics alone")]

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    header::{cache_control::CacheControl, connection, date, entity_tag::EntityTag, targeted, vary},
    rules::{
        conditional::{Selected, Verdict, verdict},
        conditions::Conditional,
        freshness,
        path::normalise,
        range::{self, Asked},
        reference::{leads_back, path_at_same_origin},
        request, stale,
    },
    stored::codec::{decode, encode, forged},
    util::digest::Digest,
};

pub type Target = fn(&[u8]) -> bool;

/// The functions by the names of their fuzzers.
pub const TARGETS: [(&str, Target); 8] = [
    ("cache_control", cache_control),
    ("conditional", conditional),
    ("connection", hop_by_hop),
    ("dates", dates),
    ("range", ranges),
    ("reference", references),
    ("stored", stored),
    ("targeted", targeted_fields),
];

/// The input as lines of a field, split at line feeds.
fn lines(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            fields.append(name.clone(), line);
        }
    }
    fields
}

/// Adding a prohibition never permits more.
pub fn cache_control(data: &[u8]) -> bool {
    let mut fields = lines(&header::CACHE_CONTROL, data);
    let is_read = CacheControl::of(&fields, &header::CACHE_CONTROL).is_ok_and(|read| read != CacheControl::default());
    let _ = request::only_if_cached(&fields);
    let _ = request::accepts_stale(&fields, std::time::Duration::from_secs(5));
    let _ = stale::may_be_stale(&fields, targeted::DEFAULT);
    fields.append(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(read) = CacheControl::of(&fields, &header::CACHE_CONTROL) {
        assert!(read.private && read.no_store, "a prohibition is lost");
    }
    assert!(request::forbids_storing(&fields), "a request's `no-store` is lost");
    is_read
}

/// Two fields with a zero byte between them: the second counts if the first is absent or cannot be parsed.
pub fn targeted_fields(data: &[u8]) -> bool {
    const LIST: targeted::TargetList = &["surrogate-control", targeted::CDN_CACHE_CONTROL];
    let names = LIST.iter().map(|name| HeaderName::from_static(name));
    let alone: Vec<_> = names.zip(data.splitn(2, |byte| *byte == 0)).map(|(name, data)| lines(&name, data)).collect();
    let of_each = alone.iter().map(|fields| targeted::of(fields, LIST));
    let mut fields: HeaderMap = alone.iter().flat_map(HeaderMap::iter).map(|(name, value)| (name.clone(), value.clone())).collect();
    let before = targeted::of(&fields, LIST);
    assert_eq!(before, of_each.flatten().next(), "not the first that can be read");
    for name in LIST {
        fields.append(*name, HeaderValue::from_static("private"));
    }
    // A field that could be parsed still can be, and forbids now.
    if before.is_some() {
        assert!(targeted::of(&fields, LIST).is_some_and(|read| read.private || read.no_store), "a prohibition is lost");
    }
    before.is_some()
}

/// All fields that decide how a stored response is used.
pub fn conditional(data: &[u8]) -> bool {
    let names =
        [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE, header::IF_RANGE, header::RANGE];
    let mut asked = Conditional::default();
    for line in data.split(|byte| *byte == b'\n') {
        let Some((which, value)) = line.split_first() else { continue };
        if let (Some(name), Ok(value)) = (names.get(usize::from(*which) % names.len()), HeaderValue::from_bytes(value)) {
            asked.note(name, &value);
        }
    }
    let tag = EntityTag::parse(&HeaderValue::from_static("\"a\"")).expect("a tag");
    let modified = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
    let selected = Selected {
        status: StatusCode::OK,
        entity_tag: Some(tag.as_ref()),
        last_modified: Some(&modified),
        date: Some(&modified),
        length: Some(10),
        goes_by_its_date: true,
        may_change: false,
    };
    let found = verdict(&asked, &Method::GET, &selected);
    if let Verdict::Part { first, last } = found {
        assert!(first <= last && last < 10, "a part beyond the whole");
    }
    let missing = Selected { status: StatusCode::NOT_FOUND, ..selected };
    assert_eq!(verdict(&asked, &Method::GET, &missing), Verdict::Whole);
    found != Verdict::Whole
}

pub fn hop_by_hop(data: &[u8]) -> bool {
    let mut fields = lines(&header::CONNECTION, data);
    for name in [header::SET_COOKIE, header::CACHE_CONTROL, header::VARY, header::CONTENT_TYPE] {
        fields.insert(name, HeaderValue::from_static("x"));
    }
    fields.insert("x-any", HeaderValue::from_static("x"));
    connection::drop_hop_by_hop(&mut fields, targeted::DEFAULT);
    assert!(!fields.contains_key(header::CONNECTION));
    let is_named = fields.remove("x-any").is_none();
    assert_eq!(fields.len(), 4, "what gates the store is gone");
    let _ = vary::Vary::of(&lines(&header::VARY, data));
    is_named
}

/// A date that was parsed is printed, and parsed as the same date.
pub fn dates(data: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(data) else { return false };
    let read = date::parse(&value);
    if let Some(time) = read {
        assert_eq!(date::parse(&date::print(time)), Some(time));
    }
    let mut fields = lines(&header::EXPIRES, data);
    fields.insert(header::AGE, value);
    let now = std::time::SystemTime::UNIX_EPOCH;
    let _ = freshness::stated(&fields, None, &CacheControl::default(), now);
    let _ = freshness::initial_age(&fields, now);
    read.is_some()
}

pub fn ranges(data: &[u8]) -> bool {
    let Some((length, range)) = data.split_first() else { return false };
    let length = usize::from(*length);
    if let Ok(range) = HeaderValue::from_bytes(range)
        && let Asked::Part { first, last } = range::asked(&range, length)
    {
        assert!(first <= last && last < length, "a part beyond the whole");
        return true;
    }
    false
}

pub fn references(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let path = path_at_same_origin(text, "/a/b?9", Some("a.example"));
    // A reference that leads back to the target has the same origin.
    assert!(!leads_back(text, "/a/b?9", Some("a.example")) || path.is_some());
    let Some(path) = path else { return false };
    assert!(path.starts_with('/'));
    let normal = normalise(&path);
    assert_eq!(normalise(&normal), normal);
    true
}

/// Arbitrary bytes in a backend, with a valid checksum and without: a response that was decoded is encoded, and decoded as the same.
pub fn stored(data: &[u8]) -> bool {
    assert!(decode(&Bytes::copy_from_slice(data), &KEY, usize::MAX).is_err(), "a checksum by chance");
    let Ok(slot) = decode(&forged(data, &KEY), &KEY, usize::MAX) else { return false };
    assert_eq!(decode(&encode(&slot, &KEY), &KEY, usize::MAX), Ok(slot));
    true
}

const KEY: Digest = Digest::NONE;

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid examples for each function. Random inputs begin with one of them as often as with nothing.
    const EXAMPLES: [(&str, &[&[u8]]); 8] = [
        ("cache_control", &[b"max-age=60, public", b"no-cache=\"a, b\"\ns-maxage=5", b"max-stale, min-fresh=3, only-if-cached"]),
        ("conditional", &[b"\x00\"a\", W/\"b\"", b"\x01*", b"\x05bytes=2-5\n\x04\"a\"", b"\x02Sun, 06 Nov 1994 08:49:37 GMT"]),
        ("connection", &[b"close, x-any\nkeep-alive", b"set-cookie, cache-control"]),
        ("dates", &[b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"]),
        ("range", &[b"\x09bytes=0-4", b"\x09bytes=-3", b"\x09bytes=2-", b"\x09bytes=0-0, 3-4"]),
        ("reference", &[b"http://a.example/b/../c?d", b"//a.example:80/%2e%2E/x", b"?9", b"b;c=/./"]),
        ("stored", &[RESPONSE, VARIANTS]),
        ("targeted", &[b"max-age=60, must-revalidate", b"a=(1 2);b, max-age=5;c=\"d\"", b"private=?1\nx=:aGk=:", b"x=\0max-age=9"]),
    ];

    /// A 200 with one group, one part without path and groups, one field line, and the content "hi".
    const RESPONSE: &[u8] = b"\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\
        \x07\x00\x00\x00\x00\x00\x00\x00\
        \x03\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\
        \xc8\x00\x01\x00\x00\x00\x01\x00\x00\x00g\
        \x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00h\x00\x00\x00\x00\
        \x01\x00\x00\x00\x04\x00\x00\x00etag\x03\x00\x00\x00\"1\"\x02\x00\x00\x00hi";

    /// One field, one hash.
    const VARIANTS: &[u8] = b"\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\
        \x07\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x06\x00\x00\x00accept\x01\x00\x00\x00\
        \x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00";

    /// Pieces that the parsers look for, so that a short random run reaches most of their code.
    const PIECES: [&str; 34] = [
        "max-age=",
        "no-store",
        "private",
        "\"",
        "\\",
        ",",
        ";",
        "=",
        " ",
        "\t",
        "\n",
        "W/",
        "\"a\"",
        "*",
        "bytes=",
        "-",
        "0",
        "9",
        "99999999999999999999",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94",
        "?1",
        "(",
        ")",
        ":",
        "http://",
        "a.example",
        "/",
        "..",
        "%2f",
        "#",
        "\u{e9}",
        "q=1",
        "close",
    ];

    /// Pseudorandom inputs, the same every time: pieces put together, or an example with some bytes changed.
    fn inputs(examples: &'static [&'static [u8]], count: usize) -> impl Iterator<Item = Vec<u8>> {
        let mut state = 1_u64;
        let mut below = move |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % limit
        };
        std::iter::repeat_with(move || {
            let mut input = if below(2) == 0 { examples[below(examples.len())].to_vec() } else { Vec::new() };
            for _ in 0..below(if input.is_empty() { 12 } else { 4 }) {
                let at = below(input.len() + 1);
                match below(8) {
                    0 => input.insert(at, u8::try_from(below(256)).unwrap()),
                    1 if at < input.len() => drop(input.remove(at)),
                    2 if at < input.len() => input[at] = u8::try_from(below(256)).unwrap(),
                    _ => drop(input.splice(at..at, PIECES[below(PIECES.len())].bytes())),
                }
            }
            input
        })
        .take(count)
    }

    fn examples_of(name: &str) -> &'static [&'static [u8]] {
        EXAMPLES.iter().find(|(of, _)| *of == name).map(|(_, examples)| *examples).expect("examples of what it understands")
    }

    #[test]
    fn each_fuzzer_understands_its_examples() {
        for (name, target) in TARGETS {
            assert!(examples_of(name).iter().filter(|example| target(example)).count() > 0, "{name}");
        }
        assert!(stored(RESPONSE) && stored(VARIANTS));
    }

    #[test]
    fn a_short_run_of_each_fuzzer_understands_much_and_finds_nothing() {
        for (name, target) in TARGETS {
            let mut understood = 0;
            for input in inputs(examples_of(name), 20_000) {
                let Ok(is_read) = std::panic::catch_unwind(|| target(&input)) else {
                    panic!("{name}: {:?}", String::from_utf8_lossy(&input))
                };
                understood += usize::from(is_read);
            }
            println!("{name}: {understood} of 20 000 inputs understood");
            assert!(understood >= 500, "{name}: {understood} of 20 000 inputs say anything to it");
        }
    }
}
