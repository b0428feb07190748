//! Types whose `Deserialize` is derived.

#![allow(dead_code, reason = "what these types hold is only compared")]
#![expect(clippy::items_after_statements, reason = "each type stands before its check")]

use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{Reads, check};

const ALL: Reads = Reads::Everything;

#[derive(Debug, Clone, Deserialize)]
struct Plain {
    a: String,
    b: Option<u32>,
}

#[test]
fn a_struct_reads_its_fields() {
    check::<Plain>(Reads::Only(&["a", "b"]));
}

#[test]
fn renamed_fields_are_read_by_their_names() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct Upper {
        a: Option<String>,
        #[serde(rename = "x")]
        b: Option<u32>,
    }
    check::<Upper>(Reads::Only(&["A", "x"]));
}

#[test]
fn aliases_are_names() {
    #[derive(Debug, Deserialize)]
    struct Aliased {
        #[serde(alias = "c", alias = "A")]
        a: Option<String>,
    }
    let Reads::Only(names) = super::reads::<Aliased>() else { panic!("everything") };
    assert!(["a", "c", "A"].iter().all(|name| names.contains(name)) && names.len() == 3);
    check::<Aliased>(Reads::Only(names));
}

#[test]
fn skipped_fields_are_not_read() {
    #[derive(Debug, Deserialize)]
    struct Skipping {
        #[serde(skip)]
        a: String,
        #[serde(skip_deserializing)]
        b: u32,
        c: Option<String>,
    }
    check::<Skipping>(Reads::Only(&["c"]));
}

#[test]
fn defaults_change_nothing() {
    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Defaulting {
        a: String,
        #[serde(default = "seven")]
        b: u32,
    }
    fn seven() -> u32 {
        7
    }
    check::<Defaulting>(Reads::Only(&["a", "b"]));
}

#[test]
fn a_struct_that_refuses_unknown_names_reads_its_fields() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: Option<String>,
        b: Option<u32>,
    }
    check::<Strict>(Reads::Only(&["a", "b"]));
}

#[test]
fn generic_and_constant_parameters_change_nothing() {
    #[derive(Debug, Deserialize)]
    struct Generic<T, const N: usize> {
        a: Option<T>,
        b: Option<u32>,
    }
    check::<Generic<String, 3>>(Reads::Only(&["a", "b"]));
    check::<Generic<PhantomData<fn(u8) -> Vec<u8>>, 3>>(Reads::Only(&["a", "b"]));
}

#[test]
fn newtypes_read_what_they_hold() {
    #[derive(Debug, Deserialize)]
    struct Newtype(Plain);
    // axum's `Query` rejects every query for this one.
    assert_eq!(super::reads::<Newtype>(), Reads::Only(&["a", "b"]));

    #[derive(Debug, Deserialize)]
    #[serde(transparent)]
    struct Transparent {
        inner: Plain,
    }
    check::<Transparent>(Reads::Only(&["a", "b"]));
    check::<Box<Plain>>(Reads::Only(&["a", "b"]));
}

#[test]
fn conversions_read_what_they_convert() {
    #[derive(Debug, Deserialize)]
    #[serde(from = "Plain")]
    struct From(u32);
    impl std::convert::From<Plain> for From {
        fn from(plain: Plain) -> Self {
            Self(plain.b.unwrap_or_default() + u32::try_from(plain.a.len()).unwrap())
        }
    }
    check::<From>(Reads::Only(&["a", "b"]));

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Plain")]
    struct TryFrom(Plain);
    impl std::convert::TryFrom<Plain> for TryFrom {
        type Error = &'static str;
        fn try_from(plain: Plain) -> Result<Self, &'static str> {
            if plain.b == Some(2) { Err("not 2") } else { Ok(Self(plain)) }
        }
    }
    check::<TryFrom>(Reads::Only(&["a", "b"]));

    #[derive(Debug, Deserialize)]
    #[serde(from = "BTreeMap<String, String>")]
    struct FromMap(BTreeMap<String, String>);
    impl std::convert::From<BTreeMap<String, String>> for FromMap {
        fn from(map: BTreeMap<String, String>) -> Self {
            Self(map)
        }
    }
    check::<FromMap>(ALL);
}

#[test]
fn fields_may_be_read_in_any_way() {
    #[derive(Debug, Deserialize)]
    struct With {
        #[serde(default, deserialize_with = "length")]
        a: usize,
        b: Option<IgnoredAny>,
        #[serde(default)]
        t: Option<Choice>,
    }
    #[derive(Debug, Deserialize)]
    enum Choice {
        A,
        B,
    }
    fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        String::deserialize(deserializer).map(|text| text.len())
    }
    check::<With>(Reads::Only(&["a", "b", "t"]));
}

#[test]
fn repeated_parameters_stay_in_order() {
    #[derive(Debug, Deserialize)]
    struct Many {
        #[serde(default)]
        a: Vec<String>,
        #[serde(default)]
        b: Vec<String>,
    }
    assert_eq!(super::reads::<Many>(), Reads::Only(&["a", "b"]));
    check::<Many>(Reads::Only(&["a", "b"]));
}

#[test]
fn a_struct_without_fields_reads_nothing() {
    #[derive(Debug, Deserialize)]
    struct Empty {}
    check::<Empty>(Reads::Only(&[]));
}

#[test]
fn an_adjacently_tagged_enum_reads_tag_and_content() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        A(String),
        B,
    }
    check::<Adjacent>(Reads::Only(&["t", "c"]));
}

#[test]
fn other_enums_may_read_everything() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "t")]
    enum Tagged {
        A { a: Option<String> },
        B,
    }
    check::<Tagged>(ALL);

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Both { a: String, b: String },
        Map(BTreeMap<String, String>),
    }
    check::<Untagged>(ALL);
}

#[test]
fn flattened_structs_may_read_everything() {
    #[derive(Debug, Deserialize)]
    struct Flattened {
        c: Option<String>,
        #[serde(flatten)]
        plain: Plain,
    }
    check::<Flattened>(ALL);

    #[derive(Debug, Deserialize)]
    struct Rest {
        a: Option<String>,
        #[serde(flatten)]
        rest: BTreeMap<String, String>,
    }
    check::<Rest>(ALL);
}

#[test]
fn maps_and_lists_read_everything() {
    check::<BTreeMap<String, String>>(ALL);
    check::<Vec<(String, String)>>(ALL);
    check::<()>(ALL);
    assert_eq!(super::reads::<[(String, String); 2]>(), ALL);
    assert_eq!(super::reads::<((String, String),)>(), ALL);
    assert_eq!(super::reads::<HashMap<String, String>>(), ALL);
    assert_eq!(super::reads::<IgnoredAny>(), ALL);
    assert_eq!(super::reads::<Option<Plain>>(), ALL);
    assert_eq!(super::reads::<String>(), ALL);
}
