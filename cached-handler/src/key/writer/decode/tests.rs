//! Whatever is written to a key can be read back from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::extract::{Query, RawQuery};
use http::{HeaderValue, Request};
use proptest::{
    collection::{btree_map, btree_set, vec},
    prelude::*,
};
use serde::Deserialize;

use super::{Element, decode};
use crate::{
    attribute::argument::tests::written,
    key::writer::{CacheKey as _, KeyPart, KeyWriter},
};

/// A part of any type.
#[derive(Debug, Clone)]
enum Part {
    Bool(bool),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    U8(u8),
    U32(u32),
    U128(u128),
    I16(i16),
    I64(i64),
    Unit,
    Option(Option<Box<Self>>),
    Time(Duration),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Set(BTreeSet<u8>),
    Pair(Box<(Self, Self)>),
}

impl KeyPart for Part {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::Bool(part) => key.part(part),
            Self::Char(part) => key.part(part),
            Self::Text(part) => key.part(part),
            Self::Bytes(part) => key.part(&bytes::Bytes::copy_from_slice(part)),
            Self::U8(part) => key.part(part),
            Self::U32(part) => key.part(part),
            Self::U128(part) => key.part(part),
            Self::I16(part) => key.part(part),
            Self::I64(part) => key.part(part),
            Self::Unit => key.part(&()),
            Self::Option(part) => key.part(part),
            Self::Time(part) => key.part(part),
            Self::List(parts) => key.part(parts),
            Self::Map(parts) => key.part(parts),
            Self::Set(parts) => key.part(parts),
            Self::Pair(parts) => key.part(&**parts),
        };
    }
}

impl Part {
    /// The elements that it should decode to.
    fn elements(&self, elements: &mut Vec<Element>) {
        match self {
            Self::Bool(part) => elements.push(Element::Bool(vec![u8::from(*part)])),
            Self::Char(part) => elements.push(Element::Char(u32::from(*part).to_le_bytes().to_vec())),
            Self::Text(part) => elements.push(Element::Text(part.clone().into_bytes())),
            Self::Bytes(part) => elements.push(Element::Bytes(part.clone())),
            Self::U8(part) => elements.push(Element::Unsigned(part.to_le_bytes().to_vec())),
            Self::U32(part) => elements.push(Element::Unsigned(part.to_le_bytes().to_vec())),
            Self::U128(part) => elements.push(Element::Unsigned(part.to_le_bytes().to_vec())),
            Self::I16(part) => elements.push(Element::Signed(part.to_le_bytes().to_vec())),
            Self::I64(part) => elements.push(Element::Signed(part.to_le_bytes().to_vec())),
            Self::Unit => elements.push(Element::Sequence(0)),
            Self::Option(None) => elements.push(Element::None),
            Self::Option(Some(part)) => {
                elements.push(Element::Some);
                part.elements(elements);
            }
            Self::List(parts) => {
                elements.push(Element::Sequence(parts.len()));
                for part in parts {
                    part.elements(elements);
                }
            }
            Self::Time(part) => elements.push(Element::Named(b"duration".to_vec(), part.as_nanos().to_le_bytes().to_vec())),
            Self::Map(parts) => {
                elements.push(Element::Map(parts.len()));
                for (name, part) in parts {
                    elements.push(Element::Text(name.clone().into_bytes()));
                    part.elements(elements);
                }
            }
            Self::Set(parts) => {
                elements.push(Element::Set(parts.len()));
                elements.extend(parts.iter().map(|part| Element::Unsigned(vec![*part])));
            }
            Self::Pair(parts) => {
                elements.push(Element::Sequence(2));
                parts.0.elements(elements);
                parts.1.elements(elements);
            }
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Part::Bool),
        any::<char>().prop_map(Part::Char),
        any::<String>().prop_map(Part::Text),
        vec(any::<u8>(), 0..200).prop_map(Part::Bytes),
        any::<u8>().prop_map(Part::U8),
        any::<u32>().prop_map(Part::U32),
        any::<u128>().prop_map(Part::U128),
        any::<i16>().prop_map(Part::I16),
        any::<i64>().prop_map(Part::I64),
        any::<Duration>().prop_map(Part::Time),
        btree_set(any::<u8>(), 0..4).prop_map(Part::Set),
        Just(Part::Unit),
        Just(Part::Option(None)),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| Part::Option(Some(Box::new(part)))),
            vec(inner.clone(), 0..4).prop_map(Part::List),
            btree_map(any::<String>(), inner.clone(), 0..3).prop_map(Part::Map),
            (inner.clone(), inner).prop_map(|parts| Part::Pair(Box::new(parts))),
        ]
    })
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by the probe")]
struct Page {
    #[serde(default)]
    b: String,
    #[serde(default)]
    a: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by the probe")]
struct Odd {
    #[serde(default, rename = "a+b")]
    plus: String,
    #[serde(default, rename = "%61")]
    percent: String,
    #[serde(default, rename = "c&")]
    and: String,
}

proptest! {
    #[test]
    fn every_sequence_of_parts_is_read_back(parts in vec(part(), 0..6)) {
        let key = written(&Request::get("/a").body(()).unwrap(), |key| {
            for part in &parts {
                key.part(part);
            }
        });
        prop_assert_eq!(key.traits.bypass, None);
        let mut expected = vec![Element::Path(b"/a".to_vec())];
        for part in &parts {
            part.elements(&mut expected);
        }
        prop_assert_eq!(decode(&key.bytes), Some(expected));
    }

    #[test]
    fn the_lines_of_fields_are_read_back(lines in vec(vec(32..=255_u8, 0..40), 0..4)) {
        let mut request = Request::get("/a").body(()).unwrap();
        let mut expected = Vec::new();
        for line in lines {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                request.headers_mut().append("accept", value);
                expected.push(line);
            }
        }
        let key = written(&request, |key| {
            key.field("absent");
            key.field("accept");
        });
        let absent = Element::Field(b"absent".to_vec(), Vec::new());
        let accept = Element::Field(b"accept".to_vec(), expected);
        prop_assert_eq!(decode(&key.bytes), Some(vec![Element::Path(b"/a".to_vec()), absent, accept]));
    }

