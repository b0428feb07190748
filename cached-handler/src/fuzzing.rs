//! What the fuzzers of `tests/fuzz` call, and a short run of it on stable: no bytes make a parser panic, and what each reads
//! keeps what it promises.

#![allow(missing_docs, reason = "not a public interface")]
#![allow(clippy::panic, clippy::expect_used, clippy::missing_panics_doc, reason = "these are assertions")]

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    conditions::Conditional,
    header::{cache_control::CacheControl, cdn_cache_control, connection, date, entity_tag::EntityTag, vary},
    rules::{
        conditional::{Selected, Verdict, verdict},
        freshness,
        path::normalise,
        range::{self, Asked},
        reference::path_at_same_origin,
        request, selecting, stale,
    },
    stored::codec::{decode, encode},
};

pub type Target = fn(&[u8]);

/// Each by the name of its fuzzer.
pub const TARGETS: [(&str, Target); 9] = [
    ("cache_control", cache_control),
    ("cdn_cache_control", cdn),
    ("conditional", conditional),
    ("connection", hop_by_hop),
    ("dates", dates),
    ("range", ranges),
    ("reference", references),
    ("selecting", selecting_values),
    ("stored", stored),
];

/// Lines of a field, split where the fuzzer puts a line feed.
fn lines(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            fields.append(name.clone(), line);
        }
    }
    fields
}

/// Adding a prohibition never makes anything more permitted.
pub fn cache_control(data: &[u8]) {
    let mut fields = lines(&header::CACHE_CONTROL, data);
    let _ = request::only_if_cached(&fields);
    let _ = request::accepts_stale(&fields, std::time::Duration::from_secs(5));
    let _ = stale::may_be_stale(&fields);
    fields.append(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(read) = CacheControl::of(&fields, &header::CACHE_CONTROL) {
        assert!(read.private && read.no_store, "a prohibition is lost");
    }
    assert!(request::forbids_storing(&fields), "a request's `no-store` is lost");
}

pub fn cdn(data: &[u8]) {
    let name = HeaderName::from_static(cdn_cache_control::NAME);
    let mut fields = lines(&name, data);
    let before = cdn_cache_control::of(&fields);
    fields.append(name, HeaderValue::from_static("private"));
    // What could be read still can be, and forbids now.
    if before.is_some() {
        assert!(cdn_cache_control::of(&fields).is_some_and(|read| read.private || read.no_store), "a prohibition is lost");
    }
}

/// Every field that has a say in what becomes of a stored response.
pub fn conditional(data: &[u8]) {
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
        entity_tag: Some(&tag),
        last_modified: Some(&modified),
        date: Some(&modified),
        length: Some(10),
        is_stored: true,
    };
    let found = verdict(&asked, &Method::GET, &selected);
    if let Verdict::Part { first, last } = found {
        assert!(first <= last && last < 10, "a part beyond the whole");
    }
    let missing = Selected { status: StatusCode::NOT_FOUND, ..selected };
    assert_eq!(verdict(&asked, &Method::GET, &missing), Verdict::Whole);
}

pub fn hop_by_hop(data: &[u8]) {
    let mut fields = lines(&header::CONNECTION, data);
    for name in [header::SET_COOKIE, header::CACHE_CONTROL, header::VARY, header::CONTENT_TYPE] {
        fields.insert(name, HeaderValue::from_static("x"));
    }
    connection::drop_hop_by_hop(&mut fields);
    assert!(!fields.contains_key(header::CONNECTION));
    assert_eq!(fields.len(), 4, "what gates the store is gone");
    let _ = vary::Vary::of(&lines(&header::VARY, data));
}

/// What is read as a date is printed and read as the same.
pub fn dates(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    if let Some(time) = date::parse(&value) {
        assert_eq!(date::parse(&date::print(time)), Some(time));
    }
    let mut fields = lines(&header::EXPIRES, data);
    fields.insert(header::AGE, value);
    let now = std::time::SystemTime::UNIX_EPOCH;
    let _ = freshness::stated(&fields, None, &CacheControl::default(), now);
    let _ = freshness::initial_age(&fields, now);
}

pub fn ranges(data: &[u8]) {
    let Some((length, range)) = data.split_first() else { return };
    let length = usize::from(*length);
    if let Ok(range) = HeaderValue::from_bytes(range)
        && let Asked::Part { first, last } = range::asked(&range, length)
    {
        assert!(first <= last && last < length, "a part beyond the whole");
    }
}

pub fn references(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(path) = path_at_same_origin(text, "/a/b", Some("a.example")) {
        assert!(path.starts_with('/'));
        let normal = normalise(&path);
        assert_eq!(normalise(&normal), normal);
    }
}

/// What is written in one way is written in that way.
pub fn selecting_values(data: &[u8]) {
    for name in ["accept-language", "cookie", "x-any"] {
        let once = selecting::value(name, data.split(|byte| *byte == b'\n'));
        assert_eq!(selecting::value(name, std::iter::once(&once)), once, "{name}");
    }
}

/// Whatever lies in a backend: what is read is what was written.
pub fn stored(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(slot) = decode(&bytes, &KEY, usize::MAX) {
        assert_eq!(encode(&slot, &KEY), bytes);
    }
}

const KEY: [u8; 32] = [7; 32];

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that the parsers look for, so that chance comes to something in a short run.
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

    /// The same inputs every time.
    fn inputs(count: usize) -> impl Iterator<Item = Vec<u8>> {
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        std::iter::repeat_with(move || {
            let mut input = Vec::new();
            for _ in 0..next() % 12 {
                match next() % 8 {
                    0 => input.push(next().to_le_bytes()[0]),
                    _ => input.extend_from_slice(PIECES[usize::try_from(next()).unwrap() % PIECES.len()].as_bytes()),
                }
            }
            input
        })
        .take(count)
    }

    #[test]
    fn a_short_run_of_each_fuzzer_finds_nothing() {
        for (name, target) in TARGETS {
            for input in inputs(20_000) {
                let holds = std::panic::catch_unwind(|| target(&input)).is_ok();
                assert!(holds, "{name}: {:?}", String::from_utf8_lossy(&input));
            }
        }
    }
}