    /// Compared with axum's own parser and a sort, for queries that are plain, escaped, out of order or broken.
    #[test]
    fn the_parameters_that_are_read_are_read_back(query in "([abc]=?[12]?[&;]?){0,6}([abAé]|%61|[=&+%1]){0,8}") {
        let page = Query(Page { a: String::new(), b: String::new() });
        let key_of = |query: &str| {
            let request = Request::get(format!("/a?{query}")).body(()).ok()?;
            Some(written(&request, |key| page.cache_key(key)).bytes)
        };
        let Some(key) = key_of(&query) else { return Ok(()) };
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let mut expected: Vec<_> = pairs.filter(|(name, _)| ["a", "b"].contains(&name.as_str())).collect();
        // In the order in which `Page` names them.
        expected.sort_by_key(|(name, _)| name != "b");
        // The same parameters have one key, however they were written.
        let rewritten = form_urlencoded::Serializer::new(String::new()).extend_pairs(&expected).finish();
        prop_assert_eq!(Some(key.clone()), key_of(&rewritten));
        let expected = expected.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        prop_assert_eq!(decode(&key), Some(vec![Element::Path(b"/a".to_vec()), Element::Parameters(expected)]));
    }

    /// For names with characters that a query has to escape.
    #[test]
    fn parameters_whose_names_are_escaped_are_read_back(query in "((a\\+b|a%2Bb|%61|%2561|c%26|a|b|&|=)=?[12]?&?){0,6}") {
        let odd = Query(Odd { plus: String::new(), percent: String::new(), and: String::new() });
        let request = Request::get(format!("/a?{query}")).body(()).unwrap();
        let key = written(&request, |key| odd.cache_key(key)).bytes;
        let names = ["a+b", "%61", "c&"];
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let mut expected: Vec<_> = pairs.filter(|(name, _)| names.contains(&name.as_str())).collect();
        expected.sort_by_key(|(name, _)| names.iter().position(|known| known == name));
        let expected = expected.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        prop_assert_eq!(decode(&key), Some(vec![Element::Path(b"/a".to_vec()), Element::Parameters(expected)]));
    }

    #[test]
    fn bytes_that_nothing_wrote_are_refused_or_read_without_a_panic(bytes in vec(prop_oneof![0..32_u8, any::<u8>()], 0..64)) {
        let _ = decode(&bytes);
    }
}

#[test]
fn every_argument_of_one_key_is_read_back() {
    let request = Request::get("/a?x").body(()).unwrap();
    let key = written(&request, |key| {
        key.argument(31);
        request.method().cache_key(key);
        RawQuery(Some("x".to_owned())).cache_key(key);
        Some(RawQuery(None)).cache_key(key);
        Ok::<_, ()>(Some(())).cache_key(key);
    });
    let expected = vec![
        Element::Path(b"/a".to_vec()),
        Element::Argument(31),
        Element::Method(b"GET".to_vec()),
        Element::RawQuery(b"x".to_vec()),
        Element::Some,
        Element::None,
        Element::Ok,
        Element::Some,
    ];
    assert_eq!(decode(&key.bytes), Some(expected));
}
